// Edge threads at a lease desk in this thread: the real halves, with messages that arrive when a test lets them. The
// token is the test's; everything else is what the product runs.

import { onTestFinished } from 'vitest';
import { Budgets } from '../../actors/budgets.ts';
import { type Lease, Leases, type LeaseTarget } from '../../actors/lease.ts';
import { Channel, type Port } from '../../actors/remote/channel.ts';
import { Epochs } from '../../actors/remote/epochs.ts';
import { LeaseDesk } from '../../actors/remote/leaseDesk.ts';
import { RemoteLeases } from '../../actors/remote/remoteLeases.ts';
import { Supervisor } from '../../actors/supervisor.ts';
import type { OpenToken, TokenManager } from '../../actors/tokenManager.ts';
import { provider } from '../../machines/provider.ts';
import { type ConnectionId, parseId } from '../../src/core/ids.ts';
import { silentLog } from '../../src/core/log.ts';
import { WaitingList } from '../../src/core/waitingList.ts';
import { startRuntime } from './runtime.ts';

type Batch = Parameters<Parameters<Port['on']>[1]>[0];

const never = Number.NEGATIVE_INFINITY;

export const TOKEN: OpenToken = {
  attachment: { headers: ['Authorization', 'Bearer 1'], query: '' },
  generation: 1,
  issuedAtMs: 0,
  usableUntilMs: null,
  refreshAtMs: null,
  canRefresh: true,
  isProven: true,
  requestedAtMs: never,
  refusedAtMs: never,
  doubtedAtMs: never,
  futileAtMs: never,
  holder: { token: null },
};

/** A target with these budgets. */
export function targetOf(name: string, budgets: LeaseTarget['budgets'] = []): LeaseTarget {
  return { connectionId: parseId<ConnectionId>(name, 'connection'), providerKey: 'hubspot/app', budgets };
}

/** Two ports; what is posted waits until it is delivered, in its order. */
export function heldPorts() {
  const listeners: ((batch: Batch) => void)[] = [() => {}, () => {}];
  const waiting: Batch[][] = [[], []];
  const portOf = (own: number): Port => ({
    // A copy, as a real port makes one: what is shared by mistake would not be noticed otherwise.
    postMessage: (batch: Batch) => void waiting[1 - own]?.push(structuredClone(batch)),
    on: (_event, listener) => {
      listeners[own] = listener;
    },
  });
  const deliver = (side: number, count = Number.POSITIVE_INFINITY): number => {
    let delivered = 0;
    for (let batch = waiting[side]?.shift(); batch !== undefined; batch = waiting[side]?.shift()) {
      listeners[side]?.(batch);
      delivered += 1;
      if (delivered >= count) break;
    }
    return delivered;
  };
  return {
    owner: portOf(0),
    thread: portOf(1),
    /** Lets messages to that side arrive; answers how many did. */
    toOwner: (count?: number) => deliver(0, count),
    toThread: (count?: number) => deliver(1, count),
  };
}

/** What was posted in this turn of the event loop is at the port afterwards. */
export async function posted(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** A desk on a fake clock, with as many threads as are asked for. */
export async function startDesk(token: OpenToken | null = TOKEN) {
  const { runtime, clock, store } = await startRuntime({ definitions: [provider] });
  const budgets = new Budgets(store, clock, silentLog());
  const supervisor = new Supervisor(runtime, clock);
  const list = new WaitingList();
  const told: string[] = [];
  const held = { token, changed: (_connectionId: ConnectionId | null) => {}, outlook: 'coming' as 'coming' | 'none' };
  const tell = (what: string) => (connectionId: ConnectionId, generation: number) => {
    told.push(`${what} ${connectionId} ${generation}`);
  };
  const tokens: Omit<TokenManager, 'assign' | 'forget' | 'wake' | 'forgetAll'> = {
    usableToken: () => {
      const { refreshAtMs = null } = held.token ?? {};
      if (refreshAtMs !== null && clock.nowMs() >= refreshAtMs) told.push('due');
      return held.token;
    },
    generationOf: () => held.token?.generation ?? 0,
    factsOf: (_connectionId, generation) =>
      held.token?.generation === generation ? { ...held.token, isNextSoon: held.outlook === 'coming' } : null,
    onChanged: (changed) => {
      held.changed = changed;
    },
    refused: (connectionId, generation) => {
      tell('refused')(connectionId, generation);
      return held.token?.generation === generation ? held.outlook : 'newer';
    },
    refusedAgain: tell('refusedAgain'),
    worked: tell('worked'),
    doubted: tell('doubted'),
    changed: (_connectionId, signal, what) => list.wait(signal, what),
    assertNextWithin: () => {},
  };
  const manager = tokens as TokenManager;
  const leases = new Leases(manager, supervisor, budgets, clock);
  const epochs = new Epochs();
  const desk = new LeaseDesk({ leases, tokens: manager, supervisor, budgets }, epochs);
  const thread = () => {
    const ports = heldPorts();
    const end = desk.serve(new Channel(ports.owner));
    const channel = new Channel(ports.thread);
    const remote = new RemoteLeases(channel, new Epochs(epochs.buffer), clock);
    onTestFinished(() => {
      remote.close();
      end();
    });
    return { ...ports, end, remote, channel };
  };
  return {
    clock,
    budgets,
    supervisor,
    tokens,
    leases,
    thread,
    /** What the token manager was told. */
    told,
    /** Another token, or none, for this connection or all. */
    give(next: OpenToken | null, connectionId: ConnectionId | null = null) {
      held.token = next;
      held.changed(connectionId);
      list.wakeAll();
    },
    outlook(next: 'coming' | 'none') {
      held.outlook = next;
    },
  };
}

export type Desk = Awaited<ReturnType<typeof startDesk>>;
export type Thread = ReturnType<Desk['thread']>;

/** Without a promise: the thread had it, and asked nobody. */
export function isHeld(lease: Lease | Promise<Lease>): lease is Lease {
  return !(lease instanceof Promise);
}

/** A lease, with all messages that it needs. */
export async function leased(thread: Thread, target: LeaseTarget): Promise<Lease> {
  const lease = thread.remote.lease(target, 'interactive');
  await exchanged(thread);
  return lease;
}

/** All messages arrive, and those that they cause. */
export async function exchanged(...threads: Thread[]): Promise<void> {
  for (let calm = 0; calm < 2; ) {
    await posted();
    const count = threads.reduce((sum, thread) => sum + thread.toOwner() + thread.toThread(), 0);
    calm = count === 0 ? calm + 1 : 0;
  }
}
