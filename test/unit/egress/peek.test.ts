import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  LIMIT_BODY_CHARS_MAX,
  PEEKED_BYTES_MAX,
  PEEKED_PACKED_BYTES_MAX,
  PEEKED_UNPACKED_BYTES_MAX,
  UNPACKING_MAX,
} from '../../../src/core/limits.ts';
import { Peek, type PeekedPart } from '../../../src/egress/peek.ts';
import { liveBytes } from '../../support/memory.ts';

/** In pieces of a size that no limit is a multiple of. */
async function textOf(part: PeekedPart, encoding: string | undefined, body: Buffer): Promise<string | null> {
  const peek = new Peek(part, encoding);
  for (let at = 0; at < body.length; at += 997) peek.add(body.subarray(at, at + 997));
  return await peek.text();
}

describe.each<PeekedPart>(['short', 'end'])('what is looked at of an answer: %s', (part) => {
  it.each([
    ['an unknown encoding', Buffer.from('x'), 'zstd'],
    ['a name that every object has', Buffer.from('x'), 'constructor'],
    ['bytes that are not packed', Buffer.from('plain'), 'gzip'],
    ['a body that breaks off', gzipSync('words').subarray(0, -9), 'gzip'],
  ])('says nothing of %s', async (_what, body, encoding) => {
    expect(await textOf(part, encoding, body)).toBeNull();
  });

  it.each([
    [undefined, Buffer.from('words')],
    ['identity', Buffer.from('words')],
    [' Identity', Buffer.from('words')],
    ['gzip', gzipSync('words')],
    ['GZIP', gzipSync('words')],
    ['deflate', deflateSync('words')],
    ['br', brotliCompressSync('words')],
  ])('is read as %s', async (encoding, body) => {
    expect(await textOf(part, encoding, body)).toBe('words');
  });

  it('is whole in the order it came, as a text of several bytes a character too', async () => {
    const text = 'größer, 大きい; '.repeat(100);
    expect(await textOf(part, undefined, Buffer.from(text))).toBe(text);
    expect(await textOf(part, 'gzip', gzipSync(text))).toBe(text);
  });
});

describe('of an answer in small pieces', () => {
  it.each<[PeekedPart, string | undefined]>([
    ['short', undefined],
    ['end', undefined],
    ['end', 'gzip'],
  ])('nothing is kept but its bytes: %s, %s', (part, encoding) => {
    const peek = new Peek(part, encoding);
    const before = liveBytes();
    // Each is one byte of what was read at once.
    for (let index = 0; index < 4000; index++) peek.add(Buffer.alloc(65_536, 'x').subarray(0, 1));
    // One of the pieces is 64 KB.
    expect(liveBytes() - before).toBeLessThan(20 * LIMIT_BODY_CHARS_MAX);
    expect(peek.isTooLong).toBe(false);
  });

  it('the end is the same as in one piece', async () => {
    const body = Buffer.from(Array.from({ length: 50_000 }, (_, n) => 97 + ((n * n) % 26)));
    const pieces = new Peek('end', undefined);
    for (const byte of body) pieces.add(Buffer.of(byte));
    const whole = new Peek('end', undefined);
    whole.add(body);
    expect(await pieces.text()).toBe(body.subarray(-LIMIT_BODY_CHARS_MAX).toString());
    expect(await whole.text()).toBe(await pieces.text());
  });
});

describe('of a long answer', () => {
  const long = `${'a'.repeat(100_000)}${'b'.repeat(LIMIT_BODY_CHARS_MAX - 1)}c`;
  const end = long.slice(-LIMIT_BODY_CHARS_MAX);
  const noise = Buffer.from(Array.from({ length: PEEKED_PACKED_BYTES_MAX + 1 }, (_, n) => (n * n * 31) >> 3));

  it('nothing is looked at where it has to be short', async () => {
    expect(await textOf('short', undefined, Buffer.alloc(PEEKED_BYTES_MAX + 1, 'x'))).toBeNull();
    expect(await textOf('short', undefined, Buffer.alloc(PEEKED_BYTES_MAX, 'x'))).toHaveLength(PEEKED_BYTES_MAX);
    expect(await textOf('short', 'gzip', gzipSync(Buffer.alloc(LIMIT_BODY_CHARS_MAX + 1)))).toBeNull();
  });

  it('the end is, packed or not', async () => {
    expect(await textOf('end', undefined, Buffer.from(long))).toBe(end);
    expect(await textOf('end', 'gzip', gzipSync(long))).toBe(end);
    expect(await textOf('end', 'br', brotliCompressSync(long))).toBe(end);
  });

  it('the end is unpacked for a few at once, and of more nothing is known', async () => {
    const packed = brotliCompressSync(long);
    const texts = await Promise.all(Array.from({ length: UNPACKING_MAX + 1 }, () => textOf('end', 'br', packed)));
    expect(texts.map((text) => text === end)).toEqual([...Array(UNPACKING_MAX).fill(true), false]);
    expect(await textOf('end', 'br', packed)).toBe(end);
  });

  it('the end is not, where it is packed and too much of it had to be kept or unpacked', async () => {
    expect(await textOf('end', 'gzip', noise)).toBeNull();
    expect(await textOf('end', 'gzip', gzipSync(Buffer.alloc(PEEKED_UNPACKED_BYTES_MAX + 1)))).toBeNull();
  });
});
