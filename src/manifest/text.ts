// What is wrong with a manifest before it is YAML: another encoding, characters that no editor shows, nesting that
// only an attack has. Called by parse.ts and by whoever reads files. Invariant: what is left is text of one kind, which
// the YAML parser gets through in time in proportion to its length.

import { isUtf8 } from 'node:buffer';
import { MANIFEST_DEPTH_MAX } from '../core/limits.ts';
import type { TextProblem } from './source.ts';

/** A manifest as it lies in a file, as text or with the reason why it is none. */
export function decodeManifest(bytes: Buffer): { readonly text: string } | { readonly problem: TextProblem } {
  const isUtf16 = bytes.subarray(0, 2).equals(UTF16_LE) || bytes.subarray(0, 2).equals(UTF16_BE);
  if (isUtf16 || bytes.subarray(0, SNIFFED_BYTES).includes(0)) {
    return { problem: { line: 1, column: 1, message: 'is not UTF-8: save the file as UTF-8, not as UTF-16' } };
  }
  if (isUtf8(bytes)) return { text: bytes.toString() };
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    const text = bytes.subarray(start, end === -1 ? bytes.length : end);
    // The last one is wrong if no other is.
    if (end === -1 || !isUtf8(text)) {
      const column = Math.max(0, text.toString().indexOf('\uFFFD')) + 1;
      return { problem: { line, column, message: 'is not UTF-8: save the file as UTF-8' } };
    }
    start = end + 1;
  }
}

/** What the YAML parser would misunderstand or take far too long for, or null. */
export function textProblem(text: string): TextProblem | null {
  const found = invisible(text) ?? tooDeep(text);
  if (found === null) return null;
  const before = text.slice(0, found.offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return { line, column: found.offset - lineStart + 1, message: found.message };
}

interface Found {
  readonly offset: number;
  readonly message: string;
}

const UTF16_LE = Buffer.from([0xff, 0xfe]);
const UTF16_BE = Buffer.from([0xfe, 0xff]);
/** UTF-16 without a mark has a zero in each of its first characters. */
const SNIFFED_BYTES = 64;

/** YAML allows no other control characters than tab and line breaks; half a surrogate pair is no character. */
const INVISIBLE = /[\p{Cc}--[\t\n\r\x85]]|\r(?!\n)|\p{Cs}/v;

function invisible(text: string): Found | null {
  const match = INVISIBLE.exec(text);
  if (match === null) return null;
  const { index: offset } = match;
  const code = text.charCodeAt(offset);
  if (code === 0x0d) return { offset, message: 'lines must end with a line feed, not with a carriage return alone' };
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return { offset, message: `the character ${name} is not allowed` };
}

const OPENERS = new RegExp(`^[ \\t]*(?:[-?][ \\t]+){${MANIFEST_DEPTH_MAX + 1}}`, 'm');

/**
 * Counts brackets without looking what they stand in: texts do not have so many open ones either. Indentation needs no
 * look, a kilobyte of it a level is its own bound.
 */
function tooDeep(text: string): Found | null {
  const message = `is nested too deeply: a manifest may have ${MANIFEST_DEPTH_MAX} levels`;
  let depth = 0;
  for (const { 0: bracket, index: offset } of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MANIFEST_DEPTH_MAX) return { offset, message };
  }
  const match = OPENERS.exec(text);
  return match === null ? null : { offset: match.index + match[0].length - match[0].trimStart().length, message };
}
