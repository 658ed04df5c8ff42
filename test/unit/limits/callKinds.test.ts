import { describe, expect, it } from 'vitest';
import type { Quota } from '../../../src/catalog/quotas.ts';
import { kindsOf, knownKinds, pathCounted, patternOf, quotasSpent } from '../../../src/limits/callKinds.ts';

const shared = { scope: 'externalAccount', limit: 1, windowMs: 1000 } as const;
const paths = ['/crm/v3/objects/*/search', '/v(1).0/$count'];
const APART = { method: 'POST', paths, isApart: true } as const;
const BESIDE = { method: 'GET', paths: ['/report'] } as const;
const ALL: Quota = { name: 'all', ...shared };
const SEARCH: Quota = { name: 'search', ...shared, only: APART };
const SEARCH_DAY: Quota = { name: 'searchDay', ...shared, only: { ...APART } };
const REPORT: Quota = { name: 'report', ...shared, only: BESIDE };
const QUOTAS = [ALL, SEARCH, SEARCH_DAY, REPORT];

const namesSpent = (kind: Parameters<typeof quotasSpent>[1]) => quotasSpent(QUOTAS, kind).map(({ name }) => name);

describe('the kinds of calls of a provider', () => {
  it('are none where every quota counts all calls', () => {
    expect(kindsOf([ALL])).toEqual([]);
  });

  it('are there once for all quotas of a kind', () => {
    expect(kindsOf(QUOTAS)).toEqual([APART, BESIDE]);
  });

  it('spend their quotas, beside those of all calls unless they are counted apart', () => {
    expect(namesSpent(null)).toEqual(['all']);
    expect(namesSpent(BESIDE)).toEqual(['all', 'report']);
    expect(namesSpent(APART)).toEqual(['search', 'searchDay']);
  });

  it('are another kind where the same paths are counted each for itself', () => {
    const each: Quota = { name: 'each', ...shared, only: { paths: ['/a', '/b.c'], isEach: true } };
    const together: Quota = { name: 'together', ...shared, only: { paths: ['/a', '/b.c'] } };
    expect(kindsOf([each, together])).toEqual([each.only, together.only]);
    expect(quotasSpent([each, together], each.only ?? null)).toEqual([each]);
  });
});

describe('where each path is counted for itself', () => {
  const counted = (isEach: boolean, address: string) => {
    const only = { paths: ['/lists', '/lists/*', '/lists/*/tags', '/lists/new'], isEach };
    const [known] = knownKinds([{ name: 'each', ...shared, only }]);
    return known === undefined ? null : pathCounted(known, address);
  };

  it.each([
    ['/lists', '/lists'],
    ['/lists/?page=/lists/1', '/lists'],
    ['/lists/a', '/lists/*'],
    ['/lists/b/?x=1', '/lists/*'],
    ['/lists/b/tags', '/lists/*/tags'],
    // The first that it fits.
    ['/lists/new', '/lists/*'],
    ['/lists/b/tags/c', undefined],
    ['/list', undefined],
  ])('%s is counted as %s', (address, path) => {
    expect(counted(true, address)).toBe(path);
    expect(counted(false, address)).toBe(path === undefined ? undefined : '');
  });

  it('paths without a * are counted as they are', () => {
    const [known] = knownKinds([{ name: 'each', ...shared, only: { paths: ['/a', '/b.c'], isEach: true } }]);
    expect(known && pathCounted(known, '/b.c/?d=1')).toBe('/b.c');
  });
});

describe('an address', () => {
  it.each([
    ['/a', '/a'],
    ['/b.c/?d=1', '/b.c'],
    ['/b.c#/a', '/b.c'],
  ])('%s is of the path %s', (address, path) => {
    expect(patternOf({ paths: ['/a', '/b.c'] }).exec(address)?.[1]).toBe(path);
  });

  it.each([
    '/crm/v3/objects/contacts/search',
    '/crm/v3/objects/2-1234/search/',
    '/crm/v3/objects/p_a%2Fb/search?limit=1',
    '/v(1).0/$count',
  ])('%s is of the kind', (path) => {
    expect(patternOf(APART).test(path)).toBe(true);
  });

  it.each([
    '/crm/v3/objects/contacts',
    '/crm/v3/objects/contacts/search/more',
    '/crm/v3/objects/contacts/searches',
    '/crm/v3/objects//search',
    '/crm/v3/objects/a/b/search',
    '/crm/v3/objects/a?x=/search',
    '/x/crm/v3/objects/contacts/search',
    '/v1x0/$count',
  ])('%s is not', (path) => {
    expect(patternOf(APART).test(path)).toBe(false);
  });
});
