// Our declarations against the published catalog, fact by fact. What differs on purpose is listed here with its reason;
// everything else is a mistake of ours or news of theirs.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { providerInfoSchema } from '../../../src/catalog/providerInfo.ts';
import { fromProviderInfo, toProviderInfo } from '../../../src/catalog/wire.ts';
import { isJsonObject, type JsonValue } from '../../../src/core/json.ts';

const FILE = '../shared/reference/upstream-catalog.json';
const published = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as { catalog: Record<string, JsonValue> }).catalog
  : {};
const catalog = createCatalog();

/** `provider path` → why ours says something else. */
const DELIBERATE: Readonly<Record<string, string>> = {
  'aircall apiKeyOpts.header.valuePrefix': 'RFC 7617 wants a space between scheme and value',
  'atlassian oauth2Opts.authURLParams': 'without audience and consent the authorization server issues no usable grant',
  'close oauth2Opts.tokenURL': 'the vendor documents a trailing slash; a redirect would turn the POST into a GET',
  'dropbox oauth2Opts.authURLParams':
    'without offline access there is no refresh token, and the grant lasts four hours',
  'figma oauth2Opts.tokenURL': 'the published address was switched off by the vendor',
  'freshdesk basicOpts': 'one API key is enough, any password goes with it',
  'gong oauth2Opts.tokenMetadataFields.otherFields': 'the base address is a variable that only the token answer knows',
  'notion oauth2Opts.authURLParams': 'the page picker of a public integration needs the owner',
  'wrike baseURL': 'accounts live on hosts that only the token answer names',
  'wrike oauth2Opts.tokenMetadataFields.otherFields': 'accounts live on hosts that only the token answer names',
};

/** Prose is our own, so only its presence is compared. A vendor's page stands where a guide of the platform stood. */
function isProse(path: string): boolean {
  return /\.prompt$/.test(path);
}

function isOtherGuide(path: string, theirs: JsonValue | undefined): boolean {
  return /docsURL$/.test(path) && typeof theirs === 'string' && theirs.includes('docs.withampersand.com');
}

/** Paths at which two values differ; lists are compared place by place. */
function differences(ours: JsonValue | undefined, theirs: JsonValue | undefined, path: string): string[] {
  if (isProse(path) && typeof ours === typeof theirs) return [];
  if (isOtherGuide(path, theirs) && typeof ours === 'string') return [];
  // Ten addresses of pictures are published with a space before them.
  if (path.startsWith('media') && typeof theirs === 'string') return ours === theirs.trim() ? [] : [path];
  const [a, b] = [membersOf(ours), membersOf(theirs)];
  if (a === null || b === null) return ours === theirs ? [] : [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differences(a[key], b[key], path === '' ? key : `${path}.${key}`),
  );
}

function membersOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue | undefined>> | null {
  if (Array.isArray(value)) return Object.fromEntries(Object.entries(value));
  return isJsonObject(value) ? value : null;
}

describe.skipIf(!existsSync(FILE))('the built-in catalog (skipped where the published one is not at hand)', () => {
  it('has every published provider and no other', () => {
    expect(catalog.list().map(({ name }) => name)).toEqual(Object.keys(published).toSorted());
  });

  it.each(Object.keys(published))('says the published facts of %s, but for what is listed', (name) => {
    const { providerOpts, ...ours } = toProviderInfo(catalog.get(name));
    const found = differences(ours as unknown as JsonValue, published[name], '').map((path) => `${name} ${path}`);
    const listed = Object.keys(DELIBERATE).filter((key) => key.startsWith(`${name} `));
    const unlisted = found.filter((path) => !listed.some((key) => path === key || path.startsWith(`${key}.`)));
    expect(unlisted).toEqual([]);
    // A difference that is gone must leave the list.
    expect(listed.filter((key) => !found.some((path) => path === key || path.startsWith(`${key}.`)))).toEqual([]);
  });

  it.each(Object.keys(published))('can carry %s without loss', (name) => {
    const info = providerInfoSchema.parse(published[name]);
    const own = { category: 'other', sources: [], quotas: [], concurrency: [], hiddenErrors: [] } as const;
    const { providerOpts, ...written } = toProviderInfo(fromProviderInfo(info, own));
    expect(written).toEqual(info);
  });

  it('would notice another address, a missing member and one too many', () => {
    const theirs: JsonValue = { a: { url: 'https://x' }, list: [{ n: 1 }] };
    expect(differences({ a: { url: 'https://y' }, list: [{ n: 1 }] }, theirs, '')).toEqual(['a.url']);
    expect(differences({ a: {}, list: [{ n: 1 }, { n: 2 }] }, theirs, '')).toEqual(['a.url', 'list.1']);
  });
});
