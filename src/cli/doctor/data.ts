// Of the data folder: who may read it, the master key, the database and its disk. Looks only: nothing is opened for
// writing, and nothing is mended.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assertOpen, readMasterKeys } from '../../auth/masterKeys.ts';
import type { Config } from '../../config.ts';
import { DOCTOR_DISK_FREE_BYTES_MIN, WAL_BYTES_KEPT } from '../../core/limits.ts';
import type { Reads } from '../../store/port.ts';
import { readCanaries } from '../../store/tables/sealed.ts';
import { type Check, fail, failed, ok, warn } from './check.ts';

const MEGABYTE = 1_000_000;
const OTHERS_MAY = 0o077;
/** Damage is told by its first signs. */
const DAMAGE_LISTED_MAX = 5;

/** A folder without data is no failure: the first start makes it. */
export function checkFolder({ dataFolder }: Config): Check {
  const name = 'data folder';
  if (!existsSync(join(dataFolder, 'tenon.db'))) {
    return warn(
      name,
      `there is no Tenon data in ${dataFolder}`,
      'The first `tenon serve` makes it; or set TENON_DATA_DIR.',
    );
  }
  const mode = statSync(dataFolder).mode & OTHERS_MAY;
  if (mode === 0) return ok(name, dataFolder);
  return warn(name, `other users may look into ${dataFolder}`, `chmod 700 ${dataFolder}`);
}

/** The file is looked at before it is read: reading closes it to others. */
export function checkMasterKey(config: Config, reads: Reads): Check {
  const name = 'master key';
  const path = join(config.dataFolder, 'master.key');
  const isFile = config.masterKeys.length === 0;
  try {
    const isOpen = isFile && existsSync(path) && (statSync(path).mode & OTHERS_MAY) !== 0;
    if (isOpen) {
      return fail(
        name,
        `other users may read ${path}, and with it open the credentials`,
        `chmod 600 ${path}, and then \`tenon master-keys rotate\`.`,
      );
    }
    const { keys } = readMasterKeys(config);
    const remedy = 'Bring it back in TENON_MASTER_KEY or as master.key; `tenon master-keys list` tells what needs it.';
    assertOpen(keys, readCanaries(reads), `the data in ${config.dataFolder}`, remedy);
    const where = isFile ? path : 'TENON_MASTER_KEY';
    return ok(name, `${keys.map(({ id }) => id).join(', ')} from ${where} opens what is sealed`);
  } catch (error) {
    return failed(name, error);
  }
}

/** Reads the whole database once, which takes about a second per gigabyte. */
export function checkDatabase({ dataFolder }: Config, reads: Reads): readonly Check[] {
  const name = 'database';
  const path = join(dataFolder, 'tenon.db');
  try {
    const found = reads.all<Record<string, string>>(`PRAGMA quick_check(${DAMAGE_LISTED_MAX})`);
    const damage = found.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok');
    const references = reads.all('PRAGMA foreign_key_check').length;
    if (damage.length > 0 || references > 0) {
      const detail = damage.length > 0 ? damage.join('; ') : `${references} rows name others that are gone`;
      return [fail(name, `is damaged: ${detail}`, 'Restore a backup: tenon restore.'), ...checkDisk(dataFolder, path)];
    }
    return [ok(name, `whole, ${megabytes(statSync(path).size)}`), ...checkDisk(dataFolder, path)];
  } catch (error) {
    return [failed(name, error)];
  }
}

function checkDisk(folder: string, path: string): readonly Check[] {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const wal = existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0;
  // A backup needs the size of the database once more.
  const needed = Math.max(DOCTOR_DISK_FREE_BYTES_MIN, statSync(path).size);
  const disk =
    free >= needed
      ? ok('disk', `${megabytes(free)} free`)
      : warn('disk', `${megabytes(free)} free, and a backup needs ${megabytes(needed)}`, 'Make room.');
  const isLong = wal > 2 * WAL_BYTES_KEPT;
  return [
    disk,
    isLong
      ? warn(
          'log',
          `${megabytes(wal)}: it cannot be worked off`,
          'Look for a backup that is stuck, or restart the server.',
        )
      : ok('log', megabytes(wal)),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
}
