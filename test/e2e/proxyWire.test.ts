// The proxy as bytes on both sides: what two parsers in a row could take for different things, and what HTTP libraries
// neither send nor show. A refused request never reaches the provider.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, fieldNames, RawClient, type RawProvider, startRawProvider } from '../support/rawHttp.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe.each([
  ['one thread', '0'],
  ['edge threads', '2'],
])('with %s', (_front, workers) => {
  let tenon: Tenon;
  let provider: RawProvider;
  let installationId: string;

  beforeAll(async () => {
    provider = await startRawProvider();
    const baseURL = `http://127.0.0.1:${provider.port}`;
    tenon = await startTenon({
      env: { TENON_WORKERS: workers, TENON_LOG_LEVEL: 'silent' },
      overrides: { stripe: { baseURL } },
    });
    await tenon.deploy(
      'specVersion: 1.0.0\nintegrations:\n  - {name: stripe, provider: stripe, proxy: {enabled: true}}\n',
    );
    const connection = { groupRef: 'acme', consumerRef: 'ada', provider: 'stripe', apiKey: 'sk_of_the_customer' };
    await tenon.ok('POST', tenon.inProject('/connections:generate'), connection);
    installationId = (await tenon.install('stripe', { provider: 'stripe' })).id;
  });

  beforeEach(() => {
    provider.requests.length = 0;
    provider.answer = OK;
  });

  afterAll(async () => {
    await tenon.stop();
    provider.close();
  });

  /** The fields of a call, each line with its end. */
  function fields(...more: string[]): string {
    const own = [
      `x-api-key: ${tenon.apiKey}`,
      'x-amp-proxy-version: 1',
      `x-amp-project-id: ${tenon.projectId}`,
      `x-amp-installation-id: ${installationId}`,
    ];
    return [...own, ...more].map((line) => `${line}\r\n`).join('');
  }

  const call = (line: string, ...more: string[]) => `${line}\r\nHost: tenon.example\r\n${fields(...more)}\r\n`;
  /** A call whose connection is closed after the answer. */
  const lastCall = (line: string, ...more: string[]) => call(line, 'connection: close', ...more);
  const send = (text: string) => exchange(tenon.running.port, text);
  const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

  describe('refused before anything is sent', () => {
    const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const hello = '5\r\nhello\r\n0\r\n\r\n';
    it.each<[string, () => string, number]>([
      ['an absolute target', () => lastCall('GET http://evil.example/ HTTP/1.1'), 400],
      ['an absolute target of our own host', () => lastCall('GET http://tenon.example/x HTTP/1.1'), 400],
      ['the target *', () => lastCall('OPTIONS * HTTP/1.1'), 400],
      ['a backslash for a slash', () => lastCall('GET /\\evil.example/x HTTP/1.1'), 400],
      ['a target that begins with a backslash', () => lastCall('GET \\\\evil.example HTTP/1.1'), 400],
      ['a target that begins with user info', () => lastCall('GET @evil.example/ HTTP/1.1'), 400],
      ['a fragment', () => lastCall('GET /x#y HTTP/1.1'), 400],
      ['a space in the target', () => lastCall('GET /x y HTTP/1.1'), 400],
      ['TRACE', () => lastCall('TRACE / HTTP/1.1'), 400],
      ['a method nobody knows', () => lastCall('FOO / HTTP/1.1'), 400],
      ['a space in a field name', () => lastCall('GET / HTTP/1.1', 'x y: 1'), 400],
      ['a space before the colon', () => lastCall('GET / HTTP/1.1', 'x-y : 1'), 400],
      ['a folded field', () => lastCall('GET / HTTP/1.1', 'x-y: 1\r\n  x-z: 2'), 400],
      ['a line feed in a field', () => lastCall('GET / HTTP/1.1', 'x-y: 1\nx-z: 2'), 400],
      ['a carriage return in a field', () => lastCall('GET / HTTP/1.1', 'x-y: 1\rx-z: 2'), 400],
      ['a NUL in a field', () => lastCall('GET / HTTP/1.1', 'x-y: 1\u{0}2'), 400],
      ['a head of 17 KB', () => lastCall('GET / HTTP/1.1', `x-y: ${'z'.repeat(17_000)}`), 431],
      ['two keys', () => lastCall('GET / HTTP/1.1', 'x-api-key: tnn_other'), 401],
      ['two projects', () => lastCall('GET / HTTP/1.1', `x-amp-project-id: ${tenon.projectId}`), 400],
      ['two installations', () => lastCall('GET / HTTP/1.1', 'x-amp-installation-id: other'), 404],
      ['two Hosts', () => lastCall('GET / HTTP/1.1', 'Host: else.example'), 400],
      ['no Host', () => `GET / HTTP/1.1\r\n${fields('connection: close')}\r\n`, 400],
      ['an empty Host', () => `GET / HTTP/1.1\r\nHost:\r\n${fields('connection: close')}\r\n`, 400],
      ['a Host that is none', () => `GET / HTTP/1.1\r\nHost: a/b@c\r\n${fields('connection: close')}\r\n`, 400],
      [
        'Content-Length and Transfer-Encoding',
        () => call('POST / HTTP/1.1', 'content-length: 5', 'transfer-encoding: chunked') + smuggled,
        400,
      ],
      ['two lengths', () => `${call('POST / HTTP/1.1', 'content-length: 5', 'content-length: 6')}hello`, 400],
      ['a list of lengths', () => `${call('POST / HTTP/1.1', 'content-length: 5, 5')}hello`, 400],
      ['a signed length', () => `${call('POST / HTTP/1.1', 'content-length: +5')}hello`, 400],
      ['chunked twice', () => call('POST / HTTP/1.1', 'transfer-encoding: chunked, chunked') + hello, 400],
      ['another coding', () => lastCall('POST / HTTP/1.1', 'transfer-encoding: gzip, chunked') + hello, 400],
      ['a coding like chunked', () => call('POST / HTTP/1.1', 'transfer-encoding: xchunked') + hello, 400],
      ['chunked over HTTP/1.0', () => lastCall('POST / HTTP/1.0', 'transfer-encoding: chunked') + hello, 400],
      ['HTTP/2 without TLS', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
      ['another expectation', () => lastCall('POST / HTTP/1.1', 'content-length: 5', 'expect: magic'), 417],
      [
        'a WebSocket',
        () => call('GET / HTTP/1.1', 'connection: close, Upgrade', 'upgrade: WebSocket', 'sec-websocket-version: 13'),
        400,
      ],
    ])('%s', async (_what, text, status) => {
      expect(statusOf(await send(text()))).toBe(status);
      expect(provider.requests).toEqual([]);
    });

    it('a tunnel: the connection ends', async () => {
      expect(await send(call('CONNECT evil.example:443 HTTP/1.1'))).toBe('');
      expect(provider.requests).toEqual([]);
    });

    it('with a problem wherever the request could be read', async () => {
      const problems = await Promise.all([
        send(lastCall('GET /\\evil.example HTTP/1.1')),
        send(lastCall('GET / HTTP/1.1', 'Host: else.example')),
        send(call('GET / HTTP/1.1', 'connection: close, upgrade', 'upgrade: websocket')),
      ]);
      for (const text of problems) {
        expect(text).toContain('content-type: application/problem+json');
        expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ status: 400, code: 'bad_request' });
      }
    });
  });

  describe('the target', () => {
    it.each([
      '//evil.example/path',
      '///',
      '/..//',
      '/../../v1/x',
      '/a//b/./c/../d',
      '/%2e%2e/%2F%5c?x=%00',
      '/x?a=1&a=2&&a=&b',
      '/x?y=http://evil.example/',
      '/@evil.example:80/',
      '/x;y=1,2',
      '/x?\\=|^`{}"<>',
    ])('stays as it is and goes to the provider: %s', async (target) => {
      expect(statusOf(await send(lastCall(`GET ${target} HTTP/1.1`)))).toBe(200);
      expect(provider.requests).toHaveLength(1);
      expect(provider.requests[0]?.split('\r\n')[0]).toBe(`GET ${target} HTTP/1.1`);
      expect(provider.requests[0]).toContain(`\r\nhost: 127.0.0.1:${provider.port}\r\n`);
    });
  });

  it.each(['0', '00', '000'])('a body of the length %s is none, and is not waited for', async (length) => {
    expect(statusOf(await send(lastCall('POST / HTTP/1.1', `content-length: ${length}`)))).toBe(200);
    expect(provider.requests).toHaveLength(1);
  });

  describe('fields', () => {
    it('that speak of one connection, of Tenon or of the network before it do not reach the provider', async () => {
      const dropped = [
        'connection: close, x-secret, authorization, host',
        'x-secret: 1',
        'keep-alive: timeout=1',
        'proxy-authorization: Basic x',
        'proxy-connection: keep-alive',
        'te: trailers, deflate',
        'authorization: Bearer of-the-caller',
        'cookie: session=1',
        'forwarded: for=10.0.0.1',
        'x-forwarded-for: 10.0.0.1',
        'x-forwarded-host: inner',
        'x-real-ip: 10.0.0.1',
        'via: 1.1 inner',
        'x-amp-anything: 1',
      ];
      await send(call('GET / HTTP/1.1', ...dropped, 'X-Kept: 1', 'x-kept: 2', 'Range: bytes=0-1'));
      const names = fieldNames(provider.requests[0] ?? '');
      expect(names).toEqual(['host', 'connection', 'x-kept', 'x-kept', 'range', 'authorization']);
      expect(provider.requests[0]).toContain('Authorization: Bearer sk_of_the_customer\r\n');
      expect(provider.requests[0]).toContain('\r\nconnection: keep-alive\r\n');
    });

    it('that speak of one connection or of its own origin do not come back from the provider', async () => {
      const dropped = [
        'Connection: close, X-Secret',
        'X-Secret: 1',
        'Keep-Alive: timeout=1',
        'Proxy-Authenticate: Basic',
        'Trailer: x-t',
        'Upgrade: h2',
        'Set-Cookie: a=b',
        'Alt-Svc: clear',
        'X-Amp-Retryable: true',
      ];
      provider.answer = `HTTP/1.1 200 OK\r\n${dropped.join('\r\n')}\r\nX-Kept: \u{e4}\r\ncontent-length: 2\r\n\r\nok`;
      const text = await send(lastCall('GET / HTTP/1.1'));
      expect(fieldNames(text)).toEqual(['x-kept', 'content-length', 'x-request-id', 'date', 'connection']);
      expect(text).toContain('X-Kept: \u{e4}\r\n');
    });

    it('keep bytes above ASCII in both directions', async () => {
      await send(lastCall('GET / HTTP/1.1', 'X-Name: \u{c3}\u{a4}\u{ff}'));
      expect(provider.requests[0]).toContain('X-Name: \u{c3}\u{a4}\u{ff}\r\n');
    });

    it('of an h2c offer, as Java clients make it on each connection, are passed over', async () => {
      const offer = ['connection: close, Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'];
      expect(statusOf(await send(call('GET / HTTP/1.1', ...offer)))).toBe(200);
      expect(fieldNames(provider.requests[0] ?? '')).toEqual(['host', 'connection', 'authorization']);
    });
  });

  describe('a body that is held back with Expect', () => {
    const held = ['content-length: 5', 'expect: 100-continue'];

    it('is not asked for over HTTP/1.0, which would take the 100 for the answer', async () => {
      const chunks = [`${call('POST / HTTP/1.0', ...held)}hello`, call('POST / HTTP/1.0', 'expect: 100-continue')];
      for (const text of chunks) expect(await send(text)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(provider.requests[0]).toMatch(/\r\n\r\nhello$/);
    });

    it('is asked for when the call is let through', async () => {
      const client = new RawClient(tenon.running.port).write(lastCall('POST / HTTP/1.1', ...held));
      expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      expect(provider.requests).toEqual([]);
      expect(await client.write('hello').rest()).toContain('HTTP/1.1 200 OK');
      expect(provider.requests[0]).toMatch(/\r\n\r\nhello$/);
      expect(fieldNames(provider.requests[0] ?? '')).not.toContain('expect');
    });

    it('is asked for once, also if it is long or of unknown length', async () => {
      const chunked = ['transfer-encoding: chunked', 'expect: 100-continue'];
      const client = new RawClient(tenon.running.port).write(lastCall('POST / HTTP/1.1', ...chunked));
      await client.until('\r\n\r\n');
      const text = await client.write('5\r\nhello\r\n0\r\n\r\n').rest();
      expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
    });

    it('is not asked for when the call is refused', async () => {
      const line = 'POST / HTTP/1.1\r\nHost: a\r\nx-amp-proxy-version: 1\r\n';
      expect(statusOf(await send(`${line}${held.join('\r\n')}\r\n\r\n`))).toBe(401);
    });

    it('is asked for at once by the API', async () => {
      const client = new RawClient(tenon.running.port);
      client.write(`POST /v1/oauth-connect HTTP/1.1\r\nHost: a\r\n${held.join('\r\n')}\r\n\r\n`);
      expect(await client.until('\r\n\r\n')).toContain('HTTP/1.1 100 Continue');
      client.leave();
    });
  });

  describe('a body in chunks', () => {
    it('arrives without the extensions and trailers of its chunks', async () => {
      const body = '5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nauthorization: Bearer evil\r\nx-trailer: 1\r\n\r\n';
      await send(lastCall('POST / HTTP/1.1', 'transfer-encoding: chunked', 'trailer: authorization') + body);
      expect(provider.requests).toHaveLength(1);
      expect(provider.requests[0]).toContain('hello');
      expect(provider.requests[0]).not.toMatch(/evil|trailer/);
    });

    it('that is malformed in the middle never looks whole to the provider', async () => {
      const body = `8000\r\n${'x'.repeat(0x8000)}\r\nZZ\r\n`;
      const text = await send(call('POST / HTTP/1.1', 'transfer-encoding: chunked') + body);
      expect(statusOf(text)).toBe(400);
      expect(provider.requests).toEqual([]);
    });

    it('does not let what follows be taken for its own: the next request is answered by itself', async () => {
      const first = call('POST /1 HTTP/1.1', 'transfer-encoding: chunked');
      const text = await send(`${first}2\r\nab\r\n0\r\n\r\n${lastCall('GET /2 HTTP/1.1')}`);
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      expect(provider.requests.map((request) => request.split(' ')[1])).toEqual(['/1', '/2']);
    });
  });

  describe('the answer', () => {
    it.each([
      [
        'both framings',
        'HTTP/1.1 200 R\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      ],
      ['two lengths', 'HTTP/1.1 200 R\r\ncontent-length: 3\r\ncontent-length: 2\r\n\r\nok'],
      ['a folded field', 'HTTP/1.1 200 R\r\nx-a: 1\r\n  x-b: 2\r\ncontent-length: 2\r\n\r\nok'],
      ['a control character', 'HTTP/1.1 200 R\r\nx-a: 1\u{1}2\r\ncontent-length: 2\r\n\r\nok'],
      ['a carriage return in a field', 'HTTP/1.1 200 R\r\nx-a: 1\rx-b: 2\r\ncontent-length: 2\r\n\r\nok'],
      ['no HTTP at all', 'hello world'],
      ['a protocol that nobody asked for', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
      ['a status below 100', 'HTTP/1.1 099 R\r\ncontent-length: 2\r\n\r\nok'],
    ])('with %s is a problem', async (_what, answer) => {
      provider.answer = answer;
      const text = await send(lastCall('GET / HTTP/1.1'));
      expect(statusOf(text)).toBe(504);
      expect(text).toContain('"code":"outcome_unknown"');
    });

    it('under a transfer coding that nobody offered to take is a problem', async () => {
      provider.answer = 'HTTP/1.1 200 R\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
      const text = await send(lastCall('GET / HTTP/1.1'));
      expect(statusOf(text)).toBe(502);
      expect(text).toContain('"code":"provider_malformed"');
    });

    it('whose chunks break is broken for the client: no last chunk', async () => {
      provider.answer = 'HTTP/1.1 200 R\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nZZ\r\n';
      const text = await send(lastCall('GET / HTTP/1.1'));
      expect(text).toMatch(/\r\n\r\n2\r\nok\r\n$/);
    });

    it('comes without its trailers, which could be anything', async () => {
      provider.answer =
        'HTTP/1.1 200 R\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n' +
        '2\r\nok\r\n0\r\nx-t: 1\r\nset-cookie: a=b\r\n\r\n';
      const text = await send(lastCall('GET / HTTP/1.1', 'te: trailers'));
      expect(text).toMatch(/\r\n\r\n2\r\nok\r\n0\r\n\r\n$/);
      expect(text).not.toMatch(/trailer|x-t|set-cookie/i);
    });

    it('is the final one; early hints are passed over', async () => {
      provider.answer = `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}`;
      expect(await send(lastCall('GET / HTTP/1.1'))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    });

    it.each([
      ['204 loses a length, which it cannot have', 'GET', '204 No\r\ncontent-length: 5', []],
      ['304 keeps the length of what it confirms', 'GET', '304 No\r\ncontent-length: 5', ['content-length']],
      ['HEAD keeps the length that GET would have', 'HEAD', '200 R\r\ncontent-length: 500', ['content-length']],
      [
        'HEAD keeps its coding',
        'HEAD',
        '200 R\r\ncontent-encoding: br\r\ncontent-length: 9',
        ['content-encoding', 'content-length'],
      ],
    ])('%s', async (_what, method, head, names) => {
      provider.answer = `HTTP/1.1 ${head}\r\n\r\n`;
      const text = await send(lastCall(`${method} / HTTP/1.1`));
      expect(fieldNames(text)).toEqual([...names, 'x-request-id', 'date', 'connection']);
      expect(text).toMatch(/\r\n\r\n$/);
    });

    it('to one call is never an answer that the provider sent without being asked', async () => {
      provider.answer = `${OK}HTTP/1.1 200 FORGED\r\ncontent-length: 6\r\n\r\nforged`;
      expect(await send(lastCall('GET /1 HTTP/1.1'))).toMatch(/\r\n\r\nok$/);
      provider.answer = OK;
      expect(await send(lastCall('GET /2 HTTP/1.1'))).toMatch(/\r\n\r\nok$/);
      expect(provider.requests.map((request) => request.split(' ')[1])).toEqual(['/1', '/2']);
    });

    it('to HTTP/1.0 ends with the connection', async () => {
      const whole = await send(`GET / HTTP/1.0\r\nHost: a\r\n${fields()}\r\n`);
      expect(whole).toMatch(/\r\nConnection: close\r\n\r\nok$/);
    });

    it('to HTTP/1.0 ends with a reset if it broke off, since it would look whole', async () => {
      provider.answer = 'HTTP/1.1 200 R\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n';
      const client = new RawClient(tenon.running.port).write(`GET / HTTP/1.0\r\nHost: a\r\n${fields()}\r\n`);
      await client.until('half');
      provider.cut();
      await client.rest();
      expect(client.errorCode).toBe('ECONNRESET');
    });

    it('is not waited for by a client that closes its half: it has left, and the provider is told', async () => {
      provider.answer = null;
      const before = provider.ended();
      const client = new RawClient(tenon.running.port).write(call('GET / HTTP/1.1'));
      await provider.reached(1);
      client.halfClose();
      expect(await client.rest()).toBe('');
      await provider.left(before + 1);
    });
  });
});
