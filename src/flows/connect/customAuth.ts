// Connecting in several steps, where a form is not all (`customOpts.multiStep`): a login that is exchanged for a key,
// or the page on which an administrator consents for a whole tenant. What the second step needs is parked, sealed and
// for a quarter of an hour; session and state are random, stored as hashes, bound to each other and used once.

import { createHash } from 'node:crypto';
import type { ConsentExchange } from '../../catalog/schema.ts';
import { resolveTemplate } from '../../catalog/template.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type ProjectId, randomToken } from '../../core/ids.ts';
import { readDefaultProviderApp, readProviderApp } from '../../store/tables/accounts.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import { learnAccount } from './account.ts';
import { acquireFrom, generateConnection, type TypedCredential } from './generate.ts';
import type { ConnectIdentity } from './identity.ts';
import { park, takeParked } from './parked.ts';
import { storeConnection } from './storeConnection.ts';

const CUSTOM_AUTH = 'customAuth';
const SESSION_BYTES = 32;

/** What the second step gets back. Never leaves the process unsealed. */
interface PendingConsent {
  readonly identity: ConnectIdentity;
  readonly providerAppId: string;
  /** The state that the provider must bring back, as a hash. */
  readonly stateHash: string;
}

export type CustomAuthStep =
  | { readonly kind: 'connected'; readonly connection: ConnectionRow }
  | { readonly kind: 'redirect'; readonly url: string; readonly sessionId: string };

/** Where providers send browsers back to; builders register it with their provider app. */
function customAuthRedirectUri({ publicUrl }: Pick<Services, 'publicUrl'>): string {
  return `${publicUrl}/callbacks/v1/custom-auth/default`;
}

/** Rejects with `bad_request` for a provider that is connected otherwise, and as `generateConnection`. */
export async function startCustomAuth(
  services: Services,
  identity: ConnectIdentity,
  typed: TypedCredential,
  providerAppId?: string,
): Promise<CustomAuthStep> {
  const declaration = services.catalog.get(identity.provider);
  const { auth } = declaration;
  if (auth.scheme !== 'custom' || !auth.isMultiStep) {
    throw new IntegrationError('bad_request', `${declaration.displayName} is not connected in several steps`, {
      remedy: auth.scheme === 'oauth2' ? 'Start with POST /v1/oauth-connect.' : 'Use connections:generate.',
    });
  }
  if (auth.exchange?.kind === 'consent') return askForConsent(services, auth.exchange, identity, providerAppId);
  return { kind: 'connected', connection: await generateConnection(services, identity, typed) };
}

async function askForConsent(
  services: Services,
  exchange: ConsentExchange,
  identity: ConnectIdentity,
  providerAppId: string | undefined,
): Promise<CustomAuthStep> {
  const { reads } = services.store;
  const app =
    providerAppId === undefined
      ? readDefaultProviderApp(reads, identity.projectId, identity.provider)
      : readProviderApp(reads, providerAppId);
  if (app?.projectId !== identity.projectId || app.provider !== identity.provider) {
    throw new IntegrationError('bad_request', `the project has no provider app for ${identity.provider}`, {
      remedy: 'Create one with POST /v1/projects/{project}/provider-apps.',
    });
  }
  const state = randomToken(SESSION_BYTES);
  const sessionId = randomToken(SESSION_BYTES);
  const url = new URL(resolveTemplate(exchange.consentUrl, {}));
  url.searchParams.set('client_id', app.clientId);
  url.searchParams.set('redirect_uri', customAuthRedirectUri(services));
  url.searchParams.set('state', state);
  const pending: PendingConsent = { identity, providerAppId: app.providerAppId, stateHash: hashOf(state) };
  await park(services, identity, sessionId, CUSTOM_AUTH, pending);
  return { kind: 'redirect', url: url.href, sessionId };
}

/**
 * The second step, with what the provider told the browser. Rejects with `bad_request` for a session that is unknown,
 * used, expired, another project's or, if `groupRef` is given, another group's, for another state, and for a consent
 * that was not given.
 */
export async function resumeCustomAuth(
  services: Services,
  projectId: ProjectId,
  sessionId: string,
  params: Readonly<Record<string, string>>,
  groupRef: string | null,
): Promise<CustomAuthStep> {
  const pending = await takeParked<PendingConsent>(services, sessionId, CUSTOM_AUTH, projectId);
  const { identity, providerAppId } = pending;
  if (groupRef !== null && groupRef !== identity.groupRef) {
    throw new IntegrationError('bad_request', 'this login was begun for another group');
  }
  const declaration = services.catalog.get(identity.provider);
  if (hashOf(params['state'] ?? '') !== pending.stateHash) {
    throw new IntegrationError('bad_request', 'the provider brought back another authorization than was begun');
  }
  const { auth } = declaration;
  const exchange = auth.scheme === 'custom' ? auth.exchange : undefined;
  if (exchange?.kind !== 'consent') throw new IntegrationError('bad_request', 'this provider needs no second step');
  const tenant = params[exchange.tenantParam] ?? '';
  if (params['error'] !== undefined || tenant === '') {
    const words = params['error_description'] ?? params['error'] ?? `it named no ${exchange.tenantParam}`;
    throw new IntegrationError('bad_request', `${declaration.displayName} did not connect: ${words.slice(0, 200)}`);
  }
  const source = { grant: 'exchange' as const, values: { [exchange.tenantParam]: tenant }, scopes: exchange.scopes };
  const { credential, granted } = await acquireFrom(services, declaration, source, identity, providerAppId);
  const account = await learnAccount(services, declaration, credential, identity.metadata, granted?.metadata ?? null);
  const connection = await storeConnection(services, {
    identity: { ...identity, metadata: account.metadata },
    credential,
    providerAppId,
    workspaceRef: account.workspaceRef ?? tenant,
    consumerRef: account.consumerRef,
    expiresAtMs: granted?.expiresAtMs ?? null,
    grantEndsAtMs: granted?.grantEndsAtMs ?? null,
  });
  return { kind: 'connected', connection };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
