// `tenon master-keys list` and `tenon master-keys rotate`: the master keys that stored secrets are sealed with. On a
// running server, or on the data folder itself, with the keys of this environment.

import process from 'node:process';
import { type OpenedVault, openVault, readMasterKeys } from '../auth/masterKeys.ts';
import { invariant } from '../core/errors.ts';
import { KEYS_ROTATE_TIMEOUT_MS } from '../core/limits.ts';
import { silentLog } from '../core/log.ts';
import { KeyRotation, type KeysView, type KeyView, listKeys, type Rotated } from '../flows/operator/keys.ts';
import { counted } from '../flows/operator/times.ts';
import type { ViewOptions } from './actor.ts';
import { widthOf, wrapped } from './layout.ts';
import { ask, type DataFolder, withOperator } from './operator.ts';
import { printLine, printWarning, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What `keys rotate` exits with where rows keep an old key. */
const EXIT_INCOMPLETE = 1;

/** Needs no key: also for a folder whose keys are missing. */
export async function listMasterKeys(env: Env, options: ViewOptions): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask(operator, { method: 'GET', path: '/keys', timeoutMs: KEYS_ROTATE_TIMEOUT_MS, offline: listOffline }),
  );
  if (options.json === true) printLine(JSON.stringify(view, null, 2));
  else printKeys(view);
}

/** Rejects as `KeyRotation.rotate`, and with `invalid_input` if the keys here are not those of the folder. */
export async function rotateMasterKeys(env: Env, options: ViewOptions): Promise<void> {
  const rotated = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'POST',
      path: '/keys/rotate',
      timeoutMs: KEYS_ROTATE_TIMEOUT_MS,
      offline: rotateOffline,
    }),
  );
  if (rotated.unopened.count > 0) process.exitCode = EXIT_INCOMPLETE;
  if (options.json === true) printLine(JSON.stringify(rotated, null, 2));
  else printRotated(rotated);
}

function listOffline({ config, look }: DataFolder): Promise<KeysView> {
  const { source, keys, warnings } = readMasterKeys(config);
  for (const warning of warnings) printWarning(warning);
  return listKeys(
    look.store.reads,
    source,
    keys.map(({ id }) => id),
  );
}

/** With the owner lock, so that no server seals anything meanwhile. */
async function rotateOffline({ config, store }: DataFolder): Promise<Rotated> {
  const parts: { opened?: OpenedVault } = {};
  const owned = await store((reads) => {
    parts.opened = openVault(config, reads);
  });
  const { opened } = parts;
  invariant(opened !== undefined, 'T-4002', 'a store was opened without its keys');
  for (const warning of opened.warnings) printWarning(warning);
  return new KeyRotation({ store: owned, vault: opened.vault, log: silentLog() }, opened.source).rotate();
}

function printKeys({ path, keys }: KeysView): void {
  printLine(`${styled('bold', 'master keys')}  from ${path ?? 'TENON_MASTER_KEY'}`);
  for (const key of keys) {
    const total = sumOf(key.rows);
    const tables = Object.entries(key.rows).map(([table, count]) => `${table} ${count.toLocaleString('en-US')}`);
    const detail = total === 0 ? '' : ` (${tables.join(', ')})`;
    printLine(`  ${key.keyId}  ${stateOf(key, total)}: ${counted(total, 'row')}${detail}`);
  }
  const old = keys.filter(({ isCurrent, isConfigured, rows }) => isConfigured && !isCurrent && sumOf(rows) > 0);
  if (old.length > 0)
    printLine('`tenon master-keys rotate` seals everything with the first; until then all are needed.');
}

function stateOf({ isConfigured, isCurrent }: KeyView, total: number): string {
  if (!isConfigured) return styled('red', 'missing');
  if (isCurrent) return styled('green', 'seals');
  return total === 0 ? 'not needed' : styled('yellow', 'needed');
}

function printRotated(rotated: Rotated): void {
  const { keyId, rows, isNewKey, path } = rotated;
  printLine(`${styled('green', 'sealed anew')}  ${counted(sumOf(rows), 'row')}, with master key ${keyId}`);
  const width = widthOf(Object.keys(rows));
  for (const [table, count] of Object.entries(rows)) printLine(`  ${table.padEnd(width)}  ${count}`);
  printLine();
  if (rotated.unopened.count > 0) printUnopened(rotated);
  else printRemoval(rotated);
  if (path === null) return;
  if (isNewKey) printLine(`Keep a copy of ${path} elsewhere: it has a new key, and backups do not contain it.`);
  else printLine('This completes a rotation from before. Run it again for a new key.');
}

/** Backups hold what was sealed when they were made. */
function printRemoval({ path, removedKeyIds, keptKeyIds }: Rotated): void {
  const needed = 'Backups from before need it: keep your copy of it as long as them, and make a new backup.';
  if (path === null) {
    printLine(`Nothing is sealed with ${keptKeyIds.join(', ')} any more. Leave only the first key in TENON_MASTER_KEY`);
    printLine(`and restart. ${needed}`);
  }
  for (const keyId of removedKeyIds) printLine(`Master key ${keyId} was removed from ${path}. ${needed}`);
}

function printUnopened({ unopened }: Rotated): void {
  printLine(`${styled('red', counted(unopened.count, 'row'))} could not be opened and is as it was:`);
  for (const { table, id } of unopened.rows) printLine(`  ${table}  ${id}`);
  const remedy =
    'The old keys are kept. Have the customer connect again, or delete what is damaged, and run this again.';
  printLine(wrapped(remedy));
}

function sumOf(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}
