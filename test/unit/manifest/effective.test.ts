// The overlay of a config over the manifest, one rule per row.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigContent, ReadConfig } from '../../../src/manifest/config.ts';
import { type EffectiveRead, effectiveReads, isProxyEnabled, isSameAgenda } from '../../../src/manifest/effective.ts';
import type { IntegrationSpec, ReadObjectSpec } from '../../../src/manifest/manifest.ts';

const SPEC: ReadObjectSpec = {
  objectName: 'Contact',
  destination: 'hook',
  schedule: '0 * * * *',
  requiredFields: [
    { fieldName: 'email' },
    { fieldName: 'id', mapToName: 'external_id' },
    { mapToName: 'priority', default: 'Priority__c' },
  ],
  optionalFields: [
    { fieldName: 'fax' },
    { fieldName: 'phone', mapToName: 'tel' },
    { mapToName: 'score', default: 's' },
  ],
  backfill: { defaultPeriod: { days: 30 } },
};

function readOf(config: ReadConfig, spec: ReadObjectSpec = SPEC): EffectiveRead {
  const integration: IntegrationSpec = { name: 'crm', provider: 'salesforce', read: { objects: [spec] } };
  const [read] = effectiveReads(integration, { read: { objects: { contact: config } } });
  if (read === undefined) throw new Error('no read');
  return read;
}

const mappingsOf = (config: ReadConfig, spec?: ReadObjectSpec) =>
  Object.fromEntries(readOf(config, spec).mappings.map(({ mapToName, fieldName }) => [mapToName, fieldName]));

describe('which objects are read', () => {
  const always: ReadObjectSpec = { objectName: 'users', enabled: 'always' };
  const integration: IntegrationSpec = {
    name: 'crm',
    provider: 'salesforce',
    read: { objects: [SPEC, always, { objectName: 'deals' }] },
  };

  test.each<[string, ConfigContent, readonly string[]]>([
    ['only those enabled always for an empty config', {}, ['users']],
    ['those of the config, whatever the case', { read: { objects: { CONTACT: {} } } }, ['Contact', 'users']],
    ['none that the manifest lacks', { read: { objects: { tickets: {} } } }, ['users']],
  ])('%s', (_name, config, names) => {
    expect(effectiveReads(integration, config).map(({ objectName }) => objectName)).toEqual(names);
  });

  test('none without a read action', () => {
    expect(effectiveReads({ name: 'a', provider: 'b' }, { read: { objects: { a: {} } } })).toEqual([]);
  });
});

test('an untouched object has the defaults of the manifest', () => {
  expect(readOf({})).toEqual({
    objectName: 'Contact',
    deliveredName: 'Contact',
    destination: 'hook',
    schedule: '0 * * * *',
    isDisabled: false,
    backfill: { kind: 'days', days: 30 },
    fields: ['email', 'id', 'Priority__c', 's'],
    wantsAllFields: false,
    selectedFields: ['email'],
    mappings: [
      { mapToName: 'external_id', fieldName: 'id', values: [] },
      { mapToName: 'priority', fieldName: 'Priority__c', values: [] },
      { mapToName: 'score', fieldName: 's', values: [] },
    ],
    fieldFilters: [],
    backfillFilters: [],
  });
});

test.each<[string, ReadConfig, Partial<EffectiveRead>]>([
  ['a schedule overrides', { schedule: '0 0 * * *' }, { schedule: '0 0 * * *' }],
  ['an empty schedule does not', { schedule: '', destination: '' }, { schedule: '0 * * * *', destination: 'hook' }],
  ['a destination overrides', { destination: 'other' }, { destination: 'other' }],
  ['disabled is kept', { disabled: true }, { isDisabled: true }],
  ['zero days switch the backfill off', { backfill: { defaultPeriod: { days: 0 } } }, { backfill: { kind: 'none' } }],
  [
    'full history wins over days',
    { backfill: { defaultPeriod: { days: 3, fullHistory: true } } },
    { backfill: { kind: 'fullHistory' } },
  ],
  ['an optional field is read when selected', { selectedFields: { FAX: true } }, { selectedFields: ['email', 'fax'] }],
  ['and not when deselected', { selectedFields: { fax: false } }, { selectedFields: ['email'] }],
  ['a required field stays', { selectedFields: { email: false } }, { selectedFields: ['email'] }],
  ['a field is requested once', { selectedFields: { Email: true } }, { selectedFields: ['email'] }],
  ['a field the manifest does not list', { selectedFields: { vip: true } }, { selectedFields: ['email', 'vip'] }],
  ['all fields', { selectedFieldsAuto: 'all' }, { wantsAllFields: true, selectedFields: ['email', 'fax'] }],
  [
    'filters apply to the backfill too',
    { fieldFilters: [{ fieldName: 'a', operator: 'eq', value: 1 }] },
    { backfillFilters: [{ fieldName: 'a', operator: 'eq', value: 1 }] },
  ],
  [
    'unless the backfill has its own',
    {
      fieldFilters: [{ fieldName: 'a', operator: 'eq' }],
      backfill: { defaultPeriod: { days: 1 }, fieldFilters: [] },
    },
    { backfillFilters: [], fieldFilters: [{ fieldName: 'a', operator: 'eq' }] },
  ],
])('overlay: %s', (_name, config, expected) => {
  expect(readOf(config)).toMatchObject(expected);
});

describe('mappings', () => {
  const fixed = { external_id: 'id' };

  test.each<[string, ReadConfig, Readonly<Record<string, string>>]>([
    ['a choice beats the default', { selectedFieldMappings: { priority: 'p' } }, { ...fixed, priority: 'p' }],
    [
      'a required mapping left blank takes the default',
      { selectedFieldMappings: { priority: '' } },
      { ...fixed, priority: 'Priority__c' },
    ],
    [
      'an optional mapping left blank is left out',
      { selectedFieldMappings: {} },
      { ...fixed, priority: 'Priority__c' },
    ],
    [
      'a selected optional field with a mapped name',
      { selectedFields: { phone: true }, selectedFieldMappings: {} },
      { ...fixed, tel: 'phone', priority: 'Priority__c' },
    ],
    [
      'an echoed fixed mapping changes nothing',
      { selectedFieldMappings: { external_id: 'other' } },
      { ...fixed, priority: 'Priority__c' },
    ],
    [
      'dynamic mappings, picked or fixed by the page',
      {
        selectedFieldMappings: { region: 'area' },
        dynamicMappingsInput: [{ mapToName: 'region' }, { mapToName: 'tier', fieldName: 'level' }, { fieldName: 'x' }],
      },
      { ...fixed, region: 'area', tier: 'level', priority: 'Priority__c' },
    ],
  ])('%s', (_name, config, expected) => {
    expect(mappingsOf(config)).toEqual(expected);
  });

  test('a path is requested by its first step', () => {
    const spec: ReadObjectSpec = {
      objectName: 'contact',
      requiredFields: [{ fieldName: "$['address']['city']", mapToName: "$['home']['city']" }, { fieldName: 'ADDRESS' }],
    };
    expect(readOf({}, spec)).toMatchObject({ fields: ['ADDRESS'], selectedFields: ['ADDRESS'], destination: null });
  });

  test('value mappings turn the provider value into the delivered one', () => {
    const config: ReadConfig = {
      selectedFieldMappings: { stage: 'Status' },
      selectedValueMappings: { status: { won: 'closed-1', lost: 'closed-0' } },
    };
    expect(readOf(config).mappings.find(({ mapToName }) => mapToName === 'stage')?.values).toEqual([
      ['closed-1', 'won'],
      ['closed-0', 'lost'],
    ]);
  });

  test('an object is delivered under its mapped name', () => {
    expect(readOf({}, { ...SPEC, mapToName: 'person' }).deliveredName).toBe('person');
  });
});

test.each<[boolean | undefined, boolean | undefined, boolean]>([
  [true, undefined, true],
  [true, true, true],
  [true, false, false],
  [false, true, false],
  [undefined, true, false],
])('proxy: manifest %s, config %s, enabled %s', (offered, chosen, expected) => {
  const integration: IntegrationSpec = {
    name: 'a',
    provider: 'b',
    ...(offered === undefined ? {} : { proxy: { enabled: offered } }),
  };
  expect(isProxyEnabled(integration, chosen === undefined ? {} : { proxy: { enabled: chosen } })).toBe(expected);
});

describe('for any config', () => {
  const name = fc.constantFrom('email', 'fax', 'phone', 'id', 'other', 'Priority__c');
  const config = fc.record(
    {
      schedule: fc.constantFrom('', '*/10 * * * *'),
      disabled: fc.boolean(),
      selectedFieldsAuto: fc.constant('all' as const),
      selectedFields: fc.dictionary(name, fc.boolean()),
      selectedFieldMappings: fc.dictionary(fc.constantFrom('priority', 'score', 'tel', 'mine'), name),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<ReadConfig>;
  const reversed = (map: Readonly<Record<string, unknown>> | undefined) =>
    map === undefined ? undefined : Object.fromEntries(Object.entries(map).toReversed());
  const turned = (given: ReadConfig): ReadConfig =>
    JSON.parse(
      JSON.stringify({
        ...given,
        selectedFields: reversed(given.selectedFields),
        selectedFieldMappings: reversed(given.selectedFieldMappings),
      }),
    ) as ReadConfig;
  const asSets = (read: EffectiveRead) => ({
    ...read,
    fields: read.fields.toSorted(),
    selectedFields: read.selectedFields.toSorted(),
    mappings: read.mappings.toSorted((a, b) => (a.mapToName < b.mapToName ? -1 : 1)),
  });

  test('the order of what is selected and mapped means nothing', () => {
    fc.assert(
      fc.property(config, (given) => {
        expect(asSets(readOf(turned(given)))).toEqual(asSets(readOf(given)));
      }),
    );
  });

  test('every field that is delivered is requested, once, and none that nobody named', () => {
    fc.assert(
      fc.property(config, (given) => {
        const { fields, selectedFields, mappings } = readOf(given);
        const sources = [...selectedFields, ...mappings.map(({ fieldName }) => fieldName)];
        expect(new Set(fields.map((field) => field.toLowerCase()))).toEqual(
          new Set(sources.map((source) => source.toLowerCase())),
        );
        expect(new Set(fields.map((field) => field.toLowerCase())).size).toBe(fields.length);
        expect(new Set(mappings.map(({ mapToName }) => mapToName)).size).toBe(mappings.length);
      }),
    );
  });

  test('a schedule of looks at fields is what an actor has to be told, and not where they are told or what', () => {
    const watching = (watchSchema: object): IntegrationSpec =>
      ({ name: 'crm', provider: 'x', proxy: { enabled: true }, watchSchema }) as IntegrationSpec;
    const always = { enabled: 'always' };
    const hourly = watching({ destination: 'a', schedule: '0 * * * *', allObjects: { fieldCreated: always } });
    const other = watching({ destination: 'b', schedule: '0 * * * *', allObjects: { fieldDeleted: always } });
    const daily = watching({ destination: 'a', allObjects: { fieldCreated: always } });
    const nothing = watching({ destination: 'a', schedule: '0 * * * *', allObjects: {} });
    expect(isSameAgenda(hourly, other, {})).toBe(true);
    expect(isSameAgenda(hourly, daily, {})).toBe(false);
    expect(isSameAgenda(hourly, nothing, {})).toBe(false);
  });

  test('only schedule, backfill and being read at all are what an actor has to be told', () => {
    const of = (spec: ReadObjectSpec): IntegrationSpec => ({ name: 'crm', provider: 'x', read: { objects: [spec] } });
    fc.assert(
      fc.property(config, (given) => {
        const content = { read: { objects: { contact: given } } };
        const isSame = (differences: Partial<ReadObjectSpec>) =>
          isSameAgenda(of(SPEC), of({ ...SPEC, ...differences }), content);
        expect(isSame({ requiredFields: [], destination: 'other', mapToName: 'people' })).toBe(true);
        expect(isSame({ objectName: 'lead' })).toBe(false);
        expect(isSame({ schedule: '0 0 * * *' })).toBe(given.disabled === true || Boolean(given.schedule));
        expect(isSame({ backfill: { defaultPeriod: { days: 0 } } })).toBe(given.disabled === true);
      }),
    );
  });
});
