// What some providers tell of their limits only in the bodies of their answers: the cost of a query, and refusals that
// come as 200. The client gets the same bytes, and whoever calls next goes by it.

import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { BODY_TOLD_MS_MAX, PEEKED_PACKED_BYTES_MAX } from '../../src/core/limits.ts';
import { HOUR_MS, SECOND_MS } from '../../src/core/time.ts';
import { type BudgetLine, budgetsOf } from '../../src/flows/operator/budgets.ts';
import { FRONTS, type Proxied, startProxied } from '../support/proxied.ts';

const BUCKET = { scope: 'externalAccount', limit: 2000, windowMs: 20 * SECOND_MS, isSoft: true } as const;
const PAUSE = { firstMs: 2 * SECOND_MS, longestMs: 20 * SECOND_MS };
const PACKINGS = { identity: (text: string) => Buffer.from(text), gzip: gzipSync, br: brotliCompressSync } as const;
type Packing = keyof typeof PACKINGS;

const SLACK = {
  quotas: [{ name: 'told', ...BUCKET, windowMs: HOUR_MS, pause: PAUSE }],
  rateHeaders: { family: 'slack', quotas: { method: 'told' } },
};
const HUBSPOT = { ...SLACK, rateHeaders: { family: 'hubspot', quotas: { search: 'told' } } };

/** As Shopify ends its answers. */
function costing(data: unknown, currentlyAvailable: number, requestedQueryCost = 10): JsonObject {
  const throttleStatus = { maximumAvailable: 2000, currentlyAvailable, restoreRate: 100 };
  return { data: data as JsonObject, extensions: { cost: { requestedQueryCost, throttleStatus } } };
}

function throttled(currentlyAvailable: number, requestedQueryCost: number): JsonObject {
  const { extensions } = costing(null, currentlyAvailable, requestedQueryCost);
  return { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }], extensions } as JsonObject;
}

/** A provider that says such things, and what the tests ask of it. */
async function startTelling(ownFacts: JsonObject) {
  const proxied = await startProxied(ownFacts);
  return {
    proxied,
    answer(status: number, json: JsonObject, packing: Packing = 'identity', ownHeaders = {}): Buffer {
      const body = PACKINGS[packing](JSON.stringify(json));
      const headers = { 'content-type': 'application/json; charset=utf-8', 'content-encoding': packing, ...ownHeaders };
      proxied.answer((_incoming, outgoing) => void outgoing.writeHead(status, headers).end(body));
      return body;
    },
    budget(name: string): BudgetLine | undefined {
      const { budgets } = budgetsOf(proxied.tenon.running.services, proxied.installationId);
      return budgets.find((budget) => budget.name === name);
    },
  };
}

/** The bytes as they came, which `fetch` would unpack. */
async function bytesOf(proxied: Proxied, path: string): Promise<Buffer> {
  const { tenon, installationId } = proxied;
  const { body } = await request(`${tenon.origin}${path}`, {
    method: 'POST',
    headers: {
      'x-api-key': tenon.apiKey,
      'x-amp-proxy-version': '1',
      'x-amp-project-id': tenon.projectId,
      'x-amp-installation-id': installationId,
    },
  });
  return Buffer.from(await body.arrayBuffer());
}

/** A head and the beginning of a body; the rest is the test's, once the call has come. */
function answerInParts(
  { answer }: Proxied,
  status: number,
  part: string,
  headers = {},
): () => ServerResponse | undefined {
  let open: ServerResponse | undefined;
  answer((_incoming, outgoing) => {
    open = outgoing;
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).write(part);
  });
  return () => open;
}

describe('what the head says of an answer whose body is looked at', () => {
  it('is known at once, and when its client leaves', async () => {
    const { proxied, budget } = await startTelling({
      quotas: [{ name: 'graphql', ...BUCKET, windowMs: HOUR_MS }],
      rateHeaders: { family: 'github', quotas: { graphql: 'graphql' } },
    });
    await using _ = proxied;
    const resetS = Math.floor((proxied.clock.nowMs() + HOUR_MS / 2) / 1000);
    answerInParts(proxied, 200, '[', {
      'x-ratelimit-limit': '2000',
      'x-ratelimit-remaining': '10',
      'x-ratelimit-resource': 'graphql',
      'x-ratelimit-reset': String(resetS),
      date: new Date(proxied.clock.nowMs()).toUTCString(),
    });
    const leaving = new AbortController();
    await proxied.call('node:http', '/graphql', { signal: leaving.signal });
    expect(budget('graphql')?.spent).toBe(1990);
    leaving.abort();
  });
});

describe('a query whose cost is told at the end of its answer', () => {
  let telling: Awaited<ReturnType<typeof startTelling>>;

  beforeAll(async () => {
    telling = await startTelling({
      quotas: [{ name: 'cost', ...BUCKET, pause: PAUSE }],
      rateHeaders: { family: 'shopify', quotas: { cost: 'cost' } },
    });
  });

  beforeEach(() => telling.proxied.clock.advance(HOUR_MS));
  afterAll(() => telling.proxied[Symbol.asyncDispose]());

  const spent = () => telling.budget('cost')?.spent ?? 0;
  const until = (isSo: () => boolean) => telling.proxied.until(isSo);

  it('of which nothing can be read counts as one call, and passes', async () => {
    const { proxied, answer } = telling;
    const noise = Array.from({ length: PEEKED_PACKED_BYTES_MAX / 32 }, (_, n) =>
      createHash('sha512').update(`${n}`).digest('hex'),
    );
    answer(200, costing(noise, 500), 'gzip');
    expect(await (await proxied.call('node:http')).json()).toEqual(costing(noise, 500));
    proxied.answer((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('not packed');
    });
    expect((await bytesOf(proxied, '/x')).toString()).toBe('not packed');
    proxied.answer((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(costing({}, 500)));
    });
    await (await proxied.call('node:http')).text();
    expect(spent()).toBeLessThanOrEqual(3);
  });

  it('is not believed to have been told where its answer breaks off', async () => {
    const { proxied } = telling;
    const text = JSON.stringify(costing({}, 500));
    proxied.answer((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 1 }).write(text);
      setImmediate(() => outgoing.destroy());
    });
    const response = await proxied.call('node:http');
    await expect(response.text()).rejects.toThrow();
    expect(spent()).toBeLessThanOrEqual(1);
  });

  it.each(Object.keys(PACKINGS) as Packing[])('costs that, and the bytes stay as they were: %s', async (packing) => {
    const { proxied, answer } = telling;
    const sent = answer(200, costing({ list: Array.from({ length: 5000 }, () => 'record') }, 500), packing);
    expect(await bytesOf(proxied, '/x')).toEqual(sent);
    await until(() => spent() > 1000);
    expect(spent()).toBe(1500);
  });

  describe.each(FRONTS)('over %s', (front) => {
    it.each(Object.keys(PACKINGS) as Packing[])('costs that: %s', async (packing) => {
      const { proxied, answer } = telling;
      answer(200, costing({}, 100), packing);
      await (await proxied.call(front)).arrayBuffer();
      // An edge thread tells it a moment later.
      await proxied.passing(proxied.until(() => spent() > 1000));
      expect(spent()).toBe(1900);
    });

    it('that was refused with 200 passes as it is, and is known by the next', async () => {
      const { proxied, answer } = telling;
      // 500 points at 100 a second.
      const refusal = throttled(100, 600);
      answer(200, refusal);
      const first = await proxied.call(front);
      expect([first.status, await first.json()]).toEqual([200, refusal]);
      await until(() => telling.budget('cost')?.blockedUntil != null);
      answer(200, costing({}, 1000));
      const startedMs = proxied.clock.nowMs();
      expect((await proxied.passing(proxied.call(front))).status).toBe(200);
      expect((proxied.arrivals[0]?.atMs ?? 0) - startedMs).toBeGreaterThanOrEqual(5 * SECOND_MS);
    });

    it('that was refused with 200 holds throttled calls until then', async () => {
      const { proxied, answer } = telling;
      const throttle = { headers: { 'x-amp-rate-limiter-mode': 'throttle' } };
      answer(200, throttled(100, 600));
      expect((await proxied.call(front, '/x', throttle)).status).toBe(200);
      await until(() => telling.budget('cost')?.blockedUntil != null);
      const held = await proxied.call(front, '/x', throttle);
      expect([held.status, held.headers.get('x-amp-retryable')]).toEqual([429, 'true']);
      expect(proxied.arrivals).toHaveLength(1);
    });
  });
});

describe('a refusal in a body', () => {
  it.each<[string, JsonObject, number, JsonObject, Record<string, string>?]>([
    ['of a method, as 200', { family: 'slack', quotas: { method: 'told' } }, 200, { ok: false, error: 'ratelimited' }],
    [
      'of an hour, as 400',
      { family: 'linear', quotas: { requests: 'told' } },
      400,
      { errors: [{ extensions: { code: 'RATELIMITED' } }] },
      { 'x-ratelimit-requests-remaining': '0' },
    ],
    [
      'of searches, whose head names no limit',
      { family: 'hubspot', quotas: { search: 'told' } },
      429,
      { status: 'error', policyName: 'SECONDLY' },
    ],
  ])('holds the calls that count for the same limit: %s', async (_what, rateHeaders, status, refusal, ownHeaders) => {
    const { proxied, answer, budget } = await startTelling({
      quotas: [{ name: 'told', ...BUCKET, windowMs: HOUR_MS, pause: PAUSE }],
      rateHeaders,
    });
    await using _ = proxied;
    const body = answer(status, refusal, 'identity', ownHeaders);
    const first = await proxied.passing(proxied.call('node:http', '/x', { method: 'POST' }));
    expect([first.status, await first.text()]).toEqual([status, body.toString()]);
    expect(proxied.arrivals).toHaveLength(1);
    const refusedAtMs = proxied.arrivals[0]?.atMs ?? Number.NaN;
    await proxied.until(() => budget('told')?.blockedUntil != null);
    answer(200, { ok: true });
    expect((await proxied.passing(proxied.call('node:http'))).status).toBe(200);
    expect((proxied.arrivals[0]?.atMs ?? Number.NaN) - refusedAtMs).toBeGreaterThanOrEqual(PAUSE.firstMs);
  });

  it('is read also where the call is made again, and the client never sees it', async () => {
    const { proxied, answer, budget } = await startTelling(HUBSPOT);
    await using _ = proxied;
    answer(429, { policyName: 'SECONDLY' }, 'identity', { 'retry-after': '3' });
    const refusedAtMs = proxied.clock.nowMs();
    const first = proxied.call('node:http');
    await proxied.until(() => budget('told')?.blockedUntil != null);
    answer(200, { ok: true });
    const other = proxied.call('node:http');
    expect((await Promise.all([proxied.passing(first), other])).map(({ status }) => status)).toEqual([200, 200]);
    expect(proxied.arrivals.map(({ atMs }) => atMs >= refusedAtMs + 3 * SECOND_MS)).toEqual([true, true]);
  });

  it('is obeyed for as long as a field of its head says', async () => {
    const { proxied, answer, budget } = await startTelling(SLACK);
    await using _ = proxied;
    answer(200, { ok: false, error: 'ratelimited' }, 'identity', { 'retry-after': '30' });
    await (await proxied.call('node:http')).text();
    await proxied.until(() => budget('told')?.blockedUntil != null);
    expect(Date.parse(budget('told')?.blockedUntil ?? '')).toBe(proxied.clock.nowMs() + 30 * SECOND_MS);
  });

  it('doubles the pause, although what was accepted before it ends in between', async () => {
    const { proxied, answer, budget } = await startTelling(SLACK);
    await using _ = proxied;
    const pauseMs = () => Date.parse(budget('told')?.blockedUntil ?? '') - proxied.clock.nowMs();
    const open = answerInParts(proxied, 200, '{"ok":true');
    const slow = await proxied.call('node:http');
    answer(200, { ok: false, error: 'ratelimited' });
    await (await proxied.call('node:http')).text();
    await proxied.until(() => pauseMs() === PAUSE.firstMs);
    open()?.end('}');
    await slow.text();
    await proxied.clock.advance(PAUSE.firstMs);
    await (await proxied.call('node:http')).text();
    await proxied.until(() => pauseMs() === 2 * PAUSE.firstMs);
  });

  it('that takes longer than it should to come says how things were', async () => {
    const { proxied, answer, budget } = await startTelling(HUBSPOT);
    await using _ = proxied;
    const open = answerInParts(proxied, 429, '{"policyName":"SECONDLY"', { 'retry-after': '3' });
    const call = proxied.call('node:http');
    await proxied.until(() => open() !== undefined);
    answer(200, { ok: true });
    expect((await proxied.passing(call)).status).toBe(200);
    await proxied.clock.advance(BODY_TOLD_MS_MAX);
    open()?.end('}');
    await (await proxied.call('node:http')).text();
    expect(budget('told')?.blockedUntil).toBeNull();
  });

  it('is not what a file of a repository says', async () => {
    const { proxied, answer } = await startTelling({
      quotas: [{ name: 'told', ...BUCKET }],
      rateHeaders: { family: 'github', quotas: { core: 'told' } },
    });
    await using _ = proxied;
    const throttle = { headers: { 'x-amp-rate-limiter-mode': 'throttle' } };
    answer(200, { errors: [{ type: 'RATE_LIMITED' }] });
    await (await proxied.call('node:http', '/repos/acme/widgets/contents/a.json', throttle)).text();
    expect((await proxied.call('node:http', '/x', throttle)).status).toBe(200);
  });

  it('changes nothing where it is data that looks like one', async () => {
    const { proxied, answer, budget } = await startTelling(SLACK);
    await using _ = proxied;
    answer(200, { ok: true, messages: [{ text: '{"ok":false,"error":"ratelimited"}' }] });
    expect((await proxied.call('node:http')).status).toBe(200);
    answer(200, { ok: false, error: 'channel_not_found', warning: 'rate_limited' });
    await (await proxied.call('node:http')).text();
    expect(budget('told')?.blockedUntil).toBeNull();
  });
});
