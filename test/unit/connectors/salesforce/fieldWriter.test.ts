// Custom fields of Salesforce: what a fault means, what is sent, in which steps, and what is said of each field when a
// step fails.

import { describe, expect, it } from 'vitest';
import type { ProviderCall, ProviderRequest } from '../../../../src/connectors/contract.ts';
import type { FieldDefinition, FieldWish } from '../../../../src/connectors/fieldWriter.ts';
import { createSalesforceFieldWriter } from '../../../../src/connectors/salesforce/fieldWriter.ts';
import { elementAt, parseXml, textOf } from '../../../../src/core/xml.ts';
import type { BufferedResponse } from '../../../../src/egress/buffered.ts';
import { answer } from '../provider.ts';

const writer = createSalesforceFieldWriter(() => Date.UTC(2026, 0, 5, 9));

function soap(content: string, status = 200): BufferedResponse {
  const space =
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata"';
  return answer(
    status,
    `<?xml version="1.0"?><soapenv:Envelope ${space}><soapenv:Body>${content}</soapenv:Body></soapenv:Envelope>`,
  );
}

function fault(code: string): BufferedResponse {
  const words = `${code}: no. session hash: QV/UUg77RuO5dh7c3KiUtr6S7iQWwPOd4B`;
  return soap(
    `<soapenv:Fault><faultcode>sf:${code}</faultcode><faultstring>${words}</faultstring></soapenv:Fault>`,
    500,
  );
}

const NOTHING = soap('<readMetadataResponse><result><records xsi:nil="true"/></result></readMetadataResponse>');

function made(...results: readonly (readonly [name: string, error?: string])[]): BufferedResponse {
  const parts = results.map(([name, error]) => {
    const errors = error === undefined ? '' : `<errors><message>${error}</message><statusCode>X</statusCode></errors>`;
    const isDone = error === undefined;
    const facts = `<fullName>${name}</fullName><success>${isDone}</success>`;
    return `<result><created>${isDone}</created>${errors}${facts}</result>`;
  });
  return soap(`<upsertMetadataResponse>${parts.join('')}</upsertMetadataResponse>`);
}

/** A provider by the step that it is asked for, as `providerCall.ts` hands its answers on. */
function org(steps: Readonly<Record<string, BufferedResponse>>) {
  const requests: ProviderRequest[] = [];
  const call: ProviderCall = async (request) => {
    requests.push(request);
    const text = `${request.path} ${request.xml?.afterToken ?? ''}`;
    const step = Object.keys(steps).find((words) => words.split(' ').every((word) => text.includes(word)));
    const given = steps[step ?? ''] ?? answer(500, 'nothing to answer');
    return request.statusOf === undefined ? given : { ...given, status: request.statusOf(given) };
  };
  return { requests, call };
}

const ASSIGNED = {
  'readMetadata PermissionSet': NOTHING,
  'upsertMetadata "PermissionSet"': made(['IntegrationCustomFieldVisibility']),
  'query?q=': answer(200, { records: [{ Id: '0PS1' }] }),
  userinfo: answer(200, { user_id: '005' }),
  'sobjects/PermissionSetAssignment': answer(201, { success: true }),
};

function wish(definition: Partial<FieldDefinition>, objectName = 'Account'): FieldWish {
  return { objectName, definition: { fieldName: 'Score', displayName: 'Score', valueType: 'int', ...definition } };
}

describe('a refusal of the Metadata API', () => {
  it.each([
    ['INVALID_SESSION_ID', 'auth_invalidated', 401],
    ['INSUFFICIENT_ACCESS', 'forbidden', 403],
    ['API_DISABLED_FOR_ORG', 'api_disabled', 403],
    ['REQUEST_LIMIT_EXCEEDED', 'rate_limited', 403],
    ['EXCEEDED_ID_LIMIT', 'bad_request', 400],
    ['UNKNOWN_EXCEPTION', 'provider_5xx', 500],
  ])('%s is %s, and never tells of the session', async (code, expected, upstreamStatus) => {
    const { call } = org({ readMetadata: fault(code) });
    const [outcome] = await writer.upsert([wish({})], call);
    expect(outcome).toMatchObject({ action: 'none', failure: { code: expected, upstreamStatus } });
    if (code === 'INVALID_SESSION_ID') expect(outcome?.failure?.message).not.toContain('hash');
  });

  it.each([
    ['a page for people', answer(200, '<html><p>maintenance</html>')],
    ['another answer', made(['Account.Score__c'])],
    ['nothing', answer(200, '')],
  ])('is malformed with %s', async (_, given) => {
    const [outcome] = await writer.upsert([wish({})], org({ readMetadata: given }).call);
    expect(outcome?.failure).toMatchObject({ code: 'provider_malformed' });
  });
});

describe('fields', () => {
  it('are all refused when one is, and what comes after is not tried', async () => {
    const wishes = Array.from({ length: 12 }, (_, at) => wish({ fieldName: `F${at}` }));
    const names = wishes.slice(0, 10).map(({ definition }) => `Account.${definition.fieldName}__c`);
    const refused = made(
      ...names.map((name, at) => (at === 3 ? ([name, 'bad'] as const) : ([name, 'rolled back'] as const))),
    );
    const { call, requests } = org({ readMetadata: NOTHING, upsertMetadata: refused });
    const outcomes = await writer.upsert(wishes, call);
    expect(outcomes.map(({ action }) => action)).toEqual(new Array(12).fill('none'));
    expect(outcomes[3]?.failure?.message).toContain('bad');
    expect(outcomes[11]?.failure?.message).toContain('not tried');
    expect(requests).toHaveLength(3);
  });

  it('are made in the published steps, ten at a time, with the token where no text of a caller can be', async () => {
    const description = '</description></metadata><sessionId>{token} & "more"';
    const { call, requests } = org({
      'readMetadata <type>CustomField': NOTHING,
      'upsertMetadata "CustomField"': made(['Account.Score__c']),
      ...ASSIGNED,
    });
    const [outcome] = await writer.upsert([wish({ description })], call);
    expect(outcome).toMatchObject({ action: 'create', failure: null });
    expect(requests.map(({ path }) => path.split('?')[0])).toEqual([
      ...['/services/Soap/m/60.0', '/services/Soap/m/60.0', '/services/Soap/m/60.0', '/services/Soap/m/60.0'],
      ...[
        '/services/data/v60.0/query',
        '/services/oauth2/userinfo',
        '/services/data/v60.0/sobjects/PermissionSetAssignment',
      ],
    ]);
    const { beforeToken = '', afterToken = '' } = requests[1]?.xml ?? {};
    expect(beforeToken).toMatch(/<SessionHeader><sessionId>$/);
    const envelope = parseXml(`${beforeToken}token${afterToken}`, 'the envelope');
    expect(elementAt(envelope, 'Header', 'AllOrNoneHeader', 'allOrNone')?.text).toBe('true');
    const field = elementAt(envelope, 'Body', 'upsertMetadata', 'metadata');
    expect(textOf(field, 'description')).toBe(description);
    expect(field?.children.map(({ name, text }) => [name, text])).toEqual([
      ['fullName', 'Account.Score__c'],
      ['label', 'Score'],
      ['description', description],
      ['type', 'Number'],
      ['required', 'false'],
      ['unique', 'false'],
      ['indexed', 'false'],
      ['precision', '18'],
      ['scale', '0'],
    ]);
  });

  it('that are required need no permission', async () => {
    const { call, requests } = org({ readMetadata: NOTHING, upsertMetadata: made(['Account.Score__c']) });
    expect(await writer.upsert([wish({ required: true })], call)).toMatchObject([{ action: 'create', failure: null }]);
    expect(requests).toHaveLength(2);
  });

  it('keep what the permission set grants already, and an assignment that there is', async () => {
    const old = '<editable>false</editable><field>Lead.Old__c</field><readable>true</readable>';
    const granted = `<fieldPermissions>${old}</fieldPermissions>`;
    const set = `<records><fullName>IntegrationCustomFieldVisibility</fullName>${granted}</records>`;
    const { call, requests } = org({
      'readMetadata <type>CustomField': NOTHING,
      'upsertMetadata "CustomField"': made(['Account.Score__c']),
      ...ASSIGNED,
      'readMetadata PermissionSet': soap(`<readMetadataResponse><result>${set}</result></readMetadataResponse>`),
      'sobjects/PermissionSetAssignment': answer(400, [{ errorCode: 'DUPLICATE_VALUE', message: 'Duplicate' }]),
    });
    expect(await writer.upsert([wish({})], call)).toMatchObject([{ action: 'create', failure: null }]);
    const sent = requests[3]?.xml?.afterToken ?? '';
    expect(sent).toContain('<field>Lead.Old__c</field><readable>true</readable><editable>false</editable>');
    expect(sent).toContain('<field>Account.Score__c</field><readable>true</readable><editable>true</editable>');
  });

  it('that are there say so when the permission is refused', async () => {
    const { call } = org({
      'readMetadata <type>CustomField': NOTHING,
      'upsertMetadata "CustomField"': made(['Account.Score__c']),
      ...ASSIGNED,
      'upsertMetadata "PermissionSet"': fault('INSUFFICIENT_ACCESS'),
    });
    expect(await writer.upsert([wish({})], call)).toMatchObject([
      { action: 'create', failure: { code: 'forbidden', message: expect.stringContaining('the field is there') } },
    ]);
  });
});

describe('a lookup', () => {
  const association = { associationType: 'lookup', targetObject: 'Contact' };
  it.each([
    [{ ...association, cardinality: 'many-to-many' }, 'many-to-one'],
    [{ ...association, onDelete: 'explode' }, 'onDelete'],
    [{ ...association, targetObject: 'a b' }, 'no API name'],
    [{ ...association, reverseLookupFieldName: '1st' }, 'reverseLookupFieldName'],
  ])('cannot be with %o', (given, said) => {
    const { problems } = writer.check(wish({ valueType: 'reference', association: given }, 'Task'));
    expect(problems.join()).toContain(said);
  });

  it.each([
    [{ ...association, targetField: 'Id', onDelete: 'setnull' }, 'Lookup', '<deleteConstraint>SetNull<'],
    [{ ...association, targetField: 'Ext__c', onDelete: 'setNull' }, 'IndirectLookup', '<referenceTargetField>Ext__c<'],
    [{ ...association, reverseLookupFieldName: 'Tasks__r' }, 'Lookup', '<relationshipName>Tasks<'],
    [association, 'Lookup', '<relationshipName>Task_Who<'],
  ])('with %o is made', async (given, type, part) => {
    const { call, requests } = org({ readMetadata: NOTHING, upsertMetadata: made(['Task.Who__c']), ...ASSIGNED });
    await writer.upsert([wish({ fieldName: 'Who', valueType: 'string', association: given }, 'Task')], call);
    expect(requests[1]?.xml?.afterToken).toContain(`<type>${type}</type>`);
    expect(requests[1]?.xml?.afterToken).toContain(part);
    expect(requests[1]?.xml?.afterToken.includes('deleteConstraint')).toBe(part.includes('deleteConstraint'));
  });
});
