// Declared facts in plain words, as more than one page or section says them.

import type { Support } from '../../src/catalog/providerInfo.ts';
import type { QuotaScope } from '../../src/catalog/quotas.ts';
import { type AuthDeclaration, isAuthorizationCode, type ProviderDeclaration } from '../../src/catalog/schema.ts';
import { templateVariables } from '../../src/catalog/template.ts';
import { requiredVariables } from '../../src/flows/connect/identity.ts';
import { code, count, listed } from './markdown.ts';

/** Providers that Tenon cannot call, with the reason; a test holds that there are no others. */
export const NOT_CALLABLE: Readonly<Record<string, string>> = {
  aws:
    'Calls must be signed with Signature Version 4, which Tenon does not do, and the published entry names no host. ' +
    'It cannot be connected yet.',
  snowflake:
    'It is reached with a SQL client and not over HTTP: there is nothing that a credential could be attached to. ' +
    'It cannot be connected.',
};

/** What a declaration cannot say and Tenon does not do, where a connection suffers from it. */
export const CAVEATS: Readonly<Record<string, string>> = {
  instagram:
    'Tenon does not exchange the token of one hour for the long one: a connection ends after an hour, and the ' +
    'customer has to connect again.',
  shopify:
    'Tenon does not send `expiring=1` with the code: the token is the permanent one, which Shopify gives to custom ' +
    'apps and no longer to public ones.',
};

/** Providers whose objects Tenon reads; the same test compares them with the connectors. */
export const READ_TODAY: readonly string[] = ['hubspot', 'salesforce'];

/** How one signs in, for a line of facts. */
export function schemeOf(auth: AuthDeclaration): string {
  switch (auth.scheme) {
    case 'oauth2':
      return {
        authorizationCode: 'OAuth 2, authorization code',
        authorizationCodePKCE: 'OAuth 2, authorization code with PKCE',
        clientCredentials: 'OAuth 2, client credentials',
        password: 'OAuth 2, user name and password',
      }[auth.grantType];
    case 'apiKey':
      return 'API key';
    case 'basic':
      return auth.apiKeyAsBasic === undefined ? 'HTTP Basic' : 'API key as HTTP Basic';
    case 'custom':
      return customSchemeOf(auth);
    case 'jwt':
      return 'JWT';
    case 'none':
      return 'open';
  }
}

function customSchemeOf({ exchange, headers }: Extract<AuthDeclaration, { scheme: 'custom' }>): string {
  if (exchange === undefined) return headers.length === 0 ? 'none over HTTP' : 'own headers';
  return {
    assertion: 'signed assertion (JWT)',
    consent: 'consent of an administrator',
    login: 'login, exchanged for a key',
  }[exchange.kind];
}

/** A variant that is called like its base has its catalog name beside it. */
export function titleOf(
  { name, displayName, variantOf }: ProviderDeclaration,
  all: readonly ProviderDeclaration[],
): string {
  const isShared = all.some((other) => other.name === variantOf && other.displayName === displayName);
  return isShared ? `${displayName} (${name})` : displayName;
}

/** What is published as supported, in words. */
export function supportOf(support: Support): readonly string[] {
  const { bulkWrite, batchWrite, search } = support;
  const bulk = (['insert', 'update', 'upsert', 'delete'] as const).filter((action) => bulkWrite[action]);
  const batch = (['create', 'update', 'upsert', 'delete'] as const).filter(
    (action) => batchWrite?.[action].supported === true,
  );
  const most = batchWrite?.create.defaultRecordLimit;
  return [
    ...(['read', 'write', 'delete', 'subscribe'] as const).filter((action) => support[action]),
    ...(search.operators.equals ? ['search'] : []),
    ...(bulk.length === 0 ? [] : [`bulk write (${bulk.join(', ')})`]),
    ...(batch.length === 0
      ? []
      : [`batch write (${batch.join(', ')}${most === undefined ? '' : `; ${most} records`})`]),
    ...(support.proxy ? ['proxy'] : []),
  ];
}

export const SHARED_BY: Readonly<Record<QuotaScope, string>> = {
  providerApp: 'all customers of the provider app',
  externalAccount: 'everybody who uses the account',
  appInAccount: 'everybody who uses the account through the provider app',
  user: 'the user',
  sourceAddress: 'everything that calls from the address of this server',
};

/** The same, as what a number is counted for. */
export const COUNTED_PER: Readonly<Record<QuotaScope, string>> = {
  providerApp: 'provider app',
  externalAccount: 'account',
  appInAccount: 'account and provider app',
  user: 'user',
  sourceAddress: 'calling address',
};

/** The names that must be there before anything is sent: those of addresses, and of claims of an assertion. */
export function neededNames(declaration: ProviderDeclaration): readonly string[] {
  const { auth } = declaration;
  const exchange = auth.scheme === 'custom' ? auth.exchange : undefined;
  const claims = exchange?.kind === 'assertion' ? [exchange.issuer, exchange.subject ?? '', exchange.audience] : [];
  const typed = auth.scheme === 'custom' ? auth.inputs.map(({ name }) => name) : [];
  // `client_email` stands in the key file of a service account.
  const named = claims.flatMap(templateVariables).filter((name) => !typed.includes(name) && name !== 'client_email');
  return [...new Set([...requiredVariables(declaration), ...named])];
}

/** Every address of a provider that has a place for a variable. */
export function addressesOf({ baseUrl, modules, auth, accountLookup }: ProviderDeclaration): readonly string[] {
  const addresses = [baseUrl, ...Object.values(modules).map((module) => module.baseUrl)];
  if (auth.scheme === 'oauth2') addresses.push(auth.tokenUrl);
  if (isAuthorizationCode(auth)) addresses.push(auth.authUrl);
  if (auth.scheme === 'custom' && auth.exchange !== undefined && 'tokenUrl' in auth.exchange) {
    addresses.push(auth.exchange.tokenUrl);
  }
  return accountLookup === undefined ? addresses : [...addresses, accountLookup.url];
}

/** What nobody types and the builder's calls may need, by where it is learned. */
export function learnedLines(declaration: ProviderDeclaration): readonly string[] {
  const { auth, accountLookup, postAuthentication } = declaration;
  const fields = isAuthorizationCode(auth) ? (auth.callbackFields ?? []) : [];
  const others = auth.scheme === 'oauth2' ? (auth.tokenMetadata.otherFields ?? []) : [];
  const isConsent = auth.scheme === 'custom' && auth.exchange?.kind === 'consent';
  const sources: readonly (readonly [name: string, from: string])[] = [
    ...fields.map(({ name, param, oneOf }) => [name, `${code(param)} in the callback${knownValues(oneOf)}`] as const),
    ...others.map(({ name, path }) => [name, `${code(path)} in the token answer`] as const),
    ...(accountLookup?.values ?? []).map(({ name, path }) => [name, `${code(path)} of the account lookup`] as const),
    ...(isConsent ? [[auth.exchange.tenantParam, 'the callback of the consent page'] as const] : []),
  ];
  const known = [...Map.groupBy(sources, ([, from]) => from)].map(
    ([from, entries]) =>
      `${listed(entries.map(([name]) => code(name)))} come${entries.length > 1 ? '' : 's'} from ${from}.`,
  );
  const unknown = postAuthentication.filter(({ name }) => !sources.some(([found]) => found === name));
  if (unknown.length === 0) return known;
  const names = listed(unknown.map(({ name }) => code(name)));
  return [...known, `${names} would be asked for after connecting; Tenon does not ask yet.`];
}

function knownValues(oneOf: Readonly<Record<string, string>> | undefined): string {
  return oneOf === undefined ? '' : `, which has ${count(Object.keys(oneOf).length)} known values`;
}

/** Whether some address differs between customers. */
export function hasOwnAddresses(declaration: ProviderDeclaration): boolean {
  return addressesOf(declaration).some((address) => templateVariables(address).length > 0);
}
