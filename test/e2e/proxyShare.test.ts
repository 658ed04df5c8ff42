// Two customers whose calls go to one address of a provider and count in one limit, over real HTTP: one of them opens
// as many streams, or makes as many calls, as it can get, and the other does not notice.

import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { CONNECTIONS_PER_ORIGIN_MAX } from '../../src/core/limits.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { startProxied } from '../support/proxied.ts';

/** Of one customer that is alone. */
const ALONE = (CONNECTIONS_PER_ORIGIN_MAX * 2) / 3;

it('a customer with endless streams is refused more, and another one is answered at once', async () => {
  await using proxied = await startProxied();
  const { tenon, installationId } = proxied;
  await tenon.deploy(
    'specVersion: 1.0.0\nintegrations:\n' +
      ['stripe', 'again'].map((name) => `  - {name: ${name}, provider: stripe, proxy: {enabled: true}}\n`).join(''),
  );
  // Of the same customer.
  const second = { groupRef: 'acme', consumerRef: 'grace', provider: 'stripe', apiKey: 'sk_second' };
  const { id: connectionId } = await tenon.ok('POST', tenon.inProject('/connections:generate'), second);
  const { id: secondId } = await tenon.ok('POST', tenon.inProject('/integrations/again/installations'), {
    groupRef: 'acme',
    connectionId,
    config: { content: { provider: 'stripe' } },
  });
  const other = { groupRef: 'globex', consumerRef: 'grace', provider: 'stripe', apiKey: 'sk_other' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), other);
  const { id: otherId } = await tenon.install('stripe', { provider: 'stripe' }, 'globex');
  const streams: ServerResponse[] = [];
  proxied.answer((incoming, outgoing) => {
    if (incoming.headers.authorization === 'Bearer sk_other') {
      outgoing.end('fine');
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    streams.push(outgoing);
  });

  const opened = Array.from({ length: ALONE }, () => tenon.proxy(installationId, '/events'));
  await proxied.until(() => streams.length === ALONE);
  const more = tenon.proxy(String(secondId), '/events');
  const answered = await tenon.proxy(otherId, '/x');
  expect([answered.status, await answered.text()]).toEqual([200, 'fine']);

  const refused = await proxied.passing(more);
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'overloaded', retryable: true }]);
  expect(streams.length).toBe(ALONE);

  const next = tenon.proxy(installationId, '/events');
  for (const stream of streams.slice(0, ALONE)) stream.end();
  for (const answer of await Promise.all(opened)) expect(await answer.text()).toBe('data: 1\n\n');
  await proxied.until(() => streams.length === ALONE + 1);
  streams[ALONE]?.end();
  expect((await next).status).toBe(200);
});

it('a customer that takes all it can get of a minute is told to wait, and another one is let through', async () => {
  const quotas = [{ name: 'perMinute', scope: 'sourceAddress', limit: 40, windowMs: MINUTE_MS }];
  await using proxied = await startProxied({ quotas });
  const { tenon, installationId } = proxied;
  const other = { groupRef: 'globex', consumerRef: 'grace', provider: 'stripe', apiKey: 'sk_other' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), other);
  const { id: otherId } = await tenon.install('stripe', { provider: 'stripe' }, 'globex');
  proxied.answer((_, outgoing) => void outgoing.end('fine'));

  let calls = 0;
  let last = await tenon.proxy(installationId, '/x');
  for (; last.status === 200; last = await tenon.proxy(installationId, '/x')) calls += 1;
  // All but a twentieth.
  expect(calls).toBe(38);
  expect([last.status, await last.json()]).toMatchObject([
    429,
    { code: 'budget_exhausted', detail: "this connection's part of the calls that the provider allows is spent" },
  ]);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(58);
  expect((await tenon.proxy(otherId, '/x')).status).toBe(200);
});
