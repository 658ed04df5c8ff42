// Changes of one object's config: what is refused and where, what each operation does, and that it is all or nothing.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import type { ConfigContent } from '../../../src/manifest/config.ts';
import { patchObjectConfig } from '../../../src/manifest/configPatch.ts';
import type { IntegrationSpec } from '../../../src/manifest/manifest.ts';

const SPEC: IntegrationSpec = {
  name: 'crm',
  provider: 'hubspot',
  read: { objects: [{ objectName: 'contacts' }, { objectName: 'project/tickets' }] },
  write: { objects: [{ objectName: 'contacts' }] },
};

const CONTENT: ConfigContent = {
  read: {
    objects: {
      contacts: {
        objectName: 'contacts',
        schedule: '0 * * * *',
        selectedFields: { email: true, 'a/b': true, 'c~d': true },
        dynamicMappingsInput: [{ mapToName: 'one' }, { mapToName: 'two' }],
      },
    },
  },
};

function patched(changes: JsonValue, objectName = 'contacts', action: 'read' | 'write' | 'subscribe' = 'read') {
  return patchObjectConfig(CONTENT, { action, objectName, changes }, SPEC);
}

function contactsAfter(...changes: readonly JsonObject[]): unknown {
  return patched(changes).read?.objects['contacts'];
}

describe('changes are refused, with the place, for', () => {
  test.each<[string, JsonValue, string]>([
    ['no list', { op: 'add' }, 'changes must be a list, not a mapping'],
    ['no change', [], 'changes must have at least one entry'],
    ['an unknown operation', [{ op: 'move', path: '/a' }], 'changes[0].op must be "add" or "remove" or "replace"'],
    ['no path', [{ op: 'remove' }], 'changes[0].path is required'],
    ['a path that is no pointer', [{ op: 'remove', path: 'schedule' }], 'changes[0].path must be a JSON Pointer'],
    ['a lone tilde', [{ op: 'remove', path: '/a~2' }], 'changes[0].path must be a JSON Pointer'],
    ['no value', [{ op: 'add', path: '/schedule' }], 'changes[0].value is required with add'],
    ['removing nothing', [{ op: 'remove', path: '/destination' }], 'changes[0].path names nothing that is there'],
    [
      'replacing nothing',
      [{ op: 'replace', path: '/selectedFields/phone', value: true }],
      'changes[0].path names nothing that is there',
    ],
    [
      'a way through nothing',
      [{ op: 'add', path: '/a/b', value: 1 }],
      'changes[0].path leads through "a", which is not',
    ],
    [
      'a way through a text',
      [{ op: 'add', path: '/schedule/x', value: 1 }],
      'changes[0].path leads through "schedule", which is not there',
    ],
    [
      'an entry beyond the list',
      [{ op: 'add', path: '/dynamicMappingsInput/3', value: { mapToName: 'x' } }],
      'changes[0].path names no entry of the list',
    ],
    [
      'an index with a leading zero',
      [{ op: 'remove', path: '/dynamicMappingsInput/01' }],
      'changes[0].path names no entry of the list',
    ],
    [
      'a result that is not valid',
      [{ op: 'replace', path: '/schedule', value: '* * * * *' }],
      'config.content.read.objects.contacts.schedule runs 1 min apart',
    ],
    [
      'a member of a prototype',
      [{ op: 'add', path: '/constructor/x', value: 1 }],
      'changes[0].path leads through "constructor"',
    ],
  ])('%s', (_name, changes, message) => {
    expect(() => patched(changes)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(message) }),
    );
  });

  test('an object that the manifest does not have', () => {
    expect(() => patched([{ op: 'add', path: '/disabled', value: true }], 'contact')).toThrow(
      expect.objectContaining({ code: 'not_found', remedy: 'did you mean "contacts"?' }),
    );
  });

  test('a later change that fails, with the earlier ones undone', () => {
    const before = structuredClone(CONTENT);
    const changes = [
      { op: 'replace', path: '/schedule', value: '' },
      { op: 'remove', path: '/nothing' },
    ];
    expect(() => patched(changes)).toThrow('changes[1].path');
    expect(CONTENT).toEqual(before);
  });
});

describe('changes', () => {
  test('add, replace and remove members', () => {
    const after = contactsAfter(
      { op: 'replace', path: '/schedule', value: '*/10 * * * *' },
      { op: 'add', path: '/selectedFields/phone', value: true },
      { op: 'remove', path: '/selectedFields/email' },
      { op: 'remove', path: '/dynamicMappingsInput' },
    );
    expect(after).toEqual({
      objectName: 'contacts',
      schedule: '*/10 * * * *',
      selectedFields: { 'a/b': true, 'c~d': true, phone: true },
    });
  });

  test('name members with slashes and tildes in the escaped form', () => {
    const after = contactsAfter(
      { op: 'remove', path: '/selectedFields/a~1b' },
      { op: 'replace', path: '/selectedFields/c~0d', value: false },
    );
    expect(after).toMatchObject({ selectedFields: { email: true, 'c~d': false } });
  });

  test.each<[string, JsonObject, readonly string[]]>([
    ['before an entry', { op: 'add', path: '/dynamicMappingsInput/1', value: { mapToName: 'x' } }, ['one', 'x', 'two']],
    ['at the end', { op: 'add', path: '/dynamicMappingsInput/-', value: { mapToName: 'x' } }, ['one', 'two', 'x']],
    [
      'at the end by its number',
      { op: 'add', path: '/dynamicMappingsInput/2', value: { mapToName: 'x' } },
      ['one', 'two', 'x'],
    ],
    [
      'in place of an entry',
      { op: 'replace', path: '/dynamicMappingsInput/0', value: { mapToName: 'x' } },
      ['x', 'two'],
    ],
    ['without an entry', { op: 'remove', path: '/dynamicMappingsInput/0' }, ['two']],
  ])('change lists: %s', (_name, change, names) => {
    const { dynamicMappingsInput = [] } = contactsAfter(change) as { dynamicMappingsInput?: { mapToName: string }[] };
    expect(dynamicMappingsInput.map(({ mapToName }) => mapToName)).toEqual(names);
  });

  test('may add to a required map that the client had left out', () => {
    const change = { op: 'add', path: '/selectedFieldMappings/name', value: 'fullname' };
    expect(contactsAfter(change)).toMatchObject({ selectedFieldMappings: { name: 'fullname' } });
  });

  test('may begin the config of an object that is only in the manifest', () => {
    const after = patched([{ op: 'add', path: '/selectedFields/subject', value: true }], 'PROJECT/tickets');
    expect(after.read?.objects['project/tickets']).toEqual({
      objectName: 'project/tickets',
      selectedFields: { subject: true },
    });
    expect(after.read?.objects['contacts']).toEqual(CONTENT.read?.objects['contacts']);
  });

  test('of the empty path replace or remove the object', () => {
    expect(contactsAfter({ op: 'replace', path: '', value: { disabled: true } })).toEqual({ disabled: true });
    expect(patched([{ op: 'remove', path: '' }]).read).toEqual({ objects: {} });
  });

  test('of the empty path give no empty mappings to an object without any, unless it is new', () => {
    const value = { selectedFields: {}, selectedFieldMappings: {} };
    expect(contactsAfter({ op: 'replace', path: '', value })).toEqual({ selectedFields: {} });
    expect(contactsAfter({ op: 'add', path: '/selectedFieldMappings', value: {} })).toMatchObject({
      selectedFieldMappings: {},
    });
    const after = patched([{ op: 'replace', path: '', value }], 'PROJECT/tickets');
    expect(after.read?.objects['project/tickets']).toEqual(value);
  });

  test('to null remove, because clients send null for what is not set', () => {
    expect(contactsAfter({ op: 'replace', path: '/schedule', value: null })).not.toHaveProperty('schedule');
  });

  test('of other actions leave the reads alone', () => {
    const after = patched([{ op: 'add', path: '/deletionSettings', value: { enabled: true } }], 'contacts', 'write');
    expect(after).toEqual({
      ...CONTENT,
      write: { objects: { contacts: { objectName: 'contacts', deletionSettings: { enabled: true } } } },
    });
  });
});

const fieldName = fc.stringMatching(/^[a-zA-Z_~/. ]{1,8}$/).filter((name) => name.trim() !== '');
const pointer = (name: string) => `/selectedFields/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

describe('for any fields', () => {
  test('what was added can be removed again, whatever its name', () => {
    fc.assert(
      fc.property(fieldName, (name) => {
        const changes = [
          { op: 'add', path: pointer(`x${name}`), value: true },
          { op: 'remove', path: pointer(`x${name}`) },
        ];
        expect(patched(changes)).toEqual(CONTENT);
      }),
    );
  });

  test('changes of different members may come in any order', () => {
    const names = fc.uniqueArray(fieldName, { minLength: 2, maxLength: 6, selector: (name) => name.toLowerCase() });
    fc.assert(
      fc.property(names, (all) => {
        const changes = all.map((name, index) => ({ op: 'add', path: pointer(name), value: index % 2 === 0 }));
        expect(patched(changes)).toEqual(patched(changes.toReversed()));
      }),
    );
  });

  test('no change, however odd, throws anything but a refusal, or touches what was there', () => {
    const change = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'test'),
        path: fc.oneof(
          fc.string(),
          fc.array(fc.string({ maxLength: 4 })).map((steps) => steps.map((s) => `/${s}`).join('')),
        ),
        value: fc.jsonValue({ maxDepth: 3 }),
      },
      { requiredKeys: ['op', 'path'] },
    );
    const before = structuredClone(CONTENT);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        try {
          patched(changes as JsonValue);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_request' });
        }
        expect(CONTENT).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});
