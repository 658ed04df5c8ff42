import { MessageChannel } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { Epochs } from '../../../actors/remote/epochs.ts';
import { OWNER_SILENCE_MS_MAX, SILENCE_MS } from '../../../src/core/limits.ts';
import { SECOND_MS, systemClock } from '../../../src/core/time.ts';
import { listenOn } from '../../../src/edge/server.ts';
import { openHalf } from '../../../src/threads/half.ts';
import { fakeClock } from '../../support/clock.ts';

it('an owner that hangs is answered for with 503, until it moves again', async () => {
  const clock = fakeClock();
  const epochs = new Epochs();
  const { port1, port2 } = new MessageChannel();
  const own = { epochs: epochs.buffer, hostname: '127.0.0.1', port: 0, ownerPath: 'nowhere.sock', proxyUrl: null };
  const half = openHalf(
    port2,
    { ...own, egressAllow: [], providerSilenceMs: SILENCE_MS, logLevel: 'silent', tracing: null },
    clock,
  );
  const listening = await listenOn(() => half.planes, { host: '127.0.0.1', port: 0 }, systemClock);
  onTestFinished(async () => {
    await listening.close();
    await half.close();
    port1.close();
  });
  const origin = `http://127.0.0.1:${listening.port}`;
  const proxied = () => fetch(`${origin}/x`, { headers: { 'x-amp-proxy-version': '1', 'x-api-key': 'k' } });
  const waiting = proxied();
  // Asked by now; nobody answers.
  await new Promise((resolve) => port1.once('message', resolve));
  await clock.advance(OWNER_SILENCE_MS_MAX + SECOND_MS);
  expect((await waiting).status).toBe(503);
  for (const response of [await proxied(), await fetch(`${origin}/v1/projects`)]) {
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'overloaded', retryable: true });
  }
  epochs.advance(epochs.beat);
  await clock.advance(SECOND_MS);
  const asked = new Promise((resolve) => port1.once('message', resolve));
  const again = proxied();
  await asked;
  await clock.advance(OWNER_SILENCE_MS_MAX + SECOND_MS);
  expect((await again).status).toBe(503);
});
