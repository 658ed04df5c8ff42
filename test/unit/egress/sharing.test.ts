// Customers that share an origin, over real HTTP: what one that takes all it can get leaves to the others.

import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  BUFFERED_CALL_TIMEOUT_MS,
  CALLER_WAIT_MS_MAX,
  CALLS_PER_ORIGIN_MAX,
  CONNECTIONS_PER_ORIGIN_MAX,
  ORIGINS_MAX,
} from '../../../src/core/limits.ts';
import { type Clock, SECOND_MS } from '../../../src/core/time.ts';
import type { BufferedResponse, OutgoingCall } from '../../../src/egress/buffered.ts';
import { forwarded } from '../../../src/egress/egress.ts';
import type { ForwardCall, ForwardOutcome } from '../../../src/egress/forward.ts';
import { acceptAll, get, openEgress, RecordingSink, stoppedClock } from './forwarding.ts';
import { moment, startUpstream } from './upstream.ts';

/** Of one owner that is alone. */
const ALONE = (CONNECTIONS_PER_ORIGIN_MAX * 2) / 3;

/** What would go on for ever ends here. */
const FAILURES_MAX = 300_000;

/** An origin where the calls of `a` are streams that end when a test says so, and all others are answered at once. */
async function startStreams(clock?: Clock) {
  const streams: ServerResponse[] = [];
  const arrived: string[] = [];
  const upstream = await startUpstream((request, response) => {
    arrived.push(request.url ?? '');
    if (request.url?.startsWith('/a') !== true) {
      response.end('fine');
      return;
    }
    streams.push(response);
    response.write('piece');
  });
  const egress = openEgress(clock);
  const forward = (owner: string, path = `/${owner}`, more: Partial<ForwardCall> = {}, sink = new RecordingSink()) =>
    forwarded(egress, get(upstream.origin, { owner, path, ...more }), sink, acceptAll);
  const request = (owner: string, more: Partial<OutgoingCall> = {}): Promise<BufferedResponse> =>
    egress.request({
      url: `${upstream.origin}/${owner}`,
      method: 'GET',
      headers: {},
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: 1000,
      owner,
      ...more,
    });
  /** `a` opens streams until it gets no more. */
  const fill = async (): Promise<Promise<ForwardOutcome>[]> => {
    const running = Array.from({ length: ALONE }, () => forward('a'));
    await vi.waitUntil(() => streams.length === ALONE);
    return running;
  };
  return { upstream, egress, streams, arrived, forward, request, fill };
}

const overloaded = { kind: 'failed', headSent: false, error: { code: 'overloaded' } };

describe('a customer that opens as many streams as it can get', () => {
  test('holds back nobody else, streamed or not', async () => {
    const { arrived, forward, request, fill } = await startStreams();
    await fill();
    void forward('a', '/a/more');
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    expect(await request('b')).toMatchObject({ status: 200 });
    expect(arrived).not.toContain('/a/more');
  });

  test('gets more when one ends: in the order of its calls, and on the same connection', async () => {
    const { upstream, streams, arrived, forward, fill } = await startStreams();
    const running = await fill();
    void forward('a', '/a/1');
    void forward('a', '/a/2');
    streams[5]?.end();
    expect(await running[5]).toMatchObject({ kind: 'forwarded' });
    await vi.waitUntil(() => streams.length === ALONE + 1);
    expect(arrived.slice(ALONE)).toEqual(['/a/1']);
    streams[6]?.end();
    await vi.waitUntil(() => streams.length === ALONE + 2);
    expect(arrived.slice(ALONE)).toEqual(['/a/1', '/a/2']);
    expect(upstream.connections()).toBe(ALONE);
  });

  test('is refused what waited too long, and others are not', async () => {
    const clock = stoppedClock();
    const { streams, arrived, forward, fill } = await startStreams(clock);
    const running = await fill();
    const waiting = forward('a', '/a/more');
    clock.fire(CALLER_WAIT_MS_MAX);
    expect(await waiting).toMatchObject(overloaded);
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    for (const stream of streams) stream.end();
    await Promise.all(running);
    expect(arrived).not.toContain('/a/more');
  });

  test('is refused sooner what may wait less, and at once what may not wait', async () => {
    const clock = stoppedClock();
    const { arrived, forward, fill } = await startStreams(clock);
    await fill();
    const waiting = forward('a', '/a/more', { waitUntilMs: clock.nowMs() + SECOND_MS });
    clock.fire(SECOND_MS);
    expect(await waiting).toMatchObject(overloaded);
    expect(await forward('a', '/a/more', { waitUntilMs: null })).toMatchObject(overloaded);
    expect(await forward('b', '/b', { waitUntilMs: null })).toMatchObject({ kind: 'forwarded' });
    expect(arrived).not.toContain('/a/more');
  });

  test('is not refused what has come to its turn meanwhile', async () => {
    const clock = stoppedClock();
    const { streams, forward, fill } = await startStreams(clock);
    await fill();
    const waiting = forward('a');
    streams[0]?.end();
    await vi.waitUntil(() => streams.length === ALONE + 1);
    clock.fire(CALLER_WAIT_MS_MAX);
    streams[ALONE]?.end();
    expect(await waiting).toMatchObject({ kind: 'forwarded' });
  });

  test('gets no more by calls whose end goes wrong', async () => {
    const { streams, forward, fill } = await startStreams();
    for (let count = 0; count < 3; count++) {
      const [ended, sink] = [moment(), new RecordingSink()];
      sink.end = () => {
        ended.reach();
        throw new Error('broken');
      };
      void forward('a', '/ends', {}, sink);
      await ended.reached;
    }
    await fill();
    void forward('a');
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    expect(streams.length).toBe(ALONE);
  });

  test('is told so of a call that is not streamed, which says nothing of the provider', async () => {
    const clock = stoppedClock();
    const { request, fill } = await startStreams(clock);
    await fill();
    const waiting = request('a');
    clock.fire(CALLER_WAIT_MS_MAX);
    await expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
    const hurried = request('a', { timeoutMs: SECOND_MS });
    clock.fire(SECOND_MS);
    await expect(hurried).rejects.toMatchObject({ code: 'overloaded' });
    await expect(request('a', { mayWait: false })).rejects.toMatchObject({ code: 'overloaded' });
    await expect(request('b')).resolves.toMatchObject({ status: 200 });
  });

  test('has so many calls waiting and no more, and others still get in', async () => {
    const { egress, forward, fill } = await startStreams();
    await fill();
    const waiting = Array.from({ length: (CALLS_PER_ORIGIN_MAX * 2) / 3 - ALONE }, () => forward('a'));
    expect(await forward('a')).toMatchObject(overloaded);
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    await egress.close();
    for (const outcome of await Promise.all(waiting)) expect(outcome).toMatchObject({ error: { code: 'network' } });
  });
});

describe('a call that waits for its turn', () => {
  test('is gone when its client leaves, and the next one has its place', async () => {
    const { streams, arrived, forward, fill } = await startStreams();
    await fill();
    const sink = new RecordingSink();
    const left = forward('a', '/a/left', {}, sink);
    void forward('a', '/a/next');
    sink.closed();
    expect(await left).toEqual({ kind: 'clientGone' });
    streams[0]?.end();
    await vi.waitUntil(() => streams.length === ALONE + 1);
    expect(arrived.slice(ALONE)).toEqual(['/a/next']);
  });

  test('leaves its room to another when it is given up', async () => {
    const { egress, forward, fill } = await startStreams();
    await fill();
    const given = new AbortController();
    const left = forward('a', '/a', { signal: given.signal });
    for (let count = ALONE + 1; count < (CALLS_PER_ORIGIN_MAX * 2) / 3; count++) void forward('a');
    expect(await forward('a')).toMatchObject(overloaded);
    given.abort();
    expect(await left).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'timeout' } });
    const next = forward('a');
    expect(await forward('a')).toMatchObject(overloaded);
    await egress.close();
    expect(await next).toMatchObject({ error: { code: 'network' } });
  });

  test('fails when it is not valid HTTP, and all behind it get their turn', async () => {
    const { upstream, streams, arrived, forward, fill } = await startStreams();
    await fill();
    const invalid = Array.from({ length: 2 * CONNECTIONS_PER_ORIGIN_MAX }, () =>
      forward('a', '/a/invalid', { headers: ['bad name', 'x'] }),
    );
    const valid = forward('a', '/a/valid');
    streams[0]?.end();
    for (const outcome of await Promise.all(invalid)) expect(outcome).toMatchObject({ error: { code: 'bad_request' } });
    await vi.waitUntil(() => streams.length === ALONE + 1);
    streams[ALONE]?.end();
    expect(await valid).toMatchObject({ kind: 'forwarded' });
    expect(arrived.slice(ALONE)).toEqual(['/a/valid']);
    expect(upstream.connections()).toBe(ALONE);
  });

  test('may begin another one whenever it fails: others go on meanwhile', async () => {
    const { upstream, egress, streams, forward, fill } = await startStreams();
    await fill();
    let failures = 0;
    let isEnough = false;
    const begin = (): void => {
      const call = get(upstream.origin, { owner: 'a', headers: ['bad name', 'x'] });
      const settled = (): void => {
        failures += 1;
        if (!isEnough && failures < FAILURES_MAX) begin();
      };
      egress.forward(call, new RecordingSink(), { ...acceptAll, settled });
    };
    begin();
    streams[0]?.end();
    await vi.waitUntil(() => failures > CONNECTIONS_PER_ORIGIN_MAX);
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    isEnough = true;
    expect(failures).toBeLessThan(FAILURES_MAX);
  });

  test('finishes although its origin is forgotten', async () => {
    const { streams, arrived, egress, forward, fill } = await startStreams();
    const running = await fill();
    const [waiting, left] = [forward('a', '/a/1'), new AbortController()];
    const given = forward('a', '/a/2', { signal: left.signal });
    for (let count = 0; count < ORIGINS_MAX; count++) {
      void forwarded(
        egress,
        get(`https://${count}.example`, { signal: AbortSignal.abort() }),
        new RecordingSink(),
        acceptAll,
      );
    }
    // On connections of its own.
    expect(await forward('b')).toMatchObject({ kind: 'forwarded' });
    streams[0]?.end();
    await vi.waitUntil(() => streams.length === ALONE + 1);
    left.abort();
    expect(await given).toMatchObject({ error: { code: 'timeout' } });
    for (const stream of streams) stream.end();
    for (const outcome of await Promise.all([...running, waiting]))
      expect(outcome).toMatchObject({ kind: 'forwarded' });
    expect(arrived).toContain('/a/1');
    expect(arrived).not.toContain('/a/2');
  });

  test('fails at once when Tenon stops', async () => {
    const { egress, forward, request, fill } = await startStreams();
    await fill();
    const [streamed, buffered] = [forward('a'), request('a')];
    const refused = expect(buffered).rejects.toMatchObject({ code: 'network' });
    const closed = egress.close();
    onTestFinished(() => closed);
    expect(await streamed).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'network' } });
    await refused;
  });
});
