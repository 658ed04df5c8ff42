// `tenon restore FILE`: puts a backup in the place of the database of a data folder that no server runs on.

import { assertOpen, type GivenKeys, readMasterKeys } from '../auth/masterKeys.ts';
import { readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { systemClock } from '../core/time.ts';
import { counted, timeText } from '../flows/operator/times.ts';
import type { BackupFacts } from '../store/backupFile.ts';
import { type Restored, restoreDatabase } from '../store/restore.ts';
import { folderError } from '../store/store.ts';
import { printLine, printWarning, styled } from './print.ts';

export interface RestoreCommandOptions {
  readonly force?: boolean | undefined;
}

/** Rejects as `restoreDatabase`, and with `invalid_input` if the master key does not open the backup. */
export function restore(
  env: Readonly<Record<string, string | undefined>>,
  file: string,
  options: RestoreCommandOptions,
): void {
  const config = readConfig(env);
  const isForced = options.force === true;
  const { dataFolder: folder } = config;
  try {
    const given = readMasterKeys(config);
    const restored = restoreDatabase({ folder, file, isForced, check: (facts) => assertOpens(given, facts, file) });
    for (const warning of given.warnings) printWarning(warning);
    printSummary(folder, restored, given.keys.length > 0);
  } catch (error) {
    throw error instanceof IntegrationError ? error : folderError(folder, error);
  }
}

/** Without any key it is restored all the same, and said that one is needed. */
function assertOpens({ keys }: GivenKeys, { canaries }: BackupFacts, file: string): void {
  if (keys.length === 0) return;
  const remedy =
    'Add the one that is missing to TENON_MASTER_KEY, or as a further line to master.key in the data folder.';
  assertOpen(keys, canaries, file, remedy);
}

function printSummary(folder: string, restored: Restored, hasKey: boolean): void {
  const { madeAtMs, asidePath, installations, connections, renewableConnections } = restored;
  const made = madeAtMs === null ? 'at an unknown time' : timeText(madeAtMs, systemClock.nowMs());
  printLine(`${styled('green', 'restored')}  ${folder}  as it was ${made}`);
  printLine(`${counted(installations, 'installation')}, ${counted(connections, 'connection')}`);
  if (asidePath !== null) printLine(`The database that was here is kept as ${asidePath}`);
  if (renewableConnections > 0) {
    const warning = styled('yellow', 'Refresh tokens may be spent.');
    printLine();
    printLine(`${warning} Connections that can renew their tokens: ${renewableConnections}. Where a provider takes a`);
    printLine('refresh token once only, one that was used since the backup is refused now; that customer must connect');
    printLine('again. Such connections turn to bad_credentials when they are next used.');
  }
  if (!hasKey) {
    printLine();
    printLine('There is no master key here. Put the one that belongs to this backup in TENON_MASTER_KEY or in');
    printLine(`master.key of ${folder} before you start; a new one cannot open the credentials.`);
  }
}
