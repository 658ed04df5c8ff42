// What every call has, on every plane: an id, a place in a trace, and one line in the log that tells no secrets.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { createLog } from '../../src/core/log.ts';
import { readOwner } from '../../src/store/ownerLock.ts';
import { answerWith, FRONTS, type Front, startProxied } from '../support/proxied.ts';

/** An edge thread hands its lines to the owner thread, whose half of a test keeps none. */
const LOGGED_FRONTS = FRONTS.filter((front) => front !== 'an edge thread');
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACE_PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

async function startLogged() {
  const lines: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
  const proxied = await startProxied({}, { log });
  const parsed = (): JsonObject[] => lines.map((line) => JSON.parse(line) as JsonObject);
  return {
    ...proxied,
    lines,
    /** The lines about calls since the last time, once there are as many. */
    async calls(count: number): Promise<JsonObject[]> {
      await proxied.until(() => parsed().filter(({ plane }) => plane !== undefined).length >= count);
      const found = parsed().filter(({ plane }) => plane !== undefined);
      lines.length = 0;
      return found;
    },
    [Symbol.asyncDispose]: () => proxied[Symbol.asyncDispose](),
  };
}

describe('an x-request-id', () => {
  it.each([
    ['with a space', 'two words'],
    ['with a quote', 'a"b'],
    ['that is too long', 'x'.repeat(129)],
    ['that is empty', ''],
  ])('%s is replaced by one of ours', async (_, given) => {
    await using logged = await startLogged();
    const { headers, json } = await logged.tenon.api('GET', '/projects/none', undefined, { 'x-request-id': given });
    expect(headers.get('x-request-id')).toMatch(UUID);
    expect((json as JsonObject)['requestId']).toBe(headers.get('x-request-id'));
    expect((json as JsonObject)['instance']).toBe(`urn:uuid:${headers.get('x-request-id')}`);
  });

  it('is answered by every plane, with problems too, and is in the log', async () => {
    await using logged = await startLogged();
    const { tenon } = logged;
    logged.answer(answerWith(200));
    const id = 'job-7:step/3';
    const headers = { 'x-request-id': id };
    logged.lines.length = 0;
    const paths = ['/v1/projects', '/v1/providers', '/nowhere', '/callbacks/v1/oauth', '/operator/v1/quarantine'];
    for (const path of paths) {
      expect((await fetch(`${tenon.origin}${path}`, { headers })).headers.get('x-request-id')).toBe(id);
    }
    expect((await fetch(`${tenon.origin}/health`, { headers })).headers.get('x-request-id')).toBe(id);
    expect((await tenon.proxy('none', '/x', { headers })).headers.get('x-request-id')).toBe(id);
    const refused = (await (await tenon.proxy('none', '/x', { headers })).json()) as JsonObject;
    expect(refused['requestId']).toBe(id);
    expect(refused['instance']).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    const calls = await logged.calls(7);
    expect(calls.map(({ requestId }) => requestId)).toEqual(new Array(7).fill(id));
    expect(calls.map(({ plane }) => plane)).toEqual([
      ...['platform', 'platform', 'other', 'callback', 'operator', 'proxy', 'proxy'],
    ]);
  });

  it.each(FRONTS)('that is none goes to no provider: it gets the one that the call has here (%s)', async (front) => {
    await using logged = await startLogged();
    logged.answer(answerWith(200));
    const given = `a b${'c'.repeat(200)}`;
    const { headers } = await logged.call(front, '/x', { headers: { 'x-request-id': given } });
    expect(headers.get('x-request-id')).toMatch(UUID);
    expect(logged.arrivals[0]?.headers['x-request-id']).toBe(headers.get('x-request-id'));
    await logged.call(front);
    expect(logged.arrivals[1]?.headers['x-request-id']).toBeUndefined();
  });

  it.each(FRONTS)('of a proxied call is answered, beside one that the provider gave (%s)', async (front) => {
    await using logged = await startLogged();
    const { answer, call, arrivals } = logged;
    answer(answerWith(200));
    expect((await call(front)).headers.get('x-request-id')).toMatch(UUID);
    const own = await call(front, '/x', { headers: { 'x-request-id': 'mine' } });
    expect(own.headers.get('x-request-id')).toBe('mine');
    expect(own.headers.get('x-amp-request-id')).toBeNull();
    expect(arrivals.at(-1)?.headers['x-request-id']).toBe('mine');
    answer(answerWith(404, { 'X-Request-ID': 'theirs' }));
    const both = await call(front, '/x', { headers: { 'x-request-id': 'mine' } });
    expect([both.headers.get('x-request-id'), both.headers.get('x-amp-request-id')]).toEqual(['theirs', 'mine']);
  });
});

describe('a trace', () => {
  const sent = async (front: Front, headers: Record<string, string>) => {
    await using logged = await startLogged();
    logged.answer(answerWith(200));
    logged.lines.length = 0;
    await (await logged.call(front, '/x', { headers })).text();
    const { traceparent, tracestate } = logged.arrivals[0]?.headers ?? {};
    const [line] = await logged.calls(1);
    return { traceparent, tracestate, traceId: line?.['traceId'] };
  };

  it.each(LOGGED_FRONTS)('that is not valid is dropped, its state with it (%s)', async (front) => {
    const headers = { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, tracestate: 'rojo=1' };
    expect(await sent(front, headers)).toEqual({ traceparent: undefined, tracestate: undefined, traceId: undefined });
    expect(await sent(front, { traceparent: TRACE_PARENT, tracestate: 'Rojo' })).toEqual({
      traceparent: TRACE_PARENT,
      tracestate: undefined,
      traceId: TRACE,
    });
  });

  it.each(LOGGED_FRONTS)('is passed on to the provider as it came, and is in the log (%s)', async (front) => {
    const headers = { traceparent: TRACE_PARENT, tracestate: 'rojo=1,congo=2' };
    expect(await sent(front, headers)).toEqual({ ...headers, traceId: TRACE });
  });
});

describe('the line of a call', () => {
  it('says whose call it was, what came of it and what it took, and nothing that a caller wrote', async () => {
    await using logged = await startLogged();
    const { tenon, answer, call, installationId } = logged;
    answer(answerWith(200, {}, 'answer'));
    logged.lines.length = 0;
    const secret = 'c4n4ry';
    await (await call('node:http', `/${secret}?${secret}=${secret}`, { method: 'POST', body: 'abc' })).text();
    await tenon.api('GET', `/projects/${secret}/operations/${secret}?${secret}`);
    await fetch(`${tenon.origin}/callbacks/v1/oauth?state=${secret}&code=${secret}`);
    const token = readOwner(`${tenon.folder}/data`)?.reach?.token ?? '';
    const operator = { headers: { authorization: `Bearer ${token}` } };
    await fetch(`${tenon.origin}/operator/v1/installations/${installationId}/budgets?${secret}`, operator);
    await fetch(`${tenon.origin}/${secret}`);
    const text = logged.lines.join('');
    const [proxied, platform, callback, operated, nowhere] = await logged.calls(5);
    expect(text).not.toContain(secret);
    expect(proxied).toMatchObject({
      plane: 'proxy',
      requestId: expect.stringMatching(UUID),
      projectId: tenon.projectId,
      installationId,
      provider: 'stripe',
      method: 'POST',
      outcome: 'forwarded',
      status: 200,
      ms: expect.any(Number),
      upstreamMs: expect.any(Number),
      attempts: 1,
      bytesIn: 3,
      bytesOut: 6,
    });
    const route = '/v1/projects/{projectIdOrName}/operations/{operationId}';
    expect(platform).toMatchObject({ plane: 'platform', projectId: tenon.projectId, route, status: 404 });
    expect(callback).toMatchObject({ plane: 'callback', route: '/callbacks/v1/oauth', outcome: 'answered' });
    expect(operated).toMatchObject({ plane: 'operator', installationId, status: 200 });
    expect(operated?.['bytesOut']).toBeGreaterThan(100);
    expect(nowhere).toMatchObject({ plane: 'other', status: 404, method: 'GET' });
  });

  it('of a call that was refused here says why, and that nothing was sent', async () => {
    await using logged = await startLogged();
    logged.lines.length = 0;
    await logged.tenon.proxy('none', '/x');
    const facts = { plane: 'proxy', outcome: 'refused', code: 'not_found', status: 404, attempts: 0 };
    expect(await logged.calls(1)).toEqual([expect.objectContaining(facts)]);
  });

  it.each(LOGGED_FRONTS)('of a call that did not reach its provider says that too (%s)', async (front) => {
    await using logged = await startLogged();
    logged.answer((_incoming, outgoing) => outgoing.destroy());
    logged.lines.length = 0;
    expect((await logged.call(front, '/x', { method: 'POST', body: 'abc' })).status).toBe(504);
    const facts = { plane: 'proxy', outcome: 'failed', code: 'outcome_unknown', status: 504, attempts: 1, bytesIn: 3 };
    const [line] = (await logged.calls(1)).filter(({ plane }) => plane === 'proxy');
    expect(line).toMatchObject(facts);
  });

  it('counts the tries, and tells one line for all of them', async () => {
    await using logged = await startLogged();
    logged.answer(answerWith(503, { 'retry-after': '1' }), answerWith(200));
    logged.lines.length = 0;
    await (await logged.passing(logged.call('node:http'))).text();
    expect(await logged.calls(1)).toEqual([
      expect.objectContaining({ attempts: 2, status: 200, outcome: 'forwarded' }),
    ]);
  });
});
