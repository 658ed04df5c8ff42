// A renewal that a caller asked for and waits for: the credential actor does it, as it does every other one.

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { CALLER_WAIT_MS_MAX } from '../../core/limits.ts';
import { type ConnectionRow, readConnection } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';

/**
 * The connection after its credential was renewed. Rejects with `bad_request` if it cannot be, `auth_invalidated` if
 * the provider refuses the grant, `app_fault` or `circuit_open` if the provider app is held back, `timeout` if it took
 * longer than a caller waits; it then goes on without the caller.
 */
export async function renewNow(
  services: Services,
  { connectionId, generation }: ConnectionRow,
): Promise<ConnectionRow> {
  const { runtime, leases, tokens, clock, store } = services;
  const actorId = actorIdOf('credential', connectionId);
  const deadlineMs = clock.nowMs() + CALLER_WAIT_MS_MAX;
  // Begun before it is asked for: the answer may come before the question is acknowledged.
  let changed = leases.renewed(connectionId, deadlineMs);
  const event = { type: 'refresh.requested', generation, isRefused: false };
  const isAccepted = await runtime.send(actorId, event).catch((error: unknown) => {
    changed.catch(() => {});
    throw error;
  });
  if (!isAccepted && !runtime.peek(actorId).hasTag('refreshing')) {
    changed.catch(() => {});
    const row = assertUsable(readConnection(store.reads, connectionId));
    if (row.generation > generation) return row;
    if (runtime.peek(actorId).value === 'fresh') {
      throw new IntegrationError('bad_request', 'this connection has no token that could be renewed');
    }
    tokens.assertNextWithin(connectionId, deadlineMs);
  }
  for (;;) {
    await changed.catch((error: unknown) => {
      if (errorFacts(error).code === 'timeout') tokens.assertNextWithin(connectionId, deadlineMs);
      throw error;
    });
    const row = assertUsable(readConnection(store.reads, connectionId));
    if (row.generation > generation) return row;
    tokens.assertNextWithin(connectionId, deadlineMs);
    changed = leases.renewed(connectionId, deadlineMs);
  }
}

function assertUsable(row: ConnectionRow | undefined): ConnectionRow {
  if (row === undefined) throw new IntegrationError('not_found', 'no such connection');
  if (row.status !== 'bad_credentials') return row;
  throw new IntegrationError('auth_invalidated', 'the provider no longer accepts this connection', {
    remedy: 'Ask the customer to connect again.',
  });
}
