// Files that are no UTF-8 text.

import { describe, expect, test } from 'vitest';
import { decodeManifest } from '../../../src/manifest/text.ts';

const YAML = 'specVersion: 1.0.0\n';

describe('a file is refused, with the place, for', () => {
  test.each<[string, Buffer, string]>([
    [
      'UTF-16 with a mark',
      Buffer.from(`\uFEFF${YAML}`, 'utf16le'),
      '1:1: is not UTF-8: save the file as UTF-8, not as UTF-16',
    ],
    [
      'UTF-16 the other way round',
      Buffer.from(`\uFEFF${YAML}`, 'utf16le').swap16(),
      '1:1: is not UTF-8: save the file as',
    ],
    ['UTF-16 without a mark', Buffer.from(YAML, 'utf16le'), '1:1: is not UTF-8: save the file as UTF-8, not as'],
    [
      'a letter of Latin-1',
      Buffer.from(`${YAML}x: caf\xe9s\ny: 1\n`, 'latin1'),
      '2:7: is not UTF-8: save the file as UTF-8',
    ],
    ['a letter that is cut off', Buffer.from(`${YAML}x: \xc3`, 'latin1'), '2:4: is not UTF-8: save the file as UTF-8'],
  ])('%s', (_name, bytes, expected) => {
    const result = decodeManifest(bytes);
    const { line, column, message } =
      'problem' in result ? result.problem : { line: 0, column: 0, message: 'accepted' };
    expect(`${line}:${column}: ${message}`).toContain(expected);
  });
});

test('UTF-8 is read, with and without a mark', () => {
  expect(decodeManifest(Buffer.from('x: é 🙂'))).toEqual({ text: 'x: é 🙂' });
  expect(decodeManifest(Buffer.from('\uFEFFx: 1'))).toEqual({ text: '\uFEFFx: 1' });
  expect(decodeManifest(Buffer.alloc(0))).toEqual({ text: '' });
});
