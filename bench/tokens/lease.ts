// What a lease costs while everything it needs is in memory: 10,000 connections of one provider, each with a token that
// lives, in an order that no cache of the processor can guess. Baselines over the same keys in the same order: a bare
// `Map`, and lru-cache, which is what keeps opened tokens bounded.

import { LRUCache } from 'lru-cache';
import { Bench as Tinybench } from 'tinybench';
import type { LeaseTarget } from '../../actors/lease.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { HOUR_MS, systemClock } from '../../src/core/time.ts';
import { inFolder } from '../harness/commits.ts';
import { makeFleet, startOn } from './fleet.ts';

const NS_PER_MS = 1e6;
/** Of one subject in one round; a pass over all connections is one sample. */
const MEASURED_MS = 500;

/** Nanoseconds per operation, one value per round. */
export interface LeaseOutcome {
  readonly lease: readonly number[];
  readonly usableToken: readonly number[];
  readonly lru: readonly number[];
  readonly map: readonly number[];
}

type Subject = keyof LeaseOutcome;

/** Looks one connection up, and answers something that the compiler cannot leave out. */
type Operation = (connectionId: ConnectionId, target: LeaseTarget) => object | null | undefined;

export async function measureLeases(connections: number, rounds: number): Promise<LeaseOutcome> {
  return inFolder(async (folder) => {
    const fleet = await makeFleet(folder, connections, systemClock.nowMs() + HOUR_MS);
    const running = await startOn(folder, 1);
    const { leases, tokens, targets } = running.services;
    const ids = shuffled(fleet.connectionIds as readonly ConnectionId[]);
    const all = ids.map((id) => placesOnly(targets.ofConnection(id).lease));
    const opened = ids.map((id) => tokens.usableToken(id));
    if (opened.includes(null)) throw new Error('a token has ended');
    const entries = ids.map((id, index) => [id, opened[index] ?? {}] as const);
    const map = new Map<ConnectionId, object>(entries);
    const lru = new LRUCache<ConnectionId, object>({ max: 2 * connections });
    for (const [id, token] of entries) lru.set(id, token);
    const operations: Readonly<Record<Subject, Operation>> = {
      lease: (_, target) => {
        const lease = leases.lease(target, 'interactive');
        if (lease instanceof Promise) throw new Error('a lease had to wait');
        lease.release();
        return lease;
      },
      usableToken: (id) => tokens.usableToken(id),
      lru: (id) => lru.get(id),
      map: (id) => map.get(id),
    };
    const outcome = { lease: [], usableToken: [], lru: [], map: [] } as Record<Subject, number[]>;
    for (let round = 0; round < rounds; round++) {
      for (const subject of ['map', 'lru', 'usableToken', 'lease'] as const) {
        outcome[subject].push(await nanosOf(operations[subject], ids, all));
      }
    }
    await running.stop();
    return outcome;
  });
}

/** A day's quota is reserved on disk now and then, and a loop that never waits leaves no time for that. */
function placesOnly(target: LeaseTarget): LeaseTarget {
  return { ...target, budgets: target.budgets.filter(({ windowMs }) => windowMs === 0) };
}

/** A sample is a pass over all keys: the clock would cost more than one look-up. */
async function nanosOf(
  operation: Operation,
  ids: readonly ConnectionId[],
  all: readonly LeaseTarget[],
): Promise<number> {
  let missed = 0;
  const suite = new Tinybench({ time: MEASURED_MS, warmupTime: MEASURED_MS / 5 }).add('pass', () => {
    for (let index = 0; index < ids.length; index++) {
      if (operation(ids[index] as ConnectionId, all[index] as LeaseTarget) === undefined) missed += 1;
    }
  });
  const [task] = await suite.run();
  const result = task?.result;
  if (result?.state === 'errored') throw result.error;
  if (missed > 0 || result?.state !== 'completed') throw new Error('the lease bench measured nothing');
  return (result.latency.p50 * NS_PER_MS) / ids.length;
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
