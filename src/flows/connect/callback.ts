// The second half of an OAuth connection: the provider sends the customer's browser back with a code. The state is
// used up first, in a commit of its own, so that neither a replay nor a crash can use it twice; then the code is
// exchanged and the connection stored. The browser learns the outcome only after that.

import { attachmentOf } from '../../auth/attach.ts';
import { buildCodeExchangeRequest } from '../../auth/oauth.ts';
import { processTokenResponse, type TokenGranted } from '../../auth/tokenResponse.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { normalizeVariable, resolveTemplate } from '../../catalog/template.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { BUFFERED_CALL_TIMEOUT_MS, TOKEN_RESPONSE_BYTES_MAX } from '../../core/limits.ts';
import { headerRecord } from '../../egress/headers.ts';
import { type ConnectionRow, deleteOauthState, readOauthState } from '../../store/tables/connections.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';
import { hashState, PENDING_PURPOSE, type PendingAuthorization } from './authorize.ts';
import { type ProviderMetadata, variablesIn } from './identity.ts';
import { storeConnection } from './storeConnection.ts';

export interface CallbackQuery {
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
}

/**
 * Rejects with `bad_request` for a state that is unknown, used or expired, and for what the provider refused;
 * `app_fault` if it refused the provider app; `provider_5xx` or `network` if it could not be asked.
 */
export async function finishAuthorization(services: Services, query: CallbackQuery): Promise<ConnectionRow> {
  const pending = await takePending(services, query.state ?? '');
  if (query.error !== undefined) {
    const words = query.error_description ?? query.error;
    throw new IntegrationError('bad_request', `the provider did not connect: ${words.slice(0, 200)}`);
  }
  if (query.code === undefined || query.code === '') {
    throw new IntegrationError('bad_request', 'the provider sent neither a code nor an error');
  }
  const declaration = services.catalog.get(pending.identity.provider);
  const granted = await exchangeCode(services, declaration, pending, query.code);
  const metadata = completeMetadata(declaration, pending.identity.metadata, granted);
  const account = await identifyAccount(services, declaration, granted.credential, metadata);
  return storeConnection(services, {
    identity: { ...pending.identity, metadata },
    credential: granted.credential,
    providerAppId: pending.providerAppId,
    workspaceRef: account ?? granted.metadata.workspaceRef ?? metadata['workspace']?.value ?? null,
    expiresAtMs: granted.expiresAtMs,
    connectionId: pending.connectionId ?? undefined,
  });
}

async function takePending({ store, vault, clock }: Services, state: string): Promise<PendingAuthorization> {
  const unknown = () =>
    new IntegrationError('bad_request', 'this authorization is unknown, was already used or has expired', {
      remedy: 'Start connecting again.',
    });
  const stateHash = hashState(state);
  const row = readOauthState(store.reads, stateHash);
  if (row === undefined || row.expiresAtMs <= clock.nowMs()) throw unknown();
  try {
    await store.commit([deleteOauthState(stateHash)]);
  } catch (error) {
    // Two callbacks at the same time: only one of them deletes the row.
    if (errorFacts(error).code === 'invalid_input') throw unknown();
    throw error;
  }
  const plain = vault.open(row.sealed, { connectionId: stateHash, generation: 0, purpose: PENDING_PURPOSE });
  return JSON.parse(plain.toString()) as PendingAuthorization;
}

async function exchangeCode(
  services: Services,
  declaration: ProviderDeclaration,
  pending: PendingAuthorization,
  code: string,
): Promise<TokenGranted> {
  const { egress, clock } = services;
  const request = buildCodeExchangeRequest(declaration, {
    client: openClient(services, pending.providerAppId),
    code,
    redirectUri: pending.redirectUri,
    ...(pending.codeVerifier === null ? {} : { codeVerifier: pending.codeVerifier }),
    variables: variablesIn(pending.identity.metadata),
  });
  const response = await egress.request({
    url: request.url,
    method: request.method,
    headers: headerRecord(request.headers),
    body: request.body,
    timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
    responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
  });
  const outcome = processTokenResponse(
    declaration,
    { status: response.status, headers: Object.entries(response.headers).flat(), bodyText: response.body.toString() },
    clock.nowMs(),
  );
  if (outcome.kind === 'granted') return outcome;
  if (outcome.kind === 'transient') {
    const code = outcome.reason === 'provider_malformed' ? 'provider_malformed' : 'provider_5xx';
    throw new IntegrationError(code, `${declaration.displayName} could not complete the connection just now`);
  }
  const words = `${outcome.providerError} ${outcome.description}`.trim();
  throw new IntegrationError(
    outcome.reason === 'appFault' ? 'app_fault' : 'bad_request',
    `${declaration.displayName} refused the connection: ${words}`,
  );
}

/** Adds what the token answer said, so that every input the provider asks for has a value afterwards. */
function completeMetadata(
  declaration: ProviderDeclaration,
  typed: ProviderMetadata,
  granted: TokenGranted,
): ProviderMetadata {
  const { workspaceRef, other } = granted.metadata;
  const learned: Record<string, ProviderMetadata[string]> = {};
  if (workspaceRef !== undefined && typed['workspace'] === undefined) {
    learned['workspace'] = {
      value: normalizeVariable(declaration.baseUrl, 'workspace', workspaceRef),
      source: 'token',
    };
  }
  for (const [name, value] of Object.entries(other)) learned[name] = { value, source: 'token' };
  return { ...learned, ...typed };
}

/**
 * Asks the provider what it calls this account, where it has a question for that; before the connection is stored, so
 * that it shares the account's budgets from its first call. A failure is no reason to refuse a connection that works:
 * the account is then known by our own id.
 */
async function identifyAccount(
  { connectors, egress, log }: Services,
  declaration: ProviderDeclaration,
  credential: TokenGranted['credential'],
  metadata: ProviderMetadata,
): Promise<string | null> {
  const connector = connectors.get(declaration.name);
  if (connector?.identifyAccount === undefined) return null;
  const baseUrl = resolveTemplate(declaration.baseUrl, variablesIn(metadata));
  const headers = { accept: 'application/json', ...headerRecord(attachmentOf(declaration, credential).headers) };
  const limits = { timeoutMs: BUFFERED_CALL_TIMEOUT_MS, responseBytesMax: TOKEN_RESPONSE_BYTES_MAX };
  try {
    return await connector.identifyAccount(({ method, path }) =>
      egress.request({ url: `${baseUrl}${path}`, method, headers, ...limits }),
    );
  } catch (error) {
    log.warn({ provider: declaration.name, err: errorFacts(error).message }, 'the account could not be identified');
    return null;
  }
}
