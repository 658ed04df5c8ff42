import { describe, expect, it } from 'vitest';
import {
  addCounts,
  countAttempt,
  countCall,
  countOutcome,
  countsOf,
  countWait,
  DELIVERY_OUTCOMES,
  METHOD_CLASSES,
  newCounts,
  OTHER_PROVIDER,
  observe,
  STATUS_CLASSES,
  takeCounts,
} from '../../../src/core/counts.ts';
import { METRIC_PROVIDERS_MAX } from '../../../src/core/limits.ts';

const at = (method: (typeof METHOD_CLASSES)[number], status: (typeof STATUS_CLASSES)[number]) =>
  METHOD_CLASSES.indexOf(method) * STATUS_CLASSES.length + STATUS_CLASSES.indexOf(status);

describe('counts', () => {
  it('grow by no method, status or provider that somebody makes up', () => {
    const counts = newCounts();
    const size = counts.planes.proxy.requests.length;
    for (let index = 0; index < 5000; index++) {
      const { calls } = countsOf(counts, `provider${index}`);
      countCall(calls, `METHOD${index}`, index, 1, 0, 0);
      countCall(counts.planes.proxy, `METHOD${index}`, index, 1, 0, 0);
    }
    expect(counts.planes.proxy.requests).toHaveLength(size);
    expect(counts.providers.size).toBe(METRIC_PROVIDERS_MAX + 1);
    expect(countsOf(counts, OTHER_PROVIDER).calls.requests.reduce((sum, count) => sum + count, 0)).toBe(
      5000 - METRIC_PROVIDERS_MAX,
    );
  });

  it.each([
    ['GET', 200, 'read', '2xx'],
    ['HEAD', 304, 'read', '3xx'],
    ['POST', 429, 'write', '4xx'],
    ['DELETE', 503, 'write', '5xx'],
    ['QUERY', 999, 'other', '5xx'],
    [undefined, 'broken', 'other', 'broken'],
    ['get', 'clientGone', 'other', 'client_gone'],
  ] as const)('a %s that ended with %s is a %s with %s', (method, end, methodClass, statusClass) => {
    const { requests } = newCounts().planes.platform;
    const calls = { ...newCounts().planes.platform, requests };
    countCall(calls, method, end, 1, 0, 0);
    expect(requests[at(methodClass, statusClass)]).toBe(1);
    expect(requests.reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('put a value under the first edge that it does not exceed', () => {
    const distribution = { counts: [0, 0, 0], sum: 0 };
    for (const value of [0, 1, 1.5, 2, 3]) observe(distribution, [1, 2], value);
    expect(distribution).toEqual({ counts: [2, 2, 1], sum: 7.5 });
  });

  it('of two threads add up to what one would have counted', () => {
    const [one, two, both] = [newCounts(), newCounts(), newCounts()];
    for (const [counts, provider] of [
      [one, 'stripe'],
      [two, 'stripe'],
      [two, 'hubspot'],
    ] as const) {
      for (const target of [counts, both]) {
        countCall(countsOf(target, provider).calls, 'GET', 200, 12, 10, 20);
        countAttempt(countsOf(target, provider), 429, 7);
        countsOf(target, provider).throttled += 1;
        countCall(target.planes.operator, 'POST', 404, 3, 0, 0);
        countOutcome(target.deliveries, DELIVERY_OUTCOMES, 'retry');
        countWait(target.leaseWaits, 'token', 70);
      }
    }
    const owner = newCounts();
    for (const thread of [one, two]) addCounts(owner, structuredClone(takeCounts(thread)));
    expect(owner).toEqual(both);
    expect(countsOf(owner, 'stripe').limited).toBe(2);
  });

  it('are taken once, in the objects that calls hold on to', () => {
    const counts = newCounts();
    const held = countsOf(counts, 'stripe');
    countCall(held.calls, 'GET', 200, 1, 2, 3);
    expect(takeCounts(counts).providers.get('stripe')?.calls.bytesOut).toBe(3);
    expect(takeCounts(counts).providers.get('stripe')?.calls.bytesOut).toBe(0);
    countCall(held.calls, 'GET', 200, 1, 2, 3);
    expect(takeCounts(counts).providers.get('stripe')?.calls.requests[at('read', '2xx')]).toBe(1);
  });
});
