import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { LiveCatalog } from '../../../src/catalog/liveCatalog.ts';
import type { ProviderDeclaration } from '../../../src/catalog/schema.ts';
import { changeLines, listItem, listLines, providerLines } from '../../../src/cli/catalogLayout.ts';
import { FIXTURES } from '../catalog/mutations.ts';

const BUILT_IN = { isBuiltIn: true, isUpstream: false, isOverridden: false };
const catalog = createCatalog();

/** A provider that is not built in. */
function fixture(name: string): ProviderDeclaration {
  const entry = new LiveCatalog().judge(name, FIXTURES[name] ?? null);
  if ('reason' in entry) throw new Error(entry.reason);
  return entry.declaration;
}

describe('a list of providers', () => {
  it('is in columns, with what can be done in words', () => {
    const items = [catalog.get('stripe'), fixture('fixtureOAuth')].map((declaration) =>
      listItem(declaration, BUILT_IN),
    );
    expect(listLines(items)).toEqual([
      'stripe        Stripe   finance  apiKey  read write proxy subscribe',
      'fixtureOAuth  Fixture  other    oauth2  proxy',
    ]);
  });

  it('may be empty', () => {
    expect(listLines([])).toEqual([]);
  });

  it('says where nothing can be done', () => {
    const item = listItem(catalog.get('stripe'), BUILT_IN);
    const none = { ...item.support, read: false, write: false, proxy: false, subscribe: false };
    expect(listLines([{ ...item, support: none }])).toEqual(['stripe  Stripe  finance  apiKey  nothing yet']);
  });
});

describe('a provider', () => {
  const linesOf = (declaration: ProviderDeclaration) => providerLines(declaration, BUILT_IN, '').join('\n');

  it('with OAuth 2 tells addresses, modules, limits and what is known of its tokens', () => {
    const text = linesOf(catalog.get('salesforce'));
    expect(text).toMatch(/signs in by +OAuth 2 with a consent page and PKCE\n/);
    expect(text).toMatch(/tokens +https:\/\/\{\{\.workspace\}\}\.my\.salesforce\.com\/services\/oauth2\/token\n/);
    expect(text).toMatch(/crm +Salesforce \(default\), https:/);
    expect(text).toMatch(/longRunning +20 calls at the same time per account\n/);
    expect(text).toMatch(/unused grant +ends after 30 days$/m);
    expect(text).toMatch(/facts from\n {2}https:\/\/\S+$/m);
    expect(linesOf(fixture('fixtureOAuth'))).toMatch(/refresh token +nobody knows; treated as one that works once\n/);
    expect(linesOf(catalog.get('hubspot'))).toMatch(/burst +110 calls in 10 seconds per account and provider app\n/);
  });

  it.each([
    ['stripe', /signs in by +API key in the header Authorization\n/],
    ['freshdesk', /signs in by +API key, sent as Basic\n/],
    ['salesforceJWT', /signs in by +a key of the customer, which signs assertions \(JWT\)\n/],
    ['microsoftAdminConsent', /signs in by +the consent of an administrator\n/],
    ['redtail', /signs in by +user name and password, exchanged once for a key\n/],
  ])('%s tells what the customer has', (name, says) => {
    expect(linesOf(catalog.get(name))).toMatch(says);
  });

  it('with inputs of its own tells them, and where it comes from', () => {
    const origin = { isBuiltIn: false, isUpstream: true, isOverridden: true };
    const lines = providerLines(fixture('fixtureCustom'), origin, 'https://c.example of today');
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}comes from +upstream https:\/\/c\.example of today, then TENON_/),
    );
    expect(lines.join('\n')).toMatch(
      /asks the customer for\n {2}region {2}region\n {2}apiKey {2}API key\n {2}user {4}User/,
    );
  });
});

describe('a change', () => {
  it('shows long values in part, new hosts at the end', () => {
    const fields = [{ field: 'labels', from: null, to: { a: 'x'.repeat(500) } }];
    const hosts = [{ field: 'modules.a.baseURL', from: null, to: 'https://a.example' }];
    const [head, labels = '', host] = changeLines({ name: 'stripe', kind: 'changed', fields, hosts });
    expect([head, host]).toEqual(['~ stripe', '    ! credentials would go to https://a.example (modules.a.baseURL)']);
    expect(labels).toMatch(/^ {4}labels: nothing → \{"a":"x+…$/);
    expect(labels.length).toBeLessThan(140);
  });
});
