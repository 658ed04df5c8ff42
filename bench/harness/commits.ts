// What benches of committed steps share: senders that keep many commits under way, a store whose writer is listened to,
// and the baseline, which runs what that writer got on SQLite directly.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Step } from '../../src/store/port.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import { STATEMENTS } from '../../src/store/statements.ts';
import { type Store, storeOver } from '../../src/store/store.ts';
import { startThreadWriter } from '../../src/store/threadWriter.ts';

/** Steps as they reached a writer: each group became one transaction. */
export type Groups = readonly (readonly Step[])[];

/** A folder for the time of `work`. */
export async function inFolder<Outcome>(work: (folder: string) => Promise<Outcome> | Outcome): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The store at `path` as the product runs it, without an owner lock; `groups` gets what is written from now on. */
export async function recordedStore(
  path: string,
  writer: 'thread' | 'inThread' = 'thread',
): Promise<{ store: Store; groups: (readonly Step[])[] }> {
  const inner = writer === 'thread' ? await startThreadWriter(path) : new SqliteWriter(path);
  const groups: (readonly Step[])[] = [];
  const write = inner.write.bind(inner);
  inner.write = async (steps) => {
    groups.push(steps);
    const outcome = await write(steps);
    // Answered in a microtask, the next group would follow at once, and the event loop never come round under load.
    if (writer === 'inThread') await setImmediate();
    return outcome;
  };
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await storeOver(path, inner, onFatal, () => {});
  groups.length = 0;
  return { store, groups };
}

/** Calls `send` with 0, 1, … until `count`, of which `inFlight` at a time wait for their promise. */
export async function sendAll(count: number, inFlight: number, send: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
}

/**
 * Runs the same statements with the same values in the same groups on SQLite alone: no machine, no actor, no thread,
 * no savepoint per step. Answers how long that took.
 */
export function rawCommitsMs(path: string, groups: Groups): number {
  const database = openForWriting(path);
  const prepared = new Map<string, Database.Statement>();
  for (const [name, sql] of STATEMENTS) prepared.set(name, database.prepare(sql));
  const startedMs = performance.now();
  for (const steps of groups) {
    database.exec('BEGIN IMMEDIATE');
    for (const { writes } of steps) {
      for (const { statement, params } of writes) prepared.get(statement)?.run(...params);
    }
    database.exec('COMMIT');
  }
  const elapsedMs = performance.now() - startedMs;
  database.close();
  return elapsedMs;
}
