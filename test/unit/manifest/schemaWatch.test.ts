// What is told of fields between two looks: nothing lost and nothing invented for any two lists, and no message that is
// too large.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IntegrationSpec, WatchSchemaSpec } from '../../../src/manifest/manifest.ts';
import {
  changeMessages,
  type FieldChanges,
  fieldChanges,
  schemaWatchOf,
  type WatchedField,
} from '../../../src/manifest/schemaWatch.ts';

const ALL = new Set(['createdFields', 'deletedFields', 'changedFields'] as const);
const ALWAYS = { enabled: 'always' } as const;
const ENVELOPE = { action: 'schema.watch', objectName: 'contacts' };

const spec = (watchSchema?: WatchSchemaSpec): IntegrationSpec => ({
  name: 'crm',
  provider: 'hubspot',
  ...(watchSchema === undefined ? {} : { watchSchema }),
});

describe('what an integration watches', () => {
  test('is nothing without the block, and without a kind of change', () => {
    expect(schemaWatchOf(spec())).toBeNull();
    expect(schemaWatchOf(spec({ destination: 'hook', allObjects: {} }))).toBeNull();
  });

  test.each([undefined, ''])('is looked at once a day with the schedule %j', (schedule) => {
    const watchSchema = {
      destination: 'hook',
      ...(schedule === undefined ? {} : { schedule }),
      allObjects: { fieldDeleted: ALWAYS },
    };
    expect(schemaWatchOf(spec(watchSchema))).toEqual({
      destination: 'hook',
      schedule: '0 */24 * * *',
      kinds: new Set(['deletedFields']),
    });
  });

  test('is what the block says', () => {
    const allObjects = { fieldCreated: ALWAYS, fieldDeleted: ALWAYS, fieldChanged: ALWAYS };
    const watchSchema = { destination: 'hook', schedule: '0 * * * *', allObjects };
    expect(schemaWatchOf(spec(watchSchema))).toEqual({ destination: 'hook', schedule: '0 * * * *', kinds: ALL });
  });
});

const EMAIL: WatchedField = {
  fieldName: 'email',
  displayName: 'Email',
  valueType: 'string',
  providerType: 'string',
  readOnly: false,
  isCustom: false,
};
const PLAN: WatchedField = {
  fieldName: 'plan',
  displayName: 'Plan',
  valueType: 'singleSelect',
  providerType: 'enumeration',
  values: [{ value: 'free', displayValue: 'Free' }],
};

describe('a change of a field', () => {
  test.each<[string, Partial<WatchedField>]>([
    ['that it offers other values', { values: [{ value: 'gold', displayValue: 'Gold' }] }],
    ['that it is required', { isRequired: true }],
    ['that it is read only', { readOnly: true }],
  ])('is not %s', (_what, differences) => {
    expect(fieldChanges([PLAN], [{ ...PLAN, ...differences }])).toEqual({
      createdFields: [],
      deletedFields: [],
      changedFields: [],
    });
  });

  test.each<[string, Partial<WatchedField>]>([
    ['another label', { displayName: 'Tariff' }],
    ['another type', { valueType: 'multiSelect' }],
    ['another type of the provider', { providerType: 'set' }],
    ['a description', { description: 'What is paid' }],
  ])('is %s', (_what, differences) => {
    const newSchema = { ...PLAN, ...differences };
    expect(fieldChanges([EMAIL, PLAN], [newSchema, EMAIL])).toEqual({
      createdFields: [],
      deletedFields: [],
      changedFields: [{ oldSchema: PLAN, newSchema }],
    });
  });
});

/** Few names, so that lists have many in common, and ones that objects know already. */
const field = fc.record<WatchedField>(
  {
    fieldName: fc.constantFrom('a', 'b', 'c', 'd', 'A', '__proto__', 'constructor', 'é'),
    displayName: fc.constantFrom('One', 'Two', ''),
    valueType: fc.constantFrom('string', 'int'),
    providerType: fc.constantFrom('text', 'number'),
    description: fc.constantFrom('For people', 'For machines'),
    values: fc.array(fc.record({ value: fc.string(), displayValue: fc.string({ maxLength: 60 }) }), { maxLength: 4 }),
  },
  { requiredKeys: ['fieldName', 'displayName'] },
);
const fields = fc.uniqueArray(field, { selector: ({ fieldName }) => fieldName });

/** What changes are about. */
const toldParts = (list: readonly WatchedField[]) =>
  list
    .map(({ fieldName, displayName, valueType, providerType, description }) => {
      return JSON.stringify([fieldName, displayName, valueType, providerType, description]);
    })
    .toSorted();

function applied(before: readonly WatchedField[], { createdFields, deletedFields, changedFields }: FieldChanges) {
  const after = new Map(before.map((one) => [one.fieldName, one]));
  for (const { fieldName } of deletedFields) expect(after.delete(fieldName)).toBe(true);
  for (const { oldSchema, newSchema } of changedFields) {
    expect(after.get(newSchema.fieldName)).toEqual(oldSchema);
    after.set(newSchema.fieldName, newSchema);
  }
  for (const created of createdFields) {
    expect(after.has(created.fieldName)).toBe(false);
    after.set(created.fieldName, created);
  }
  return [...after.values()];
}

describe('the changes between any two lists of fields', () => {
  test('applied to the first give the second', () => {
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        expect(toldParts(applied(before, fieldChanges(before, after)))).toEqual(toldParts(after));
      }),
    );
  });

  test('are none where nothing differs but the order, and where a name comes twice the first counts', () => {
    fc.assert(
      fc.property(fields, fc.array(field), (list, more) => {
        const repeated = more.filter(({ fieldName }) => list.some((one) => one.fieldName === fieldName));
        const { createdFields, deletedFields, changedFields } = fieldChanges(list, [...list.toReversed(), ...repeated]);
        expect([createdFields, deletedFields, changedFields]).toEqual([[], [], []]);
      }),
    );
  });
});

const resultsOf = (bodies: readonly string[]) =>
  bodies.map((body) => (JSON.parse(body) as { result: Partial<FieldChanges> }).result);

describe('messages', () => {
  const changes = fieldChanges(
    [EMAIL, PLAN],
    [
      { ...EMAIL, displayName: 'Mail' },
      { ...EMAIL, fieldName: 'mail2' },
    ],
  );

  test('are none without a change, and none of kinds that nobody asked for', () => {
    expect(changeMessages(fieldChanges([EMAIL], [EMAIL]), ALL, ENVELOPE)).toEqual([]);
    expect(changeMessages(fieldChanges([], [EMAIL]), new Set(['deletedFields']), ENVELOPE)).toEqual([]);
  });

  test('are one for what belongs together, with the kinds that there are', () => {
    const [body = '', ...others] = changeMessages(changes, ALL, ENVELOPE);
    expect(others).toEqual([]);
    expect(JSON.parse(body)).toEqual({
      ...ENVELOPE,
      result: {
        createdFields: [{ ...EMAIL, fieldName: 'mail2' }],
        deletedFields: [PLAN],
        changedFields: [{ oldSchema: EMAIL, newSchema: { ...EMAIL, displayName: 'Mail' } }],
      },
    });
    const [deleted = ''] = changeMessages(changes, new Set(['deletedFields']), ENVELOPE);
    expect(resultsOf([deleted])).toEqual([{ deletedFields: [PLAN] }]);
  });

  test('leave the values out where a field fits none with them', () => {
    const large = { ...PLAN, values: Array.from({ length: 50 }, (_, at) => ({ value: `${at}`, displayValue: 'X' })) };
    const maxBytes = 700;
    const bodies = changeMessages(fieldChanges([large], [{ ...large, displayName: 'Y' }]), ALL, ENVELOPE, maxBytes);
    const { values: _, ...lean } = large;
    expect(resultsOf(bodies)).toEqual([
      { changedFields: [{ oldSchema: lean, newSchema: { ...lean, displayName: 'Y' } }] },
    ]);
    const [body = ''] = changeMessages(fieldChanges([], [large]), ALL, ENVELOPE, maxBytes);
    expect(resultsOf([body])).toEqual([{ createdFields: [lean] }]);
  });

  test('tell everything once, in its order, and are never too large', () => {
    fc.assert(
      fc.property(fields, fields, fc.integer({ min: 600, max: 3000 }), (before, after, maxBytes) => {
        const all = fieldChanges(before, after);
        const bodies = changeMessages(all, ALL, ENVELOPE, maxBytes);
        for (const body of bodies) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxBytes);
        const results = resultsOf(bodies);
        for (const result of results) expect(Object.keys(result)).not.toHaveLength(0);
        const named = (one: WatchedField | { newSchema: WatchedField }) =>
          'newSchema' in one ? one.newSchema.fieldName : one.fieldName;
        for (const kind of ALL) {
          expect(results.flatMap((result) => (result[kind] ?? []).map(named))).toEqual(all[kind].map(named));
        }
      }),
    );
  });
});
