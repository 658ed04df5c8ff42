import { describe, expect, it } from 'vitest';
import { type CatalogOverrides, createCatalog, readCatalogOverrides } from '../../../src/catalog/catalog.ts';
import { resolveTemplate } from '../../../src/catalog/template.ts';

const SANDBOX: CatalogOverrides = {
  hubspot: {
    baseURL: 'http://127.0.0.1:4010',
    oauth2Opts: { authURL: 'http://127.0.0.1:4011/authorize', tokenURL: 'http://127.0.0.1:4011/token' },
    modules: { crm: { baseURL: 'http://127.0.0.1:4010/crm' } },
  },
  salesforce: {
    baseURL: 'http://{{.workspace}}.localhost:4010',
    modules: { crm: { baseURL: 'http://{{.workspace}}.localhost:4010' } },
  },
};

describe('readCatalogOverrides', () => {
  it('refuses text that is not JSON, naming the file and not the text', () => {
    expect(() => readCatalogOverrides('{"a": sk_live_1', 'over.json')).toThrow(/^catalog file over\.json is not valid/);
  });

  it.each(['[]', '"x"', 'null', '1'])('refuses %s, which is not an object of providers', (text) => {
    expect(() => readCatalogOverrides(text, 'over.json')).toThrow('over.json must be an object of providers');
  });

  it('names the provider whose entry is not an object', () => {
    expect(() => readCatalogOverrides('{"hubspot": []}', 'over.json')).toThrow('the entry of "hubspot" must be');
  });

  it('reads what createCatalog takes', () => {
    expect(readCatalogOverrides(JSON.stringify(SANDBOX), 'over.json')).toEqual(SANDBOX);
  });
});

describe('createCatalog', () => {
  it.each<[string, CatalogOverrides, string]>([
    ['an unknown provider', { hubspott: {} }, '"hubspott": name: no such provider; did you mean hubspot?'],
    ['an unknown field', { hubspot: { baseUrl: 'http://x.com' } }, 'Unrecognized key: "baseUrl"'],
    ['an unknown nested field', { hubspot: { oauth2Opts: { authUrl: 'x' } } }, '"hubspot": oauth2Opts: Unrecognized'],
    ['a wrong type', { hubspot: { oauth2Opts: { audience: 'x' } } }, '"hubspot": oauth2Opts.audience: '],
    ['a removed field', { stripe: { baseURL: null } }, '"stripe": baseURL: '],
    ['an address without scheme', { stripe: { baseURL: '127.0.0.1:4010' } }, '"stripe": baseURL: must be an http'],
    [
      'a misspelt variable',
      { salesforce: { modules: { crm: { baseURL: 'http://{{workspace}}.localhost' } } } },
      '"salesforce": modules.crm.baseURL: must be',
    ],
    ['another scheme', { stripe: { authType: 'none' } }, '"stripe": authType: cannot be replaced'],
    ['another name', { stripe: { name: 'x' } }, '"stripe": name: cannot be replaced'],
    ['an incomplete module', { stripe: { modules: { v2: {} } } }, '"stripe": modules.v2.displayName: '],
    ['a header key without header', { stripe: { apiKeyOpts: { attachmentType: 'query' } } }, 'apiKeyOpts.query is req'],
    ['a bad expression', otherField('('), 'otherFields.0.capture: must be a regular expression'],
    ['own facts that are no object', { stripe: { tenon: 7 } }, '"stripe": tenon: must be an object'],
    ['an unknown own fact', { stripe: { tenon: { quota: [] } } }, '"stripe": tenon: Unrecognized key: "quota"'],
    [
      'a wrong own fact',
      { hubspot: { tenon: { tokens: { rotation: 'never' } } } },
      '"hubspot": tenon.tokens.rotation: ',
    ],
    [
      'an unknown family of rate headers',
      { hubspot: { tenon: { rateHeaders: { family: 'hubspto' } } } },
      '"hubspot": tenon.rateHeaders.family: ',
    ],
    [
      'an own address without scheme',
      { hubspot: { tenon: { tokens: { revocationUrl: 'hubapi.com' } } } },
      '"hubspot": tenon.tokens.revocationUrl: must be an http',
    ],
  ])('refuses %s, naming provider and field', (_, overrides, message) => {
    expect(() => createCatalog(overrides)).toThrow(message);
  });

  it('corrects own facts: a plan with a higher quota, a provider that began to rotate tokens', () => {
    const quotas = [{ name: 'burst', scope: 'externalAccount', limit: 190, windowMs: 10_000 }];
    const catalog = createCatalog({ hubspot: { tenon: { quotas, tokens: { rotation: 'singleUseRevoking' } } } });
    const { auth, ...hubspot } = catalog.get('hubspot');
    expect(hubspot.quotas).toEqual(quotas);
    expect(hubspot.rateHeaders).toEqual({ family: 'hubspot', quotas: { burst: 'burst', search: 'search' } });
    expect(auth).toMatchObject({ tokens: { clientAuthentication: 'requestBody', rotation: 'singleUseRevoking' } });
  });

  it('tells how an unknown gateway speaks of limits', () => {
    const rateHeaders = { family: 'github', quotas: { core: 'live' } };
    expect(createCatalog({ stripe: { tenon: { rateHeaders } } }).get('stripe').rateHeaders).toEqual({
      family: 'github',
      quotas: { 'global-rate': 'live', core: 'live' },
    });
  });

  it('takes a __proto__ key as an unknown key and leaves prototypes alone', () => {
    const overrides = readCatalogOverrides('{"stripe": {"__proto__": {"polluted": true}}}', 'over.json');
    expect(() => createCatalog(overrides)).toThrow('Unrecognized key');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('replaces only the facts that an override names', () => {
    const plain = createCatalog();
    const catalog = createCatalog(SANDBOX);
    const hubspot = catalog.get('hubspot');
    expect(hubspot).toEqual({
      ...plain.get('hubspot'),
      baseUrl: 'http://127.0.0.1:4010',
      auth: {
        ...plain.get('hubspot').auth,
        authUrl: 'http://127.0.0.1:4011/authorize',
        tokenUrl: 'http://127.0.0.1:4011/token',
      },
      modules: { crm: { ...plain.get('hubspot').modules['crm'], baseUrl: 'http://127.0.0.1:4010/crm' } },
    });
    expect(resolveTemplate(catalog.get('salesforce').baseUrl, { workspace: 'acme' })).toBe(
      'http://acme.localhost:4010',
    );
    expect(catalog.get('salesforce').auth).toEqual(plain.get('salesforce').auth);
    expect(catalog.get('stripe')).toBe(plain.get('stripe'));
  });
});

describe('a catalog', () => {
  const catalog = createCatalog();

  it.each([
    ['hubspto', 'did you mean hubspot?'],
    ['Stripe', 'did you mean stripe?'],
    ['salesfroce', 'did you mean salesforce, salesflare?'],
  ])('answers %s with near names', (name, message) => {
    expect(() => catalog.get(name)).toThrow(message);
  });

  it.each(['toString', '__proto__', '', 'x'.repeat(1000)])('does not find %j', (name) => {
    expect(catalog.find(name)).toBeUndefined();
    expect(() => catalog.get(name)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('lists its providers by name', () => {
    const names = catalog.list().map(({ name }) => name);
    expect(names).toHaveLength(238);
    expect(names).toEqual(names.toSorted());
    expect(catalog.find('stripe')).toBe(catalog.get('stripe'));
  });
});

function otherField(capture: string): CatalogOverrides {
  const field = { name: 'x', displayName: 'X', path: 'x', capture };
  return { hubspot: { oauth2Opts: { tokenMetadataFields: { otherFields: [field] } } } };
}
