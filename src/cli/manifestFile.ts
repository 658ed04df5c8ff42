// Manifests as commands are given them: a file, a folder with an amp.yaml in it, or `-` for what is piped in. Bounded,
// so that a wrong name does not fill the memory.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { MANIFEST_BYTES_MAX } from '../core/limits.ts';
import type { ManifestProblem } from '../manifest/parse.ts';
import { decodeManifest } from '../manifest/text.ts';

/** Its text, or why there is none. `file` is what messages call it. */
export type ReadManifest =
  | { readonly kind: 'read'; readonly file: string; readonly text: string }
  | { readonly kind: 'unreadable'; readonly file: string; readonly problem: ManifestProblem };

const NAMES_IN_FOLDERS = ['amp.yaml', 'amp.yml'];

export async function readManifest(path: string): Promise<ReadManifest> {
  if (path === '-') {
    const bytes = await pipedIn();
    return bytes === null ? tooLarge('<stdin>') : decoded('<stdin>', bytes);
  }
  const found = await fileAt(path);
  if (found === null) return unreadable(path, 'no such file');
  if (found.kind === 'folder') return unreadable(path, 'has neither amp.yaml nor amp.yml in it');
  if (found.bytes > MANIFEST_BYTES_MAX) return tooLarge(found.file);
  try {
    return decoded(found.file, await readFile(found.file));
  } catch {
    return unreadable(found.file, 'cannot be read');
  }
}

interface Found {
  readonly kind: 'file' | 'folder';
  readonly file: string;
  readonly bytes: number;
}

async function fileAt(path: string): Promise<Found | null> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return null;
  if (!facts.isDirectory()) return { kind: 'file', file: path, bytes: facts.size };
  for (const name of NAMES_IN_FOLDERS) {
    const inside = await stat(join(path, name)).catch(() => null);
    if (inside?.isFile() === true) return { kind: 'file', file: join(path, name), bytes: inside.size };
  }
  return { kind: 'folder', file: path, bytes: 0 };
}

/** Null if it does not end within the bound. */
async function pipedIn(): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MANIFEST_BYTES_MAX) return null;
  }
  return Buffer.concat(chunks);
}

function decoded(file: string, bytes: Buffer): ReadManifest {
  const result = decodeManifest(bytes);
  if ('text' in result) return { kind: 'read', file, text: result.text };
  return { kind: 'unreadable', file, problem: { file, path: '', ...result.problem } };
}

function tooLarge(file: string): ReadManifest {
  return unreadable(file, `is larger than ${MANIFEST_BYTES_MAX} bytes`);
}

function unreadable(file: string, message: string): ReadManifest {
  return { kind: 'unreadable', file, problem: { file, line: 1, column: 1, path: '', message } };
}
