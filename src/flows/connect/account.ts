// What is learned of an account right after connecting: its name at the provider, which those who share it share the
// quotas of, and values that addresses need. Asked before the connection is stored, so that it is complete from its
// first call.

import { type Attachment, attachmentOf } from '../../auth/attach.ts';
import type { Credential } from '../../auth/credential.ts';
import { captured, type TokenMetadata } from '../../auth/tokenResponse.ts';
import type { AccountLookup, ProviderDeclaration } from '../../catalog/schema.ts';
import { fillTemplate, normalizeVariable, resolveTemplate, templateVariables } from '../../catalog/template.ts';
import { connectorOf } from '../../connectors/connectors.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { type JsonObject, type JsonValue, jsonAt, parseJson } from '../../core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, TOKEN_RESPONSE_BYTES_MAX } from '../../core/limits.ts';
import { headerRecord } from '../../egress/headers.ts';
import { withQuery } from '../../egress/query.ts';
import { tellable } from '../providerCall.ts';
import type { Services } from '../services.ts';
import { assertAddresses, learnedVariables, missingOf, type ProviderMetadata, variablesIn } from './identity.ts';

export interface Account {
  readonly metadata: ProviderMetadata;
  readonly workspaceRef: string | null;
  readonly consumerRef: string | null;
}

/**
 * Everything that is known of an account. Rejects with `provider_malformed` if a value that the provider's addresses
 * need could not be learned, or would lead elsewhere: no call could ever be made.
 */
export async function learnAccount(
  services: Services,
  declaration: ProviderDeclaration,
  credential: Credential,
  typed: ProviderMetadata,
  said: TokenMetadata | null,
): Promise<Account> {
  const told = said === null ? typed : ofProvider(declaration, () => withTokenFacts(declaration, typed, said));
  const asked = await lookUp(services, declaration, credential, told);
  const metadata = { ...told, ...asked.metadata };
  const missing = missingOf(declaration, [...learnedVariables(declaration), 'workspace'], metadata);
  if (missing !== undefined) {
    throw new IntegrationError('provider_malformed', `${declaration.displayName} did not say its "${missing}"`, {
      remedy: 'Check what was typed and connect again; the account may also lack what the scopes ask for.',
    });
  }
  ofProvider(declaration, () => assertAddresses(declaration, metadata));
  const named = asked.workspaceRef ?? (await identify(services, declaration, credential, metadata));
  const typedRef = mayName(services, declaration) ? null : metadata['workspace']?.value;
  return {
    metadata,
    workspaceRef: named ?? said?.workspaceRef ?? typedRef ?? null,
    consumerRef: said?.consumerRef ?? null,
  };
}

/**
 * Whether the provider names its accounts when it is asked. Then nobody else does, also where it did not answer: who is
 * told of an account's events goes by that name, and the customer might type another's.
 */
function mayName({ connectors }: Services, declaration: ProviderDeclaration): boolean {
  const { accountLookup: lookup } = declaration;
  return lookup?.workspaceRefPath !== undefined || connectorOf(connectors, declaration)?.identifyAccount !== undefined;
}

/** What is refused of a provider's own words is not the customer's mistake: what they typed was looked at before. */
function ofProvider<T>({ displayName }: ProviderDeclaration, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const message = `${displayName} said something of the account that leads to no address of its own`;
    throw new IntegrationError('provider_malformed', message, { cause });
  }
}

/** Adds what the token answer said, so that every input the provider asks for has a value afterwards. */
function withTokenFacts(
  declaration: ProviderDeclaration,
  typed: ProviderMetadata,
  { workspaceRef, other }: TokenMetadata,
): ProviderMetadata {
  const learned: Record<string, ProviderMetadata[string]> = {};
  if (workspaceRef !== undefined && typed['workspace'] === undefined) {
    const value = normalizeVariable(declaration.baseUrl, 'workspace', workspaceRef);
    learned['workspace'] = { value, source: 'token' };
  }
  for (const [name, value] of Object.entries(other)) learned[name] = { value, source: 'token' };
  // What somebody typed stays; what was learned when it was connected before may have changed.
  const input = Object.entries(typed).filter(([, { source }]) => source === 'input');
  return { ...typed, ...learned, ...Object.fromEntries(input) };
}

/** The declared call. A failure is no reason to refuse a connection that works without what it would have learned. */
async function lookUp(
  services: Services,
  declaration: ProviderDeclaration,
  credential: Credential,
  metadata: ProviderMetadata,
): Promise<{ readonly metadata: ProviderMetadata; readonly workspaceRef: string | null }> {
  const { accountLookup: lookup } = declaration;
  if (lookup === undefined) return { metadata: {}, workspaceRef: null };
  const variables = variablesIn(metadata);
  try {
    const url = resolveTemplate(lookup.url, variables);
    const response = await call(services, attachmentOf(declaration, credential), lookup.method, url, lookup);
    if (response.status >= 300) throw new IntegrationError('provider_malformed', `answered ${response.status}`);
    const found = pickedOf(lookup, parseJson(response.body.toString(), 'the answer'), variables);
    const learned = lookup.values.flatMap(({ name, path, capture }): [string, ProviderMetadata[string]][] => {
      const text = textOf(jsonAt(found, path));
      const value = text === null || capture === undefined ? text : (captured(text, capture) ?? null);
      return value === null ? [] : [[name, { value, source: 'provider' }]];
    });
    const workspaceRef = lookup.workspaceRefPath === undefined ? null : textOf(jsonAt(found, lookup.workspaceRefPath));
    return { metadata: Object.fromEntries(learned), workspaceRef };
  } catch (error) {
    services.log.warn(
      { provider: declaration.name, err: errorFacts(error).message },
      'the account could not be looked up',
    );
    return { metadata: {}, workspaceRef: null };
  }
}

function pickedOf(
  { pick }: AccountLookup,
  answer: JsonValue,
  variables: Record<string, string>,
): JsonValue | undefined {
  if (pick === undefined) return answer;
  const list = jsonAt(answer, pick.listPath);
  if (!Array.isArray(list)) return undefined;
  const { path, equals } = pick;
  const items = list as readonly JsonObject[];
  if (path === undefined || equals === undefined) return items[0];
  const wanted = wantedOf(equals, variables);
  const found = items.find((item) => String(jsonAt(item, path)) === wanted);
  // Another one than the customer named is worse than none.
  const isNamed = wanted !== null && templateVariables(equals).length > 0;
  return found ?? (isNamed ? undefined : items[0]);
}

/** With values as they stand in an address: an address that was pasted, or a name in capitals. Null: one is missing. */
function wantedOf(template: string, variables: Record<string, string>): string | null {
  const inIt = Object.entries(variables).filter(([name]) => templateVariables(template).includes(name));
  const values = inIt.map(([name, value]): [string, string] => [name, normalizeVariable(template, name, value)]);
  try {
    return fillTemplate(template, Object.fromEntries(values));
  } catch {
    return null;
  }
}

/** What a connector can ask, where the declaration has no question. */
async function identify(
  services: Services,
  declaration: ProviderDeclaration,
  credential: Credential,
  metadata: ProviderMetadata,
): Promise<string | null> {
  const connector = connectorOf(services.connectors, declaration);
  if (connector?.identifyAccount === undefined) return null;
  const baseUrl = resolveTemplate(declaration.baseUrl, variablesIn(metadata));
  const attachment = attachmentOf(declaration, credential);
  try {
    return await connector.identifyAccount(({ method, path }) =>
      call(services, attachment, method, `${baseUrl}${path}`),
    );
  } catch (error) {
    services.log.warn(
      { provider: declaration.name, err: errorFacts(error).message },
      'the account could not be identified',
    );
    return null;
  }
}

/** A call with a credential that is not stored yet, hence without a lease. */
export async function call(
  { egress }: Services,
  attachment: Attachment,
  method: string,
  url: string,
  { headers, body }: Pick<AccountLookup, 'headers' | 'body'> = {},
) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await egress.request({
    url: withQuery(url, attachment.query),
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      ...headerRecord(attachment.headers),
    },
    ...sent,
    timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
    responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
  });
  return tellable(response, attachment);
}

function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}
