// What every Sink owes a forwarded call, run with real sockets on both sides: client -> front (a server with the sink
// under test) -> egress -> upstream. A front brings its own server; everything else is shared.

import { type ClientRequest, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllowList } from '../../src/egress/address.ts';
import { createEgress, forwarded } from '../../src/egress/egress.ts';
import type { ForwardHooks, ForwardOutcome } from '../../src/egress/forward.ts';
import { cleanRequestHeaders } from '../../src/egress/headers.ts';
import type { Sink } from '../../src/egress/sink.ts';
import { liveBytes } from '../support/memory.ts';
import { bodyOf, moment, reset, startUpstream } from '../unit/egress/upstream.ts';

export interface FrontRequest {
  readonly method: string;
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly body: Readable | ReadableStream | null;
}

export type FrontHandler = (request: FrontRequest, sink: Sink) => Promise<ForwardOutcome>;

/** Starts a server that hands each request to the handler with a new sink, and answers 502 where it sent no head. */
export type StartFront = (handler: FrontHandler) => Promise<number>;

/** More than every buffer on the way can hold. */
const ENDLESS_BYTES = 256 * 1_048_576;
/** Less than that: socket buffers of two connections and of Node, on any system. */
const BUFFERED_BYTES_MAX = 64 * 1_048_576;
/** Growth of what is reachable while a long body passes. */
const GROWTH_BYTES_MAX = 16 * 1_048_576;
const PIECE = Buffer.alloc(65_536, 'x');

type Hooks = Omit<ForwardHooks, 'settled'>;

const acceptAll: Hooks = { accept: () => true };

interface Path {
  readonly port: number;
  readonly outcome: Promise<ForwardOutcome>;
}

async function startPath(start: StartFront, listener: Listener, hooks = acceptAll): Promise<Path> {
  const upstream = await startUpstream(listener);
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1') });
  onTestFinished(() => egress.close());
  const settled = moment<ForwardOutcome>();
  const port = await start(async ({ method, path, rawHeaders, body }, sink) => {
    const headers = cleanRequestHeaders(rawHeaders, []);
    const outcome = await forwarded(egress, { origin: upstream.origin, path, method, headers, body }, sink, hooks);
    settled.reach(outcome);
    return outcome;
  });
  return { port, outcome: settled.reached };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

function send(port: number, options: RequestOptions = {}): ClientRequest {
  const call = request({ port, host: '127.0.0.1', agent: false, ...options });
  call.on('error', () => {});
  onTestFinished(() => {
    call.destroy();
  });
  return call;
}

function answerTo(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => call.once('response', resolve).once('error', reject));
}

/** Writes pieces until the end or until nobody takes them, and reports how many bytes were taken. */
function pour(target: ServerResponse | ClientRequest, onStalled: (bytes: number) => void): void {
  let bytes = 0;
  const more = (): void => {
    while (bytes < ENDLESS_BYTES) {
      bytes += PIECE.length;
      if (!target.write(PIECE)) {
        onStalled(bytes);
        return;
      }
    }
    target.end();
  };
  target.on('drain', more);
  more();
}

/** Resolves once the value has not changed for a few rounds of real I/O. */
async function settledValue(read: () => number): Promise<number> {
  for (let last = -1, calm = 0; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    calm = read() === last ? calm + 1 : 0;
    last = read();
    if (calm === 10) return last;
  }
}

export function sinkContract(name: string, start: StartFront): void {
  describe(`forward into ${name}`, () => {
    describe('what breaks', () => breaks(start));
    describe('what streams', () => streams(start));
    describe('what crosses', () => crosses(start));
    describe('memory', () => takesConstantMemory(start));
  });
}

function breaks(start: StartFront): void {
  test.each([
    ['a reset', (response: ServerResponse) => reset(response)],
    ['an early close', (response: ServerResponse) => response.destroy()],
  ])('%s in the middle of the body reaches the client as a broken response', async (_what, breakOff) => {
    const path = await startPath(start, (_request, response) => {
      response.write('part', () => breakOff(response));
    });
    const response = await answerTo(send(path.port).end());
    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await path.outcome).toMatchObject({ kind: 'failed', headSent: true, error: { code: 'outcome_unknown' } });
  });

  test('a body shorter than announced is broken too', async () => {
    const path = await startPath(start, (_request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('part', () => response.destroy());
    });
    const response = await answerTo(send(path.port).end());
    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('a reset before the head leaves the answer to the caller', async () => {
    const path = await startPath(start, (_request, response) => reset(response));
    const response = await answerTo(send(path.port).end());
    expect(response.statusCode).toBe(502);
    expect(await path.outcome).toMatchObject({ kind: 'failed', headSent: false, error: { code: 'outcome_unknown' } });
  });

  test('a client that leaves while it waits for the head ends the call to the provider', async () => {
    const closed = moment();
    const path = await startPath(start, (_request, response) => {
      response.once('close', () => closed.reach());
      call.destroy();
    });
    const call = send(path.port).end();
    await closed.reached;
    expect(await path.outcome).toEqual({ kind: 'clientGone' });
  });

  test('a client that leaves in the middle of the body ends the call to the provider', async () => {
    const closed = moment();
    const path = await startPath(start, (_request, response) => {
      response.once('close', () => closed.reach());
      response.write('part');
    });
    const response = await answerTo(send(path.port).end());
    response.once('data', () => response.destroy());
    await closed.reached;
    expect(await path.outcome).toEqual({ kind: 'clientGone' });
  });

  test('a client that leaves in the middle of its upload ends the call to the provider', async () => {
    const closed = moment();
    const path = await startPath(start, (upload) => {
      upload.on('error', () => {});
      upload.once('data', () => call.destroy());
      upload.once('close', () => closed.reach());
    });
    const call = send(path.port, { method: 'POST' });
    call.write('part');
    await closed.reached;
    expect(await path.outcome).toEqual({ kind: 'clientGone' });
  });
}

function streams(start: StartFront): void {
  test('status, headers and body pass; what belongs to one connection does not', async () => {
    const path = await startPath(start, async (request, response) => {
      const { method, url, headers } = request;
      const seen = { method, url, apiKey: headers['x-api-key'], accept: headers.accept, body: await bodyOf(request) };
      const body = JSON.stringify(seen);
      response.writeHead(418, ['X-Dup', '1', 'X-Dup', '2', 'Set-Cookie', 'a=b', 'Content-Length', `${body.length}`]);
      response.end(body);
    });
    const headers = { 'x-api-key': 'secret', accept: 'text/x', 'content-length': 3 };
    const call = send(path.port, { method: 'PUT', path: '/a%2Fb/%C3%A4?q=%20+x&&y', headers });
    const response = await answerTo(call.end('abc'));
    const body = await bodyOf(response);
    expect(response.statusCode).toBe(418);
    expect(response.headers).toMatchObject({ 'x-dup': '1, 2', 'content-length': `${body.length}` });
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(JSON.parse(body)).toEqual({ method: 'PUT', url: '/a%2Fb/%C3%A4?q=%20+x&&y', accept: 'text/x', body: 'abc' });
    expect(await path.outcome).toEqual({ kind: 'forwarded', status: 418, bytesOut: body.length });
  });

  test('a head without a body yet is passed on at once', async () => {
    const headArrived = moment();
    const path = await startPath(start, async (_request, response) => {
      response.flushHeaders();
      await headArrived.reached;
      response.end('event');
    });
    const response = await answerTo(send(path.port).end());
    headArrived.reach();
    expect(await bodyOf(response)).toBe('event');
  });

  test('both directions flow while both are open', async () => {
    const path = await startPath(start, (request, response) => void request.pipe(response));
    const call = send(path.port, { method: 'POST' });
    call.write('ping');
    const response = await answerTo(call);
    const first = await new Promise((resolve) => response.once('data', resolve));
    expect(String(first)).toBe('ping');
    call.end('pong');
    expect(await bodyOf(response)).toBe('pong');
    expect(await path.outcome).toMatchObject({ kind: 'forwarded', bytesOut: 8 });
  });

  test('a client that does not read stops the provider, and gets everything once it reads', async () => {
    let poured = 0;
    const path = await startPath(start, (_request, response) => {
      pour(response, (bytes) => {
        poured = bytes;
      });
    });
    const response = await answerTo(send(path.port).end());
    expect(await settledValue(() => poured)).toBeLessThan(BUFFERED_BYTES_MAX);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).toBe(ENDLESS_BYTES);
    expect(await path.outcome).toMatchObject({ kind: 'forwarded', bytesOut: ENDLESS_BYTES });
  });

  test("a provider that does not read stops the client's upload, and gets everything once it reads", async () => {
    const begin = moment();
    const path = await startPath(start, async (request, response) => {
      await begin.reached;
      let received = 0;
      for await (const chunk of request) received += (chunk as Buffer).length;
      response.end(`${received}`);
    });
    let poured = 0;
    const call = send(path.port, { method: 'POST' });
    pour(call, (bytes) => {
      poured = bytes;
    });
    expect(await settledValue(() => poured)).toBeLessThan(BUFFERED_BYTES_MAX);
    begin.reach();
    expect(await bodyOf(await answerTo(call))).toBe(`${ENDLESS_BYTES}`);
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s answered with %i has no body', async (method, status) => {
    const path = await startPath(start, (_request, response) => response.writeHead(status, { etag: '"1"' }).end());
    const response = await answerTo(send(path.port, { method }).end());
    expect([response.statusCode, response.headers.etag, await bodyOf(response)]).toEqual([status, '"1"', '']);
    expect(await path.outcome).toEqual({ kind: 'forwarded', status, bytesOut: 0 });
  });

  test('a compressed body passes as it is', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0xff, 0x00, 0x80]);
    const path = await startPath(start, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 5 }).end(bytes);
    });
    const response = await answerTo(send(path.port, { headers: { 'accept-encoding': 'gzip' } }).end());
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(await bodyOf(response)).toBe(bytes.toString('latin1'));
  });
}

/** What passes and what does not, seen over the wire, whatever the server behind the sink is. */
function crosses(start: StartFront): void {
  const headersOf = async (call: ClientRequest) => {
    const { headers, statusCode } = await answerTo(call);
    return { headers, statusCode };
  };

  test('fields that Connection names stay behind, in both directions', async () => {
    let seen: IncomingMessage['headers'] = {};
    const path = await startPath(start, (request, response) => {
      seen = request.headers;
      response.writeHead(200, ['Connection', 'keep-alive, X-Back', 'X-Back', '1', 'X-Kept', '1']).end();
    });
    const options = { headers: { connection: 'close, x-secret', 'x-secret': '1', 'x-kept': '1', te: 'trailers' } };
    const { headers } = await headersOf(send(path.port, options).end());
    expect([seen['x-secret'], seen['te'], seen['x-kept']]).toEqual([undefined, undefined, '1']);
    expect([headers['x-back'], headers['x-kept']]).toEqual([undefined, '1']);
  });

  test('trailers stay behind, in both directions, and the bodies are whole', async () => {
    let seen: unknown;
    const path = await startPath(start, async (request, response) => {
      seen = [await bodyOf(request), request.headers['trailer'], request.trailers];
      response.writeHead(200, { trailer: 'X-Trailer' });
      response.addTrailers({ 'X-Trailer': '1' });
      response.end('whole');
    });
    const call = send(path.port, { method: 'POST', headers: { trailer: 'X-Trailer', 'transfer-encoding': 'chunked' } });
    call.addTrailers({ 'X-Trailer': '1' });
    const response = await answerTo(call.end('whole'));
    const body = await bodyOf(response);
    expect([body, response.headers['trailer'], response.trailers]).toEqual(['whole', undefined, {}]);
    expect(seen).toEqual(['whole', undefined, {}]);
  });

  test('server-sent events arrive one by one, while none of them is the last', async () => {
    const wanted = [moment(), moment(), moment()];
    const path = await startPath(start, async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      for (const [index, { reached }] of wanted.entries()) {
        await reached;
        response.write(`data: ${index}\n\n`);
      }
    });
    const response = await answerTo(send(path.port).end());
    expect(response.headers['content-type']).toBe('text/event-stream');
    for (const [index, { reach }] of wanted.entries()) {
      const event = new Promise((resolve) => response.once('data', resolve));
      reach();
      expect(String(await event)).toBe(`data: ${index}\n\n`);
    }
    response.destroy();
    expect(await path.outcome).toEqual({ kind: 'clientGone' });
  });

  test.each([301, 302, 307, 308])('a redirect (%i) is an answer: its target is not called', async (status) => {
    const target = await startUpstream((_request, response) => response.end('followed'));
    const path = await startPath(start, (_request, response) => {
      response.writeHead(status, { location: `${target.origin}/x` }).end();
    });
    const { headers, statusCode } = await headersOf(send(path.port, { headers: { cookie: 'a=b' } }).end());
    expect([statusCode, headers.location]).toEqual([status, `${target.origin}/x`]);
    expect(target.connections()).toBe(0);
  });

  test('HEAD keeps the length and the coding that GET would have', async () => {
    const path = await startPath(start, (_request, response) => {
      response.writeHead(200, { 'content-length': 500, 'content-encoding': 'br' }).end();
    });
    const { headers } = await headersOf(send(path.port, { method: 'HEAD' }).end());
    expect([headers['content-length'], headers['content-encoding']]).toEqual(['500', 'br']);
  });

  test('what the hook adds comes behind what the provider sent', async () => {
    const hooks: Hooks = { accept: () => ['X-Amp-Retryable', 'true'] };
    const listener: Listener = (_request, response) => response.writeHead(429, { 'X-Amp-Retryable': 'false' }).end();
    const path = await startPath(start, listener, hooks);
    const { headers, statusCode } = await headersOf(send(path.port).end());
    expect([statusCode, headers['x-amp-retryable']]).toEqual([429, 'true']);
  });
}

/** 256 MB through one call; 10 GB are the same for longer, which is what the bench is for. */
function takesConstantMemory(start: StartFront): void {
  test.each(['down', 'up'])('a long body on its way %s is never held', async (direction) => {
    const isUp = direction === 'up';
    const path = await startPath(start, async (request, response) => {
      if (!isUp) return pour(response, () => {});
      response.end(String(await measured(request)));
    });
    const before = liveBytes();
    let most = 0;
    const measured = async (stream: IncomingMessage): Promise<number> => {
      let received = 0;
      let measuredAt = 0;
      for await (const chunk of stream) {
        received += (chunk as Buffer).length;
        if (received - measuredAt < ENDLESS_BYTES / 8) continue;
        measuredAt = received;
        most = Math.max(most, liveBytes());
      }
      return received;
    };
    const call = send(path.port, { method: isUp ? 'POST' : 'GET' });
    if (isUp) pour(call, () => {});
    else call.end();
    const response = await answerTo(call);
    const received = isUp ? Number(await bodyOf(response)) : await measured(response);
    expect(received).toBe(ENDLESS_BYTES);
    expect(most).toBeGreaterThan(0);
    expect(most - before).toBeLessThan(GROWTH_BYTES_MAX);
  });
}
