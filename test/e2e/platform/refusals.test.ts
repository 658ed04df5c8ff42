// Wrong input to every operation of the platform API: first what the schemas say, operation by operation, then what
// only code can say. A refusal names the place of what is wrong and leaves nothing behind.

import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { API_BODY_BYTES_MAX } from '../../../src/core/limits.ts';
import { inputSchema } from '../../../src/edge/openapi.ts';
import type { Operation } from '../../../src/edge/platform/operation.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { editProject } from '../../../src/flows/projects.ts';
import { editProviderApp, openClient } from '../../../src/flows/providerApps.ts';
import { editTopic } from '../../../src/flows/topics.ts';
import {
  type ProjectRow,
  type ProviderAppRow,
  readProject,
  readProviderApp,
} from '../../../src/store/tables/accounts.ts';
import { readTopic, type TopicRow } from '../../../src/store/tables/topics.ts';
import { bearer, rsa, storeKey } from '../../support/credentials.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    read:
      objects:
        - objectName: contacts
          destination: hook
          schedule: "*/30 * * * *"
          requiredFields: [{fieldName: email}]
          optionalFieldsAuto: all
`;
const TABLES = [
  ...['projects', 'apiKeys', 'jwtKeys', 'providerApps', 'destinations', 'topics', 'eventTopicRoutes'],
  ...['topicDestinationRoutes', 'integrations', 'revisions', 'connections', 'installations', 'uploads'],
];

let tenon: Tenon;
let builder: Readonly<Record<string, string>> = {};
let ids: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  tenon = await startTenon();
  builder = bearer(await storeKey(tenon, { scopes: ['builder'] }));
  const hook = await tenon.addWebhook('hook');
  const topic = await tenon.ok('POST', tenon.inProject('/topics'), { name: 'alerts' });
  await tenon.ok('POST', tenon.inProject('/topics'), { name: 'others' });
  const route = { topicId: topic.id, destinationId: hook.id };
  await tenon.ok('POST', tenon.inProject('/topic-destination-routes'), route);
  await tenon.ok('POST', tenon.inProject('/notification-event-topic-routes'), {
    eventType: 'connection.error',
    topicId: topic.id,
  });
  const { id: connection } = await tenon.connect('hubspot');
  const typed = { provider: 'stripe', apiKey: 'sk', groupRef: 'acme', consumerRef: 'ada' };
  const stripe = await tenon.ok('POST', tenon.inProject('/connections:generate'), typed);
  const [crm] = await tenon.deploy(MANIFEST);
  const content = { provider: 'hubspot', read: { objects: { contacts: { objectName: 'contacts' } } } };
  const installation = await tenon.install('crm', content);
  const app = (await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/provider-apps')))[0]?.id ?? '';
  const { id: revision = '' } = (crm?.['latestRevision'] ?? {}) as { id?: string };
  const orgId = (await tenon.ok<{ orgId: string }>('GET', tenon.inProject(''))).orgId;
  ids = {
    HOOK: hook.id,
    TOPIC: topic.id,
    CONN: connection,
    STRIPE: stripe.id,
    INST: installation.id,
    APP: app,
    REV: revision,
    ORG: orgId,
  };
});

afterAll(() => tenon.stop());

function rowCounts(): JsonObject {
  const { reads } = tenon.running.services.store;
  const count = (table: string) => reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1;
  return Object.fromEntries(TABLES.map((table) => [table, count(table)]));
}

const filled = (text: string) => text.replace(/\b[A-Z]{3,}\b/g, (word) => ids[word] ?? word);

/** A path of an operation with things that there are, as far as it matters to its body. */
function pathOf({ path }: Operation): string {
  const params: Readonly<Record<string, string>> = {
    ...{ projectIdOrName: tenon.projectId, integrationId: 'crm', installationId: 'INST', connectionId: 'CONN' },
    ...{ destination: 'hook', topicId: 'TOPIC', providerAppId: 'APP', orgId: 'ORG', objectName: 'contacts' },
  };
  return filled(path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'x'));
}

/** The same with what its query must have, so that what is refused is the body. */
function addressOf(operation: Operation): string {
  const { required = [] } = (operation.query === null ? {} : inputSchema(operation.query)) as JsonObject;
  return `${pathOf(operation)}${(required as string[]).includes('groupRef') ? '?groupRef=acme' : ''}`;
}

/** Names of what is wrong, in either form of a problem. */
function namesIn({ json }: ApiAnswer): readonly string[] {
  const problem = isJsonObject(json) ? json : {};
  const issues = (problem['issues'] ?? []) as readonly { name: string }[];
  return issues.map(({ name }) => name);
}

/** The members of a body, whichever of its forms has them. */
function membersOf({ body }: Operation): { readonly required: readonly string[]; readonly members: JsonObject } {
  const schema = body === null ? {} : inputSchema(body);
  const forms = ((schema['anyOf'] as JsonObject[] | undefined) ?? [schema]) as JsonObject[];
  const required = forms.length === 1 ? ((forms[0]?.['required'] ?? []) as string[]) : [];
  return { required, members: (forms[0]?.['properties'] ?? {}) as JsonObject };
}

/** A value that a member never is. */
function wrongFor(schema: JsonObject): JsonValue {
  return schema['type'] === 'string' || schema['enum'] !== undefined || schema['const'] !== undefined
    ? { a: 1 }
    : 'wrong';
}

/** Those that are told by their body say so in text, and are in `writes.test.ts`. */
const withBody = OPERATIONS.filter(({ body, isMeant }) => body !== null && isMeant === undefined).map(
  (operation) => [operation.id, operation] as const,
);

describe('a body that is wrong is refused, naming the place', () => {
  it.each(withBody)('of %s', async (id, operation) => {
    const before = rowCounts();
    const send = (body: unknown) => tenon.api(operation.method, addressOf(operation), body, builder);
    for (const text of ['{"a": ', ...(operation.isBodyOptional ? [] : [''])])
      expect([id, (await send(text)).status]).toEqual([id, 400]);
    for (const body of [[], 'text', 7, null]) {
      expect([id, body, (await send(JSON.stringify(body))).status]).toEqual([id, body, 400]);
    }
    const { required, members } = membersOf(operation);
    const empty = await send({});
    if (required.length > 0) expect([id, empty.status]).toEqual([id, 400]);
    expect(namesIn(empty)).toEqual(expect.arrayContaining([...required]));
    for (const [name, schema] of Object.entries(members)) {
      if (Object.keys(schema as JsonObject).length === 0) continue;
      const answer = await send({ [name]: wrongFor(schema as JsonObject) });
      const isNamed = namesIn(answer).some(
        (one) => one === name || one === '' || one.startsWith(`${name}.`) || one.startsWith(`${name}[`),
      );
      expect([id, name, answer.status, isNamed]).toEqual([id, name, 400, true]);
    }
    expect(rowCounts()).toEqual(before);
  });

  it('or is too large', async () => {
    for (const [id, operation] of withBody) {
      const call = tenon.api(operation.method, addressOf(operation), `"${'x'.repeat(API_BODY_BYTES_MAX)}"`, builder);
      // The answer may come before the body has gone.
      const status = await call.then(
        (answer) => answer.status,
        () => 413,
      );
      expect([id, status]).toEqual([id, 413]);
    }
  });
});

const withQuery = OPERATIONS.filter(({ query }) => query !== null).map(
  (operation) => [operation.id, operation] as const,
);
const WRONG_QUERY: Readonly<Record<string, string>> = {
  pageSize: '0',
  pageToken: 'x y',
  refresh: 'now',
  eventType: 'none',
};

describe('a query that is wrong is refused, naming the parameter', () => {
  it.each(withQuery)('of %s', async (id, operation) => {
    const { properties = {} } = inputSchema(operation.query ?? never()) as { properties?: JsonObject };
    for (const [name, schema] of Object.entries(properties)) {
      const isFlag = (schema as JsonObject)['enum'] !== undefined;
      const value = WRONG_QUERY[name] ?? (isFlag ? 'perhaps' : 'x'.repeat(600));
      const answer = await tenon.api(
        operation.method,
        `${pathOf(operation)}?${name}=${encodeURIComponent(value)}`,
        undefined,
        builder,
      );
      expect([id, name, answer.status, namesIn(answer).includes(name)]).toEqual([id, name, 400, true]);
    }
  });
});

function never(): never {
  throw new Error('operations without a query are left out');
}

describe('what is not there is not found', () => {
  it.each(
    OPERATIONS.filter(({ path }) => /\{(?!projectIdOrName|orgId|billing|invite|provider\})/.test(path)).map(
      (one) => [one.id, one] as const,
    ),
  )('by %s', async (id, operation) => {
    const { members } = membersOf(operation);
    const path = operation.path.replace('{projectIdOrName}', tenon.projectId).replace(/\{\w+\}/g, 'nothing');
    const query = '?groupRef=acme&connectionId=CONN';
    const body = operation.body === null ? undefined : (BODIES[id] ?? members);
    const answer = await tenon.api(
      operation.method,
      filled(`${path}${operation.method === 'GET' || operation.query !== null ? query : ''}`),
      body,
      builder,
    );
    expect([id, answer.status, answer.status === 404 ? '' : answer.text]).toEqual([id, 404, '']);
  });
});

/** Sound bodies of operations on something that is there. */
const BODIES: Readonly<Record<string, JsonObject>> = {
  writeRecords: { groupRef: 'acme', type: 'create', record: { email: 'a@b' } },
  updateProviderApp: { updateMask: [], providerApp: {} },
  updateDestination: { updateMask: [], destination: {} },
  createRevision: { sourceYaml: MANIFEST },
  createInstallation: { groupRef: 'acme', config: { content: {} } },
  updateInstallation: { updateMask: [], installation: {} },
  patchObjectConfigContent: { groupRef: 'acme', action: 'read', changes: [] },
  triggerRead: { groupRef: 'acme', mode: 'async' },
  deliverResults: { groupRef: 'acme', pages: 1 },
  searchRecords: { objectName: 'contacts', fieldFilters: [{ fieldName: 'email', operator: 'eq', value: 'a' }] },
  pauseReads: {},
  unpauseReads: {},
  updateConnection: { updateMask: [], connection: {} },
  upsertMetadataForInstallation: {
    groupRef: 'acme',
    fields: { contacts: [{ fieldName: 'tier', displayName: 'Tier', valueType: 'string' }] },
  },
  updateTopic: { name: 'other' },
  updateApiKey: { updateMask: [], apiKey: {} },
  updateJWTKey: { updateMask: ['active'], jwtKey: { active: true } },
};

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwtKey = (publicKeyPem: string) => ({ label: 'k', algorithm: 'RS256', publicKeyPem });
const one = '/P/integrations/crm/installations/INST';
const read = (object: JsonValue) => ({ config: { content: { read: { objects: { contacts: object } } } } });
const project = (name: string) => ({ name, appName: 'A', orgId: 'ORG' });

type Refusal = readonly [method: string, path: string, body: JsonValue, status: number, says: string];
const REFUSALS: Readonly<Record<string, Refusal>> = {
  'a key of an elliptic curve': ['POST', '/P/jwt-keys', jwtKey(ec), 400, 'RSA public key'],
  'a key that is too short': ['POST', '/P/jwt-keys', jwtKey(short), 400, '1024 bits'],
  'a private key': ['POST', '/P/jwt-keys', jwtKey(secret), 400, 'RSA public key'],
  'a key that is nothing': [
    'POST',
    '/P/jwt-keys',
    jwtKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'),
    400,
    'RSA',
  ],
  'a key of another algorithm': ['POST', '/P/jwt-keys', { ...jwtKey(ec), algorithm: 'ES256' }, 400, 'not valid'],
  'an API key that would open the operator plane': [
    'POST',
    '/P/api-keys',
    { label: 'k', scopes: ['operator'] },
    400,
    'not valid',
  ],
  'an API key that would open every project': [
    'POST',
    '/P/api-keys',
    { label: 'k', scopes: ['full', 'builder'] },
    400,
    'not valid',
  ],
  'a project whose name is taken': ['POST', '/projects', project('DEFAULT'), 422, 'taken'],
  'a project whose name looks like an id': [
    'POST',
    '/projects',
    project('0b7e5c1a-aaaa-4bbb-8ccc-123456789abc'),
    422,
    'look like an id',
  ],
  'a project of another organization': ['POST', '/projects', { ...project('fresh'), orgId: 'x' }, 422, 'orgId'],
  'a project name with a space': ['POST', '/projects', project('a b'), 400, 'not valid'],
  'a mask of a project without its value': ['PATCH', '/P', { updateMask: ['name'], project: {} }, 400, 'missing'],
  'a topic whose name is taken': ['POST', '/P/topics', { name: 'alerts' }, 409, 'already has'],
  'a topic with a space': ['POST', '/P/topics', { name: 'a b' }, 400, 'not valid'],
  'another name of a topic that is taken': ['PATCH', '/P/topics/TOPIC', { name: 'others' }, 409, 'already has'],
  'a route of an event that there is not': [
    'POST',
    '/P/notification-event-topic-routes',
    { eventType: 'x', topicId: 'TOPIC' },
    400,
    'not valid',
  ],
  'a route to a topic that there is not': [
    'POST',
    '/P/notification-event-topic-routes',
    { eventType: 'connection.error', topicId: 'x' },
    400,
    'topicId',
  ],
  'a second route of an event': [
    'POST',
    '/P/notification-event-topic-routes',
    { eventType: 'connection.error', topicId: 'TOPIC' },
    422,
    'already',
  ],
  'a route to a destination that there is not': [
    'POST',
    '/P/topic-destination-routes',
    { topicId: 'TOPIC', destinationId: 'x' },
    404,
    'destinationId',
  ],
  'a route to a destination by its name': [
    'POST',
    '/P/topic-destination-routes',
    { topicId: 'TOPIC', destinationId: 'hook' },
    404,
    'destinationId',
  ],
  'a second route of a topic': [
    'POST',
    '/P/topic-destination-routes',
    { topicId: 'TOPIC', destinationId: 'HOOK' },
    422,
    'already',
  ],
  'a mask of a destination without its value': [
    'PATCH',
    '/P/destinations/hook',
    { updateMask: ['metadata.url'], destination: {} },
    400,
    'url',
  ],
  'a destination at an address inside the network': [
    'PATCH',
    '/P/destinations/hook',
    { updateMask: ['metadata.url'], destination: { metadata: { url: 'http://169.254.169.254/' } } },
    403,
    '169.254',
  ],
  'a destination header that is not ours to send': [
    'PATCH',
    '/P/destinations/hook',
    { updateMask: ['metadata.headers'], destination: { metadata: { headers: { 'svix-id': 'x' } } } },
    400,
    'svix-id',
  ],
  'another type of a destination': [
    'PATCH',
    '/P/destinations/hook',
    { updateMask: ['type'], destination: { type: 'kinesis' } },
    400,
    'not valid',
  ],
  'a path of an installation that cannot be updated': [
    'PATCH',
    one,
    { updateMask: ['groupRef'], installation: {} },
    400,
    'updateMask[0]',
  ],
  'a path of an installation without its value': [
    'PATCH',
    one,
    { updateMask: ['config.content.read.objects.contacts'], installation: {} },
    400,
    'updateMask[0]',
  ],
  'a config that is not valid': [
    'PATCH',
    one,
    { updateMask: ['config.content.read.objects.contacts'], installation: read({ schedule: 'never' }) },
    400,
    'schedule',
  ],
  'a connection of another provider': [
    'PATCH',
    one,
    { updateMask: ['connectionId'], installation: { connectionId: 'STRIPE' } },
    422,
    'stripe',
  ],
  'a connection that there is not': [
    'PATCH',
    one,
    { updateMask: ['connectionId'], installation: { connectionId: 'x' } },
    400,
    'no such connection',
  ],
  'a change that leads nowhere': [
    'PATCH',
    '/P/integrations/crm/objects/contacts/config-content',
    { installationId: 'INST', action: 'read', changes: [{ op: 'replace', path: '/a/b', value: 1 }] },
    400,
    'changes[0]',
  ],
  'a change of an object that there is not': [
    'PATCH',
    '/P/integrations/crm/objects/deals/config-content',
    { groupRef: 'acme', action: 'read', changes: [{ op: 'add', path: '/disabled', value: true }] },
    404,
    'deals',
  ],
  'a change without whom it is for': [
    'PATCH',
    '/P/integrations/crm/objects/contacts/config-content',
    { action: 'read', changes: [] },
    400,
    'not valid',
  ],
  'a revision for a connection of another provider': [
    'GET',
    '/P/integrations/crm/revisions/REV:hydrate?connectionId=STRIPE',
    null,
    400,
    'stripe',
  ],
  'objects of a provider that is not described': [
    'GET',
    '/P/providers/stripe/objects/charges/metadata?groupRef=acme',
    null,
    400,
    'cannot be described',
  ],
  'objects for a group that is not connected': [
    'GET',
    '/P/providers/hubspot/objects/contacts/metadata?groupRef=none',
    null,
    400,
    'no connection',
  ],
  'an organization without its label': ['PATCH', '/orgs/ORG', { updateMask: ['label'], org: {} }, 400, 'label'],
};

describe('refused is', () => {
  it.each(Object.entries(REFUSALS))('%s', async (_what, [method, path, body, status, says]) => {
    const before = rowCounts();
    const text = body === null ? undefined : filled(JSON.stringify(body));
    const at = filled(path.replace(/^\/P/, tenon.inProject('')));
    const answer = await tenon.api(method, at, text, path === '/projects' || path.startsWith('/orgs') ? builder : {});
    expect([answer.status, (answer.json as JsonObject)['detail']]).toEqual([status, expect.stringContaining(says)]);
    expect(rowCounts()).toEqual(before);
  });
});

describe('changes at the same moment', () => {
  it('of one installation: what is taken is there in the end, and the others are told', async () => {
    const fields = ['phone', 'city', 'zip', 'state', 'company', 'website'];
    const change = (field: string) =>
      tenon.api('PATCH', tenon.inProject('/integrations/crm/objects/contacts/config-content'), {
        ...{ groupRef: 'acme', action: 'read' },
        changes: [{ op: 'add', path: `/selectedFields/${field}`, value: true }],
      });
    const statuses = (await Promise.all(fields.map(change))).map(({ status }) => status);
    const taken = fields.filter((_, index) => statuses[index] === 200);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const installation = await tenon.ok('GET', filled(one.replace(/^\/P/, tenon.inProject(''))));
    const { config } = installation as unknown as { config: { content: ReturnType<typeof read>['config']['content'] } };
    const { selectedFields } = config.content.read.objects.contacts as unknown as { selectedFields: JsonObject };
    expect(Object.keys(selectedFields).sort()).toEqual(taken.sort());
  });

  it.each(['provider app', 'project', 'topic'])(
    'of one %s: of two with one version before them, one is told',
    async (what) => {
      const { services } = tenon.running;
      const { reads } = services.store;
      if (what === 'provider app') {
        const { id } = await tenon.addProviderApp('salesforce');
        const before = readProviderApp(reads, id) as ProviderAppRow;
        await editProviderApp(services, before, ['clientSecret'], { clientSecret: 'next' });
        const late = editProviderApp(services, before, ['externalRef'], { externalRef: 'ours' });
        await expect(late).rejects.toMatchObject({ code: 'conflict' });
        expect(openClient(services, id).clientSecret).toBe('next');
      } else if (what === 'project') {
        const before = readProject(reads, tenon.projectId) as ProjectRow;
        await editProject(services, before, ['appName'], { appName: 'Next' });
        const late = editProject(services, before, ['name'], { name: 'late' });
        await expect(late).rejects.toMatchObject({ code: 'conflict' });
        expect(readProject(reads, tenon.projectId)).toMatchObject({ appName: 'Next', name: before.name });
      } else {
        const { id } = await tenon.ok('POST', tenon.inProject('/topics'), { name: 'first' });
        const before = readTopic(reads, id) as TopicRow;
        await editTopic(services, before, 'next');
        await expect(editTopic(services, before, 'late')).rejects.toMatchObject({ code: 'conflict' });
        expect(readTopic(reads, id)).toMatchObject({ name: 'next' });
      }
    },
  );

  it('of one key: what was switched off stays off', async () => {
    const { key } = await tenon.ok<{ key: string }>('POST', tenon.inProject('/api-keys'), { label: 'k' });
    const patch = (updateMask: string[], apiKey: JsonObject) =>
      tenon.api('PATCH', tenon.inProject(`/api-keys/${key}`), { updateMask, apiKey });
    const labels = ['a', 'b', 'c', 'd'].map((label) => patch(['label'], { label }));
    const answers = await Promise.all([patch(['active'], { active: false }), ...labels]);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    const isOff = answers[0]?.status === 200;
    const { status } = await tenon.api('GET', '/projects', undefined, { 'x-api-key': key });
    expect(status).toBe(isOff ? 401 : 200);
  });
});

describe('a sample of what will be read', () => {
  const installing = (query = '') => {
    const object = { objectName: 'contacts', fieldFilters: [{ fieldName: 'no such field', operator: 'eq', value: 1 }] };
    const content = { provider: 'hubspot', read: { objects: { contacts: object } } };
    return {
      path: tenon.inProject(`/integrations/crm/installations${query}`),
      body: { groupRef: 'beta', config: { content } },
    };
  };

  it('that the provider refuses keeps the config from being saved, in the provider’s words', async () => {
    await tenon.connect('hubspot', { groupRef: 'beta', consumerRef: 'bob' });
    const before = rowCounts();
    const { path, body } = installing();
    const answer = await tenon.api('POST', path, body);
    expect([answer.status, namesIn(answer)]).toEqual([422, ['config.content.read.objects.contacts']]);
    expect(rowCounts()).toEqual(before);
  });

  it('is not taken where that is asked for', async () => {
    const { path, body } = installing('?skipSampling=true');
    expect((await tenon.api('POST', path, body)).status).toBe(201);
  });
});
