import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { type ProviderInfo, providerInfoSchema } from '../../../src/catalog/providerInfo.ts';
import { isAddressTemplate } from '../../../src/catalog/template.ts';
import { fromProviderInfo, type OwnFacts, ownFactsOf, toProviderInfo } from '../../../src/catalog/wire.ts';

const PUBLISHED_SCHEMA = '../shared/reference/openapi/catalog.json';
const declarations = createCatalog().list();

const OWN: OwnFacts = { category: 'other', sources: [], quotas: [], concurrency: [], hiddenErrors: [] };

/** Its host is the service that is called, so that no template of variables can say it. */
const WITHOUT_ADDRESS = new Set(['aws']);

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

  const addressed = declarations.filter(({ name }) => !WITHOUT_ADDRESS.has(name));

  it.each(addressed)('has only resolvable addresses for $name', ({ baseUrl, auth, modules, authHealthCheck }) => {
    const addresses = [baseUrl, ...Object.values(modules).map((module) => module.baseUrl)];
    if (auth.scheme === 'oauth2') addresses.push(auth.tokenUrl);
    if (auth.scheme === 'oauth2' && 'authUrl' in auth) addresses.push(auth.authUrl);
    if (authHealthCheck !== undefined) addresses.push(authHealthCheck.url);
    expect(addresses.filter((address) => !isAddressTemplate(address))).toEqual([]);
  });
});

describe.skipIf(!existsSync(PUBLISHED_SCHEMA))('against the published schema (skipped where it is not at hand)', () => {
  const document: unknown = existsSync(PUBLISHED_SCHEMA) ? JSON.parse(readFileSync(PUBLISHED_SCHEMA, 'utf8')) : {};
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(document as object, 'catalog');

  it.each(declarations)('$name is a valid ProviderInfo', (declaration) => {
    const validate = ajv.compile({ $ref: 'catalog#/components/schemas/ProviderInfo' });
    expect(validate(toProviderInfo(declaration)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...toProviderInfo(declaration), baseURL: 7 })).toBe(false);
  });
});
