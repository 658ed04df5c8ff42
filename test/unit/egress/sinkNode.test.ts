// What the sink over node:http keeps until a turn of the event loop is over. What every sink owes is in the contract.

import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { NodeSink } from '../../../src/egress/sinkNode.ts';
import { bodyOf } from './upstream.ts';

const HEAD = ['content-length', '4'];

/** A request on a connection of its own whose answer is `respond`'s. */
async function startClient(respond: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => respond(response)).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = request({ port, host: '127.0.0.1', agent: false });
  client.on('error', () => {});
  return client;
}

test('whoever leaves after the end of an answer that still waits for its turn is not told of', async () => {
  const told: string[] = [];
  const closed = new Promise<void>((resolve) => {
    void startClient((response) => {
      const sink = new NodeSink(response);
      sink.onClose(() => told.push('gone'));
      response.on('close', resolve);
      // From here on a connection closes before the turn ends.
      setImmediate(() => {
        sink.head(200, '', HEAD);
        sink.end();
        response.socket?.destroy();
      });
    }).then((client) => client.end());
  });
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
});

test('a head, a piece and the end of one turn are one answer that goes out after it', async () => {
  const inTurn: boolean[] = [];
  const client = await startClient((response) => {
    const sink = new NodeSink(response);
    sink.head(200, '', HEAD);
    inTurn.push(sink.write(Buffer.from('body')), sink.isClosed);
    sink.end();
    inTurn.push(sink.isClosed, response.writableEnded);
  });
  const [response] = await once(client.end(), 'response');
  expect(await bodyOf(response)).toBe('body');
  expect(inTurn).toEqual([true, false, true, false]);
});

test('an end that comes turns after its pieces follows them', async () => {
  const client = await startClient((response) => {
    const sink = new NodeSink(response);
    sink.head(200, '', HEAD);
    sink.write(Buffer.from('bo'));
    setImmediate(() => {
      sink.write(Buffer.from('dy'));
      setImmediate(() => sink.end());
    });
  });
  const [response] = await once(client.end(), 'response');
  expect(await bodyOf(response)).toBe('body');
});
