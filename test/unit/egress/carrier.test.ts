// `100 Continue` that nobody asked for: as bytes in any pieces, and over real sockets through both kinds of call.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { INTERIM_BYTES_MAX } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import { Carrier } from '../../../src/egress/carrier.ts';
import { createEgress, forwarded } from '../../../src/egress/egress.ts';
import { WebSink } from '../../../src/egress/sinkWeb.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const BARE = 'HTTP/1.1 100\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OF_IIS = 'HTTP/1.1 100 Continue\r\nServer: Microsoft-IIS/5.0\r\nDate: Thu, 06 Mar 2025 22:09:49 GMT\r\n\r\n';

/** What undici would read of these pieces, which come one after another. */
function readOf(pieces: readonly string[], carrier = new Carrier(), stream = opened(carrier)): string {
  carrier.begin();
  let text = '';
  for (const piece of pieces) {
    stream.write(Buffer.from(piece, 'latin1'));
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk.toString('latin1');
  }
  return text;
}

function opened(carrier: Carrier): PassThrough {
  const stream = new PassThrough();
  carrier.opened(stream as unknown as Socket);
  return stream;
}

const splits = (text: string) => Array.from(text, (_byte, at) => [text.slice(0, at), text.slice(at)]);

describe('passes as it came', () => {
  test.each([
    ['the usual answer', OK],
    ['an answer that holds such a head in its body', `HTTP/1.1 200 OK\r\n\r\n${CONTINUE}${OK}`],
    ['another interim answer', `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`],
    ['a status of four digits', `HTTP/1.1 1000 x\r\n\r\n${OK}`],
    ['another version', `HTTP/1.0 100 Continue\r\n\r\n${OK}`],
    ['a head whose end only a lenient reader would see', `HTTP/1.1 100 Continue\n\n${OK}`],
    ['a head with a line that ends with LF alone', `HTTP/1.1 100 Continue\r\na: b\n\r\n${OK}`],
    ['a head with a bare CR', `HTTP/1.1 100 Continue\r\na: b\rc\r\n\r\n${OK}`],
    ['a head that is too long', `HTTP/1.1 100 Continue\r\na: ${'b'.repeat(INTERIM_BYTES_MAX)}\r\n\r\n${OK}`],
    ['no HTTP at all', 'SSH-2.0-x\r\n'],
  ])('%s', (_what, text) => {
    expect(readOf([text])).toBe(text);
    for (const pieces of splits(text.slice(0, 60))) expect(readOf([...pieces, text.slice(60)])).toBe(text);
  });

  test('what comes after the answer has begun', () => {
    const carrier = new Carrier();
    const stream = opened(carrier);
    expect(readOf([CONTINUE, 'HTTP/1.1 200 OK\r\n\r\n', CONTINUE], carrier, stream)).toContain(CONTINUE);
  });

  test('what comes without a request', () => {
    const stream = opened(new Carrier());
    stream.write(CONTINUE);
    expect(String(stream.read())).toBe(CONTINUE);
  });
});

describe('is left out', () => {
  test.each([
    ['one', CONTINUE],
    ['one without a reason', BARE],
    ['one with fields', OF_IIS],
    ['several in a row', `${CONTINUE}${OF_IIS}${BARE}`],
  ])('%s, wherever it is cut', (_what, heads) => {
    for (const pieces of splits(`${heads}${OK}`)) expect(readOf(pieces)).toBe(OK);
    expect(readOf(Array.from(`${heads}${OK}`))).toBe(OK);
  });

  test('before each answer of a connection', () => {
    const carrier = new Carrier();
    const stream = opened(carrier);
    for (let call = 0; call < 3; call++) expect(readOf([CONTINUE, OK], carrier, stream)).toBe(OK);
  });
});

test.each([
  ['at once', [`${OF_IIS}${CONTINUE}${OK}`]],
  ['in pieces', ['HTTP/1.', '1 100 Continue\r\n\r', `\n${CONTINUE}HTT`, OK.slice(3)]],
])('a provider that says it %s is understood, and its connection goes on', async (_how, pieces) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    let asked = '';
    socket.setNoDelay(true).on('data', async (bytes) => {
      asked += bytes.toString('latin1');
      // A head and its body may come apart, and an answer too many would end the connection.
      if (!asked.endsWith(asked.startsWith('POST') ? 'a=b' : '\r\n\r\n')) return;
      asked = '';
      for (const piece of pieces) await new Promise<void>((sent) => void socket.write(piece, () => setImmediate(sent)));
    });
    onTestFinished(() => void socket.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1') });
  onTestFinished(() => egress.close());
  const bounds = { timeoutMs: 5 * SECOND_MS, responseBytesMax: 100 };
  for (let call = 0; call < 3; call++) {
    const buffered = await egress.request({ url: `${origin}/`, method: 'POST', headers: {}, body: 'a=b', ...bounds });
    expect([buffered.status, buffered.body.toString()]).toEqual([200, 'ok']);
    const sink = new WebSink('GET', new AbortController().signal);
    const outgoing = { origin, path: '/', method: 'GET', headers: [], body: null };
    expect(await forwarded(egress, outgoing, sink, { accept: () => true })).toMatchObject({ kind: 'forwarded' });
    expect(await (await sink.response).text()).toBe('ok');
  }
  // A pool that validates an idle connection before using it again may open another one meanwhile.
  expect(connections).toBeLessThanOrEqual(2);
});
