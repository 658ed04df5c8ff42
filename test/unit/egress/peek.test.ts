import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LIMIT_BODY_CHARS_MAX, PEEKED_BYTES_MAX } from '../../../src/core/limits.ts';
import { Peek, textOf } from '../../../src/egress/peek.ts';

describe('a peeked answer', () => {
  it('is forgotten once it is long', () => {
    const peek = new Peek();
    peek.add(Buffer.alloc(PEEKED_BYTES_MAX));
    peek.add(Buffer.alloc(1));
    expect(peek.whole()).toBeNull();
  });

  it('is whole in the order it came', () => {
    const peek = new Peek();
    for (const part of ['[{"a"', ':1}', ']']) peek.add(Buffer.from(part));
    expect(peek.whole()?.toString()).toBe('[{"a":1}]');
  });

  it.each([
    ['an unknown encoding', Buffer.from('x'), 'zstd'],
    ['a name that every object has', Buffer.from('x'), 'constructor'],
    ['bytes that are not packed', Buffer.from('plain'), 'gzip'],
    ['a body that unpacks to more than a refusal', gzipSync(Buffer.alloc(LIMIT_BODY_CHARS_MAX + 1)), 'gzip'],
  ])('says nothing of %s', (_what, body, encoding) => {
    expect(textOf(body, encoding)).toBeNull();
  });

  it.each([
    [undefined, Buffer.from('words')],
    ['identity', Buffer.from('words')],
    ['gzip', gzipSync('words')],
    ['GZIP', gzipSync('words')],
    ['deflate', deflateSync('words')],
    ['br', brotliCompressSync('words')],
  ])('is unpacked from %s', (encoding, body) => {
    expect(textOf(body, encoding)).toBe('words');
  });
});
