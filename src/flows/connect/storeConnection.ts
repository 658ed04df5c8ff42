// Stores a credential for a customer: a new connection, or the next generation of the one they have. The row, the
// sealed secret and the credential actor's event commit together, and only then may anybody use the token.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import { type Credential, canRenew } from '../../auth/credential.ts';
import { dueAtMs, endsAtMs, keepAliveAtMs } from '../../auth/lifetime.ts';
import { type ProviderDeclaration, type RefreshTokenRotation, tokenFactsOf } from '../../catalog/schema.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf, type ConnectionId, newId } from '../../core/ids.ts';
import { GRANTS_WARN_SHARE } from '../../core/limits.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type ConnectionRow,
  countGrants,
  insertConnection,
  putCredential,
  readConnection,
  readConnections,
  reconnectConnection,
} from '../../store/tables/connections.ts';
import { NOTHING_APPENDED } from '../deliver/append.ts';
import { connectionChanged } from '../notify/events.ts';
import type { Services } from '../services.ts';
import { accountChanged, connectionRenewed } from '../subscribe/tell.ts';
import type { ConnectIdentity } from './identity.ts';

/** Each lost race means that one refresh came first; another can only follow after its own round trip. */
const STORE_ATTEMPTS_MAX = 3;

export interface NewCredential {
  readonly identity: ConnectIdentity;
  readonly credential: Credential;
  readonly providerAppId: string | null;
  readonly workspaceRef: string | null;
  /** The workspace as the builder says, whatever the account is called by itself; null: none. */
  readonly saidRef?: string | null | undefined;
  readonly consumerRef: string | null;
  readonly expiresAtMs: Ms | null;
  readonly grantEndsAtMs: Ms | null;
  /** When the token was issued, if that was not now. */
  readonly issuedAtMs?: Ms;
  /** Reconnects this one; otherwise the customer's connection to the provider, if there is one. */
  readonly connectionId?: string | undefined;
  readonly onlyOver?: Replaced | undefined;
}

/** What was there when the credential was decided on, where it must not take the place of anything else. */
export type Replaced =
  /** The generation; 0 for a customer who was not connected. */
  | { readonly generation: number }
  /** Facts of the account, of whatever generation: a renewal in between does no harm. */
  | Pick<ConnectionRow, 'metadata' | 'workspaceRef'>;

function isReplaced(row: ConnectionRow | undefined, expected: Replaced): boolean {
  if ('generation' in expected) return (row?.generation ?? 0) === expected.generation;
  return row?.metadata === expected.metadata && row.workspaceRef === expected.workspaceRef;
}

/**
 * Rejects with `conflict` if another credential is stored for the connection at the same moment, or it is not as
 * `onlyOver` says any more; and with the codes of `Runtime.send`. Resolves with the committed row.
 */
export async function storeConnection(services: Services, input: NewCredential): Promise<ConnectionRow> {
  // A code can be exchanged once, so a refresh that commits in between must not cost the customer their connection.
  for (let attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
    const stored = await storeNext(services, input);
    if (stored !== null) return stored;
  }
  throw new IntegrationError('conflict', 'this connection is being changed by another request');
}

/** Null if another generation or other facts came first. */
async function storeNext(services: Services, input: NewCredential): Promise<ConnectionRow | null> {
  const { store, runtime, vault, catalog } = services;
  const declaration = catalog.get(input.identity.provider);
  const existing = existingConnection(services, input);
  if (input.onlyOver !== undefined && !isReplaced(existing, input.onlyOver)) {
    throw new IntegrationError('conflict', 'this connection was changed meanwhile');
  }
  const row = buildRow(declaration, input, existing, services.clock.nowMs());
  const times = { ...row, grantEndsAtMs: input.grantEndsAtMs };
  const { connectionId, generation } = row;
  const sealed = vault.seal(JSON.stringify(input.credential), {
    connectionId,
    generation,
    purpose: CREDENTIAL_PURPOSE,
  });
  const told = connectionChanged(services, existing === undefined ? 'created' : 'updated', row);
  const isOther = existing !== undefined && isOtherAccount(existing, row);
  const left = isOther ? accountChanged(services, connectionId) : NOTHING_APPENDED;
  const writes: RowWrite[] = [
    existing === undefined ? insertConnection(row) : reconnectConnection(row, existing),
    putCredential(connectionId, generation, sealed),
    ...told.writes,
    ...left.writes,
  ];
  const renewed = existing === undefined ? [] : connectionRenewed(services, connectionId);
  const messages = [...told.messages, ...renewed, ...left.messages];
  const canRefresh = canRenew(input.credential);
  const event = {
    type: 'credential.stored',
    generation,
    endsAtMs: canRefresh ? endsAtMs(declaration, times) : row.expiresAtMs,
    canRefresh,
    keepAliveAtMs: keepAliveAtMs(declaration, input.credential, times, connectionId),
    grantEndsAtMs: input.grantEndsAtMs,
    rotation: rotationOf(declaration, input.credential),
  };
  const isAccepted = await runtime
    .send(actorIdOf('credential', connectionId), event, { writes, messages })
    .catch((error: unknown) => {
      // Another request made this customer's connection first, or changed it: this one becomes its next generation.
      if (errorFacts(error).code === 'invalid_input') return false;
      throw error;
    });
  if (!isAccepted) return null;
  services.tokens.forget(connectionId);
  services.targets.forgetAll();
  const stored = readConnection(store.reads, connectionId);
  if (stored === undefined) throw new IntegrationError('not_found', 'the connection was deleted meanwhile');
  warnOfEnd(services, declaration, stored, input.grantEndsAtMs);
  return stored;
}

/** One that is named for the first time may be the same as before. */
function isOtherAccount({ workspaceRef: before }: ConnectionRow, { workspaceRef }: ConnectionRow): boolean {
  return before !== null && before !== workspaceRef;
}

/** What can be had again from its source is never lost, whatever became of a refresh token. */
function rotationOf(declaration: ProviderDeclaration, credential: Credential): RefreshTokenRotation {
  if (credential.scheme === 'oauth2' && credential.source !== undefined) return 'stable';
  return tokenFactsOf(declaration)?.rotation ?? 'stable';
}

/** Some grants are known to die, and the day they are made is the day to say so. */
function warnOfEnd(
  { store, log }: Services,
  declaration: ProviderDeclaration,
  { connectionId, provider, providerAppId, providerConsumerRef }: ConnectionRow,
  grantEndsAtMs: Ms | null,
): void {
  if (grantEndsAtMs !== null) {
    log.info(
      { connectionId, provider, grantEndsAt: toRfc3339(grantEndsAtMs) },
      'the provider says when this grant ends',
    );
  }
  const grantsMax = tokenFactsOf(declaration)?.grantsPerAccountMax;
  if (grantsMax === undefined || providerAppId === null || providerConsumerRef === null) return;
  const grants = countGrants(store.reads, providerAppId, providerConsumerRef);
  if (grants < grantsMax * GRANTS_WARN_SHARE) return;
  log.warn({ connectionId, provider, grants, grantsMax }, 'this account is about to lose its oldest grants');
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
  {
    identity,
    credential,
    providerAppId,
    workspaceRef,
    saidRef,
    consumerRef,
    expiresAtMs,
    grantEndsAtMs,
    ...input
  }: NewCredential,
  existing: ConnectionRow | undefined,
  nowMs: Ms,
): ConnectionRow {
  const connectionId = existing?.connectionId ?? newId<ConnectionId>();
  const issuedAtMs = input.issuedAtMs ?? nowMs;
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
    // One that could not be asked for this time is as it was: nobody else is told what the account tells.
    workspaceRef: saidRef === undefined ? (workspaceRef ?? existing?.workspaceRef ?? null) : saidRef,
    providerConsumerRef: consumerRef,
    metadata: JSON.stringify(identity.metadata),
    generation: (existing?.generation ?? 0) + 1,
    issuedAtMs,
    expiresAtMs,
    refreshAtMs: dueAtMs(declaration, credential, { issuedAtMs, expiresAtMs, grantEndsAtMs }, connectionId),
    createdAtMs: existing?.createdAtMs ?? nowMs,
    updatedAtMs: existing === undefined ? null : nowMs,
  };
}

/** The wire has no word for custom and jwt; it reads them as a scheme without a form of its own. */
function authSchemeOf({ auth }: ProviderDeclaration): string {
  if (auth.scheme === 'oauth2') return `oauth2/${auth.grantType}`;
  return auth.scheme === 'apiKey' || auth.scheme === 'basic' ? auth.scheme : 'none';
}
