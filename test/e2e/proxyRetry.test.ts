// Proxied calls that are sent again, and those that must not be: over real HTTP, on a clock that the test moves.

import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLER_WAIT_MS_MAX, RECONNECT_PAUSE_MS, REPLAYABLE_BODY_BYTES_MAX } from '../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { answerWith, FRONTS, type Proxied, startProxied } from '../support/proxied.ts';

const ONE_AT_A_TIME = { concurrency: [{ name: 'requests', scope: 'user', limit: 1 }] };

let proxied: Proxied;

beforeAll(async () => {
  proxied = await startProxied(ONE_AT_A_TIME);
});

// What one test makes the circuit count, or the throttle remember, is over before the next.
beforeEach(() => proxied.clock.advance(MINUTE_MS));

afterAll(() => proxied[Symbol.asyncDispose]());

const busy = (retryAfter: number | string, status = 503) => answerWith(status, { 'retry-after': String(retryAfter) });
const fine = answerWith(200, { 'x-fine': '1' }, 'fine');

describe.each(FRONTS)('over %s the answer is passed on at once', (front) => {
  it.each<[string, RequestInit & { duplex?: 'half' }, number | string, number]>([
    ['of a POST', { method: 'POST', body: 'x' }, 1, 503],
    ['of a PATCH', { method: 'PATCH', body: 'x' }, 1, 429],
    ['of a PUT whose body is long', { method: 'PUT', body: 'x'.repeat(REPLAYABLE_BODY_BYTES_MAX + 1) }, 1, 503],
    ['that asks for 16 seconds', {}, 16, 503],
    ['that asks for a day', {}, 86_400, 503],
    ['that does not say until when', {}, 'soon', 503],
    ['in throttle mode', { headers: { 'x-amp-rate-limiter-mode': 'throttle' } }, 1, 503],
    ['of a failure of another kind', {}, 1, 502],
  ])('%s', async (_what, init, retryAfter, status) => {
    proxied.answer(busy(retryAfter, status), fine);
    const response = await proxied.call(front, '/x', init);
    expect([response.status, await response.text()]).toEqual([status, String(status)]);
    expect(response.headers.get('retry-after')).toBe(String(retryAfter));
    expect(proxied.arrivals).toHaveLength(1);
  });

  it('of a PUT whose body came without a length', async () => {
    proxied.answer(busy(1), fine);
    const body = new Blob(['x']).stream();
    const response = await proxied.call(front, '/x', { method: 'PUT', body, duplex: 'half' });
    expect(response.status).toBe(503);
    expect(proxied.arrivals).toHaveLength(1);
  });
});

describe.each(FRONTS)('over %s a call is sent again', (front) => {
  it.each([
    ['GET', 503],
    ['GET', 429],
    ['DELETE', 503],
    ['OPTIONS', 429],
    ['HEAD', 503],
  ])('%s after a %i, when its time has come', async (method, status) => {
    proxied.answer(busy(2, status), fine);
    const response = await proxied.passing(proxied.call(front, '/x?a=1&a=2', { method }));
    expect([response.status, response.headers.get('x-fine'), response.headers.get('retry-after')]).toEqual([
      200,
      '1',
      null,
    ]);
    const [first, second] = proxied.arrivals;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2 * SECOND_MS);
    expect([first?.url, second?.url]).toEqual(['/x?a=1&a=2', '/x?a=1&a=2']);
  });

  it('with its body whole', async () => {
    proxied.answer(busy(0), busy(0), fine);
    const body = 'x'.repeat(REPLAYABLE_BODY_BYTES_MAX);
    const response = await proxied.passing(proxied.call(front, '/x', { method: 'PUT', body }));
    expect(response.status).toBe(200);
    expect(proxied.arrivals.map((arrival) => arrival.body === body)).toEqual([true, true, true]);
  });

  it('twice at most; the third refusal is the answer, without words of ours', async () => {
    proxied.answer(busy(0, 429));
    const response = await proxied.passing(proxied.call(front));
    expect(response.status).toBe(429);
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-amp-'))).toEqual([]);
    expect(proxied.arrivals).toHaveLength(3);
  });

  it('only as long as its caller waits, all waits together', async () => {
    proxied.answer(busy(10));
    const startMs = proxied.clock.nowMs();
    const response = await proxied.passing(proxied.call(front));
    expect(response.status).toBe(503);
    expect(proxied.arrivals).toHaveLength(2);
    expect((proxied.arrivals[1]?.atMs ?? 0) - startMs).toBeLessThanOrEqual(CALLER_WAIT_MS_MAX);
  });

  it('under a lease of its own: while it waits, its place is free for others', async () => {
    proxied.answer(busy(5), fine);
    const waiting = proxied.call(front, '/first');
    await proxied.until(() => proxied.arrivals.length === 1);
    const other = await proxied.call(front, '/other');
    expect(await other.text()).toBe('fine');
    expect((await proxied.passing(waiting)).status).toBe(200);
    expect(proxied.arrivals.map(({ url }) => url)).toEqual(['/first', '/other', '/first']);
  });

  it('not for a client that has left meanwhile', async () => {
    proxied.answer(busy(4), fine);
    const gone = new AbortController();
    const againAtMs = proxied.clock.nowMs() + 4 * SECOND_MS;
    const call = proxied.call(front, '/left', { signal: gone.signal });
    call.catch(() => {});
    await proxied.until(() => proxied.clock.hasTimerAt(againAtMs));
    gone.abort();
    await proxied.until(() => !proxied.clock.hasTimerAt(againAtMs));
    await proxied.clock.advance(10 * SECOND_MS);
    expect((await proxied.call(front, '/next')).status).toBe(200);
    expect(proxied.arrivals.map(({ url }) => url)).toEqual(['/left', '/next']);
  });
});

describe.each(FRONTS)('over %s, a provider that does not listen', (front) => {
  async function whileClosed(act: () => Promise<void>): Promise<void> {
    const { provider, port } = proxied;
    provider.closeAllConnections();
    provider.close();
    await once(provider, 'close');
    await act();
    if (!provider.listening) {
      provider.listen(port, '127.0.0.1');
      await once(provider, 'listening');
    }
  }

  it.each([
    ['GET', undefined],
    ['POST', 'short'],
    ['POST', new Blob(['x'.repeat(200_000)])],
  ])('gets a %s when it does, with its body', async (method, body) => {
    proxied.answer(fine);
    await whileClosed(async () => {
      const atMs = proxied.clock.nowMs() + RECONNECT_PAUSE_MS;
      const init = { method, ...(body === undefined ? {} : { body: body instanceof Blob ? body.stream() : body }) };
      const call = proxied.call(front, '/x', { ...init, duplex: 'half' });
      await proxied.until(() => proxied.clock.hasTimerAt(atMs));
      proxied.provider.listen(proxied.port, '127.0.0.1');
      await once(proxied.provider, 'listening');
      expect((await proxied.passing(call)).status).toBe(200);
    });
    const sent = body instanceof Blob ? await body.text() : (body ?? '');
    expect(proxied.arrivals.map((arrival) => arrival.body === sent)).toEqual([true]);
  });

  it('is tried once more and no third time', async () => {
    await whileClosed(async () => {
      const startMs = proxied.clock.nowMs();
      const response = await proxied.passing(proxied.call(front));
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ code: 'network' });
      expect(proxied.clock.nowMs() - startMs).toBeGreaterThanOrEqual(RECONNECT_PAUSE_MS);
    });
  });
});

describe.each(FRONTS)('over %s the only place at the provider is free again', (front) => {
  /** The next call gets through, although the provider takes one at a time. */
  async function nextGetsThrough(): Promise<void> {
    proxied.answer(fine);
    expect(await (await proxied.call(front)).text()).toBe('fine');
  }

  it('when a client leaves before the answer', async () => {
    proxied.answer(() => {});
    const gone = new AbortController();
    const call = proxied.call(front, '/x', { signal: gone.signal });
    call.catch(() => {});
    await proxied.until(() => proxied.arrivals.length === 1);
    gone.abort();
    await nextGetsThrough();
  });

  it('when a client leaves in the middle of the answer', async () => {
    proxied.answer((_incoming, outgoing) => void outgoing.write('part'));
    const gone = new AbortController();
    const response = await proxied.call(front, '/x', { signal: gone.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await reader?.cancel().catch(() => {});
    await nextGetsThrough();
  });

  it('when the provider breaks off', async () => {
    proxied.answer((incoming) => incoming.socket.destroy());
    expect((await proxied.call(front)).status).toBe(504);
    expect(proxied.arrivals).toHaveLength(1);
    await nextGetsThrough();
  });
});
