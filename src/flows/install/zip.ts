// Takes one small file out of a zip archive that somebody sent. Only what the command line makes is read: entries that
// are stored or deflated, on one disk, without encryption. Invariants: nothing is unpacked but the named file, and of
// that never more than its bound, whatever the archive says of sizes; names are compared and never used as paths.
// Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3)

import { inflateRawSync } from 'node:zlib';
import { IntegrationError } from '../../core/errors.ts';
import { MANIFEST_BYTES_MAX, ZIP_ENTRIES_MAX } from '../../core/limits.ts';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED_FLAG = 1;

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packedBytes: number;
  readonly localAt: number;
}

/**
 * The first of `names` that the archive has, as text. Rejects with `invalid_input` if it is no archive, has none of
 * them, or one that is too large.
 */
export function fileInZip(zip: Buffer, names: readonly string[]): { readonly name: string; readonly text: string } {
  const entries = entriesOf(zip);
  const entry = names.flatMap((name) => entries.find((one) => one.name === name) ?? [])[0];
  if (entry === undefined) throw refused(`has no ${names.join(' or ')}`);
  return { name: entry.name, text: unpacked(zip, entry).toString() };
}

function entriesOf(zip: Buffer): readonly Entry[] {
  const endAt = zip.lastIndexOf(signatureOf(END_SIGNATURE));
  if (endAt === -1 || endAt < zip.length - END_BYTES - COMMENT_BYTES_MAX || endAt + END_BYTES > zip.length) {
    throw refused('is no zip archive');
  }
  const count = zip.readUInt16LE(endAt + 10);
  if (count > ZIP_ENTRIES_MAX) throw refused(`has more than ${ZIP_ENTRIES_MAX} files`);
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(endAt + 16);
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > endAt || zip.readUInt32LE(at) !== ENTRY_SIGNATURE) throw refused('is damaged');
    const nameBytes = zip.readUInt16LE(at + 28);
    entries.push({
      name: zip.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes).toString(),
      flags: zip.readUInt16LE(at + 8),
      method: zip.readUInt16LE(at + 10),
      packedBytes: zip.readUInt32LE(at + 20),
      localAt: zip.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

function unpacked(zip: Buffer, { name, flags, method, packedBytes, localAt }: Entry): Buffer {
  if ((flags & ENCRYPTED_FLAG) !== 0) throw refused(`has ${name} encrypted`);
  if (localAt + LOCAL_BYTES > zip.length || zip.readUInt32LE(localAt) !== LOCAL_SIGNATURE) throw refused('is damaged');
  const start = localAt + LOCAL_BYTES + zip.readUInt16LE(localAt + 26) + zip.readUInt16LE(localAt + 28);
  if (start + packedBytes > zip.length) throw refused('is damaged');
  const packed = zip.subarray(start, start + packedBytes);
  if (method === STORED && packed.length <= MANIFEST_BYTES_MAX) return packed;
  if (method === STORED) throw tooLarge(name);
  if (method !== DEFLATED) throw refused(`has ${name} packed in a way that is not read`);
  try {
    return inflateRawSync(packed, { maxOutputLength: MANIFEST_BYTES_MAX });
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(name) : refused('is damaged');
  }
}

function signatureOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function tooLarge(name: string): IntegrationError {
  return refused(`has a ${name} of more than ${MANIFEST_BYTES_MAX} bytes`);
}

function refused(why: string): IntegrationError {
  return new IntegrationError('invalid_input', `the uploaded archive ${why}`, {
    issues: [{ in: 'body', name: 'sourceZipUrl', detail: why }],
  });
}
