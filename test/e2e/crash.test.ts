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
const KILLS = 6;

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

/** An installation that may proxy, in a process; its token was issued an hour ago and the provider no longer takes it. */
async function withOldToken(tenon: Tenon, provider: 'hubspot' | 'salesforce'): Promise<string> {
  await tenon.deploy(manifest({ name: provider, provider, proxy: { enabled: true } }));
  await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
  const { id } = await tenon.install(provider, { provider });
  await tenon.halt();
  // The clock of another process cannot be driven, so that its rows are made older instead.
  const database = openForWriting(join(tenon.folder, 'data', 'tenon.db'));
  database
    .prepare('UPDATE connections SET issuedAtMs = issuedAtMs - ?1, expiresAtMs = expiresAtMs - ?1, refreshAtMs = NULL')
    .run({ 1: HOUR_MS });
  database.close();
  tenon.sandbox.expireAccessTokens();
  await tenon.resume();
  return id;
}

interface CredentialLeft {
  readonly value: string;
  readonly context: { readonly lastError: string | null; readonly lostAnswerAtMs: number | null };
}

function credentialLeftBy({ folder }: Tenon): CredentialLeft {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    const row = reads.get<{ state: string }>("SELECT state FROM snapshots WHERE actorId LIKE 'credential:%'");
    return JSON.parse(row?.state ?? '{}') as CredentialLeft;
  } finally {
    reads.close();
  }
}

describe('a process that is killed while it refreshes a token', () => {
  const endpoints = { hubspot: '/oauth/v1/token', salesforce: '/services/oauth2/token' } as const;
  const calls = { hubspot: '/echo/after', salesforce: '/services/data/v60.0/limits' } as const;

  /** Kills it with the token request at the provider, which then performs it or never gets to it. */
  async function killInRefresh(
    tenon: Tenon,
    provider: 'hubspot' | 'salesforce',
    isPerformed: boolean,
  ): Promise<string> {
    const id = await withOldToken(tenon, provider);
    const refresh = tenon.sandbox.faults.next({ provider, pathPrefix: endpoints[provider] }, { kind: 'slowHead' });
    const waiting = Promise.allSettled([1, 2, 3].map(() => tenon.proxy(id, calls[provider])));
    await refresh.reached;
    await tenon.halt();
    await waiting;
    expect(refresh.hits).toBe(1);
    if (isPerformed) {
      refresh.release();
      await eventually(async () => tenon.sandbox.stats().refreshes === 1);
    }
    await tenon.resume();
    return id;
  }

  it.each([true, false])('goes on where refresh tokens are stable (performed: %s)', async (isPerformed) => {
    await using tenon = await startTenonProcess();
    const id = await killInRefresh(tenon, 'hubspot', isPerformed);
    const responses = await Promise.all([1, 2, 3].map(() => tenon.proxy(id, calls.hubspot)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: isPerformed ? 2 : 1, refreshTokensReused: 0 });
  });

  it('goes on where a token works once and was not used up', async () => {
    await using tenon = await startTenonProcess();
    const id = await killInRefresh(tenon, 'salesforce', false);
    expect((await tenon.proxy(id, calls.salesforce)).status).toBe(200);
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 0 });
  });

  it('ends in bad credentials with the cause where a token works once and its answer was lost', async () => {
    await using tenon = await startTenonProcess();
    const id = await killInRefresh(tenon, 'salesforce', true);
    const path = tenon.inProject(`/integrations/salesforce/installations/${id}`);
    await eventually(async () => (await tenon.ok('GET', path))['healthStatus'] === 'unhealthy');
    expect(await tenon.ok('GET', path)).toMatchObject({ connection: { status: 'bad_credentials' } });
    const refused = await tenon.proxy(id, calls.salesforce);
    expect([refused.status, ((await refused.json()) as JsonObject)['code']]).toEqual([424, 'auth_invalidated']);
    // One try with the used token, never two: it may have been the last one that worked.
    expect(tenon.sandbox.stats()).toMatchObject({ refreshes: 1, refreshTokensReused: 1 });
    await tenon.halt();
    expect(credentialLeftBy(tenon)).toMatchObject({
      value: 'revoked',
      context: { lastError: expect.stringContaining('invalid_grant'), lostAnswerAtMs: expect.any(Number) },
    });
  });
});

describe('a process that is asked to end', () => {
  it('ends cleanly in the middle of a backfill and finishes it after its next start', async () => {
    await using tenon = await startTenonProcess({ hubspotContacts: CONTACTS });
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
