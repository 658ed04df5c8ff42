// Connections made from what a customer typed: an API key, a user name and password, or nothing where a provider is
// open. Called by the edge with a validated body.

import { attachmentOf } from '../../auth/attach.ts';
import type { Credential } from '../../auth/credential.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import type { ConnectIdentity } from './identity.ts';
import { storeConnection } from './storeConnection.ts';

/** The credential parts of a ConnectionRequest (wire); exactly the one of the provider's scheme is used. */
export interface TypedCredential {
  readonly apiKey?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined;
}

/**
 * Rejects with `bad_request` if the credential is missing, is of another scheme or cannot be sent; `not_found` for an
 * unknown provider.
 */
export function generateConnection(
  services: Services,
  identity: ConnectIdentity,
  typed: TypedCredential,
): Promise<ConnectionRow> {
  const declaration = services.catalog.get(identity.provider);
  const credential = credentialOf(declaration, typed);
  // Refuses what could never be sent, now, and not with the first call.
  attachmentOf(declaration, credential);
  return storeConnection(services, {
    identity,
    credential,
    providerAppId: null,
    workspaceRef: identity.metadata['workspace']?.value ?? null,
    expiresAtMs: null,
  });
}

function credentialOf(declaration: ProviderDeclaration, typed: TypedCredential): Credential {
  const { scheme } = declaration.auth;
  if (scheme === 'none') return { scheme: 'none' };
  if (scheme === 'apiKey') {
    if (typed.apiKey === undefined || typed.apiKey === '') throw missing(declaration, 'apiKey');
    return { scheme, apiKey: typed.apiKey };
  }
  if (scheme === 'basic') {
    if (typed.basicAuth === undefined) throw missing(declaration, 'basicAuth');
    return { scheme, username: typed.basicAuth.username, password: typed.basicAuth.password };
  }
  throw new IntegrationError('bad_request', `${declaration.displayName} is not connected with a typed credential`, {
    remedy: scheme === 'oauth2' ? 'Start with POST /v1/oauth-connect.' : 'This scheme is not supported yet.',
  });
}

function missing(declaration: ProviderDeclaration, name: string): IntegrationError {
  return new IntegrationError('bad_request', `${declaration.displayName} is connected with ${name}`, {
    issues: [{ in: 'body', name, detail: 'is required' }],
  });
}
