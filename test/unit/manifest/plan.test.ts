// What a deploy would change: each kind of difference by its name, and nothing lost or invented for any two manifests.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldSpec, IntegrationSpec, ReadObjectSpec } from '../../../src/manifest/manifest.ts';
import { type Change, changesBetween } from '../../../src/manifest/plan.ts';

const CONTACT: ReadObjectSpec = {
  objectName: 'contact',
  destination: 'hook',
  schedule: '0 * * * *',
  requiredFields: [{ fieldName: 'email' }, { fieldName: 'id', mapToName: 'external' }],
  optionalFields: [{ mapToName: 'score', prompt: 'Which?' }],
};

const BEFORE: IntegrationSpec = {
  name: 'crm',
  provider: 'salesforce',
  read: { objects: [CONTACT, { objectName: 'lead' }] },
  write: { objects: [{ objectName: 'contact' }] },
  proxy: { enabled: true },
};

const withContact = (differences: Partial<ReadObjectSpec>): IntegrationSpec => ({
  ...BEFORE,
  read: { objects: [{ ...CONTACT, ...differences }, { objectName: 'lead' }] },
});

describe('a plan names', () => {
  const contact = { action: 'read', objectName: 'contact' } as const;
  test.each<[string, IntegrationSpec, readonly Change[]]>([
    ['nothing where nothing differs', structuredClone(BEFORE), []],
    [
      'nothing where objects stand in another order',
      { ...BEFORE, read: { objects: [{ objectName: 'lead' }, CONTACT] } },
      [],
    ],
    [
      'a schedule',
      withContact({ schedule: '*/10 * * * *' }),
      [{ ...contact, what: 'schedule', before: '0 * * * *', after: '*/10 * * * *' }],
    ],
    [
      'a field that comes and one that goes',
      withContact({ requiredFields: [{ fieldName: 'phone' }, { fieldName: 'id', mapToName: 'external' }] }),
      [
        { ...contact, what: 'requiredFields.phone', after: { fieldName: 'phone' } },
        { ...contact, what: 'requiredFields.email', before: { fieldName: 'email' } },
      ],
    ],
    [
      'a field that is also mapped now',
      withContact({ requiredFields: [...(CONTACT.requiredFields ?? []), { fieldName: 'id' }] }),
      [{ ...contact, what: 'requiredFields.id', after: { fieldName: 'id' } }],
    ],
    [
      'a mapping that asks otherwise',
      withContact({ optionalFields: [{ mapToName: 'score', prompt: 'Which one?' }] }),
      [
        {
          ...contact,
          what: 'optionalFields.score',
          before: { mapToName: 'score', prompt: 'Which?' },
          after: { mapToName: 'score', prompt: 'Which one?' },
        },
      ],
    ],
    [
      'fields in another order as a whole',
      withContact({ requiredFields: CONTACT.requiredFields?.toReversed() ?? [] }),
      [
        {
          ...contact,
          what: 'requiredFields',
          before: CONTACT.requiredFields as never,
          after: CONTACT.requiredFields?.toReversed() as never,
        },
      ],
    ],
    [
      'an object that comes and one that goes',
      { ...BEFORE, read: { objects: [CONTACT, { objectName: 'deal' }] } },
      [
        { action: 'read', objectName: 'deal', after: { objectName: 'deal' } },
        { action: 'read', objectName: 'lead', before: { objectName: 'lead' } },
      ],
    ],
    [
      'an action that goes, by its objects',
      { name: 'crm', provider: 'salesforce', read: { objects: [CONTACT, { objectName: 'lead' }] } },
      [
        { action: 'write', objectName: 'contact', before: { objectName: 'contact' } },
        { action: 'proxy', before: { enabled: true } },
      ],
    ],
    [
      'the proxy, a subscription, a schema watch and what nobody knows',
      {
        ...BEFORE,
        proxy: { enabled: false },
        subscribe: { objects: [{ objectName: 'contact', destination: 'hook' }] },
        watchSchema: { destination: 'hook', allObjects: {} },
        ...{ 'x-team': 'a' },
      },
      [
        { action: 'integration', what: 'x-team', after: 'a' },
        { action: 'subscribe', objectName: 'contact', after: { objectName: 'contact', destination: 'hook' } },
        { action: 'proxy', what: 'enabled', before: true, after: false },
        { action: 'watchSchema', after: { destination: 'hook', allObjects: {} } },
      ],
    ],
  ])('%s', (_name, after, changes) => {
    expect(changesBetween(BEFORE, after)).toEqual(changes);
  });
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const field = fc.oneof(
  fc.record({ fieldName: name, mapToName: name }, { requiredKeys: ['fieldName'] }),
  fc.record({ mapToName: name, default: name }, { requiredKeys: ['mapToName'] }),
) as fc.Arbitrary<FieldSpec>;
const readObject = fc.record(
  {
    objectName: name,
    schedule: fc.constantFrom('', '0 * * * *'),
    requiredFields: fc.array(field, { maxLength: 4 }),
    optionalFields: fc.array(field, { maxLength: 4 }),
  },
  { requiredKeys: ['objectName'] },
);
const spec = fc.record(
  {
    name: fc.constant('crm'),
    provider: fc.constant('hubspot'),
    displayName: name,
    read: fc.record({
      objects: fc.uniqueArray(readObject, { maxLength: 3, selector: ({ objectName }) => objectName }),
    }),
    proxy: fc.record({ enabled: fc.boolean(), useModule: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: ['name', 'provider'] },
) as fc.Arbitrary<IntegrationSpec>;

/** The order of objects means nothing, and an action without objects is none. */
const meaning = ({ read, ...others }: IntegrationSpec) => ({
  ...others,
  objects: Object.fromEntries((read?.objects ?? []).map((object) => [object.objectName, object])),
});

describe('for any two manifests', () => {
  test('there are changes exactly where they mean something else', () => {
    fc.assert(
      fc.property(spec, spec, (before, after) => {
        const isSame = JSON.stringify(sorted(meaning(before))) === JSON.stringify(sorted(meaning(after)));
        expect(changesBetween(before, after).length === 0).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  test('the way back is the same changes with their sides exchanged', () => {
    fc.assert(
      fc.property(spec, spec, (before, after) => {
        const exchanged = changesBetween(after, before).map(({ before: left, after: right, ...place }) => ({
          ...place,
          ...(right === undefined ? {} : { before: right }),
          ...(left === undefined ? {} : { after: left }),
        }));
        const texts = (changes: readonly Change[]) => changes.map((change) => JSON.stringify(sorted(change))).sort();
        expect(texts(exchanged)).toEqual(texts(changesBetween(before, after)));
      }),
      { numRuns: 500 },
    );
  });
});

/** With keys in one order, at any depth. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [key, sorted(child)]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
