// What is subscribed to: the overlay of a config over the manifest, one rule per row.

import { describe, expect, test } from 'vitest';
import type { ConfigContent, SubscribeConfig } from '../../../src/manifest/config.ts';
import type { IntegrationSpec, SubscribeObjectSpec } from '../../../src/manifest/manifest.ts';
import { effectiveSubscriptions } from '../../../src/manifest/subscriptions.ts';

const WATCHED: SubscribeObjectSpec = {
  objectName: 'Contact',
  destination: 'events',
  inheritFieldsAndMapping: true,
  createEvent: { enabled: 'always' },
  updateEvent: { enabled: 'always', requiredWatchFields: ['surname', 'Phone', 'phone'] },
  deleteEvent: {},
  associationChangeEvent: { enabled: 'always', includeFullRecords: true },
};
const RAW: SubscribeObjectSpec = { objectName: 'Merge', destination: 'events', otherEvents: ['merged', 'merged'] };

const READ: ConfigContent = { read: { objects: { contact: { selectedFields: { fax: true } } } } };

function subscribed(chosen: SubscribeConfig = {}, differences: Partial<SubscribeObjectSpec> = {}, config = READ) {
  const integration: IntegrationSpec = {
    name: 'crm',
    provider: 'salesforce',
    read: {
      objects: [
        {
          objectName: 'contact',
          mapToName: 'people',
          requiredFields: [{ fieldName: 'Email' }, { fieldName: 'LastName', mapToName: 'surname' }],
        },
      ],
    },
    subscribe: { objects: [{ ...WATCHED, ...differences }, RAW] },
  };
  return effectiveSubscriptions(integration, { ...config, subscribe: { objects: { CONTACT: chosen } } });
}

const contact = (...args: Parameters<typeof subscribed>) => {
  const [first] = subscribed(...args);
  if (first === undefined) throw new Error('nothing is subscribed to');
  return first;
};

describe('which objects are subscribed to', () => {
  test.each<[string, ReturnType<typeof subscribed>, readonly string[]]>([
    ['those of the manifest, without a word of the config', subscribed(), ['Contact', 'Merge']],
    ['not one that inherits from an object the customer does not have read', subscribed({}, {}, {}), ['Merge']],
    [
      'not one whose events are all switched off',
      subscribed(
        { createEvent: { enabled: 'never' }, updateEvent: { enabled: 'never' } },
        { associationChangeEvent: {} },
      ),
      ['Merge'],
    ],
  ])('%s', (_name, subscriptions, names) => {
    expect(subscriptions.map(({ objectName }) => objectName)).toEqual(names);
  });

  test('none without a subscribe action', () => {
    expect(effectiveSubscriptions({ name: 'a', provider: 'b' }, READ)).toEqual([]);
  });
});

test('an untouched subscription is as the manifest has it, with what its read delivers', () => {
  const { read, ...others } = contact();
  expect(others).toEqual({
    objectName: 'Contact',
    deliveredName: 'people',
    destination: 'events',
    events: ['create', 'update', 'associationChange'],
    includesFullRecords: true,
    otherEvents: [],
    watchedFields: ['LastName', 'phone'],
    isQuotaOptimized: false,
  });
  expect(read?.selectedFields).toEqual(['Email', 'fax']);
});

test('one that does not inherit delivers under its own name', () => {
  const [, raw] = subscribed();
  expect(raw).toMatchObject({ deliveredName: 'Merge', read: null, events: [], otherEvents: ['merged'] });
});

describe('a config', () => {
  test('names another destination, unless it is empty', () => {
    expect(contact({ destination: 'own' }).destination).toBe('own');
    expect(contact({ destination: '' }).destination).toBe('events');
  });

  test('switches events on and off', () => {
    const events = { createEvent: { enabled: 'never' }, deleteEvent: { enabled: 'always' } } as const;
    expect(contact(events).events).toEqual(['update', 'delete', 'associationChange']);
  });

  test('may decline to inherit', () => {
    expect(contact({ inheritFieldsAndMappings: false })).toMatchObject({ read: null, deliveredName: 'Contact' });
    expect(contact({ inheritFieldsAndMapping: false })).toMatchObject({ read: null, deliveredName: 'Contact' });
  });

  test('asks for less of the quota', () => {
    const said = { enabled: true };
    expect(contact({ providerOptions: { quotaOptimization: said } }).isQuotaOptimized).toBe(true);
    expect(contact({ salesforceQuotaOptimization: said }).isQuotaOptimized).toBe(true);
    const both = { salesforceQuotaOptimization: said, providerOptions: { quotaOptimization: { enabled: false } } };
    expect(contact(both).isQuotaOptimized).toBe(false);
  });
});

describe('the fields that are watched', () => {
  const update = (settings: object) => ({ updateEvent: { enabled: 'always', ...settings } }) as const;
  test.each<[string, SubscribeConfig, Partial<SubscribeObjectSpec>, readonly string[] | null]>([
    ['are all where nothing is said', {}, update({}), null],
    ['are all for "all"', {}, update({ watchFieldsAuto: 'all' }), null],
    [
      'are those that are read for "selected"',
      {},
      update({ watchFieldsAuto: 'selected' }),
      ['Email', 'fax', 'LastName'],
    ],
    ['are what the config says', update({ requiredWatchFields: ['Title'] }), {}, ['Title']],
    ['are all if the config says so', update({ watchFieldsAuto: 'all' }), {}, null],
    ['stay with the manifest where the config only switches', update({}), {}, ['LastName', 'phone']],
  ])('%s', (_name, chosen, differences, fields) => {
    expect(contact(chosen, differences).watchedFields).toEqual(fields);
  });

  test('are all where all fields are read', () => {
    const all: ConfigContent = { read: { objects: { contact: { selectedFieldsAuto: 'all' } } } };
    expect(contact({}, update({ watchFieldsAuto: 'selected' }), all).watchedFields).toBeNull();
  });
});
