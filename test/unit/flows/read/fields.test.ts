import { describe, expect, it } from 'vitest';
import type { ReadConnector } from '../../../../src/connectors/contract.ts';
import { fieldsOf } from '../../../../src/flows/read/fields.ts';
import type { EffectiveRead } from '../../../../src/manifest/effective.ts';

const READ: EffectiveRead = {
  objectName: 'contacts',
  deliveredName: 'contacts',
  destination: 'hook',
  schedule: null,
  isDisabled: false,
  backfill: { kind: 'none' },
  fields: ['email'],
  wantsAllFields: false,
  selectedFields: ['email'],
  mappings: [],
  fieldFilters: [],
  backfillFilters: [],
};

const call = () => Promise.reject(new Error('not called'));

function connectorWith(names: readonly string[]): ReadConnector & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    read: () => Promise.reject(new Error('not read')),
    listFields(objectName) {
      asked.push(objectName);
      return Promise.resolve(names);
    },
  };
}

describe('the fields that a page asks for', () => {
  it.each<[string, Partial<EffectiveRead>, string[]]>([
    ['what was chosen', {}, ['email']],
    ['at least one, where nothing was chosen', { fields: [] }, ['id']],
  ])('are %s, and the provider is not asked', async (_what, differences, expected) => {
    const connector = connectorWith(['email', 'phone']);
    expect(await fieldsOf(connector, { ...READ, ...differences }, call)).toEqual(expected);
    expect(connector.asked).toEqual([]);
  });

  it('are all that the provider has at that moment, where all are wanted', async () => {
    const connector = connectorWith(['email', 'phone']);
    expect(await fieldsOf(connector, { ...READ, wantsAllFields: true }, call)).toEqual(['email', 'phone']);
    expect(connector.asked).toEqual(['contacts']);
  });
});
