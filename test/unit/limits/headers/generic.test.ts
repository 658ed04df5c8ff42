import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { limitsSaid, NOTHING_SAID } from '../../../../src/limits/headers/limitsSaid.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const said = (headers: Record<string, string>, status = 200) => limitsSaid('generic', { status, headers }, NOW_MS);

describe('the headers that providers share', () => {
  it.each<[string, Record<string, string>]>([
    ['no headers', {}],
    ['headers of something else', { 'content-type': 'application/json', date: 'Mon, 05 Jan 2026 09:00:00 GMT' }],
    ['Retry-After of an answer that was not refused (lemlist)', { 'retry-after': '2' }],
    ['a reset alone', { 'x-ratelimit-reset': '30' }],
    ['words', { 'x-ratelimit-limit': 'unlimited', 'x-ratelimit-remaining': 'many' }],
    ['no limit written as 0', { 'x-ratelimit-limit': '0' }],
    ['a debt', { 'x-ratelimit-remaining': '-3' }],
    ['an empty list', { ratelimit: '', 'ratelimit-policy': ' , ;' }],
    ['a list of nonsense', { ratelimit: '"a;q=1,,;;==,"' }],
    ['a list without end', { 'ratelimit-policy': '"a";q=1;w=1,'.repeat(1000) }],
  ])('say nothing with %s', (_what, headers) => {
    expect(said(headers)).toBe(NOTHING_SAID);
  });

  // draft-ietf-httpapi-ratelimit-headers-10, sections 2 and 3; Cloudflare sends these:
  // https://developers.cloudflare.com/fundamentals/api/reference/limits/
  it.each<[string, Record<string, string>, object[]]>([
    [
      'named policies',
      { 'ratelimit-policy': '"burst";q=100;w=60, "daily";q=1000;w=86400', ratelimit: '"burst";r=50;t=30' },
      [
        { name: 'burst', limit: 100, remaining: 50, windowMs: MINUTE_MS, resetAtMs: NOW_MS + 30_000 },
        { name: 'daily', limit: 1000, windowMs: 86_400_000 },
      ],
    ],
    [
      'a quoted name with separators, and parameters of others',
      { 'ratelimit-policy': '"a;b,c";q=10;w=1;qu="requests";pk=:dHJpYWw=:', ratelimit: '"a;b,c";r=0' },
      [{ name: 'a;b,c', limit: 10, remaining: 0, windowMs: SECOND_MS }],
    ],
    ['a rate without a policy', { ratelimit: 'default;r=5;t=1' }, [one('default', 5, 1)]],
    ['a policy without a rate', { 'ratelimit-policy': '100;w=60' }, [{ name: '', limit: 100, windowMs: MINUTE_MS }]],
    // https://developer.close.com/api/overview/rate-limits
    ['a dictionary (draft 7, Close)', { ratelimit: 'limit=100, remaining=50, reset=5' }, [one('', 50, 5, 100)]],
    [
      'a dictionary with a policy',
      { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '10;w=1, 100;w=60' },
      [{ ...one('', 50, 5, 100), windowMs: MINUTE_MS }],
    ],
    // https://resend.com/docs/api-reference/rate-limit
    [
      'three fields (draft 6)',
      { 'ratelimit-limit': '2', 'ratelimit-remaining': '1', 'ratelimit-reset': '1', 'ratelimit-policy': '2;w=1' },
      [{ ...one('', 1, 1, 2), windowMs: SECOND_MS }],
    ],
    // https://developer.whoop.com/docs/developing/rate-limiting
    [
      'policies in the limit (draft 3)',
      {
        'x-ratelimit-limit': '100, 100;window=60, 10000;window=86400',
        'x-ratelimit-remaining': '98',
        'x-ratelimit-reset': '3',
      },
      [{ ...one('', 98, 3, 100), windowMs: MINUTE_MS }],
    ],
    // https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    [
      'epoch seconds (Intercom)',
      { 'x-ratelimit-limit': '167', 'x-ratelimit-remaining': '166', 'x-ratelimit-reset': String(NOW_MS / 1000 + 7) },
      [one('', 166, 7, 167)],
    ],
    // https://developer.okta.com/docs/reference/rl-best-practices/
    [
      'the spelling with one more hyphen (Okta)',
      {
        'x-rate-limit-limit': '600',
        'x-rate-limit-remaining': '598',
        'x-rate-limit-reset': String(NOW_MS / 1000 + 60),
      },
      [one('', 598, 60, 600)],
    ],
    ['remaining alone', { 'x-ratelimit-remaining': '7' }, [{ name: '', remaining: 7 }]],
    ['a limit alone', { 'x-ratelimit-limit': '7' }, [{ name: '', limit: 7 }]],
  ])('are read as %s', (_what, headers, readings) => {
    expect(said(headers)).toEqual({ ...NOTHING_SAID, readings });
  });

  it('keep no name that is longer than a key', () => {
    expect(said({ ratelimit: `${'n'.repeat(500)};r=1` }).readings).toEqual([{ name: 'n'.repeat(64), remaining: 1 }]);
  });

  it('are at most so many, and one each of a name', () => {
    const policies = Array.from({ length: 40 }, (_, index) => `"${index}";q=1`).join();
    expect(said({ 'ratelimit-policy': policies }).readings).toHaveLength(16);
    expect(said({ 'ratelimit-policy': '"a";q=1, "a";q=2, 5;w=1, 6;w=1' }).readings).toHaveLength(2);
  });
});

describe('a refused call', () => {
  const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '20' };

  it.each<[string, number, Record<string, string>, number | null]>([
    ['as Retry-After says', 429, { 'retry-after': '7', ...spent }, 7000],
    ['as Retry-After says, as a date', 429, { 'retry-after': 'Mon, 05 Jan 2026 09:00:09 GMT' }, 9000],
    ['as Retry-After says, as a fraction', 429, { 'retry-after': '2.0' }, 2000],
    ['as long as the spent limit says', 429, spent, 20_000],
    ['as long as the spent limit says, past nonsense', 429, { 'retry-after': 'later', ...spent }, 20_000],
    ['nobody knows how long, with calls left', 429, { ...spent, 'x-ratelimit-remaining': '3' }, null],
    ['nobody knows how long, without a word', 429, {}, null],
    ['not two months', 429, { 'retry-after': String(60 * 24 * 3600) }, null],
  ])('waits %s', (_what, status, headers, waitMs) => {
    const answer = said(headers, status);
    expect(answer).toMatchObject({ isLimited: true, retryAtMs: waitMs === null ? null : NOW_MS + waitMs });
  });

  it('is limited by 429 only, though others may say when to come back', () => {
    expect(said({ 'retry-after': '60' }, 503)).toEqual({ ...NOTHING_SAID, retryAtMs: NOW_MS + MINUTE_MS });
    expect(said(spent, 403)).toMatchObject({ isLimited: false, retryAtMs: null });
    expect(said({}, 500)).toEqual(NOTHING_SAID);
  });
});

function one(name: string, remaining: number, resetSeconds: number, limit?: number): object {
  return { name, ...(limit && { limit }), remaining, resetAtMs: NOW_MS + resetSeconds * SECOND_MS };
}
