// Who connects what: the part that every way of connecting shares. Called by the edge with validated bodies.

import {
  type CallbackField,
  isAuthorizationCode,
  type ProviderDeclaration,
  tokenFactsOf,
} from '../../catalog/schema.ts';
import { isAddressTemplate, normalizeVariable, resolveTemplate, templateVariables } from '../../catalog/template.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';

/** A value that a provider's addresses or calls need, and where it came from (wire: `ProviderMetadataInfo`). */
export interface MetadataItem {
  readonly value: string;
  readonly source: 'input' | 'token' | 'provider';
  readonly displayName?: string | undefined;
}

export type ProviderMetadata = Readonly<Record<string, MetadataItem>>;

export interface ConnectIdentity {
  readonly projectId: ProjectId;
  readonly provider: string;
  readonly groupRef: string;
  readonly groupName: string;
  readonly consumerRef: string;
  readonly consumerName: string;
  readonly metadata: ProviderMetadata;
}

/** What a body says about metadata, in its two forms. */
export interface MetadataInput {
  readonly providerWorkspaceRef?: string | undefined;
  readonly providerMetadata?:
    | Readonly<
        Record<
          string,
          {
            readonly value: string;
            readonly source?: MetadataItem['source'] | undefined;
            readonly displayName?: string | undefined;
          }
        >
      >
    | undefined;
}

/**
 * The metadata of a connection from what was typed. A pasted address is reduced to the part that is asked for. Before
 * a login the workspace may be missing where the provider has a common one, which tells it. Rejects with `bad_request`
 * if an address of the provider cannot be made from it.
 */
export function metadataOf(
  declaration: ProviderDeclaration,
  input: MetadataInput,
  isBeforeLogin = false,
): ProviderMetadata {
  const given = new Map<string, MetadataItem>();
  if (input.providerWorkspaceRef !== undefined && input.providerWorkspaceRef !== '') {
    given.set('workspace', { value: input.providerWorkspaceRef, source: 'input' });
  }
  for (const [name, item] of Object.entries(input.providerMetadata ?? {})) {
    if (item.value !== '') given.set(name, { ...item, source: item.source ?? 'input' });
  }
  for (const name of requiredVariables(declaration)) {
    const item = given.get(name) ?? defaultOf(declaration, name);
    if (item === undefined && name === 'workspace' && isBeforeLogin && hasCommonLogin(declaration)) continue;
    if (item === undefined) {
      const asked = declaration.inputs.find((field) => field.name === name)?.displayName ?? name;
      throw new IntegrationError('bad_request', `${declaration.displayName} needs "${name}" (${asked})`, {
        issues: [{ in: 'body', name: `providerMetadata.${name}`, detail: 'is required' }],
      });
    }
    given.set(name, { ...item, value: normalizeVariable(declaration.baseUrl, name, item.value) });
  }
  const metadata = Object.fromEntries(given);
  assertOwnDomains(declaration, metadata);
  if (!isAddressTemplate(declaration.baseUrl)) {
    throw new IntegrationError('bad_request', `${declaration.displayName} has no address that could be called`, {
      remedy: 'Its calls need more than a credential; it is listed, but cannot be connected yet.',
    });
  }
  // Told to who types it, now, and not to whoever makes the first call.
  assertAddresses(declaration, metadata);
  return metadata;
}

/**
 * Values that decide where the client secret of the builder goes, when a customer typed them: those of `inputPatterns`,
 * and those that the callback brings, if somebody names them beforehand.
 */
function assertOwnDomains(declaration: ProviderDeclaration, given: ProviderMetadata): void {
  const { displayName, auth, inputPatterns = {} } = declaration;
  const typed = Object.entries(inputPatterns).map(([name, matches]): ClosedValue => ({ name, matches }));
  const brought: readonly ClosedValue[] = isAuthorizationCode(auth) ? (auth.callbackFields ?? []) : [];
  for (const { name, oneOf = {}, matches } of [...typed, ...brought]) {
    const value = given[name]?.value;
    const isMatch = value !== undefined && matches !== undefined && new RegExp(matches).test(value);
    if (value === undefined || isMatch || Object.values(oneOf).includes(value)) continue;
    throw new IntegrationError('bad_request', `"${name}" is no value that ${displayName} has`, {
      issues: [
        {
          in: 'body',
          name: `providerMetadata.${name}`,
          detail: `must be ${matches ?? Object.values(oneOf).join(', ')}`,
        },
      ],
    });
  }
}

type ClosedValue = Pick<CallbackField, 'name' | 'oneOf' | 'matches'>;

/**
 * Rejects with `bad_request` if a value would change one of the provider's addresses. Those that still miss a value
 * are left: it may be learned, or belong to a module that nobody uses.
 */
export function assertAddresses(declaration: ProviderDeclaration, metadata: ProviderMetadata): void {
  const variables = variablesIn(metadata);
  for (const template of addressesOf(declaration)) {
    const names = templateVariables(template);
    const isFilled = names.length > 0 && names.every((name) => Object.hasOwn(variables, name));
    if (isFilled) resolveTemplate(template, variables);
  }
}

/** Every address that a connection may be used at. */
function addressesOf(declaration: ProviderDeclaration): readonly string[] {
  const { modules, accountLookup, authHealthCheck } = declaration;
  const tokens = tokenFactsOf(declaration);
  const others = [accountLookup?.url, authHealthCheck?.url, tokens?.refreshUrl, tokens?.revocationUrl];
  return [
    ...mainAddressesOf(declaration),
    ...Object.values(modules).map(({ baseUrl }) => baseUrl),
    ...others.filter((address) => address !== undefined),
  ];
}

/** The address of the API, and those that a credential is had at. */
function mainAddressesOf({ auth, baseUrl }: ProviderDeclaration): readonly string[] {
  const addresses = [baseUrl];
  if (auth.scheme === 'oauth2') addresses.push(auth.tokenUrl);
  if (isAuthorizationCode(auth)) addresses.push(auth.authUrl);
  if (auth.scheme === 'custom' && auth.exchange?.kind === 'assertion') addresses.push(auth.exchange.tokenUrl);
  if (auth.scheme === 'custom' && auth.exchange?.kind === 'login') addresses.push(auth.exchange.url);
  return addresses;
}

/** A declared default stands for what is the same for most; the name of somebody's own account never is. */
function defaultOf({ inputs }: ProviderDeclaration, name: string): MetadataItem | undefined {
  const value = name === 'workspace' ? undefined : inputs.find((field) => field.name === name)?.defaultValue;
  return value === undefined ? undefined : { value, source: 'input' };
}

function hasCommonLogin({ auth }: ProviderDeclaration): boolean {
  return isAuthorizationCode(auth) && auth.commonLogin !== undefined;
}

/** The template variables in metadata. */
export function variablesIn(metadata: ProviderMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, { value }]) => [name, value]));
}

/** What a provider's addresses need and nobody types: the callback, the token answer or a call after it says it. */
export function learnedVariables(declaration: ProviderDeclaration): string[] {
  const { accountLookup, postAuthentication } = declaration;
  const asked = [...(accountLookup?.values ?? []), ...postAuthentication];
  return [...toldVariables(declaration), ...asked.map(({ name }) => name)];
}

/** Those of them that only connecting through the provider's own page brings. */
export function toldVariables({ auth }: ProviderDeclaration): string[] {
  const fromToken = auth.scheme === 'oauth2' ? (auth.tokenMetadata.otherFields ?? []) : [];
  const fromCallback = isAuthorizationCode(auth) ? (auth.callbackFields ?? []) : [];
  return [...fromToken, ...fromCallback].map(({ name }) => name);
}

/** The first of some variables that has no value and without which no call, or no renewal, can be made. */
export function missingOf(
  declaration: ProviderDeclaration,
  names: readonly string[],
  metadata: ProviderMetadata,
): string | undefined {
  const needed = mainAddressesOf(declaration).flatMap(templateVariables);
  return names.find((name) => metadata[name] === undefined && needed.includes(name));
}

/** The inputs that a connection cannot be without: its addresses need them, or its assertion speaks of them. */
export function requiredVariables(declaration: ProviderDeclaration): readonly string[] {
  const { auth } = declaration;
  const names = mainAddressesOf(declaration).flatMap(templateVariables);
  if (auth.scheme === 'oauth2' && auth.isWorkspaceRequired) names.push('workspace');
  const learned = learnedVariables(declaration);
  return [...new Set([...names, ...assertedInputs(declaration)])].filter((name) => !learned.includes(name));
}

/** The others in an assertion are typed as part of the credential, or stand in its key file. */
function assertedInputs({ auth, inputs }: ProviderDeclaration): readonly string[] {
  const exchange = auth.scheme === 'custom' ? auth.exchange : undefined;
  if (exchange?.kind !== 'assertion') return [];
  const names = [exchange.issuer, exchange.subject ?? ''].flatMap(templateVariables);
  return names.filter((name) => inputs.some((input) => input.name === name));
}
