// Connections made from what a customer typed: an API key, a user name and password, a client of their own, a key to
// sign with, tokens that exist already, or nothing where a provider is open. What has to be exchanged for a token is
// exchanged before anything is stored. Called by the edge with a validated body.

import { attachmentOf } from '../../auth/attach.ts';
import type { Credential, CredentialSource, OAuth2Credential } from '../../auth/credential.ts';
import { buildSourceRequest } from '../../auth/renewal.ts';
import type { TokenGranted } from '../../auth/tokenResponse.ts';
import {
  type CustomAuth,
  isAuthorizationCode,
  type LoginExchange,
  type ProviderDeclaration,
} from '../../catalog/schema.ts';
import { fillTemplate, resolveTemplate } from '../../catalog/template.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { jsonAt, jsonOrNull } from '../../core/json.ts';
import type { Ms } from '../../core/time.ts';
import { readDefaultProviderApp, readProviderApp } from '../../store/tables/accounts.ts';
import { type ConnectionRow, readConnections } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import { type Account, call, learnAccount } from './account.ts';
import { checkCredential, type Verdict } from './healthCheck.ts';
import { type ConnectIdentity, learnedVariables, missingOf, toldVariables, variablesIn } from './identity.ts';
import { eraseConnection, unlessNotOurs } from './removeConnection.ts';
import { renewNow } from './renew.ts';
import { appOpener, requestToken } from './requestToken.ts';
import { type Replaced, storeConnection } from './storeConnection.ts';

interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[] | undefined;
}

interface ExistingToken {
  readonly token: string;
  readonly issuedAtMs?: Ms | undefined;
  readonly expiresAtMs?: Ms | undefined;
}

/** The credential parts of a ConnectionRequest (wire); exactly the one of the provider's scheme is used. */
export interface TypedCredential {
  readonly apiKey?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined;
  readonly oauth2ClientCredentials?: ClientCredentials | undefined;
  readonly oauth2PasswordCredentials?:
    | (ClientCredentials & { readonly username: string; readonly password: string })
    | undefined;
  readonly oauth2AuthorizationCode?:
    | {
        readonly accessToken?: ExistingToken | undefined;
        readonly refreshToken?: ExistingToken | undefined;
        readonly scopes?: readonly string[] | undefined;
      }
    | undefined;
  /** Texts by input; `scopes` may be a list. */
  readonly customAuth?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
}

/** A credential as it will be stored, with what its token answer said. */
interface Acquired {
  readonly credential: Credential;
  readonly granted: Pick<TokenGranted, 'metadata' | 'expiresAtMs' | 'grantEndsAtMs'> | null;
  readonly providerAppId: string | null;
  readonly issuedAtMs?: Ms;
}

/** A token that is not there yet: usable by nobody, and due at once. */
const NO_TOKEN = { accessToken: '-', expiresAtMs: 0, issuedAtMs: 0 } as const;

/** Which connection it becomes, and which client its tokens are of. */
interface GenerateTarget {
  /** The connection that it is the next credential of. */
  readonly connectionId?: string | undefined;
  /** The project's default for the provider if absent. */
  readonly providerAppId?: string | undefined;
  /** See `NewCredential`. */
  readonly onlyOver?: Replaced | undefined;
  /** See `NewCredential`. */
  readonly saidRef?: string | null | undefined;
}

/** A credential with all that is known of it before it is stored. */
export interface PreparedConnection {
  readonly acquired: Acquired;
  readonly account: Account;
  /** Null: there is no token yet, and nobody could be asked. */
  readonly verdict: Verdict | null;
}

/**
 * Rejects with `bad_request` if the credential is missing, is of another scheme, cannot be sent or is refused by the
 * provider; `app_fault` if it refuses the provider app; `auth_invalidated` if it refuses a refresh token from
 * elsewhere, and `conflict` if that would replace what works; `not_found` for an unknown provider; and with the codes
 * of a token request.
 */
export async function generateConnection(
  services: Services,
  identity: ConnectIdentity,
  typed: TypedCredential,
  target: GenerateTarget = {},
): Promise<ConnectionRow> {
  const prepared = await prepareConnection(services, identity, typed, target);
  const { verdict } = prepared;
  if (verdict?.kind === 'refused') throw refusedCredential(services.catalog.get(identity.provider), verdict.status);
  return storePrepared(services, identity, prepared, target);
}

/** Everything up to the moment of storing. Rejects as `generateConnection`, but not for what the provider refuses. */
export async function prepareConnection(
  services: Services,
  identity: ConnectIdentity,
  typed: TypedCredential,
  { providerAppId }: GenerateTarget,
): Promise<PreparedConnection> {
  const declaration = services.catalog.get(identity.provider);
  const acquired = await acquire(services, declaration, identity, typed, providerAppId);
  const { credential, granted } = acquired;
  // Refuses what could never be sent, now, and not with the first call.
  attachmentOf(declaration, credential);
  if (credential.scheme === 'oauth2' && credential.accessToken === NO_TOKEN.accessToken) {
    const workspaceRef = identity.metadata['workspace']?.value ?? null;
    return { acquired, account: { metadata: identity.metadata, workspaceRef, consumerRef: null }, verdict: null };
  }
  const account = await learnAccount(services, declaration, credential, identity.metadata, granted?.metadata ?? null);
  const verdict = await checkCredential(services, declaration, credential, variablesIn(account.metadata));
  return { acquired, account, verdict };
}

/** Rejects as `generateConnection`; what never worked is not kept. */
export async function storePrepared(
  services: Services,
  identity: ConnectIdentity,
  { acquired, account, verdict }: PreparedConnection,
  { connectionId, onlyOver, saidRef }: Pick<GenerateTarget, 'connectionId' | 'onlyOver' | 'saidRef'>,
): Promise<ConnectionRow> {
  const { credential, granted, providerAppId } = acquired;
  const row = await storeConnection(services, {
    identity: { ...identity, metadata: account.metadata },
    credential,
    providerAppId,
    workspaceRef: account.workspaceRef,
    consumerRef: account.consumerRef,
    expiresAtMs: granted?.expiresAtMs ?? null,
    grantEndsAtMs: granted?.grantEndsAtMs ?? null,
    ...(acquired.issuedAtMs === undefined ? {} : { issuedAtMs: acquired.issuedAtMs }),
    connectionId,
    onlyOver,
    saidRef,
  });
  return verdict === null ? firstToken(services, row) : row;
}

/** What a provider said to a credential that it does not take. */
export function refusedCredential({ displayName }: ProviderDeclaration, status: number): IntegrationError {
  return new IntegrationError('bad_request', `${displayName} refuses the credential (${status})`, {
    remedy: 'Check it for typing errors, and that it may be used for this account.',
  });
}

/** Stored first: the answer to the one renewal that a single-use token allows must not be lost with this request. */
async function firstToken(services: Services, row: ConnectionRow): Promise<ConnectionRow> {
  try {
    return await renewNow(services, row);
  } catch (error) {
    const { code } = errorFacts(error);
    // Nothing is lost then, and what never worked is not a connection. One that was there before may be in use.
    const isRefused = code === 'auth_invalidated' || code === 'app_fault';
    if (isRefused && row.generation === 1) await eraseConnection(services, row).catch(unlessNotOurs);
    throw error;
  }
}

/** A token that may be refused only after it was stored must not take the place of one that works. */
function assertReplaceable({ store }: Services, identity: ConnectIdentity): void {
  const [existing] = readConnections(store.reads, identity.projectId, identity);
  if (existing === undefined || existing.status === 'bad_credentials') return;
  throw new IntegrationError('conflict', `"${identity.groupRef}" is connected already, and its connection works`, {
    remedy: 'Delete that connection first, or send an access token along.',
  });
}

async function acquire(
  services: Services,
  declaration: ProviderDeclaration,
  identity: ConnectIdentity,
  typed: TypedCredential,
  appId: string | undefined,
): Promise<Acquired> {
  const { auth } = declaration;
  if (auth.scheme === 'custom') return acquireCustom(services, declaration, auth, identity, typed);
  if (auth.scheme === 'oauth2' && isAuthorizationCode(auth))
    return existingGrant(services, declaration, identity, typed, appId);
  if (auth.scheme === 'oauth2') {
    const source =
      auth.grantType === 'password' ? passwordSource(declaration, typed) : clientSource(declaration, typed);
    return acquireFrom(services, declaration, source, identity, null);
  }
  return { credential: plainCredential(declaration, typed), granted: null, providerAppId: null };
}

function plainCredential(declaration: ProviderDeclaration, typed: TypedCredential): Credential {
  const { scheme } = declaration.auth;
  if (scheme === 'none') return { scheme };
  if (scheme === 'apiKey') {
    if (typed.apiKey === undefined || typed.apiKey === '') throw missing(declaration, 'apiKey');
    return { scheme, apiKey: typed.apiKey };
  }
  if (scheme === 'basic') {
    if (typed.basicAuth === undefined) throw missing(declaration, 'basicAuth');
    return { scheme, username: typed.basicAuth.username, password: typed.basicAuth.password };
  }
  throw new IntegrationError('bad_request', `Tenon does not know how ${declaration.displayName} signs in`);
}

function clientSource(
  declaration: ProviderDeclaration,
  { oauth2ClientCredentials: typed }: TypedCredential,
): CredentialSource {
  if (typed === undefined) throw missing(declaration, 'oauth2ClientCredentials');
  const { clientId, clientSecret, scopes = [] } = typed;
  return { grant: 'clientCredentials', client: { clientId, clientSecret }, scopes };
}

function passwordSource(
  declaration: ProviderDeclaration,
  { oauth2PasswordCredentials: typed }: TypedCredential,
): CredentialSource {
  if (typed === undefined) throw missing(declaration, 'oauth2PasswordCredentials');
  const { clientId, clientSecret, username, password, scopes = [] } = typed;
  return { grant: 'password', client: { clientId, clientSecret }, username, password, scopes };
}

/** The first token of a source, which goes on being the way to the next one. */
export async function acquireFrom(
  services: Services,
  declaration: ProviderDeclaration,
  source: CredentialSource,
  identity: ConnectIdentity,
  providerAppId: string | null,
): Promise<Acquired> {
  const request = await buildSourceRequest(declaration, source, {
    app: appOpener(services, providerAppId),
    variables: variablesIn(identity.metadata),
    nowMs: services.clock.nowMs(),
  });
  const granted = await requestToken(services, declaration, request, providerAppId !== null);
  return { credential: { ...granted.credential, source }, granted, providerAppId };
}

/** Tokens from elsewhere. Without an access token the first one is had with the refresh token. */
function existingGrant(
  services: Services,
  declaration: ProviderDeclaration,
  identity: ConnectIdentity,
  { oauth2AuthorizationCode: typed }: TypedCredential,
  appId: string | undefined,
): Acquired {
  const refreshToken = typed?.refreshToken?.token;
  if (typed === undefined || (typed.accessToken === undefined && refreshToken === undefined)) {
    throw new IntegrationError('bad_request', `${declaration.displayName} is not connected with a typed credential`, {
      remedy: 'Start with POST /v1/oauth-connect, or send oauth2AuthorizationCode with tokens that exist already.',
    });
  }
  const { reads } = services.store;
  const app =
    appId === undefined
      ? readDefaultProviderApp(reads, identity.projectId, identity.provider)
      : readProviderApp(reads, appId);
  if (refreshToken !== undefined && app === undefined) {
    throw new IntegrationError('bad_request', `the project has no provider app for ${identity.provider}`, {
      remedy: 'Create the one that these tokens were made with: POST /v1/projects/{project}/provider-apps.',
    });
  }
  // Without an access token nobody can be asked before the first renewal, which has to be stored.
  const names = typed.accessToken === undefined ? learnedVariables(declaration) : toldVariables(declaration);
  const unsaid = missingOf(declaration, names, identity.metadata);
  if (unsaid !== undefined) throw missing(declaration, `providerMetadata.${unsaid}`);
  if (typed.accessToken === undefined) assertReplaceable(services, identity);
  const { token, issuedAtMs, expiresAtMs = null } = typed.accessToken ?? { ...NO_TOKEN, token: NO_TOKEN.accessToken };
  const credential: OAuth2Credential = {
    scheme: 'oauth2',
    accessToken: token,
    tokenType: 'Bearer',
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(typed.scopes === undefined ? {} : { scopes: typed.scopes }),
  };
  const grantEndsAtMs = typed.refreshToken?.expiresAtMs ?? null;
  return {
    credential,
    granted: { metadata: { other: {} }, expiresAtMs, grantEndsAtMs },
    providerAppId: app?.providerAppId ?? null,
    ...(issuedAtMs === undefined ? {} : { issuedAtMs }),
  };
}

async function acquireCustom(
  services: Services,
  declaration: ProviderDeclaration,
  auth: CustomAuth,
  identity: ConnectIdentity,
  typed: TypedCredential,
): Promise<Acquired> {
  const { exchange } = auth;
  const values = customValues(declaration, auth, typed);
  if (exchange === undefined) {
    if (auth.headers.length > 0 || auth.queryParams.length > 0) {
      return { credential: { scheme: 'custom', values }, granted: null, providerAppId: null };
    }
    throw new IntegrationError('bad_request', `${declaration.displayName} has no HTTP API that Tenon could call`);
  }
  if (exchange.kind === 'consent') {
    throw new IntegrationError('bad_request', `${declaration.displayName} is connected in several steps`, {
      remedy: 'Start with POST /v1/custom-auth/connect.',
    });
  }
  if (exchange.kind === 'login') {
    const credential = await logIn(services, declaration, exchange, identity, values);
    return { credential, granted: null, providerAppId: null };
  }
  const scopes = scopesOf(services, identity.projectId, declaration, typed) ?? exchange.scopes;
  if (exchange.scopeClaim !== undefined && scopes.length === 0) {
    throw new IntegrationError('bad_request', `${declaration.displayName} needs scopes`, {
      issues: [{ in: 'body', name: 'customAuth.scopes', detail: 'is required' }],
      remedy: 'Send them as customAuth.scopes, or set them on a provider app of the project.',
    });
  }
  return acquireFrom(services, declaration, { grant: 'exchange', values, scopes }, identity, null);
}

/** What the customer chose, else what the builder set for all customers. */
function scopesOf(
  { store }: Services,
  projectId: ProjectId,
  declaration: ProviderDeclaration,
  { customAuth }: TypedCredential,
): readonly string[] | null {
  const typed = customAuth?.['scopes'];
  if (typed !== undefined) return typeof typed === 'string' ? typed.split(/[\s,]+/).filter(Boolean) : typed;
  const app = readDefaultProviderApp(store.reads, projectId, declaration.name);
  const scopes = app === undefined ? [] : (JSON.parse(app.scopes) as string[]);
  return scopes.length === 0 ? null : scopes;
}

/** Every declared input, and nothing else: what is stored is what is used. */
function customValues(
  declaration: ProviderDeclaration,
  { inputs }: CustomAuth,
  { customAuth }: TypedCredential,
): Record<string, string> {
  if (customAuth === undefined && inputs.length > 0) throw missing(declaration, 'customAuth');
  const entries = inputs.map(({ name, options }): [string, string] => {
    const value = customAuth?.[name];
    if (typeof value !== 'string' || value === '') throw missing(declaration, `customAuth.${name}`);
    if (options !== undefined && !options.some((option) => option.value === value)) {
      throw new IntegrationError('bad_request', `customAuth.${name} is none of the values to choose from`, {
        issues: [{ in: 'body', name: `customAuth.${name}`, detail: 'is none of the values to choose from' }],
      });
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** User name and password are used once; what is stored is the key they were exchanged for. */
async function logIn(
  services: Services,
  declaration: ProviderDeclaration,
  exchange: LoginExchange,
  identity: ConnectIdentity,
  values: Readonly<Record<string, string>>,
): Promise<Credential> {
  const basic = Buffer.from(fillTemplate(exchange.basic, values)).toString('base64');
  const attachment = { headers: ['Authorization', `Basic ${basic}`], query: '' };
  const url = resolveTemplate(exchange.url, variablesIn(identity.metadata));
  const response = await call(services, attachment, exchange.method, url);
  if (response.status === 401 || response.status === 403) {
    throw new IntegrationError('bad_request', `${declaration.displayName} refused user name, password or key`);
  }
  const key = response.status < 300 ? jsonAt(jsonOrNull(response.body.toString()), exchange.keyPath) : null;
  if (typeof key !== 'string' || key === '') {
    throw new IntegrationError(
      'provider_malformed',
      `${declaration.displayName} answered ${response.status} without a key`,
    );
  }
  const text = fillTemplate(exchange.value.base64Of, { ...values, [exchange.keyVariable]: key });
  return { scheme: 'custom', values: { [exchange.value.name]: Buffer.from(text).toString('base64') } };
}

function missing(declaration: ProviderDeclaration, name: string): IntegrationError {
  return new IntegrationError('bad_request', `${declaration.displayName} is connected with ${name}`, {
    issues: [{ in: 'body', name, detail: 'is required' }],
  });
}
