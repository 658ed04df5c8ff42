// Deletes a connection: its row, its sealed credential and the credential actor go in one commit, and only if the
// credential is still the one that was looked at. Where the provider takes grants back (RFC 7009) it is asked to after
// that: whoever connects again meanwhile has a connection of their own, which neither the erasure nor the provider's
// slowness can reach.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import { parseCredential } from '../../auth/credential.ts';
import { buildRevocationRequest, type TokenRequest } from '../../auth/oauth.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { CONNECTION_EDITS_MAX } from '../../core/limits.ts';
import {
  type ConnectionRow,
  deleteConnection,
  readConnection,
  readCredential,
} from '../../store/tables/connections.ts';
import { readInstallationsOfConnection } from '../../store/tables/installations.ts';
import { passOnMessages } from '../../store/tables/outbox.ts';
import { needsConnection } from '../../store/tables/subscriptions.ts';
import { connectionChanged } from '../notify/events.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';
import { variablesOf } from '../targets.ts';
import { sendTokenRequest } from './requestToken.ts';

/**
 * Rejects with `invalid_input` while an installation uses the connection, `not_found` if it is gone, `conflict` if its
 * credential changes as fast as it is deleted. The provider is not waited for.
 */
export async function removeConnection(services: Services, { connectionId }: ConnectionRow): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const connection = readConnection(services.store.reads, connectionId);
    if (connection === undefined) throw noConnection();
    try {
      return await removeAsItIs(services, connection, null);
    } catch (error) {
      // A renewal came first.
      if (errorFacts(error).code !== 'conflict' || attempt === CONNECTION_EDITS_MAX) throw error;
    }
  }
}

/**
 * The connection of an installation that is gone, unless somebody uses it, or its account has something that is still
 * to be taken back. One whose credential changes at this moment stays: it may be that of a customer who connects again.
 */
export async function removeOrphan(services: Services, connectionId: string, installationId: string): Promise<void> {
  const { reads } = services.store;
  if (readInstallationsOfConnection(reads, connectionId).length > 0 || needsConnection(reads, connectionId)) return;
  const connection = readConnection(reads, connectionId);
  if (connection === undefined) return;
  await removeAsItIs(services, connection, installationId).catch(unlessNotOurs);
}

/** Passes over what says that a connection was deleted by another request, or taken into use again. */
export function unlessNotOurs(error: unknown): void {
  const { code } = errorFacts(error);
  if (code !== 'not_found' && code !== 'invalid_input' && code !== 'conflict') throw error;
}

/** `installationId` is of the installation that it goes with, if it does. */
async function removeAsItIs(
  services: Services,
  connection: ConnectionRow,
  installationId: string | null,
): Promise<void> {
  const { connectionId, provider } = connection;
  const used = readInstallationsOfConnection(services.store.reads, connectionId).length;
  if (used > 0) {
    throw new IntegrationError('invalid_input', `the connection is used by ${used} installation(s)`, {
      remedy: 'Delete the installations first.',
    });
  }
  // Made now: afterwards nobody can open the credential any more, and its provider app may be deleted too.
  const request = revocationOf(services, connection);
  await eraseConnection(services, connection, installationId);
  if (request === null || services.revocations.add(() => revoke(services, connection, request))) return;
  services.log.warn({ connectionId, provider }, 'the grant is not given back: too many others wait for it');
}

/**
 * Without a word to the provider. Rejects with `not_found` if it is gone, `conflict` if it has another credential than
 * `connection`, `invalid_input` if an installation uses it.
 */
export async function eraseConnection(
  services: Services,
  connection: ConnectionRow,
  installationId: string | null = null,
): Promise<void> {
  const { connectionId, generation } = connection;
  const event = { type: 'connection.deleted' };
  const told = connectionChanged(services, 'deleted', connection);
  const passedOn = installationId === null ? [] : [passOnMessages(connectionId, installationId)];
  const writes = [...deleteConnection(connectionId, generation), ...told.writes, ...passedOn];
  const extras = { writes, messages: told.messages };
  const isAccepted = await services.runtime
    .send(actorIdOf('credential', connectionId), event, extras)
    .catch((error: unknown) => {
      const row = readConnection(services.store.reads, connectionId);
      if (errorFacts(error).code !== 'invalid_input' || row?.generation === generation) throw error;
      if (row === undefined) return false;
      throw new IntegrationError('conflict', 'this connection is being changed by another request');
    });
  if (!isAccepted) throw noConnection();
  services.tokens.forget(connectionId);
  services.targets.forgetAll();
}

function noConnection(): IntegrationError {
  return new IntegrationError('not_found', 'no such connection');
}

/**
 * What asks the provider to take the grant back; null if it cannot be asked. A refresh token is worth more than the
 * access tokens that come of it, and often takes them along.
 */
function revocationOf(services: Services, connection: ConnectionRow): TokenRequest | null {
  const { store, vault, catalog, log } = services;
  const { connectionId, provider, providerAppId } = connection;
  try {
    const stored = readCredential(store.reads, connectionId);
    const declaration = catalog.find(provider);
    if (stored === undefined || declaration === undefined || providerAppId === null) return null;
    const place = { connectionId, generation: stored.generation, purpose: CREDENTIAL_PURPOSE };
    const credential = parseCredential(vault.open(stored.sealed, place).toString());
    if (credential.scheme !== 'oauth2') return null;
    const { refreshToken, accessToken } = credential;
    return buildRevocationRequest(declaration, {
      client: openClient(services, providerAppId),
      token: refreshToken ?? accessToken,
      hint: refreshToken === undefined ? 'access_token' : 'refresh_token',
      variables: variablesOf(connection),
    });
  } catch (error) {
    log.warn({ connectionId, provider, err: errorFacts(error).message }, 'the grant could not be given back');
    return null;
  }
}

/** Never rejects. */
async function revoke(
  services: Services,
  { connectionId, provider }: ConnectionRow,
  request: TokenRequest,
): Promise<void> {
  const { log } = services;
  try {
    const { status } = await sendTokenRequest(services, request, connectionId);
    if (status >= 300) log.warn({ connectionId, provider, status }, 'the provider did not take the grant back');
  } catch (error) {
    log.warn({ connectionId, provider, err: errorFacts(error).message }, 'the grant could not be given back');
  }
}
