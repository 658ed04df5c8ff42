// Deletes a connection: its row, its sealed credential and the credential actor go in one commit.

import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { type ConnectionRow, deleteConnection } from '../../store/tables/connections.ts';
import { readInstallationsOfConnection } from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';

/** Rejects with `invalid_input` while an installation uses the connection. */
export async function removeConnection(services: Services, connection: ConnectionRow): Promise<void> {
  const { connectionId } = connection;
  const used = readInstallationsOfConnection(services.store.reads, connectionId).length;
  if (used > 0) {
    throw new IntegrationError('invalid_input', `the connection is used by ${used} installation(s)`, {
      remedy: 'Delete the installations first.',
    });
  }
  const event = { type: 'connection.deleted' };
  const writes = deleteConnection(connectionId);
  const isAccepted = await services.runtime.send(actorIdOf('credential', connectionId), event, { writes });
  if (!isAccepted) throw new IntegrationError('not_found', 'no such connection');
  services.tokens.forget(connectionId);
  services.targets.forgetAll();
}
