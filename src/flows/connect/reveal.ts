// The tokens of a connection as text, for the builder who asks for them by name: the one place where a credential
// leaves the process other than attached to a call. Called by the edge for keys that may do everything in their
// project.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import { type OAuth2Credential, parseCredential } from '../../auth/credential.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type ConnectionRow, readConnectionWithCredential } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';

/** Rejects with `not_found` for a connection that is gone, `bad_request` for one without OAuth tokens. */
export function revealTokens({ store, vault, log }: Services, { connectionId }: ConnectionRow): OAuth2Credential {
  const row = readConnectionWithCredential(store.reads, connectionId);
  if (row === undefined) throw new IntegrationError('not_found', 'no such connection');
  const place = { connectionId, generation: row.generation, purpose: CREDENTIAL_PURPOSE };
  const credential = parseCredential(vault.open(row.sealed, place).toString());
  if (credential.scheme !== 'oauth2') throw new IntegrationError('bad_request', 'this connection has no OAuth tokens');
  log.info({ connectionId, projectId: row.projectId }, 'the tokens of a connection were read over the API');
  return credential;
}
