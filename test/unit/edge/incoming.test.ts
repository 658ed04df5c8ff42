import { createServer, IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EdgeMessage, PROXY_FIELDS } from '../../../src/edge/incoming.ts';

const LOOKED_AT = [...PROXY_FIELDS, 'content-length', 'transfer-encoding'];

/** What node's own getter says, and what ours does. */
interface Seen {
  readonly nodes: NodeJS.Dict<string | string[]>;
  readonly ours: NodeJS.Dict<string | string[]>;
}

/** The same fields, sent over a socket as they stand here. */
async function sent(lines: readonly string[], method = 'GET'): Promise<Seen> {
  const nodes = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers')?.get;
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const server = createServer({ IncomingMessage: EdgeMessage });
  // Node answers an expectation that it does not know, unless somebody else does.
  for (const event of ['request', 'checkExpectation']) {
    server.on(event, (request: IncomingMessage, response: ServerResponse) => {
      resolve({ ours: request.headers, nodes: nodes?.call(request) });
      response.end();
    });
  }
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(`${method} / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  return promise;
}

const PROXIED = ['Host: a.example', 'x-amp-proxy-version: 1'];

describe('a proxied call', () => {
  test.each([
    ['as the SDKs send it', ['X-Amp-Project-Id: p', 'X-Amp-Installation-Id: i', 'X-Api-Key: k', 'Accept: */*']],
    [
      'by names, in throttle mode',
      ['x-amp-integration-name: n', 'x-amp-group-ref: g', 'X-AMP-RATE-LIMITER-MODE: throttle'],
    ],
    ['with a trace and an id', ['traceparent: 00-1-2-01', 'tracestate: a=b', 'X-Request-ID: r', 'Upgrade: h2c']],
    ['with an empty field', ['x-api-key:', 'expect: something']],
  ])('%s: what is looked at is what node says', async (_, lines) => {
    const { ours, nodes } = await sent([...PROXIED, ...lines]);
    expect(LOOKED_AT.map((name) => ours[name])).toEqual(LOOKED_AT.map((name) => nodes[name]));
    expect(LOOKED_AT.filter((name) => ours[name] !== undefined).length).toBeGreaterThan(PROXIED.length);
  });

  test.each(LOOKED_AT)('with two fields of the name %s: as node joins them', async (name) => {
    // Two lengths or two framings are no HTTP; one beside others is.
    const isFraming = name === 'content-length' || name === 'transfer-encoding';
    const twice = isFraming ? [`${name}: ${name === 'content-length' ? 0 : 'chunked'}`] : [`${name}: 1`, `${name}: 2`];
    const { ours, nodes } = await sent([...PROXIED, ...twice], 'POST');
    expect(LOOKED_AT.map((each) => ours[each])).toEqual(LOOKED_AT.map((each) => nodes[each]));
  });

  test('without a body has no framing, not even an empty one', async () => {
    const { ours } = await sent(PROXIED);
    expect('content-length' in ours || 'transfer-encoding' in ours).toBe(false);
  });
});

test('every other request has all of its fields', async () => {
  const { ours, nodes } = await sent(['Host: a.example', 'X-Api-Key: k', 'Cookie: a=1', 'Cookie: b=2', 'X-Other: o']);
  expect(ours).toEqual(nodes);
  expect(ours['x-other']).toBe('o');
});
