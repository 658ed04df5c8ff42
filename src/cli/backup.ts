// `tenon backup FILE`: a consistent copy of all data while the server goes on serving. The file gets its name only when
// it was read back and found whole.

import { createWriteStream, existsSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { monotonicMs, SECOND_MS, systemClock } from '../core/time.ts';
import { counted } from '../flows/operator/times.ts';
import { copyDatabase, diskError, removeDatabase, syncFile } from '../store/backup.ts';
import { type BackupFacts, readBackup } from '../store/backupFile.ts';
import { takeOwnerLock } from '../store/ownerLock.ts';
import { databaseOf, type OperatorOptions, ownerOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface BackupOptions extends OperatorOptions {
  readonly force?: boolean | undefined;
}

/**
 * Rejects with `conflict` if the file exists (unless forced) or another backup is being made, `invalid_input` if it
 * must not be replaced, `storage_unavailable` if it cannot be written; then nothing is left of it.
 */
export async function backup(env: Env, file: string, options: BackupOptions): Promise<void> {
  const startMs = monotonicMs();
  const { dataFolder } = readConfig(env);
  if (existsSync(file)) {
    assertReplaceable(file, dataFolder);
    if (options.force !== true) {
      throw new IntegrationError('conflict', `${file} exists already`, {
        remedy: 'Choose another name, or pass --force to replace it.',
      });
    }
  }
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  let facts: BackupFacts;
  try {
    await writeCopy(env, dataFolder, partial, options);
    facts = readBackup(partial);
    syncFile(partial);
    renameSync(partial, file);
    syncFile(dirname(resolve(file)));
  } catch (error) {
    removeDatabase(partial);
    throw diskError(error, `${file} could not be written`);
  }
  printSummary(file, facts, monotonicMs() - startMs);
}

/** A slip must cost neither the database that is in use nor its key. */
function assertReplaceable(file: string, dataFolder: string): void {
  const isInUse = existsSync(dataFolder) && dirname(realpathSync(file)) === realpathSync(dataFolder);
  if (!isInUse && statSync(file).isFile()) return;
  const what = isInUse ? 'is in the data folder' : 'is not a file';
  throw new IntegrationError('invalid_input', `${file} ${what} and is not replaced`, {
    remedy: 'Choose another name.',
  });
}

/** Asked first whether a server runs: older data, which only a server may change, is copied as it is. */
async function writeCopy(env: Env, dataFolder: string, path: string, options: BackupOptions): Promise<void> {
  if (options.url === undefined && ownerOf(dataFolder) === null) return copyFolder(dataFolder, path);
  return withOperator(env, options, (operator) =>
    operator.kind === 'server'
      ? saveBody(operator.server.download('/backup'), path)
      : copyFolder(operator.folder.config.dataFolder, path),
  );
}

/** Other users of the machine may not read it: it holds customers' records and sealed credentials. */
async function saveBody(body: Promise<ReadableStream<Uint8Array>>, path: string): Promise<void> {
  await pipeline(await body, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
}

/** With the owner lock, so that no server starts meanwhile. */
async function copyFolder(folder: string, copyPath: string): Promise<void> {
  const path = databaseOf(folder);
  const lock = takeOwnerLock(folder);
  try {
    await copyDatabase({ path, copyPath, madeAtMs: systemClock.nowMs() });
  } finally {
    lock.release();
  }
}

function printSummary(file: string, { installations, connections }: BackupFacts, ms: number): void {
  const megabytes = (statSync(file).size / 1_000_000).toFixed(1);
  printLine(`${styled('green', 'backed up')}  ${file}  ${megabytes} MB in ${(ms / SECOND_MS).toFixed(1)} s`);
  printLine(`${counted(installations, 'installation')}, ${counted(connections, 'connection')}, checked and on disk`);
  printLine();
  printLine('The master key (TENON_MASTER_KEY, or master.key in the data folder) is NOT in it. Keep it elsewhere:');
  printLine('without it the credentials in this backup cannot be opened, and with it whoever has both can open them.');
}
