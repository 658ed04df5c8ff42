// The authorization server over `grants.ts`, in the dialects of `oauthDialects.ts`. Mounted by `sandbox.ts`. Invariant:
// an unknown client or an unusable redirect URI is answered with a page, never by a redirect (RFC 6749 4.1.2.1).

import { Hono } from 'hono';
import type { JsonObject } from '../core/json.ts';
import { htmlAnswer, jsonAnswer } from './answers.ts';
import { consentPage, refusalPage } from './consentPage.ts';
import { accountLabelsOf, LOGIN_LABEL, type RequestContext, type SandboxApp, type SandboxContext } from './context.ts';
import type { Exchange, OAuthProvider } from './grants.ts';
import { DIALECTS, type Dialect, TOKEN_ERRORS } from './oauthDialects.ts';

export function buildOAuth(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const portals = { last: 0 };
  for (const dialect of DIALECTS) {
    app.get(dialect.authorizePath, (c) => showConsent(context, dialect, portals, c));
    app.post(dialect.authorizePath, async (c) => {
      const form = new URLSearchParams(await c.req.text());
      return decide(context, dialect, c, form.get('decision') === 'allow', form.get('account') ?? '');
    });
    app.post(dialect.tokenPath, (c) => token(context, dialect, c));
  }
  app.post('/services/oauth2/revoke', async (c) => {
    const token = new URLSearchParams(await c.req.text()).get('token') ?? '';
    if (context.grants.revokeToken(token)) return c.body(null, 200);
    return jsonAnswer(c, 400, {
      error: 'unsupported_token_type',
      error_description: 'this token type is not supported',
    });
  });
  return app;
}

type AuthorizationRequest =
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'denied'; readonly redirect: URL; readonly error: string; readonly description: string }
  | { readonly kind: 'request'; readonly redirect: URL; readonly clientId: string; readonly scope: string };

function parseAuthorization(context: SandboxContext, dialect: Dialect, c: RequestContext): AuthorizationRequest {
  const clientId = c.req.query('client_id') ?? '';
  if (!context.grants.isClient(clientId)) return { kind: 'refused', message: 'The client_id is missing or unknown.' };
  const redirect = URL.parse(c.req.query('redirect_uri') ?? '');
  if (redirect === null || !/^https?:$/.test(redirect.protocol) || redirect.hash !== '') {
    return { kind: 'refused', message: 'The redirect_uri must be an absolute http or https URL without a fragment.' };
  }
  const scope = c.req.query('scope') ?? '';
  if (dialect.isScopeRequired && scope === '') {
    return { kind: 'refused', message: 'The scope is missing: name the scopes of the app.' };
  }
  if (c.req.query('response_type') !== 'code') {
    return { kind: 'denied', redirect, error: 'unsupported_response_type', description: 'response type must be code' };
  }
  const hasChallenge = c.req.query('code_challenge_method') === 'S256' && (c.req.query('code_challenge') ?? '') !== '';
  if (dialect.isPkceRequired && !hasChallenge) {
    return { kind: 'denied', redirect, error: 'invalid_request', description: 'missing required code challenge' };
  }
  return { kind: 'request', redirect, clientId, scope: scope === '' ? 'api refresh_token' : scope };
}

function showConsent(
  context: SandboxContext,
  dialect: Dialect,
  portals: { last: number },
  c: RequestContext,
): Response | Promise<Response> {
  const request = parseAuthorization(context, dialect, c);
  if (request.kind !== 'request') return refuse(c, request);
  const account = accountOf(dialect, c, portals);
  if (context.isAutoConsent) return decide(context, dialect, c, true, account);
  const { clientId, scope } = request;
  const isAccountFixed = isOrgNamed(dialect, c);
  const page = consentPage({
    provider: dialect.provider,
    clientId,
    scopes: scope.split(/[ ,]/),
    account,
    isAccountFixed,
  });
  return htmlAnswer(c, 200, page);
}

/** A Salesforce org is its host, unless somebody came to the common login. */
function isOrgNamed(dialect: Dialect, c: RequestContext): boolean {
  return dialect.provider === 'salesforce' && accountLabelsOf(c.req.header('host')) !== LOGIN_LABEL;
}

/** Other accounts may be asked for; otherwise each authorization gets a new one. */
function accountOf(dialect: Dialect, c: RequestContext, portals: { last: number }): string {
  if (isOrgNamed(dialect, c)) return accountLabelsOf(c.req.header('host'));
  const asked = c.req.query('account') ?? c.req.query('login_hint') ?? '';
  if (asked !== '') return asked;
  portals.last += 1;
  return `${ACCOUNT_WORDS[dialect.provider]}-${portals.last}`;
}

/** What can stand in a host name. */
const ORG_LABELS = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;

const ACCOUNT_WORDS: Readonly<Record<OAuthProvider, string>> = {
  hubspot: 'portal',
  salesforce: 'org',
  slack: 'workspace',
  github: 'user',
};

function decide(
  context: SandboxContext,
  dialect: Dialect,
  c: RequestContext,
  isAllowed: boolean,
  account: string,
): Response {
  const request = parseAuthorization(context, dialect, c);
  if (request.kind !== 'request') return refuse(c, request);
  const { redirect, clientId, scope } = request;
  if (!isAllowed) {
    return refuse(c, {
      kind: 'denied',
      redirect,
      error: 'access_denied',
      description: 'end-user denied authorization',
    });
  }
  if (account === '') return htmlAnswer(c, 400, refusalPage('Name the account that is to be connected.'));
  const owner = isOrgNamed(dialect, c) ? accountLabelsOf(c.req.header('host')) : account;
  if (dialect.provider === 'salesforce' && !ORG_LABELS.test(owner)) {
    return htmlAnswer(c, 400, refusalPage('There is no org of that name.'));
  }
  const challenge = dialect.isPkceRequired ? (c.req.query('code_challenge') ?? '') : null;
  const grant = { provider: dialect.provider, account: owner, clientId, scope };
  redirect.searchParams.set('code', context.grants.issueCode(grant, c.req.query('redirect_uri') ?? '', challenge));
  return sendBack(c, redirect);
}

function refuse(c: RequestContext, request: Exclude<AuthorizationRequest, { readonly kind: 'request' }>): Response {
  if (request.kind === 'refused') return htmlAnswer(c, 400, refusalPage(request.message));
  request.redirect.searchParams.set('error', request.error);
  request.redirect.searchParams.set('error_description', request.description);
  return sendBack(c, request.redirect);
}

function sendBack(c: RequestContext, redirect: URL): Response {
  const state = c.req.query('state');
  if (state !== undefined) redirect.searchParams.set('state', state);
  return c.redirect(redirect.href, 302);
}

async function token(context: SandboxContext, dialect: Dialect, c: RequestContext): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const value = (name: string) => form.get(name) ?? '';
  const clientId = value('client_id');
  const { provider } = dialect;
  if (!context.grants.isSecret(clientId, value('client_secret'))) {
    return tokenAnswer(c, dialect, dialect.errorStatus, dialect.errorBody(TOKEN_ERRORS.client));
  }
  let exchange: Exchange;
  if (value('grant_type') === 'authorization_code') {
    const code = { code: value('code'), redirectUri: value('redirect_uri'), verifier: value('code_verifier') };
    exchange = context.grants.exchangeCode({ provider, clientId, ...code });
  } else if (value('grant_type') === 'refresh_token') {
    exchange = context.grants.refresh(provider, clientId, value('refresh_token'));
  } else {
    return tokenAnswer(c, dialect, dialect.errorStatus, dialect.errorBody(TOKEN_ERRORS.grantType));
  }
  if (exchange.kind === 'refused') {
    return tokenAnswer(c, dialect, dialect.errorStatus, dialect.errorBody(TOKEN_ERRORS[exchange.reason]));
  }
  return tokenAnswer(c, dialect, 200, dialect.tokenBody(context, c, exchange.tokens, value('client_secret')));
}

/** RFC 6749 5.1: an answer with tokens is not kept by any cache. */
function tokenAnswer(c: RequestContext, dialect: Dialect, status: number, body: JsonObject): Response {
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache' };
  const isJson = !dialect.isFormPreferred || (c.req.header('accept') ?? '').includes('json');
  if (isJson) return jsonAnswer(c, status, body, headers);
  return c.newResponse(new URLSearchParams(body as Record<string, string>).toString(), 200, {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    ...headers,
  });
}
