import { describe, expect, it } from 'vitest';
import { type CatalogOverrides, createCatalog } from '../../../src/catalog/catalog.ts';
import { changesOf, judgeFile, verdictOf } from '../../../src/catalog/judgeFile.ts';
import { type AcceptedEntry, LiveCatalog } from '../../../src/catalog/liveCatalog.ts';
import { parseUpstream } from '../../../src/catalog/upstream.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { CATALOG_ENTRIES_MAX } from '../../../src/core/limits.ts';
import { FIXTURES, ownEntries } from './mutations.ts';

const ENTRIES = ownEntries();
const custom = FIXTURES['fixtureCustom'] ?? {};

/** A file that changes the base address of a provider, or adds a fixture. */
const fileWith = (entries: Readonly<Record<string, JsonObject>>) => parseUpstream(JSON.stringify({ catalog: entries }));
const moved = (name: string, baseURL: string) => ({ [name]: { ...ENTRIES[name], baseURL } as JsonObject });

function takeOver(catalog: LiveCatalog, entries: Readonly<Record<string, JsonObject>>) {
  const verdict = verdictOf(catalog, fileWith(entries));
  catalog.replaceUpstream(verdict.entries);
  return verdict;
}

describe('a live catalog', () => {
  it.each<[string, CatalogOverrides, string]>([
    ['an override of nobody', { nobody: {} }, 'no such provider'],
    ['an override that does not fit', { stripe: { baseURL: 1 } }, '"stripe": baseURL'],
  ])('does not begin with %s', (_what, overrides, message) => {
    expect(() => new LiveCatalog(overrides)).toThrow(message);
  });

  it('begins as what is built in', () => {
    expect(new LiveCatalog().list()).toEqual(createCatalog().list());
    expect(() => new LiveCatalog().get('hubspto')).toThrow('did you mean hubspot?');
  });

  it('changes as a whole, and tells it after the change', () => {
    const catalog = new LiveCatalog();
    const told: string[] = [];
    catalog.onChanged(() => told.push(catalog.get('stripe').baseUrl, String(catalog.find('fixtureCustom')?.name)));
    const before = catalog.list();
    takeOver(catalog, { ...moved('stripe', 'https://api2.stripe.com'), fixtureCustom: custom });
    expect(told).toEqual(['https://api2.stripe.com', 'fixtureCustom']);
    expect(before.map(({ name }) => name)).not.toContain('fixtureCustom');
    expect(catalog.list().map(({ name }) => name)).toContain('fixtureCustom');
    expect(() => catalog.get('fixtureCustum')).toThrow('did you mean fixtureCustom?');
  });

  it('puts overrides over upstream over what is built in', () => {
    const overrides = { stripe: { baseURL: 'http://127.0.0.1:4010' } };
    const catalog = new LiveCatalog(overrides);
    const entry = { ...moved('stripe', 'https://api2.stripe.com')['stripe'], displayName: 'Stripes' };
    takeOver(catalog, { stripe: entry });
    expect(catalog.get('stripe')).toMatchObject({
      baseUrl: 'http://127.0.0.1:4010',
      displayName: 'Stripes',
      category: 'finance',
    });
    expect(catalog.originOf('stripe')).toEqual({ isBuiltIn: true, isUpstream: true, isOverridden: true });
  });

  it('lets an override wait for its provider where there is an upstream', () => {
    const catalog = new LiveCatalog({ fixtureCustom: { displayName: 'Mine' } }, true);
    expect([catalog.overridesWaiting, catalog.find('fixtureCustom')]).toEqual([['fixtureCustom'], undefined]);
    takeOver(catalog, { fixtureCustom: custom });
    expect([catalog.overridesWaiting, catalog.get('fixtureCustom').displayName]).toEqual([[], 'Mine']);
    expect(catalog.originOf('fixtureCustom')).toEqual({ isBuiltIn: false, isUpstream: true, isOverridden: true });
  });

  it('takes no entry that its override does not fit', () => {
    const catalog = new LiveCatalog({ fixtureCustom: { authType: 'basic' } }, true);
    expect(catalog.judge('fixtureCustom', custom)).toEqual({
      name: 'fixtureCustom',
      field: '',
      reason: expect.stringMatching(/^does not go together with its override: .*authType: cannot be replaced$/),
    });
  });
});

describe('a file', () => {
  it('changes nothing by being judged', () => {
    const catalog = new LiveCatalog();
    verdictOf(catalog, fileWith(moved('stripe', 'https://api2.stripe.com')));
    expect(catalog.list()).toEqual(createCatalog().list());
  });

  it('keeps the last good version of what it spoils and of what it no longer has', () => {
    const catalog = new LiveCatalog();
    takeOver(catalog, {
      ...moved('stripe', 'https://api2.stripe.com'),
      ...moved('hubspot', 'https://api2.hubapi.com'),
    });
    const { refused, missing, changed } = takeOver(catalog, moved('stripe', 'ftp://api3.stripe.com'));
    expect([refused.map(({ name }) => name), missing, changed]).toEqual([['stripe'], ['hubspot'], []]);
    expect(catalog.get('stripe').baseUrl).toBe('https://api2.stripe.com');
    expect(catalog.get('hubspot').baseUrl).toBe('https://api2.hubapi.com');
  });

  it.each<[string, JsonObject, string]>([
    ['signs in otherwise', { authType: 'none', customOpts: undefined }, 'authType'],
    [
      'asks for something else',
      { customOpts: { inputs: [{ name: 'token', displayName: 'Token' }] } },
      'customOpts.inputs',
    ],
    ['asks for nothing', { customOpts: {} }, 'customOpts.inputs'],
  ])('changes no provider that then %s: customers are connected', (_what, members, field) => {
    const catalog = new LiveCatalog();
    takeOver(catalog, { fixtureCustom: custom });
    const { refused, entries } = verdictOf(catalog, fileWith({ fixtureCustom: { ...custom, ...members } }));
    expect(refused).toMatchObject([{ field, reason: expect.stringContaining('stored credentials would not fit') }]);
    expect(entries.get('fixtureCustom')?.declaration).toBe(catalog.get('fixtureCustom'));
  });

  it('returns what it no longer says to what is built in', () => {
    const catalog = new LiveCatalog();
    takeOver(catalog, { hubspot: { ...ENTRIES['hubspot'], labels: { beta: 'true' } } });
    expect(catalog.get('hubspot').labels).toEqual({ beta: 'true' });
    takeOver(catalog, { hubspot: ENTRIES['hubspot'] ?? {} });
    expect(catalog.get('hubspot').labels).toBeUndefined();
  });

  it('that says the same again is not judged again', () => {
    const catalog = new LiveCatalog();
    takeOver(catalog, ENTRIES);
    const { changed, entries } = verdictOf(catalog, fileWith(ENTRIES));
    expect(changed).toEqual([]);
    expect([...entries.values()].map((entry) => entry === catalog.upstream.get(entry.name))).not.toContain(false);
  });

  it('of another source returns what it lacks to what is built in, and keeps whom nobody else declares', () => {
    const catalog = new LiveCatalog();
    takeOver(catalog, { ...moved('stripe', 'https://api2.stripe.com'), fixtureCustom: custom });
    const judging = judgeFile(catalog, fileWith({ hubspot: ENTRIES['hubspot'] ?? {}, freshdesk: {} }), true);
    // A turn for others after each entry.
    expect([judging.next().done, judging.next().done]).toEqual([false, false]);
    const { value: verdict, done } = judging.next();
    if (done !== true) throw new Error('two entries were judged');
    expect([verdict.dropped, verdict.missing, verdict.refused.length]).toEqual([['stripe'], ['fixtureCustom'], 1]);
    expect(changesOf(catalog, verdict)).toMatchObject([
      { name: 'stripe', fields: [{ field: 'baseURL', to: 'https://api.stripe.com' }] },
    ]);
    catalog.replaceUpstream(verdict.entries);
    expect([catalog.get('stripe').baseUrl, catalog.get('fixtureCustom').name]).toEqual([
      'https://api.stripe.com',
      'fixtureCustom',
    ]);
  });

  it('loses one entry to endless nesting, also of one that is there', () => {
    const catalog = new LiveCatalog();
    takeOver(catalog, { ...moved('stripe', 'https://api2.stripe.com') });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = `{"catalog": {"stripe": {"labels": ${deep}}, "fixtureCustom": ${JSON.stringify(custom)}}}`;
    const { refused, entries } = verdictOf(catalog, parseUpstream(text));
    expect(refused).toMatchObject([{ name: 'stripe', reason: expect.stringContaining('levels deep') }]);
    expect([...entries.keys()]).toEqual(['stripe', 'fixtureCustom']);
  });

  it('does not grow the catalog without end', () => {
    const catalog = new LiveCatalog();
    const entry = catalog.judge('fixtureCustom', custom) as AcceptedEntry;
    const many = Array.from({ length: CATALOG_ENTRIES_MAX }, (_, n) => [`p${n}`, { ...entry, name: `p${n}` }] as const);
    catalog.replaceUpstream(new Map(many));
    const { refused, entries } = verdictOf(catalog, fileWith({ fixtureCustom: custom }));
    expect(refused).toMatchObject([
      { name: 'fixtureCustom', reason: expect.stringContaining('providers from upstream') },
    ]);
    expect(entries.size).toBe(CATALOG_ENTRIES_MAX);
  });
});
