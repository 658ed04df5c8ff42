// The platform's published SDK for Node against Tenon: every quirk of what it sends and what it takes for an answer.

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { PublishedSdk, SdkProblem } from '../../support/publishedSdk.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    read:
      objects:
        - {objectName: contacts, destination: hook, requiredFields: [{fieldName: email}]}
    proxy: {enabled: true}
`;
const WHO = { provider: 'hubspot', groupRef: 'acme', consumerRef: 'ada' };

let tenon: Tenon;
let sdk: PublishedSdk;

beforeEach(async () => {
  tenon = await startTenon();
  onTestFinished(() => tenon.stop());
  sdk = new PublishedSdk({ serverUrl: `${tenon.origin}/v1`, apiKeyHeader: tenon.apiKey });
});

const at = (path = '') => tenon.inProject(path);
/** An operation, a path below the project, and the status of its published problem. */
const REFUSED: readonly (readonly [method: string, path: string, status: number, body: JsonObject])[] = [
  ['GET', '/integrations/none', 404, {}],
  ['GET', '/connections/none', 404, {}],
  ['GET', '/destinations/none', 404, {}],
  ['POST', '/destinations', 400, {}],
  ['POST', '/connections:generate', 400, {}],
  ['POST', '/groups', 400, { groupRef: 'acme' }],
  ['POST', '/consumers', 400, { consumerRef: '', consumerName: 'Ada' }],
];

describe('a refusal', () => {
  it.each(REFUSED)('of %s %s is a problem that it can read', async (method, path, status, body) => {
    const refused = sdk.json(method, at(path), 200, method === 'GET' ? undefined : body);
    await expect(refused).rejects.toThrow(SdkProblem);
    await expect(refused).rejects.toMatchObject({ status, message: expect.stringMatching(/\S/) });
  });

  it('of deleting a project says what to do instead, and the project stays', async () => {
    const refused = sdk.none('DELETE', at(), 204);
    await expect(refused).rejects.toThrow(SdkProblem);
    await expect(refused).rejects.toMatchObject({ status: 422, message: expect.stringContaining('not deleted') });
    expect(await sdk.json('GET', at(), 200)).toMatchObject({ id: tenon.projectId });
  });

  it('of a wrong key is one as well', async () => {
    const stranger = new PublishedSdk({ serverUrl: `${tenon.origin}/v1`, apiKeyHeader: 'tnn_wrong' });
    await expect(stranger.json('GET', at('/integrations'), 200)).rejects.toMatchObject({ status: 401 });
    await expect(stranger.none('POST', at('/groups'), 201, {})).rejects.toMatchObject({ status: 401 });
  });
});

it('connects with the old name of the project, whatever it says that it accepts', async () => {
  await tenon.addProviderApp('hubspot');
  await expect(sdk.oauthConnect({ ...WHO, projectId: 'other' })).rejects.toMatchObject({ status: 404 });
  const url = await sdk.oauthConnect({ ...WHO, projectId: tenon.projectId });
  expect((await tenon.browse(url)).status).toBe(200);
  const connections = await sdk.json('GET', at('/connections?provider=hubspot'), 200);
  expect(connections).toMatchObject([{ group: { groupRef: 'acme' }, authScheme: 'oauth2/authorizationCode' }]);
});

it('finds each status exactly where it expects it', async () => {
  const app = { provider: 'hubspot', clientId: 'id', clientSecret: 's', scopes: ['oauth'] };
  const { id: appId } = await sdk.json('POST', at('/provider-apps'), 200, app);
  await sdk.none('DELETE', at(`/provider-apps/${appId}`), 204);
  const destination = { name: 'hook', type: 'webhook', metadata: { url: `${tenon.receiver.origin}/hook` } };
  const { id: destinationId } = await sdk.json('POST', at('/destinations'), 201, destination);
  await sdk.json('PUT', at('/integrations:batch'), 200, { sourceYaml: MANIFEST });
  const latestRevision = {
    specVersion: '1.0.0',
    content: { name: 'two', provider: 'stripe', proxy: { enabled: true } },
  };
  await sdk.none('POST', at('/integrations'), 201, { name: 'two', provider: 'stripe', latestRevision });
  const stripe = { ...WHO, provider: 'stripe', apiKey: 'sk_test_1' };
  const { id: connectionId } = await sdk.json('POST', at('/connections:generate'), 201, stripe);
  const installation = {
    groupRef: 'acme',
    connectionId: String(connectionId),
    config: { content: { provider: 'stripe' } },
  };
  const { id } = await sdk.json('POST', at('/integrations/two/installations'), 201, installation);
  await sdk.none('DELETE', at(`/integrations/two/installations/${id}`), 204);
  await sdk.none('DELETE', at(`/destinations/${destinationId}`), 204);
  await sdk.none('DELETE', at('/integrations/two'), 204);
});

it('can decode what it reads: providers, projects, and manifests without a schedule', async () => {
  expect(await sdk.json('GET', '/providers/hubspot', 200)).toMatchObject({ name: 'hubspot', providerOpts: {} });
  expect(await sdk.json('GET', at(), 200)).toMatchObject({ id: tenon.projectId });
  await tenon.deploy(MANIFEST);
  const connection = await tenon.connect('hubspot');
  const [integration] = (await sdk.json('GET', at('/integrations'), 200)) as unknown as {
    id: string;
    latestRevision: { id: string };
  }[];
  const path = `/integrations/${integration?.id}/revisions/${integration?.latestRevision.id}:hydrate`;
  expect(await sdk.json('GET', at(`${path}?connectionId=${connection.id}`), 200)).toMatchObject({
    content: { read: { objects: [{ objectName: 'contacts', schedule: '', destination: 'hook' }] } },
  });
});

it('names groups and consumers before they connect, which later connections keep', async () => {
  const group = await sdk.json('POST', at('/groups'), 201, { groupRef: 'acme', groupName: 'Acme Inc.' });
  expect(group).toEqual({
    groupRef: 'acme',
    groupName: 'Acme Inc.',
    projectId: tenon.projectId,
    createTime: expect.any(String),
  });
  await sdk.json('POST', at('/consumers'), 201, { consumerRef: 'ada', consumerName: 'Ada' });
  const again = await sdk.json('POST', at('/consumers'), 201, { consumerRef: 'ada', consumerName: 'Ada L.' });
  expect(again).toMatchObject({ consumerRef: 'ada', consumerName: 'Ada L.', updateTime: expect.any(String) });
  const made = await sdk.json('POST', at('/connections:generate'), 201, { ...WHO, provider: 'stripe', apiKey: 'sk' });
  expect(made).toMatchObject({ group: { groupName: 'Acme Inc.' }, consumer: { consumerName: 'Ada L.' } });
  const named = { ...WHO, provider: 'stripe', apiKey: 'sk', groupName: 'Acme', consumerName: 'A.' };
  expect(await sdk.json('POST', at('/connections:generate'), 201, named)).toMatchObject({
    group: { groupName: 'Acme' },
    consumer: { consumerName: 'A.' },
  });
  // With the last connection of both nothing is known of them any more.
  const [{ id }] = (await sdk.json('GET', at('/connections'), 200)) as unknown as [{ id: string }];
  await sdk.none('DELETE', at(`/connections/${id}`), 204);
  expect(
    await sdk.json('POST', at('/connections:generate'), 201, { ...WHO, provider: 'stripe', apiKey: 'sk' }),
  ).toMatchObject({
    group: { groupName: 'acme' },
    consumer: { consumerName: 'ada' },
  });
});
