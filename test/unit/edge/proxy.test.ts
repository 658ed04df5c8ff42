import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { newCounts } from '../../../src/core/counts.ts';
import { createLog } from '../../../src/core/log.ts';
import { proxyOfNode } from '../../../src/edge/proxy.ts';
import type { ProxyTarget } from '../../../src/flows/targets.ts';
import { fakeClock } from '../../support/clock.ts';

const TARGET = { isProxyEnabled: true, declaration: { name: 'stripe' }, hasKinds: false, logMembers: '"a":1' } as never;

it.each([
  ['whole', 'hello'],
  ['in part', 'he'],
])('a client that leaves while it is asked whom it calls is told of, with its body %s', async (_what, body) => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } });
  const services = { log, counts: newCounts(), tracer: null, clock: fakeClock() } as never;
  const asked = Promise.withResolvers<ProxyTarget>();
  const proxy = proxyOfNode(services, () => asked.promise);
  const server = createServer(proxy).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(`POST /x HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n${body}`);
  const [incoming] = (await once(server, 'request')) as [IncomingMessage];
  client.resetAndDestroy();
  await vi.waitFor(() => expect(incoming.destroyed).toBe(true), { timeout: 10_000, interval: 5 });
  asked.resolve(TARGET);
  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 10_000, interval: 5 });
  expect(lines[0]).toContain('"outcome":"clientGone"');
});
