// HubSpot's CRM API: who may call (token, rate limit), the account endpoints and, from `hubspotRecords.ts`, the object
// endpoints. Mounted by `sandbox.ts`. Invariant: every request below `/crm` is authenticated and counted against the
// portal's own limit before it is looked at. Source: https://developers.hubspot.com/docs/api

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { SECOND_MS, toRfc3339 } from '../core/time.ts';
import { hubspotError, hubspotRateLimited, jsonAnswer } from './answers.ts';
import type { RequestContext, SandboxApp, SandboxContext, SandboxEnv } from './context.ts';
import { mountHubspotAssociations } from './hubspotAssociations.ts';
import { buildHubspotProperties } from './hubspotProperties.ts';
import { buildHubspotRecords } from './hubspotRecords.ts';

export function buildHubspot(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const authenticated = hubspotAuthentication(context);
  const limited = hubspotLimiter(context);
  app.use('/crm/*', authenticated, limited);
  app.use('/crm-object-schemas/*', authenticated, limited);
  app.use('/account-info/*', authenticated, limited);
  app.use('/integrations/*', authenticated, limited);
  const records = buildHubspotRecords(context);
  app.route('/crm/v3/objects', records);
  // The dated spelling of the same endpoints, which newer clients use for some of them.
  app.route('/crm/objects/2026-03', records);
  app.route('/crm/v3/properties', buildHubspotProperties(context));
  mountHubspotAssociations(app, context);
  app.get('/account-info/2026-03/details', (c) => jsonAnswer(c, 200, accountDetails(c)));
  app.get('/integrations/v1/me', (c) => jsonAnswer(c, 200, { ...accountDetails(c), currency: 'USD' }));
  app.get('/oauth/v1/access-tokens/:token', (c) => tokenDetails(context, c));
  return app;
}

/** Answers 401 unless the bearer token is a live HubSpot one; sets `account` to its portal. */
export function hubspotAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const check = context.grants.check(bearerOf(c));
    if (check.kind === 'valid' && check.grant.provider === 'hubspot') {
      c.set('account', context.accounts.of('hubspot', check.grant.account));
      return next();
    }
    if (check.kind === 'expired') {
      const seconds = Math.floor((context.clock.nowMs() - check.expiredAtMs) / SECOND_MS);
      const message = `The OAuth token used to make this call expired ${seconds} second(s) ago.`;
      const expiredAt = toRfc3339(check.expiredAtMs);
      return hubspotError(c, 401, 'EXPIRED_AUTHENTICATION', message, { context: { 'expire time': [expiredAt] } });
    }
    const message = 'Authentication credentials not found. This API supports OAuth 2.0 authentication.';
    return hubspotError(c, 401, 'INVALID_AUTHENTICATION', message);
  });
}

export function bearerOf(c: RequestContext): string {
  const authorization = c.req.header('authorization') ?? '';
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '';
}

/** Search has a limit of its own and, unlike the rest, says nothing about it in headers. */
function hubspotLimiter(context: SandboxContext) {
  const { hubspotRequestsPer10s, hubspotSearchesPerSecond } = context.limits;
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const account = c.get('account');
    if (c.req.path.endsWith('/search')) {
      if (hubspotSearchesPerSecond === null) return next();
      const window = account.window('search', { limit: hubspotSearchesPerSecond, windowMs: SECOND_MS });
      if (window.take()) return next();
      context.counts.rateLimited += 1;
      return hubspotRateLimited(c, 'SECONDLY');
    }
    if (hubspotRequestsPer10s === null) return next();
    const window = account.window('requests', { limit: hubspotRequestsPer10s, windowMs: 10 * SECOND_MS });
    const isTaken = window.take();
    c.header('x-hubspot-ratelimit-max', String(window.limit));
    c.header('x-hubspot-ratelimit-remaining', String(window.limit - window.used()));
    c.header('x-hubspot-ratelimit-interval-milliseconds', String(10 * SECOND_MS));
    if (isTaken) return next();
    context.counts.rateLimited += 1;
    return hubspotRateLimited(c, 'TEN_SECONDLY_ROLLING');
  });
}

function accountDetails(c: RequestContext) {
  return {
    portalId: c.get('account').number,
    accountType: 'STANDARD',
    timeZone: 'UTC',
    companyCurrency: 'USD',
    additionalCurrencies: [],
    utcOffset: '+00:00',
    utcOffsetMilliseconds: 0,
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  };
}

/** The token is in the path and is the credential. */
function tokenDetails(context: SandboxContext, c: RequestContext): Response {
  const token = c.req.param('token') ?? '';
  const check = context.grants.check(token);
  if (check.kind !== 'valid' || check.grant.provider !== 'hubspot') {
    return hubspotError(c, 404, 'OBJECT_NOT_FOUND', 'Not Found');
  }
  const { grant, expiresAtMs } = check;
  const account = context.accounts.of('hubspot', grant.account);
  return jsonAnswer(c, 200, {
    token,
    user: `admin@${grant.account}.example`,
    hub_domain: `${grant.account}.example`,
    scopes: grant.scope.split(' '),
    hub_id: account.number,
    app_id: 1_234_567,
    expires_in: Math.floor((expiresAtMs - context.clock.nowMs()) / SECOND_MS),
    user_id: account.number + 1,
    token_type: 'access',
  });
}
