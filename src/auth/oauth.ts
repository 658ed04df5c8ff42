// OAuth 2 requests as data: the address a customer's browser is sent to, and the calls to the token endpoint.
// Egress sends them, `tokenResponse.ts` reads the answers; nothing here does I/O. Invariant: client secrets,
// codes, verifiers and refresh tokens are only in bodies and headers, never in an address.

import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from 'oauth4webapi';
import { isAuthorizationCode, type OAuth2Auth, type ProviderDeclaration } from '../catalog/schema.ts';
import { resolveTemplate, type TemplateVariables } from '../catalog/template.ts';
import { IntegrationError, invariant } from '../core/errors.ts';

/** The builder's provider app, or the customer's own client with the client credentials grant. */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface TokenRequest {
  readonly url: string;
  readonly method: 'POST';
  /** Name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface PkcePair {
  readonly codeVerifier: string;
  readonly codeChallenge: string;
}

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly scopes: readonly string[];
  /** Required where the provider's grant is `authorizationCodePKCE`. */
  readonly codeChallenge?: string;
  readonly variables: TemplateVariables;
  /** What the builder set on the provider app, e.g. `optional_scope`. */
  readonly extraParams: Readonly<Record<string, string>>;
}

/** Parameters that decide where a code goes and who may use it; no provider app setting may replace them. */
const RESERVED_PARAMS: ReadonlySet<string> = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
]);

/** A fresh verifier and its S256 challenge (RFC 7636). The verifier is a secret until the code is exchanged. */
export async function newPkcePair(): Promise<PkcePair> {
  const codeVerifier = generateRandomCodeVerifier();
  return { codeVerifier, codeChallenge: await calculatePKCECodeChallenge(codeVerifier) };
}

/**
 * The address of the provider's consent page (RFC 6749, 4.1.1). Rejects with `bad_request` when required scopes are
 * missing, a template has no value or an extra parameter is one of ours.
 */
export function buildAuthorizationUrl(declaration: ProviderDeclaration, request: AuthorizationRequest): string {
  const auth = oauth2Of(declaration);
  invariant(isAuthorizationCode(auth), 'T-OAUTH-GRANT', `${declaration.name} has no authorization page`);
  const hasChallenge = request.codeChallenge !== undefined;
  invariant(hasChallenge || auth.grantType === 'authorizationCode', 'T-OAUTH-PKCE', `${declaration.name} needs PKCE`);
  const reserved = Object.keys(request.extraParams).find((name) => RESERVED_PARAMS.has(name));
  if (reserved !== undefined) {
    throw new IntegrationError('bad_request', `the authorization parameter ${reserved} cannot be set`);
  }
  const url = new URL(resolveTemplate(auth.authUrl, request.variables));
  const params = {
    ...auth.authUrlParams,
    ...request.extraParams,
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    state: request.state,
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  const scope = scopeText(declaration, auth, request.scopes, request.variables);
  if (scope !== '') url.searchParams.set('scope', scope);
  if (request.codeChallenge !== undefined) {
    url.searchParams.set('code_challenge', request.codeChallenge);
    url.searchParams.set('code_challenge_method', 'S256');
  }
  // `+` for a space is form encoding; some consent pages only decode percent signs. A literal plus is `%2B` here.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

/** Exchanges the code of a callback (RFC 6749, 4.1.3). A code works once: never sent twice. */
export function buildCodeExchangeRequest(
  declaration: ProviderDeclaration,
  exchange: {
    readonly client: OAuthClient;
    readonly code: string;
    readonly redirectUri: string;
    readonly codeVerifier?: string;
    readonly variables: TemplateVariables;
  },
): TokenRequest {
  const { client, code, redirectUri, codeVerifier, variables } = exchange;
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  if (codeVerifier !== undefined) form.set('code_verifier', codeVerifier);
  return tokenRequest(oauth2Of(declaration), client, form, variables);
}

/** Refreshes (RFC 6749, 6), without a scope parameter: the answer keeps the scopes of the grant. */
export function buildRefreshRequest(
  declaration: ProviderDeclaration,
  refresh: { readonly client: OAuthClient; readonly refreshToken: string; readonly variables: TemplateVariables },
): TokenRequest {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh.refreshToken });
  return tokenRequest(oauth2Of(declaration), refresh.client, form, refresh.variables);
}

/** A token without a browser (RFC 6749, 4.4). Rejects with `bad_request` when required scopes are missing. */
export function buildClientCredentialsRequest(
  declaration: ProviderDeclaration,
  grant: { readonly client: OAuthClient; readonly scopes: readonly string[]; readonly variables: TemplateVariables },
): TokenRequest {
  const auth = oauth2Of(declaration);
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  const scope = scopeText(declaration, auth, grant.scopes, grant.variables);
  if (scope !== '') form.set('scope', scope);
  for (const audience of auth.audience ?? []) form.append('audience', audience);
  return tokenRequest(auth, grant.client, form, grant.variables);
}

function tokenRequest(
  auth: OAuth2Auth,
  client: OAuthClient,
  form: URLSearchParams,
  variables: TemplateVariables,
): TokenRequest {
  const headers = ['Content-Type', 'application/x-www-form-urlencoded', 'Accept', 'application/json'];
  if (auth.tokens.clientAuthentication === 'basicHeader') {
    headers.push('Authorization', `Basic ${basicClient(client)}`);
  } else {
    form.set('client_id', client.clientId);
    form.set('client_secret', client.clientSecret);
  }
  return { url: resolveTemplate(auth.tokenUrl, variables), method: 'POST', headers, body: form.toString() };
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function basicClient({ clientId, clientSecret }: OAuthClient): string {
  const encode = (part: string) => new URLSearchParams({ '': part }).toString().slice(1);
  return Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
}

function scopeText(
  declaration: ProviderDeclaration,
  auth: OAuth2Auth,
  scopes: readonly string[],
  variables: TemplateVariables,
): string {
  if (auth.areScopesRequired && scopes.length === 0) {
    throw new IntegrationError('bad_request', `${declaration.name} needs the scopes of its provider app`);
  }
  const mappings = auth.scopeMappings ?? {};
  const full = (scope: string): string => {
    const template = Object.hasOwn(mappings, scope) ? mappings[scope] : undefined;
    return template === undefined ? scope : resolveTemplate(template, variables);
  };
  return scopes.map(full).join(' ');
}

function oauth2Of(declaration: ProviderDeclaration): OAuth2Auth {
  const { auth, name } = declaration;
  invariant(auth.scheme === 'oauth2', 'T-OAUTH-SCHEME', `${name} authenticates with ${auth.scheme}`);
  return auth;
}
