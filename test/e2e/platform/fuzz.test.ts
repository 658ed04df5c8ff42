// Every operation with input made from its own schema and then spoiled: wrong types, missing and additional members,
// odd texts, ids of other things. Whatever comes is answered, never with 500, and what is refused has changed nothing.
// A short run by seed belongs to the suite; TENON_FUZZ_RUNS=1000 TENON_FUZZ_SEED=7 go on for as long as one likes.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { inputSchema, openApi } from '../../../src/edge/openapi.ts';
import type { Operation } from '../../../src/edge/platform/operation.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { OWN_OPERATIONS } from '../../../src/edge/platform/own.ts';
import { bearer, storeKey } from '../../support/credentials.ts';
import { operationsSeen } from '../../support/everyAnswer.ts';
import { publishedIsMissing } from '../../support/published.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

const RUNS = Number(process.env['TENON_FUZZ_RUNS'] ?? 8);
const SEED = Number(process.env['TENON_FUZZ_SEED'] ?? 20_260_105);
/** Callers wait for a credential for 15 seconds at most; nothing here waits for one. */
const HANGS_AFTER_MS = 10_000;
/** Simulated here, so that nothing is called that is not on this machine. */
const PROVIDERS = ['hubspot', 'salesforce', 'stripe', 'nothing'];
const TABLES = [
  ...['projects', 'apiKeys', 'jwtKeys', 'providerApps', 'destinations', 'topics', 'eventTopicRoutes'],
  ...['topicDestinationRoutes', 'integrations', 'revisions', 'connections', 'installations', 'uploads'],
];

let tenon: Tenon;
let builder: Readonly<Record<string, string>> = {};
/** Names and ids of things that there are. */
const known: string[] = [];

beforeAll(async () => {
  tenon = await startTenon();
  builder = bearer(await storeKey(tenon, { scopes: ['builder'] }));
  await tenon.addWebhook('hook');
  await tenon.addProviderApp('hubspot');
  await tenon.deploy('specVersion: 1.0.0\nintegrations: [{name: pay, provider: stripe, proxy: {enabled: true}}]\n');
  const typed = { provider: 'stripe', apiKey: 'sk', groupRef: 'acme', consumerRef: 'ada' };
  const connection = await tenon.ok('POST', tenon.inProject('/connections:generate'), typed);
  const installation = await tenon.install('pay', { provider: 'stripe' });
  const topic = await tenon.ok('POST', tenon.inProject('/topics'), { name: 'alerts' });
  known.push('hook', 'pay', 'acme', 'ada', connection.id, installation.id, topic.id, ...PROVIDERS);
});

afterAll(() => tenon.stop());

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '',
    ' ',
    '..',
    '../..',
    '%00',
    '__proto__',
    'constructor',
    "' OR 1=1 --",
    'é'.repeat(300),
    'x'.repeat(5000),
  ),
);
const texts = fc.oneof(
  odd,
  fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7).map((index) => known[index % known.length] ?? ''),
);
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

/** Values of a JSON Schema, most of them valid; `name` is the member they are for. */
function valuesOf(schema: JsonObject, name = ''): fc.Arbitrary<JsonValue> {
  const { type, properties, items, anyOf, oneOf, additionalProperties } = schema;
  const choices = (schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']])) as
    | JsonValue[]
    | undefined;
  const alternatives = (anyOf ?? oneOf) as JsonObject[] | undefined;
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (alternatives !== undefined) return fc.oneof(...alternatives.map((one) => valuesOf(one, name)));
  if (type === 'object') return objectsOf(schema, (properties ?? {}) as JsonObject, additionalProperties);
  if (type === 'array') return fc.array(valuesOf((items ?? {}) as JsonObject, name), { maxLength: 3 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'number' || type === 'integer') return fc.oneof(fc.integer(), fc.constantFrom(-1, 0, 1e300));
  if (type === 'string') return name === 'provider' ? fc.constantFrom(...PROVIDERS) : texts;
  return anything;
}

function objectsOf(schema: JsonObject, members: JsonObject, others: JsonValue | undefined): fc.Arbitrary<JsonValue> {
  const required = (schema['required'] ?? []) as readonly string[];
  const named = fc.record(
    Object.fromEntries(Object.entries(members).map(([key, value]) => [key, valuesOf(value as JsonObject, key)])),
    { requiredKeys: required as string[] },
  );
  if (typeof others !== 'object' || others === null) return named as fc.Arbitrary<JsonValue>;
  return fc.dictionary(texts, valuesOf(others as JsonObject), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>;
}

/** One value somewhere in it replaced, or a member left out. */
function spoiled(value: JsonValue, where: number, by: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return by;
  const keys = Object.keys(value);
  const key = keys[where % keys.length] ?? '';
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === key ? spoiled(one, where >> 2, by) : one));
  const { [key]: child, ...rest } = value as JsonObject;
  if (where % 5 === 0) return rest;
  return { ...rest, [key]: spoiled(child ?? null, where >> 2, by) };
}

interface Input {
  readonly params: readonly string[];
  readonly query: JsonValue;
  readonly body: JsonValue | undefined;
}

function inputsOf({ path, query, body }: Operation): fc.Arbitrary<Input> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const param = (name: string) => (name === 'provider' ? fc.constantFrom(...PROVIDERS) : texts);
  const maybeSpoiled = (values: fc.Arbitrary<JsonValue>) =>
    fc.oneof(
      values,
      fc.tuple(values, fc.nat(1000), anything).map(([value, where, by]) => spoiled(value, where, by)),
    );
  return fc.record({
    params: fc.tuple(...names.map(param)),
    query: query === null ? fc.constant({}) : maybeSpoiled(valuesOf(inputSchema(query))),
    body: body === null ? fc.constant(undefined) : maybeSpoiled(valuesOf(inputSchema(body))),
  });
}

function pathOf({ path }: Operation, { params, query }: Input): string {
  let index = 0;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[index++] ?? '';
    return name === 'projectIdOrName' ? tenon.projectId : encodeURIComponent(value.toWellFormed()) || 'x';
  });
  const entries = Object.entries(typeof query === 'object' && query !== null ? query : {});
  const search = new URLSearchParams(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : (JSON.stringify(value) ?? '')]),
  );
  return search.size === 0 ? filled : `${filled}?${search}`;
}

function rowCounts(): JsonObject {
  const { reads } = tenon.running.services.store;
  const count = (table: string) => reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1;
  return Object.fromEntries(TABLES.map((table) => [table, count(table)]));
}

describe('whatever is sent', () => {
  it.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    'to %s is answered',
    async (id, operation) => {
      const property = fc.asyncProperty(inputsOf(operation), async (input) => {
        const before = rowCounts();
        const call = tenon.api(operation.method, pathOf(operation, input), input.body, builder);
        const answer = await Promise.race([call, hung()]);
        expect([id, answer.status, answer.status >= 500 ? answer.text : '']).toEqual([id, answer.status, '']);
        if (answer.status >= 400) expect(rowCounts()).toEqual(before);
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
      expect(tenon.fatal).toEqual([]);
    },
    600_000,
  );
});

it.skipIf(publishedIsMissing !== null)(
  'much of what is sent is taken, so that more than checks of input is tried',
  () => {
    expect(operationsSeen.size).toBeGreaterThan(OPERATIONS.length / 4);
  },
);

function hung(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), HANGS_AFTER_MS).unref();
  });
}

describe('the description of the API', () => {
  it('is served to everybody and has every operation with its input', async () => {
    const response = await fetch(`${tenon.origin}/openapi.json`);
    const served = (await response.json()) as { paths: Record<string, Record<string, { operationId: string }>> };
    expect([response.status, served]).toEqual([200, JSON.parse(JSON.stringify(openApi(tenon.origin)))]);
    const ids = Object.values(served.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.sort()).toEqual([...OPERATIONS, ...OWN_OPERATIONS].map(({ id }) => id).sort());
    expect(served.paths['/v1/projects/{projectIdOrName}/topics']?.['post']).toMatchObject({
      security: [{ ApiKey: [] }, { Builder: [] }],
      requestBody: { required: true, content: { 'application/json': { schema: { required: ['name'] } } } },
    });
  });
});
