// Hydrated manifests: names for people, all fields, and one object's trouble kept to that object.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/core/json.ts';
import {
  hydrateIntegration,
  type ObjectDescription,
  objectsToDescribe,
  titleOf,
  withTextsForClients,
} from '../../../src/manifest/hydrate.ts';
import type { IntegrationSpec } from '../../../src/manifest/manifest.ts';
import { PublishedSchemas, publishedIsMissing } from '../../support/published.ts';

const SPEC: IntegrationSpec = {
  name: 'crm',
  provider: 'salesforce',
  displayName: 'CRM',
  module: 'crm',
  read: {
    objects: [
      {
        objectName: 'Contact',
        mapToName: 'people',
        destination: 'hook',
        schedule: '0 * * * *',
        requiredFields: [{ fieldName: 'Email' }, { fieldName: "$['address']['city']", mapToName: 'city' }],
        optionalFields: [{ fieldName: 'phone' }, { mapToName: 'score', prompt: 'Which?', default: 'Score__c' }],
        optionalFieldsAuto: 'all',
        backfill: { defaultPeriod: { days: 3 } },
      },
      { objectName: 'sales_leads' },
    ],
  },
  write: { objects: [{ objectName: 'Contact', inheritMapping: true, valueDefaults: { allowAnyFields: true } }] },
  proxy: { enabled: true },
  subscribe: { objects: [{ objectName: 'Contact', destination: 'hook' }] },
};

const CONTACT: ObjectDescription = {
  kind: 'described',
  displayName: 'Person',
  fields: [
    { fieldName: 'email', displayName: 'E-mail', valueType: 'string' },
    { fieldName: 'phone', displayName: '' },
    { fieldName: 'Score__c', displayName: 'Score' },
  ],
};

const describeObject = (name: string): ObjectDescription | undefined => (name === 'Contact' ? CONTACT : undefined);
const hydrated = () => hydrateIntegration(SPEC, describeObject);

test.each([
  ['billing_city', 'Billing City'],
  ['billingCity', 'Billing City'],
  ['contact-lists/csv', 'Contact Lists Csv'],
  ["$['address']['zipCode']", 'Address Zip Code'],
  ['URL', 'URL'],
  ['__', '__'],
])('the name of %s is made for people', (name, title) => {
  expect(titleOf(name)).toBe(title);
});

test('every object is described once, whatever wants it', () => {
  expect(objectsToDescribe(SPEC)).toEqual(['Contact', 'sales_leads']);
  expect(objectsToDescribe({ name: 'a', provider: 'b' })).toEqual([]);
});

describe('a hydrated integration', () => {
  test('has names and all fields, and offers every field that is not named', () => {
    expect(hydrated().read?.objects[0]).toEqual({
      objectName: 'Contact',
      displayName: 'Person',
      destination: 'hook',
      schedule: '0 * * * *',
      mapToName: 'people',
      requiredFields: [
        { fieldName: 'Email', displayName: 'E-mail' },
        { fieldName: "$['address']['city']", displayName: 'Address City', mapToName: 'city' },
      ],
      optionalFields: [
        { fieldName: 'phone', displayName: 'Phone' },
        { mapToName: 'score', prompt: 'Which?', default: 'Score__c' },
        { fieldName: 'Score__c', displayName: 'Score' },
      ],
      optionalFieldsAuto: 'all',
      allFields: [
        { fieldName: 'email', displayName: 'E-mail' },
        { fieldName: 'phone', displayName: 'Phone' },
        { fieldName: 'Score__c', displayName: 'Score' },
      ],
      allFieldsMetadata: {
        email: { fieldName: 'email', displayName: 'E-mail', valueType: 'string' },
        phone: { fieldName: 'phone', displayName: 'Phone' },
        Score__c: { fieldName: 'Score__c', displayName: 'Score' },
      },
      backfill: { defaultPeriod: { days: 3 } },
    });
  });

  test('has texts where the manifest has nothing, because clients need them', () => {
    expect(hydrated().read?.objects[1]).toEqual({
      objectName: 'sales_leads',
      displayName: 'Sales Leads',
      destination: '',
      schedule: '',
      allFields: [],
      allFieldsMetadata: {},
    });
  });

  test('has writes and the proxy, and no subscriptions', () => {
    const { read, ...others } = hydrated();
    expect(read?.objects).toHaveLength(2);
    expect(others).toEqual({
      name: 'crm',
      provider: 'salesforce',
      displayName: 'CRM',
      module: 'crm',
      write: { objects: [{ objectName: 'Contact', displayName: 'Person', valueDefaults: { allowAnyFields: true } }] },
      proxy: { enabled: true },
    });
  });

  test('says at one object what is wrong with it, with the fields that the manifest names', () => {
    const [contact, leads] =
      hydrateIntegration(SPEC, (name) =>
        name === 'Contact' ? { kind: 'failed', error: 'no such object' } : { kind: 'described', fields: [] },
      ).read?.objects ?? [];
    expect(contact).toMatchObject({ displayName: 'Contact', error: 'no such object' });
    expect(contact?.allFields?.map(({ fieldName }) => fieldName)).toEqual([
      'Email',
      "$['address']['city']",
      'phone',
      'Score__c',
    ]);
    expect(leads).not.toHaveProperty('error');
  });

  test.skipIf(publishedIsMissing !== null)('is what the published schema asks for', () => {
    const json = JSON.parse(JSON.stringify(hydrated())) as JsonValue;
    expect(new PublishedSchemas().value('manifest', 'HydratedIntegration', json)).toEqual([]);
  });
});

test('a revision that is shown has texts where clients need them, and everything else as it was', () => {
  const content = {
    'x-a': [1],
    read: {
      y: 2,
      objects: [
        { objectName: 'a', z: 3 },
        { objectName: 'b', schedule: '0 0 * * *' },
      ],
    },
  };
  expect(withTextsForClients(content)).toEqual({
    'x-a': [1],
    read: {
      y: 2,
      objects: [
        { objectName: 'a', z: 3, destination: '', schedule: '' },
        { objectName: 'b', schedule: '0 0 * * *', destination: '' },
      ],
    },
  });
  expect(withTextsForClients({ proxy: { enabled: true } })).toEqual({ proxy: { enabled: true } });
});

test('whatever fields a provider has, each is offered exactly once and has a name', () => {
  const field = fc.record({
    fieldName: fc.string({ minLength: 1, maxLength: 6 }),
    displayName: fc.string({ maxLength: 3 }),
  });
  const fields = fc.uniqueArray(field, { selector: ({ fieldName }) => fieldName.toLowerCase() });
  fc.assert(
    fc.property(fields, (all) => {
      const [object] = hydrateIntegration(SPEC, () => ({ kind: 'described', fields: all })).read?.objects ?? [];
      const offered = [...(object?.requiredFields ?? []), ...(object?.optionalFields ?? [])].flatMap((one) =>
        one.fieldName === undefined ? [] : [one],
      );
      const keys = offered.map(({ fieldName }) => fieldName.toLowerCase());
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys).toEqual(expect.arrayContaining(all.map(({ fieldName }) => fieldName.toLowerCase())));
      expect(offered.every(({ displayName }) => displayName !== '')).toBe(true);
    }),
  );
});
