// Searches over the API: what is refused and says why, what is asked of HubSpot and Salesforce, and that what is found
// looks like what reads deliver.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { SEARCH_FILTERS_MAX, SEARCH_VALUE_CHARS_MAX } from '../../../src/core/limits.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../../support/tenon.ts';

const STAGES = { 'We know them': 'lead' };
const MANIFEST = JSON.stringify({
  specVersion: '1.0.0',
  integrations: [
    {
      name: 'crm',
      provider: 'hubspot',
      read: {
        objects: [
          {
            objectName: 'contacts',
            mapToName: 'people',
            requiredFields: [
              { fieldName: 'email' },
              { fieldName: 'firstname', mapToName: 'given' },
              { fieldName: 'lifecyclestage', mapToName: 'stage' },
              { fieldName: "$['properties']['city']", mapToName: 'place' },
            ],
          },
          { objectName: 'deals', optionalFieldsAuto: 'all' },
          { objectName: 'companies', requiredFields: [{ fieldName: 'name' }] },
          { objectName: 'tickets', enabled: 'always', requiredFields: [{ fieldName: 'subject' }] },
          { objectName: 'butterflies', requiredFields: [{ fieldName: 'name' }] },
        ],
      },
    },
    {
      name: 'force',
      provider: 'salesforce',
      read: {
        objects: [{ objectName: 'Contact', requiredFields: [{ fieldName: 'Email' }, { fieldName: 'LastName' }] }],
      },
    },
    {
      name: 'sparse',
      provider: 'hubspot',
      read: { objects: [{ objectName: 'contacts', requiredFields: [{ fieldName: 'email' }] }] },
    },
    { name: 'pay', provider: 'stripe', read: { objects: [{ objectName: 'customers' }] } },
  ],
});

const CONFIG = {
  provider: 'hubspot',
  read: {
    objects: {
      contacts: { selectedValueMappings: { lifecyclestage: STAGES } },
      deals: { selectedFieldsAuto: 'all' },
      companies: { disabled: true },
      tickets: { disabled: true },
      butterflies: {},
    },
  },
};

let tenon: Tenon;
let installationId = '';

beforeAll(async () => {
  tenon = await startTenon({ sandbox: { hubspotSearchesPerSecond: null } });
  await tenon.deploy(MANIFEST);
  await tenon.connect('hubspot');
  await tenon.connect('salesforce', { workspace: 'acme' });
  const typed = { provider: 'stripe', apiKey: 'sk', groupRef: 'acme', consumerRef: 'ada' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), typed);
  installationId = (await tenon.install('crm', CONFIG)).id;
  await tenon.install('sparse', { provider: 'hubspot' });
  await tenon.install('force', { provider: 'salesforce', read: { objects: { Contact: {} } } });
  await tenon.install('pay', { provider: 'stripe', read: { objects: { customers: {} } } });
});

afterAll(() => tenon.stop());

interface Asked {
  readonly integration?: string;
  readonly groupRef?: string;
}

function eq(fieldName: string, value: unknown): JsonObject {
  return { fieldName, operator: 'eq', value: value as string };
}

function search(objectName: string, fieldFilters: unknown, asked: Asked = {}): Promise<ApiAnswer> {
  const { integration = 'crm', groupRef = 'acme' } = asked;
  const path = tenon.inProject(`/integrations/${integration}?groupRef=${groupRef}`);
  return tenon.api('POST', path, { objectName, fieldFilters });
}

interface Found {
  readonly id: string;
  readonly fields: JsonObject;
  readonly mappedFields: JsonObject;
  readonly raw: JsonObject;
}

async function found(
  objectName: string,
  fieldFilters: readonly JsonObject[],
  asked?: Asked,
): Promise<readonly Found[]> {
  const { status, json, text } = await search(objectName, fieldFilters, asked);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  const { result, results } = json as unknown as Record<'result' | 'results', readonly Found[]>;
  expect(results).toEqual(result);
  return result;
}

describe('a search is refused', () => {
  const WRONG: readonly (readonly [string, string, unknown, string])[] = [
    ['without filters', 'people', [], 'fieldFilters'],
    ['with filters that are no list', 'people', eq('email', 'a'), 'fieldFilters'],
    ['with another operator', 'people', [{ ...eq('email', 'a'), operator: 'gt' }], 'must be eq'],
    ['without an operator', 'people', [{ fieldName: 'email', value: 'a' }], 'fieldFilters[0].operator'],
    ['by no value', 'people', [eq('email', null)], 'fieldFilters[0].value'],
    ['by a list of values', 'people', [eq('email', ['a'])], 'fieldFilters[0].value'],
    ['by a value that is too long', 'people', [eq('email', 'x'.repeat(SEARCH_VALUE_CHARS_MAX + 1))], 'characters'],
    ['by a field without a name', 'people', [eq('', 'a')], 'fieldFilters[0].fieldName'],
    ['by too many fields', 'people', Array(SEARCH_FILTERS_MAX + 1).fill(eq('email', 'a')), 'fieldFilters'],
    ['by a path', 'people', [eq("$['properties']['email']", 'a')], 'whole fields only'],
    ['by a name that is mapped to a path', 'people', [eq('email', 'a'), eq('place', 'Rome')], 'fieldFilters[1]'],
    ['in an object that is disabled', 'companies', [eq('name', 'a')], 'companies is disabled'],
  ];

  it.each(WRONG)('%s', async (_what, objectName, filters, says) => {
    const answer = await search(objectName, filters);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/json']);
    expect(answer.text).toContain(says);
  });

  it('in an object that is not read, or of nobody', async () => {
    expect(await search('line_items', [eq('name', 'a')])).toMatchObject({
      status: 404,
      text: expect.stringContaining('does not read an object named \\"line_items\\"'),
    });
    expect((await search('people', [eq('email', 'a')], { groupRef: 'beta' })).status).toBe(404);
    expect((await search('people', [eq('email', 'a')], { integration: 'none' })).status).toBe(404);
    const path = tenon.inProject('/integrations/crm');
    const body = { objectName: 'people', fieldFilters: [eq('email', 'a')] };
    expect(await tenon.api('POST', path, body)).toMatchObject({
      status: 400,
      text: expect.stringContaining('"name":"groupRef"'),
    });
  });

  it('at a provider that Tenon does not search', async () => {
    const answer = await search('customers', [eq('email', 'a')], { integration: 'pay' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('Stripe cannot be searched')]);
  });

  it('where the group has installed the integration several times', async () => {
    const first = await tenon.connect('hubspot', { groupRef: 'twice', consumerRef: 'ada' });
    await tenon.install('crm', CONFIG, 'twice');
    const second = await tenon.connect('hubspot', { groupRef: 'twice', consumerRef: 'bob' });
    const path = tenon.inProject('/integrations/crm/installations?skipSampling=true');
    const config = { content: CONFIG };
    for (const { id } of [first, second]) {
      await tenon.api('POST', path, { groupRef: 'twice', connectionId: id, config });
    }
    const answer = await search('people', [eq('email', 'a')], { groupRef: 'twice' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('several installations')]);
  });

  it('by a field that there is not, and says which and what is near', async () => {
    const filters = [eq('email', 'a'), eq('firstnam', 'Ada')];
    const hubspot = await search('people', filters);
    expect([hubspot.status, (hubspot.json as JsonObject)['issues']]).toEqual([
      400,
      [
        {
          in: 'body',
          name: 'fieldFilters[1].fieldName',
          detail: 'contacts has no field "firstnam"; did you mean "firstname"?',
        },
      ],
    ]);
    const salesforce = await search('Contact', [eq('Emai', 'a')], { integration: 'force' });
    expect([salesforce.status, salesforce.text]).toEqual([
      400,
      expect.stringContaining('Contact has no field \\"Emai\\"; did you mean \\"Email\\"?'),
    ]);
    const written = await search('Contact', [eq("Name = 'a' OR Name", 'b')], { integration: 'force' });
    expect([written.status, written.text]).toEqual([400, expect.stringContaining('has no field')]);
  });

  it('by a value that the field cannot have, in the words of the provider', async () => {
    const number = await search('deals', [eq('amount', 'much')]);
    expect([number.status, number.text]).toEqual([400, expect.stringContaining('not a valid number')]);
  });

  it('in an object that the provider does not have', async () => {
    const answer = await search('butterflies', [eq('name', 'a')]);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('Unable to infer object type')]);
  });
});

describe('what goes wrong at the provider', () => {
  const CONTACTS = { provider: 'hubspot', pathPrefix: '/crm/v3/objects/contacts' } as const;

  it('is a problem of the provider, and nothing is asked twice', async () => {
    const before = tenon.sandbox.stats().requestsByProvider.hubspot;
    tenon.sandbox.faults.next(CONTACTS, { kind: 'status', status: 500 });
    const failed = await search('people', [eq('email', 'a')]);
    expect([failed.status, failed.headers.get('content-type')]).toEqual([502, 'application/problem+json']);
    expect(failed.json).toMatchObject({ code: 'provider_5xx', retryable: true });
    expect(tenon.sandbox.stats().requestsByProvider.hubspot - before).toBe(1);
  });

  it('says when to come back where it refuses for there being too many', async () => {
    tenon.sandbox.faults.next(CONTACTS, { kind: 'status', status: 429, retryAfterSeconds: 7 });
    const limited = await search('people', [eq('email', 'a')]);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  });
});

describe('a search', () => {
  it('finds by names of the provider and of the builder, and answers as reads deliver', async () => {
    const [first] = await found('people', [eq('stage', 'We know them')]);
    if (first === undefined) throw new Error('nobody is known');
    const { email, firstname, city } = first.raw['properties'] as Record<string, string>;
    expect(first).toEqual({
      id: first.raw['id'],
      fields: { email },
      mappedFields: { given: firstname, stage: 'We know them', place: city },
      raw: expect.objectContaining({ id: first.id, properties: expect.objectContaining({ lifecyclestage: 'lead' }) }),
    });
    // The object by the provider's name, a field by either name whatever its case, and both joined.
    const filters = [eq('EMAIL', email), eq('given', firstname)];
    expect((await found('Contacts', filters)).map(({ id }) => id)).toEqual([first.id]);
    expect(await found('people', [eq('email', email), eq('given', `${firstname} the other`)])).toEqual([]);
  });

  it('has every field of an object that is read whole, and one page only', async () => {
    const deals = await found('deals', [eq('pipeline', 'default')]);
    expect([deals.length, deals[0]?.mappedFields]).toEqual([200, {}]);
    expect(deals[0]?.fields).toMatchObject({ dealname: expect.any(String), pipeline: 'default' });
  });

  it('finds in what the manifest has and the config does not name', async () => {
    const [known] = await found('people', [eq('stage', 'We know them')]);
    const { email } = known?.fields ?? {};
    const [same] = await found('contacts', [eq('email', email)], { integration: 'sparse' });
    expect(same).toMatchObject({ id: known?.id, fields: { email } });
  });

  it('finds in what the manifest enables always', async () => {
    const [ticket] = await found('tickets', [eq('hs_pipeline', 0)]);
    expect(ticket?.fields).toEqual({ subject: expect.any(String) });
  });

  it('goes on while schedules are paused', async () => {
    const one = tenon.inProject(`/integrations/crm/installations/${installationId}`);
    expect((await tenon.api('POST', `${one}:pause`)).status).toBe(204);
    expect(await found('people', [eq('email', 'nobody@example.com')])).toEqual([]);
    expect((await tenon.api('POST', `${one}:unpause`)).status).toBe(204);
  });

  it('of Salesforce takes texts as they are and flags as flags', async () => {
    const force = { integration: 'force' };
    const quoted = await found('Contact', [eq('LastName', "O'Brien"), eq('IsDeleted', false)], force);
    expect(quoted.length).toBeGreaterThan(0);
    for (const { id, fields, raw } of quoted) {
      expect({ id, ...fields }).toMatchObject({ id: raw['Id'], lastname: "O'Brien", email: raw['Email'] });
    }
    expect(await found('Contact', [eq('LastName', "x' OR Name != 'x")], force)).toEqual([]);
    expect(await found('Contact', [eq('LastName', '\\')], force)).toEqual([]);
  });

  it('is no operation', async () => {
    const path = tenon.inProject(`/integrations/crm/installations/${installationId}/operations`);
    expect(await tenon.ok<{ results: unknown[] }>('GET', path)).toMatchObject({ results: [] });
  });
});

describe('the path of searches', () => {
  it('says all that it takes', async () => {
    const answer = await tenon.api('PUT', tenon.inProject('/integrations/crm'), {});
    expect([answer.status, answer.headers.get('allow')?.split(', ').sort()]).toEqual([405, ['DELETE', 'GET', 'POST']]);
  });
});
