// A real process, killed at seeded moments in the middle of its work and started again on what it left. Audited each
// time from its files and from what arrived: nothing lost, nothing told under two ids, no position ahead of its
// messages.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { HOUR_MS } from '../../src/core/time.ts';
import { openForReading, openForWriting } from '../../src/store/sqlite.ts';
import type { CheckpointRow, OperationRow } from '../../src/store/tables/installations.ts';
import type { OutboxRow } from '../../src/store/tables/outbox.ts';
import { flush } from '../support/clock.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { dice } from '../support/dice.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Published, Tenon } from '../support/tenon.ts';

const CONTACTS = 1500;
const ACCOUNTS = 5000;
/** Per seed; each costs the start of a process. */
const KILLS = 4;

/** What a dead process left on disk. */
interface Left {
  readonly checkpoints: readonly CheckpointRow[];
  readonly operations: readonly OperationRow[];
  readonly outbox: readonly OutboxRow[];
  readonly effects: number;
  readonly integrity: string;
}

function leftBy({ folder }: Tenon): Left {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    return {
      checkpoints: reads.all('SELECT * FROM checkpoints ORDER BY objectName'),
      operations: reads.all('SELECT * FROM operations'),
      outbox: reads.all('SELECT * FROM outbox'),
      effects: reads.all('SELECT effectId FROM effects').length,
      integrity: reads.get<{ integrity_check: string }>('PRAGMA integrity_check')?.integrity_check ?? '',
    };
  } finally {
    reads.close();
  }
}

/** Record ids by operation, over what was received and what still waits, with the message that carries each. */
function recordsOf(destination: Destination, outbox: readonly OutboxRow[]): Map<string, Map<string, string>> {
  const byOperation = new Map<string, Map<string, string>>();
  const bodies = new Map<string, string>();
  const messages = [
    ...destination.requests.map(({ headers, body }) => ({ id: String(headers['webhook-id']), body })),
    ...outbox.map(({ messageId, body }) => ({ id: messageId, body })),
  ];
  for (const { id, body } of messages) {
    if (bodies.has(id)) {
      expect(bodies.get(id) === body, `${id} has one content`).toBe(true);
      continue;
    }
    bodies.set(id, body);
    const { operationId, result } = JSON.parse(body) as { operationId: string; result: { raw: JsonObject }[] };
    const records = byOperation.get(operationId) ?? new Map<string, string>();
    byOperation.set(operationId, records);
    for (const { raw } of result) {
      const recordId = String(raw['id'] ?? raw['Id']);
      expect(records.get(recordId), `${recordId} is told in one message only`).toBeUndefined();
      records.set(recordId, id);
    }
  }
  return byOperation;
}

function audit(destination: Destination, left: Left): void {
  expect(left.integrity).toBe('ok');
  const records = recordsOf(destination, left.outbox);
  for (const { objectName, operationId, recordsRead } of left.checkpoints) {
    const told = operationId === null ? 0 : (records.get(operationId)?.size ?? 0);
    expect({ objectName, told }).toEqual({ objectName, told: recordsRead });
  }
}

/** Asks until it is so; every question is a call over loopback. The runner's time limit bounds it. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await flush(1);
}

describe('a process that is killed in the middle of backfills and deliveries', () => {
  it.each([1, 20_260_105])('loses nothing and tells nothing twice under two ids (seed %i)', async (seed) => {
    const roll = dice(seed);
    await using destination = await startDestination();
    await using tenon = await startTenonProcess({ hubspotContacts: CONTACTS, salesforceAccounts: ACCOUNTS });
    const url = `${destination.origin}/in`;
    await tenon.ok('POST', tenon.inProject('/destinations'), { name: 'hook', type: 'webhook', metadata: { url } });
    const objects = [
      integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' })),
      integration('salesforce', readObject('account', { schedule: '0 0 1 1 *' })),
    ];
    await tenon.deploy(manifest(...objects));
    await tenon.connect('hubspot');
    await tenon.connect('salesforce', { workspace: 'acme' });
    // A destination that stumbles keeps messages in the outbox while reads go on.
    destination.answer = () => ({ status: roll(6) === 0 ? 503 : 200 });
    const hubspot = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    const salesforce = await tenon.install('salesforce', {
      provider: 'salesforce',
      read: { objects: { account: {} } },
    });

    for (let kill = 0; kill < KILLS; kill++) {
      await destination.received(destination.requests.length + 1 + roll(3));
      await flush(roll(40));
      await tenon.halt();
      audit(destination, leftBy(tenon));
      await tenon.resume();
    }
    const isDone = async (name: string, { id }: Published) => {
      const path = tenon.inProject(`/integrations/${name}/installations/${id}/operations`);
      const { results } = await tenon.ok<{ results: JsonObject[] }>('GET', path);
      return results.length === 1 && results[0]?.['status'] === 'success';
    };
    await eventually(async () => (await isDone('hubspot', hubspot)) && (await isDone('salesforce', salesforce)));
    destination.answer = () => ({ status: 200 });
    const total = () => [...recordsOf(destination, []).values()].reduce((sum, { size }) => sum + size, 0);
    for (let count = destination.requests.length; total() < CONTACTS + ACCOUNTS; count += 1) {
      await destination.received(count + 1);
    }
    await tenon.halt();
    const left = leftBy(tenon);
    audit(destination, left);
    expect(left.checkpoints.map(({ objectName, recordsRead, cursor }) => [objectName, recordsRead, cursor])).toEqual([
      ['account', ACCOUNTS, null],
      ['contacts', CONTACTS, null],
    ]);
    expect(left.operations.map(({ status }) => status)).toEqual(['success', 'success']);
  });
});

const PROVIDERS = ['hubspot', 'salesforce'] as const;
type Refreshing = (typeof PROVIDERS)[number];
const TOKEN_PATHS: Readonly<Record<Refreshing, string>> = {
  hubspot: '/oauth/v1/token',
  salesforce: '/services/oauth2/token',
};
const CALLS: Readonly<Record<Refreshing, string>> = {
  hubspot: '/echo/after',
  salesforce: '/services/data/v60.0/limits',
};

/** Installations of both, whose tokens were issued an hour ago and are no longer taken. */
async function withOldTokens(tenon: Tenon): Promise<Record<Refreshing, string>> {
  const ids = { hubspot: '', salesforce: '' };
  await tenon.deploy(manifest(...PROVIDERS.map((name) => ({ name, provider: name, proxy: { enabled: true } }))));
  for (const provider of PROVIDERS) {
    await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
    ids[provider] = (await tenon.install(provider, { provider })).id;
  }
  await tenon.halt();
  // The clock of another process cannot be driven, so that its rows are made older instead.
  const database = openForWriting(join(tenon.folder, 'data', 'tenon.db'));
  database
    .prepare('UPDATE connections SET issuedAtMs = issuedAtMs - ?1, expiresAtMs = expiresAtMs - ?1, refreshAtMs = NULL')
    .run({ 1: HOUR_MS });
  database.close();
  tenon.sandbox.expireAccessTokens();
  await tenon.resume();
  return ids;
}

/** Kills it with both token requests at the providers; `performed` is the one that performs its request after that. */
async function killInRefresh(tenon: Tenon, performed: Refreshing): Promise<Record<Refreshing, string>> {
  const ids = await withOldTokens(tenon);
  const rules = PROVIDERS.map((provider) =>
    tenon.sandbox.faults.next({ provider, pathPrefix: TOKEN_PATHS[provider] }, { kind: 'slowHead' }),
  );
  const calls = PROVIDERS.flatMap((provider) => [1, 2, 3].map(() => tenon.proxy(ids[provider], CALLS[provider])));
  const waiting = Promise.allSettled(calls);
  for (const { reached } of rules) await reached;
  await tenon.halt();
  await waiting;
  expect(rules.map(({ hits }) => hits)).toEqual([1, 1]);
  rules[PROVIDERS.indexOf(performed)]?.release();
  await eventually(async () => tenon.sandbox.stats().refreshes === 1);
  await tenon.resume();
  return ids;
}

function credentialsLeftBy({ folder }: Tenon): JsonObject[] {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    const rows = reads.all<{ state: string }>("SELECT state FROM snapshots WHERE actorId LIKE 'credential:%'");
    return rows.map(({ state }) => JSON.parse(state) as JsonObject);
  } finally {
    reads.close();
  }
}

describe('a process that is killed while it refreshes tokens', () => {
  it('goes on where tokens are stable, and where one that works once was not used up', async () => {
    await using tenon = await startTenonProcess();
    const ids = await killInRefresh(tenon, 'hubspot');
    const calls = PROVIDERS.flatMap((provider) => [1, 2, 3].map(() => tenon.proxy(ids[provider], CALLS[provider])));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    // The lost one, and one more for each: never two at once.
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: 3, refreshTokensReused: 0 });
  });

  it('ends in bad credentials with the cause where a token works once and its answer was lost', async () => {
    await using tenon = await startTenonProcess();
    const ids = await killInRefresh(tenon, 'salesforce');
    const path = tenon.inProject(`/integrations/salesforce/installations/${ids.salesforce}`);
    // Nobody needs a newer token yet, so that the used one is not tried: that would end the grant for sure.
    expect(await tenon.ok('GET', path)).toMatchObject({ healthStatus: 'healthy', connection: { status: 'created' } });
    expect(tenon.sandbox.stats()).toMatchObject({ refreshTokensReused: 0 });
    expect((await tenon.proxy(ids.hubspot, CALLS.hubspot)).status).toBe(200);

    const refused = await tenon.proxy(ids.salesforce, CALLS.salesforce);
    expect([refused.status, ((await refused.json()) as JsonObject)['code']]).toEqual([424, 'auth_invalidated']);
    await eventually(async () => (await tenon.ok('GET', path))['healthStatus'] === 'unhealthy');
    expect(await tenon.ok('GET', path)).toMatchObject({ connection: { status: 'bad_credentials' } });
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: 2, refreshTokensReused: 1 });
    await tenon.halt();
    expect(credentialsLeftBy(tenon)).toContainEqual(
      expect.objectContaining({
        value: 'revoked',
        context: expect.objectContaining({
          lastError: expect.stringContaining('invalid_grant'),
          lostAnswerAtMs: expect.any(Number),
        }),
      }),
    );
  });
});

describe('a process that is asked to end', () => {
  it('ends cleanly in the middle of a backfill and finishes it after its next start', async () => {
    await using tenon = await startTenonProcess({ hubspotContacts: CONTACTS }, 'SIGTERM');
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await tenon.receiver.waitFor(({ accepted }) => accepted >= 3);
    await tenon.halt();
    await tenon.resume();
    const state = await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS);
    expect([state.recordsRepeated, state.signatureFailures]).toEqual([0, 0]);
  });
});
