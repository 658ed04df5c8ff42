import { describe, expect, it } from 'vitest';
import type { ProviderEvent } from '../../../../src/connectors/events.ts';
import { coalesced, type MatchedEvent, wishOf } from '../../../../src/flows/subscribe/sort.ts';
import type { EffectiveSubscription } from '../../../../src/manifest/subscriptions.ts';

const contacts: EffectiveSubscription = {
  objectName: 'contacts',
  deliveredName: 'person',
  destination: 'hook',
  events: ['create', 'update', 'delete', 'associationChange'],
  includesFullRecords: false,
  otherEvents: ['contact.merge'],
  watchedFields: null,
  isQuotaOptimized: false,
  read: null,
};

const event = (differences: Partial<ProviderEvent> = {}): ProviderEvent => ({
  type: 'update',
  providerEventType: 'contact.propertyChange',
  objectName: 'contact',
  recordId: '7',
  workspace: '1',
  occurredAtMs: 5,
  updatedFields: ['email'],
  association: null,
  record: null,
  key: 'k',
  raw: { subscriptionType: 'contact.propertyChange' },
  ...differences,
});

describe('an event', () => {
  it.each<[string, Partial<ProviderEvent>, Partial<EffectiveSubscription>]>([
    ['of another object', { objectName: 'company' }, {}],
    ['of no object, of a kind that is on for one', { objectName: null }, {}],
    ['of a kind that is off', {}, { events: ['create'] }],
    ['of a deletion that is off', { type: 'delete' }, { events: ['update'] }],
    ['of an association that is off', { type: 'associationUpdate' }, { events: ['update'] }],
    ['of fields that nobody watches', { updatedFields: ['email', 'phone'] }, { watchedFields: ['city'] }],
    ['that changed nothing', { updatedFields: [] }, { watchedFields: ['email'] }],
    ['of another kind', { type: 'other', providerEventType: 'contact.restore' }, {}],
    ['that is named for another object', { providerEventType: 'contact.merge', objectName: 'company' }, {}],
  ])('%s is not wanted', (_what, differences, subscription) => {
    expect(wishOf(event(differences), [{ ...contacts, ...subscription }])).toBeNull();
  });

  it.each<[string, Partial<ProviderEvent>, Partial<EffectiveSubscription>, string]>([
    [
      'of a field that is watched, whatever its case',
      { updatedFields: ['EMail'] },
      { watchedFields: ['eMAIL'] },
      'update',
    ],
    [
      'of a part of a watched field',
      { updatedFields: ['address'] },
      { watchedFields: ["$['address']['city']"] },
      'update',
    ],
    ['that does not tell its fields', { updatedFields: null }, { watchedFields: ['city'] }, 'update'],
    [
      'of a creation, whatever is watched',
      { type: 'create', updatedFields: null },
      { watchedFields: ['city'] },
      'create',
    ],
    ['of an association', { type: 'associationUpdate' }, {}, 'associationUpdate'],
    ['that is named', { type: 'other', providerEventType: 'Contact.merge' }, {}, 'other'],
    [
      'that is named, of no object',
      { type: 'other', providerEventType: 'contact.merge', objectName: null },
      {},
      'other',
    ],
    ['whose kind is off, by its name', {}, { events: [], otherEvents: ['contact.propertyChange'] }, 'other'],
  ])('%s is wanted', (_what, differences, subscription, type) => {
    const wanting = { ...contacts, ...subscription };
    const companies = { ...contacts, objectName: 'companies', events: [], otherEvents: [] };
    const given = event(differences);
    expect(wishOf(given, [companies, wanting])).toEqual({ subscription: wanting, type });
  });
});

describe('events of one batch', () => {
  const given = (seq: number, differences: Partial<ProviderEvent> = {}): MatchedEvent => {
    const of = event({ raw: { seq }, ...differences });
    return { seq, event: of, subscription: contacts, type: of.type };
  };
  const told = (...events: readonly MatchedEvent[]) =>
    coalesced(events).map(({ type, seqs, fieldsUpdated, event: { raw } }) => [type, seqs, fieldsUpdated, raw['seq']]);

  it.each<[string, readonly MatchedEvent[]]>([
    ['of two records', [given(1), given(2, { recordId: '8' })]],
    ['of no record', [given(1, { recordId: null }), given(2, { recordId: null })]],
    ['of two objects', [given(1), { ...given(2), subscription: { ...contacts, objectName: 'companies' } }]],
    ['with something between them', [given(1), given(2, { type: 'delete' }), given(3)]],
    ['that are no updates', [given(1, { type: 'associationUpdate' }), given(2, { type: 'associationUpdate' })]],
    ['of which one is told by its name', [given(1), { ...given(2), type: 'other' }]],
  ])('%s stay as they are', (_what, events) => {
    expect(coalesced(events).map(({ seqs }) => seqs)).toEqual(events.map(({ seq }) => [seq]));
  });

  it('become one update of a record, with the fields of all and what came last', () => {
    const updates = [given(1), given(2, { updatedFields: ['phone'] }), given(3, { updatedFields: ['email'] })];
    expect(told(...updates)).toEqual([['update', [1, 2, 3], ['email', 'phone'], 3]]);
    expect(told(given(1), given(2, { updatedFields: null }), given(3))).toEqual([['update', [1, 2, 3], null, 3]]);
  });

  it('are a creation and one update, in this order, and other records between them', () => {
    const created = given(1, { type: 'create', updatedFields: null });
    const events = [created, given(2), given(3, { recordId: '8' }), given(4, { updatedFields: ['city'] })];
    expect(told(...events)).toEqual([
      ['create', [1], null, 1],
      ['update', [2, 4], ['email', 'city'], 4],
      ['update', [3], ['email'], 3],
    ]);
  });
});
