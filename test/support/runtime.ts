// A runtime of probes over a store that fails on request, and what it did.

import { expect, onTestFinished } from 'vitest';
import type { ReconcileHandler, ReplayableHandler, Settlement } from '../../actors/dispatch.ts';
import { Runtime } from '../../actors/runtime.ts';
import type { MachineDefinition } from '../../machines/definition.ts';
import type { CloseRunEffect, DeliverEffect, RefreshEffect } from '../../machines/effects.ts';
import type { IntegrationError } from '../../src/core/errors.ts';
import { type ActorId, actorIdOf } from '../../src/core/ids.ts';
import { silentLog } from '../../src/core/log.ts';
import { SECOND_MS } from '../../src/core/time.ts';
import type { Store } from '../../src/store/store.ts';
import { readSnapshot } from '../../src/store/tables/snapshots.ts';
import { type FakeClock, fakeClock, flush } from './clock.ts';
import { type ProbeContext, probe } from './probe.ts';
import { tempFolder, withFaultyStore } from './store.ts';
import type { FaultyWriter } from './writer.ts';

export const id = (key: string): ActorId => actorIdOf('probe', key);

export interface Handlers {
  readonly deliver?: Partial<ReplayableHandler<DeliverEffect>>;
  readonly closeRun?: Partial<ReplayableHandler<CloseRunEffect>>;
  readonly refresh?: Partial<ReconcileHandler<RefreshEffect, RefreshEffect>>;
}

export interface Harness {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly writer: FaultyWriter;
  readonly clock: FakeClock;
  readonly folder: string;
  readonly fatal: readonly IntegrationError[];
  /** What the handlers did, in order. */
  readonly did: string[];
  /** The committed context of a probe, or null if there is none. */
  stored(key: string): (ProbeContext & { readonly revision: number }) | null;
  effects(): { effectId: string; isAttempted: 0 | 1 }[];
}

export const answer = (turn: number, text: string): Settlement => ({ event: { type: 'answered', turn, text } });

function register(runtime: Runtime, did: string[], handlers: Handlers): void {
  runtime.dispatcher.register('effect.deliver', {
    kind: 'replayable',
    deadlineMs: 10 * SECOND_MS,
    perform: async ({ laneId, round }) => {
      did.push(`deliver ${laneId} ${round}`);
      return answer(round, 'delivered');
    },
    failed: ({ round }, { code }) => answer(round, `failed ${code}`),
    ...handlers.deliver,
  });
  runtime.dispatcher.register('effect.closeRun', {
    kind: 'replayable',
    deadlineMs: 10 * SECOND_MS,
    perform: async ({ installationId, run }) => {
      did.push(`closeRun ${installationId} ${run}`);
      return { event: null };
    },
    failed: () => ({ event: null }),
    ...handlers.closeRun,
  });
  runtime.dispatcher.register<'effect.refresh', RefreshEffect>('effect.refresh', {
    kind: 'reconcile',
    deadlineMs: 10 * SECOND_MS,
    prepare: async (effect) => effect,
    send: async ({ connectionId, attempt }) => {
      did.push(`send ${connectionId} ${attempt}`);
      return Buffer.from('sealed');
    },
    process: async ({ attempt }, result) => answer(attempt, Buffer.from(result).toString()),
    failed: ({ attempt }, { code }) => answer(attempt, `failed ${code}`),
    outcomeUnknown: ({ attempt }, { code }) => answer(attempt, `unknown ${code}`),
    ...handlers.refresh,
  });
}

/** Starts a runtime. When the test ends it must stop in time, with nothing in flight and no timer left. */
export async function startRuntime(
  options: {
    readonly folder?: string;
    readonly handlers?: Handlers;
    readonly definitions?: readonly MachineDefinition[];
    readonly liveHostsMax?: number;
    readonly nowMs?: number;
    readonly writer?: 'thread' | 'inThread';
    /** Leave starting, i.e. alarms and the effects of an earlier process, to the test. */
    readonly isStarted?: boolean;
  } = {},
): Promise<Harness> {
  const { store, writer, folder, fatal } = await withFaultyStore(options.folder ?? tempFolder(), options.writer);
  const clock = fakeClock(options.nowMs, () => flush(undefined, () => writer.isBusy));
  const runtime = new Runtime({
    store,
    clock,
    log: silentLog(),
    definitions: options.definitions ?? [probe],
    ...(options.liveHostsMax === undefined ? {} : { liveHostsMax: options.liveHostsMax }),
  });
  const did: string[] = [];
  register(runtime, did, options.handlers ?? {});
  if (options.isStarted !== false) runtime.start();
  onTestFinished(async () => {
    if (writer.isDead) return;
    await runtime.stop();
    expect(runtime.dispatcher.inFlightCount).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });
  return {
    runtime,
    store,
    writer,
    clock,
    folder,
    fatal,
    did,
    stored(key) {
      const row = readSnapshot(store.reads, id(key));
      if (row === undefined || row.state === '') return null;
      return { ...(JSON.parse(row.state) as { context: ProbeContext }).context, revision: row.revision };
    },
    effects: () => store.reads.all('SELECT effectId, isAttempted FROM effects ORDER BY seq'),
  };
}
