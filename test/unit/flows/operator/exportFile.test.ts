// What an export with a passphrase may bring, if whoever made it knows the passphrase and means ill.

import { beforeAll, describe, expect, it } from 'vitest';
import { type PassphraseSeal, passphraseSeal } from '../../../../src/auth/passphrase.ts';
import { createVault, newMasterKey } from '../../../../src/auth/vault.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { exportLines, rowsOf } from '../../../../src/flows/operator/exportFile.ts';
import { subscriptionPlace } from '../../../../src/flows/subscribe/places.ts';
import type { Moment, MovedRow, MovedTable } from '../../../../src/store/moving.ts';

const PASSPHRASE = 'correct horse battery';
const OWN = { projectId: 'ours' };

interface Given {
  readonly kind: MovedTable;
  readonly row: JsonObject;
  /** What is sealed beside it. */
  readonly hidden?: JsonObject;
}

const PROJECT: Given = { kind: 'projects', row: { ...OWN, name: 'a', appName: 'a', orgId: 'a', createdAtMs: 1 } };
const APP: Given = {
  kind: 'providerApps',
  row: { ...OWN, providerAppId: 'app', provider: 'hubspot' },
  hidden: { sealedClientSecret: 'x' },
};
const INTEGRATION: Given = { kind: 'integrations', row: { ...OWN, integrationId: 'i', revisionId: 'r' } };
const REVISION: Given = { kind: 'revisions', row: { integrationId: 'i', revisionId: 'r' } };
const CONNECTION: Given = { kind: 'connections', row: { ...OWN, connectionId: 'c', providerAppId: 'app' } };
const INSTALLATION: Given = {
  kind: 'installations',
  row: { ...OWN, installationId: 's', integrationId: 'i', connectionId: 'c', revisionId: 'r' },
};
const HOOK: Given = {
  kind: 'destinations',
  row: { ...OWN, destinationId: 'd', name: 'hook' },
  hidden: { sealedSecrets: '["whsec_x"]', metadata: '{"url":"https://hooks.example.com"}' },
};
const OPERATION: Given = { kind: 'operations', row: { ...OWN, operationId: 'o', installationId: 's' } };
const BLOB: Given = { kind: 'blobs', row: { ...OWN, blobId: 'b' }, hidden: { body: '[]' } };
const WHOLE = [PROJECT, APP, HOOK, INTEGRATION, REVISION, CONNECTION, INSTALLATION, OPERATION];

let seal: PassphraseSeal;
beforeAll(async () => {
  seal = await passphraseSeal(PASSPHRASE);
});

async function* fileOf(given: readonly Given[]): AsyncGenerator<string> {
  const lines = given.map(({ kind, row, hidden }) => {
    const line = { kind, row };
    const sealed = hidden === undefined ? {} : { sealed: seal.seal(JSON.stringify(hidden), JSON.stringify(line)) };
    return JSON.stringify({ ...line, ...sealed });
  });
  const digest = seal.mac();
  for (const line of ['{}', ...lines]) {
    digest.update(`${line}\n`);
    yield line;
  }
  yield JSON.stringify({ kind: 'end', rows: given.length, digest: digest.digest() });
}

async function broughtIn(given: readonly Given[]): Promise<{ table: MovedTable; row: MovedRow }[]> {
  const options = { vault: createVault([newMasterKey()]), seal };
  const rows: { table: MovedTable; row: MovedRow }[] = [];
  for await (const row of rowsOf(fileOf(given), options, { counts: {}, leftOut: {} })) rows.push(row);
  return rows;
}

function refused(said: string) {
  return expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(said) });
}

describe('an export that somebody made up', () => {
  const message = { laneId: 'd', messageId: 'm', operationId: null };
  it.each<[string, readonly Given[]]>([
    [
      'providerAppId is not in it',
      [{ ...CONNECTION, row: { ...CONNECTION.row, connectionId: 'x', providerAppId: '?' } }],
    ],
    ['revisionId is not in it', [{ ...INSTALLATION, row: { ...INSTALLATION.row, revisionId: '?' } }]],
    [
      'operationId is not in it',
      [{ kind: 'writeRequests', row: { requestId: 'q', operationId: '?', installationId: 's' } }],
    ],
    ['installationId is not in it', [{ kind: 'inbox', row: { installationId: '?', eventKey: 'k' } }]],
    [
      'installationId is not in it',
      [{ kind: 'webhookSecrets', row: { installationId: '?' }, hidden: { sealed: 'x' } }],
    ],
    ['connectionId is not in it', [{ kind: 'subscriptions', row: { installationId: 's', connectionId: '?' } }]],
    ['whose actor is not in it', [{ kind: 'snapshots', row: { actorId: 'subscription:?' } }]],
    ['installationId is not in it', [{ kind: 'fieldSnapshots', row: { installationId: '?', objectName: 'contacts' } }]],
    ['whose actor is not in it', [{ kind: 'snapshots', row: { actorId: 'schemaWatch:?' } }]],
    ['whose actor is not in it', [{ kind: 'snapshots', row: { actorId: 'providerApp:?' } }]],
    ['blobId is not in it', [{ kind: 'outbox', row: { ...message, blobId: '?', lastBlobId: null } }]],
    ['lastBlobId is not in it', [BLOB, { kind: 'outbox', row: { ...message, blobId: 'b', lastBlobId: '?' } }]],
  ])('refers to nothing of another project: %s', async (said, evil) => {
    await expect(broughtIn([...WHOLE, ...evil])).rejects.toThrow(refused(said));
  });

  it('has nothing sealed that stands open, such as another project', async () => {
    const rows = await broughtIn([PROJECT, { ...HOOK, hidden: { ...HOOK.hidden, projectId: 'theirs', name: 'x' } }]);
    const hook = rows.find(({ table }) => table === 'destinations')?.row;
    expect(hook).toEqual({
      ...HOOK.row,
      metadata: HOOK.hidden?.['metadata'],
      sealedSecrets: expect.any(Uint8Array),
    });
  });
});

it('rows that refer to each other, or to nothing, come in', async () => {
  const direct = { ...CONNECTION, row: { ...CONNECTION.row, connectionId: 'direct', providerAppId: null } };
  const waiting = { requestId: 'q', operationId: 'o', installationId: 's' };
  const rows = await broughtIn([
    ...WHOLE,
    direct,
    { kind: 'writeRequests', row: waiting, hidden: { sealed: '{}' } },
    { kind: 'inbox', row: { installationId: 's', eventKey: 'k' }, hidden: { event: '{}' } },
    { kind: 'inbox', row: { installationId: 's', eventKey: 'done' } },
    { kind: 'webhookSecrets', row: { installationId: 's' }, hidden: { sealed: 'x' } },
    { kind: 'subscriptions', row: { installationId: 's', connectionId: 'c', generation: 1 }, hidden: { sealed: '{}' } },
    BLOB,
    { kind: 'outbox', row: { laneId: 'd', messageId: 'm', blobId: 'b', lastBlobId: null }, hidden: { body: '{}' } },
    { kind: 'fieldSnapshots', row: { installationId: 's', objectName: 'contacts', fields: '[]' } },
    { kind: 'snapshots', row: { actorId: 'schemaWatch:s' } },
    { kind: 'snapshots', row: { actorId: 'providerApp:app' } },
  ]);
  expect(rows.length).toBe(WHOLE.length + 11);
});

describe('what the provider has of a subscription', () => {
  const OPEN = [
    PROJECT,
    INTEGRATION,
    REVISION,
    { ...CONNECTION, row: { ...CONNECTION.row, providerAppId: null } },
    INSTALLATION,
  ];
  const STATE = '{"objects":[],"result":{},"secret":"shared"}';
  const vault = createVault([newMasterKey()]);
  const sealed = vault.seal(STATE, subscriptionPlace('s', 3));
  const row = { installationId: 's', connectionId: 'c', status: 'success', objects: '[]', generation: 3, sealed };
  const moment: Moment = {
    *rows(table) {
      if (table === 'subscriptions') yield row;
      for (const given of OPEN) if (given.kind === table) yield given.row as MovedRow;
    },
    close: () => {},
  };

  it('does not leave without a passphrase', () => {
    const kinds = [...exportLines(moment, 'ours', null, 0)].map((line) => (JSON.parse(line) as { kind?: string }).kind);
    expect(kinds).toContain('connections');
    expect(kinds).not.toContain('subscriptions');
  });

  it('is opened by the vault that it comes to', async () => {
    const other = createVault([newMasterKey()]);
    const lines = [...exportLines(moment, 'ours', { vault, seal }, 0)];
    expect(lines.join('')).not.toContain('shared');
    async function* file() {
      for (const line of lines) yield line.trim();
    }
    let found: MovedRow | undefined;
    for await (const one of rowsOf(file(), { vault: other, seal }, { counts: {}, leftOut: {} })) {
      if (one.table === 'subscriptions') found = one.row;
    }
    expect(other.open(found?.['sealed'] as Uint8Array, subscriptionPlace('s', 3)).toString()).toBe(STATE);
  });
});
