// Stores a credential for a customer: a new connection, or the next generation of the one they have. The row, the
// sealed secret and the credential actor's event commit together, and only then may anybody use the token.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { Credential } from '../../auth/credential.ts';
import { refreshAtMs } from '../../auth/tokenResponse.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf, type ConnectionId, newId } from '../../core/ids.ts';
import { TOKEN_LIFETIME_ASSUMED_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type ConnectionRow,
  insertConnection,
  putCredential,
  readConnection,
  readConnections,
  reconnectConnection,
} from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import type { ConnectIdentity } from './identity.ts';

/** Each lost race means that one refresh came first; another can only follow after its own round trip. */
const STORE_ATTEMPTS_MAX = 3;

export interface NewCredential {
  readonly identity: ConnectIdentity;
  readonly credential: Credential;
  readonly providerAppId: string | null;
  readonly workspaceRef: string | null;
  readonly expiresAtMs: Ms | null;
  /** Reconnects this one; otherwise the customer's connection to the provider, if there is one. */
  readonly connectionId?: string | undefined;
}

/**
 * Rejects with `conflict` if another credential is stored for the connection at the same moment, and with the codes
 * of `Runtime.send`. Resolves with the committed row.
 */
export async function storeConnection(services: Services, input: NewCredential): Promise<ConnectionRow> {
  // A code can be exchanged once, so a refresh that commits in between must not cost the customer their connection.
  for (let attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
    const stored = await storeNext(services, input);
    if (stored !== null) return stored;
  }
  throw new IntegrationError('conflict', 'this connection is being changed by another request');
}

/** Null if another generation came first. */
async function storeNext(services: Services, input: NewCredential): Promise<ConnectionRow | null> {
  const { store, runtime, vault, catalog } = services;
  const declaration = catalog.get(input.identity.provider);
  const existing = existingConnection(services, input);
  const row = buildRow(declaration, input, existing, services.clock.nowMs());
  const { connectionId, generation } = row;
  const sealed = vault.seal(JSON.stringify(input.credential), {
    connectionId,
    generation,
    purpose: CREDENTIAL_PURPOSE,
  });
  const writes: RowWrite[] = [
    existing === undefined ? insertConnection(row) : reconnectConnection(row),
    putCredential(connectionId, generation, sealed),
  ];
  const event = {
    type: 'credential.stored',
    generation,
    endsAtMs: canRefresh(input.credential) ? endsAtMs(row.issuedAtMs, row.expiresAtMs) : row.expiresAtMs,
    canRefresh: canRefresh(input.credential),
    rotation: declaration.auth.scheme === 'oauth2' ? declaration.auth.tokens.rotation : 'stable',
  };
  const isAccepted = await runtime
    .send(actorIdOf('credential', connectionId), event, { writes })
    .catch((error: unknown) => {
      // Another request made this customer's connection first: this one becomes its next generation.
      if (existing === undefined && errorFacts(error).code === 'invalid_input') return false;
      throw error;
    });
  if (!isAccepted) return null;
  services.tokens.forget(connectionId);
  services.targets.forgetAll();
  const stored = readConnection(store.reads, connectionId);
  if (stored === undefined) throw new IntegrationError('not_found', 'the connection was deleted meanwhile');
  return stored;
}

/** True for a credential that can be exchanged for the next one. */
export function canRefresh(credential: Credential): boolean {
  return credential.scheme === 'oauth2' && credential.refreshToken !== undefined;
}

/** When an access token ends: as stated, or assumed where a provider states nothing. */
export function endsAtMs(issuedAtMs: Ms, expiresAtMs: Ms | null): Ms {
  return expiresAtMs ?? issuedAtMs + TOKEN_LIFETIME_ASSUMED_MS;
}

/** When the next token is due. Where a provider states no lifetime one is assumed, without calling the token dead. */
export function dueAtMs(
  credential: Credential,
  issuedAtMs: Ms,
  expiresAtMs: Ms | null,
  connectionId: string,
): Ms | null {
  if (!canRefresh(credential)) return null;
  return refreshAtMs(issuedAtMs, endsAtMs(issuedAtMs, expiresAtMs), connectionId);
}

function existingConnection({ store }: Services, { identity, connectionId }: NewCredential): ConnectionRow | undefined {
  if (connectionId !== undefined) {
    const row = readConnection(store.reads, connectionId);
    if (row?.projectId !== identity.projectId) throw new IntegrationError('not_found', 'no such connection');
    return row;
  }
  return readConnections(store.reads, identity.projectId, identity)[0];
}

function buildRow(
  declaration: ProviderDeclaration,
  { identity, credential, providerAppId, workspaceRef, expiresAtMs }: NewCredential,
  existing: ConnectionRow | undefined,
  nowMs: Ms,
): ConnectionRow {
  const connectionId = existing?.connectionId ?? newId<ConnectionId>();
  return {
    connectionId,
    projectId: identity.projectId,
    provider: identity.provider,
    providerAppId,
    groupRef: identity.groupRef,
    groupName: identity.groupName,
    consumerRef: identity.consumerRef,
    consumerName: identity.consumerName,
    authScheme: authSchemeOf(declaration),
    status: 'created',
    workspaceRef,
    metadata: JSON.stringify(identity.metadata),
    generation: (existing?.generation ?? 0) + 1,
    issuedAtMs: nowMs,
    expiresAtMs,
    refreshAtMs: dueAtMs(credential, nowMs, expiresAtMs, connectionId),
    createdAtMs: existing?.createdAtMs ?? nowMs,
    updatedAtMs: existing === undefined ? null : nowMs,
  };
}

/** The wire has no word for custom and jwt; it reads them as a scheme without a form of its own. */
function authSchemeOf({ auth }: ProviderDeclaration): string {
  if (auth.scheme === 'oauth2') return `oauth2/${auth.grantType}`;
  return auth.scheme === 'apiKey' || auth.scheme === 'basic' ? auth.scheme : 'none';
}
