// OAuth 2 requests as data: the address a customer's browser is sent to, and the calls to the token endpoint.
// Egress sends them, `tokenResponse.ts` reads the answers; nothing here does I/O. Invariant: client secrets,
// codes, verifiers and refresh tokens are only in bodies and headers, never in an address.

import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from 'oauth4webapi';
import {
  type CommonLogin,
  isAuthorizationCode,
  type OAuth2Auth,
  type OAuth2AuthorizationCode,
  type ProviderDeclaration,
  type TokenFacts,
} from '../catalog/schema.ts';
import { resolveTemplate, type TemplateVariables } from '../catalog/template.ts';
import { IntegrationError, invariant } from '../core/errors.ts';

/** The builder's provider app, or the customer's own client with grants that have no browser. */
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
  const { authUrl } = loginAddresses(auth, request.variables);
  const url = new URL(resolveTemplate(authUrl, request.variables));
  const params = {
    ...auth.authUrlParams,
    ...(auth.audience?.[0] === undefined ? {} : { audience: auth.audience[0] }),
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
  const auth = oauth2Of(declaration);
  const form: TokenForm = {
    ...auth.tokens.codeParams,
    ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri },
  };
  if (codeVerifier !== undefined) form['code_verifier'] = codeVerifier;
  const { tokenUrl } = isAuthorizationCode(auth) ? loginAddresses(auth, variables) : auth;
  return tokenRequest({ tokens: auth.tokens, tokenUrl }, client, form, variables);
}

/** A code belongs to the place that gave it: both addresses are the same one's. */
function loginAddresses(auth: OAuth2AuthorizationCode, variables: TemplateVariables): CommonLogin {
  return auth.commonLogin !== undefined && variables['workspace'] === undefined ? auth.commonLogin : auth;
}

/** Refreshes (RFC 6749, 6), without a scope parameter: the answer keeps the scopes of the grant. */
export function buildRefreshRequest(
  declaration: ProviderDeclaration,
  refresh: { readonly client: OAuthClient; readonly refreshToken: string; readonly variables: TemplateVariables },
): TokenRequest {
  const { tokens, tokenUrl } = oauth2Of(declaration);
  const form = { grant_type: 'refresh_token', refresh_token: refresh.refreshToken };
  return tokenRequest({ tokens, tokenUrl: tokens.refreshUrl ?? tokenUrl }, refresh.client, form, refresh.variables);
}

export interface DirectGrant {
  readonly client: OAuthClient;
  readonly scopes: readonly string[];
  readonly variables: TemplateVariables;
}

/** A token without a browser (RFC 6749, 4.4). Rejects with `bad_request` when required scopes are missing. */
export function buildClientCredentialsRequest(declaration: ProviderDeclaration, grant: DirectGrant): TokenRequest {
  const auth = oauth2Of(declaration);
  const form = { grant_type: 'client_credentials', ...scopeAndAudience(declaration, auth, grant) };
  return tokenRequest(auth, grant.client, form, grant.variables);
}

/** A token for a user name and a password (RFC 6749, 4.3), where a provider has nothing better. */
export function buildPasswordRequest(
  declaration: ProviderDeclaration,
  grant: DirectGrant & { readonly username: string; readonly password: string },
): TokenRequest {
  const auth = oauth2Of(declaration);
  const { username, password } = grant;
  const form = { grant_type: 'password', username, password, ...scopeAndAudience(declaration, auth, grant) };
  return tokenRequest(auth, grant.client, form, grant.variables);
}

/** Gives a token up (RFC 7009); null where the provider has no such endpoint. */
export function buildRevocationRequest(
  declaration: ProviderDeclaration,
  revocation: {
    readonly client: OAuthClient;
    readonly token: string;
    readonly hint: 'refresh_token' | 'access_token';
    readonly variables: TemplateVariables;
  },
): TokenRequest | null {
  const { auth } = declaration;
  if (auth.scheme !== 'oauth2' || auth.tokens.revocationUrl === undefined) return null;
  const { client, token, hint, variables } = revocation;
  const endpoint = { tokenUrl: auth.tokens.revocationUrl, tokens: auth.tokens };
  return tokenRequest(endpoint, client, { token, token_type_hint: hint }, variables);
}

/** Parameters of a token request; several values stand for a repeated parameter. */
type TokenForm = Record<string, string | readonly string[]>;

/** A request to a token endpoint, authenticated as the endpoint wants it. Without a client the form says it all. */
export function tokenRequest(
  endpoint: { readonly tokenUrl: string; readonly tokens: TokenFacts },
  client: OAuthClient | null,
  form: TokenForm,
  variables: TemplateVariables,
): TokenRequest {
  const { clientAuthentication, bodyFormat } = endpoint.tokens;
  const isJson = bodyFormat === 'json';
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers = ['Content-Type', type, 'Accept', 'application/json'];
  const isInHeader = client !== null && clientAuthentication === 'basicHeader';
  if (isInHeader) headers.push('Authorization', `Basic ${basicClient(client)}`);
  const inBody =
    client === null || isInHeader ? {} : { client_id: client.clientId, client_secret: client.clientSecret };
  const params = { ...form, ...inBody };
  const body = isJson ? JSON.stringify(params) : encodedForm(params);
  return { url: resolveTemplate(endpoint.tokenUrl, variables), method: 'POST', headers, body };
}

function encodedForm(form: TokenForm): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const one of typeof value === 'string' ? [value] : value) params.append(name, one);
  }
  return params.toString();
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function basicClient({ clientId, clientSecret }: OAuthClient): string {
  const encode = (part: string) => new URLSearchParams({ '': part }).toString().slice(1);
  return Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
}

function scopeAndAudience(
  declaration: ProviderDeclaration,
  auth: OAuth2Auth,
  { scopes, variables }: DirectGrant,
): TokenForm {
  const scope = scopeText(declaration, auth, scopes, variables);
  return {
    ...(scope === '' ? {} : { scope }),
    ...(auth.audience === undefined ? {} : { audience: auth.audience }),
  };
}

function scopeText(
  declaration: ProviderDeclaration,
  auth: OAuth2Auth,
  scopes: readonly string[],
  variables: TemplateVariables,
): string {
  if (auth.areScopesRequired && scopes.length === 0) {
    const who = isAuthorizationCode(auth) ? 'of its provider app' : 'that the token is for';
    throw new IntegrationError('bad_request', `${declaration.name} needs the scopes ${who}`);
  }
  const mappings = auth.scopeMappings ?? {};
  const full = (scope: string): string => {
    const template = Object.hasOwn(mappings, scope) ? mappings[scope] : undefined;
    return template === undefined ? scope : resolveTemplate(template, variables);
  };
  return scopes.map(full).join(auth.tokens.scopeSeparator ?? ' ');
}

function oauth2Of(declaration: ProviderDeclaration): OAuth2Auth {
  const { auth, name } = declaration;
  invariant(auth.scheme === 'oauth2', 'T-OAUTH-SCHEME', `${name} authenticates with ${auth.scheme}`);
  return auth;
}
