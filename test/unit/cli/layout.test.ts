import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { detailsText, memberText, valueText, whenText, wrapped } from '../../../src/cli/layout.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);

/** Has standard output look like a terminal of so many columns. */
function terminal(columns: number): void {
  const { isTTY, columns: before } = process.stdout;
  Object.assign(process.stdout, { isTTY: true, columns });
  onTestFinished(() => void Object.assign(process.stdout, { isTTY, columns: before }));
}

describe('text', () => {
  it('is one line where nobody looks at columns', () => {
    Object.assign(process.stdout, { isTTY: undefined });
    expect(wrapped('a '.repeat(500).trim())).not.toContain('\n');
  });

  it.each([
    ['', '', ''],
    ['one', '', 'one'],
    ['a word-that-is-longer-than-the-line b', '', 'a\nword-that-is-longer-than-the-line\nb'],
    ['exactly twenty chars', '', 'exactly twenty chars'],
    ['exactly twenty-one ch', '', 'exactly twenty-one\nch'],
    ['exactly twenty chars', '    ', 'exactly twenty\n    chars'],
  ])('%j after %j is broken between words to the width of the terminal', (text, indent, expected) => {
    terminal(20);
    expect(wrapped(text, indent)).toBe(expected);
  });

  it.each([
    [null, 'none'],
    ['contacts', 'contacts'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a=b', '"a=b"'],
    [0, '0'],
    [{ a: [1] }, '{"a":[1]}'],
    [['c1', 'c2'], 'c1, c2'],
    [['a b'], '["a b"]'],
    [[], '[]'],
  ])('of the value %j is %s', (value, expected) => {
    expect(valueText(value)).toBe(expected);
  });

  it('of a member that is a time is a time', () => {
    expect(memberText('wakeAtMs', NOW_MS + 90_000, NOW_MS)).toBe('2026-01-05 09:01:30 UTC (in 90 seconds)');
    expect(memberText('wakeAtMs', null, NOW_MS)).toBe('none');
    expect(detailsText({ turn: 1, wakeAtMs: NOW_MS, note: 'a b' })).toBe(
      'turn=1 wakeAtMs=2026-01-05T09:00:00.000Z note="a b"',
    );
  });

  it.each([
    [null, 'never'],
    ['2026-01-05T09:00:00.000Z', '2026-01-05 09:00:00 UTC (just now)'],
    ['2026-01-05T08:59:59.000Z', '2026-01-05 08:59:59 UTC (1 second ago)'],
    ['2026-01-05T07:30:00.000Z', '2026-01-05 07:30:00 UTC (90 minutes ago)'],
    ['2026-01-03T10:00:00.000Z', '2026-01-03 10:00:00 UTC (47 hours ago)'],
    ['2026-01-25T09:00:00.000Z', '2026-01-25 09:00:00 UTC (in 20 days)'],
  ])('of the time %j is %s', (time, expected) => {
    expect(whenText(time, NOW_MS, 'never')).toBe(expected);
  });
});
