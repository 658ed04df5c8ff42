import { describe, expect, test } from 'vitest';
import {
  countText,
  type Paint,
  progressLine,
  rateText,
  secondsText,
  tableLines,
} from '../../../../src/cli/demo/format.ts';

const plain: Paint = (_part, text) => text;
const marked: Paint = (part, text) => (text === '' ? '' : `<${part}:${text}>`);

describe('numbers', () => {
  test.each([
    ['counts are grouped', countText(1_234_567), '1,234,567'],
    ['durations have one decimal', secondsText(449), '0.4 s'],
    ['long durations stay seconds', secondsText(83_250), '83.3 s'],
    ['a rate is per second', rateText(500, 2000), '250/s'],
    ['a rate needs time', rateText(500, 0), ''],
  ])('%s', (_case, text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('a line of progress', () => {
  const line = (count: number, total = 10_000, note = '') =>
    progressLine({ label: 'contacts', count, total, note }, plain);

  test.each([
    ['is empty at the beginning', line(0), `contacts   ${'─'.repeat(24)}       0 / 10,000`],
    ['is half full in the middle', line(5000), `contacts   ${'━'.repeat(12)}${'─'.repeat(12)}   5,000 / 10,000`],
    ['is not full before the last one', line(9999), `contacts   ${'━'.repeat(23)}─   9,999 / 10,000`],
    ['is full at the end', line(10_000), `contacts   ${'━'.repeat(24)}  10,000 / 10,000`],
    ['never runs over', line(10_500), `contacts   ${'━'.repeat(24)}  10,500 / 10,000`],
    ['of nothing is full', line(0, 0), `contacts   ${'━'.repeat(24)}  0 / 0`],
  ])('%s', (_case, text, expected) => {
    expect(text).toBe(expected);
  });

  test('leaves each part to the painter', () => {
    const text = progressLine({ label: 'calls', count: 1, total: 2, note: '3/s' }, marked);
    expect(text).toBe(`calls      <done:${'━'.repeat(12)}><rest:${'─'.repeat(12)}>  1 / 2  <note:3/s>`);
  });

  test('fits beside its indent into 80 columns', () => {
    expect(line(9_999_999, 10_000_000, '1,000,000/s').length).toBeLessThanOrEqual(80 - 7);
  });
});

describe('a table', () => {
  test('aligns its first column to the left and numbers to the right', () => {
    const rows = [
      ['Records', '20,000', '1.0 s'],
      ['  lost', '0'],
    ];
    expect(tableLines(['', 'count', 'time'], rows)).toEqual([
      '           count    time',
      '────────────────────────',
      'Records   20,000   1.0 s',
      '  lost         0',
    ]);
  });

  test('without rows is its head', () => {
    expect(tableLines(['what', 'count'], [])).toEqual(['what   count', '────────────']);
  });
});
