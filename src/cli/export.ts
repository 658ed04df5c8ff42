// `tenon export`: a project as lines of JSON. With secrets only of a folder that no server runs on: what a server did
// after the export would be done again by the Tenon that goes on from it, refresh tokens spent twice among it.

import { closeSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { readMasterKeys } from '../auth/masterKeys.ts';
import { passphraseSeal } from '../auth/passphrase.ts';
import { createVault } from '../auth/vault.ts';
import { type Config, readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { EXPORT_COPY_BYTES } from '../core/limits.ts';
import { systemClock } from '../core/time.ts';
import { exportLines, type Seals } from '../flows/operator/exportFile.ts';
import { counted } from '../flows/operator/times.ts';
import { openMoment } from '../store/moving.ts';
import { takeOwnerLock } from '../store/ownerLock.ts';
import { readProject, readProjects } from '../store/tables/accounts.ts';
import { databaseOf, openReads, ownerOf } from './operator.ts';
import { passphraseFrom } from './passphrase.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface ExportOptions {
  readonly project?: string | undefined;
  readonly withSecrets?: boolean | undefined;
  readonly passphraseFile?: string | undefined;
}

/** Rejects with `conflict` if the file exists, or a server runs where secrets are wanted; then nothing is left. */
export async function exportProject(env: Env, file: string, options: ExportOptions): Promise<void> {
  const config = readConfig(env);
  const { dataFolder } = config;
  databaseOf(dataFolder);
  const isWhole = options.withSecrets === true;
  if (isWhole && ownerOf(dataFolder) !== null) {
    throw new IntegrationError('conflict', 'a server runs on the data folder and goes on after the export', {
      remedy: 'Stop it first: two with the same credentials spend each other’s refresh tokens.',
    });
  }
  const lock = isWhole ? takeOwnerLock(dataFolder) : null;
  try {
    const projectId = projectOf(dataFolder, options.project);
    const seals = isWhole ? await sealsOf(env, config, options.passphraseFile) : null;
    const lines = writeLines(file, dataFolder, projectId, seals);
    process.stderr.write(`exported ${counted(lines - 2, 'row')}${isWhole ? ', sealed with the passphrase' : ''}\n`);
  } finally {
    lock?.release();
  }
}

function projectOf(folder: string, named: string | undefined): string {
  const reads = openReads(folder);
  try {
    const [only, another] = readProjects(reads);
    const found = named === undefined ? (another === undefined ? only : undefined) : readProject(reads, named);
    if (found !== undefined) return found.projectId;
    throw new IntegrationError('not_found', named === undefined ? 'there are several projects' : 'no such project', {
      remedy: 'Name one with --project; `tenon projects list` shows them.',
    });
  } finally {
    reads.close();
  }
}

async function sealsOf(env: Env, config: Config, file: string | undefined): Promise<Seals> {
  const { keys } = readMasterKeys(config);
  return { vault: createVault(keys), seal: await passphraseSeal(await passphraseFrom(env, file, true)) };
}

/** Answers how many. A file appears for its owner alone. */
function writeLines(file: string, folder: string, projectId: string, seals: Seals | null): number {
  if (file === '-') {
    return seals === null ? printLater(folder, projectId) : writeMoment(process.stdout.fd, folder, projectId, seals);
  }
  const target = newFile(file);
  try {
    const count = writeMoment(target, folder, projectId, seals);
    fsyncSync(target);
    return count;
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(target);
  }
}

function writeMoment(target: number, folder: string, projectId: string, seals: Seals | null): number {
  const moment = openMoment(databaseOf(folder));
  let count = 0;
  try {
    for (const line of exportLines(moment, projectId, seals, systemClock.nowMs())) {
      writeWhole(target, Buffer.from(line));
      count += 1;
    }
  } finally {
    moment.close();
  }
  return count;
}

/**
 * Whoever reads a pipe may take as long as they like, and a server that runs cannot empty its log while one moment of
 * its database is being read: so the lines go to a file first.
 */
function printLater(folder: string, projectId: string): number {
  const target = unnamedFile();
  try {
    const count = writeMoment(target, folder, projectId, null);
    const chunk = Buffer.allocUnsafe(EXPORT_COPY_BYTES);
    for (let at = 0; ; ) {
      const bytes = readSync(target, chunk, 0, chunk.length, at);
      if (bytes === 0) return count;
      writeWhole(process.stdout.fd, chunk.subarray(0, bytes));
      at += bytes;
    }
  } finally {
    closeSync(target);
  }
}

/** Gone when it is closed, however this ends: it has the names of customers. */
function unnamedFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-export-'));
  try {
    return openSync(join(folder, 'lines'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A pipe that is full takes nothing for a while. */
function writeWhole(target: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(target, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

function newFile(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const detail = isThere ? `${file} exists already` : `${file} cannot be written`;
    throw new IntegrationError(isThere ? 'conflict' : 'storage_unavailable', detail, {
      remedy: 'Choose another name.',
      cause,
    });
  }
}
