// The second half of an OAuth connection: the provider sends the customer's browser back with a code. The state is
// used up by the first code, in a commit of its own, so that neither a replay nor a crash can use it twice; then the
// code is exchanged and the connection stored. The browser learns the outcome only after that.

import { buildCodeExchangeRequest } from '../../auth/oauth.ts';
import { type CallbackField, isAuthorizationCode, type ProviderDeclaration } from '../../catalog/schema.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';
import { learnAccount } from './account.ts';
import { AUTHORIZATION, type PendingAuthorization } from './authorize.ts';
import { type MetadataItem, type ProviderMetadata, variablesIn } from './identity.ts';
import { parkedOf, takeParked } from './parked.ts';
import { requestToken } from './requestToken.ts';
import { storeConnection } from './storeConnection.ts';

/** What the provider sent back: `state`, and `code` or `error`, and maybe what only this provider says. */
export type CallbackQuery = Readonly<Record<string, string | undefined>>;

/**
 * Rejects with `bad_request` for a state that is unknown, used or expired, and for what the provider refused;
 * `app_fault` if it refused the provider app; `provider_5xx` or `network` if it could not be asked.
 */
export async function finishAuthorization(services: Services, query: CallbackQuery): Promise<ConnectionRow> {
  const state = query['state'] ?? '';
  if (query['error'] !== undefined) {
    // Nothing is used up: who goes back and agrees after all is connected, and so is who tries again, for which the
    // published library opens the same address.
    parkedOf(services, state);
    const words = query['error_description'] ?? query['error'];
    throw new IntegrationError('bad_request', `the provider did not connect: ${words.slice(0, 200)}`);
  }
  const code = query['code'];
  if (code === undefined || code === '') {
    parkedOf(services, state);
    throw new IntegrationError('bad_request', 'the provider sent neither a code nor an error');
  }
  const pending = await takeParked<PendingAuthorization>(services, state, AUTHORIZATION);
  const declaration = services.catalog.get(pending.identity.provider);
  const fields = isAuthorizationCode(declaration.auth) ? (declaration.auth.callbackFields ?? []) : [];
  const brought = { ...pending.identity.metadata, ...broughtBack(declaration, fields, query) };
  const granted = await requestToken(
    services,
    declaration,
    codeRequest(services, declaration, pending, brought, code),
    true,
  );
  services.fleets.appAccepted(pending.providerAppId);
  const account = await learnAccount(services, declaration, granted.credential, brought, granted.metadata);
  const named = fields.find(({ isWorkspaceRef }) => isWorkspaceRef === true)?.name;
  return storeConnection(services, {
    identity: { ...pending.identity, metadata: account.metadata },
    credential: granted.credential,
    providerAppId: pending.providerAppId,
    workspaceRef: (named === undefined ? undefined : account.metadata[named]?.value) ?? account.workspaceRef,
    consumerRef: account.consumerRef,
    expiresAtMs: granted.expiresAtMs,
    grantEndsAtMs: granted.grantEndsAtMs,
    connectionId: pending.connectionId ?? undefined,
  });
}

/** Declared parameters of the callback as metadata. What does not fit is refused: it may decide where the code goes. */
function broughtBack(
  declaration: ProviderDeclaration,
  fields: readonly CallbackField[],
  query: CallbackQuery,
): ProviderMetadata {
  const entries = fields.flatMap(({ param, name, oneOf, matches, whenAbsent }): [string, MetadataItem][] => {
    const said = query[param] ?? whenAbsent;
    if (said === undefined) return [];
    const isListed = oneOf !== undefined && Object.hasOwn(oneOf, said);
    const isMatch = oneOf === undefined && matches !== undefined && new RegExp(matches).test(said);
    const value = isListed ? oneOf[said] : isMatch ? said : undefined;
    if (value !== undefined) return [[name, { value, source: 'provider' }]];
    throw new IntegrationError('bad_request', `${declaration.displayName} sent a "${param}" that is not known`);
  });
  return Object.fromEntries(entries);
}

function codeRequest(
  services: Services,
  declaration: ProviderDeclaration,
  pending: PendingAuthorization,
  metadata: ProviderMetadata,
  code: string,
) {
  return buildCodeExchangeRequest(declaration, {
    client: openClient(services, pending.providerAppId),
    code,
    redirectUri: pending.redirectUri,
    ...(pending.codeVerifier === null ? {} : { codeVerifier: pending.codeVerifier }),
    variables: variablesIn(metadata),
  });
}
