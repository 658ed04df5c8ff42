import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubspotEvents } from '../../../../src/connectors/hubspot/events.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { codeOf, expectSoundParsing, onlyEvent, received } from '../received.ts';

const CHANGE: JsonObject = {
  appId: 54321,
  eventId: 100,
  subscriptionId: 12345,
  portalId: 62515,
  occurredAt: 1564113600000,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 0,
  objectId: 123,
  changeSource: 'CRM',
  propertyName: 'firstname',
  propertyValue: 'sample-value',
};
const { propertyName: _name, propertyValue: _value, ...CREATION } = CHANGE;

const eventOf = (event: JsonObject) => onlyEvent(hubspotEvents, received([event]));

describe('the webhooks of HubSpot', () => {
  it.each([
    ['no JSON', 'hello'],
    ['no list', CHANGE],
    ['a list of something else', [CHANGE, 'contact']],
    ['an event without a type', [CHANGE, { objectId: 1 }]],
    ['an event with an empty type', [{ ...CHANGE, subscriptionType: '' }]],
  ])('rejects %s as a whole', (_what, body) => {
    expect(codeOf(() => hubspotEvents.parse(received(body)))).toBe('malformed');
  });

  it('rejects what is too deep to walk through', () => {
    const deep = `[${JSON.stringify(CHANGE).slice(0, -1)},"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`;
    expect(codeOf(() => hubspotEvents.parse(received(deep)))).toBe('malformed');
  });

  it('reads or rejects whatever comes', () => {
    expectSoundParsing(hubspotEvents, [CHANGE, CREATION], {});
  });

  it('reads a changed property', () => {
    expect(eventOf(CHANGE)).toEqual({
      type: 'update',
      providerEventType: 'contact.propertyChange',
      objectName: 'contact',
      recordId: '123',
      workspace: '62515',
      occurredAtMs: 1564113600000,
      updatedFields: ['firstname'],
      association: null,
      record: null,
      key: expect.any(String),
      raw: CHANGE,
    });
  });

  it.each([
    ['contact.creation', 'create', 'contact'],
    ['deal.deletion', 'delete', 'deal'],
    ['contact.privacyDeletion', 'delete', 'contact'],
    ['ticket.restore', 'other', 'ticket'],
    ['conversation.newMessage', 'other', 'conversation'],
  ])('takes %s for %s of %s', (subscriptionType, type, objectName) => {
    expect(eventOf({ ...CREATION, subscriptionType })).toMatchObject({ type, objectName, updatedFields: null });
  });

  it.each([
    ['0-1', 'contact'],
    ['0-8', 'line_item'],
    ['2-3465404', '2-3465404'],
  ])('takes the object from the type id %s: %s', (objectTypeId, objectName) => {
    const event = eventOf({ ...CREATION, subscriptionType: 'object.creation', objectTypeId });
    expect(event).toMatchObject({ type: 'create', objectName });
  });

  it('says of which record a merge is', () => {
    const { objectId: _id, ...rest } = CREATION;
    const merge = { ...rest, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2] };
    expect(eventOf(merge)).toMatchObject({ type: 'other', recordId: '1' });
    expect(eventOf({ ...merge, newObjectId: 3 })).toMatchObject({ recordId: '3' });
  });

  it('names both ends of an association', () => {
    const { objectId: _id, ...rest } = CREATION;
    const ends = { fromObjectId: 1, toObjectId: 2, associationRemoved: false };
    const association = (objectName: string, other: string) => ({
      from: { id: '1', objectName },
      to: { id: '2', objectName: other },
    });
    const named = {
      ...rest,
      ...ends,
      subscriptionType: 'line_item.associationChange',
      associationType: 'LINE_ITEM_TO_DEAL',
    };
    expect(eventOf(named)).toMatchObject({
      type: 'associationUpdate',
      objectName: 'line_item',
      recordId: '1',
      association: association('line_item', 'deal'),
    });
    const types = { fromObjectTypeId: '0-1', toObjectTypeId: '2-7' };
    expect(eventOf({ ...rest, ...ends, ...types, subscriptionType: 'object.associationChange' })).toMatchObject({
      objectName: 'contact',
      association: association('contact', '2-7'),
    });
  });

  it('has no record where an id was too large to be parsed', () => {
    expect(
      onlyEvent(hubspotEvents, received(JSON.stringify([CHANGE]).replace(':123,', ':12345678901234567890,'))),
    ).toMatchObject({ recordId: null });
  });

  it('keeps the order of a batch', () => {
    const ids = [3, 1, 2];
    const batch = ids.map((objectId) => ({ ...CHANGE, objectId }));
    expect(hubspotEvents.parse(received(batch)).map(({ recordId }) => recordId)).toEqual(['3', '1', '2']);
  });
});

describe('the key of an event of HubSpot', () => {
  const facts = fc.record(
    { ...Object.fromEntries(['eventId', 'objectId', 'occurredAt', 'portalId'].map((name) => [name, fc.nat(3)])) },
    { requiredKeys: [] },
  );

  it('is the same in every attempt, whatever the order of members, and another for any other event', () => {
    fc.assert(
      fc.property(facts, facts, fc.nat(), (one, other, attemptNumber) => {
        const [first, second] = [
          { ...CHANGE, ...one },
          { ...CHANGE, ...other },
        ];
        const again = Object.fromEntries(Object.entries({ ...first, attemptNumber }).reverse());
        expect(eventOf(again).key).toBe(eventOf(first).key);
        const { attemptNumber: _attempt, ...left } = first;
        const isSame = Object.entries(left).every(([name, value]) => (second as JsonObject)[name] === value);
        expect(eventOf(second).key === eventOf(first).key).toBe(isSame);
      }),
    );
  });
});
