import { createServer, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CONNECTIONS_PER_ORIGIN_MAX } from '../../../src/core/limits.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import type { OutgoingCall } from '../../../src/egress/buffered.ts';
import { createEgress, type Egress, type EgressOptions } from '../../../src/egress/egress.ts';
import { bodyOf, reset, startUpstream } from './upstream.ts';

function openEgress(options: Partial<EgressOptions> = {}): Egress {
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1'), ...options });
  onTestFinished(() => egress.close());
  return egress;
}

function get(url: string, more: Partial<OutgoingCall> = {}): OutgoingCall {
  return { url, method: 'GET', headers: {}, timeoutMs: 20_000, responseBytesMax: 100_000, ...more };
}

/** A port on loopback that speaks raw TCP. */
async function startRaw(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

describe('request is refused before anything is sent', () => {
  test.each([
    ['a private address', 'https://10.0.0.1/'],
    ['localhost without an allow-list entry', 'https://localhost/'],
    ['a name below localhost', 'https://db.localhost/'],
    ['another scheme', 'file:///etc/passwd'],
    ['user info', 'https://a:b@example.com/'],
    ['no URL at all', 'example.com/path?token=hunter2'],
  ])('%s', async (_what, url) => {
    const refused = openEgress({ allowList: [] }).request(get(url));
    await expect(refused).rejects.toMatchObject({ code: 'egress_refused' });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  });

  test('a name with one private address among public ones', async () => {
    const resolve = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const refused = openEgress({ resolve }).request(get('https://mixed.example.com/'));
    await expect(refused).rejects.toMatchObject({ code: 'egress_refused' });
  });

  test('plain http to a name that is not allow-listed', async () => {
    const resolve = async () => [{ address: '8.8.8.8', family: 4 }];
    const refused = openEgress({ resolve }).request(get('http://example.com/'));
    await expect(refused).rejects.toMatchObject({ code: 'egress_refused' });
  });

  test('a header that is not valid HTTP, and the pool keeps all its connections', async () => {
    const upstream = await startUpstream((_request, response) => response.end('ok'));
    const egress = openEgress();
    for (let index = 0; index <= CONNECTIONS_PER_ORIGIN_MAX; index += 1) {
      const refused = egress.request(get(upstream.origin, { headers: { 'bad name': 'secret' } }));
      await expect(refused).rejects.toMatchObject({ code: 'bad_request' });
    }
    await expect(egress.request(get(upstream.origin))).resolves.toMatchObject({ status: 200 });
    expect(upstream.connections()).toBe(1);
  });
});

describe('request fails with a code that says whether the provider may have acted', () => {
  test('network: the connection is refused', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const address = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    const port = typeof address === 'object' ? address?.port : 0;
    const error = await openEgress()
      .request(get(`http://127.0.0.1:${port}/`))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'network' });
  });

  test('network: the name does not resolve, and the public detail does not quote the resolver', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND at 10.0.0.53'), { code: 'ENOTFOUND' });
    };
    const error = await openEgress({ resolve })
      .request(get('https://nowhere.example.com/'))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'network', publicDetail: 'nowhere.example.com could not be reached' });
  });

  test('network: the TLS handshake fails', async () => {
    const host = await startRaw((socket) => socket.end('this is not TLS'));
    await expect(openEgress().request(get(`https://${host}/`))).rejects.toMatchObject({ code: 'network' });
  });

  test('timeout: the time ran out while the connection was being set up', async () => {
    const host = await startRaw(() => {});
    const call = get(`https://${host}/`, { timeoutMs: 50 });
    await expect(openEgress().request(call)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('timeout: the signal was aborted before the call', async () => {
    const upstream = await startUpstream((_request, response) => response.end());
    const call = get(upstream.origin, { signal: AbortSignal.abort() });
    await expect(openEgress().request(call)).rejects.toMatchObject({ code: 'timeout' });
    expect(upstream.connections()).toBe(0);
  });

  test('outcome_unknown: the time ran out before the response head', async () => {
    const upstream = await startUpstream(() => {});
    const call = get(upstream.origin, { timeoutMs: 50 });
    await expect(openEgress().request(call)).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  test('outcome_unknown: the signal was aborted after the request was sent', async () => {
    const controller = new AbortController();
    const upstream = await startUpstream(() => controller.abort());
    const call = get(upstream.origin, { signal: controller.signal });
    await expect(openEgress().request(call)).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  test('outcome_unknown: the connection was reset before the head', async () => {
    const upstream = await startUpstream((_request, response) => reset(response));
    await expect(openEgress().request(get(upstream.origin))).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  test.each([
    ['outcome_unknown: the body is shorter than announced', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
    [
      'outcome_unknown: the chunked body breaks off',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ],
    ['outcome_unknown: the answer is not HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['outcome_unknown: the connection closes without an answer', ''],
  ])('%s', async (_what, answer) => {
    const host = await startRaw((socket) => socket.once('data', () => socket.end(answer)));
    await expect(openEgress().request(get(`http://${host}/`))).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  test('network: Tenon is stopping', async () => {
    const upstream = await startUpstream((_request, response) => response.end());
    const egress = openEgress();
    await egress.request(get(upstream.origin));
    await egress.close();
    await expect(egress.request(get(upstream.origin))).rejects.toMatchObject({ code: 'network' });
    await expect(egress.request(get('http://127.0.0.1:1/'))).rejects.toMatchObject({ code: 'network' });
  });
});

describe('request bounds the response', () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000));

  test.each([
    ['too long as received', {}, Buffer.alloc(100_001)],
    ['too long decompressed', { 'content-encoding': 'gzip' }, bomb],
    ['not what its coding says', { 'content-encoding': 'gzip' }, Buffer.from('plain')],
    ['compressed and cut off', { 'content-encoding': 'gzip' }, bomb.subarray(0, 1000)],
    ['in a coding nobody asked for', { 'content-encoding': 'zstd' }, Buffer.from('x')],
    ['in two codings', { 'content-encoding': 'gzip, gzip' }, gzipSync(gzipSync('x'))],
  ])('provider_malformed: a body %s', async (_what, headers, body) => {
    const upstream = await startUpstream((_request, response) => response.writeHead(200, headers).end(body));
    await expect(openEgress().request(get(upstream.origin))).rejects.toMatchObject({ code: 'provider_malformed' });
  });
});

describe('request succeeds', () => {
  test('method, path, query, headers and body arrive as given; the response comes back whole', async () => {
    const upstream = await startUpstream(async (request, response) => {
      const { method, url, headers } = request;
      const seen = { method, url, authorization: headers.authorization, length: headers['content-length'] };
      response.writeHead(201, ['X-A', '1', 'x-a', '2', 'Content-Type', 'application/json']);
      response.end(JSON.stringify({ ...seen, body: await bodyOf(request) }));
    });
    const call = get(`${upstream.origin}/a%2Fb?q=1`, {
      method: 'POST',
      headers: { Authorization: 'Bearer t' },
      body: 'grant_type=x',
    });
    const response = await openEgress().request(call);
    expect(response).toMatchObject({ status: 201, headers: { 'x-a': '1, 2', 'content-type': 'application/json' } });
    expect(JSON.parse(response.body.toString())).toEqual({
      method: 'POST',
      url: '/a%2Fb?q=1',
      authorization: 'Bearer t',
      length: '12',
      body: 'grant_type=x',
    });
  });

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['identity', Buffer.from],
  ])('a %s body is decompressed', async (coding, compress) => {
    const upstream = await startUpstream((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip, deflate, br');
      response.writeHead(200, { 'content-encoding': coding }).end(compress(Buffer.from('hello')));
    });
    const { body } = await openEgress().request(get(upstream.origin));
    expect(body.toString()).toBe('hello');
  });

  test("the caller's accept-encoding wins", async () => {
    const upstream = await startUpstream((request, response) => response.end(request.headers['accept-encoding']));
    const { body } = await openEgress().request(get(upstream.origin, { headers: { 'Accept-Encoding': 'identity' } }));
    expect(body.toString()).toBe('identity');
  });

  test('a redirect to a private address is returned and not followed', async () => {
    const location = 'http://169.254.169.254/latest/meta-data';
    const upstream = await startUpstream((_request, response) => response.writeHead(302, { location }).end());
    await expect(openEgress().request(get(upstream.origin))).resolves.toMatchObject({
      status: 302,
      headers: { location },
    });
  });

  test('informational responses are passed over', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end('final');
    });
    await expect(openEgress().request(get(upstream.origin))).resolves.toMatchObject({ status: 200 });
  });

  test('a name that resolves to an allow-listed address is called', async () => {
    const upstream = await startUpstream((request, response) => response.end(request.headers.host));
    const { body } = await openEgress().request(get(`http://crm.localhost:${upstream.port}/`));
    expect(body.toString()).toBe(`crm.localhost:${upstream.port}`);
  });

  test('the deadline is let go of when the call is over', async () => {
    const upstream = await startUpstream((_request, response) => response.end());
    const pending = new Set<number>();
    const clock = {
      nowMs: () => 0,
      timerAt: () => {
        pending.add(pending.size);
        return { cancel: () => pending.clear() };
      },
    };
    await openEgress({ clock }).request(get(upstream.origin));
    expect(pending.size).toBe(0);
  });
});

describe('fetch', () => {
  test('rejects what request rejects', async () => {
    await expect(openEgress().fetch('https://10.0.0.1/')).rejects.toMatchObject({ code: 'egress_refused' });
  });

  test('rejects when its signal aborts after the request was sent', async () => {
    const controller = new AbortController();
    const upstream = await startUpstream(() => controller.abort());
    const call = openEgress().fetch(upstream.origin, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  test('rejects a status that a Response cannot have', async () => {
    const upstream = await startUpstream((_request, response) => response.writeHead(999).end());
    await expect(openEgress().fetch(upstream.origin)).rejects.toMatchObject({ code: 'provider_malformed' });
  });

  test.each(['manual', 'follow'] as const)('with redirect "%s" it returns the redirect', async (redirect) => {
    const paths: unknown[] = [];
    const upstream = await startUpstream((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/again' }).end();
    });
    const response = await openEgress().fetch(upstream.origin, { redirect });
    expect([response.status, paths]).toEqual([307, ['/']]);
  });

  test('sends forms as libraries send them and answers with a Response', async () => {
    const upstream = await startUpstream(async (request, response) => {
      const type = request.headers['content-type'];
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ type, body: await bodyOf(request) })));
    });
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'a b' });
    const response = await openEgress().fetch(new URL(upstream.origin), { method: 'POST', body });
    expect(await response.json()).toEqual({
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'grant_type=refresh_token&refresh_token=a+b',
    });
  });

  test('a 204 has no body', async () => {
    const upstream = await startUpstream((_request, response) => response.writeHead(204).end());
    const response = await openEgress().fetch(upstream.origin);
    expect([response.status, response.body]).toEqual([204, null]);
  });
});
