import { describe, expect, it } from 'vitest';
import { RATE_HEADER_FAMILIES } from '../../../../src/catalog/schema.ts';
import { LIMIT_AHEAD_MS_MAX, LIMIT_NAME_CHARS_MAX, LIMIT_READINGS_MAX } from '../../../../src/core/limits.ts';
import { headerRecord } from '../../../../src/egress/headers.ts';
import { limitHeaders, limitsSaid, NOTHING_SAID } from '../../../../src/limits/headers/limitsSaid.ts';
import { dice } from '../../../support/dice.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const TRIES = 4000;
const ORDINARY = { 'content-type': 'application/json', date: 'Mon, 05 Jan 2026 09:00:00 GMT', server: 'x' };

/** All fields that a family looks at. */
const NAMES = [
  'beta-ratelimit beta-ratelimit-policy content-type date ratelimit ratelimit-limit ratelimit-policy ratelimit-reason',
  'ratelimit-remaining ratelimit-reset retry-after sforce-limit-info stripe-rate-limited-reason x-24-hour-usage',
  'x-aircallapi-limit x-aircallapi-remaining x-aircallapi-reset x-api-credits-remaining x-appminlimit-remaining',
  'x-authentication-denied-reason x-daily-requests-left x-daylimit-remaining x-front-tier x-hourly-usage',
  'x-gorgias-account-api-call-limit x-hubspot-ratelimit-daily x-hubspot-ratelimit-daily-remaining x-rate-limit',
  'x-hubspot-ratelimit-interval-milliseconds x-hubspot-ratelimit-max x-hubspot-ratelimit-remaining x-minute-usage',
  'x-minlimit-remaining x-rate-limit-24-hour x-rate-limit-hourly x-rate-limit-minute x-rate-limit-problem',
  'x-rate-limit-remaining x-ratelimit-complexity-limit x-ratelimit-complexity-remaining x-ratelimit-complexity-reset',
  'x-ratelimit-limit x-ratelimit-limit-minute x-ratelimit-remaining x-ratelimit-remaining-minute x-ratelimit-reset',
  'x-ratelimit-requests-limit x-ratelimit-requests-remaining x-ratelimit-requests-reset x-ratelimit-reset-after',
  'x-ratelimit-resource x-ratelimit-retry-after x-ratelimit-scope x-ratelimit-total x-shopify-shop-api-call-limit',
  'x-sib-ratelimit-limit x-sib-ratelimit-remaining x-sib-ratelimit-reset zendesk-ratelimit- zendesk-ratelimit-a',
].flatMap((line) => line.split(' '));

const PIECES = [
  ...[
    '0',
    '1',
    '9',
    '-',
    '+',
    '.',
    ',',
    ';',
    '/',
    '"',
    '=',
    ' ',
    '(',
    ':',
    '{',
    '}',
    '[',
    'e',
    'w',
    'q',
    'r',
    't',
    'Z',
  ],
  ...['NaN', 'Infinity', 'null', 'limit=', 'remaining=', 'api-usage=', 'total=', 'GMT', '\u0000', 'é', '__proto__'],
  ...['1767603600', '1767603600000', '9007199254740993', '2026-01-05T09:00', 'Mon, 05 Jan 2026 09:01:00 GMT'],
  ...['1/0', '0/0', '"a";r=1;t=2', '100;w=60', 'x'.repeat(2000), '9'.repeat(300)],
];
const BODIES = [
  ...['', '[', 'null', '[]', '{}', '"RATE_LIMITED"', '[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]', '"ratelimited"', '1'],
  ...['{"ok":false,"error":"ratelimited"}', '{"errors":[{"extensions":{"code":"THROTTLED","retry_in_seconds":-1}}]}'],
  ...['"throttleStatus":{"maximumAvailable":0,"currentlyAvailable":1,"restoreRate":0}', '"throttleStatus"'],
  ...['{"errors":[{"extensions":{"code":"ComplexityException","retry_in_seconds":1e308}}]}', '{"errors":null}'],
  '{"errors":[{"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":9e15,"throttleStatus":' +
    '{"maximumAvailable":1e300,"currentlyAvailable":0,"restoreRate":1e-300}}}}',
];
const STATUSES = [200, 204, 304, 400, 401, 403, 423, 429, 430, 500, 503];

describe.each(RATE_HEADER_FAMILIES)('what %s says', (family) => {
  it('is one shared nothing where an answer says nothing', () => {
    expect(limitsSaid(family, { status: 200, headers: ORDINARY }, NOW_MS)).toBe(NOTHING_SAID);
    expect(limitsSaid(family, { status: 200, headers: {}, bodyText: '{"data":[]}' }, NOW_MS)).toBe(NOTHING_SAID);
  });

  it('is a limit with 429 at least, and none with 401 and 404', () => {
    expect(limitsSaid(family, { status: 429, headers: ORDINARY }, NOW_MS).isLimited).toBe(true);
    for (const status of [401, 404]) expect(limitsSaid(family, { status, headers: {} }, NOW_MS)).toEqual(NOTHING_SAID);
  });

  it('is never thrown, and finite, bounded and not past, whatever the headers are', () => {
    const roll = dice(11);
    const pick = <T>(list: readonly T[]) => list[roll(list.length)] as T;
    for (let round = 0; round < TRIES; round++) {
      const headers = Object.fromEntries(
        Array.from({ length: roll(12) }, () => [
          pick(NAMES),
          Array.from({ length: roll(6) }, () => pick(PIECES)).join(''),
        ]),
      );
      const bodyText = roll(2) === 0 ? {} : { bodyText: pick(BODIES) };
      const answer = { status: pick(STATUSES), headers, ...bodyText };
      expectSound(limitsSaid(family, answer, NOW_MS), JSON.stringify(answer));
    }
  });

  it('is the same where only the fields that the family reads are picked from the wire', () => {
    const roll = dice(13);
    const pick = <T>(list: readonly T[]) => list[roll(list.length)] as T;
    for (let round = 0; round < TRIES; round++) {
      const wire = Array.from({ length: 1 + roll(12) }, () => [
        roll(2) === 0 ? pick(NAMES) : pick(NAMES).toUpperCase(),
        Array.from({ length: roll(3) }, () => pick(PIECES)).join(''),
      ]).flat();
      const status = pick(STATUSES);
      const whole = limitsSaid(family, { status, headers: headerRecord(wire) }, NOW_MS);
      const picked = limitsSaid(family, { status, headers: limitHeaders(family, status, wire) }, NOW_MS);
      expect(picked).toEqual(whole);
    }
  });
});

function expectSound({ readings, retryAtMs }: ReturnType<typeof limitsSaid>, answer: string): void {
  const moments = [retryAtMs, ...readings.map(({ resetAtMs }) => resetAtMs)].filter((atMs) => atMs != null);
  const isInTime = (atMs: number) => atMs >= NOW_MS && atMs <= NOW_MS + LIMIT_AHEAD_MS_MAX;
  const numbers = readings.flatMap(({ limit, remaining, windowMs }) => [limit, remaining, windowMs]);
  const isCount = (count: number | undefined) => count === undefined || (Number.isFinite(count) && count >= 0);
  const areNamed = readings.every(({ name }) => name.length <= LIMIT_NAME_CHARS_MAX);
  const isFew = readings.length <= LIMIT_READINGS_MAX + 2;
  if (moments.every(isInTime) && numbers.every(isCount) && areNamed && isFew) return;
  expect.fail(`${JSON.stringify({ readings, retryAtMs })} of ${answer}`);
}
