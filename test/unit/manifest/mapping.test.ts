// From connector rows to delivered entries, one rule per row.

import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/core/json.ts';
import type { EffectiveMapping } from '../../../src/manifest/effective.ts';
import { compileMapping } from '../../../src/manifest/mapping.ts';

const RAW = { Email: 'a@b.c', Address: { City: 'Rome', city: 'Paris' }, Status: ['1', '9'], Fax: null, Deep: 'text' };
const ROW = { fields: { email: 'a@b.c', status: ['1', '9'], fax: null, address: RAW.Address }, raw: RAW };

function mapped(mappings: readonly (readonly [string, string])[], values: EffectiveMapping['values'] = []) {
  return mappings.map(([mapToName, fieldName]) => ({ mapToName, fieldName, values }));
}

function mapRow(selectedFields: readonly string[], mappings: readonly EffectiveMapping[], wantsAllFields = false) {
  const { fields, mappedFields } = compileMapping({ selectedFields, mappings, wantsAllFields })(ROW);
  return { fields, mappedFields };
}

test.each<[string, ReturnType<typeof mapRow>, ReturnType<typeof mapRow>]>([
  ['nothing selected', mapRow([], []), { fields: {}, mappedFields: {} }],
  ['keys become lower-case', mapRow(['EMAIL'], []), { fields: { email: 'a@b.c' }, mappedFields: {} }],
  ['a missing field is absent', mapRow(['phone'], mapped([['tel', 'phone']])), { fields: {}, mappedFields: {} }],
  ['null stays', mapRow(['fax'], mapped([['f', 'Fax']])), { fields: { fax: null }, mappedFields: { f: null } }],
  [
    'a mapped field keeps its case',
    mapRow([], mapped([['eMail', 'Email']])),
    { fields: {}, mappedFields: { eMail: 'a@b.c' } },
  ],
  [
    'a path reads the record, the exact name first',
    mapRow(
      [],
      mapped([
        ['town', "$['address']['City']"],
        ['place', "$['Address']['city']"],
        ['any', "$['ADDRESS']['CITY']"],
      ]),
    ),
    { fields: {}, mappedFields: { town: 'Rome', place: 'Paris', any: 'Rome' } },
  ],
  ['a path through a text is absent', mapRow([], mapped([['x', "$['Deep']['a']"]])), { fields: {}, mappedFields: {} }],
  [
    'a path to inherited names is absent',
    mapRow(
      [],
      mapped([
        ['x', "$['constructor']['name']"],
        ['y', "$['__proto__']"],
      ]),
    ),
    { fields: {}, mappedFields: {} },
  ],
  [
    'an unmapped path is delivered under its own text',
    mapRow(["$['Address']['City']"], []),
    { fields: { "$['address']['city']": 'Rome' }, mappedFields: {} },
  ],
  [
    'mapped names nest',
    mapRow(
      [],
      mapped([
        ["$['a']['b']", 'email'],
        ["$['a']['c']", 'fax'],
        ['d', 'email'],
      ]),
    ),
    { fields: {}, mappedFields: { a: { b: 'a@b.c', c: null }, d: 'a@b.c' } },
  ],
  [
    'of overlapping mapped names the first wins',
    mapRow(
      [],
      mapped([
        ['a', 'address'],
        ["$['a']['b']", 'email'],
      ]),
    ),
    { fields: {}, mappedFields: { a: RAW.Address } },
  ],
  [
    'all fields, but those that are only mapped',
    mapRow(
      ['fax'],
      mapped([
        ['e', 'Email'],
        ['f', 'fax'],
      ]),
      true,
    ),
    { fields: { status: ['1', '9'], fax: null, address: RAW.Address }, mappedFields: { e: 'a@b.c', f: null } },
  ],
  [
    'values are exchanged, entry by entry',
    mapRow(['status'], mapped([['s', 'Status']], [['1', 'open']])),
    { fields: { status: ['1', '9'] }, mappedFields: { s: ['open', '9'] } },
  ],
])('%s', (_name, actual, expected) => {
  expect(actual).toEqual(expected);
});

describe('a field whose values are exchanged', () => {
  const values: EffectiveMapping['values'] = [
    ['b', 'blue'],
    ['r', 'red'],
    ['x;y', 'both'],
    ['', 'none'],
    ['w', 'off;white'],
  ];
  const plan = compileMapping({
    selectedFields: [],
    mappings: mapped([['c', 'colour']], values),
    wantsAllFields: false,
  });
  test.each<[string, JsonValue, JsonValue]>([
    ['one choice', 'b', 'blue'],
    ['several choices in one text', 'b;r', 'blue;red'],
    ['one that nobody mapped among them', 'b;z', 'blue;z'],
    ['one that would become two', 'b;w', 'blue;w'],
    ['one that is empty', ';r', ';red'],
    ['none that is mapped', 'z;q', 'z;q'],
    ['a text with a semicolon that is mapped itself', 'x;y', 'both'],
    ['choices in another way of writing', 'b, r', 'b, r'],
    ['a list, whose entries are whole', ['b', 'b;r'], ['blue', 'b;r']],
    ['no text', 7, 7],
  ])('may have %s', (_what, given, delivered) => {
    expect(plan({ fields: { colour: given }, raw: {} }).mappedFields).toEqual({ c: delivered });
  });
});

test('names like __proto__ become plain keys and reach no prototype', () => {
  const plan = compileMapping({
    selectedFields: ['__proto__'],
    mappings: mapped([
      ['__proto__', 'x'],
      ["$['constructor']['prototype']", 'x'],
      ["$['a']['__proto__']['b']", 'x'],
    ]),
    wantsAllFields: true,
  });
  const fields = JSON.parse('{"__proto__":{"polluted":1},"x":"v"}');
  const { fields: out, mappedFields } = plan({ fields, raw: {} });
  expect(JSON.stringify(out)).toBe('{"__proto__":{"polluted":1}}');
  expect(JSON.stringify(mappedFields)).toBe(
    '{"__proto__":"v","constructor":{"prototype":"v"},"a":{"__proto__":{"b":"v"}}}',
  );
  expect(Object.getPrototypeOf(out)).toBe(Object.prototype);
  expect(Object.hasOwn(Object.prototype, 'polluted') || Object.hasOwn(Object.prototype, 'b')).toBe(false);
});

test('the record itself is passed on unchanged', () => {
  const before = structuredClone(ROW);
  const plan = compileMapping({
    selectedFields: ['address'],
    mappings: mapped([["$['address']['x']", 'email']]),
    wantsAllFields: false,
  });
  expect(plan(ROW).raw).toBe(RAW);
  expect(ROW).toEqual(before);
});
