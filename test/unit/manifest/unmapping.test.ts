// From the builder's record to the provider's: whose object it is, what each rule does, and the way there and back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import type { ConfigContent, WriteConfig } from '../../../src/manifest/config.ts';
import type { EffectiveMapping } from '../../../src/manifest/effective.ts';
import { effectiveWrite } from '../../../src/manifest/effectiveWrite.ts';
import { fieldSteps } from '../../../src/manifest/fieldPath.ts';
import type { IntegrationSpec } from '../../../src/manifest/manifest.ts';
import { compileMapping } from '../../../src/manifest/mapping.ts';
import { compileUnmapping } from '../../../src/manifest/unmapping.ts';

const SPEC: IntegrationSpec = {
  name: 'crm',
  provider: 'salesforce',
  read: {
    objects: [
      {
        objectName: 'Contact',
        mapToName: 'people',
        requiredFields: [
          { fieldName: 'Email' },
          { fieldName: 'LastName', mapToName: 'surname' },
          { fieldName: "$['MailingAddress']['city']", mapToName: "$['address']['town']" },
        ],
        optionalFields: [
          { fieldName: 'Fax', mapToName: 'fax' },
          { mapToName: 'score' },
          { mapToName: 'tier', default: 'Tier__c' },
        ],
      },
      { objectName: 'Lead', requiredFields: [{ fieldName: 'Name', mapToName: 'title' }] },
    ],
  },
  write: {
    objects: [{ objectName: 'contact', inheritMapping: true }, { objectName: 'Lead' }, { objectName: 'Task' }],
  },
};

const CONFIG: ConfigContent = {
  read: {
    objects: {
      contact: {
        selectedFieldMappings: { score: 'Score__c' },
        selectedValueMappings: { score__c: { hot: 'A', cold: 'C' } },
      },
    },
  },
};

const written = (config: WriteConfig, name = 'contact', whole: ConfigContent = CONFIG) =>
  effectiveWrite(SPEC, { ...whole, write: { objects: { CONTACT: config } } }, name);

function unmapped(
  record: JsonObject,
  config: WriteConfig = {},
  type: 'create' | 'update' = 'create',
  earlier: readonly JsonObject[] = [],
) {
  const write = written(config);
  if (write === null) throw new Error('there is no such object');
  return compileUnmapping(write)(record, type, earlier);
}

describe('the object that is written', () => {
  test.each<[string, string, string | null]>([
    ['by the provider’s name, whatever its case', 'CONTACT', 'contact'],
    ['by the name it is mapped to', 'People', 'contact'],
    ['not by a name that is not inherited', 'title', null],
    ['not if the manifest has none', 'Account', null],
    ['without a read object', 'task', 'Task'],
  ])('is found %s', (_what, name, objectName) => {
    expect(written({}, name)?.objectName ?? null).toBe(objectName);
  });

  test('may be deleted only where the config says so', () => {
    expect(written({})?.isDeletionEnabled).toBe(false);
    expect(written({ deletionSettings: { enabled: true } })?.isDeletionEnabled).toBe(true);
  });

  test('has the mappings of the read object whether this customer has it read or not', () => {
    const fields = (whole: ConfigContent) => written({}, 'contact', whole)?.mappings.map(({ fieldName }) => fieldName);
    const fixed = ['LastName', "$['MailingAddress']['city']", 'Fax'];
    expect(fields({})).toEqual([...fixed, 'Tier__c']);
    expect(fields(CONFIG)).toEqual([...fixed, 'Score__c']);
    expect(effectiveWrite(SPEC, CONFIG, 'Lead')?.mappings).toEqual([]);
  });
});

describe('a record', () => {
  test('comes in the builder’s words and goes in the provider’s', () => {
    const record = { surname: 'Hopper', address: { town: 'Arlington' }, score: 'hot', Email: 'g@h.example', fax: '1' };
    expect(unmapped(record)).toEqual({
      record: {
        Email: 'g@h.example',
        LastName: 'Hopper',
        MailingAddress: { city: 'Arlington' },
        Score__c: 'A',
        Fax: '1',
      },
      onlyIfEmpty: [],
    });
    expect(record.address).toEqual({ town: 'Arlington' });
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['keeps what is not mapped', { Phone: '1', x: { y: 2 } }, { Phone: '1', x: { y: 2 } }],
    [
      'keeps the rest of a nested object',
      { address: { town: 'A', zip: 1 } },
      { address: { zip: 1 }, MailingAddress: { city: 'A' } },
    ],
    [
      'adds to a nested object of the provider',
      { MailingAddress: { zip: 1 }, address: { town: 'A' } },
      { MailingAddress: { zip: 1, city: 'A' } },
    ],
    ['keeps null, which empties a field', { surname: null }, { LastName: null }],
    ['keeps values that are not exchanged', { score: 'warm' }, { Score__c: 'warm' }],
    ['exchanges the entries of a list', { score: ['hot', 'cold', 'x'] }, { Score__c: ['A', 'C', 'x'] }],
    ['exchanges choices that are joined', { score: 'hot;x;cold' }, { Score__c: 'A;x;C' }],
    ['exchanges a choice that is added to others', { score: ';cold' }, { Score__c: ';C' }],
    ['drops what this customer mapped to nothing', { tier: 1, Phone: '1' }, { Phone: '1' }],
    ['lets the mapped name win', { lastname: 'native', surname: 'mapped' }, { LastName: 'mapped' }],
    [
      'reaches no prototype',
      JSON.parse('{"__proto__": {"x": 1}}') as JsonObject,
      JSON.parse('{"__proto__": {"x": 1}}') as JsonObject,
    ],
  ])('%s', (_what, record, expected) => {
    expect(unmapped(record).record).toEqual(expected);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('a change of a record that was changed before', () => {
  const settings: WriteConfig = { selectedFieldSettings: { fax: { default: { stringValue: 'none' } } } };
  test.each<[string, readonly JsonObject[], JsonObject, JsonObject]>([
    ['keeps what it does not name', [{ Phone: '1' }, { surname: 'H' }], { Phone: '2' }, { LastName: 'H', Phone: '2' }],
    ['replaces by the name that is not mapped', [{ surname: 'H' }], { LastName: 'K' }, { LastName: 'K' }],
    ['replaces by the name that is mapped', [{ LastName: 'H' }], { surname: 'K' }, { LastName: 'K' }],
    ['replaces in its spelling', [{ PHONE: '1' }], { phone: '2' }, { phone: '2' }],
    ['may empty a field', [{ surname: 'H' }], { surname: null }, { LastName: null }],
    [
      'leaves what another path of the same object has set',
      [{ address: { town: 'A' } }],
      { address: { zip: 1 } },
      { address: { zip: 1 }, MailingAddress: { city: 'A' } },
    ],
    [
      'adds to an object of which it has another part',
      [{ MailingAddress: { zip: 1 } }],
      { address: { town: 'A' } },
      { MailingAddress: { zip: 1, city: 'A' } },
    ],
    ['replaces an object that is not mapped', [{ Owner: { a: 1 } }], { Owner: { b: 2 } }, { Owner: { b: 2 } }],
  ])('%s', (_what, earlier, record, expected) => {
    expect(unmapped(record, {}, 'update', earlier).record).toEqual(expected);
  });

  test('has defaults only for what none of them names', () => {
    expect(unmapped({ Phone: '2' }, settings, 'update', [{ fax: '1' }]).record).toEqual({ Fax: '1', Phone: '2' });
    expect(unmapped({ fax: '2' }, settings, 'update', [{ Phone: '1' }]).record).toEqual({ Phone: '1', Fax: '2' });
    expect(unmapped({}, settings, 'update', [{ Phone: '1' }]).record).toEqual({ Phone: '1', Fax: 'none' });
  });
});

describe('a rule of a field', () => {
  const settings = (rule: NonNullable<WriteConfig['selectedFieldSettings']>[string]): WriteConfig => ({
    selectedFieldSettings: { surname: rule },
  });
  test.each<[string, WriteConfig, JsonObject, 'create' | 'update', JsonObject, readonly string[]]>([
    ['fills what is missing', settings({ default: { stringValue: 'none' } }), {}, 'create', { LastName: 'none' }, []],
    [
      'leaves what is there',
      settings({ default: { stringValue: 'none' } }),
      { surname: 'H' },
      'create',
      { LastName: 'H' },
      [],
    ],
    [
      'leaves null, which is there',
      settings({ default: { stringValue: 'none' } }),
      { surname: null },
      'create',
      { LastName: null },
      [],
    ],
    [
      'may be a number or a switch',
      { selectedFieldSettings: { A: { default: { integerValue: 0 } }, B: { default: { booleanValue: false } } } },
      {},
      'create',
      { A: 0, B: false },
      [],
    ],
    [
      'takes away on create',
      settings({ writeOnCreate: 'never', default: { stringValue: 'x' } }),
      { surname: 'H' },
      'create',
      {},
      [],
    ],
    [
      'of create says nothing of update',
      settings({ writeOnCreate: 'never' }),
      { surname: 'H' },
      'update',
      { LastName: 'H' },
      [],
    ],
    ['takes away on update', settings({ writeOnUpdate: 'never' }), { surname: 'H' }, 'update', {}, []],
    [
      'asks for an empty field on update',
      settings({ writeOnUpdate: 'ifEmpty' }),
      { surname: 'H' },
      'update',
      { LastName: 'H' },
      ['LastName'],
    ],
    ['asks nothing where nothing is written', settings({ writeOnUpdate: 'ifEmpty' }), {}, 'update', {}, []],
    [
      'asks nothing on create',
      settings({ writeOnUpdate: 'ifEmpty' }),
      { surname: 'H' },
      'create',
      { LastName: 'H' },
      [],
    ],
    ['in the older form is a text', { selectedValueDefaults: { Stage: 'new' } }, {}, 'update', { Stage: 'new' }, []],
    [
      'in the older form may be for create only',
      { selectedValueDefaults: { Stage: { value: 1, applyOnUpdate: 'never' } } },
      {},
      'update',
      {},
      [],
    ],
    [
      'in the newer form replaces the older',
      {
        selectedValueDefaults: { stage: 'old' },
        selectedFieldSettings: { Stage: { default: { stringValue: 'new' } } },
      },
      {},
      'create',
      { Stage: 'new' },
      [],
    ],
    [
      'finds the field in another case',
      { selectedFieldSettings: { STAGE: { writeOnCreate: 'never' } } },
      { stage: 1 },
      'create',
      {},
      [],
    ],
  ])('%s', (_what, config, record, type, expected, onlyIfEmpty) => {
    expect(unmapped(record, config, type)).toEqual({ record: expected, onlyIfEmpty });
  });
});

const SOURCES = ['f0', 'f1', 'f2', 'f3', "$['p0']['x']", "$['p0']['y']", "$['p1']['x']['z']"];
const NAMES = ['n0', 'n1', 'n2', "$['m0']['u']", "$['m0']['v']", "$['m1']['w']['q']"];
const VALUES: EffectiveMapping['values'] = [
  ['open', 'o'],
  ['shut', 's'],
];

const TEXTS = ['open', 'shut', 'else', null, 'open;shut', 'shut;else;open', ';open', 'else;', ';'];

/** Some fields as they are and some mapped, each name and each field once, and a record that has some of them. */
const mappedRead = fc.record({
  sources: fc.shuffledSubarray(SOURCES),
  names: fc.shuffledSubarray(NAMES),
  isExchanged: fc.boolean(),
  values: fc.array(fc.oneof(fc.constantFrom<JsonValue>(...TEXTS), fc.jsonValue({ maxDepth: 1 })), {
    minLength: SOURCES.length,
    maxLength: SOURCES.length,
  }) as fc.Arbitrary<JsonValue[]>,
  present: fc.subarray(SOURCES),
});

interface MappedRead {
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly isExchanged: boolean;
  readonly values: readonly JsonValue[];
  readonly present: readonly string[];
}

function planOf({ sources, names, isExchanged }: MappedRead) {
  const mappings = names.slice(0, sources.length).map((mapToName, index) => ({
    mapToName,
    fieldName: sources[index] ?? '',
    values: isExchanged ? VALUES : [],
  }));
  return { mappings, selectedFields: sources.slice(mappings.length), wantsAllFields: false };
}

/** What a delivered value must not be, or the way back could not tell: the provider has it itself. */
const isClear = (value: JsonValue) => !/[";][os][";]/.test(JSON.stringify(value));

function recordOf({ present, values }: MappedRead): JsonObject {
  const record: JsonObject = {};
  for (const source of present) put(record, fieldSteps(source), values[SOURCES.indexOf(source)] ?? null);
  return record;
}

function put(target: JsonObject, [step = '', ...rest]: readonly string[], value: JsonValue): void {
  const own = target as Record<string, JsonValue>;
  if (rest.length > 0) own[step] ??= {};
  if (rest.length === 0) own[step] = value;
  else put(own[step] as JsonObject, rest, value);
}

function at(value: JsonValue | undefined, steps: readonly string[]): JsonValue | undefined {
  return steps.reduce<JsonValue | undefined>((inner, step) => (inner as JsonObject | undefined)?.[step], value);
}

describe('for any mapping', () => {
  const property = (check: (read: MappedRead, raw: JsonObject) => void) =>
    fc.assert(
      fc.property(mappedRead, (read) => {
        fc.pre(read.values.every(isClear));
        check(read, recordOf(read));
      }),
      { numRuns: 500 },
    );

  test('there and back is where it was', () => {
    property((read, raw) => {
      const plan = planOf(read);
      const { fields, mappedFields } = compileMapping(plan)({ fields: raw, raw });
      const nested: JsonObject = {};
      for (const [key, value] of Object.entries(fields)) put(nested, fieldSteps(key), value ?? null);
      const back = compileUnmapping({ ...plan, blankNames: [], fieldRules: [] })(
        { ...nested, ...mappedFields },
        'create',
      );
      const expected: JsonObject = {};
      for (const source of read.sources) {
        const value = at(raw, fieldSteps(source));
        if (value !== undefined) put(expected, fieldSteps(source), value);
      }
      expect(back.record).toEqual(expected);
    });
  });

  test('reading loses and invents nothing', () => {
    property((read, raw) => {
      const plan = planOf(read);
      const before = structuredClone(raw);
      const { fields, mappedFields } = compileMapping(plan)({ fields: raw, raw });
      expect(raw).toEqual(before);
      const there = read.sources.filter((source) => at(raw, fieldSteps(source)) !== undefined);
      const delivered = plan.mappings.filter(({ mapToName }) => at(mappedFields, fieldSteps(mapToName)) !== undefined);
      expect(Object.keys(fields).length + delivered.length).toBe(there.length);
      expect(Object.keys(fields).every((key) => there.includes(key))).toBe(true);
      expect(delivered.every(({ fieldName }) => there.includes(fieldName))).toBe(true);
    });
  });

  test('the order of fields and mappings means nothing', () => {
    property((read, raw) => {
      const { mappings, selectedFields, wantsAllFields } = planOf(read);
      const reversed = {
        mappings: mappings.toReversed(),
        selectedFields: selectedFields.toReversed(),
        wantsAllFields,
      };
      const row = { fields: raw, raw };
      expect(compileMapping(reversed)(row)).toEqual(compileMapping({ mappings, selectedFields, wantsAllFields })(row));
    });
  });

  test('writing loses and invents nothing, whatever the order of the record', () => {
    const record = fc.dictionary(
      fc.oneof(fc.constantFrom('n0', 'n1', 'n2', 'f0', 'f1', 'm0', 'p0'), fc.stringMatching(/^z\d$/)),
      fc.oneof(fc.integer(), fc.record({ u: fc.integer(), x: fc.integer() }, { requiredKeys: [] })),
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(mappedRead, record, (read, input) => {
        const unmap = compileUnmapping({ ...planOf({ ...read, isExchanged: false }), blankNames: [], fieldRules: [] });
        const { record: output } = unmap(input, 'create');
        const reversed = Object.fromEntries(Object.entries(input).toReversed());
        expect(unmap(reversed, 'create').record).toEqual(output);
        const given = new Set(leavesOf(input));
        expect(leavesOf(output).every((leaf) => given.has(leaf))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

function leavesOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (typeof value !== 'object' || value === null) return [value ?? null];
  return Object.values(value).flatMap((inner: JsonValue | undefined) => leavesOf(inner));
}
