// Deletes a connection: its row, its sealed credential and the credential actor go in one commit. Where the provider
// takes grants back (RFC 7009) it is asked to first; one that cannot be asked does not keep the customer's tokens here.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import { parseCredential } from '../../auth/credential.ts';
import { buildRevocationRequest } from '../../auth/oauth.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
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
 * `installationId` is of the installation that it goes with, if it does. Rejects with `invalid_input` while an
 * installation uses the connection.
 */
export async function removeConnection(
  services: Services,
  connection: ConnectionRow,
  installationId: string | null = null,
): Promise<void> {
  const { connectionId } = connection;
  const used = readInstallationsOfConnection(services.store.reads, connectionId).length;
  if (used > 0) {
    throw new IntegrationError('invalid_input', `the connection is used by ${used} installation(s)`, {
      remedy: 'Delete the installations first.',
    });
  }
  await revoke(services, connection);
  await eraseConnection(services, connection, installationId);
}

/**
 * The connection of an installation that is gone, unless somebody uses it, or its account has something that is still
 * to be taken back.
 */
export async function removeOrphan(services: Services, connectionId: string, installationId: string): Promise<void> {
  const { reads } = services.store;
  if (readInstallationsOfConnection(reads, connectionId).length > 0 || needsConnection(reads, connectionId)) return;
  const connection = readConnection(reads, connectionId);
  if (connection === undefined) return;
  await removeConnection(services, connection, installationId).catch((error: unknown) => {
    // Deleted by another request at the same moment, or taken into use again: either way not ours to delete.
    const { code } = errorFacts(error);
    if (code !== 'not_found' && code !== 'invalid_input') throw error;
  });
}

/** Without a word to the provider. Rejects with `not_found` if it is gone. */
export async function eraseConnection(
  services: Services,
  connection: ConnectionRow,
  installationId: string | null = null,
): Promise<void> {
  const { connectionId } = connection;
  const event = { type: 'connection.deleted' };
  const told = connectionChanged(services, 'deleted', connection);
  const passedOn = installationId === null ? [] : [passOnMessages(connectionId, installationId)];
  const writes = [...deleteConnection(connectionId), ...told.writes, ...passedOn];
  const extras = { writes, messages: told.messages };
  const isAccepted = await services.runtime.send(actorIdOf('credential', connectionId), event, extras);
  if (!isAccepted) throw new IntegrationError('not_found', 'no such connection');
  services.tokens.forget(connectionId);
  services.targets.forgetAll();
}

/** Never rejects. A refresh token is worth more than the access tokens that come of it, and often takes them along. */
async function revoke(services: Services, connection: ConnectionRow): Promise<void> {
  const { store, vault, catalog, log } = services;
  const { connectionId, provider, providerAppId } = connection;
  try {
    const stored = readCredential(store.reads, connectionId);
    const declaration = catalog.find(provider);
    if (stored === undefined || declaration === undefined || providerAppId === null) return;
    const place = { connectionId, generation: stored.generation, purpose: CREDENTIAL_PURPOSE };
    const credential = parseCredential(vault.open(stored.sealed, place).toString());
    if (credential.scheme !== 'oauth2') return;
    const { refreshToken, accessToken } = credential;
    const request = buildRevocationRequest(declaration, {
      client: openClient(services, providerAppId),
      token: refreshToken ?? accessToken,
      hint: refreshToken === undefined ? 'access_token' : 'refresh_token',
      variables: variablesOf(connection),
    });
    if (request === null) return;
    const { status } = await sendTokenRequest(services, request);
    if (status >= 300) log.warn({ connectionId, provider, status }, 'the provider did not take the grant back');
  } catch (error) {
    log.warn({ connectionId, provider, err: errorFacts(error).message }, 'the grant could not be given back');
  }
}
