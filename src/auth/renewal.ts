// How the next token of a credential is had: with its refresh token, or with what the customer gave (client
// credentials, password, a key to sign with). One function, because one function of the product may ask a token
// endpoint for a token that is already in use. Invariant: a grant that can be had again from its source is never called
// lost.

import type { ProviderDeclaration, TokenExchange } from '../catalog/schema.ts';
import type { TemplateVariables } from '../catalog/template.ts';
import { IntegrationError } from '../core/errors.ts';
import type { Ms } from '../core/time.ts';
import { buildAssertionRequest } from './assertion.ts';
import type { CredentialSource, OAuth2Credential } from './credential.ts';
import {
  buildClientCredentialsRequest,
  buildPasswordRequest,
  buildRefreshRequest,
  type OAuthClient,
  type TokenRequest,
  tokenRequest,
} from './oauth.ts';

export interface RenewalInput {
  /** Opens the builder's provider app; rejects where the connection has none. */
  readonly app: () => OAuthClient;
  readonly variables: TemplateVariables;
  readonly nowMs: Ms;
}

/**
 * Whether a token comes from the source rather than from the refresh token: when there is no refresh token, and when
 * the one there is was refused (RFC 6749, 6 leaves it to the server how long it lasts).
 */
export function isFromSource(credential: OAuth2Credential, isRefreshTokenRefused: boolean): boolean {
  return credential.source !== undefined && (credential.refreshToken === undefined || isRefreshTokenRefused);
}

/** Rejects with `conflict` a credential that cannot be renewed, and with the codes of the builders. */
export async function buildRenewalRequest(
  declaration: ProviderDeclaration,
  credential: OAuth2Credential,
  isRefreshTokenRefused: boolean,
  input: RenewalInput,
): Promise<TokenRequest> {
  const { refreshToken, source } = credential;
  if (source !== undefined && isFromSource(credential, isRefreshTokenRefused)) {
    return buildSourceRequest(declaration, source, input);
  }
  if (refreshToken === undefined) throw new IntegrationError('conflict', 'there is no refresh token');
  const client = source !== undefined && 'client' in source ? source.client : input.app();
  return buildRefreshRequest(declaration, { client, refreshToken, variables: input.variables });
}

/** The request for a token from its source, the first time and every time. */
export async function buildSourceRequest(
  declaration: ProviderDeclaration,
  source: CredentialSource,
  { app, variables, nowMs }: RenewalInput,
): Promise<TokenRequest> {
  switch (source.grant) {
    case 'clientCredentials':
      return buildClientCredentialsRequest(declaration, { ...source, variables });
    case 'password':
      return buildPasswordRequest(declaration, { ...source, variables });
    case 'exchange':
      return buildExchangeRequest(exchangeOf(declaration), source, { app, variables, nowMs });
  }
}

function buildExchangeRequest(
  exchange: TokenExchange,
  { values, scopes }: Extract<CredentialSource, { grant: 'exchange' }>,
  { app, variables, nowMs }: RenewalInput,
): Promise<TokenRequest> {
  if (exchange.kind === 'assertion') return buildAssertionRequest(exchange, { values, variables, scopes, nowMs });
  if (exchange.kind === 'login') throw new IntegrationError('conflict', 'this key is not renewed');
  const scope = (scopes.length > 0 ? scopes : exchange.scopes).join(' ');
  const form = { grant_type: 'client_credentials', scope };
  return Promise.resolve(tokenRequest(exchange, app(), form, { ...variables, ...values }));
}

function exchangeOf({ name, auth }: ProviderDeclaration): TokenExchange {
  if (auth.scheme === 'custom' && auth.exchange !== undefined) return auth.exchange;
  // An operator's file or an upstream catalog may have taken it away under a connection that was made with it.
  throw new IntegrationError('conflict', `${name} no longer says how its tokens are had`);
}
