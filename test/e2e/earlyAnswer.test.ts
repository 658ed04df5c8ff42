// Uploads that are answered before they are over, with a client that reads nothing until it has sent all: whoever
// answers, Tenon or the provider, the whole answer must arrive. What holds a call up ends with it.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawClient, upload } from '../support/rawHttp.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

/** More than the system holds for both sides. */
const LONG_BYTES = 16 * 1_048_576;
const TOO_MUCH = '{"error":"too much"}';

/** Throws unless it is whole. */
const bodyOf = (text: string): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n')));

describe.each([
  ['one thread', '0'],
  ['edge threads', '2'],
])('with %s', (_front, workers) => {
  let tenon: Tenon;
  let provider: Server;
  let own: string;

  beforeAll(async () => {
    provider = createServer((incoming, outgoing) => {
      incoming.once('data', () => {
        if (incoming.url === '/breaks') incoming.socket.destroy();
        else outgoing.writeHead(413, { 'content-length': TOO_MUCH.length }).end(TOO_MUCH);
      });
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const baseURL = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    // A second call finds a place only if the first has left it.
    const concurrency = [{ name: 'atOnce', scope: 'user', limit: 1 }];
    tenon = await startTenon({
      env: { TENON_WORKERS: workers, TENON_LOG_LEVEL: 'silent' },
      overrides: { stripe: { baseURL, tenon: { concurrency } } },
    });
    await tenon.deploy(
      'specVersion: 1.0.0\nintegrations:\n  - {name: stripe, provider: stripe, proxy: {enabled: true}}\n',
    );
    const connection = { groupRef: 'acme', consumerRef: 'ada', provider: 'stripe', apiKey: 'sk' };
    await tenon.ok('POST', tenon.inProject('/connections:generate'), connection);
    const { id } = await tenon.install('stripe', { provider: 'stripe' });
    const target = `x-amp-project-id: ${tenon.projectId}\r\nx-amp-installation-id: ${id}\r\n`;
    own = `${keyOf()}x-amp-proxy-version: 1\r\n${target}`;
  });

  afterAll(async () => {
    await tenon.stop();
    provider.closeAllConnections();
    provider.close();
  });

  const keyOf = () => `x-api-key: ${tenon.apiKey}\r\n`;

  describe.each([
    ['of a known length', false],
    ['in chunks', true],
  ])('an upload %s', (_framing, isChunked) => {
    it.each<[string, () => string, () => string, RegExp]>([
      ['the provider', () => 'POST /x', () => own, /^HTTP\/1\.1 413 [\s\S]*\r\n\r\n\{"error":"too much"\}$/],
      ['the proxy', () => 'POST /x', () => 'x-amp-proxy-version: 1\r\n', /^HTTP\/1\.1 401 /],
      ['the API', () => `PUT /v1${tenon.inProject('/integrations:batch')}`, keyOf, /^HTTP\/1\.1 413 /],
      ['an address for uploads', () => 'PUT /uploads/v1/x', () => '', /^HTTP\/1\.1 403 /],
    ])('that is refused by %s', async (_who, line, fields, answer) => {
      for (let run = 0; run < 3; run++) {
        const { text, bytesSent, errorCode } = await upload(
          tenon.running.port,
          line(),
          fields(),
          LONG_BYTES,
          isChunked,
        );
        expect([bytesSent, errorCode]).toEqual([LONG_BYTES, undefined]);
        expect(text).toMatch(answer);
        expect(bodyOf(text)).toBeTypeOf('object');
      }
    });

    it('that the provider breaks off is told so', async () => {
      const { text, errorCode } = await upload(tenon.running.port, 'POST /breaks', own, LONG_BYTES, isChunked);
      expect([text.slice(0, 12), errorCode]).toEqual(['HTTP/1.1 504', undefined]);
      expect(bodyOf(text)).toMatchObject({ code: 'outcome_unknown' });
    });
  });

  it('an upload that goes on after its answer holds no place', async () => {
    const client = new RawClient(tenon.running.port);
    const begun = `POST /x HTTP/1.1\r\nHost: a\r\n${own}content-length: ${LONG_BYTES}\r\n\r\n${'x'.repeat(65_536)}`;
    expect(await client.write(begun).until(TOO_MUCH)).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
    const next = new RawClient(tenon.running.port);
    expect(await next.write(begun).until(TOO_MUCH)).toMatch(/^HTTP\/1\.1 413 /);
    client.leave();
    next.leave();
  });
});
