// Stores in temporary folders, closed and removed when the test ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { IntegrationError } from '../../src/core/errors.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import { openStore, type Store, storeOver } from '../../src/store/store.ts';
import { startThreadWriter } from '../../src/store/threadWriter.ts';
import { FaultyWriter } from './writer.ts';

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store as the product opens it. */
export async function withStore(
  options: { readonly folder?: string; readonly writer?: 'thread' | 'inThread' } = {},
): Promise<{ store: Store; folder: string; fatal: IntegrationError[] }> {
  const folder = options.folder ?? tempFolder();
  const fatal: IntegrationError[] = [];
  const writer = options.writer ?? 'inThread';
  const store = await openStore({ folder, writer, onFatal: (error) => fatal.push(error) });
  onTestFinished(() => store.close());
  return { store, folder, fatal };
}

/** A store over a writer that fails on request, without owner lock: after a "crash" another one opens the folder. */
export async function withFaultyStore(
  folder = tempFolder(),
  kind: 'thread' | 'inThread' = 'inThread',
): Promise<{ store: Store; writer: FaultyWriter; folder: string; fatal: IntegrationError[] }> {
  const path = join(folder, 'tenon.db');
  const writer = new FaultyWriter(kind === 'thread' ? await startThreadWriter(path) : new SqliteWriter(path));
  const fatal: IntegrationError[] = [];
  const store = await storeOver(
    path,
    writer,
    (error) => fatal.push(error),
    () => {},
  );
  writer.commits = 0;
  onTestFinished(async () => {
    if (!writer.isDead) return store.close();
    store.reads.close();
    await writer.close();
  });
  return { store, writer, folder, fatal };
}
