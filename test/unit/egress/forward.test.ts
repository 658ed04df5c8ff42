import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  CALLER_WAIT_MS_MAX,
  CALLS_PER_ORIGIN_MAX,
  CONNECTIONS_PER_ORIGIN_MAX,
  SILENCE_CHECK_MS,
  SILENCE_MS,
} from '../../../src/core/limits.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import { createEgress, forwarded } from '../../../src/egress/egress.ts';
import { NodeSink } from '../../../src/egress/sinkNode.ts';
import { WebSink } from '../../../src/egress/sinkWeb.ts';
import { type StartFront, sinkContract } from '../../contract/sink.ts';
import { acceptAll, get, type Hooks, openEgress, RecordingSink, stoppedClock } from './forwarding.ts';
import { bodyOf, moment, startUpstream } from './upstream.ts';

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const startNodeFront: StartFront = (handler) =>
  listen(
    createServer(async (request, response) => {
      const { method = '', url = '', rawHeaders, headers } = request;
      const hasBody = 'content-length' in headers || 'transfer-encoding' in headers;
      const call = { method, path: url, rawHeaders, body: hasBody ? request : null };
      const outcome = await handler(call, new NodeSink(response));
      if (outcome.kind === 'failed' && !outcome.headSent) response.writeHead(502).end();
    }),
  );

const startWebFront: StartFront = (handler) => {
  // This server prints the error of a body that breaks off, which half of the suite provokes.
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  return listen(
    createServer(
      getRequestListener(async (request) => {
        const { pathname, search } = new URL(request.url);
        const sink = new WebSink(request.method, request.signal);
        const call = {
          method: request.method,
          path: `${pathname}${search}`,
          rawHeaders: [...request.headers].flat(),
          body: request.body,
        };
        const failure = handler(call, sink).then((outcome) =>
          outcome.kind === 'forwarded' ? sink.response : new Response(null, { status: 502 }),
        );
        return Promise.race([sink.response, failure]);
      }),
    ),
  );
};

sinkContract('node:http', startNodeFront);
sinkContract('a Response', startWebFront);

describe('forward refuses without touching the sink', () => {
  test.each([
    ['a private origin', { origin: 'https://10.0.0.1' }, 'egress_refused'],
    ['another scheme', { origin: 'ftp://example.com' }, 'egress_refused'],
    ['user info', { origin: 'https://a:b@example.com' }, 'egress_refused'],
    ['an absolute URL as path', { path: 'http://169.254.169.254/' }, 'bad_request'],
    ['an empty path', { path: '' }, 'bad_request'],
    ['a fragment', { path: '/a?b#c' }, 'bad_request'],
    ['a line break in the method', { method: 'GET / HTTP/1.1\r\nx: y' }, 'bad_request'],
    ['a space in a header name', { headers: ['a b', 'c'] }, 'bad_request'],
    ['a line break in the path', { path: '/a\r\nx: y' }, 'bad_request'],
    ['a line break in a header', { headers: ['a', 'b\r\nx: y'] }, 'bad_request'],
    ['two lengths', { headers: ['content-length', '1', 'Content-Length', '2'] }, 'bad_request'],
    ['TRACE, which would echo the credential', { method: 'TRACE' }, 'bad_request'],
    ['trace in lower case', { method: 'trace' }, 'bad_request'],
    ['CONNECT', { method: 'CONNECT' }, 'bad_request'],
    ['a signal aborted before', { signal: AbortSignal.abort() }, 'timeout'],
  ])('%s', async (_what, call, code) => {
    const upstream = await startUpstream((_request, response) => response.end());
    const sink = new RecordingSink();
    const outcome = await forwarded(openEgress(), get(upstream.origin, call), sink, acceptAll);
    expect(outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code } });
    expect(sink.calls).toEqual([]);
    expect(upstream.connections()).toBe(0);
  });

  test('a client that has left before is not worth a call', async () => {
    const upstream = await startUpstream((_request, response) => response.end());
    const sink = new RecordingSink();
    sink.isClosed = true;
    expect(await forwarded(openEgress(), get(upstream.origin), sink, acceptAll)).toEqual({ kind: 'clientGone' });
    expect(upstream.connections()).toBe(0);
  });

  test.each([
    ['a private address', '10.0.0.5'],
    ['loopback', '127.0.0.2'],
    ['the metadata address', '169.254.169.254'],
    ['a link-local address', 'fe80::1'],
    ['a mapped address', '::ffff:169.254.169.254'],
    ['a unique local address', 'fd00:ec2::254'],
  ])('a name that resolves to %s, at the moment of connecting', async (_what, address) => {
    const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }];
    const egress = createEgress({ allowList: [], resolve });
    onTestFinished(() => egress.close());
    const sink = new RecordingSink();
    const outcome = await forwarded(egress, get('https://provider.example'), sink, acceptAll);
    expect(outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'egress_refused' } });
    expect(sink.calls).toEqual([]);
  });

  test('a name that was harmless before and resolves to a private address with the next connection', async () => {
    const upstream = await startUpstream((_request, response) => response.setHeader('connection', 'close').end());
    const addresses = ['127.0.0.1', '10.0.0.5'];
    const resolve = async () => [{ address: addresses.shift() ?? '10.0.0.5', family: 4 }];
    const egress = createEgress({ allowList: parseAllowList('127.0.0.1'), resolve });
    onTestFinished(() => egress.close());
    const forward = () =>
      forwarded(egress, get(`http://provider.example:${upstream.port}`), new RecordingSink(), acceptAll);
    expect(await forward()).toMatchObject({ kind: 'forwarded' });
    expect(await forward()).toMatchObject({ kind: 'failed', error: { code: 'egress_refused' } });
    expect(upstream.connections()).toBe(1);
  });

  test('an origin with a path is a bug of ours, because the path would be lost', async () => {
    const outcome = await forwarded(openEgress(), get('https://example.com/v1'), new RecordingSink(), acceptAll);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'invariant' } });
  });
});

describe('forward gives up', () => {
  test('outcome_unknown when the signal aborts after the request was sent', async () => {
    const controller = new AbortController();
    const upstream = await startUpstream(() => controller.abort());
    const call = get(upstream.origin, { signal: controller.signal });
    const outcome = await forwarded(openEgress(), call, new RecordingSink(), acceptAll);
    expect(outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'outcome_unknown' } });
  });

  test('on a client that stops reading, since it would hold a connection for good', async () => {
    const clock = stoppedClock();
    const closed = moment();
    const upstream = await startUpstream((_request, response) => {
      response.once('close', () => closed.reach()).write('piece');
    });
    const sink = new RecordingSink();
    sink.hasRoom = false;
    const outcome = forwarded(openEgress(clock), get(upstream.origin), sink, acceptAll);
    await sink.full.reached;
    clock.silence();
    expect(sink.calls.at(-1)).not.toBe('fail');
    clock.fire(SILENCE_CHECK_MS);
    expect(await outcome).toEqual({ kind: 'clientGone' });
    expect(sink.calls.at(-1)).toBe('fail');
    await closed.reached;
  });

  test('on a provider that takes a request and says nothing', async () => {
    const clock = stoppedClock();
    const [asked, closed] = [moment(), moment()];
    const upstream = await startUpstream((_request, response) => {
      response.once('close', () => closed.reach());
      asked.reach();
    });
    const outcome = forwarded(openEgress(clock), get(upstream.origin), new RecordingSink(), acceptAll);
    await asked.reached;
    clock.silence();
    clock.fire(SILENCE_CHECK_MS);
    expect(await outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'outcome_unknown' } });
    await closed.reached;
  });

  test('on a provider that falls silent within a body, and not before', async () => {
    const clock = stoppedClock();
    const piece = moment<() => void>();
    const upstream = await startUpstream((_request, response) => {
      response.write('one');
      piece.reach(() => response.write('two'));
    });
    const sink = new RecordingSink();
    const outcome = forwarded(openEgress(clock), get(upstream.origin), sink, acceptAll);
    await vi.waitUntil(() => sink.body === 'one');
    clock.silence();
    (await piece.reached)();
    await vi.waitUntil(() => sink.body === 'onetwo');
    clock.silence();
    expect(sink.calls.at(-1)).not.toBe('fail');
    clock.fire(SILENCE_CHECK_MS);
    expect(await outcome).toMatchObject({ kind: 'failed', headSent: true, error: { code: 'outcome_unknown' } });
    expect(sink.calls.at(-1)).toBe('fail');
  });

  test('on the rest of a discarded answer, which would hold its connection', async () => {
    const clock = stoppedClock();
    const closed = moment();
    const upstream = await startUpstream((_request, response) => {
      response.once('close', () => closed.reach()).writeHead(401);
      response.write('piece');
    });
    const hooks = { accept: () => false };
    const outcome = await forwarded(openEgress(clock), get(upstream.origin), new RecordingSink(), hooks);
    expect(outcome).toMatchObject({ kind: 'discarded', status: 401 });
    clock.silence();
    clock.fire(SILENCE_CHECK_MS);
    await closed.reached;
  });

  test.each([
    ['stops sending its body', ['piece']],
    ['never sends its body', []],
  ])('on a client that %s, which is no fault of the provider', async (_, pieces) => {
    const clock = stoppedClock();
    const upstream = await startUpstream(() => {});
    const body = new Readable({ read() {} });
    for (const piece of pieces) body.push(piece);
    const call = get(upstream.origin, { method: 'POST', body });
    const outcome = forwarded(openEgress(clock), call, new RecordingSink(), acceptAll);
    await vi.waitUntil(() => body.readableFlowing && body.readableLength === 0);
    clock.silence();
    clock.fire(SILENCE_CHECK_MS);
    expect(await outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'body_timeout' } });
  });

  test('not on a provider that has had the whole of a slow upload for less than that', async () => {
    const clock = stoppedClock();
    const answer = moment<() => void>();
    const upstream = await startUpstream((request, response) => {
      request.resume().once('end', () => answer.reach(() => response.end('fine')));
    });
    const body = new Readable({ read() {} });
    body.push('piece');
    const call = get(upstream.origin, { method: 'POST', body });
    const sink = new RecordingSink();
    const outcome = forwarded(openEgress(clock), call, sink, acceptAll);
    await vi.waitUntil(() => body.readableFlowing && body.readableLength === 0);
    clock.silence();
    body.push(null);
    const send = await answer.reached;
    clock.silence();
    send();
    expect(await outcome).toMatchObject({ kind: 'forwarded' });
    expect(sink.body).toBe('fine');
  });

  test('on a client that stops reading, although it goes on sending', async () => {
    const clock = stoppedClock();
    const upstream = await startUpstream((request, response) => {
      request.resume();
      response.write('piece');
    });
    const body = new Readable({ read() {} });
    body.push('piece');
    const sink = new RecordingSink();
    sink.hasRoom = false;
    const call = get(upstream.origin, { method: 'POST', body });
    const outcome = forwarded(openEgress(clock), call, sink, acceptAll);
    await sink.full.reached;
    for (let look = 0; look <= SILENCE_MS / SILENCE_CHECK_MS; look++) {
      body.push('piece');
      await vi.waitUntil(() => body.readableLength === 0);
      clock.fire(SILENCE_CHECK_MS);
    }
    expect(await outcome).toEqual({ kind: 'clientGone' });
  });

  test('overloaded when no connection becomes free, and the connections survive', async () => {
    const clock = stoppedClock();
    const egress = openEgress(clock);
    const held: (() => void)[] = [];
    const allHeld = moment();
    const upstream = await startUpstream((_request, response) => {
      held.push(() => response.end());
      if (held.length === CONNECTIONS_PER_ORIGIN_MAX) allHeld.reach();
      if (held.length > CONNECTIONS_PER_ORIGIN_MAX) response.end();
    });
    let owners = 0;
    const forward = () =>
      forwarded(egress, get(upstream.origin, { owner: `${owners++}` }), new RecordingSink(), acceptAll);
    const running = Array.from({ length: CONNECTIONS_PER_ORIGIN_MAX }, forward);
    await allHeld.reached;
    const waiting = forward();
    clock.fire(CALLER_WAIT_MS_MAX);
    expect(await waiting).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'overloaded' } });
    const next = forward();
    for (const release of held) release();
    expect((await Promise.all(running)).every((outcome) => outcome.kind === 'forwarded')).toBe(true);
    expect(await next).toMatchObject({ kind: 'forwarded' });
    expect(held.length).toBe(CONNECTIONS_PER_ORIGIN_MAX + 1);
    expect(upstream.connections()).toBe(CONNECTIONS_PER_ORIGIN_MAX);
  });

  test('overloaded at once when too many calls wait', async () => {
    const egress = openEgress();
    const upstream = await startUpstream(() => {});
    let owners = 0;
    const forward = () =>
      forwarded(egress, get(upstream.origin, { owner: `${owners++}` }), new RecordingSink(), acceptAll);
    const waiting = Array.from({ length: CALLS_PER_ORIGIN_MAX }, forward);
    expect(await forward()).toMatchObject({ kind: 'failed', error: { code: 'overloaded' } });
    await egress.close();
    expect((await Promise.all(waiting)).every((outcome) => outcome.kind === 'failed')).toBe(true);
  });

  test('on an upload that breaks while its connection is set up', async () => {
    const body = new Readable({ read() {} });
    const upstream = await startUpstream(() => {});
    const call = get(upstream.origin, { method: 'POST', body });
    const outcome = forwarded(openEgress(), call, new RecordingSink(), acceptAll);
    body.destroy(new Error('aborted'));
    expect(await outcome).toEqual({ kind: 'clientGone' });
  });

  test('on an upload that breaks while it waits for a connection, and the process survives it', async () => {
    const body = new Readable({ read() {} });
    const upstream = await startUpstream(() => {});
    const egress = openEgress();
    for (let index = 0; index < CONNECTIONS_PER_ORIGIN_MAX; index += 1) {
      void forwarded(egress, get(upstream.origin, { owner: `${index}` }), new RecordingSink(), acceptAll);
    }
    const sink = new RecordingSink();
    const outcome = forwarded(egress, get(upstream.origin, { method: 'POST', body }), sink, acceptAll);
    body.destroy(new Error('aborted'));
    await new Promise((resolve) => body.once('close', resolve));
    sink.closed();
    expect(await outcome).toEqual({ kind: 'clientGone' });
  });
});

describe('forward', () => {
  test('sends path and query byte for byte', async () => {
    const path = `/a//b/../c;d=%2f?q="'{}|\\^\`[]<>&&=%zz+`;
    const upstream = await startUpstream((request, response) => response.end(request.url));
    const sink = new RecordingSink();
    await forwarded(openEgress(), get(upstream.origin, { path }), sink, acceptAll);
    expect(sink.body).toBe(path);
  });

  test('keeps the framing of an upload whose length is known, and chunks others', async () => {
    const upstream = await startUpstream(async (request, response) => {
      await bodyOf(request);
      response.end(`${request.headers['content-length']} ${request.headers['transfer-encoding']}`);
    });
    const egress = openEgress();
    const framing = async (headers: string[]) => {
      const sink = new RecordingSink();
      const body = Readable.from([Buffer.from('ab'), Buffer.from('c')]);
      await forwarded(egress, get(upstream.origin, { method: 'POST', headers, body }), sink, acceptAll);
      return sink.body;
    };
    expect(await framing(['content-length', '3'])).toBe('3 undefined');
    expect(await framing([])).toBe('undefined chunked');
  });

  test('sends bytes as they are, as often as it is asked to', async () => {
    const upstream = await startUpstream(async (request, response) => {
      response.end(`${request.headers['content-length']} ${await bodyOf(request)}`);
    });
    const egress = openEgress();
    const body = Buffer.from('abc');
    for (const headers of [['content-length', '3'], []]) {
      const sink = new RecordingSink();
      await forwarded(egress, get(upstream.origin, { method: 'PUT', headers, body }), sink, acceptAll);
      expect(sink.body).toBe('3 abc');
    }
  });

  test('shows each head to the hook and keeps a refused response from the client, for another try', async () => {
    const upstream = await startUpstream((request, response) => {
      if (request.headers.authorization === 'new') response.end('fine');
      else response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('expired');
    });
    const hooks: Hooks = { accept: (status) => status !== 401 };
    const egress = openEgress();
    const sink = new RecordingSink();
    const first = await forwarded(egress, get(upstream.origin, { headers: ['authorization', 'old'] }), sink, hooks);
    expect(first).toMatchObject({ kind: 'discarded', status: 401 });
    expect(first.kind === 'discarded' && first.headers).toContain('www-authenticate');
    expect(sink.calls).toEqual([]);
    const second = await forwarded(egress, get(upstream.origin, { headers: ['authorization', 'new'] }), sink, hooks);
    expect(second).toEqual({ kind: 'forwarded', status: 200, bytesOut: 4 });
    expect(sink.body).toBe('fine');
  });

  test('a long refused response is cut off instead of read', async () => {
    const closed = moment<boolean>();
    const upstream = await startUpstream((_request, response) => {
      response.once('close', () => closed.reach(response.writableFinished)).writeHead(401);
      response.end(Buffer.alloc(32 * 1_048_576));
    });
    const hooks: Hooks = { accept: () => false };
    const outcome = await forwarded(openEgress(), get(upstream.origin), new RecordingSink(), hooks);
    expect(outcome).toMatchObject({ kind: 'discarded' });
    expect(await closed.reached).toBe(false);
  });

  test('a reason phrase that a server would throw on is left out', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.socket?.end('HTTP/1.1 200 \xe2\x82\xac\r\ncontent-length: 0\r\n\r\n', 'latin1');
    });
    const sink = new RecordingSink();
    await forwarded(openEgress(), get(upstream.origin), sink, acceptAll);
    expect(sink.calls[0]).toEqual(['head', 200, '', ['content-length']]);
  });
});
