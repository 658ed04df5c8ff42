// Installation configs: what is refused, under which name, and that what is accepted is what came.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { type JsonObject, type JsonValue, parseJson } from '../../../src/core/json.ts';
import { CONFIG_BYTES_MAX, HUBSPOT_FIELD_FILTERS_MAX } from '../../../src/core/limits.ts';
import { type ConfigContent, parseConfig } from '../../../src/manifest/config.ts';
import type { IntegrationSpec } from '../../../src/manifest/manifest.ts';

const INTEGRATION: IntegrationSpec = {
  name: 'crm',
  provider: 'hubspot',
  read: { objects: [{ objectName: 'contacts', destination: 'hook' }, { objectName: 'deals' }] },
  write: { objects: [{ objectName: 'contacts' }] },
  subscribe: { objects: [{ objectName: 'contacts', destination: 'hook' }] },
};

function errorOf(text: string, integration = INTEGRATION): IntegrationError {
  try {
    parseConfig(parseJson(text, 'config'), integration);
  } catch (thrown) {
    if (thrown instanceof IntegrationError) return thrown;
    throw thrown;
  }
  throw new Error('the config was accepted');
}

const contacts = (settings: string) => `{"read":{"objects":{"contacts":${settings}}}}`;
const CONTACTS = 'config.content.read.objects.contacts';
const subscription = (settings: string) => `{"subscribe":{"objects":{"contacts":${settings}}}}`;
const QUOTA = 'config.content.subscribe.objects.contacts.providerOptions.quotaOptimization';

describe('a config is refused with bad_request for', () => {
  test.each([
    ['a list', '[]', 'config.content', 'must be an object'],
    ['another provider', '{"provider":"slack"}', 'config.content.provider', 'must be the provider'],
    ['a read without objects', '{"read":{}}', 'config.content.read.objects', 'is required'],
    ['objects as a list', '{"read":{"objects":[]}}', 'config.content.read.objects', 'must be a mapping, not a list'],
    [
      'an unknown object',
      '{"read":{"objects":{"contact":{}}}}',
      'config.content.read.objects.contact',
      'did you mean "contacts"?',
    ],
    ['an unknown write object', '{"write":{"objects":{"x":{}}}}', 'config.content.write.objects.x', 'write action'],
    ['an object under another key', contacts('{"objectName":"deals"}'), `${CONTACTS}.objectName`, 'differs'],
    ['a bad schedule', contacts('{"schedule":"* * * * *"}'), `${CONTACTS}.schedule`, 'runs 1 min apart'],
    ['a text as disabled', contacts('{"disabled":"no"}'), `${CONTACTS}.disabled`, 'must be true or false'],
    ['a list of fields', contacts('{"selectedFields":["a"]}'), `${CONTACTS}.selectedFields`, 'must be a mapping'],
    ['a text selection', contacts('{"selectedFields":{"a b":"x"}}'), `${CONTACTS}.selectedFields["a b"]`, 'true or'],
    ['a dot path', contacts('{"selectedFieldMappings":{"a":"$.b"}}'), `${CONTACTS}.selectedFieldMappings.a`, ''],
    ['an unknown auto', contacts('{"selectedFieldsAuto":"some"}'), `${CONTACTS}.selectedFieldsAuto`, 'must be "all"'],
    ['an empty period', contacts('{"backfill":{"defaultPeriod":{}}}'), `${CONTACTS}.backfill.defaultPeriod`, 'needs'],
    [
      'an unknown operator',
      contacts('{"fieldFilters":[{"fieldName":"a","operator":"gt"}]}'),
      `${CONTACTS}.fieldFilters[0].operator`,
      'must be "eq"',
    ],
    [
      'two filters of one field',
      contacts('{"fieldFilters":[{"fieldName":"a","operator":"eq"},{"fieldName":"A","operator":"eq"}]}'),
      `${CONTACTS}.fieldFilters[1].fieldName`,
      'one filter',
    ],
    ['an unknown event state', subscription('{"createEvent":{"enabled":"no"}}'), 'config.content.subscribe', '"never"'],
    [
      'quota optimization elsewhere',
      subscription('{"providerOptions":{"quotaOptimization":{"enabled":true}}}'),
      QUOTA,
      'is not supported by hubspot',
    ],
  ])('%s', (_name, text, name, detail) => {
    const error = errorOf(text);
    expect(error.code).toBe('bad_request');
    expect(error.issues[0]?.in).toBe('body');
    expect(error.issues[0]?.name).toContain(name);
    expect(error.issues[0]?.detail).toContain(detail);
  });

  test('filters where the provider has none', () => {
    const error = errorOf(contacts('{"fieldFilters":[{"fieldName":"a","operator":"eq"}]}'), {
      ...INTEGRATION,
      provider: 'zendeskSupport',
    });
    expect(error.issues[0]?.detail).toBe('is not supported by zendeskSupport');
  });

  test('more filters than a search of the provider takes, unless there were as many before', () => {
    const having = (count: number, action: 'fieldFilters' | 'backfill') => {
      const filters = Array.from({ length: count }, (_, index) => ({ fieldName: `f${index}`, operator: 'eq' }));
      const backfill = { defaultPeriod: { days: 1 }, fieldFilters: filters };
      const object = action === 'backfill' ? { backfill } : { fieldFilters: filters };
      return { read: { objects: { contacts: object } } } as unknown as ConfigContent & JsonObject;
    };
    for (const action of ['fieldFilters', 'backfill'] as const) {
      const error = errorOf(JSON.stringify(having(HUBSPOT_FIELD_FILTERS_MAX + 1, action)));
      expect(error.issues[0]?.name).toMatch(/^config\.content\.read\.objects\.contacts\..*fieldFilters$/i);
      expect(error.issues[0]?.detail).toBe(`can have at most ${HUBSPOT_FIELD_FILTERS_MAX} filters of hubspot`);
      const six = having(6, action);
      expect(parseConfig(six, INTEGRATION, six)).toEqual(six);
      expect(() => parseConfig(having(7, action), INTEGRATION, six)).toThrow('at most');
      expect(parseConfig(six, { ...INTEGRATION, provider: 'salesforce' })).toEqual(six);
    }
  });

  test('quota optimization elsewhere, as the published screen calls it', () => {
    const error = errorOf(subscription('{"salesforceQuotaOptimization":{"enabled":true}}'));
    expect(error.issues[0]?.name).toBe('config.content.subscribe.objects.contacts.salesforceQuotaOptimization');
  });

  test('quota optimization that watches every field', () => {
    const options = '"providerOptions":{"quotaOptimization":{"enabled":true}}';
    const text = subscription(`{"updateEvent":{"enabled":"always","watchFieldsAuto":"all"},${options}}`);
    const error = errorOf(text, { ...INTEGRATION, provider: 'salesforce' });
    expect(error.issues[0]?.detail).toContain('needs updateEvent.requiredWatchFields');
  });

  test('everything wrong at once', () => {
    const error = errorOf('{"provider":1,"read":{"objects":{"contacts":{"disabled":1,"destination":[]}}}}');
    expect(error.issues).toHaveLength(3);
  });

  test('depth and size', () => {
    expect(errorOf(`{"x":${'['.repeat(9000)}${']'.repeat(9000)}}`).message).toContain('nested deeper');
    expect(errorOf(JSON.stringify({ x: 'x'.repeat(CONFIG_BYTES_MAX) })).message).toContain('larger than');
  });
});

describe('a config is accepted as it came', () => {
  test.each([
    ['nothing at all', '{}'],
    ['the write tab saved first', '{"provider":"hubspot","read":{"objects":{}},"write":{"objects":{"contacts":{}}}}'],
    ['an object without selections', contacts('{"objectName":"contacts"}')],
    ['an object in another case', '{"read":{"objects":{"Contacts":{"objectName":"contacts"}}}}'],
    ['unknown keys on every level', '{"later":1,"read":{"objects":{"contacts":{"new":{"a":[1]}}},"x":2}}'],
    ['a mapping left blank', contacts('{"selectedFieldMappings":{"priority":""}}')],
    [
      'a dynamic mapping without a name',
      contacts('{"dynamicMappingsInput":[{"fieldName":"stage","mappedValues":[]}]}'),
    ],
    ['old value defaults', '{"write":{"objects":{"contacts":{"selectedValueDefaults":{"a":"b","c":{"value":1}}}}}}'],
  ])('%s', (_name, text) => {
    expect(parseConfig(parseJson(text, 'config'), INTEGRATION)).toEqual(JSON.parse(text));
  });

  test('whatever unknown keys hold is kept, but null', () => {
    const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
    const key = fc.stringMatching(/^[a-z_]{1,8}$/).map((name) => `x-${name}`);
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.dictionary(key, value), (above, below) => {
        const content = { ...above, read: { objects: { contacts: below } } };
        const kept = parseConfig(content, INTEGRATION);
        expect(kept).toEqual(withoutNulls(content));
        expect(parseConfig(kept as JsonObject, INTEGRATION)).toEqual(kept);
      }),
    );
  });

  test('null counts as not set', () => {
    const text = contacts('{"schedule":null,"selectedFields":{"a":true,"b":null}}');
    expect(parseConfig(parseJson(text, 'config'), INTEGRATION)).toEqual({
      read: { objects: { contacts: { selectedFields: { a: true } } } },
    });
  });

  test('an installed object that the manifest no longer lists stays', () => {
    const installed: ConfigContent = { read: { objects: { tickets: {} } } };
    const content = { read: { objects: { tickets: { disabled: true } } } };
    expect(parseConfig(content, INTEGRATION, installed)).toEqual(content);
    expect(() => parseConfig(content, INTEGRATION)).toThrow('tickets');
  });

  test('a key named like a prototype reaches no prototype', () => {
    const content = parseConfig(parseJson('{"__proto__":{"read":1}}', 'config'), INTEGRATION);
    expect(Object.getPrototypeOf(content)).toBe(Object.prototype);
    expect(content.read).toBeUndefined();
  });
});

function withoutNulls(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value as JsonObject).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutNulls(child)]));
}
