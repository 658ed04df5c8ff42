// What a flow through the customer's browser needs when it comes back: sealed, kept a quarter of an hour, found by the
// hash of a random token, and used up in a commit of its own before anything is done with it, so that neither a replay
// nor a crash can use it twice.

import { createHash } from 'node:crypto';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { OAUTH_STATE_TTL_MS, OAUTH_STATES_PER_GROUP_MAX, OAUTH_STATES_PER_PROJECT_MAX } from '../../core/limits.ts';
import {
  countOauthStates,
  countOauthStatesOf,
  deleteOauthState,
  expireOauthStates,
  insertOauthState,
  type OauthStateRow,
  readOauthState,
} from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import type { ConnectIdentity } from './identity.ts';

/** Of the seal; what kind of flow it is is sealed along. */
export const PARKED_PURPOSE = 'oauthState';

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/**
 * Rejects with `overloaded` if too many flows of the project are open, or of one of its groups: a customer's token is
 * enough to open some, and must not keep other customers from connecting.
 */
export async function park(
  { store, vault, clock }: Services,
  { projectId, groupRef }: Pick<ConnectIdentity, 'projectId' | 'groupRef'>,
  token: string,
  kind: string,
  pending: object,
): Promise<void> {
  const nowMs = clock.nowMs();
  if (countOauthStates(store.reads, projectId, nowMs) >= OAUTH_STATES_PER_PROJECT_MAX) {
    throw new IntegrationError('overloaded', 'too many authorizations of this project are open');
  }
  if (countOauthStatesOf(store.reads, projectId, groupRef, nowMs) >= OAUTH_STATES_PER_GROUP_MAX) {
    throw new IntegrationError('overloaded', 'too many authorizations of this group are open', {
      remedy: 'Finish one of them, or wait a quarter of an hour.',
    });
  }
  const stateHash = hashOf(token);
  const place = { connectionId: stateHash, generation: 0, purpose: PARKED_PURPOSE };
  const sealed = vault.seal(JSON.stringify({ kind, pending }), place);
  await store.commit([
    expireOauthStates(nowMs),
    insertOauthState({ stateHash, projectId, groupRef, sealed, expiresAtMs: nowMs + OAUTH_STATE_TTL_MS }),
  ]);
}

function unknown(): IntegrationError {
  return new IntegrationError('bad_request', 'this authorization is unknown, was already used or has expired', {
    remedy: 'Start connecting again.',
  });
}

/** What stands behind a token, which stays usable. Rejects as `takeParked`. */
export function parkedOf({ store, clock }: Services, token: string, projectId?: ProjectId): OauthStateRow {
  const row = readOauthState(store.reads, hashOf(token));
  if (row === undefined || row.expiresAtMs <= clock.nowMs()) throw unknown();
  if (projectId !== undefined && row.projectId !== projectId) throw unknown();
  return row;
}

/** Rejects with `bad_request` for a token that is unknown, used, expired, or of another project if one is given. */
export async function takeParked<Pending>(
  services: Services,
  token: string,
  kind: string,
  projectId?: ProjectId,
): Promise<Pending> {
  const { store, vault } = services;
  const { stateHash, sealed } = parkedOf(services, token, projectId);
  try {
    await store.commit([deleteOauthState(stateHash)]);
  } catch (error) {
    // Two at the same time: only one of them deletes the row.
    if (errorFacts(error).code === 'invalid_input') throw unknown();
    throw error;
  }
  const plain = vault.open(sealed, { connectionId: stateHash, generation: 0, purpose: PARKED_PURPOSE });
  const parked = JSON.parse(plain.toString()) as { readonly kind?: string; readonly pending: Pending };
  // A token of one flow brought to another; or one from before a version that knows kinds.
  if (parked.kind !== kind) throw unknown();
  return parked.pending;
}
