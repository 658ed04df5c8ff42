// Updates by mask: what is refused, which members each path replaces, and that nothing else changes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { CONFIG_CHANGES_MAX, MANIFEST_OBJECTS_MAX, MASK_TRIES_MAX } from '../../../src/core/limits.ts';
import { type InstallationChoice, updateByMask } from '../../../src/manifest/configMask.ts';
import type { IntegrationSpec } from '../../../src/manifest/manifest.ts';

const NAMES = ['contacts', 'companies', 'job.appointments', 'a', 'a.disabled', 'x:y'];

const SPEC: IntegrationSpec = {
  name: 'crm',
  provider: 'hubspot',
  proxy: { enabled: true },
  read: { objects: NAMES.map((objectName) => ({ objectName })) },
  write: { objects: NAMES.map((objectName) => ({ objectName })) },
  subscribe: { objects: NAMES.map((objectName) => ({ objectName, destination: 'hook' })) },
};

const CONTACTS = {
  objectName: 'contacts',
  schedule: '0 * * * *',
  destination: 'own',
  disabled: true,
  selectedFields: { email: true },
  fieldFilters: [{ fieldName: 'x', operator: 'eq' as const, value: 1 }],
};

const CURRENT: InstallationChoice = {
  connectionId: 'c1',
  createdBy: 'consumer:ada',
  content: {
    provider: 'hubspot',
    read: { objects: { contacts: CONTACTS, companies: { objectName: 'companies' } } },
    write: { objects: { contacts: { objectName: 'contacts' } } },
  },
};

function updated(mask: readonly string[], body: JsonValue): InstallationChoice {
  return updateByMask(CURRENT, { mask, body }, SPEC);
}

function withContent(mask: readonly string[], content: JsonObject) {
  return updated(
    mask.map((path) => `config.content.${path}`),
    { config: { content } },
  ).content;
}

describe('an update is refused for', () => {
  test.each<[string, readonly string[], JsonValue, string]>([
    [
      'a path nobody may update',
      ['healthStatus'],
      { healthStatus: 'healthy' },
      'updateMask[0] "healthStatus" is not a path',
    ],
    ['the whole config', ['config'], { config: {} }, 'updateMask[0] "config" is not a path'],
    ['an unknown action', ['config.content.delete.objects'], {}, 'is not a path that can be updated'],
    ['an empty path', [''], {}, 'updateMask[0] "" is not a path'],
    ['a path that is far too long', [`config.content.read.objects.${'a.'.repeat(2000)}`], {}, 'is not a path'],
    ['a body without the value', ['connectionId'], {}, 'updateMask[0] names nothing that the installation'],
    [
      'a body without the object',
      ['connectionId', 'config.content.read.objects.contacts'],
      { connectionId: 'c2', config: { content: { read: { objects: { companies: {} } } } } },
      'updateMask[1] names nothing',
    ],
    ['a body that is no object', ['connectionId'], 'c2', 'updateMask[0] names nothing'],
    ['a connection that is no text', ['connectionId'], { connectionId: 7 }, 'updateMask[0] must name a text'],
    ['an empty author', ['config.createdBy'], { config: { createdBy: '' } }, 'updateMask[0] must name a text'],
    ['more paths than there may be', Array(CONFIG_CHANGES_MAX + 1).fill('connectionId'), {}, 'updateMask must have'],
    [
      'an object that the manifest does not have',
      ['config.content.read.objects.deals'],
      { config: { content: { read: { objects: { deals: {} } } } } },
      "config.content.read.objects.deals is not an object of the manifest's read action",
    ],
    [
      'an object that is a text',
      ['config.content.write.objects.contacts'],
      { config: { content: { write: { objects: { contacts: 'all' } } } } },
      'config.content.write.objects.contacts must be a mapping',
    ],
  ])('%s', (_name, mask, body, message) => {
    expect(() => updated(mask, body)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(message) }),
    );
  });
});

/** Every way to read `a.a.a…` leads on: as many members as there are ways. Counts what is looked up. */
function mazeOf(depth: number, looked: { count: number }): JsonObject {
  const target: JsonObject = depth <= 0 ? {} : { a: mazeOf(depth - 1, looked), 'a.a': mazeOf(depth - 2, looked) };
  return new Proxy(target, {
    getOwnPropertyDescriptor(members, key) {
      looked.count += 1;
      return Reflect.getOwnPropertyDescriptor(members, key);
    },
  });
}

test('a body that is made to be searched for long is refused after a bounded search', () => {
  const looked = { count: 0 };
  const mask = [`config.content.read.objects.x${'.a'.repeat(200)}.z`];
  const body = { config: { content: { read: { objects: { x: mazeOf(18, looked) } } } } };
  expect(() => updated(mask, body)).toThrow('updateMask can be read in too many ways');
  expect(looked.count).toBeLessThan(3 * MASK_TRIES_MAX);
});

test('a mask of every field of an object is looked up to its end', () => {
  const names = Array.from({ length: CONFIG_CHANGES_MAX - 1 }, (_, index) => `field_${index}`);
  const selectedFields = Object.fromEntries(names.map((name) => [name, true]));
  const mask = names.map((name) => `read.objects.contacts.selectedFields.${name}`);
  const { read } = withContent(mask, { read: { objects: { contacts: { selectedFields } } } });
  expect(read?.objects['contacts']?.selectedFields).toMatchObject(selectedFields);
});

describe('an update', () => {
  test('without paths changes nothing, whatever the body says', () => {
    expect(updated([], { connectionId: 'c2', config: { content: { proxy: { enabled: false } } } })).toBe(CURRENT);
  });

  test('takes connection and author', () => {
    const body = { connectionId: 'c2', config: { createdBy: 'builder:b', content: { proxy: { enabled: false } } } };
    expect(updated(['connectionId', 'config.createdBy'], body)).toEqual({
      ...CURRENT,
      connectionId: 'c2',
      createdBy: 'builder:b',
    });
  });

  test('of a read object replaces what its page knows and keeps what only the API sets', () => {
    const body = { read: { objects: { contacts: { objectName: 'contacts', selectedFields: { phone: true } } } } };
    expect(withContent(['read.objects.contacts'], body).read?.objects).toEqual({
      contacts: { ...CONTACTS, selectedFields: { phone: true } },
      companies: { objectName: 'companies' },
    });
  });

  test('of a read object takes what the body has, and null for nothing', () => {
    const contacts = { schedule: '*/20 * * * *', disabled: false, destination: null };
    const { read } = withContent(['read.objects.contacts'], { read: { objects: { contacts } } });
    const { fieldFilters } = CONTACTS;
    expect(read?.objects['contacts']).toEqual({ schedule: '*/20 * * * *', disabled: false, fieldFilters });
  });

  test.each<[string, string, JsonObject, JsonObject, object]>([
    ['sent back as it is shown stays without mappings', 'read.objects.contacts', {}, { selectedFieldMappings: {} }, {}],
    ['is sent back in a whole map', 'read.objects', {}, { selectedFieldMappings: {} }, {}],
    [
      'had mappings, may be left with none',
      'read.objects.contacts',
      { selectedFieldMappings: { tel: 'phone' } },
      { selectedFieldMappings: {} },
      { selectedFieldMappings: {} },
    ],
    [
      'never had mappings may be given some, or a blank one',
      'read.objects.contacts',
      {},
      { selectedFieldMappings: { tel: '' } },
      { selectedFieldMappings: { tel: '' } },
    ],
    [
      'has its mappings named by the mask may be left with none',
      'read.objects.contacts.selectedFieldMappings',
      {},
      { selectedFieldMappings: {} },
      { selectedFieldMappings: {} },
    ],
  ])('of a read object that %s', (_name, path, stored, sent, expected) => {
    const current = { ...CURRENT, content: { read: { objects: { contacts: stored } } } };
    const body = { config: { content: { read: { objects: { contacts: sent } } } } };
    const { content } = updateByMask(current, { mask: [`config.content.${path}`], body }, SPEC);
    expect(content.read?.objects).toEqual({ contacts: expected });
  });

  test('of a read object that was not installed keeps an empty map of mappings, which is a choice', () => {
    const companies = { selectedFieldMappings: {} };
    const current = { ...CURRENT, content: {} };
    for (const path of ['read.objects', 'read.objects.companies']) {
      const body = { config: { content: { read: { objects: { companies } } } } };
      const { content } = updateByMask(current, { mask: [`config.content.${path}`], body }, SPEC);
      expect(content.read?.objects).toEqual({ companies });
    }
  });

  test('removes an object that is null in the body', () => {
    const { read } = withContent(['read.objects.contacts'], { read: { objects: { contacts: null } } });
    expect(Object.keys(read?.objects ?? {})).toEqual(['companies']);
  });

  test('replaces an object that is spelt in another case', () => {
    const { read } = withContent(['read.objects.Contacts'], { read: { objects: { Contacts: { disabled: false } } } });
    expect(Object.keys(read?.objects ?? {})).toEqual(['Contacts', 'companies']);
  });

  test('may go deeper than an object', () => {
    const { read } = withContent(['read.objects.contacts.disabled'], {
      read: { objects: { contacts: { disabled: false, schedule: '0 0 * * *' } } },
    });
    expect(read?.objects['contacts']).toEqual({ ...CONTACTS, disabled: false });
  });

  test('may be the first to say anything of an object', () => {
    const { subscribe } = withContent(['subscribe.objects.contacts'], {
      subscribe: { objects: { contacts: { destination: 'other' } } },
    });
    expect(subscribe).toEqual({ objects: { contacts: { destination: 'other' } } });
  });

  test('replaces a whole map of objects, also with nothing', () => {
    const write = { objects: { companies: { objectName: 'companies' } } };
    expect(withContent(['write.objects'], { write }).write).toEqual(write);
    expect(withContent(['write.objects'], { write: { objects: {} } }).write).toEqual({ objects: {} });
  });

  test('switches the proxy', () => {
    expect(withContent(['proxy.enabled'], { proxy: { enabled: false } }).proxy).toEqual({ enabled: false });
  });

  test.each<[string, string, readonly string[]]>([
    ['as it is', 'read.objects.job.appointments', ['job.appointments']],
    ['with the dot escaped', 'read.objects.job\\.appointments', ['job.appointments']],
    ['with a colon escaped', 'read.objects.x\\:y', ['x:y']],
    ['that looks like a member of another', 'read.objects.a.disabled', ['a.disabled']],
  ])('takes the name of an object %s', (_name, path, names) => {
    const objects = Object.fromEntries(
      ['job.appointments', 'x:y', 'a', 'a.disabled'].map((key) => [key, { disabled: true }]),
    );
    const { read } = withContent([path], { read: { objects } });
    const changed = Object.keys(read?.objects ?? {}).filter((key) => !['contacts', 'companies'].includes(key));
    expect(changed).toEqual(names);
  });

  test('reaches no prototype', () => {
    const body = JSON.parse('{"config":{"content":{"proxy":{"enabled":false,"__proto__":{"x":1}}}}}') as JsonValue;
    updated(['config.content.proxy.enabled'], body);
    expect(() => updated(['config.content.read.objects.constructor'], body)).toThrow('names nothing');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('for any mask', () => {
  const objectConfig = fc.record(
    { disabled: fc.boolean(), schedule: fc.constantFrom('', '0 0 * * *'), selectedFields: fc.constant({ a: true }) },
    { requiredKeys: [] },
  );
  const content = fc.record(
    {
      read: fc.record({ objects: fc.dictionary(fc.constantFrom(...NAMES), objectConfig) }),
      write: fc.record({ objects: fc.dictionary(fc.constantFrom(...NAMES), fc.constant({ objectName: undefined })) }),
      proxy: fc.record({ enabled: fc.boolean() }),
    },
    { requiredKeys: [] },
  );
  const update = content.chain((value) => {
    const text = JSON.parse(JSON.stringify(value)) as {
      read?: { objects: JsonObject };
      write?: { objects: JsonObject };
    };
    const objects = text.read?.objects ?? {};
    const paths = [
      ...Object.keys(objects).map((name) => `config.content.read.objects.${name}`),
      ...Object.entries(objects).flatMap(([name, object]) =>
        Object.keys(object as JsonObject).map((member) => `config.content.read.objects.${name}.${member}`),
      ),
      ...('write' in text ? ['config.content.write.objects'] : []),
      ...('proxy' in text ? ['config.content.proxy.enabled'] : []),
    ];
    const mask = fc.shuffledSubarray(paths);
    return fc.record({ body: fc.constant({ config: { content: text } } as JsonValue), mask });
  });

  test('the order of its paths means nothing', () => {
    fc.assert(
      fc.property(update, ({ mask, body }) => {
        expect(updated(mask, body)).toEqual(updated(mask.toReversed(), body));
      }),
    );
  });

  test('saying it twice is saying it once', () => {
    fc.assert(
      fc.property(update, ({ mask, body }) => {
        const once = updated(mask, body);
        expect(updateByMask(once, { mask, body }, SPEC)).toEqual(once);
      }),
    );
  });

  test('objects that it does not name stay as they are', () => {
    fc.assert(
      fc.property(update, ({ mask, body }) => {
        const after = updated(mask, body).content.read?.objects ?? {};
        for (const [name, config] of Object.entries(CURRENT.content.read?.objects ?? {})) {
          const isNamed = mask.some((path) => path.startsWith(`config.content.read.objects.${name}`));
          if (!isNamed) expect(after[name]).toEqual(config);
        }
      }),
    );
  });
});

/** Throws where anything of it is changed. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

test('as many paths as may be, into as many objects, change neither what there was nor what was sent', () => {
  const names = Array.from({ length: MANIFEST_OBJECTS_MAX }, (_, index) => `object${index}`);
  const spec: IntegrationSpec = { ...SPEC, read: { objects: names.map((objectName) => ({ objectName })) } };
  const objects = Object.fromEntries(names.map((name) => [name, { objectName: name, selectedFields: { a: true } }]));
  const current = frozen({ ...CURRENT, content: { provider: 'hubspot', read: { objects } } });
  const sent = names.map((name) => [name.toUpperCase(), { selectedFields: { b: true }, disabled: true }]);
  const body = frozen({ config: { content: { read: { objects: Object.fromEntries(sent) } } } });
  const paths = names.flatMap((name) => {
    const object = `config.content.read.objects.${name.toUpperCase()}`;
    return [object, `${object}.disabled`, `${object}.selectedFields`, `${object}.selectedFields.b`];
  });
  expect(paths).toHaveLength(CONFIG_CHANGES_MAX);
  const { content } = updateByMask(current, { mask: paths, body }, spec);
  expect(Object.keys(content.read?.objects ?? {})).toHaveLength(names.length);
  expect(content.read?.objects['OBJECT7']).toMatchObject({ selectedFields: { b: true }, disabled: true });
});
