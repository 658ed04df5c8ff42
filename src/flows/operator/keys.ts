// Which master key seals how much, and the rotation: everything that is stored sealed is sealed anew with a new key,
// while others read and write it, and the old key goes. What a crash leaves behind, step by step:
//
//   1. The file gets the new key before the old one. Crash: both are there, nothing is sealed with the new one.
//   2. A canary of the new key is committed beside the old one. From here a start without either key is refused, also
//      one with what the file or the environment held before.
//   3. The new key seals. Every row opens with one of the two keys, whichever sealed it.
//   4. Rows are sealed anew in small commits, each only where it still holds what was read: a row that was written
//      meanwhile is sealed with the new key already. Crash: some are, some are not, and both keys are there.
//   5. Only when a pass over all tables found nothing to do, the canary of the old key goes,
//   6. and then the old key. Crash before: a key is there that nothing needs; the next rotation takes it away.
//
// Run again after a crash, a rotation first completes the one before and makes no further key. With TENON_MASTER_KEY
// an operator does the first and the last step, by restarting.
//
// Invariant: a key goes only when neither a row nor a step on its way to the disk is sealed with it. The latter pass
// `Vault.renewed` on their way to their commit.

import { readKeyFile, writeKeyFile } from '../../auth/keyFile.ts';
import type { KeySource } from '../../auth/masterKeys.ts';
import { createVault, keyIdOf, type MasterKey, newMasterKey, type Vault } from '../../auth/vault.ts';
import { IntegrationError } from '../../core/errors.ts';
import { OPERATOR_LIST_MAX, RESEAL_ROWS_PER_STEP } from '../../core/limits.ts';
import type { Reads, RowWrite } from '../../store/port.ts';
import type { Store } from '../../store/store.ts';
import {
  putCanaries,
  putDownloadKey,
  readCanaries,
  readDownloadKey,
  readSealed,
  resealRow,
  SEALED_TABLES,
  type SealedRow,
  type SealedTable,
} from '../../store/tables/sealed.ts';
import { DOWNLOAD_KEY_PLACE } from '../deliver/download.ts';
import type { Services } from '../services.ts';
import { placeOf } from './sealedPlaces.ts';

/** Rows per table; `meta` has what tells the right key at a start, and the key of download links. */
type RowCounts = Readonly<Partial<Record<SealedTable | 'meta', number>>>;

export interface KeysView {
  /** Null: the keys come from TENON_MASTER_KEY. */
  readonly path: string | null;
  /** Those that are configured, the one that seals first; then those that are missing. */
  readonly keys: readonly KeyView[];
}

export interface KeyView {
  readonly keyId: string;
  readonly isConfigured: boolean;
  /** What is sealed now, is sealed with it. */
  readonly isCurrent: boolean;
  readonly rows: RowCounts;
}

/** What a rotation has done. */
export interface Rotated {
  readonly path: string | null;
  /** What everything is sealed with now. */
  readonly keyId: string;
  /** False if a rotation from before was completed. */
  readonly isNewKey: boolean;
  /** Sealed anew. */
  readonly rows: RowCounts;
  /** They open with no key, were left as they are, and keep the old keys. The first of them are named. */
  readonly unopened: { readonly count: number; readonly rows: readonly UnopenedRow[] };
  /** Taken out of the file. */
  readonly removedKeyIds: readonly string[];
  /** Old keys that are still configured. */
  readonly keptKeyIds: readonly string[];
}

export interface UnopenedRow {
  readonly table: SealedTable;
  readonly id: string;
}

/** Counts what every key seals, a turn of the event loop at a time. Opens nothing, so it needs no key. */
export async function listKeys(reads: Reads, source: KeySource, keyIds: readonly string[]): Promise<KeysView> {
  const counts = new Map<string, Record<string, number>>(keyIds.map((keyId) => [keyId, {}]));
  const count = (envelope: Uint8Array, table: string) => {
    const keyId = keyIdOf(envelope) ?? 'unreadable';
    const rows = counts.get(keyId) ?? {};
    rows[table] = (rows[table] ?? 0) + 1;
    counts.set(keyId, rows);
  };
  for (const table of SEALED_TABLES) {
    for await (const rows of windowsOf(reads, table)) for (const { sealed } of rows) if (sealed) count(sealed, table);
  }
  const downloadKey = readDownloadKey(reads);
  for (const envelope of [...readCanaries(reads), ...(downloadKey === null ? [] : [downloadKey])]) {
    count(envelope, 'meta');
  }
  return {
    path: pathOf(source),
    keys: [...counts].map(([keyId, rows]) => ({
      keyId,
      isConfigured: keyIds.includes(keyId),
      isCurrent: keyId === keyIds[0],
      rows,
    })),
  };
}

/** Committed before anything is sealed with the current key: from then on a start without that key is refused. */
export async function ensureCanary(store: Store, vault: Vault): Promise<void> {
  const canaries = readCanaries(store.reads);
  if (canaries.some((canary) => keyIdOf(canary) === vault.ring.current.id)) return;
  await store.commit([putCanaries([vault.sealCanary(), ...canaries])]);
}

/** The master keys of a process that has the data, changed by nobody else. */
export class KeyRotation {
  readonly #services: Pick<Services, 'store' | 'vault' | 'log'>;
  readonly #source: KeySource;
  #underWay: Promise<Rotated> | null = null;
  #isStopped = false;

  constructor(services: Pick<Services, 'store' | 'vault' | 'log'>, source: KeySource) {
    this.#services = services;
    this.#source = source;
  }

  list(): Promise<KeysView> {
    const { store, vault } = this.#services;
    return listKeys(store.reads, this.#source, idsOf(vault.ring.masters));
  }

  /**
   * Seals everything anew; whoever asks while one is under way is answered with that. Rejects with `conflict` if the
   * environment gives no further key or the file was changed meanwhile, `storage_unavailable` if disk or server stop
   * it; it may then be called again.
   */
  rotate(): Promise<Rotated> {
    this.#underWay ??= this.#rotate().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Ends one that is under way after its next commit. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#underWay?.catch(() => {});
  }

  async #rotate(): Promise<Rotated> {
    const earlier = await this.#finish(false);
    const { ring } = this.#services.vault;
    const hadWork = Object.keys(earlier.rows).length > 0 || earlier.removedKeyIds.length > 0;
    if (hadWork) return this.#told(earlier);
    if (this.#source.kind === 'file') {
      await this.#begin(this.#source.path);
      return this.#told(await this.#finish(true));
    }
    if (ring.masters.length > 1) return earlier;
    throw new IntegrationError('conflict', 'everything is sealed with the only key in TENON_MASTER_KEY', {
      remedy: 'Put a new one before it (openssl rand -base64 32), with a comma, restart, and run this again.',
    });
  }

  #told(rotated: Rotated): Rotated {
    this.#services.log.info({ ...rotated, unopened: rotated.unopened.count }, 'everything was sealed anew');
    return rotated;
  }

  /** Makes a new key, or takes the one that a failed attempt or an operator has put before ours, and seals with it. */
  async #begin(path: string): Promise<void> {
    const { store, vault } = this.#services;
    const { masters } = vault.ring;
    const found = readKeyFile(path)?.keys ?? [];
    const [first, ...others] = found;
    const isPrepared = first !== undefined && isSame(others, masters);
    if (!isPrepared) assertUnchanged(path, found, masters);
    const next = isPrepared ? first : newMasterKey();
    writeKeyFile(path, [next, ...masters]);
    await store.commit([putCanaries([createVault([next]).sealCanary(), ...readCanaries(store.reads)])]);
    vault.ring.add(next);
  }

  /** Seals with the first key whatever is not, and takes the others away if nothing needs them. */
  async #finish(isNewKey: boolean): Promise<Rotated> {
    const { store, vault } = this.#services;
    // What was sealed before the first key took over and is on its way to the disk is there when this is: commits keep
    // their order. What comes to the store from now on is sealed with the first key.
    await store.commit([]);
    await ensureCanary(store, vault);
    const rows: Record<string, number> = {};
    let unopened: UnopenedRow[] = [];
    for (let isDone = false; !isDone; ) {
      unopened = [];
      isDone = true;
      for (const table of SEALED_TABLES) {
        const count = await this.#sweep(table, unopened);
        if (count === 0) continue;
        rows[table] = (rows[table] ?? 0) + count;
        isDone = false;
      }
    }
    let removed: readonly MasterKey[] = [];
    if (unopened.length === 0) {
      const meta = await this.#resealMeta();
      if (meta > 0) rows['meta'] = meta;
      // The log still has rows as they were before.
      if (Object.keys(rows).length > 0) await store.vacuum(0);
      removed = this.#removeOthers();
    }
    return {
      path: pathOf(this.#source),
      keyId: vault.ring.current.id,
      isNewKey,
      rows,
      unopened: { count: unopened.length, rows: unopened.slice(0, OPERATOR_LIST_MAX) },
      removedKeyIds: idsOf(removed),
      keptKeyIds: idsOf(vault.ring.masters.slice(1)),
    };
  }

  /**
   * One pass over one table. Rows that an actor owns change only in its commits, because they are part of what it
   * decides. Here nothing that was decided changes: the same secret of the same generation is written in other bytes,
   * and only where the row still holds the bytes that were read, so that this can neither undo a commit of the actor
   * nor come between two of them.
   */
  async #sweep(table: SealedTable, unopened: UnopenedRow[]): Promise<number> {
    const { store } = this.#services;
    let count = 0;
    for await (const rows of windowsOf(store.reads, table)) {
      if (this.#isStopped) {
        throw new IntegrationError('storage_unavailable', 'the server stops before everything is sealed anew', {
          remedy: 'Run `tenon master-keys rotate` again: it goes on.',
        });
      }
      const writes = rows.flatMap((row) => this.#reseal(table, row, unopened));
      if (writes.length > 0) await store.commit(writes);
      count += writes.length;
    }
    return count;
  }

  #reseal(table: SealedTable, row: SealedRow, unopened: UnopenedRow[]): RowWrite[] {
    const { vault } = this.#services;
    const { id, sealed } = row;
    if (sealed === null || keyIdOf(sealed) === vault.ring.current.id) return [];
    try {
      const place = placeOf(table, row);
      return [resealRow(table, id, vault.seal(vault.open(sealed, place), place), sealed)];
    } catch {
      unopened.push({ table, id });
      return [];
    }
  }

  /** The old canaries go last of all rows: until then a start without their keys must be refused. */
  async #resealMeta(): Promise<number> {
    const { store, vault } = this.#services;
    const isOld = (envelope: Uint8Array) => keyIdOf(envelope) !== vault.ring.current.id;
    const canaries = readCanaries(store.reads);
    const downloadKey = readDownloadKey(store.reads);
    const writes: RowWrite[] = [];
    if (downloadKey !== null && isOld(downloadKey)) {
      writes.push(putDownloadKey(vault.seal(vault.open(downloadKey, DOWNLOAD_KEY_PLACE), DOWNLOAD_KEY_PLACE)));
    }
    if (canaries.some(isOld)) writes.push(putCanaries([vault.sealCanary()]));
    if (writes.length > 0) await store.commit(writes);
    return writes.length;
  }

  #removeOthers(): readonly MasterKey[] {
    const { vault } = this.#services;
    if (this.#source.kind !== 'file' || vault.ring.masters.length === 1) return [];
    const { path } = this.#source;
    assertUnchanged(path, readKeyFile(path)?.keys ?? [], vault.ring.masters);
    writeKeyFile(path, [vault.ring.current]);
    return vault.ring.retireOthers();
  }
}

/** A turn of the event loop before each window: others come first. */
async function* windowsOf(reads: Reads, table: SealedTable): AsyncGenerator<readonly SealedRow[]> {
  for (let after = 0; ; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const rows = readSealed(reads, table, after, RESEAL_ROWS_PER_STEP);
    yield rows;
    if (rows.length < RESEAL_ROWS_PER_STEP) return;
    after = rows.at(-1)?.row ?? after;
  }
}

/** A key that somebody has put there since the start would be lost by writing the file anew. */
function assertUnchanged(path: string, found: readonly MasterKey[], masters: readonly MasterKey[]): void {
  if (isSame(found, masters)) return;
  throw new IntegrationError('conflict', `${path} does not hold the keys that this process started with`, {
    remedy: 'Bring back what it held, or restart with what it holds, and run this again.',
  });
}

function isSame(some: readonly MasterKey[], others: readonly MasterKey[]): boolean {
  return some.length === others.length && some.every(({ id }, index) => id === others[index]?.id);
}

function idsOf(keys: readonly MasterKey[]): readonly string[] {
  return keys.map(({ id }) => id);
}

function pathOf(source: KeySource): string | null {
  return source.kind === 'file' ? source.path : null;
}
