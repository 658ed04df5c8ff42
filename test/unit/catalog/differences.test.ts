import { describe, expect, it } from 'vitest';
import { hostOf } from '../../../src/catalog/addresses.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { entryChange } from '../../../src/catalog/differences.ts';
import type { ProviderDeclaration } from '../../../src/catalog/schema.ts';

const hubspot = createCatalog().get('hubspot');
const oauth2 = hubspot.auth.scheme === 'oauth2' && 'authUrl' in hubspot.auth ? hubspot.auth : null;
const crm = hubspot.modules['crm'];
if (oauth2 === null || crm === undefined) throw new Error('hubspot has a consent page and a module');

const changed = (members: Partial<ProviderDeclaration>) => entryChange(hubspot, { ...hubspot, ...members });

describe('two versions of a provider', () => {
  it('are the same, whatever the order of their members and whatever only we know', () => {
    const { name, ...others } = hubspot;
    expect(entryChange(hubspot, { ...others, quotas: [], name })).toBeNull();
  });

  it('differ field by field, lists of one length too', () => {
    const postAuthentication = [{ name: 'portalId', moduleDependencies: { crm: {} } }];
    expect(changed({ displayName: 'Hub', postAuthentication, inputs: [{ name: 'region' }] })).toEqual({
      name: 'hubspot',
      kind: 'changed',
      fields: [
        { field: 'displayName', from: 'HubSpot', to: 'Hub' },
        { field: 'metadata.postAuthentication.0.name', from: 'ownerId', to: 'portalId' },
        { field: 'metadata.input', from: null, to: [{ name: 'region' }] },
      ],
      hosts: [],
    });
  });

  it('may be none: the provider is new', () => {
    expect(entryChange(undefined, hubspot)).toEqual({ name: 'hubspot', kind: 'added', fields: [], hosts: [] });
  });

  it('take a module of any name for a module', () => {
    expect(changed({ modules: { crm, constructor: crm } })?.fields).toMatchObject([
      { field: 'modules.constructor', from: null },
    ]);
  });
});

describe('a host that credentials did not go to before', () => {
  const elsewhere = 'https://elsewhere.example/x';
  it.each<[string, Partial<ProviderDeclaration>, readonly [string, string | null, string][]]>([
    ['of the API', { baseUrl: elsewhere }, [['baseURL', 'https://api.hubapi.com', 'https://elsewhere.example']]],
    [
      'of the token endpoint',
      { auth: { ...oauth2, tokenUrl: elsewhere } },
      [['oauth2Opts.tokenURL', 'https://api.hubapi.com', 'https://elsewhere.example']],
    ],
    [
      'of the consent page',
      { auth: { ...oauth2, authUrl: elsewhere } },
      [['oauth2Opts.authURL', 'https://app.hubspot.com', 'https://elsewhere.example']],
    ],
    [
      'of a new module',
      { modules: { crm, other: { ...crm, baseUrl: elsewhere } } },
      [['modules.other.baseURL', null, 'https://elsewhere.example']],
    ],
    [
      'only by its port',
      { baseUrl: 'https://api.hubapi.com:8443' },
      [['baseURL', 'https://api.hubapi.com', 'https://api.hubapi.com:8443']],
    ],
    [
      'only by its scheme',
      { baseUrl: 'http://api.hubapi.com' },
      [['baseURL', 'https://api.hubapi.com', 'http://api.hubapi.com']],
    ],
    [
      'that the customer chooses',
      { baseUrl: 'https://{{.workspace}}/api' },
      [['baseURL', 'https://api.hubapi.com', 'https://{{.workspace}}']],
    ],
  ])('%s is told', (_what, members, expected) => {
    expect(changed(members)?.hosts.map(({ field, from, to }) => [field, from, to])).toEqual(expected);
  });

  it('is none if it is only used for something else, or has another path', () => {
    expect(changed({ baseUrl: 'https://app.hubspot.com/v9' })?.hosts).toEqual([]);
    expect(changed({ baseUrl: 'https://API.hubapi.com/v9' })?.hosts).toEqual([]);
  });

  it.each([
    ['https://a.example', 'https://a.example'],
    ['https://A.example:8443/x?y', 'https://a.example:8443'],
    ['https://{{.workspace}}.a.example/x', 'https://{{.workspace}}.a.example'],
    ['{{.origin}}/x', '{{.origin}}'],
    ['https', 'https'],
  ])('of %s is %s', (template, host) => {
    expect(hostOf(template)).toBe(host);
  });
});
