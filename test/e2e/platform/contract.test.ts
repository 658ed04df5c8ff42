// Every operation of the platform API once as it should go, in the order in which a builder would get to it. That the
// answers are as published is judged with each (`test/support/everyAnswer.ts`); the last test says that none was
// forgotten.

import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { bearer, rsaPem, storeKey } from '../../support/credentials.ts';
import { operationsSeen } from '../../support/everyAnswer.ts';
import { publishedIsMissing } from '../../support/published.ts';
import { type ApiAnswer, type Published, startTenon, type Tenon } from '../../support/tenon.ts';
import { zipOf } from '../../support/zip.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    proxy: {enabled: true}
    read:
      objects:
        - objectName: contacts
          mapToName: people
          destination: hook
          schedule: "*/30 * * * *"
          backfill: {defaultPeriod: {fullHistory: true}}
          requiredFields: [{fieldName: email}]
          optionalFieldsAuto: all
    write:
      objects: [{objectName: contacts}]
`;

/** What only refusals answer: there is nothing of the kind on a server of one's own. */
const REFUSED = new Map([
  ['createOrg', 403],
  ['createOrgInvite', 403],
  ['addUserToOrg', 403],
  ['claimDomain', 403],
  ['getOrgInvite', 404],
  ['deleteOrgInvite', 404],
  ['acceptInvite', 404],
  ['checkClaimedDomain', 404],
  ['getOrgBillingAccount', 404],
  ['createBillingAccountSession', 404],
]);

let tenon: Tenon;
let builder: Readonly<Record<string, string>> = {};
let orgId = '';

beforeAll(async () => {
  tenon = await startTenon();
  builder = bearer(await storeKey(tenon, { scopes: ['builder'] }));
});

afterAll(() => tenon.stop());

async function ok<T = Published>(method: string, path: string, body?: unknown, headers = {}): Promise<T> {
  const answer: ApiAnswer = await tenon.api(method, path.replace(/^\/P/, tenon.inProject('')), body, headers);
  expect([method, path, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([
    method,
    path,
    answer.status,
    '',
  ]);
  return (answer.json ?? answer.text) as T;
}

describe('each operation', () => {
  it('of the organization and its projects', async () => {
    const me = await ok<{ orgRole: { org: { id: string } }; projectRoles: JsonObject }>(
      'GET',
      '/my-info',
      undefined,
      builder,
    );
    orgId = me.orgRole.org.id;
    expect(Object.keys(me.projectRoles)).toEqual([tenon.projectId]);
    const label = { updateMask: ['label'], org: { label: 'Acme' } };
    expect(await ok('PATCH', `/orgs/${orgId}`, label, builder)).toMatchObject({ label: 'Acme' });
    expect(await ok('GET', `/orgs/${orgId}`, undefined, builder)).toMatchObject({ label: 'Acme' });
    for (const list of ['builders', 'invites', 'claimed-domains'])
      await ok('GET', `/orgs/${orgId}/${list}`, undefined, builder);
    const made = await ok('POST', '/projects', { name: 'Staging', appName: 'App', orgId }, builder);
    expect(made).toMatchObject({ name: 'staging' });
    const patch = { updateMask: ['name', 'appName'], project: { name: 'Mail-Monkey', appName: 'MailMonkey' } };
    expect(await ok('PATCH', '/P', patch)).toMatchObject({ name: 'mail-monkey', appName: 'MailMonkey' });
    await ok('GET', '/projects');
    const own = await ok('GET', '/projects/MAIL-monkey?includeEntitlements=true');
    expect(own).toMatchObject({ id: tenon.projectId, entitlements: { brandingRemoval: { value: true } } });
  });

  it('of keys', async () => {
    const { key } = await ok<{ key: string }>('POST', '/P/api-keys', { label: 'ui', scopes: ['frontend'] });
    expect(await ok('GET', '/P', undefined, { 'x-api-key': key })).toMatchObject({ id: tenon.projectId });
    const [listed] = (await ok<{ key: string; label: string }[]>('GET', '/P/api-keys?active=true')).filter(
      ({ label }) => label === 'ui',
    );
    expect(listed?.key).toMatch(/^sha256:/);
    const name = encodeURIComponent(listed?.key ?? '');
    expect(await ok('GET', `/P/api-keys/${name}`)).toMatchObject({ label: 'ui', scopes: ['frontend'] });
    const patch = { updateMask: ['label', 'scopes'], apiKey: { label: 'backend', scopes: ['full'], active: false } };
    expect(await ok('PATCH', `/P/api-keys/${key}`, patch)).toMatchObject({
      label: 'backend',
      scopes: ['full'],
      active: true,
    });
    await ok('DELETE', `/P/api-keys/${name}`);

    const { kid } = await ok<{ kid: string }>('POST', '/P/jwt-keys', {
      label: 'k',
      algorithm: 'RS256',
      publicKeyPem: rsaPem,
    });
    expect(await ok('GET', '/P/jwt-keys?active=true')).toMatchObject([{ id: kid, algorithm: 'RSA', active: true }]);
    const switched = { updateMask: ['active', 'name'], jwtKey: { active: false, name: 'old' } };
    expect(await ok('PATCH', `/P/jwt-keys/${kid}`, switched)).toMatchObject({ label: 'old', active: false });
    expect(await ok('GET', '/P/jwt-keys?active=true')).toEqual([]);
    expect(await ok('GET', `/P/jwt-keys/${kid}`)).toMatchObject({ publicKeyPem: rsaPem });
    await ok('DELETE', `/P/jwt-keys/${kid}`);
  });

  it('of destinations, topics and routes', async () => {
    const hook = await tenon.addWebhook('hook');
    const secret = async (query: string) =>
      (await ok<{ secrets: { webhookSigningKey: string } }>('GET', `/P/destinations/hook?includeSecrets=true${query}`))
        .secrets.webhookSigningKey;
    const first = await secret('');
    const second = await secret('&rotate=true');
    expect([first === second, await secret('')]).toEqual([false, second]);
    const metadata = { url: 'http://127.0.0.1:1/other', headers: { 'x-team': 'crm' } };
    const patch = { updateMask: ['name', 'metadata.headers'], destination: { name: 'renamed', metadata } };
    const renamed = await ok('PATCH', `/P/destinations/${hook.id}`, patch);
    expect(renamed).toMatchObject({
      name: 'renamed',
      metadata: { url: hook['metadata'] && (hook['metadata'] as JsonObject)['url'], headers: { 'x-team': 'crm' } },
    });
    await ok('PATCH', '/P/destinations/renamed', { updateMask: ['name'], destination: { name: 'hook' } });
    await ok('GET', '/P/destinations');

    const topic = await ok('POST', '/P/topics', { name: 'alerts' });
    expect(await ok('PATCH', `/P/topics/${topic.id}`, { name: 'system alerts' })).toMatchObject({
      name: 'system alerts',
    });
    await ok('GET', '/P/topics');
    const from = await ok('POST', '/P/notification-event-topic-routes', {
      eventType: 'connection.error',
      topicId: topic.id,
    });
    expect(await ok('GET', '/P/notification-event-topic-routes?eventType=connection.error')).toMatchObject([from]);
    expect(await ok('GET', '/P/notification-event-topic-routes?eventType=connection.created')).toEqual([]);
    const to = await ok('POST', '/P/topic-destination-routes', { topicId: topic.id, destinationId: hook.id });
    expect(await ok('GET', `/P/topic-destination-routes?destinationId=${hook.id}`)).toMatchObject([to]);
    await ok('DELETE', `/P/notification-event-topic-routes/${from.id}`);
    await ok('DELETE', `/P/topic-destination-routes/${to.id}`);
    await ok('POST', '/P/topic-destination-routes', { topicId: topic.id, destinationId: hook.id });
    await ok('DELETE', `/P/topics/${topic.id}`);
    expect(await ok('GET', '/P/topic-destination-routes')).toEqual([]);
    const spare = await ok('POST', '/P/destinations', {
      name: 'spare',
      type: 'webhook',
      metadata: { url: metadata.url },
    });
    await ok('DELETE', `/P/destinations/${spare.id}`);
  });

  it('of provider apps and connections', async () => {
    await ok('GET', '/providers');
    await ok('GET', '/providers/hubspot');
    const app = await tenon.addProviderApp('salesforce');
    const patch = { updateMask: ['externalRef'], providerApp: { externalRef: 'ours' } };
    expect(await ok('PATCH', `/P/provider-apps/${app.id}`, patch)).toMatchObject({ externalRef: 'ours' });
    await ok('GET', '/P/provider-apps');
    await ok('DELETE', `/P/provider-apps/${app.id}`);
    const scopes = ['crm.objects.contacts.read', 'crm.schemas.contacts.write'];
    await tenon.addProviderApp('hubspot', undefined, undefined, scopes);
    const connection = await tenon.connect('hubspot');
    await ok('GET', `/P/connections/${connection.id}?includeRefreshToken=true&refresh=force`);
    await ok('GET', '/P/connections?provider=hubspot&groupRef=acme&consumerRef=ada');
    expect(await ok('PATCH', `/P/connections/${connection.id}:oauth-update`)).toMatch(/^http/);
    const typed = { provider: 'stripe', groupRef: 'beta', consumerRef: 'bob', apiKey: 'sk' };
    const key = await ok('POST', '/P/connections:generate', typed);
    await ok('PATCH', `/P/connections/${key.id}`, { updateMask: ['apiKey'], connection: { apiKey: 'sk2' } });
    await ok('DELETE', `/P/connections/${key.id}`);
  });

  it('of a login in several steps', async () => {
    const names = tenon.running.services.catalog
      .list()
      .filter(({ auth }) => auth.scheme === 'custom' && auth.isMultiStep);
    const consent = names.find(({ auth }) => auth.scheme === 'custom' && auth.exchange?.kind === 'consent');
    const provider = consent?.name ?? '';
    await tenon.addProviderApp(provider);
    const body = { projectIdOrName: tenon.projectId, provider, groupRef: 'acme', consumerRef: 'ada', customAuth: {} };
    expect(await ok('POST', '/custom-auth/connect', body)).toMatchObject({
      redirect: { sessionId: expect.any(String) },
    });
  });

  it('of integrations, from an upload, a text and a body', async () => {
    const zip = zipOf('amp.yaml', deflateRawSync(MANIFEST), 8);
    const md5 = createHash('md5').update(zip).digest('base64');
    const upload = await ok<{ url: string; bucket: string; path: string }>(
      'GET',
      `/generate-upload-url?md5=${encodeURIComponent(md5)}`,
    );
    const put = await fetch(upload.url, { method: 'PUT', body: zip, headers: { 'content-md5': md5 } });
    expect(put.status).toBe(200);
    const sourceZipUrl = `gs://${upload.bucket}${upload.path}`;
    const [crm] = await ok<Published[]>('PUT', '/P/integrations:batch?destructive=true', { sourceZipUrl });
    expect(crm).toMatchObject({ name: 'crm' });
    expect(
      await tenon.api('POST', tenon.inProject('/integrations/crm/revisions'), { sourceYaml: MANIFEST }),
    ).toMatchObject({ status: 201, text: '' });
    const content = { name: 'pay', provider: 'stripe', proxy: { enabled: true } };
    const created = { name: 'pay', provider: 'stripe', latestRevision: { specVersion: '1.0.0', content } };
    expect(await tenon.api('POST', tenon.inProject('/integrations'), created)).toMatchObject({ status: 201, text: '' });
    await ok('GET', '/P/integrations');
    expect(await ok('GET', '/P/integrations/pay')).toMatchObject({ provider: 'stripe' });
    await ok('DELETE', '/P/integrations/pay');
    expect((await tenon.api('GET', tenon.inProject('/integrations/pay'))).status).toBe(404);
  });

  it('of revisions, objects, installations and what they did', async () => {
    const integration = await ok<{ id: string; latestRevision: { id: string } }>('GET', '/P/integrations/crm');
    const [connection] = await ok<Published[]>('GET', '/P/connections');
    const revision = `/P/integrations/${integration.id}/revisions/${integration.latestRevision.id}`;
    const hydrated = await ok<{ content: JsonObject }>('GET', `${revision}:hydrate?connectionId=${connection?.id}`);
    expect(hydrated.content).toMatchObject({
      read: {
        objects: [
          {
            objectName: 'contacts',
            mapToName: 'people',
            requiredFields: [{ fieldName: 'email', displayName: 'Email' }],
          },
        ],
      },
    });
    const metadata = await ok('GET', '/P/providers/hubspot/objects/contacts/metadata?groupRef=acme');
    expect(metadata).toMatchObject({ name: 'contacts', fields: { email: { valueType: 'string', isCustom: false } } });

    const content = { provider: 'hubspot', read: { objects: { contacts: { objectName: 'contacts' } } } };
    const made = await ok('POST', '/P/integrations/crm/installations', { groupRef: 'acme', config: { content } });
    const one = `/P/integrations/${integration.id}/installations/${made.id}`;
    const mapped = await ok('GET', '/P/integrations/crm/objects/people/metadata?groupRef=acme&excludeReadOnly=true');
    expect(mapped).toMatchObject({ name: 'contacts', mappedObjectName: 'people' });
    const score = { fieldName: 'score', displayName: 'Score', valueType: 'int' };
    const wished = { groupRef: 'acme', fields: { people: [score] } };
    expect(await ok('PUT', '/P/integrations/crm/object-metadata', wished)).toMatchObject({
      fields: { people: { score: { action: 'create' } } },
    });
    const same = { groupRef: 'acme', fields: { contacts: [score] } };
    expect(await ok('PUT', '/P/providers/hubspot/object-metadata', same)).toMatchObject({
      fields: { contacts: { score: { action: 'none' } } },
    });
    await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('people') === 250);
    const object = { objectName: 'contacts', selectedFields: { phone: true }, selectedFieldMappings: {} };
    const update = {
      updateMask: ['config.content.read.objects.contacts'],
      installation: { config: { content: { read: { objects: { contacts: object } } } } },
    };
    expect(await ok('PATCH', one, update)).toMatchObject({
      config: { content: { read: { objects: { contacts: object } } } },
    });
    const changes = [{ op: 'add', path: '/selectedFields/city', value: true }];
    const patched = await ok('PATCH', '/P/integrations/crm/objects/contacts/config-content', {
      groupRef: 'acme',
      action: 'read',
      changes,
    });
    expect(patched).toMatchObject({
      config: { content: { read: { objects: { contacts: { selectedFields: { phone: true, city: true } } } } } },
    });
    await ok('POST', `${one}:pause`, { objects: ['contacts'] });
    await ok('POST', `${one}:unpause`);
    await ok('GET', one);
    await ok('GET', '/P/installations?groupRef=acme');
    await ok('GET', '/P/integrations/crm/installations');
    const page = await ok<{ results: Published[] }>('GET', `${one}/operations?pageSize=1`);
    const operationId = page.results[0]?.id;
    await ok('GET', `/P/operations/${operationId}`);
    const logs = await ok<{ message: JsonObject }[]>('GET', `/P/operations/${operationId}/logs`);
    expect(logs.map(({ message }) => message['msg'])).toEqual(['read began', '[contacts] Read 250 records']);
    await ok('GET', `${one}/objects/people/backfill-progress`);
    const trigger = { groupRef: 'acme', mode: 'async', sinceTimestamp: '2024-07-01T18:22:30.323771761Z' };
    const triggered = await ok<{ operationId: string }>('POST', '/P/integrations/crm/objects/people', trigger);
    expect(await ok('GET', `/P/operations/${triggered.operationId}`)).toMatchObject({
      metadata: { readType: 'triggered' },
    });
    const wanted = {
      objectName: 'people',
      fieldFilters: [{ fieldName: 'email', operator: 'eq', value: 'a@b.example' }],
    };
    expect(await ok('POST', '/P/integrations/crm?groupRef=acme', wanted)).toEqual({ result: [], results: [] });
    const write = { groupRef: 'acme', type: 'create', record: { email: 'new@b.example' } };
    const written = await ok<{ operationId: string }>('POST', '/P/integrations/crm/objects/contacts', write);
    expect(await ok('GET', `/P/operations/${written.operationId}`)).toMatchObject({ actionType: 'write' });
    await ok('POST', '/P/integrations/crm/objects/people:deliverResults', { groupRef: 'acme', pages: 1 });
    await ok('DELETE', one);
  });

  it('that there is nothing for on a server of one’s own says so', async () => {
    for (const [id, status] of REFUSED) {
      const operation = OPERATIONS.find((one) => one.id === id);
      const path = (operation?.path ?? '').replace('{orgId}', orgId).replace(/\{\w+\}/g, 'x');
      const body = {
        ...{ label: 'x', email: 'a@b.example', builderId: 'x', invitedEmail: 'a@b.example', domain: 'b.example' },
        ...{ parentId: orgId, parentType: 'org', redirectUrl: 'https://b.example' },
      };
      const query = id === 'checkClaimedDomain' ? '?domain=b.example' : '';
      const method = operation?.method ?? 'GET';
      const answer = await tenon.api(method, `${path}${query}`, method === 'GET' ? undefined : body, builder);
      expect([id, answer.status]).toEqual([id, status]);
    }
  });

  it.skipIf(publishedIsMissing !== null)('was called and answered as published', () => {
    const missing = OPERATIONS.filter(({ id }) => !operationsSeen.has(id) && !REFUSED.has(id)).map(({ id }) => id);
    expect(missing).toEqual([]);
  });
});
