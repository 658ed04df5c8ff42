// Fields that a builder adds to the objects of a customer's account, at HubSpot and at Salesforce: what is refused and
// changes nothing, what is made, that it is made once, and that it can then be seen, written and read.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, FIELDS_UPSERT_MS_MAX, FIELDS_UPSERTED_MAX } from '../../../src/core/limits.ts';
import { MINUTE_MS } from '../../../src/core/time.ts';
import { fakeClock } from '../../support/clock.ts';
import { storeKey } from '../../support/credentials.ts';
import { startDestination } from '../../support/destination.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../../support/tenon.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    proxy: {enabled: true}
    read:
      objects:
        - objectName: contacts
          mapToName: people
          destination: hook
          schedule: "0 3 * * *"
          optionalFieldsAuto: all
  - name: later
    provider: hubspot
    read:
      objects:
        - objectName: contacts
          destination: hook
          schedule: "0 3 * * *"
          backfill: {defaultPeriod: {fullHistory: true}}
          optionalFieldsAuto: all
  - name: force
    provider: salesforce
    proxy: {enabled: true}
`;

const SCORE = { fieldName: 'score', displayName: 'Score', description: 'From 0 to 100', valueType: 'int' };
const TIER = {
  fieldName: 'tier',
  displayName: 'Tier',
  valueType: 'singleSelect',
  stringOptions: { values: ['gold', 'silver'], valuesRestricted: true },
};

interface Upserts extends JsonObject {
  readonly success: boolean;
  readonly fields: { readonly [object: string]: { readonly [field: string]: JsonObject } };
}

let tenon: Tenon;
let hubspotId = '';
let forceId = '';

beforeAll(async () => {
  tenon = await startTenon();
  await tenon.addProviderApp('hubspot', undefined, undefined, [
    'crm.objects.contacts.read',
    'crm.schemas.contacts.write',
  ]);
  await tenon.addWebhook('hook');
  await tenon.deploy(MANIFEST);
  await tenon.connect('hubspot');
  await tenon.connect('salesforce', { workspace: 'acme' });
  hubspotId = (await tenon.install('crm', { provider: 'hubspot' })).id;
  forceId = (await tenon.install('force', { provider: 'salesforce' })).id;
});

afterAll(() => tenon.stop());

function put(path: string, fields: unknown, groupRef = 'acme', headers = {}): Promise<ApiAnswer> {
  return tenon.api('PUT', tenon.inProject(`${path}/object-metadata`), { groupRef, fields }, headers);
}

async function upserted(path: string, fields: unknown): Promise<Upserts> {
  const { status, text, json } = await put(path, fields);
  expect([status, status < 300 ? '' : text]).toEqual([200, '']);
  return json as Upserts;
}

function issuesOf({ json }: ApiAnswer): unknown {
  return ((json as JsonObject)['issues'] as JsonObject[] | undefined)?.map(({ name, detail }) => `${name} ${detail}`);
}

describe('what is refused changes nothing', () => {
  it.each([
    ['no fields', {}, 'fields must name at least one field'],
    ['a nested name', { contacts: [{ ...SCORE, fieldName: "$['a']['b']" }] }, 'is nested'],
    ['a name with a dot', { contacts: [{ ...SCORE, fieldName: 'a.b' }] }, 'is nested'],
    ['a name that is none', { contacts: [{ ...SCORE, fieldName: 'größe' }] }, 'is no name of a HubSpot property'],
    ['a reserved name', { contacts: [{ ...SCORE, fieldName: 'hs_score' }] }, 'is no name of a HubSpot property'],
    ['the same field twice', { contacts: [SCORE, { ...SCORE, fieldName: 'Score' }] }, 'is the same field'],
    ['a select without values', { contacts: [{ ...TIER, stringOptions: {} }] }, 'needs stringOptions.values'],
    [
      'an association',
      {
        contacts: [
          { ...SCORE, valueType: 'reference', association: { associationType: 'ref', targetObject: 'companies' } },
        ],
      },
      'associations of HubSpot are no properties',
    ],
    ['an object that there is not', { nothings: [SCORE] }, 'Unable to infer object type'],
    ['a property of HubSpot’s own', { contacts: [{ ...SCORE, fieldName: 'email' }] }, 'cannot be defined'],
  ])('%s', async (_, fields, said) => {
    const answer = await put('/providers/hubspot', fields);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(said);
  });

  it.each([
    ['a type that there is not', { contacts: [{ ...SCORE, valueType: 'other' }] }],
    ['no display name', { contacts: [{ fieldName: 'score', valueType: 'int' }] }],
    ['too many fields', { contacts: Array.from({ length: FIELDS_UPSERTED_MAX + 1 }, () => SCORE) }],
    ['too many values', { contacts: [{ ...TIER, stringOptions: { values: Array.from({ length: 1001 }, String) } }] }],
  ])('%s, with the place', async (_, fields) => {
    const answer = await put('/providers/hubspot', fields);
    expect([answer.status, (answer.json as JsonObject)['code']]).toEqual([400, 'bad_request']);
    expect(issuesOf(answer)).not.toEqual([]);
  });

  it('one wrong field among good ones, each wrong one told', async () => {
    const fields = { contacts: [SCORE, { ...TIER, unique: true }], people: [{ ...SCORE, fieldName: 'x y' }] };
    const answer = await put('/integrations/crm', fields);
    expect(answer.status).toBe(400);
    expect(issuesOf(answer)).toEqual([
      'fields.contacts[1] "tier" cannot be unique as a singleSelect',
      expect.stringContaining('fields.people[0] "x y" is no name'),
    ]);
    expect(await fieldsOf('hubspot', 'contacts')).not.toHaveProperty('score');
  });

  it('another group, another provider, another key', async () => {
    expect((await put('/providers/hubspot', { contacts: [SCORE] }, 'nobody')).status).toBe(404);
    expect((await put('/integrations/crm', { contacts: [SCORE] }, 'nobody')).status).toBe(404);
    expect((await put('/integrations/none', { contacts: [SCORE] })).status).toBe(404);
    expect((await put('/providers/none', { contacts: [SCORE] })).status).toBe(404);
    await tenon.ok('POST', tenon.inProject('/connections:generate'), {
      provider: 'stripe',
      groupRef: 'acme',
      consumerRef: 'ada',
      apiKey: 'sk',
    });
    const stripe = await put('/providers/stripe', { customers: [SCORE] });
    expect([stripe.status, stripe.text]).toEqual([400, expect.stringContaining('Only HubSpot and Salesforce')]);
    const frontend = await storeKey(tenon, { scopes: ['frontend'] });
    expect((await put('/providers/hubspot', { contacts: [SCORE] }, 'acme', { 'x-api-key': frontend })).status).toBe(
      403,
    );
    expect((await put('/providers/hubspot', { contacts: [SCORE] }, 'acme', { 'x-api-key': 'no' })).status).toBe(401);
  });

  it('a scope that the customer did not give', async () => {
    const denied = await put('/providers/hubspot', { companies: [SCORE] });
    expect([denied.status, (denied.json as JsonObject)['code']]).toEqual([403, 'forbidden']);
    expect(denied.text).toContain('required scopes');
  });

  it.each([
    ['a nested name', { Account: [{ ...SCORE, fieldName: 'Owner.Name' }] }, 'is nested'],
    ['a namespace', { Account: [{ ...SCORE, fieldName: 'acme__Score__c' }] }, 'is no name of a custom field'],
    ['a long label', { Account: [{ ...SCORE, displayName: 'x'.repeat(41) }] }, 'more than 40 characters'],
    ['an object that is none', { 'Account/x': [SCORE] }, 'is no API name of an object'],
    ['a reference to nothing', { Account: [{ ...SCORE, valueType: 'reference' }] }, 'needs an association'],
    ['an object that there is not', { Nothing__c: [SCORE] }, 'no CustomObject named Nothing__c found'],
    [
      'what Salesforce calls wrong',
      { Account: [{ fieldName: 'Ready__c', displayName: 'Ready', valueType: 'boolean', required: true }] },
      "Can not specify 'required' for a CustomField of type Checkbox",
    ],
  ])('at Salesforce: %s', async (_, fields, said) => {
    const answer = await put('/integrations/force', fields);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(said)]);
  });

  it('at Salesforce, all of the fields if one is wrong', async () => {
    const wrong = { fieldName: 'Ready', displayName: 'Ready', valueType: 'boolean', required: true };
    const answer = await put('/providers/salesforce', { Account: [SCORE, wrong] });
    expect(answer.status).toBe(400);
    expect(issuesOf(answer)).toHaveLength(2);
    expect(await fieldsOf('salesforce', 'Account')).not.toHaveProperty('score__c');
  });
});

async function fieldsOf(provider: string, object: string): Promise<JsonObject> {
  const path = tenon.inProject(`/providers/${provider}/objects/${object}/metadata?groupRef=acme`);
  const { fields } = await tenon.ok<{ fields: JsonObject }>('GET', path);
  return fields;
}

describe('HubSpot', () => {
  const SHAPES = [
    { fieldName: 'note_text', displayName: 'Note', valueType: 'string', unique: true },
    { fieldName: 'agreed', displayName: 'Agreed', valueType: 'boolean' },
    { fieldName: 'since', displayName: 'Since', valueType: 'date' },
    { fieldName: 'seen_at', displayName: 'Seen', valueType: 'datetime' },
    {
      fieldName: 'Interests',
      displayName: 'Interests',
      valueType: 'multiSelect',
      stringOptions: { values: ['art', 'sea'] },
    },
    { fieldName: 'share', displayName: 'Share', valueType: 'float', numericOptions: { min: 0 } },
  ];

  it('makes a property of each type in the group of integrations, and warns of what cannot be', async () => {
    const { success, fields } = await upserted('/integrations/crm', { people: [SCORE, TIER, ...SHAPES] });
    expect(success).toBe(true);
    expect(fields['people']?.['score']).toEqual({
      fieldName: 'score',
      action: 'create',
      metadata: expect.objectContaining({ groupName: 'integrationcreatedproperties', type: 'number' }),
    });
    expect(Object.values(fields['people'] ?? {}).map(({ action }) => action)).toEqual(new Array(8).fill('create'));
    expect(fields['people']?.['Interests']).toMatchObject({
      fieldName: 'interests',
      metadata: { fieldType: 'checkbox' },
      warnings: ['HubSpot calls it interests'],
    });
    expect(fields['people']?.['share']?.['warnings']).toEqual([expect.stringContaining('numericOptions')]);
    expect(await fieldsOf('hubspot', 'contacts')).toMatchObject({
      score: { displayName: 'Score', valueType: 'float', isCustom: true, readOnly: false },
      tier: { valueType: 'singleSelect', values: [{ value: 'gold' }, { value: 'silver' }] },
      agreed: { valueType: 'boolean' },
      interests: { valueType: 'multiSelect' },
      since: { valueType: 'date' },
      seen_at: { valueType: 'datetime' },
    });
  });

  it('makes nothing twice, changes what differs and says which values are lost', async () => {
    const again = await upserted('/providers/hubspot', { contacts: [SCORE, TIER, ...SHAPES] });
    expect(Object.values(again.fields['contacts'] ?? {}).map(({ action }) => action)).toEqual(
      new Array(8).fill('none'),
    );
    const tier = { ...TIER, stringOptions: { values: ['gold', 'bronze'] } };
    const changed = await upserted('/providers/hubspot', { contacts: [tier, { ...SCORE, unique: true }] });
    expect(changed.fields['contacts']).toMatchObject({
      tier: { action: 'update', warnings: ['no longer offered: "silver"'] },
      score: { action: 'none', warnings: [expect.stringContaining('HubSpot decides when a property is made')] },
    });
  });

  it('tells of every field when some were made and others were not', async () => {
    const fields = {
      contacts: [
        { ...SCORE, fieldName: 'made' },
        { ...SCORE, fieldName: 'email' },
      ],
      companies: [SCORE],
    };
    const { success, fields: told } = await upserted('/providers/hubspot', fields);
    expect(success).toBe(false);
    expect(told).toMatchObject({
      contacts: { made: { action: 'create' }, email: { action: 'none', warnings: [expect.stringContaining('own')] } },
      companies: { score: { action: 'none', warnings: [expect.stringContaining('scopes')] } },
    });
  });

  it('has the new property in the connect screen, in a write and in a read', async () => {
    const path = tenon.inProject('/integrations/crm');
    const { id, latestRevision } = await tenon.ok<{ id: string; latestRevision: { id: string } }>('GET', path);
    const [connection] = await tenon.ok<{ id: string }[]>('GET', tenon.inProject('/connections?provider=hubspot'));
    const hydrate = `/integrations/${id}/revisions/${latestRevision.id}:hydrate?connectionId=${connection?.id}`;
    expect(JSON.stringify(await tenon.ok('GET', tenon.inProject(hydrate)))).toContain('"fieldName":"score"');
    const written = await tenon.proxy(hubspotId, '/crm/v3/objects/contacts/10001', {
      method: 'PATCH',
      body: JSON.stringify({ properties: { score: '7' } }),
      headers: { 'content-type': 'application/json' },
    });
    expect(written.status).toBe(200);
    const content = { objectName: 'contacts', selectedFields: { score: true }, selectedFieldMappings: {} };
    await tenon.install('later', { provider: 'hubspot', read: { objects: { contacts: content } } });
    const { messages } = await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === 250);
    expect(JSON.stringify(messages)).toContain('"fields":{"score":"7"}');
  });
});

describe('a limit', () => {
  it('is told with the time to come again', async () => {
    tenon.sandbox.faults.next(
      { pathPrefix: '/crm/v3/properties' },
      { kind: 'status', status: 429, retryAfterSeconds: 1 },
    );
    const limited = await put('/providers/hubspot', { contacts: [SCORE] });
    expect([limited.status, (limited.json as JsonObject)['retryable']]).toEqual([429, true]);
    expect(limited.headers.get('retry-after')).not.toBeNull();
  });
});

describe('Salesforce', () => {
  const LOOKUP = {
    fieldName: 'Partner',
    displayName: 'Partner',
    valueType: 'string',
    association: { associationType: 'lookup', targetObject: 'Account', targetField: 'Id', onDelete: 'setNull' },
  };
  const SHAPES = [
    { ...SCORE, fieldName: 'Score__c' },
    { ...TIER, fieldName: 'Tier' },
    { fieldName: 'Ready', displayName: 'Ready & "able"', valueType: 'boolean' },
    { fieldName: 'Story', displayName: 'Story', valueType: 'string', stringOptions: { length: 444 } },
    { fieldName: 'Since', displayName: 'Since', valueType: 'date' },
    { fieldName: 'Must', displayName: 'Must', valueType: 'float', required: true, numericOptions: { max: 5 } },
    { fieldName: 'Tags', displayName: 'Tags', valueType: 'multiSelect', stringOptions: { values: ['<a>', 'b'] } },
    { fieldName: 'Code', displayName: 'Code', valueType: 'string', unique: true, indexed: true },
    { fieldName: 'Seen', displayName: 'Seen', valueType: 'datetime' },
    { fieldName: 'Kind', displayName: 'Kind', valueType: 'string', stringOptions: { defaultValue: 'a "b"' } },
    LOOKUP,
  ];

  it('makes a field of each type, more than one call takes, and shows them to its user', async () => {
    const { success, fields } = await upserted('/integrations/force', { Account: SHAPES });
    const made = fields['Account'] ?? {};
    expect([success, Object.keys(made)]).toEqual([true, SHAPES.map(({ fieldName }) => fieldName)]);
    expect(Object.values(made).map(({ action }) => action)).toEqual(new Array(SHAPES.length).fill('create'));
    expect(made['Tier']).toMatchObject({ fieldName: 'Tier__c', warnings: ['Salesforce calls it Tier__c'] });
    expect(made['Must']?.['warnings']).toContain('numericOptions.min and max need a validation rule and were left out');
    const seen = await fieldsOf('salesforce', 'Account');
    expect(seen).toMatchObject({
      Score__c: { displayName: 'Score', valueType: 'float', isCustom: true, isRequired: false },
      Tier__c: { valueType: 'singleSelect', values: [{ value: 'gold' }, { value: 'silver' }] },
      Ready__c: { displayName: 'Ready & "able"', valueType: 'boolean' },
      Must__c: { isRequired: true },
      Tags__c: { valueType: 'multiSelect', values: [{ value: '<a>' }, { value: 'b' }] },
      Partner__c: { valueType: 'reference', referenceTo: ['Account'] },
    });
  });

  it('makes nothing twice, and changes what differs', async () => {
    const again = await upserted('/providers/salesforce', {
      Account: SHAPES.filter(({ fieldName }) => fieldName !== 'Code'),
    });
    const actions = new Set(Object.values(again.fields['Account'] ?? {}).map(({ action }) => action));
    expect([...actions]).toEqual(['none']);
    const tier = { ...TIER, fieldName: 'tier__C', stringOptions: { values: ['gold'], valuesRestricted: true } };
    const changed = await upserted('/providers/salesforce', { Account: [tier, { ...LOOKUP, displayName: 'Mate' }] });
    expect(changed.fields['Account']).toMatchObject({
      tier__C: { action: 'update', warnings: expect.arrayContaining(['no longer offered: "silver"']) },
      Partner: { action: 'update' },
    });
  });

  it('tells of what was made when the permission fails, and mends it when called again', async () => {
    const late = { fieldName: 'Late', displayName: 'Late', valueType: 'date' };
    const place = { provider: 'salesforce', pathPrefix: '/services/oauth2/userinfo' } as const;
    tenon.sandbox.faults.next(place, { kind: 'status', status: 503 });
    const first = await upserted('/providers/salesforce', { Contact: [late] });
    expect(first).toMatchObject({
      success: false,
      fields: {
        Contact: {
          Late: {
            action: 'create',
            warnings: expect.arrayContaining([expect.stringContaining('does not show it yet')]),
          },
        },
      },
    });
    const second = await upserted('/providers/salesforce', { Contact: [late] });
    expect(second).toMatchObject({ success: true, fields: { Contact: { Late: { action: 'none' } } } });
    expect(await fieldsOf('salesforce', 'Contact')).toHaveProperty('Late__c');
  });

  it('renews a token that SOAP calls ended', async () => {
    const clock = fakeClock();
    await using other = await startTenon({ clock });
    await other.connect('salesforce', { workspace: 'acme' });
    // A token that was made just now is not asked for again.
    await clock.advance(MINUTE_MS);
    other.sandbox.expireAccessTokens();
    const path = other.inProject('/providers/salesforce/object-metadata');
    const body = { groupRef: 'acme', fields: { Account: [SCORE] } };
    expect(await other.api('PUT', path, body)).toMatchObject({ status: 200, json: { success: true } });
  });

  it('can be written and read', async () => {
    const query = `/services/data/v60.0/query?q=${encodeURIComponent('SELECT Id, Score__c FROM Account LIMIT 1')}`;
    const first = async (): Promise<{ Id: string; Score__c: number | null } | undefined> =>
      ((await (await tenon.proxy(forceId, query)).json()) as { records: [{ Id: string; Score__c: number | null }] })
        .records[0];
    const before = await first();
    const written = await tenon.proxy(forceId, `/services/data/v60.0/sobjects/Account/${before?.Id}`, {
      method: 'PATCH',
      body: JSON.stringify({ Score__c: 9 }),
      headers: { 'content-type': 'application/json' },
    });
    expect([before?.Score__c, written.status]).toEqual([null, 204]);
    expect(await first()).toMatchObject({ Score__c: 9 });
  });
});

describe('a provider that takes its time', () => {
  it('is given up after two minutes in all, and what may have been made is not called undone', async () => {
    const clock = fakeClock();
    await using slow = await startTenon({ clock });
    const scopes = ['crm.objects.contacts.read', 'crm.schemas.contacts.write'];
    await slow.addProviderApp('hubspot', undefined, undefined, scopes);
    await slow.connect('hubspot');
    const held = ['GET', 'POST', 'POST'].map((method) =>
      slow.sandbox.faults.next({ method, pathPrefix: '/crm/v3/properties' }, { kind: 'slowHead' }),
    );
    const path = slow.inProject('/providers/hubspot/object-metadata');
    const call = slow.api('PUT', path, { groupRef: 'acme', fields: { contacts: [SCORE] } });
    for (const rule of held.slice(0, 2)) {
      await rule.reached;
      await clock.advance(BUFFERED_CALL_TIMEOUT_MS - 1);
      rule.release();
    }
    await held[2]?.reached;
    await clock.advance(FIELDS_UPSERT_MS_MAX - 2 * (BUFFERED_CALL_TIMEOUT_MS - 1));
    const { status, json } = await call;
    expect([status, json]).toEqual([504, expect.objectContaining({ code: 'outcome_unknown', retryable: false })]);
    held[2]?.release();
  });
});

describe('a rude provider', () => {
  it('that quotes the token has it taken out of what is said', async () => {
    await using rude = await startDestination();
    rude.answer = ({ headers }) => ({
      status: 400,
      body: JSON.stringify({ message: `who is ${headers.authorization}? token=${headers.authorization?.slice(7)}` }),
    });
    await using quoted = await startTenon({ overrides: { hubspot: { baseURL: rude.origin } } });
    const { id } = await quoted.connect('hubspot');
    const { accessToken = '' } = quoted.credentialOf(id) as { accessToken?: string };
    const path = quoted.inProject('/providers/hubspot/object-metadata');
    const { status, text } = await quoted.api('PUT', path, { groupRef: 'acme', fields: { contacts: [SCORE] } });
    expect([status, text]).toEqual([400, expect.stringContaining('who is Bearer [removed]')]);
    expect([accessToken.length > 10, text.includes(accessToken)]).toEqual([true, false]);
  });
});
