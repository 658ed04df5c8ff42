// Lines of a file, or of what is piped in, one at a time and each within a bound: files of imports may be larger than
// the memory.

import { createReadStream } from 'node:fs';
import process from 'node:process';
import { IntegrationError } from '../core/errors.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null: it is longer than the bound. */
  readonly text: string | null;
}

/**
 * `-` is what is piped in. The bound may change between lines. Lines of spaces alone are left out. Rejects with
 * `invalid_input` if it cannot be read.
 */
export async function* linesOf(path: string, bound: { bytesMax: number }): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer) => {
    bytes += part.length;
    if (bytes <= bound.bytesMax) parts.push(part);
    else parts = [];
  };
  const take = (): Line | null => {
    const text = bytes > bound.bytesMax ? null : Buffer.concat(parts).toString('utf8');
    [parts, bytes] = [[], 0];
    const line = text === null || text.trim() !== '' ? { number, text } : null;
    number += 1;
    return line;
  };
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      add(chunk.subarray(from, at));
      from = at + 1;
      const line = take();
      if (line !== null) yield line;
    }
    add(chunk.subarray(from));
  }
  const last = take();
  if (last !== null) yield last;
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    throw new IntegrationError('invalid_input', `${path} cannot be read`, { cause });
  }
}
