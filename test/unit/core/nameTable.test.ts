import { expect, it } from 'vitest';
import { HEADER_NAME_CACHED_CHARS_MAX, HEADER_NAMES_CACHED_MAX } from '../../../src/core/limits.ts';
import { NameTable, NameTexts } from '../../../src/core/nameTable.ts';

it('an empty or a long spelling is found out each time', () => {
  const asked: string[] = [];
  const table = new NameTable((spelling) => asked.push(spelling));
  for (const spelling of ['', 'x'.repeat(HEADER_NAME_CACHED_CHARS_MAX + 1)]) {
    table.of(spelling);
    table.of(spelling);
  }
  expect(asked).toHaveLength(4);
});

it('each of more spellings than there are places is told what is known of itself', () => {
  const table = new NameTable((spelling) => ({ spelling }));
  const texts = new NameTexts();
  const spellings = Array.from({ length: 3 * HEADER_NAMES_CACHED_MAX }, (_, index) => `X-${index}-${index % 7}`);
  for (const spelling of [...spellings, ...spellings]) {
    expect(table.of(spelling).spelling).toBe(spelling);
    const whole = `a: b\r\n${spelling}: c`;
    expect(texts.at(whole, 6, Buffer.from(spelling))).toBe(spelling);
  }
});

it('a common spelling is found out once', () => {
  const asked: string[] = [];
  const table = new NameTable((spelling) => asked.push(spelling));
  for (let index = 0; index < 3; index++) for (const name of ['Content-Type', 'content-type', 'Date']) table.of(name);
  expect(asked).toEqual(['Content-Type', 'content-type', 'Date']);
});
