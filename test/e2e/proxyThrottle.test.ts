// Throttle mode of the proxy, as the wire publishes it: after a provider's 429 further calls are answered without being
// sent, until the time that the provider said.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { THROTTLE_ASSUMED_MS } from '../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS, toRfc1123Utc } from '../../src/core/time.ts';
import { answerWith, FRONTS, type Proxied, startProxied } from '../support/proxied.ts';

const THROTTLE = { headers: { 'x-amp-rate-limiter-mode': 'throttle' } };
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} UTC$/;

let proxied: Proxied;

beforeAll(async () => {
  proxied = await startProxied({
    quotas: [{ name: 'hourly', scope: 'user', limit: 500, windowMs: 60 * MINUTE_MS }],
  });
});

beforeEach(async () => {
  await proxied.clock.advance(60 * MINUTE_MS);
});

afterAll(() => proxied[Symbol.asyncDispose]());

const limited = (headers: Record<string, string>) => answerWith(429, headers, '{"error":"slow down"}');
const fine = answerWith(200, {}, 'fine');

describe.each(FRONTS)('over %s, throttled', (front) => {
  const call = (init: RequestInit = THROTTLE) => proxied.call(front, '/x', init);
  const told = ({ status, headers }: Response) => [
    status,
    headers.get('x-amp-retry-after'),
    headers.get('x-amp-retryable'),
  ];

  it('a 429 of the provider passes with the time to come back', async () => {
    proxied.answer(limited({ 'retry-after': '30', 'x-amp-retryable': 'of the provider', 'x-own': '1' }));
    const untilMs = proxied.clock.nowMs() + 30 * SECOND_MS;
    const response = await call();
    expect(told(response)).toEqual([429, toRfc1123Utc(untilMs), 'true']);
    expect(response.headers.get('x-amp-retry-after')).toMatch(DATE);
    expect([response.headers.get('retry-after'), response.headers.get('x-own')]).toEqual(['30', '1']);
    expect(await response.text()).toBe('{"error":"slow down"}');
  });

  it('further calls are answered without the provider until then, and reach it afterwards', async () => {
    proxied.answer(limited({ 'retry-after': '30' }), fine);
    const retryAfter = toRfc1123Utc(proxied.clock.nowMs() + 30 * SECOND_MS);
    await (await call()).text();
    for (const afterMs of [0, 29_000, 999]) {
      await proxied.clock.advance(afterMs);
      const response = await call();
      expect(told(response)).toEqual([429, retryAfter, 'true']);
      expect(await response.json()).toMatchObject({ status: 429, code: 'rate_limited', retryable: true });
    }
    expect(proxied.arrivals).toHaveLength(1);
    await proxied.clock.advance(1);
    expect(told(await call())).toEqual([200, null, null]);
    expect(proxied.arrivals).toHaveLength(2);
  });

  it.each<[string, Record<string, string>, number]>([
    ['a reset in seconds', { 'x-ratelimit-reset': '45' }, 45 * SECOND_MS],
    ['no time at all', {}, THROTTLE_ASSUMED_MS],
  ])('%s is understood too', async (_what, headers, forMs) => {
    proxied.answer(limited(headers), fine);
    const retryAfter = toRfc1123Utc(proxied.clock.nowMs() + forMs);
    expect(told(await call())).toEqual([429, retryAfter, 'true']);
    await proxied.clock.advance(forMs - 1);
    expect(told(await call())).toEqual([429, retryAfter, 'true']);
    await proxied.clock.advance(1);
    expect((await call()).status).toBe(200);
  });

  it('a call is also told when it cannot go because of a declared budget', async () => {
    proxied.answer(fine);
    for (let index = 0; index < 500; index++) await (await call({})).text();
    const response = await call();
    expect(response.status).toBe(429);
    expect(response.headers.get('x-amp-retry-after')).toMatch(DATE);
    expect(response.headers.get('x-amp-retryable')).toBe('true');
    expect(await response.json()).toMatchObject({ code: 'budget_exhausted' });
    const plain = await call({});
    expect(told(plain)).toEqual([429, null, null]);
    expect(plain.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('nobody is who did not ask for it: the 429 passes as it is, and the next call goes', async () => {
    proxied.answer(limited({ 'retry-after': '30' }), fine);
    expect(told(await call({}))).toEqual([429, null, null]);
    expect(told(await call({ headers: { 'x-amp-rate-limiter-mode': 'other' } }))).toEqual([200, null, null]);
    expect(proxied.arrivals).toHaveLength(2);
  });

  it('a caller profits from what others were told', async () => {
    proxied.answer(limited({ 'retry-after': '30' }), fine);
    await (await call({})).text();
    expect((await call({ headers: { 'X-Amp-Rate-Limiter-Mode': 'Throttle' } })).status).toBe(429);
    expect(proxied.arrivals).toHaveLength(1);
  });
});
