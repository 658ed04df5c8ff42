// What the vendors' token endpoints say, each in its own words: HubSpot (stable refresh token, `expires_in`),
// Salesforce (PKCE, rotating refresh tokens, `instance_url`, no `expires_in`), Slack (rotating ones, errors with status
// 200) and GitHub (forms instead of JSON, tokens without an end). Called by `oauth.ts`. Pure but for random ids.

import { createHmac } from 'node:crypto';
import { newId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { SECOND_MS } from '../core/time.ts';
import { accountLabelsOf, LOGIN_LABEL, type RequestContext, type SandboxContext } from './context.ts';
import type { OAuthProvider, Tokens } from './grants.ts';
import { identityUrlOf } from './salesforce.ts';
import { SLACK_BOT_ID, slackTeamIdOf, slackUserIdOf } from './slackObjects.ts';

/** What differs between the dialects. */
export interface Dialect {
  readonly provider: OAuthProvider;
  readonly authorizePath: string;
  readonly tokenPath: string;
  readonly isPkceRequired: boolean;
  readonly isScopeRequired: boolean;
  readonly tokenBody: (context: SandboxContext, c: RequestContext, tokens: Tokens, secret: string) => JsonObject;
  /** Slack and GitHub say no with 200, which RFC 6749 5.2 has no place for. */
  readonly errorStatus: 200 | 400;
  readonly errorBody: (error: TokenError) => JsonObject;
  /** Whether answers are forms unless the client asks for JSON. */
  readonly isFormPreferred: boolean;
}

export interface TokenError {
  readonly error: 'invalid_client' | 'invalid_grant' | 'invalid_request' | 'unsupported_grant_type';
  readonly description: string;
  /** What the vendors say instead of the codes of RFC 6749. */
  readonly hubspotStatus: string;
  readonly slackError: string;
  readonly githubError: string;
}

export const TOKEN_ERRORS = {
  client: {
    error: 'invalid_client',
    description: 'invalid client credentials',
    hubspotStatus: 'BAD_CLIENT_SECRET',
    slackError: 'bad_client_secret',
    githubError: 'incorrect_client_credentials',
  },
  grantType: {
    error: 'unsupported_grant_type',
    description: 'grant type not supported',
    hubspotStatus: 'BAD_GRANT_TYPE',
    slackError: 'invalid_grant_type',
    githubError: 'unsupported_grant_type',
  },
  code: {
    error: 'invalid_grant',
    description: 'expired authorization code',
    hubspotStatus: 'BAD_AUTH_CODE',
    slackError: 'invalid_code',
    githubError: 'bad_verification_code',
  },
  redirect: {
    error: 'invalid_grant',
    description: 'redirect_uri does not match',
    hubspotStatus: 'BAD_REDIRECT_URI',
    slackError: 'bad_redirect_uri',
    githubError: 'redirect_uri_mismatch',
  },
  verifier: {
    error: 'invalid_grant',
    description: 'invalid code verifier',
    hubspotStatus: 'BAD_AUTH_CODE',
    slackError: 'invalid_code',
    githubError: 'bad_verification_code',
  },
  refreshToken: {
    error: 'invalid_grant',
    description: 'expired access/refresh token',
    hubspotStatus: 'BAD_REFRESH_TOKEN',
    slackError: 'invalid_refresh_token',
    githubError: 'bad_refresh_token',
  },
} as const satisfies Record<string, TokenError>;

const HUBSPOT: Dialect = {
  provider: 'hubspot',
  authorizePath: '/oauth/authorize',
  tokenPath: '/oauth/v1/token',
  isPkceRequired: false,
  isScopeRequired: true,
  tokenBody: (_context, _c, tokens) => ({
    token_type: 'bearer',
    refresh_token: tokens.refreshToken,
    access_token: tokens.accessToken,
    expires_in: Math.floor(tokens.lifetimeMs / SECOND_MS),
  }),
  errorStatus: 400,
  isFormPreferred: false,
  errorBody: ({ error, description, hubspotStatus }) => ({
    status: hubspotStatus,
    message: description,
    correlationId: newId<never>(),
    error,
    error_description: description,
  }),
};

/** Calls go to the org, also of who logged in at the common place. */
function orgUrlOf(url: string, account: string): URL {
  const org = new URL(url);
  if (accountLabelsOf(org.host) === LOGIN_LABEL) org.hostname = `${account}.localhost`;
  return org;
}

const SALESFORCE: Dialect = {
  provider: 'salesforce',
  authorizePath: '/services/oauth2/authorize',
  tokenPath: '/services/oauth2/token',
  isPkceRequired: true,
  isScopeRequired: false,
  tokenBody: (context, c, tokens, secret) => {
    const { origin } = orgUrlOf(c.req.url, tokens.grant.account);
    const id = identityUrlOf(origin, context.accounts.of('salesforce', tokens.grant.account));
    const issuedAt = String(tokens.issuedAtMs);
    return {
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      signature: createHmac('sha256', secret)
        .update(id + issuedAt)
        .digest('base64'),
      scope: tokens.grant.scope,
      instance_url: origin,
      id,
      token_type: 'Bearer',
      issued_at: issuedAt,
    };
  },
  errorStatus: 400,
  isFormPreferred: false,
  errorBody: ({ error, description }) => ({ error, error_description: description }),
};

const SLACK: Dialect = {
  provider: 'slack',
  authorizePath: '/oauth/v2/authorize',
  tokenPath: '/api/oauth.v2.access',
  isPkceRequired: false,
  isScopeRequired: true,
  tokenBody: (context, _c, { grant, accessToken, refreshToken, lifetimeMs }) => {
    const team = context.accounts.of('slack', grant.account);
    return {
      ok: true,
      app_id: 'A0SANDBOX01',
      authed_user: { id: slackUserIdOf(0) },
      scope: grant.scope,
      token_type: 'bot',
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: Math.floor(lifetimeMs / SECOND_MS),
      bot_user_id: SLACK_BOT_ID,
      team: { id: slackTeamIdOf(team), name: team.name },
      enterprise: null,
      is_enterprise_install: false,
    };
  },
  errorStatus: 200,
  isFormPreferred: false,
  errorBody: ({ slackError }) => ({ ok: false, error: slackError }),
};

/** An OAuth app's tokens: no refresh token and no end. */
const GITHUB: Dialect = {
  provider: 'github',
  authorizePath: '/login/oauth/authorize',
  tokenPath: '/login/oauth/access_token',
  isPkceRequired: false,
  isScopeRequired: false,
  tokenBody: (_context, _c, { grant, accessToken }) => ({
    access_token: accessToken,
    token_type: 'bearer',
    scope: grant.scope.replaceAll(' ', ','),
  }),
  errorStatus: 200,
  isFormPreferred: true,
  errorBody: ({ githubError, description }) => ({ error: githubError, error_description: description }),
};

export const DIALECTS: readonly Dialect[] = [HUBSPOT, SALESFORCE, SLACK, GITHUB];
