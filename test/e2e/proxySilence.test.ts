// Proxied calls in which nothing happens any more: over real HTTP, on a clock that the test moves.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CIRCUIT_CALLS_MIN, REPLAYABLE_BODY_BYTES_MAX, SILENCE_CHECK_MS, SILENCE_MS } from '../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { answerWith, FRONTS, type Front, type Proxied, startProxied } from '../support/proxied.ts';

let proxied: Proxied;
/** Waits for providers as long as two minutes. */
let patient: Proxied;

beforeAll(async () => {
  proxied = await startProxied();
  patient = await startProxied({}, { env: { TENON_PROXY_SILENCE_SECONDS: '120' } });
});

beforeEach(async () => {
  await proxied.clock.advance(MINUTE_MS);
  await patient.clock.advance(MINUTE_MS);
});

afterAll(async () => {
  await proxied[Symbol.asyncDispose]();
  await patient[Symbol.asyncDispose]();
});

/** A body that begins and never ends. */
function endless(): RequestInit & { duplex: 'half' } {
  const piece = new Uint8Array(REPLAYABLE_BODY_BYTES_MAX + 1);
  return { method: 'POST', duplex: 'half', body: new ReadableStream({ start: (body) => body.enqueue(piece) }) };
}

/** One that is read before the call is sent, of which a part comes. */
function begun(): RequestInit & { duplex: 'half' } {
  const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(10)) });
  return { method: 'POST', duplex: 'half', headers: { 'content-length': '100' }, body };
}

async function problemOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

const stalled = (front: Front, by = proxied) => by.passing(by.call(front, '/upload', endless()));

describe.each(FRONTS)('over %s a call is ended', (front) => {
  it('whose provider says nothing: nobody knows what it did', async () => {
    proxied.answer(() => {});
    const startMs = proxied.clock.nowMs();
    expect(await problemOf(await proxied.passing(proxied.call(front)))).toEqual([504, 'outcome_unknown']);
    expect(proxied.clock.nowMs() - startMs).toBeGreaterThanOrEqual(SILENCE_MS);
    expect(proxied.clock.nowMs() - startMs).toBeLessThanOrEqual(SILENCE_MS + 2 * SILENCE_CHECK_MS);
  });

  it('whose client sends no more, as often as it does that: the circuit of the provider stays closed', async () => {
    const ends = await Promise.all(Array.from({ length: CIRCUIT_CALLS_MIN }, () => stalled(front).then(problemOf)));
    expect(new Set(ends.map(String))).toEqual(new Set(['408,body_timeout']));
    proxied.answer(answerWith(200));
    expect((await proxied.call(front)).status).toBe(200);
  });

  it('whose client sends only a part of a short body: the provider hears nothing of it', async () => {
    proxied.answer(answerWith(200));
    const startMs = proxied.clock.nowMs();
    const ended = await proxied.passing(proxied.call(front, '/upload', begun()));
    expect(await problemOf(ended)).toEqual([408, 'body_timeout']);
    expect(proxied.clock.nowMs() - startMs).toBeGreaterThanOrEqual(SILENCE_MS);
    expect(proxied.clock.nowMs() - startMs).toBeLessThanOrEqual(SILENCE_MS + 2 * SILENCE_CHECK_MS);
    expect(proxied.arrivals).toEqual([]);
  });
});

describe.each(FRONTS)('over %s, where an operator says so,', (front) => {
  it('a provider is waited for longer, and not for ever', async () => {
    const startMs = patient.clock.nowMs();
    patient.answer((_incoming, outgoing) => {
      patient.clock.timerAt(startMs + 100 * SECOND_MS, () => outgoing.end('late'));
    });
    const response = await patient.passing(patient.call(front));
    expect([response.status, await response.text()]).toEqual([200, 'late']);
    patient.answer(() => {});
    const againMs = patient.clock.nowMs();
    expect(againMs - startMs).toBeGreaterThanOrEqual(100 * SECOND_MS);
    expect(await problemOf(await patient.passing(patient.call(front)))).toEqual([504, 'outcome_unknown']);
    expect(patient.clock.nowMs() - againMs).toBeGreaterThanOrEqual(120 * SECOND_MS);
    expect(patient.clock.nowMs() - againMs).toBeLessThanOrEqual(120 * SECOND_MS + 2 * SILENCE_CHECK_MS);
  });

  it('a client that sends no more is not', async () => {
    const startMs = patient.clock.nowMs();
    expect(await problemOf(await stalled(front, patient))).toEqual([408, 'body_timeout']);
    expect(patient.clock.nowMs() - startMs).toBeLessThanOrEqual(SILENCE_MS + 2 * SILENCE_CHECK_MS);
  });
});
