// The first half of an OAuth connection: makes the address of the provider's consent page and remembers, sealed and
// for a quarter of an hour, what the callback will need. The state in the address is random, stored only as a hash,
// and can be used once.

import { buildAuthorizationUrl, newPkcePair } from '../../auth/oauth.ts';
import { isAuthorizationCode } from '../../catalog/schema.ts';
import { IntegrationError } from '../../core/errors.ts';
import { randomToken } from '../../core/ids.ts';
import { type ProviderAppRow, readDefaultProviderApp, readProviderApp } from '../../store/tables/accounts.ts';
import type { Services } from '../services.ts';
import { type ConnectIdentity, variablesIn } from './identity.ts';
import { park } from './parked.ts';

/** What the callback gets back. Never leaves the process unsealed. */
export interface PendingAuthorization {
  readonly identity: ConnectIdentity;
  readonly providerAppId: string;
  readonly redirectUri: string;
  readonly codeVerifier: string | null;
  /** Set when an existing connection is to be connected again. */
  readonly connectionId: string | null;
}

/** What is parked under the state of a consent page. */
export const AUTHORIZATION = 'authorization';
const STATE_BYTES = 32;

/** The address that providers send customers back to; builders register it with their provider app. */
function redirectUriOf({ publicUrl }: Pick<Services, 'publicUrl'>): string {
  return `${publicUrl}/callbacks/v1/oauth`;
}

/**
 * Rejects with `bad_request` for a provider without a consent page, a missing provider app or missing input;
 * `not_found` for an unknown provider; `overloaded` if too many requests of the project are open.
 */
export async function authorize(
  services: Services,
  identity: ConnectIdentity,
  options: { readonly providerAppId?: string | undefined; readonly connectionId?: string | undefined },
): Promise<string> {
  const declaration = services.catalog.get(identity.provider);
  if (!isAuthorizationCode(declaration.auth)) {
    throw new IntegrationError('bad_request', `${declaration.displayName} is not connected through a consent page`, {
      remedy: 'Use connections:generate with the credential of the customer.',
    });
  }
  const app = providerAppFor(services, identity, options.providerAppId);
  const pkce = declaration.auth.grantType === 'authorizationCodePKCE' ? await newPkcePair() : null;
  const state = randomToken(STATE_BYTES);
  const redirectUri = redirectUriOf(services);
  const url = buildAuthorizationUrl(declaration, {
    clientId: app.clientId,
    redirectUri,
    state,
    scopes: JSON.parse(app.scopes) as string[],
    ...(pkce === null ? {} : { codeChallenge: pkce.codeChallenge }),
    variables: variablesIn(identity.metadata),
    extraParams: extraParamsOf(app),
  });
  const pending: PendingAuthorization = {
    identity,
    providerAppId: app.providerAppId,
    redirectUri,
    codeVerifier: pkce?.codeVerifier ?? null,
    connectionId: options.connectionId ?? null,
  };
  await park(services, identity, state, AUTHORIZATION, pending);
  return url;
}

function providerAppFor({ store }: Services, identity: ConnectIdentity, providerAppId?: string): ProviderAppRow {
  const app =
    providerAppId === undefined
      ? readDefaultProviderApp(store.reads, identity.projectId, identity.provider)
      : readProviderApp(store.reads, providerAppId);
  if (app?.projectId === identity.projectId && app.provider === identity.provider) return app;
  throw new IntegrationError('bad_request', `the project has no provider app for ${identity.provider}`, {
    remedy: 'Create one with POST /v1/projects/{project}/provider-apps.',
  });
}

/** `metadata.authQueryParams` of a provider app: `{name: string[]}` (wire). */
function extraParamsOf(app: ProviderAppRow): Record<string, string> {
  const metadata = JSON.parse(app.metadata ?? '{}') as { authQueryParams?: Record<string, string[]> };
  return Object.fromEntries(
    Object.entries(metadata.authQueryParams ?? {}).map(([name, values]) => [name, values.join(' ')]),
  );
}
