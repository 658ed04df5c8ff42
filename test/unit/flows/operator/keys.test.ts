// The rotation of master keys: whatever is written while it goes on and wherever it ends, every row opens with the keys
// that are configured, and a key that anything is sealed with is never taken away.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CREDENTIAL_PURPOSE } from '../../../../actors/tokenManager.ts';
import { readKeyFile } from '../../../../src/auth/keyFile.ts';
import { type OpenedVault, openVault } from '../../../../src/auth/masterKeys.ts';
import { createVault, keyIdOf, type MasterKey, newMasterKey, type Vault } from '../../../../src/auth/vault.ts';
import { actorIdOf, type ConnectionId, newId, type ProjectId } from '../../../../src/core/ids.ts';
import { RESEAL_ROWS_PER_STEP } from '../../../../src/core/limits.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { HOUR_MS } from '../../../../src/core/time.ts';
import { PARKED_PURPOSE } from '../../../../src/flows/connect/parked.ts';
import { answerPlace } from '../../../../src/flows/connect/refresh.ts';
import { DOWNLOAD_KEY_PLACE, openDownloadKey } from '../../../../src/flows/deliver/download.ts';
import { signingPlace } from '../../../../src/flows/destinations.ts';
import { ensureCanary, KeyRotation, listKeys, type Rotated } from '../../../../src/flows/operator/keys.ts';
import { placeOf } from '../../../../src/flows/operator/sealedPlaces.ts';
import { clientSecretPlace, webhookSecretPlace } from '../../../../src/flows/providerApps.ts';
import { subscriptionPlace } from '../../../../src/flows/subscribe/places.ts';
import type { Reads, RowWrite } from '../../../../src/store/port.ts';
import { openForReading } from '../../../../src/store/sqlite.ts';
import { openStore, type Store } from '../../../../src/store/store.ts';
import {
  type DestinationRow,
  insertDestination,
  insertProviderApp,
  type ProviderAppRow,
  readDestinationById,
  readProviderApp,
  setWebhookSecret,
  updateDestination,
  updateProviderApp,
} from '../../../../src/store/tables/accounts.ts';
import { insertOauthState, putCredential, readCredential } from '../../../../src/store/tables/connections.ts';
import { insertEffect, setEffectResult } from '../../../../src/store/tables/effects.ts';
import { readCanaries, readDownloadKey, readSealed, SEALED_TABLES } from '../../../../src/store/tables/sealed.ts';
import { beginSubscription, settleSubscription } from '../../../../src/store/tables/subscriptions.ts';
import { manifest, pass, startDriven } from '../../../support/drive.ts';
import { tempFolder } from '../../../support/store.ts';

const CREDENTIALS = RESEAL_ROWS_PER_STEP + 20;
const EFFECT = {
  type: 'effect.refresh',
  connectionId: 'con-0',
  generation: 1,
  attempt: 0,
  isProbe: false,
  isAfterLoss: false,
} as const;
const projectId = newId<ProjectId>();

const credentialPlace = (connectionId: string, generation: number) => ({
  connectionId,
  generation,
  purpose: CREDENTIAL_PURPOSE,
});

/** One row at least of everything that is sealed. */
function rowsSealedBy(vault: Vault): RowWrite[] {
  const app = { provider: 'hubspot', clientId: 'id', scopes: '[]', metadata: null, externalRef: null, createdAtMs: 0 };
  const hook = { name: 'hook', type: 'webhook', metadata: '{}', createdAtMs: 0 };
  const effectId = 'credential:con-0:2:0';
  const actorId = actorIdOf('credential', 'con-0');
  const pending = vault.seal('pending', { connectionId: 'state', generation: 0, purpose: PARKED_PURPOSE });
  const asked = { installationId: 'ins', connectionId: 'con-0', status: 'success', objects: '[]' } as const;
  const state = vault.seal('{}', subscriptionPlace('ins', 1));
  return [
    beginSubscription('ins', 'con-0', 0),
    settleSubscription({ ...asked, generation: 0, sealed: state, error: null, updatedAtMs: 0 }),
    ...Array.from({ length: CREDENTIALS }, (_, n) =>
      putCredential(`con-${n}`, 1, vault.seal(`secret ${n}`, credentialPlace(`con-${n}`, 1))),
    ),
    insertProviderApp({
      ...app,
      projectId,
      providerAppId: 'app' as never,
      sealedClientSecret: vault.seal('client', clientSecretPlace('app')),
    }),
    setWebhookSecret(
      { providerAppId: 'app', projectId, updatedAtMs: null } as never,
      vault.seal('signing', webhookSecretPlace('app')),
      1,
    ),
    insertDestination({
      ...hook,
      projectId,
      destinationId: 'hook' as never,
      sealedSecrets: vault.seal('signing', signingPlace('hook')),
    }),
    insertOauthState({ stateHash: 'state', projectId, groupRef: 'acme', sealed: pending, expiresAtMs: 1 }),
    insertEffect('credential:con-0:1:0', actorId, actorId, '{"type":"effect.tellInstallations"}'),
    insertEffect(effectId, actorId, actorId, JSON.stringify(EFFECT)),
    setEffectResult(effectId, vault.seal('answer', answerPlace(EFFECT))),
  ];
}

interface Opened extends OpenedVault {
  readonly store: Store;
}

/** The data of a folder with the keys of its file, or with others, as a start opens it. */
async function open(folder: string, masterKeys: readonly string[] = []): Promise<Opened> {
  const parts: { opened?: OpenedVault } = {};
  const prepare = (reads: Reads | null) => {
    parts.opened = openVault({ masterKeys, dataFolder: folder }, reads);
  };
  const store = await openStore({ folder, writer: 'inThread', onFatal: () => {}, prepare });
  onTestFinished(() => store.close());
  if (parts.opened === undefined) throw new Error('not prepared');
  await ensureCanary(store, parts.opened.vault);
  await openDownloadKey({ store, vault: parts.opened.vault, log: silentLog() });
  return { ...parts.opened, store };
}

const rotationOf = ({ store, vault, source }: Opened) => new KeyRotation({ store, vault, log: silentLog() }, source);

/** A folder with everything sealed by the one key in its file. */
async function sealedFolder(): Promise<{ folder: string; path: string; key: MasterKey }> {
  const folder = tempFolder();
  const { store, vault } = await open(folder);
  await store.commit(rowsSealedBy(vault));
  await store.close();
  return { folder, path: join(folder, 'master.key'), key: vault.ring.current };
}

/** What `keys` do not open. */
function unopened(reads: Reads, keys: readonly MasterKey[]): string[] {
  const vault = createVault(keys);
  const downloadKey = readDownloadKey(reads);
  const checks: (readonly [what: string, run: () => unknown])[] = [
    ...readCanaries(reads).map((canary) => ['canary', () => vault.checkCanary(canary)] as const),
    ...(downloadKey === null ? [] : [['link', () => vault.open(downloadKey, DOWNLOAD_KEY_PLACE)] as const]),
    ...SEALED_TABLES.flatMap((table) =>
      readSealed(reads, table, 0, 1000).flatMap((row) => {
        const { sealed } = row;
        return sealed === null ? [] : [[`${table} ${row.id}`, () => vault.open(sealed, placeOf(table, row))] as const];
      }),
    ),
  ];
  return checks.flatMap(([what, run]) => {
    try {
      run();
      return [];
    } catch {
      return [what];
    }
  });
}

const keysIn = (path: string) => readKeyFile(path)?.keys ?? [];
const textOf = ({ bytes }: MasterKey) => bytes.toString('base64');

it('every column that is a BLOB is sealed anew', async () => {
  const { store } = await open(tempFolder());
  const blobs = store.reads
    .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .flatMap(({ name: table }) =>
      store.reads
        .all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}') WHERE type = 'BLOB'`)
        .map(() => table),
    );
  const tables = SEALED_TABLES.map((name) => (name === 'appWebhookSecrets' ? 'providerApps' : name));
  expect(blobs.sort()).toEqual(tables.sort());
});

describe('a rotation is refused', () => {
  it('where the environment gives one key only, with what to do', async () => {
    const { folder, key } = await sealedFolder();
    const opened = await open(folder, [textOf(key)]);
    await expect(rotationOf(opened).rotate()).rejects.toMatchObject({
      code: 'conflict',
      message: 'everything is sealed with the only key in TENON_MASTER_KEY',
      remedy: expect.stringContaining('Put a new one before it'),
    });
    expect(keysIn(join(folder, 'master.key'))).toEqual([key]);
  });

  it.each<[string, (key: MasterKey) => string | null]>([
    ['is gone', () => null],
    ['holds another key', () => `${textOf(newMasterKey())}\n`],
    ['has a key behind ours', (key) => `${textOf(key)}\n${textOf(newMasterKey())}\n`],
  ])('where the file %s since the start, and changes nothing', async (_what, textIn) => {
    const { folder, path, key } = await sealedFolder();
    const opened = await open(folder);
    const text = textIn(key);
    if (text === null) rmSync(path);
    else writeFileSync(path, text);
    await expect(rotationOf(opened).rotate()).rejects.toMatchObject({ code: 'conflict' });
    expect(unopened(opened.store.reads, [key])).toEqual([]);
    expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(text);
  });
});

describe('a rotation', () => {
  it('seals everything with a new key, which alone is left and opens everything', async () => {
    const { folder, path, key } = await sealedFolder();
    const opened = await open(folder);
    const rotated = await rotationOf(opened).rotate();
    const [next, ...others] = keysIn(path);
    if (next === undefined) throw new Error('no key is left');
    expect(rotated).toEqual<Rotated>({
      path,
      keyId: next.id,
      isNewKey: true,
      rows: {
        appWebhookSecrets: 1,
        credentials: CREDENTIALS,
        providerApps: 1,
        destinations: 1,
        oauthStates: 1,
        subscriptions: 1,
        effects: 1,
        meta: 2,
      },
      unopened: { count: 0, rows: [] },
      removedKeyIds: [key.id],
      keptKeyIds: [],
    });
    expect([others, unopened(opened.store.reads, [next])]).toEqual([[], []]);
    const { keys } = await listKeys(opened.store.reads, opened.source, [next.id]);
    expect(keys.map(({ keyId, isCurrent, isConfigured }) => [keyId, isCurrent, isConfigured])).toEqual([
      [next.id, true, true],
    ]);
    const wal = readFileSync(join(folder, 'tenon.db-wal'));
    expect([wal.length, readFileSync(join(folder, 'tenon.db')).includes(Buffer.from(key.id, 'hex'))]).toEqual([
      0,
      false,
    ]);
  });

  it('is one, however many ask for it', async () => {
    const { folder, path } = await sealedFolder();
    const rotation = rotationOf(await open(folder));
    const [one, other] = await Promise.all([rotation.rotate(), rotation.rotate()]);
    expect(one).toBe(other);
    expect(keysIn(path).map(({ id }) => id)).toEqual([one.keyId]);
    expect((await rotation.rotate()).keyId).not.toBe(one.keyId);
  });

  it('to a key that an operator has put before ours uses that one', async () => {
    const { folder, path, key } = await sealedFolder();
    const opened = await open(folder);
    const next = newMasterKey();
    writeFileSync(path, `${textOf(next)}\n${textOf(key)}\n`);
    expect(await rotationOf(opened).rotate()).toMatchObject({ keyId: next.id, removedKeyIds: [key.id] });
    expect([keysIn(path), unopened(opened.store.reads, [next])]).toEqual([[next], []]);
  });

  it('to the first key of the environment says which may go, also when it is asked again', async () => {
    const { folder, key } = await sealedFolder();
    const next = newMasterKey();
    const opened = await open(folder, [textOf(next), textOf(key)]);
    const first = await rotationOf(opened).rotate();
    expect(first).toMatchObject({ path: null, keyId: next.id, isNewKey: false, keptKeyIds: [key.id] });
    expect(first.rows).toMatchObject({ credentials: CREDENTIALS });
    expect(await rotationOf(opened).rotate()).toMatchObject({ rows: {}, keptKeyIds: [key.id], removedKeyIds: [] });
    expect(unopened(opened.store.reads, [next])).toEqual([]);
  });

  it('ends with the server, and goes on with the next one', async () => {
    const { folder, path, key } = await sealedFolder();
    const opened = await open(folder);
    const rotation = rotationOf(opened);
    const rotating = rotation.rotate();
    rotating.catch(() => {});
    await rotation.stop();
    await expect(rotating).rejects.toMatchObject({ code: 'storage_unavailable' });
    await opened.store.close();
    expect((await rotationOf(await open(folder)).rotate()).unopened.count).toBe(0);
    expect([keysIn(path).length, keysIn(path)[0]?.id === key.id]).toEqual([1, false]);
  });
});

describe('an edit that keeps the secret', () => {
  it('of a destination or an app leaves what a rotation has sealed anew since it was read', async () => {
    const { folder, path } = await sealedFolder();
    const opened = await open(folder);
    const { reads } = opened.store;
    const hook = readDestinationById(reads, 'hook') as DestinationRow;
    const app = readProviderApp(reads, 'app') as ProviderAppRow;
    await rotationOf(opened).rotate();
    await opened.store.commit([
      updateDestination({ ...hook, name: 'renamed', updatedAtMs: 2 }, hook),
      updateProviderApp({ ...app, scopes: '["crm"]', updatedAtMs: 2 }, app),
    ]);
    expect([readDestinationById(reads, 'hook')?.name, readProviderApp(reads, 'app')?.scopes]).toEqual([
      'renamed',
      '["crm"]',
    ]);
    expect(unopened(reads, keysIn(path))).toEqual([]);
  });
});

describe('a row that does not open', () => {
  it('is named and left alone, keeps the old keys, and keeps nobody from a further rotation', async () => {
    const { folder, path, key } = await sealedFolder();
    const opened = await open(folder);
    const { store } = opened;
    const place = credentialPlace('con-7', 1);
    await store.commit([{ statement: 'credentials.delete', params: ['con-7'] }]);
    const misplaced = opened.vault.seal('of another generation', { ...place, generation: 3 });
    const unreadable = Buffer.from('no envelope');
    await store.commit([putCredential('con-7', 1, misplaced), putCredential('con-x', 1, unreadable)]);
    const first = await rotationOf(opened).rotate();
    const rows = [
      { table: 'credentials', id: 'con-7' },
      { table: 'credentials', id: 'con-x' },
    ];
    expect(first).toMatchObject({ unopened: { count: 2, rows }, removedKeyIds: [], keptKeyIds: [key.id] });
    expect(Buffer.from(readCredential(store.reads, 'con-7')?.sealed ?? [])).toEqual(misplaced);
    expect(keysIn(path).map(({ id }) => id)).toEqual([first.keyId, key.id]);
    const { keys } = await rotationOf(opened).list();
    expect(keys.map(({ keyId, rows: counts }) => [keyId, counts])).toEqual([
      [first.keyId, expect.objectContaining({ credentials: CREDENTIALS - 1, meta: 1 })],
      [key.id, { credentials: 1, meta: 2 }],
      ['unreadable', { credentials: 1 }],
    ]);
    // Without the old key a start is refused: what is damaged may be mended with it.
    const alone = [textOf(keysIn(path)[0] as MasterKey)];
    expect(() => openVault({ masterKeys: alone, dataFolder: folder }, store.reads)).toThrowError(key.id);

    const second = await rotationOf(opened).rotate();
    expect(second).toMatchObject({ isNewKey: true, unopened: { count: 2 }, keptKeyIds: [first.keyId, key.id] });
    const remove = (id: string) => ({ statement: 'credentials.delete', params: [id] });
    await store.commit([remove('con-7'), remove('con-x')]);
    const last = await rotationOf(opened).rotate();
    expect(last).toMatchObject({ isNewKey: false, keyId: second.keyId, removedKeyIds: [first.keyId, key.id] });
    expect([keysIn(path).length, unopened(store.reads, keysIn(path))]).toEqual([1, []]);
  });
});

describe('while a rotation is under way', () => {
  /** A Tenon with a connected customer whose token is due, and a store that a test may act in front of. */
  async function scene(beforeReseal: () => Promise<void>) {
    const driven = await startDriven();
    onTestFinished(() => driven.tenon.stop());
    const { tenon } = driven;
    await tenon.deploy(manifest({ name: 'salesforce', provider: 'salesforce', proxy: { enabled: true } }));
    const { id: connectionId } = await tenon.connect('salesforce', { workspace: 'acme' });
    const { id } = await tenon.install('salesforce', { provider: 'salesforce', proxy: { enabled: true } });
    const { store, vault } = tenon.running.services;
    const path = join(tenon.folder, 'data', 'master.key');
    let isFirst = true;
    const commit = async (writes: readonly RowWrite[]) => {
      const isReseal = writes.some(({ statement }) => statement === 'credentials.reseal');
      if (isReseal && isFirst) {
        isFirst = false;
        await beforeReseal();
      }
      return store.commit(writes);
    };
    const watched = Object.create(store, { commit: { value: commit } }) as Store;
    const rotation = new KeyRotation({ store: watched, vault, log: silentLog() }, { kind: 'file', path });
    const call = async () => (await tenon.proxy(id, '/services/data/v60.0/limits')).status;
    return { driven, tenon, connectionId: connectionId as ConnectionId, store, vault, path, rotation, call };
  }

  it('a refresh between its look and its write stays, and nothing is lost', async () => {
    const parts: { refresh: () => Promise<void> } = { refresh: async () => {} };
    const { driven, tenon, connectionId, store, path, rotation, call } = await scene(() => parts.refresh());
    const seen: (number | undefined)[] = [];
    parts.refresh = async () => {
      seen.push(readCredential(store.reads, connectionId)?.generation);
      await pass(driven, 3 * HOUR_MS);
      expect(await call()).toBe(200);
      seen.push(readCredential(store.reads, connectionId)?.generation);
    };
    const before = tenon.credentialOf(connectionId);
    const rotated = await rotation.rotate();
    expect(seen).toEqual([1, 2]);
    expect(readCredential(store.reads, connectionId)?.generation).toBe(2);
    expect(tenon.credentialOf(connectionId)).not.toEqual(before);
    expect(rotated.unopened.count).toBe(0);
    expect(unopened(store.reads, keysIn(path))).toEqual([]);
    expect(await call()).toBe(200);
  });

  it('what was sealed before and is committed after the old key went is sealed with the new one', async () => {
    const { connectionId, store, vault, path, rotation, tenon } = await scene(async () => {});
    const late = vault.seal(JSON.stringify(tenon.credentialOf(connectionId)), credentialPlace(connectionId, 2));
    const { keyId, removedKeyIds } = await rotation.rotate();
    expect(removedKeyIds).toEqual([keyIdOf(late)]);
    await store.commit([putCredential(connectionId, 2, late)]);
    expect(keyIdOf(readCredential(store.reads, connectionId)?.sealed ?? late)).toBe(keyId);
    expect(unopened(store.reads, keysIn(path))).toEqual([]);
  });

  it('what is on its way to the disk when the new key takes over is sealed anew too', async () => {
    const { connectionId, store, vault, path, rotation, tenon } = await scene(async () => {});
    const early = vault.seal(JSON.stringify(tenon.credentialOf(connectionId)), credentialPlace(connectionId, 2));
    const parts: { committed?: Promise<void> } = {};
    const add = vault.ring.add.bind(vault.ring);
    vault.ring.add = (master) => {
      // Before anything is sealed with a key, a restart finds it and would be refused without it.
      expect(keysIn(path)[0]?.id).toBe(master.id);
      expect(readCanaries(store.reads).map(keyIdOf)).toContain(master.id);
      parts.committed = store.commit([putCredential(connectionId, 2, early)]);
      add(master);
    };
    const { keyId } = await rotation.rotate();
    await parts.committed;
    const stored = readCredential(store.reads, connectionId);
    expect([stored?.generation, keyIdOf(stored?.sealed ?? early)]).toEqual([2, keyId]);
    expect(unopened(store.reads, keysIn(path))).toEqual([]);
  });
});

describe('a crash', () => {
  class Crash extends Error {}

  /** Ends at the commit or the emptying of the log with this number, before it or right after it. */
  function dying(store: Store, at: number, isAfter: boolean): Store {
    let count = 0;
    const dies =
      <Args extends unknown[]>(work: (...args: Args) => Promise<void>) =>
      async (...args: Args) => {
        count += 1;
        if (count > at || (count === at && !isAfter)) throw new Crash();
        await work(...args);
        if (count === at) throw new Crash();
      };
    return Object.create(store, {
      commit: { value: dies(store.commit) },
      vacuum: { value: dies(store.vacuum) },
    }) as Store;
  }

  /** With any keys, a start is refused or opens everything. */
  function expectNoHalfStart(reads: Reads, folder: string, sets: readonly (readonly MasterKey[])[]): void {
    for (const keys of sets) {
      let isRefused = false;
      try {
        openVault({ masterKeys: keys.map(textOf), dataFolder: folder }, reads);
      } catch {
        isRefused = true;
      }
      expect(isRefused ? [] : unopened(reads, keys)).toEqual([]);
    }
  }

  it.each([
    ['file', 'before'],
    ['file', 'after'],
    ['environment', 'before'],
    ['environment', 'after'],
  ])(
    'of a rotation with keys from the %s, %s any of its commits, leaves what every start opens',
    async (from, when) => {
      const template = await sealedFolder();
      let crashes = 0;
      for (let isOver = false; !isOver; ) {
        const folder = join(tempFolder(), 'data');
        cpSync(template.folder, folder, { recursive: true });
        const path = join(folder, 'master.key');
        const given = from === 'file' ? [] : [textOf(newMasterKey()), textOf(template.key)];
        const opened = await open(folder, given);
        const store = dying(opened.store, crashes + 1, when === 'after');
        isOver = await rotationOf({ ...opened, store })
          .rotate()
          .then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof Crash)) throw error;
              return false;
            },
          );
        await opened.store.close();
        const reads = openForReading(join(folder, 'tenon.db'));
        const [next = template.key] = from === 'file' ? keysIn(path) : opened.vault.ring.masters;
        expectNoHalfStart(reads, folder, [[template.key], [next], [next, template.key], [template.key, next]]);
        reads.close();
        if (isOver) break;
        crashes += 1;
        // What the file or the environment holds starts, and the rotation comes to its end.
        const again = await open(folder, given);
        await rotationOf(again).rotate();
        const left = from === 'file' ? keysIn(path) : [next];
        expect([left.length, unopened(again.store.reads, left)]).toEqual([1, []]);
        expect(left[0]?.id).not.toBe(template.key.id);
        await again.store.close();
      }
      // At least: the wait for what is under way, the canary, two batches of credentials, four tables, meta, the log.
      expect(crashes).toBeGreaterThanOrEqual(9);
    },
  );

  it('between the two keys in the file and the first row makes no third key', async () => {
    const { folder, path, key } = await sealedFolder();
    const next = newMasterKey();
    writeFileSync(path, `${textOf(next)}\n${textOf(key)}\n`);
    const opened = await open(folder);
    const rotated = await rotationOf(opened).rotate();
    expect(rotated).toMatchObject({ keyId: next.id, isNewKey: false, removedKeyIds: [key.id] });
    expect([keysIn(path), unopened(opened.store.reads, [next])]).toEqual([[next], []]);
  });
});
