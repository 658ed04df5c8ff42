import { describe, expect, it } from 'vitest';
import { hubspot } from '../../../../src/catalog/providers/hubspot.ts';
import { salesforce } from '../../../../src/catalog/providers/salesforce.ts';
import { metadataOf } from '../../../../src/flows/connect/identity.ts';

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

  it('reaches no prototype by a hostile name', () => {
    const providerMetadata = JSON.parse('{"__proto__": {"value": "x"}}') as Record<string, { value: string }>;
    const metadata = metadataOf(hubspot, { providerMetadata });
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
    expect(({} as { value?: string }).value).toBeUndefined();
    expect(JSON.stringify(metadata)).toBe('{"__proto__":{"value":"x","source":"input"}}');
  });
});
