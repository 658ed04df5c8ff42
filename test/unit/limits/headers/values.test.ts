import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { countOf, momentAtMs, shortJson, spentOf } from '../../../../src/limits/headers/values.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const epoch = (ms: number) => String(ms / SECOND_MS);

describe('a number of a header', () => {
  it.each([
    undefined,
    '',
    ' ',
    '-1',
    '+1',
    '.5',
    '1.2.3',
    '12abc',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    'none',
    '9'.repeat(20),
    '9'.repeat(400),
    '2026-01-05T09:05:00Z',
  ])('is none in %j', (text) => {
    expect(countOf(text)).toBeUndefined();
  });

  it.each([
    ['0', 0],
    ['110', 110],
    ['20.5', 20.5],
    ['2.0', 2],
    ['100, 100;window=60', 100],
    ['150;w=60', 150],
  ])('of %j is %d', (text, count) => {
    expect(countOf(text)).toBe(count);
  });
});

describe('calls of a limit', () => {
  it.each([undefined, '', '/', '12/', '/40', '12', 'a/b', '12/-1', '12 of 40'])('are not told by %j', (text) => {
    expect(spentOf(text)).toBeUndefined();
  });

  it('are what is left of it, never less than none', () => {
    expect(spentOf('12/40')).toEqual({ limit: 40, remaining: 28 });
    expect(spentOf('110018/100000')).toEqual({ limit: 100_000, remaining: 0 });
  });
});

describe('the time of a reset', () => {
  it.each([
    ['nothing', ''],
    ['a word', 'soon'],
    ['a negative number, which Date.parse takes for a date', '-5'],
    ['a number with a unit', '5s'],
    ['a date of another year', '2025-01-05T09:05:00Z'],
    ['epoch seconds of another year', epoch(NOW_MS + 365 * DAY_MS)],
    ['seconds beyond a month that are no epoch', String(60 * 24 * 3600)],
    ['microseconds', String(NOW_MS * 1000)],
    ['a number that no clock reaches', '9'.repeat(19)],
    ['a text without end', `Mon, 05 Jan 2026 09:05:00 GMT${' '.repeat(10_000)}`],
  ])('is not told by %s', (_what, text) => {
    expect(momentAtMs(text, {}, NOW_MS)).toBeUndefined();
  });

  it.each([
    ['seconds from now', '30', 30 * SECOND_MS],
    ['no seconds', '0', 0],
    ['a fraction, rounded up to a whole millisecond', '0.0641', 65],
    ['a month in seconds', String(31 * 24 * 3600), 31 * DAY_MS],
    ['epoch seconds', epoch(NOW_MS + HOUR_MS), HOUR_MS],
    ['epoch seconds with a fraction', '1767603600.5', 500],
    ['epoch milliseconds', String(NOW_MS + 1234), 1234],
    ['ISO 8601', '2026-01-05T09:05:00.000Z', 5 * MINUTE_MS],
    ['ISO 8601 to the minute (Jira)', '2026-01-05T09:05Z', 5 * MINUTE_MS],
    ['ISO 8601 with an offset', '2026-01-05T10:05:00+01:00', 5 * MINUTE_MS],
    ['ISO 8601 without a zone', '2026-01-05T09:05:00', 5 * MINUTE_MS],
    ['an SQL time', '2026-01-05 09:05:00', 5 * MINUTE_MS],
    ['an HTTP date', 'Mon, 05 Jan 2026 09:05:00 GMT', 5 * MINUTE_MS],
    ['a date of C without a zone', 'Mon Jan  5 09:05:00 2026', 5 * MINUTE_MS],
    // https://developer.lemlist.com/api-reference/getting-started/rate-limits
    ['a date of JavaScript', 'Mon Jan 05 2026 10:05:00 GMT+0100 (Central European Standard Time)', 5 * MINUTE_MS],
    ['a window that has just ended', epoch(NOW_MS - SECOND_MS), 0],
  ])('may be %s', (_what, text, aheadMs) => {
    expect(momentAtMs(text, {}, NOW_MS)).toBe(NOW_MS + aheadMs);
  });

  it("is measured on the provider's clock, whatever that shows", () => {
    // Their clock is an hour behind, and the window ends in a minute.
    const headers = { date: 'Mon, 05 Jan 2026 08:00:00 GMT' };
    expect(momentAtMs(epoch(NOW_MS - HOUR_MS + MINUTE_MS), headers, NOW_MS)).toBe(NOW_MS + MINUTE_MS);
    expect(momentAtMs('2026-01-05T08:01:00Z', headers, NOW_MS)).toBe(NOW_MS + MINUTE_MS);
    expect(momentAtMs('60', headers, NOW_MS)).toBe(NOW_MS + MINUTE_MS);
    expect(momentAtMs(epoch(NOW_MS), { date: 'yesterday' }, NOW_MS)).toBe(NOW_MS);
  });
});

describe('a body', () => {
  it.each([undefined, '', '<html>', '{"a":', `"${'x'.repeat(20_000)}"`])('is no refusal if it is %.20j', (text) => {
    expect(shortJson(text)).toBeUndefined();
  });
});
