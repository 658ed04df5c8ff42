// HubSpot's own client, unchanged, through the proxy: errors first, then a developer's first day.

import type { Client } from '@hubspot/api-client';
import { ApiException } from '@hubspot/api-client/lib/codegen/crm/contacts/apis/exception.js';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/models/Filter.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { hubspotThrough } from '../../support/clients/hubspot.ts';
import { startVendor, type Vendor } from '../../support/vendor.ts';

let vendor: Vendor;
let hubspot: Client;

beforeAll(async () => {
  vendor = await startVendor('hubspot', { scopes: ['crm.objects.contacts.read'], sandbox: { hubspotContacts: 250 } });
  hubspot = hubspotThrough(vendor.through);
});

beforeEach(() => vendor.clock.advance(MINUTE_MS));

afterAll(() => vendor[Symbol.asyncDispose]());

describe('@hubspot/api-client is told', () => {
  it('that a contact is not there, as its own error', async () => {
    const error = await hubspot.crm.contacts.basicApi.getById('99999999').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiException);
    expect(error).toMatchObject({ code: 404, body: { category: 'OBJECT_NOT_FOUND' } });
  });

  it('which property does not exist', async () => {
    const creating = hubspot.crm.contacts.basicApi.create({ properties: { shoe_size: '42' }, associations: [] });
    await expect(creating).rejects.toMatchObject({ code: 400, body: { category: 'VALIDATION_ERROR' } });
  });

  it('of a limit that a write met, and it was sent once', async () => {
    // One of its own: whose limit has refused once is called with care for an hour.
    await using limited = await startVendor('hubspot');
    limited.fail({ kind: 'status', status: 429, retryAfterSeconds: 1 });
    const asked = await limited.asked(async () => {
      const { basicApi } = hubspotThrough(limited.through).crm.contacts;
      await expect(basicApi.create({ properties: {}, associations: [] })).rejects.toMatchObject({ code: 429 });
    });
    expect(asked).toBe(1);
  });
});

describe('@hubspot/api-client', () => {
  it('pages through all contacts', async () => {
    let contacts: { id: string }[] = [];
    const asked = await vendor.asked(async () => {
      contacts = await hubspot.crm.contacts.getAll(100, undefined, ['email', 'lastname']);
    });
    expect([new Set(contacts.map(({ id }) => id)).size, asked]).toEqual([250, 3]);
  });

  it('creates, reads, changes and removes', async () => {
    const { basicApi } = hubspot.crm.contacts;
    const made = await basicApi.create({
      properties: { email: 'ada@acme.example', firstname: 'Zoë' },
      associations: [],
    });
    await basicApi.update(made.id, { properties: { firstname: 'Ada' } });
    const read = await basicApi.getById(made.id, ['email', 'firstname']);
    expect([read.properties['firstname'], read.createdAt instanceof Date]).toEqual(['Ada', true]);
    await basicApi.archive(made.id);
    await expect(basicApi.getById(made.id)).rejects.toMatchObject({ code: 404 });
  });

  it('searches, and works in batches', async () => {
    const { batchApi, searchApi } = hubspot.crm.contacts;
    const inputs = ['a', 'b', 'c'].map((name) => ({ properties: { lastname: `Batch ${name}` }, associations: [] }));
    const { results: made } = await batchApi.create({ inputs });
    await batchApi.update({ inputs: made.map(({ id }) => ({ id, properties: { city: 'Batchville' } })) });
    const { total } = await searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'city', operator: FilterOperatorEnum.Eq, value: 'Batchville' }] }],
      properties: ['lastname'],
      limit: 10,
    });
    expect(total).toBe(3);
    const ids = made.map(({ id }) => ({ id }));
    const { results } = await batchApi.read({ inputs: ids, properties: ['lastname'], propertiesWithHistory: [] });
    expect(results.map(({ properties }) => properties['lastname'])).toEqual(['Batch a', 'Batch b', 'Batch c']);
    await batchApi.archive({ inputs: ids });
  });

  it('reads what an object is made of', async () => {
    const { results } = await hubspot.crm.properties.coreApi.getAll('contacts');
    expect(results.map(({ name }) => name)).toContain('email');
  });

  it('asks for what it has no method for', async () => {
    const response = await hubspot.apiRequest({ path: '/account-info/2026-03/details' });
    expect(await response.json()).toMatchObject({ accountType: 'STANDARD' });
  });

  it('does not wait itself for a limit that passes soon: Tenon does', async () => {
    await using limited = await startVendor('hubspot', { sandbox: { hubspotContacts: 250 } });
    limited.fail({ kind: 'status', status: 429, retryAfterSeconds: 3 });
    let ms = 0;
    const asked = await limited.asked(async () => {
      ({ ms } = await limited.passing(hubspotThrough(limited.through).crm.contacts.basicApi.getPage(1)));
    });
    expect([asked, ms >= 3 * SECOND_MS]).toEqual([2, true]);
  });

  it('never learns that its token ended in the middle of its calls', async () => {
    const { refreshes } = vendor.tenon.sandbox.stats();
    vendor.tenon.sandbox.expireAccessTokens();
    const pages = await Promise.all(Array.from({ length: 10 }, () => hubspot.crm.contacts.basicApi.getPage(5)));
    expect(pages.every(({ results }) => results.length === 5)).toBe(true);
    expect(vendor.tenon.sandbox.stats().refreshes).toBe(refreshes + 1);
  });

  it('makes fifty calls at once, each answered with its own', async () => {
    const { results } = await hubspot.crm.contacts.basicApi.getPage(50);
    const answers = await Promise.all(results.map(({ id }) => hubspot.crm.contacts.basicApi.getById(id)));
    expect(answers.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
  });
});
