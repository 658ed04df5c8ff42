// The control plane over real HTTP: what it refuses, with which words, and that a refusal leaves nothing behind; then
// that what it answers is what clients of the published API read.

import { request } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type ProjectId } from '../../src/core/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { API_BODY_BYTES_MAX, REF_CHARS_MAX } from '../../src/core/limits.ts';
import { hashApiKey, insertApiKey, insertProject } from '../../src/store/tables/accounts.ts';
import { operationsSeen } from '../support/everyAnswer.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: contacts
    provider: hubspot
    proxy: {enabled: true}
    read:
      objects:
        - objectName: contacts
          destination: contacts
          schedule: "*/30 * * * *"
          backfill: {defaultPeriod: {fullHistory: true}}
          requiredFields: [{fieldName: email}]
`;
const OTHER_KEY = 'tnn_the-key-of-another-project';
const LIMITED_KEY = 'tnn_a-key-that-may-not-do-everything';
const INACTIVE_KEY = 'tnn_a-key-that-was-switched-off';

let tenon: Tenon;
let otherProject: ProjectId;
let integrationId = '';
let installationId = '';
let connectionId = '';

beforeAll(async () => {
  tenon = await startTenon();
  otherProject = newId<ProjectId>();
  const createdAtMs = Date.now();
  const key = { projectId: tenon.running.firstKey?.projectId ?? otherProject, label: 'test', createdAtMs };
  await tenon.running.services.store.commit([
    insertProject({ projectId: otherProject, name: 'other', appName: 'Other', orgId: 'org', createdAtMs }),
    insertApiKey({ ...key, projectId: otherProject, keyHash: hashApiKey(OTHER_KEY), scopes: '["full"]' }),
    insertApiKey({ ...key, keyHash: hashApiKey(LIMITED_KEY), scopes: '["frontend"]' }),
    insertApiKey({ ...key, keyHash: hashApiKey(INACTIVE_KEY), scopes: '["full"]' }),
  ]);
  await tenon.halt();
  const database = new Database(join(tenon.folder, 'data', 'tenon.db'));
  database.prepare('UPDATE apiKeys SET isActive = 0 WHERE keyHash = ?').run(hashApiKey(INACTIVE_KEY));
  database.close();
  await tenon.resume();
  await tenon.addWebhook('contacts');
  connectionId = (await tenon.connect('hubspot')).id;
  const [integration] = await tenon.deploy(MANIFEST);
  integrationId = integration?.id ?? '';
  const object = { objectName: 'contacts', selectedFields: {}, selectedFieldMappings: {} };
  const content = { provider: 'hubspot', read: { objects: { contacts: object } } };
  installationId = (await tenon.install('contacts', content)).id;
  await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === 250);
});

afterAll(() => tenon.stop());

/** How many rows each table of the builder's own things has. */
function rowCounts(): JsonObject {
  const { reads } = tenon.running.services.store;
  const tables = ['projects', 'apiKeys', 'providerApps', 'destinations', 'integrations', 'revisions', 'connections'];
  const all = [...tables, 'credentials', 'installations', 'oauthStates'];
  return Object.fromEntries(
    all.map((table) => [table, reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1]),
  );
}

/** The members of a problem that every refusal must have. */
function problemOf({ status, headers, json }: ApiAnswer): JsonObject & { readonly detail: string } {
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('access-control-allow-origin')).toBe('*');
  if (!isJsonObject(json)) throw new Error('a problem must be an object');
  expect(json['status']).toBe(status);
  expect(json['detail']).toEqual(expect.stringMatching(/\S/));
  return json as JsonObject & { readonly detail: string };
}

interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly says: string | RegExp;
}

const identity = { provider: 'hubspot', groupRef: 'acme', consumerRef: 'ada' };
const webhook = { name: 'fresh', type: 'webhook', metadata: { url: 'http://127.0.0.1:1/x' } };
const app = { provider: 'salesforce', clientId: 'id', clientSecret: 'secret' };

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'a call without a key': { method: 'GET', path: '/projects', headers: { 'x-api-key': '' }, status: 401, says: 'key' },
  'a wrong key': { method: 'GET', path: '/projects', headers: { 'x-api-key': 'tnn_no' }, status: 401, says: 'key' },
  'a key that was switched off': {
    method: 'GET',
    path: '/projects',
    headers: { 'x-api-key': INACTIVE_KEY },
    status: 401,
    says: 'key',
  },
  'a key that is longer than any': {
    method: 'GET',
    path: '/projects',
    headers: { 'x-api-key': 'k'.repeat(4000) },
    status: 401,
    says: 'key',
  },
  'a key that may not do everything': {
    method: 'GET',
    path: '/projects',
    headers: { 'x-api-key': LIMITED_KEY },
    status: 403,
    says: 'does not allow',
  },
  'a path that is nothing': { method: 'GET', path: '/nothing/here', status: 404, says: 'nothing at GET' },
  'a method that a path does not have': {
    method: 'DELETE',
    path: '/providers',
    status: 405,
    says: 'nothing at DELETE',
  },
  'a project of somebody else, by id': { method: 'GET', path: '/projects/OTHER', status: 404, says: 'project' },
  'a project of somebody else, by name': { method: 'GET', path: '/projects/other', status: 404, says: 'project' },
  'writing into a project of somebody else': {
    method: 'POST',
    path: '/projects/OTHER/destinations',
    body: webhook,
    status: 404,
    says: 'project',
  },
  'an unknown provider, with the names that are near': {
    method: 'GET',
    path: '/providers/hubspit',
    status: 404,
    says: 'did you mean hubspot?',
  },
  'a provider that is nothing like any': {
    method: 'GET',
    path: '/providers/constructor',
    status: 404,
    says: /catalog$/,
  },
  'an unknown connection': { method: 'GET', path: '/P/connections/none', status: 404, says: 'connection' },
  'an unknown integration': { method: 'GET', path: '/P/integrations/none', status: 404, says: 'integration' },
  'an unknown installation': {
    method: 'GET',
    path: '/P/integrations/contacts/installations/none',
    status: 404,
    says: 'installation',
  },
  'an unknown operation': { method: 'GET', path: '/P/operations/none', status: 404, says: 'operation' },
  'an unknown destination': { method: 'GET', path: '/P/destinations/none', status: 404, says: 'destination' },
  'an unknown action': {
    method: 'POST',
    path: '/P/integrations/contacts/installations/x:explode',
    status: 405,
    says: 'nothing at POST',
  },
  'a page of operations of a wrong size': {
    method: 'GET',
    path: '/P/integrations/contacts/installations/INST/operations?pageSize=0',
    status: 400,
    says: 'pageSize',
  },
  'a page token that is not ours': {
    method: 'GET',
    path: '/P/integrations/contacts/installations/INST/operations?pageToken=%27%20OR%201',
    status: 400,
    says: 'pageToken',
  },
  'a body that is not JSON': { method: 'POST', path: '/P/destinations', body: '{"name": ', status: 400, says: 'JSON' },
  'a body that is empty': { method: 'POST', path: '/P/destinations', body: '', status: 400, says: 'JSON' },
  'a body that is a list': { method: 'POST', path: '/P/destinations', body: [], status: 400, says: 'not valid' },
  'a destination without an address': {
    method: 'POST',
    path: '/P/destinations',
    body: { name: 'fresh', type: 'webhook' },
    status: 400,
    says: 'not valid',
  },
  'a destination of a kind there is not': {
    method: 'POST',
    path: '/P/destinations',
    body: { ...webhook, type: 'kinesis' },
    status: 400,
    says: 'not valid',
  },
  'a destination name that is not one': {
    method: 'POST',
    path: '/P/destinations',
    body: { ...webhook, name: '../fresh' },
    status: 400,
    says: 'destination name',
  },
  'a destination at an address inside the network': {
    method: 'POST',
    path: '/P/destinations',
    body: { ...webhook, metadata: { url: 'http://169.254.169.254/latest' } },
    status: 403,
    says: '169.254.169.254',
  },
  'a destination at something that is not a web address': {
    method: 'POST',
    path: '/P/destinations',
    body: { ...webhook, metadata: { url: 'file:///etc/passwd' } },
    status: 403,
    says: 'not permitted',
  },
  'a second destination of a name': {
    method: 'POST',
    path: '/P/destinations',
    body: { ...webhook, name: 'contacts' },
    status: 409,
    says: 'already has a destination named "contacts"',
  },
  'a provider app of an unknown provider': {
    method: 'POST',
    path: '/P/provider-apps',
    body: { ...app, provider: 'salesfarce' },
    status: 404,
    says: 'did you mean salesforce, salesflare?',
  },
  'a provider app of a provider without OAuth': {
    method: 'POST',
    path: '/P/provider-apps',
    body: { ...app, provider: 'stripe' },
    status: 400,
    says: 'needs no provider app',
  },
  'a second provider app of a client': {
    method: 'POST',
    path: '/P/provider-apps',
    body: { ...app, provider: 'hubspot', clientId: 'app-hubspot' },
    status: 409,
    says: 'already has a provider app',
  },
  'deleting a provider app that is not there': {
    method: 'DELETE',
    path: '/P/provider-apps/none',
    status: 404,
    says: 'provider app',
  },
  'a manifest that does not come': {
    method: 'PUT',
    path: '/P/integrations:batch',
    body: {},
    status: 400,
    says: 'not valid',
  },
  'an installation of an unknown integration': {
    method: 'POST',
    path: '/P/integrations/none/installations',
    body: { groupRef: 'acme', config: { content: { provider: 'hubspot' } } },
    status: 404,
    says: 'integration',
  },
  'an installation of a group that is not connected': {
    method: 'POST',
    path: '/P/integrations/contacts/installations',
    body: { groupRef: 'nobody', config: { content: { provider: 'hubspot' } } },
    status: 400,
    says: 'no connection to hubspot',
  },
  'an installation with a connection there is not': {
    method: 'POST',
    path: '/P/integrations/contacts/installations',
    body: { groupRef: 'acme', connectionId: 'none', config: { content: { provider: 'hubspot' } } },
    status: 400,
    says: 'no such connection',
  },
  'a second installation of a group': {
    method: 'POST',
    path: '/P/integrations/contacts/installations',
    body: { groupRef: 'acme', config: { content: { provider: 'hubspot' } } },
    status: 422,
    says: 'already installed',
  },
  'an installation config of another provider': {
    method: 'POST',
    path: '/P/integrations/contacts/installations',
    body: { groupRef: 'acme', config: { content: { provider: 'salesforce' } } },
    status: 400,
    says: /provider|config/,
  },
  'deleting a connection that is in use': {
    method: 'DELETE',
    path: '/P/connections/CONN',
    status: 422,
    says: 'is used by',
  },
  'connecting with a name that is too long': {
    method: 'POST',
    path: '/P/connections:generate',
    body: { ...identity, provider: 'stripe', apiKey: 'k', groupRef: 'g'.repeat(REF_CHARS_MAX + 1) },
    status: 400,
    says: 'not valid',
  },
};

describe('the API refuses', () => {
  it.each(Object.entries(REFUSALS))('%s', async (_what, { method, path, body, headers, status, says }) => {
    const before = rowCounts();
    const at = path
      .replace('/P/', `/projects/${tenon.projectId}/`)
      .replace('OTHER', otherProject)
      .replace('INST', installationId)
      .replace('CONN', connectionId);
    const answer = await tenon.api(method, at, body, headers);
    expect(answer.status).toBe(status);
    expect(problemOf(answer).detail).toMatch(says);
    expect(rowCounts()).toEqual(before);
  });

  it('everything of one project to the key of another', async () => {
    const key = { 'x-api-key': OTHER_KEY };
    expect((await tenon.api('GET', `/projects/${otherProject}`, undefined, key)).status).toBe(200);
    const paths = ['/connections', '/installations', '/destinations', '/provider-apps', '/integrations'];
    for (const path of [...paths, `/connections/${connectionId}`]) {
      const answer = await tenon.api('GET', tenon.inProject(path), undefined, key);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const own = (path: string) => tenon.api('GET', `/projects/${otherProject}${path}`, undefined, key);
    for (const path of paths) expect([path, (await own(path)).json]).toEqual([path, []]);
    for (const path of [`/connections/${connectionId}`, `/integrations/${integrationId}`, '/destinations/contacts']) {
      expect([path, (await own(path)).status]).toEqual([path, 404]);
    }
  });

  it.each(['with a length', 'in chunks'])('a body that is too large, announced %s', async (how) => {
    const before = rowCounts();
    const isChunked = how === 'in chunks';
    const { status, text } = await sendLong(tenon.inProject('/destinations'), isChunked);
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({
      status: 413,
      detail: expect.stringContaining(String(API_BODY_BYTES_MAX)),
    });
    expect(rowCounts()).toEqual(before);
  });

  it('a body with wrong values, naming the place of each', async () => {
    const answer = await tenon.api('POST', tenon.inProject('/destinations'), { name: 7, type: 'x', metadata: {} });
    expect(answer.status).toBe(400);
    expect(problemOf(answer)['issues']).toMatchObject([
      { in: 'body', name: 'name' },
      { in: 'body', name: 'type' },
      { in: 'body', name: 'metadata.url' },
    ]);
  });

  it('a manifest with mistakes, each with file, line and column, and deploys none of it', async () => {
    const before = rowCounts();
    const sourceYaml = MANIFEST.replace('name: contacts', 'name: second')
      .replace('provider: hubspot', 'provider: hubspit')
      .replace('"*/30 * * * *"', '"every day"');
    const answer = await tenon.api('PUT', tenon.inProject('/integrations:batch'), {
      sourceYaml,
      sourceName: 'my.yaml',
    });
    expect(answer.status).toBe(422);
    const { issues, detail } = problemOf(answer);
    expect(detail).toBe('my.yaml has 2 problem(s)');
    const details = (issues as readonly JsonObject[]).map((issue) => issue['detail']);
    expect(details).toEqual([
      expect.stringMatching(/^my\.yaml:4:15: .*did you mean "hubspot"/),
      expect.stringMatching(/^my\.yaml:10:21: .*cron/),
    ]);
    expect(rowCounts()).toEqual(before);
  });

  it('moving an integration to another provider', async () => {
    const sourceYaml =
      'specVersion: 1.0.0\nintegrations: [{name: contacts, provider: stripe, proxy: {enabled: true}}]\n';
    const answer = await tenon.api('PUT', tenon.inProject('/integrations:batch'), { sourceYaml });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).detail).toContain('"contacts" is an integration of hubspot');
  });
});

describe('a browser on another origin', () => {
  it('may ask before it calls, and is told what it may send', async () => {
    const response = await fetch(`${tenon.origin}/v1/projects`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://builder.example',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,x-api-key,authorization,x-amp-client,x-amp-client-version',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET,POST,PATCH,PUT,DELETE');
    const allowed = response.headers.get('access-control-allow-headers')?.split(',') ?? [];
    for (const name of ['content-type', 'x-api-key', 'authorization', 'x-amp-client', 'x-amp-client-version']) {
      expect(allowed).toContain(name);
    }
  });
});

/** Sends a body that is too large; the answer may come before the body has gone. */
function sendLong(path: string, isChunked: boolean): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${tenon.origin}/v1${path}`, {
      method: 'POST',
      headers: {
        'x-api-key': tenon.apiKey,
        'content-type': 'application/json',
        ...(isChunked ? {} : { 'content-length': String(API_BODY_BYTES_MAX + 1) }),
      },
    });
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        outgoing.destroy();
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', reject);
    const piece = Buffer.alloc(65_536, 0x20);
    if (isChunked) for (let sent = 0; sent <= API_BODY_BYTES_MAX; sent += piece.length) outgoing.write(piece);
    else outgoing.write(piece);
  });
}

// That they are as published is judged with every call (`test/support/everyAnswer.ts`).
describe('the API answers', () => {
  const one = '/P/integrations/contacts/installations/INST';
  const paths = [
    ...['/providers', '/providers/salesforce', '/projects', '/P', '/P/provider-apps', '/P/destinations'],
    ...['/P/destinations/contacts?includeSecrets=true', '/P/integrations', '/P/integrations/contacts'],
    ...['/P/connections', '/P/connections/CONN', '/P/installations', '/P/integrations/contacts/installations'],
    ...[one, `${one}/operations`, `${one}/objects/contacts/backfill-progress`],
  ];
  const filled = (path: string) =>
    path.replace(/^\/P/, `/projects/${tenon.projectId}`).replace('INST', installationId).replace('CONN', connectionId);

  it.each(paths)('GET %s', async (path) => {
    const answer = await tenon.api('GET', filled(path));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([
      200,
      path.startsWith('/providers') ? null : 'no-store',
    ]);
    expect(answer.json).not.toEqual([]);
  });

  it('one operation of the list, by its id', async () => {
    const list = await tenon.ok<{ results: { id: string }[] }>('GET', filled(`${one}/operations`));
    expect((await tenon.api('GET', filled(`/P/operations/${list.results[0]?.id}`))).status).toBe(200);
  });

  it('what is made, and 204 with nothing for what is deleted', async () => {
    const made = async (path: string, body: JsonValue, status: number) => {
      const answer = await tenon.api('POST', filled(path), body);
      expect([path, answer.status, answer.status === status ? '' : answer.text]).toEqual([path, status, '']);
      return (answer.json as { id: string }).id;
    };
    const gone = async (path: string) => {
      const { status, text } = await tenon.api('DELETE', filled(path));
      expect([path, status, text]).toEqual([path, 204, '']);
      expect((await tenon.api('DELETE', filled(path))).status).toBe(404);
    };
    await gone(`/P/destinations/${await made('/P/destinations', webhook, 201)}`);
    await gone(`/P/provider-apps/${await made('/P/provider-apps', app, 200)}`);
    const typed = { provider: 'stripe', groupRef: 'beta', consumerRef: 'bob', apiKey: 'sk_test_1' };
    await gone(`/P/connections/${await made('/P/connections:generate', typed, 201)}`);
  });

  it('another method than a path has with those that it has', async () => {
    const answer = await tenon.api('PUT', filled('/P/connections/CONN'));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, PATCH, DELETE']);
    const verb = await tenon.api('POST', filled('/P/connections/CONN:oauth-update'));
    expect([verb.status, verb.headers.get('allow')]).toEqual([405, 'PATCH']);
  });
});

describe.skipIf(publishedIsMissing !== null)(`the judge of answers (${publishedIsMissing ?? 'at work'})`, () => {
  it('refuses what is not as published', () => {
    const published = new PublishedSchemas();
    const operation = published.operations().find(({ id }) => id === 'getProject');
    if (operation === undefined) throw new Error('projects are published');
    const given = (status: number, media: string, json: JsonValue) =>
      published.answer(operation, { status, media, text: JSON.stringify(json) });
    const project = { id: 'p', name: 'n', appName: 'a', orgId: 'o', createTime: '2026-01-05T09:10:00.000Z' };
    expect(given(200, 'application/json', project)).toEqual([]);
    expect(given(201, 'application/json', project)).toEqual([expect.stringContaining('is not a published status')]);
    expect(given(200, 'text/plain', project)).toEqual([expect.stringContaining('text/plain')]);
    expect(given(200, 'application/json', { ...project, createTime: '' })).toEqual([
      expect.stringContaining('createTime'),
    ]);
    expect(given(404, 'application/problem+json', { status: 'x' })).toEqual([expect.stringContaining('status')]);
  });

  it('sees what tests fetch', () => {
    expect(operationsSeen).toContain('listProjects');
  });
});
