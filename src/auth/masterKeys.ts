// Where the master keys of a process come from, and whether they are the ones that its data is sealed with. Asked
// before anything is written. Invariant: where something is sealed no key is ever made up: a start without the right
// keys is refused and changes nothing. Only data that nothing was sealed in yet gets a key of its own.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { IntegrationError } from '../core/errors.ts';
import type { Reads } from '../store/port.ts';
import { readCanaries } from '../store/tables/sealed.ts';
import { readKeyFile, removeUnfinishedKeyFile, writeKeyFile } from './keyFile.ts';
import { createVault, keyIdOf, type MasterKey, newMasterKey, parseMasterKey, type Vault } from './vault.ts';

/** The parts of the configuration that say it. */
export interface KeySettings {
  readonly masterKeys: readonly string[];
  readonly dataFolder: string;
}

/** The environment cannot be changed by the process, the file can. */
export type KeySource = { readonly kind: 'environment' } | { readonly kind: 'file'; readonly path: string };

export interface GivenKeys {
  readonly source: KeySource;
  /** The first seals. Empty if neither the environment nor the file gives one. */
  readonly keys: readonly MasterKey[];
  readonly warnings: readonly string[];
}

export interface OpenedVault {
  readonly vault: Vault;
  readonly source: KeySource;
  readonly warnings: readonly string[];
}

/** From TENON_MASTER_KEY, else from the file. Rejects with `invalid_input` what is malformed, and as `readKeyFile`. */
export function readMasterKeys({ masterKeys, dataFolder }: KeySettings): GivenKeys {
  if (masterKeys.length > 0) {
    return { source: { kind: 'environment' }, keys: masterKeys.map(parseVariable), warnings: [] };
  }
  const path = keyPath(dataFolder);
  const { keys, warnings } = readKeyFile(path) ?? { keys: [], warnings: [] };
  return { source: { kind: 'file', path }, keys, warnings };
}

/**
 * The vault for data whose committed rows are `reads`, null for a new folder; the caller has the owner lock. Rejects
 * with `invalid_input` if the keys are not those of the data; then nothing was written.
 */
export function openVault(settings: KeySettings, reads: Reads | null): OpenedVault {
  const { source, keys, warnings } = readMasterKeys(settings);
  const canaries = reads === null ? [] : readCanaries(reads);
  // A start that was interrupted before its first canary has sealed nothing, and is to be repeated.
  const isNew = keys.length === 0 && canaries.length === 0;
  if (source.kind === 'file') removeUnfinishedKeyFile(source.path);
  if (isNew && source.kind === 'file') {
    const key = newMasterKey();
    writeKeyFile(source.path, [key]);
    return { vault: createVault([key]), source, warnings };
  }
  assertOpen(keys, canaries, `the data in ${settings.dataFolder}`, remedyFor(source, settings));
  return { vault: createVault(keys), source, warnings };
}

/** Rejects with `invalid_input` unless all `canaries` open. `what` they were found in is named to the reader. */
export function assertOpen(
  keys: readonly MasterKey[],
  canaries: readonly Uint8Array[],
  what: string,
  remedy: string,
): void {
  const given = keys.map(({ id }) => id);
  const needed = canaries.map((canary) => keyIdOf(canary) ?? 'unknown');
  const missing = needed.filter((id) => !given.includes(id));
  if (missing.length > 0) {
    const here = given.length === 0 ? 'there is no key here' : `the key here is ${given.join(', ')}`;
    const needs = `${what} is sealed with master key ${missing.join(', ')}, and ${here}`;
    throw new IntegrationError('invalid_input', needs, { remedy });
  }
  if (canaries.length === 0) return;
  const vault = createVault(keys);
  for (const canary of canaries) {
    try {
      vault.checkCanary(canary);
    } catch (cause) {
      throw new IntegrationError('invalid_input', `${what} is damaged: what its master key is known by does not open`, {
        remedy: 'Restore a backup.',
        cause,
      });
    }
  }
}

function remedyFor(source: KeySource, { dataFolder }: KeySettings): string {
  const path = keyPath(dataFolder);
  const change = 'Nothing was changed; `tenon master-keys list` says what is sealed with which key.';
  if (source.kind === 'file') return `Bring it back as ${path} or in TENON_MASTER_KEY. ${change}`;
  const ignored = existsSync(path) ? ` (${path} is not read while that is set)` : '';
  return `Give it in TENON_MASTER_KEY, behind a new one if there is one${ignored}. ${change}`;
}

function parseVariable(text: string, index: number): MasterKey {
  try {
    return parseMasterKey(text);
  } catch (cause) {
    const which = `key ${index + 1} in TENON_MASTER_KEY is not a master key (32 bytes as base64 or hex)`;
    throw new IntegrationError('invalid_input', which, { remedy: 'Make one with: openssl rand -base64 32', cause });
  }
}

function keyPath(dataFolder: string): string {
  return join(dataFolder, 'master.key');
}
