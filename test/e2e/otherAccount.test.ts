// What uses a connection whose grant or account changes under it: an installation that is being made, and reads that
// are under way or have been read to their end.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { REAUTH_WAIT_MS, YOUNG_TOKEN_MS } from '../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';
import type { Published } from '../support/tenon.ts';

const LIST = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;

/** An installation that reads the 250 contacts of `portal-1`, then every ten minutes what has changed of them. */
async function reading(): Promise<{ driven: Driven; id: string; connectionId: string }> {
  const driven = await startDriven();
  await driven.tenon.addWebhook('hook');
  await driven.tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
  const { id, connection } = await installed(driven, 'hubspot', { contacts: {} });
  return { driven, id, connectionId: (connection as Published).id };
}

/** Records of all accounts: those of one account have the ids of another's. */
function delivered({ tenon }: Driven): number {
  return tenon.receiver.state().messages.reduce((sum, { result }) => sum + (result as JsonObject[]).length, 0);
}

/** The customer goes through the consent page again, for the same connection, and names an account. */
async function authorizedFor({ tenon }: Driven, connectionId: string, account: string): Promise<void> {
  const url = await tenon.ok<string>('PATCH', tenon.inProject(`/connections/${connectionId}:oauth-update`));
  expect((await tenon.browse(`${url}&account=${account}`)).status).toBe(200);
}

/** Another user of the same customer connects an account, and the installation is moved to that connection. */
async function movedTo({ tenon }: Driven, id: string, account: string): Promise<void> {
  const page = await tenon.browse(`${await tenon.authorizeUrl('hubspot', { consumerRef: 'bob' })}&account=${account}`);
  expect(page.status).toBe(200);
  const [other] = await tenon.ok<Published[]>('GET', tenon.inProject('/connections?provider=hubspot&consumerRef=bob'));
  await tenon.ok('PATCH', tenon.inProject(`/integrations/hubspot/installations/${id}?skipSampling=true`), {
    updateMask: ['connectionId'],
    installation: { connectionId: other?.id },
  });
}

describe('an installation that is made', () => {
  it('on a grant that its own sample finds gone is unhealthy from its beginning', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon, clock } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const { id } = await tenon.connect('hubspot');
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    tenon.sandbox.expireAccessTokens();
    await clock.advance(2 * YOUNG_TOKEN_MS);
    const content = { provider: 'hubspot', read: { objects: { contacts: {} } } };
    const path = tenon.inProject('/integrations/hubspot/installations');
    const made = await tenon.ok<Published>('POST', path, { groupRef: 'acme', config: { content } });
    expect(made).toMatchObject({ healthStatus: 'unhealthy', connection: { id, status: 'bad_credentials' } });
    await settled(driven);
    expect(await tenon.ok('GET', `${path}/${made.id}`)).toMatchObject({ healthStatus: 'unhealthy' });
    expect(tenon.receiver.state().requests).toBe(0);
    // The same customer connects again: it goes on with what it was made for.
    await tenon.connect('hubspot');
    await pass(driven, REAUTH_WAIT_MS);
    expect(await tenon.ok('GET', `${path}/${made.id}`)).toMatchObject({ healthStatus: 'healthy' });
    expect(tenon.receiver.state().recordsByObject.get('contacts')).toBe(250);
  });
});

describe('a backfill that is under way', () => {
  it('begins again in the account that the customer has connected instead, and counts what is of that', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    // 250 contacts are three pages.
    tenon.sandbox.faults.next(LIST, { kind: 'slowHead' }).release();
    const second = tenon.sandbox.faults.next(LIST, { kind: 'slowHead' });
    const { id, connection } = await installed(driven, 'hubspot', { contacts: {} });
    await second.reached;
    await authorizedFor(driven, (connection as Published).id, 'portal-2');
    second.release();
    await settled(driven);
    expect(delivered(driven)).toBe(100 + 100 + 250);
    expect(await operations(driven, 'hubspot', id)).toMatchObject([
      {
        status: 'success',
        result: '[contacts] Read 250 records',
        metadata: { readType: 'backfill', progress: { recordsProcessed: 250 } },
      },
    ]);
    await pass(driven, HOUR_MS);
    expect(delivered(driven)).toBe(450);
  });
});

describe('a read that was read to its end', () => {
  it.each([
    ['is authorized for another account', authorizedFor],
    ['is left for a connection to another account', movedTo],
  ])('begins with a backfill when its connection %s', async (_what, change) => {
    const { driven, id, connectionId } = await reading();
    await using _ = driven;
    await settled(driven);
    await change(driven, change === movedTo ? id : connectionId, 'portal-2');
    await pass(driven, HOUR_MS);
    expect(delivered(driven)).toBe(2 * 250);
    const runs = await operations(driven, 'hubspot', id);
    expect(runs.map(({ result, metadata }) => [metadata.readType, result]).slice(-3)).toEqual([
      ['scheduled', '[contacts] No new data found'],
      ['backfill', '[contacts] Read 250 records'],
      ['backfill', '[contacts] Read 250 records'],
    ]);
  });

  it('does so too where somebody asked for a part of it first', async () => {
    const { driven, id, connectionId } = await reading();
    await using _ = driven;
    const { tenon } = driven;
    await settled(driven);
    await pass(driven, MINUTE_MS);
    await authorizedFor(driven, connectionId, 'portal-2');
    const path = tenon.inProject('/integrations/hubspot/objects/contacts');
    const asked = await tenon.api('POST', path, { groupRef: 'acme', mode: 'async' });
    expect(asked.status).toBeLessThan(300);
    await pass(driven, HOUR_MS);
    const kinds = (await operations(driven, 'hubspot', id)).map(({ metadata }) => metadata.readType);
    expect(kinds.slice(-3)).toEqual(['backfill', 'triggered', 'backfill']);
  });

  it.each([
    ['is authorized for the same account', authorizedFor],
    ['is left for a connection of another user of its account', movedTo],
  ])('goes on when its connection %s', async (_what, change) => {
    const { driven, id, connectionId } = await reading();
    await using _ = driven;
    await settled(driven);
    await change(driven, change === movedTo ? id : connectionId, 'portal-1');
    await pass(driven, HOUR_MS);
    expect(delivered(driven)).toBe(250);
  });
});
