// Changes of a connection that a builder makes: facts of the account, or another credential of the same scheme.

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { CONNECTION_EDITS_MAX } from '../../core/limits.ts';
import { type ConnectionRow, describeConnection, readConnection } from '../../store/tables/connections.ts';
import { connectionChanged } from '../notify/events.ts';
import type { Services } from '../services.ts';
import { generateConnection, type TypedCredential } from './generate.ts';
import { type ConnectIdentity, type MetadataInput, metadataOf, type ProviderMetadata } from './identity.ts';
import type { Replaced } from './storeConnection.ts';

const CREDENTIAL_MASKS = {
  apiKey: 'apiKey',
  basicAuth: 'basic',
  oauth2ClientCredentials: 'oauth2/clientCredentials',
  oauth2PasswordCredentials: 'oauth2/password',
} as const;

type CredentialMask = keyof typeof CREDENTIAL_MASKS;
export type ConnectionMask = CredentialMask | 'providerWorkspaceRef' | 'providerMetadata';

export const CONNECTION_MASKS: readonly ConnectionMask[] = [
  'providerWorkspaceRef',
  'providerMetadata',
  'apiKey',
  'basicAuth',
  'oauth2ClientCredentials',
  'oauth2PasswordCredentials',
];

/**
 * Rejects with `bad_request` for a credential of another scheme, with the masks that are allowed, and as
 * `generateConnection`; `conflict` if another change came in between and was not part of what this one is about.
 * Nothing is changed then. Facts of the account are decided anew where others came first, so that both are there.
 */
export async function editConnection(
  services: Services,
  before: ConnectionRow,
  mask: readonly ConnectionMask[],
  changes: MetadataInput & TypedCredential,
): Promise<ConnectionRow> {
  let row = before;
  for (let attempt = 0; attempt < CONNECTION_EDITS_MAX; attempt++) {
    const edited = await editOnce(services, row, mask, changes);
    if (edited !== null) return edited;
    row = readConnection(services.store.reads, row.connectionId) ?? gone();
  }
  throw new IntegrationError('conflict', 'this connection is being changed by another request');
}

/** Null if something else than `row` was there when it was to be stored. */
async function editOnce(
  services: Services,
  row: ConnectionRow,
  mask: readonly ConnectionMask[],
  changes: MetadataInput & TypedCredential,
): Promise<ConnectionRow | null> {
  const credentials = mask.filter((name): name is CredentialMask => Object.hasOwn(CREDENTIAL_MASKS, name));
  const wrong = credentials.find((name) => CREDENTIAL_MASKS[name] !== row.authScheme);
  if (wrong !== undefined || credentials.length > 1) throw wrongMask(row, wrong ?? credentials.join(', '));
  const metadata = metadataAfter(services, row, mask, changes);
  const saidRef = mask.includes('providerWorkspaceRef') ? (changes.providerWorkspaceRef ?? null) : undefined;
  const [credential] = credentials;
  if (credential !== undefined) {
    const { projectId, provider, groupRef, groupName, consumerRef, consumerName, connectionId } = row;
    const identity: ConnectIdentity = {
      ...{ projectId, provider, groupRef, groupName, consumerRef, consumerName },
      metadata,
    };
    return generateConnection(services, identity, changes, { connectionId, onlyOver: describedAs(row), saidRef });
  }
  if (mask.length === 0) return row;
  const workspaceRef = saidRef === undefined ? row.workspaceRef : saidRef;
  return describe(services, row, { ...row, workspaceRef, metadata: JSON.stringify(metadata) });
}

function describedAs({ metadata, workspaceRef }: ConnectionRow): Replaced {
  return { metadata, workspaceRef };
}

function gone(): never {
  throw new IntegrationError('not_found', 'no such connection');
}

async function describe(
  services: Services,
  before: ConnectionRow,
  described: ConnectionRow,
): Promise<ConnectionRow | null> {
  const { runtime, tokens, targets, store, clock } = services;
  const { connectionId } = described;
  const told = connectionChanged(services, 'updated', described);
  const writes = [describeConnection({ ...described, updatedAtMs: clock.nowMs() }, before), ...told.writes];
  const outcome = await runtime
    .send(actorIdOf('credential', connectionId), { type: 'connection.described' }, { writes, messages: told.messages })
    .catch((error: unknown) => {
      const { code } = errorFacts(error);
      // The store refused it, or did not try it after the refusal of another that was decided on the same row.
      if (code === 'invalid_input' || (code === 'storage_unavailable' && store.isHealthy)) return null;
      throw error;
    });
  if (outcome === null) return null;
  const row = (outcome ? readConnection(store.reads, connectionId) : undefined) ?? gone();
  tokens.forget(connectionId);
  targets.forgetAll();
  return row;
}

/** As a whole, so that a missing or malformed value is told as it is when connecting. */
function metadataAfter(
  { catalog }: Services,
  row: ConnectionRow,
  mask: readonly ConnectionMask[],
  changes: MetadataInput,
): ProviderMetadata {
  const before = JSON.parse(row.metadata) as ProviderMetadata;
  const isWorkspace = mask.includes('providerWorkspaceRef');
  if (!mask.includes('providerMetadata') && !isWorkspace) return before;
  const given = mask.includes('providerMetadata') ? (changes.providerMetadata ?? {}) : {};
  const workspace = isWorkspace && before['workspace'] !== undefined ? changes.providerWorkspaceRef : undefined;
  return metadataOf(catalog.get(row.provider), {
    providerMetadata: {
      ...before,
      ...(workspace === undefined ? {} : { workspace: { value: workspace } }),
      ...given,
    },
  });
}

function wrongMask(row: ConnectionRow, name: string): IntegrationError {
  const own = Object.entries(CREDENTIAL_MASKS).find(([, scheme]) => scheme === row.authScheme)?.[0];
  const another = row.authScheme.startsWith('oauth2/authorizationCode') ? '; for another grant use :oauth-update' : '';
  const allowed = ['providerWorkspaceRef', 'providerMetadata', ...(own === undefined ? [] : [own])];
  return new IntegrationError('bad_request', `${name} cannot be changed on a connection of scheme ${row.authScheme}`, {
    remedy: `Allowed are ${allowed.join(', ')}${another}.`,
    issues: [{ in: 'body', name: 'updateMask', detail: `"${name}" does not fit this connection` }],
  });
}
