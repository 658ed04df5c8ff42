// The runtime in one process over a folder, as the contract of hosts sees it.

import { onTestFinished } from 'vitest';
import { takeOwnerLock } from '../../src/store/ownerLock.ts';
import { readMeta } from '../../src/store/tables/accounts.ts';
import { readQuarantine } from '../../src/store/tables/quarantine.ts';
import { readSnapshot } from '../../src/store/tables/snapshots.ts';
import type { DiskUnderTest, OpenHost } from '../contract/host/underTest.ts';
import { flush } from './clock.ts';
import { startRuntime } from './runtime.ts';
import type { FaultyWriter } from './writer.ts';

const FULL = { kind: 'full', message: 'SQLITE_FULL database or disk is full' } as const;
const LISTED_MAX = 1000;

export function openRuntime(kind: 'thread' | 'inThread'): OpenHost {
  return async ({ data, ...setup }) => {
    const lock = takeOwnerLock(data);
    onTestFinished(() => lock.release());
    const harness = await startRuntime({ ...setup, folder: data, writer: kind, isStarted: false });
    const { runtime, store, writer, clock, did, fatal } = harness;
    return {
      data,
      clock,
      disk: diskOf(writer),
      did,
      get ended() {
        return fatal[0] ?? null;
      },
      start: () => runtime.start(),
      async stop() {
        await runtime.stop();
        await store.close();
        lock.release();
      },
      send: (actorId, event, extras) => runtime.send(actorId, event, extras),
      peek: (actorId) => runtime.peek(actorId),
      resume: (actorId) => runtime.resume(actorId),
      discard: (seq) => runtime.discard(seq),
      remove: (actorIds, writes) => runtime.remove(actorIds, writes),
      quiet: () => flush(undefined, () => writer.isBusy),
      async crash() {
        void writer.die();
        await writer.close();
        lock.release();
      },
      fence: () => lock.release(),
      stored(actorId) {
        const row = readSnapshot(store.reads, actorId);
        if (row === undefined || row.state === '') return null;
        const { context } = JSON.parse(row.state) as { context: unknown };
        return { revision: row.revision, context };
      },
      pausedReason: (actorId) => readSnapshot(store.reads, actorId)?.pausedReason ?? null,
      effects: harness.effects,
      quarantined: () => readQuarantine(store.reads, 0, LISTED_MAX),
      row: (name) => readMeta(store.reads, name),
    };
  };
}

function diskOf(writer: FaultyWriter): DiskUnderTest {
  return {
    get commits() {
      return writer.commits;
    },
    get isFull() {
      return writer.failure !== null;
    },
    set isFull(isFull) {
      writer.failure = isFull ? FULL : null;
    },
    hold: () => writer.hold(),
    crashAt: (commit, at) => {
      writer.crash = { commit, at };
    },
    get hasCrashed() {
      return writer.isDead;
    },
  };
}
