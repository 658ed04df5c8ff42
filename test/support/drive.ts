// Drives a whole Tenon by hand: its clock stands still while anything is under way, real calls over loopback
// included, and moves from one alarm to the next when nothing is. So schedules of days take milliseconds, and what a
// test sees does not depend on how fast the machine is.

import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { HOUR_MS } from '../../src/core/time.ts';
import { type FakeClock, fakeClock, flush } from './clock.ts';
import { type Published, startTenon, type Tenon, type TenonOptions } from './tenon.ts';

/** Far above what the longest test needs on a slow machine, far below the runner's own limit. */
const STUCK_AFTER_MS = 15_000;

export interface Driven {
  readonly tenon: Tenon;
  readonly clock: FakeClock;
  [Symbol.asyncDispose](): Promise<void>;
}

/** See `startTenon`; the clock is a fake one. */
export async function startDriven(options: Omit<TenonOptions, 'clock'> = {}): Promise<Driven> {
  const clock = fakeClock();
  const tenon = await startTenon({ ...options, clock });
  return { tenon, clock, [Symbol.asyncDispose]: () => tenon.stop() };
}

/**
 * Resolves when no effect is under way at the present time, but for those that wait for a window of their provider.
 * Rejects if that does not come.
 */
export async function settled({ tenon }: Driven): Promise<void> {
  const startedMs = performance.now();
  const { runtime, budgets, rowLanes } = tenon.running.services;
  const { dispatcher } = runtime;
  for (;;) {
    await flush();
    if (dispatcher.inFlightCount <= budgets.waitingForTimeCount + rowLanes.waitingForTimeCount) return;
    if (performance.now() - startedMs > STUCK_AFTER_MS) {
      throw new Error(`${dispatcher.inFlightCount} effects neither settle nor wait for an alarm`);
    }
  }
}

/**
 * Moves the clock from alarm to alarm until `isReached`, which is asked whenever nothing is under way. Rejects with
 * `what` if it is not reached within `withinMs` of the driven clock.
 */
export async function until(
  driven: Driven,
  what: string,
  isReached: () => boolean | Promise<boolean>,
  withinMs = HOUR_MS,
): Promise<void> {
  const { clock } = driven;
  const endMs = clock.nowMs() + withinMs;
  for (;;) {
    await settled(driven);
    if (await isReached()) return;
    const nextAtMs = clock.nextAtMs;
    if (nextAtMs === null || nextAtMs > endMs) throw new Error(`not reached: ${what}`);
    await clock.advanceTo(nextAtMs);
  }
}

/** Lets `ms` pass, everything that falls due on the way included. */
export async function pass(driven: Driven, ms: number): Promise<void> {
  const { clock } = driven;
  const endMs = clock.nowMs() + ms;
  await until(driven, '', () => clock.nextAtMs === null || clock.nextAtMs > endMs, ms);
  await clock.advanceTo(endMs);
  await settled(driven);
}

/** A manifest as text; JSON is YAML. */
export function manifest(...integrations: readonly JsonObject[]): string {
  return JSON.stringify({ specVersion: '1.0.0', integrations });
}

/** One object of a read action: everything from the beginning, then every ten minutes. */
export function readObject(objectName: string, differences: JsonObject = {}): JsonObject {
  return {
    objectName,
    destination: 'hook',
    schedule: '*/10 * * * *',
    backfill: { defaultPeriod: { fullHistory: true } },
    requiredFields: [{ fieldName: objectName === 'contacts' ? 'email' : 'name' }],
    ...differences,
  };
}

/** An integration named like its provider. */
export function integration(provider: 'hubspot' | 'salesforce', ...objects: readonly JsonObject[]): JsonObject {
  return { name: provider, provider, proxy: { enabled: true }, read: { objects } };
}

/** Connects a customer and installs an integration with default choices for its objects. */
export async function installed(
  { tenon }: Driven,
  provider: 'hubspot' | 'salesforce',
  objects: Readonly<Record<string, JsonObject>>,
  groupRef = 'acme',
): Promise<Published> {
  await tenon.connect(provider, { groupRef, ...(provider === 'salesforce' ? { workspace: groupRef } : {}) });
  return tenon.install(provider, { provider, read: { objects } }, groupRef);
}

/** The operations of an installation, newest first. */
export async function operations({ tenon }: Driven, provider: string, installationId: string): Promise<Operation[]> {
  const path = tenon.inProject(`/integrations/${provider}/installations/${installationId}/operations`);
  return (await tenon.ok<{ results: Operation[] }>('GET', path)).results;
}

export interface Operation {
  readonly id: string;
  readonly status: string;
  readonly result?: string;
  readonly metadata: {
    readonly objects: readonly string[];
    readonly readType: string;
    readonly progress: { readonly recordsProcessed: number };
  };
  readonly [key: string]: JsonValue | undefined | object;
}
