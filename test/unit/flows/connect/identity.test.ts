import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../../src/catalog/catalog.ts';
import { hubspot } from '../../../../src/catalog/providers/hubspot.ts';
import { salesforce } from '../../../../src/catalog/providers/salesforce.ts';
import { metadataOf } from '../../../../src/flows/connect/identity.ts';

const builtIn = createCatalog();

describe('the metadata of a connection', () => {
  it.each<[string, Parameters<typeof metadataOf>[1]]>([
    ['nothing was typed', {}],
    ['the workspace is empty', { providerWorkspaceRef: '' }],
    ['only other things were typed', { providerMetadata: { region: { value: 'eu' } } }],
    ['the workspace is empty in the other form', { providerMetadata: { workspace: { value: '' } } }],
  ])('is refused where the address needs a workspace and %s', (_what, input) => {
    expect(() => metadataOf(salesforce, input)).toThrowError(
      expect.objectContaining({
        code: 'bad_request',
        message: 'Salesforce needs "workspace" (Subdomain)',
        issues: [{ in: 'body', name: 'providerMetadata.workspace', detail: 'is required' }],
      }),
    );
  });

  it.each(['evil.example/', 'acme@evil', 'a b', '../x', 'acme:8080', 'acme#', '-acme', 'a..b', 'x'.repeat(600)])(
    'is refused where the workspace %j makes no address of the provider',
    (providerWorkspaceRef) => {
      const make = () => metadataOf(salesforce, { providerWorkspaceRef });
      expect(make).toThrowError(expect.objectContaining({ code: 'bad_request' }));
    },
  );

  it.each([
    ['acme', 'acme'],
    ['https://acme.my.salesforce.com', 'acme'],
    ['https://acme.my.salesforce.com/lightning/page', 'acme'],
    ['acme.my.salesforce.com', 'acme'],
    ['acme--dev.sandbox', 'acme--dev.sandbox'],
  ])('reduces %s to what is asked for', (typed, workspace) => {
    expect(metadataOf(salesforce, { providerWorkspaceRef: typed })).toEqual({
      workspace: { value: workspace, source: 'input' },
    });
  });

  it('takes the newer form over the older one, and keeps where a value came from', () => {
    const providerMetadata = {
      workspace: { value: 'beta', source: 'provider', displayName: 'Beta' },
      other: { value: 'x' },
    } as const;
    expect(metadataOf(salesforce, { providerWorkspaceRef: 'acme', providerMetadata })).toEqual({
      workspace: { value: 'beta', source: 'provider', displayName: 'Beta' },
      other: { value: 'x', source: 'input' },
    });
  });

  it('may be empty where the address needs nothing', () => {
    expect(metadataOf(hubspot, {})).toEqual({});
  });

  it.each([
    ['coupa', { workspace: 'acme.coupahost.com.evil.example' }],
    ['coupa', { workspace: 'evil.example' }],
    ['coupa', { workspace: 'acme.coupahost.com\nevil.example' }],
    ['talkdesk', { workspace: 'acme', talkdesk_token_domain: 'evil.example' }],
    ['talkdesk', { workspace: 'acme', talkdesk_token_domain: 'talkdeskid.comm' }],
    ['zoho', { zoho_token_domain: 'evil.example' }],
    ['zoho', { zoho_token_domain: 'constructor' }],
  ])('of %s sends the secret of a provider app nowhere else: %j', (provider, values) => {
    const providerMetadata = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
    expect(() => metadataOf(builtIn.get(provider), { providerMetadata })).toThrowError(
      expect.objectContaining({ code: 'bad_request' }),
    );
  });

  it.each([
    ['coupa', { workspace: 'https://Acme.coupahost.com/' }, 'acme.coupahost.com'],
    ['coupa', { workspace: 'acme-test.coupacloud.com' }, 'acme-test.coupacloud.com'],
    ['talkdesk', { workspace: 'acme', talkdesk_token_domain: 'talkdeskidca.com' }, 'acme'],
  ])('of %s takes its own domains: %j', (provider, values, workspace) => {
    const providerMetadata = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
    expect(metadataOf(builtIn.get(provider), { providerMetadata })['workspace']?.value).toBe(workspace);
  });

  it('is refused where there is no address to call, and where a workspace is needed for other reasons', () => {
    expect(() => metadataOf(builtIn.get('aws'), {})).toThrowError(/has no address that could be called/);
    expect(() => metadataOf(builtIn.get('atlassian'), {})).toThrowError(/needs "workspace"/);
  });

  it('reaches no prototype by a hostile name', () => {
    const providerMetadata = JSON.parse('{"__proto__": {"value": "x"}}') as Record<string, { value: string }>;
    const metadata = metadataOf(hubspot, { providerMetadata });
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
    expect(({} as { value?: string }).value).toBeUndefined();
    expect(JSON.stringify(metadata)).toBe('{"__proto__":{"value":"x","source":"input"}}');
  });
});
