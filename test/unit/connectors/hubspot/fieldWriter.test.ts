// HubSpot properties: what a failing step leaves said of each wish, and which are tried at all.

import { describe, expect, it } from 'vitest';
import type { FieldDefinition, FieldWish } from '../../../../src/connectors/fieldWriter.ts';
import { createHubspotFieldWriter } from '../../../../src/connectors/hubspot/fieldWriter.ts';
import { IntegrationError } from '../../../../src/core/errors.ts';
import { answer, providerAnswering } from '../provider.ts';

const writer = createHubspotFieldWriter(() => 0);
const GROUP = answer(200, { name: 'integrationcreatedproperties' });

function wish(fieldName: string, objectName = 'contacts', more: Partial<FieldDefinition> = {}): FieldWish {
  return { objectName, definition: { fieldName, displayName: fieldName, valueType: 'string', ...more } };
}

describe('a step that fails', () => {
  it('concerns its object alone where the fault lies with that', async () => {
    const denied = answer(403, { category: 'MISSING_SCOPES', message: 'no scope' });
    const made = answer(201, { results: [{ name: 'b' }] });
    const { call } = providerAnswering(denied, GROUP, made);
    expect(await writer.upsert([wish('a'), wish('b', 'deals')], call)).toMatchObject([
      { action: 'none', failure: { code: 'forbidden' } },
      { action: 'create', failure: null },
    ]);
  });

  it.each([
    [answer(429, { message: 'slow down' }), 'rate_limited'],
    [answer(401, { message: 'no' }), 'auth_invalidated'],
    [answer(502, 'x'), 'provider_5xx'],
    [answer(200, '<html>'), 'provider_malformed'],
  ])('ends all that would meet the same', async (given, code) => {
    const { call, requests } = providerAnswering(given);
    const [, second] = await writer.upsert([wish('a'), wish('b', 'deals')], call);
    expect(requests).toHaveLength(1);
    expect(second).toMatchObject({ failure: { code, message: expect.stringContaining('not tried') } });
  });

  it('may have had an effect where no answer came, and that is said', async () => {
    const call = () => Promise.reject(new IntegrationError('outcome_unknown', 'no answer'));
    expect(await writer.upsert([wish('a')], call)).toMatchObject([{ failure: { code: 'outcome_unknown' } }]);
  });

  it('that is a bug of ours is none of the provider’s', async () => {
    const call = () => Promise.reject(new TypeError('x is not a function'));
    await expect(writer.upsert([wish('a')], call)).rejects.toThrow('not a function');
  });
});

describe('a batch', () => {
  it('says of each property what became of it', async () => {
    const { call, requests } = providerAnswering(
      answer(404, { message: 'no group' }),
      answer(409, { message: 'made meanwhile' }),
      answer(207, {
        results: [{ name: 'a', label: 'a' }],
        errors: [
          { category: 'OBJECT_ALREADY_EXISTS', message: 'exists', context: { name: ['b'] } },
          { category: 'VALIDATION_ERROR', message: 'reserved word', context: { name: ['c'] } },
        ],
      }),
      answer(200, { results: [{ name: 'b', label: 'b', type: 'string', fieldType: 'textarea' }] }),
      answer(200, { name: 'b', label: 'b' }),
    );
    expect(await writer.upsert([wish('a'), wish('B'), wish('c'), wish('d')], call)).toMatchObject([
      { action: 'create', failure: null, metadata: { name: 'a' } },
      { action: 'update', failure: null, metadata: { name: 'b' } },
      { action: 'none', failure: { code: 'bad_request', message: expect.stringContaining('reserved word') } },
      { action: 'none', failure: { code: 'bad_request' } },
    ]);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /crm/v3/properties/contacts/groups/integrationcreatedproperties',
      'POST /crm/v3/properties/contacts/groups',
      'POST /crm/v3/properties/contacts/batch/create',
      'GET /crm/v3/properties/contacts',
      'PATCH /crm/v3/properties/contacts/b',
    ]);
  });
});
