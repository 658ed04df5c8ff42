// The two sealed values in `meta`: the canaries, which tell the right master keys at a start, and the key of download
// links.

import type { Reads, RowWrite } from '../port.ts';
import { putMeta, readMeta } from './accounts.ts';

/** One for each master key that anything may be sealed with: all of them are needed to open everything. */
export function readCanaries(reads: Reads): readonly Buffer[] {
  return parseCanaries(readMeta(reads, 'canary'));
}

export function putCanaries(canaries: readonly Uint8Array[]): RowWrite {
  return putMeta('canary', canaries.map((canary) => Buffer.from(canary).toString('base64')).join(' '));
}

/** From the text of the row. */
export function parseCanaries(text: string | null | undefined): readonly Buffer[] {
  return (text ?? '')
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => Buffer.from(part, 'base64'));
}

export function readDownloadKey(reads: Reads): Buffer | null {
  const text = readMeta(reads, 'downloadKey');
  return text === undefined ? null : Buffer.from(text, 'base64');
}

export function putDownloadKey(sealed: Uint8Array): RowWrite {
  return putMeta('downloadKey', Buffer.from(sealed).toString('base64'));
}
