// Input of an operation made from its own schema: most of it what the operation takes, so that more than its checks is
// tried, and the rest spoiled: wrong types, missing and additional members, odd texts.

import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { inputSchema } from '../../../src/edge/openapi.ts';
import type { Operation } from '../../../src/edge/platform/operation.ts';
import { rsaPem } from '../credentials.ts';
import { CALLERS, type CallerKind, MANIFEST } from './world.ts';

/** Simulated, so that nothing is called that is not on this machine. */
const PROVIDERS = ['hubspot', 'salesforce', 'stripe', 'nothing'];

export interface Input {
  readonly caller: CallerKind;
  readonly params: readonly JsonValue[];
  readonly query: JsonValue;
  readonly body: JsonValue | undefined;
}

/** Stands for the id of something that there is when the call is made: `{"@": ["topicId", 0]}`. */
export function isPlace(value: JsonValue): value is { readonly '@': readonly [string, number] } {
  if (typeof value !== 'object' || value === null || !('@' in value)) return false;
  const [name, index] = Array.isArray(value['@']) ? value['@'] : [];
  return typeof name === 'string' && typeof index === 'number';
}

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', ' ', '..', '../..', '%00', '__proto__', 'constructor', "' OR 1=1 --"),
  fc.constantFrom('é'.repeat(300), 'x'.repeat(5000)),
);
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
const word = fc.stringMatching(/^[a-z]{3,8}$/);
const mostly = (good: fc.Arbitrary<JsonValue>, bad: fc.Arbitrary<JsonValue> = odd): fc.Arbitrary<JsonValue> =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: bad });
const fixed = (...values: readonly JsonValue[]) => fc.constantFrom(...values);
const place = (name: string) => fc.constantFrom(0, 0, 0, 1).map((index): JsonValue => ({ '@': [name, index] }));

const READ = { objects: { contacts: { selectedFields: { email: true } } } };
const PLACES = new Set([
  ...['integrationId', 'integrationIdOrName', 'installationId', 'connectionId', 'revisionId', 'destination', 'routeId'],
  ...['destinationId', 'topicId', 'keyId', 'providerAppId', 'operationId', 'orgId', 'projectIdOrName', 'projectId'],
]);

/** What a member of this name takes that its schema does not say. */
const NAMED: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  provider: fc.oneof({ weight: 3, arbitrary: fixed('hubspot') }, { weight: 1, arbitrary: fixed(...PROVIDERS) }),
  groupRef: fixed('acme', 'acme', 'acme', 'rival'),
  consumerRef: fixed('ada', 'ada', 'bob'),
  objectName: fixed('contacts', 'contacts', 'companies'),
  sourceYaml: fixed(MANIFEST, MANIFEST.replace('          optionalFieldsAuto: all\n', '')),
  publicKeyPem: fixed(rsaPem),
  specVersion: fixed('1.0.0'),
  url: fixed('http://127.0.0.1:9/hook', 'http://127.0.0.1:9/other'),
  latestRevision: fixed({ specVersion: '1.0.0', content: { proxy: { enabled: true } } }),
  config: fixed({ content: { provider: 'hubspot', read: READ } }),
  changes: fixed([{ op: 'add', path: '/selectedFields/phone', value: true }]),
  action: fixed('read', 'read', 'read', 'write'),
  installation: fixed({ config: { content: { read: READ } } }),
  fields: fixed({ contacts: [{ fieldName: 'tenon_score', displayName: 'Score', valueType: 'string' }] }),
  fieldFilters: fixed([{ fieldName: 'email', operator: 'eq', value: 'a@b.example' }]),
  sinceTimestamp: fixed('2024-07-01T18:22:30Z', '2024-07-01T18:22:30.323771761Z'),
  untilTimestamp: fixed('2025-07-01T18:22:30Z'),
  objects: fixed(['contacts']),
  md5: fixed('1B2M2Y8AsgTpgAmY7PhCfg=='),
  label: word,
  name: word,
  appName: word,
  apiKey: word,
  pages: fixed(0, 1),
  pageSize: fixed('1', '200'),
};

/** Values of a JSON Schema, most of them valid; `name` is the member they are for. */
function valuesOf(schema: JsonObject, name = ''): fc.Arbitrary<JsonValue> {
  const { type, properties, items, anyOf, oneOf, additionalProperties } = schema;
  const choices = (schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']])) as
    | JsonValue[]
    | undefined;
  const alternatives = (anyOf ?? oneOf) as JsonObject[] | undefined;
  if (name === 'updateMask' && type === 'array' && choicesOf(items) === undefined)
    return mostly(fixed(['config.content.read.objects.contacts']), anything);
  if (choices !== undefined) return fc.constantFrom(...choices);
  const named = type === 'object' && name !== 'fields' && name !== 'latestRevision' && name !== 'config';
  if (!named && PLACES.has(name)) return mostly(place(name));
  if (!named && NAMED[name] !== undefined) return mostly(NAMED[name], type === 'string' ? odd : anything);
  if (alternatives !== undefined) return fc.oneof(...alternatives.map((one) => valuesOf(one, name)));
  if (type === 'object') return objectsOf(schema, (properties ?? {}) as JsonObject, additionalProperties);
  if (type === 'array') return fc.array(valuesOf((items ?? {}) as JsonObject, name), { maxLength: 3 });
  if (type === 'boolean') return fc.boolean();
  if (type === 'number' || type === 'integer') return mostly(fc.nat(100), fc.constantFrom(-1, 0.5, 1e300));
  if (type === 'string') return mostly(word);
  return anything;
}

function choicesOf(items: JsonValue | undefined): JsonValue | undefined {
  const { enum: choices, const: only } = (items ?? {}) as JsonObject;
  return choices ?? only;
}

function objectsOf(schema: JsonObject, members: JsonObject, others: JsonValue | undefined): fc.Arbitrary<JsonValue> {
  const required = (schema['required'] ?? []) as readonly string[];
  const named = fc.record(
    Object.fromEntries(Object.entries(members).map(([key, value]) => [key, valuesOf(value as JsonObject, key)])),
    { requiredKeys: required as string[] },
  ) as fc.Arbitrary<JsonObject>;
  if (typeof others === 'object' && others !== null)
    return fc.dictionary(word, valuesOf(others as JsonObject), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>;
  return fc.tuple(named, named, fc.nat(9)).map(([value, spare, chance]) => {
    return chance === 0 ? value : coherent(value, spare, members);
  });
}

/** Of members that exclude each other one, and a mask that names what is there. */
function coherent(value: JsonObject, spare: JsonObject, members: JsonObject): JsonObject {
  const made: Record<string, JsonValue | undefined> = { ...value };
  for (const [kept, left] of [
    ['sourceYaml', 'sourceZipUrl'],
    ['groupRef', 'installationId'],
  ] as const) {
    if (members[kept] === undefined || members[left] === undefined) continue;
    delete made[left];
    made[kept] ??= spare[kept] ?? (kept === 'groupRef' ? 'acme' : MANIFEST);
  }
  const mask = made['updateMask'];
  const masked = Object.values(made).find((member) => typeof member === 'object' && !Array.isArray(member));
  if (Array.isArray(mask) && !mask.some((path) => String(path).startsWith('config'))) {
    const there = Object.keys(masked ?? {});
    made['updateMask'] = mask.filter((path) => there.includes(String(path)));
  }
  return made;
}

/** One value somewhere in it replaced, or a member left out. */
function spoiled(value: JsonValue, where: number, by: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || isPlace(value) || Object.keys(value).length === 0) return by;
  const keys = Object.keys(value);
  const key = keys[where % keys.length] ?? '';
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === key ? spoiled(one, where >> 2, by) : one));
  const { [key]: child, ...rest } = value as JsonObject;
  if (where % 5 === 0) return rest;
  return { ...rest, [key]: spoiled(child ?? null, where >> 2, by) };
}

export function inputsOf({ path, query, body, access }: Operation): fc.Arbitrary<Input> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const param = (name: string) =>
    PLACES.has(name) || name === 'apiKey' ? mostly(place(name)) : mostly(NAMED[name] ?? word);
  const maybeSpoiled = (values: fc.Arbitrary<JsonValue>) =>
    mostly(
      values,
      fc.tuple(values, fc.nat(1000), anything).map(([value, where, by]) => spoiled(value, where, by)),
    );
  const usual: CallerKind = access === 'frontend' ? 'frontend' : access === 'org' ? 'builder' : 'full';
  return fc.record({
    caller: fc.oneof(
      { weight: 3, arbitrary: fc.constant(usual) },
      { weight: 2, arbitrary: fc.constantFrom(...CALLERS) },
    ),
    params: fc.tuple(...names.map(param)),
    query: query === null ? fc.constant({}) : maybeSpoiled(valuesOf(inputSchema(query))),
    body: body === null ? fc.constant(undefined) : maybeSpoiled(valuesOf(inputSchema(body))),
  });
}
