// An edge thread's half before a Tenon of a test, over a real port. It runs in the thread of the test, so that a fake
// clock is its clock too.

import { MessageChannel } from 'node:worker_threads';
import { Leases } from '../../actors/lease.ts';
import { Channel } from '../../actors/remote/channel.ts';
import { Epochs } from '../../actors/remote/epochs.ts';
import { LeaseDesk } from '../../actors/remote/leaseDesk.ts';
import { Supervisor } from '../../actors/supervisor.ts';
import { SILENCE_MS } from '../../src/core/limits.ts';
import { type Ms, systemClock } from '../../src/core/time.ts';
import type { ApiKeys } from '../../src/edge/auth.ts';
import { targetToKeep } from '../../src/edge/proxy.ts';
import { listenOn } from '../../src/edge/server.ts';
import { parseAllowList } from '../../src/egress/address.ts';
import type { Services } from '../../src/flows/services.ts';
import { openHalf } from '../../src/threads/half.ts';
import { TARGET, type TargetQuestion } from '../../src/threads/messages.ts';

/** Opened when it is called first: its timers would be in the way of tests that look for others. */
export function halfWhenUsed(services: Services, keys: ApiKeys, providerSilenceMs = SILENCE_MS) {
  let half: ReturnType<typeof startHalf> | null = null;
  return {
    async port(): Promise<number> {
      half ??= startHalf(services, keys, providerSilenceMs);
      return (await half).port;
    },
    async stop(): Promise<void> {
      await (await half)?.stop();
    },
  };
}

async function startHalf(services: Services, keys: ApiKeys, providerSilenceMs: Ms) {
  const { runtime, tokens, budgets, targets, counts, clock, proxyUrl } = services;
  const epochs = new Epochs();
  targets.onForgotten(() => epochs.advance(epochs.targets));
  const stopBeating = epochs.keepBeating(clock);
  const supervisor = new Supervisor(runtime, clock);
  const leases = new Leases(tokens, supervisor, budgets, clock, counts.leaseWaits);
  const { port1, port2 } = new MessageChannel();
  const owner = new Channel(port1);
  const leave = new LeaseDesk({ leases, tokens, supervisor, budgets }, epochs).serve(owner);
  const find = targetToKeep(services, keys);
  owner.onAsked(TARGET, (question: TargetQuestion) => find((name) => question[name]));
  const options = {
    epochs: epochs.buffer,
    hostname: '127.0.0.1',
    port: 0,
    ownerPath: '',
    logLevel: 'silent',
    tracing: null,
    proxyUrl,
    providerSilenceMs,
  };
  const half = openHalf(port2, { ...options, egressAllow: parseAllowList('127.0.0.1/32') }, clock);
  const listening = await listenOn(() => half.planes, { host: '127.0.0.1', port: 0 }, systemClock);
  return {
    port: listening.port,
    async stop() {
      await listening.close();
      await half.close();
      leave();
      stopBeating();
      port1.close();
    },
  };
}
