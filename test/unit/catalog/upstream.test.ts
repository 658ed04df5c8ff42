import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { verdictOf } from '../../../src/catalog/judgeFile.ts';
import { LiveCatalog } from '../../../src/catalog/liveCatalog.ts';
import { parseEntry, parseUpstream, withUpstream } from '../../../src/catalog/upstream.ts';
import { toProviderInfo } from '../../../src/catalog/wire.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { CATALOG_ENTRIES_MAX } from '../../../src/core/limits.ts';
import { FIXTURES, MUTATIONS, type Mutation, ownEntries } from './mutations.ts';

const REFERENCE = '../shared/reference/upstream-catalog.json';
const isMissing = !existsSync(REFERENCE);
const fileOf = (catalog: object) => JSON.stringify({ catalog, timestamp: '2026-08-21T18:26:09Z' });
const clone = <Value>(value: Value) => JSON.parse(JSON.stringify(value)) as Value;
const published = (name: string) => clone(toProviderInfo(createCatalog().get(name)) as unknown as JsonObject);

describe('a file is no catalog', () => {
  it.each([
    ['nothing', '', 'malformed'],
    ['half a file', fileOf(FIXTURES).slice(0, -20), 'malformed'],
    ['a page', '<html><body>502 Bad Gateway</body></html>', 'malformed'],
    ['a list', '[]', 'invalid_input'],
    ['a number', '1', 'invalid_input'],
    ['no catalog in it', '{"providers": {}}', 'invalid_input'],
    ['a catalog that is a list', '{"catalog": []}', 'invalid_input'],
    ['a catalog of nobody', '{"catalog": {}}', 'invalid_input'],
    [
      'a catalog of everybody',
      fileOf(Object.fromEntries(Array.from({ length: CATALOG_ENTRIES_MAX + 1 }, (_, n) => [`p${n}`, {}]))),
      'invalid_input',
    ],
  ])('if it is %s', (_what, text, code) => {
    expect(() => parseUpstream(text)).toThrow(expect.objectContaining({ code }));
  });
});

/** The entry of a mutation in a catalog file, and what becomes of the file. */
function judgedWith({ provider, change }: Mutation, entries: Readonly<Record<string, JsonObject>>) {
  const mutated = change(clone(entries[provider] as Record<string, JsonValue>));
  // As text, as it would come: a key like `__proto__` is one of its own there.
  const text = fileOf({ ...entries, [provider]: mutated });
  return verdictOf(new LiveCatalog(), parseUpstream(text));
}

describe('an entry is refused, and no other with it', () => {
  const own = ownEntries();

  it('in at least thirty ways', () => {
    expect(MUTATIONS.length).toBeGreaterThan(100);
    expect(verdictOf(new LiveCatalog(), parseUpstream(fileOf(own))).refused).toEqual([]);
  });

  it.each(MUTATIONS)('for $what', (mutation) => {
    const { refused, entries } = judgedWith(mutation, own);
    expect(refused.map(({ name, field }) => [name, field])).toEqual([[mutation.provider, mutation.field]]);
    expect(refused[0]?.reason).toMatch(/^[^\n]{5,200}$/);
    expect(entries.size).toBe(Object.keys(own).length - 1);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'toString', '', 'a/b', '../x', 'a b', '1st', 'x'.repeat(65)])(
    'for the name %j',
    (name) => {
      const entry = JSON.stringify({ ...FIXTURES['fixtureCustom'], name });
      const { refused } = verdictOf(
        new LiveCatalog(),
        parseUpstream(`{"catalog": {${JSON.stringify(name)}: ${entry}}}`),
      );
      const shown = name.length > 64 ? `${'x'.repeat(64)}…` : name;
      expect(refused).toEqual([{ name: shown, field: '', reason: 'cannot be the name of a provider' }]);
    },
  );

  it('for another way to sign in than the one that customers are connected with', () => {
    const entry = { ...published('freshdesk'), authType: 'none' };
    delete (entry as Record<string, unknown>)['basicOpts'];
    expect(new LiveCatalog().judge('freshdesk', entry)).toEqual({
      name: 'freshdesk',
      field: 'authType',
      reason: 'cannot change from basic to none: stored credentials would not fit',
    });
  });

  it('in one line, whatever it is called', () => {
    const { name } = new LiveCatalog().judge('a\nstripe', {});
    expect(name).toBe('a\ufffdstripe');
  });

  it('with all its problems counted', () => {
    const entry = { ...published('stripe'), baseURL: 'x', displayName: '', defaultModule: 'y' };
    expect(new LiveCatalog().judge('stripe', entry)).toMatchObject({ field: 'baseURL', reason: /\(and 2 more\)$/ });
  });
});

describe.skipIf(isMissing)('the published catalog (skipped where it is not at hand)', () => {
  const text = isMissing ? '' : readFileSync(REFERENCE, 'utf8');
  const { catalog: reference } = (isMissing ? {} : JSON.parse(text)) as { catalog: Record<string, JsonObject> };

  it('is accepted whole, without a key that we do not know', () => {
    const { entries, refused } = verdictOf(new LiveCatalog(), parseUpstream(text));
    expect([entries.size, refused]).toEqual([238, []]);
    expect([...entries.values()].filter(({ unknownKeys }) => unknownKeys.length > 0)).toEqual([]);
  });

  const ofReference = isMissing ? [] : MUTATIONS.filter(({ provider }) => Object.hasOwn(reference, provider));
  it.each(ofReference)('loses the entry with $what and no other', (mutation) => {
    const { refused, entries } = judgedWith(mutation, reference);
    expect(refused.map(({ name }) => name)).toEqual([mutation.provider]);
    expect(entries.size).toBe(237);
  });
});

describe('the time of a file', () => {
  it.each([
    ['"2026-08-21T18:26:09Z"', '2026-08-21T18:26:09Z'],
    ['"2024-07-30T15:14:51-07:00"', '2024-07-30T15:14:51-07:00'],
    [JSON.stringify('1'.repeat(1000)), null],
    ['"yesterday"', null],
    ['7', null],
  ])('%s is %j', (timestamp, expected) => {
    const text = `{"timestamp": ${timestamp}, "catalog": {"a": {}}}`;
    expect(parseUpstream(text).timestamp).toBe(expected);
  });
});

describe('keys that this version does not know', () => {
  it('are left out and told, wherever they are', () => {
    const entry = {
      ...published('hubspot'),
      newFact: { a: 1 },
      support: { ...(published('hubspot')['support'] as JsonObject), stream: true },
      metadata: { input: [{ name: 'a', isSecret: true }] },
    };
    const known = parseEntry('hubspot', entry);
    expect(known).toMatchObject({ unknownKeys: ['support.stream', 'metadata.input.0.isSecret', 'newFact'] });
    expect(known).not.toHaveProperty('info.newFact');
    expect(known).not.toHaveProperty('info.support.stream');
    expect(known).toHaveProperty('info.metadata.input', [{ name: 'a' }]);
  });

  it('excuse nothing else', () => {
    expect(parseEntry('stripe', { ...published('stripe'), baseURL: 1, newFact: 2 })).toEqual({
      problems: [{ field: 'baseURL', reason: expect.stringContaining('expected string') }],
    });
  });
});

/** The declaration that an entry with these members makes of what is built in. */
function declared(name: string, members: JsonObject) {
  const known = parseEntry(name, { ...published(name), ...members });
  if ('problems' in known) throw new Error(JSON.stringify(known.problems));
  const declaration = withUpstream(createCatalog().get(name), known.info);
  if ('problems' in declaration) throw new Error(JSON.stringify(declaration.problems));
  return declaration;
}

describe('an entry over a built-in declaration', () => {
  const own = createCatalog();

  it('keeps what only we know', () => {
    const upstream = declared('hubspot', { baseURL: 'https://api2.hubapi.com', displayName: 'Hub' });
    expect(upstream).toEqual({ ...own.get('hubspot'), baseUrl: 'https://api2.hubapi.com', displayName: 'Hub' });
    // The published entry asks for user name and password; ours knows that one API key is enough.
    const { basicOpts, ...asPublished } = published('freshdesk');
    const known = parseEntry('freshdesk', asPublished);
    expect(basicOpts).toBeDefined();
    expect('info' in known && withUpstream(own.get('freshdesk'), known.info)).toEqual(own.get('freshdesk'));
  });

  it('keeps modules that it does not have', () => {
    const { modules, defaultModule } = declared('hubspot', { modules: {}, defaultModule: '', metadata: {} });
    expect([Object.keys(modules), defaultModule]).toEqual([['crm'], 'crm']);
  });

  it('says alone how a key is attached: a prefix that is gone does not stay', () => {
    const { auth } = declared('stripe', { apiKeyOpts: { attachmentType: 'header', header: { name: 'X-Key' } } });
    expect(auth).toEqual({ scheme: 'apiKey', attachment: { in: 'header', name: 'X-Key' } });
  });

  it('is refused if both together make no sense', () => {
    const { crm } = published('hubspot')['modules'] as JsonObject;
    const entry = { ...published('hubspot'), defaultModule: 'CRM', modules: { CRM: crm }, metadata: {} };
    const known = parseEntry('hubspot', entry);
    expect('info' in known && withUpstream(own.get('hubspot'), known.info)).toEqual({
      problems: [{ field: 'modules', reason: 'two differ by case only, with what is built in' }],
    });
  });

  it('of a provider that nobody knows gets careful guesses', () => {
    const known = parseEntry('fixtureOAuth', FIXTURES['fixtureOAuth'] ?? null);
    const declaration = 'info' in known ? withUpstream(undefined, known.info) : known;
    expect(declaration).toMatchObject({
      category: 'other',
      quotas: [],
      concurrency: [],
      hiddenErrors: [],
      auth: { tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' } },
    });
  });
});
