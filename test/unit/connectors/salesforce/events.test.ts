import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { salesforceEvents } from '../../../../src/connectors/salesforce/events.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import { codeOf, expectSoundParsing, NOW_MS, onlyEvent, received } from '../received.ts';

const HEADER: JsonObject = {
  entityName: 'Contact',
  recordIds: ['003xx000004TmiQAAS'],
  changeType: 'UPDATE',
  changeOrigin: 'com/salesforce/api/soap/60.0;client=SfdcInternalAPI/',
  transactionKey: '0002343d-9d90-e395-ed20-cf416ba652ad',
  sequenceNumber: 1,
  commitTimestamp: 1768478400123,
  commitNumber: 356478324678,
  commitUser: '005xx000001SyyEAAS',
  nulledFields: ['Fax'],
  diffFields: [],
  changedFields: ['Name.LastName', 'MailingAddress.Street', 'Site__c.Latitude', 'Fax', 'LastModifiedDate'],
};
const payloadOf = (header: JsonObject): JsonObject => ({ Fax: null, ChangeEventHeader: { ...HEADER, ...header } });
const enveloped = (payload: JsonObject): JsonObject => ({
  version: '0',
  id: 'e5bc2f7b-5b4b-4b7a-9b37-7d4e4f3ac1a8',
  'detail-type': 'ContactChangeEvent',
  source: 'aws.partner/salesforce.com/00Dxx0000001gPL/0YLxx0000000001',
  detail: { id: '1a2b', schemaId: 'x', payload },
});
const eventsOf = (header: JsonObject) => salesforceEvents.parse(received(enveloped(payloadOf(header))));
const eventOf = (header: JsonObject) => onlyEvent(salesforceEvents, received(enveloped(payloadOf(header))));

describe('the change events of Salesforce', () => {
  it.each<[string, JsonValue]>([
    ['no JSON', 'hello'],
    ['a list', [payloadOf({})]],
    ['an envelope with nothing in it', enveloped({})],
    ['no type of change', payloadOf({ changeType: 7 })],
    ['no records', payloadOf({ recordIds: [] })],
    ['records that are none', payloadOf({ recordIds: ['003xx000004TmiQAAS', 5] })],
  ])('rejects %s', (_what, body) => {
    expect(codeOf(() => salesforceEvents.parse(received(body)))).toBe('malformed');
  });

  it('reads or rejects whatever comes', () => {
    expectSoundParsing(salesforceEvents, enveloped(payloadOf({})), {});
  });

  it('are proved by nothing but their address', () => {
    expect(salesforceEvents.secretOf).toBe('address');
    expect(codeOf(() => salesforceEvents.verify(received({}), 'secret', NOW_MS))).toBe('invariant');
  });

  it('reads an update, with the names that fields have in reads', () => {
    const { recordIds: _ids, ...shared } = HEADER;
    expect(eventOf({})).toEqual({
      type: 'update',
      providerEventType: 'UPDATE',
      objectName: 'Contact',
      recordId: '003xx000004TmiQAAS',
      workspace: null,
      occurredAtMs: 1768478400123,
      updatedFields: ['LastName', 'MailingStreet', 'Site__Latitude__s', 'Fax', 'LastModifiedDate'],
      association: null,
      record: null,
      key: expect.any(String),
      raw: { Fax: null, ChangeEventHeader: { ...shared, recordId: '003xx000004TmiQAAS' } },
    });
  });

  it.each<[string, (payload: JsonObject) => JsonObject]>([
    ['bare', (payload) => payload],
    ['wrapped', (payload) => ({ payload })],
    ['of the Streaming API', (payload) => ({ channel: '/data/x__chn', data: { payload, event: { replayId: 1 } } })],
  ])('reads one that is %s', (_what, wrap) => {
    const inEnvelope = eventOf({});
    expect(onlyEvent(salesforceEvents, received(wrap(payloadOf({}))))).toEqual(inEnvelope);
  });

  it.each([
    ['CREATE', 'create'],
    ['DELETE', 'delete'],
    ['UNDELETE', 'other'],
    ['GAP_UNDELETE', 'other'],
    ['GAP_OVERFLOW', 'other'],
    ['GAP_CREATE', 'create'],
    ['GAP_DELETE', 'delete'],
  ])('takes %s for %s', (changeType, type) => {
    expect(eventOf({ changeType })).toMatchObject({ type, providerEventType: changeType, updatedFields: null });
  });

  it.each([['000000000000000AAA'], ['003*']])('knows that %s is the id of no record', (id) => {
    const nothing = { type: 'other', recordId: null };
    expect(eventOf({ changeType: 'GAP_OVERFLOW', recordIds: [id] })).toMatchObject(nothing);
    expect(eventOf({ changeType: 'GAP_UPDATE', recordIds: [id] })).toMatchObject(nothing);
  });

  it('does not know the fields of an update that was left out', () => {
    const left = { changeType: 'GAP_UPDATE', changedFields: [], nulledFields: [] };
    expect(eventOf(left)).toMatchObject({ type: 'update', providerEventType: 'GAP_UPDATE', updatedFields: null });
  });

  it.each<[string, JsonValue]>([
    ['no list', null],
    ['an empty one', []],
    ['bitmaps', ['0x650004E0']],
    ['bitmaps of compound fields', ['Fax', '5-0x01']],
  ])('does not know the fields of an update with %s of them', (_what, changedFields) => {
    expect(eventOf({ changedFields, nulledFields: [] }).updatedFields).toBeNull();
  });

  it('makes an event of each record, with a key of its own', () => {
    const events = eventsOf({ recordIds: ['003xx000004TmiQAAS', '003xx000004TmiRAAS'] });
    expect(events.map(({ recordId }) => recordId)).toEqual(['003xx000004TmiQAAS', '003xx000004TmiRAAS']);
    expect(new Set(events.map(({ key }) => key)).size).toBe(2);
  });
});

describe('the key of a change event', () => {
  const facts = fc.record({
    transactionKey: fc.constantFrom('a', 'b', 'a1', ''),
    sequenceNumber: fc.constantFrom(1, 11, 2),
    recordIds: fc.constantFrom(['003xx000004TmiQAAS'], ['000000000000000AAA']),
    entityName: fc.constantFrom('Contact', 'Account'),
  });

  it('is the same whenever one is delivered again, and another for any other', () => {
    fc.assert(
      fc.property(facts, facts, fc.uuid(), (one, other, id) => {
        const again = { ...enveloped(payloadOf(one)), id, 'replay-name': 'again' };
        expect(onlyEvent(salesforceEvents, received(again)).key).toBe(eventOf(one).key);
        const isSame = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
        expect(eventOf(other).key === eventOf(one).key).toBe(isSame);
      }),
    );
  });
});
