import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { type ProviderInfo, providerInfoSchema } from '../../../src/catalog/providerInfo.ts';
import type { ProviderDeclaration } from '../../../src/catalog/schema.ts';
import { isAddressTemplate } from '../../../src/catalog/template.ts';
import { fromProviderInfo, type OwnFacts, toProviderInfo } from '../../../src/catalog/wire.ts';

const PUBLISHED_SCHEMA = '../shared/reference/openapi/catalog.json';
const PUBLISHED_CATALOG = '../shared/reference/upstream-catalog.json';
const declarations = createCatalog().list();

const OWN: OwnFacts = {
  category: 'other',
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
  tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
};

function ownFactsOf({ auth, category, quotas, concurrency, hiddenErrors }: ProviderDeclaration): OwnFacts {
  return { category, quotas, concurrency, hiddenErrors, tokens: auth.scheme === 'oauth2' ? auth.tokens : OWN.tokens };
}

describe('fromProviderInfo', () => {
  const base = toProviderInfo(createCatalog().get('stripe'));

  it.each<[ProviderInfo['authType'], string]>([['oauth2', 'oauth2Opts']])(
    'refuses authType %s without %s',
    (authType, field) => {
      expect(() => fromProviderInfo({ ...base, authType }, OWN)).toThrow(
        `${field} is required with authType ${authType}`,
      );
    },
  );

  it('refuses a consent page grant without authURL', () => {
    const oauth2Opts = {
      grantType: 'authorizationCode' as const,
      tokenURL: 'https://x.com',
      explicitScopesRequired: false,
      explicitWorkspaceRequired: false,
      tokenMetadataFields: {},
    };
    expect(() => fromProviderInfo({ ...base, authType: 'oauth2', oauth2Opts }, OWN)).toThrow('oauth2Opts.authURL');
  });

  it.each(declarations)('reads back what was written of $name', (declaration) => {
    expect(fromProviderInfo(toProviderInfo(declaration), ownFactsOf(declaration))).toEqual(declaration);
  });
});

describe('toProviderInfo', () => {
  it.each(declarations)('gives $name in a form that passes our schema, with the empty providerOpts', (declaration) => {
    const info = toProviderInfo(declaration);
    expect(providerInfoSchema.parse(info)).toEqual(info);
    expect(info.providerOpts).toEqual({});
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  });

  it.each(declarations)('has only resolvable addresses for $name', ({ baseUrl, auth, modules, authHealthCheck }) => {
    const addresses = [baseUrl, ...Object.values(modules).map((module) => module.baseUrl)];
    if (auth.scheme === 'oauth2') addresses.push(auth.tokenUrl);
    if (auth.scheme === 'oauth2' && 'authUrl' in auth) addresses.push(auth.authUrl);
    if (authHealthCheck !== undefined) addresses.push(authHealthCheck.url);
    expect(addresses.filter((address) => !isAddressTemplate(address))).toEqual([]);
  });
});

describe.skipIf(!existsSync(PUBLISHED_SCHEMA))('against the published schema (skipped where it is not at hand)', () => {
  it.each(declarations)('$name is a valid ProviderInfo', (declaration) => {
    const document: unknown = JSON.parse(readFileSync(PUBLISHED_SCHEMA, 'utf8'));
    const ajv = new Ajv({ strict: false });
    ajv.addSchema(document as object, 'catalog');
    const validate = ajv.compile({ $ref: 'catalog#/components/schemas/ProviderInfo' });
    expect(validate(toProviderInfo(declaration)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...toProviderInfo(declaration), baseURL: 7 })).toBe(false);
  });
});

describe.skipIf(!existsSync(PUBLISHED_CATALOG))(
  'against the published catalog (skipped where it is not at hand)',
  () => {
    const published = existsSync(PUBLISHED_CATALOG)
      ? (JSON.parse(readFileSync(PUBLISHED_CATALOG, 'utf8')) as { catalog: Record<string, unknown> }).catalog
      : {};

    it.each(declarations)('says the same facts about $name', (declaration) => {
      const { providerOpts, basicOpts, ...info } = toProviderInfo(declaration);
      expect(info).toEqual(published[declaration.name]);
      // The published entry asks for user name and password; ours adds that one API key is enough.
      if (declaration.name !== 'freshdesk') expect(basicOpts).toBeUndefined();
    });

    it.each(Object.keys(published))('can carry %s without loss', (name) => {
      const info = providerInfoSchema.parse(published[name]);
      const { providerOpts, ...written } = toProviderInfo(fromProviderInfo(info, OWN));
      expect(written).toEqual(info);
    });
  },
);
