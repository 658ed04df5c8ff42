// The operator plane, `/operator/v1`: looks into any actor of any project, and decides about what is held or set aside.
// For commands, not for browsers. The caller proves either that it may read the data folder, with the token that
// this process left there (`owner.json`), or has an API key with the scope `operator`; a project's key is not enough.

import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { OPERATOR_LIST_MAX } from '../core/limits.ts';
import { isSameText } from '../core/sameText.ts';
import { replayActor, showActor } from '../flows/operator/actors.ts';
import { budgetsOf } from '../flows/operator/budgets.ts';
import { deliveriesTo, listDeliveries, resend } from '../flows/operator/deliveries.ts';
import { decideGrants, listHeldApps } from '../flows/operator/grants.ts';
import { discard, listQuarantine, resume } from '../flows/operator/quarantine.ts';
import { whyOf } from '../flows/operator/why.ts';
import type { ApiKeys } from './auth.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';
import { maintenanceRoutes } from './maintenance.ts';

/** A key with this scope may use this plane, and nothing else. */
const OPERATOR_SCOPE = 'operator';
const LIST_LIMIT = 50;

/** `token` is this process's own, random at each start. */
export function operatorRoutes(services: EdgeServices, keys: ApiKeys, token: string): Hono<EdgeEnv> {
  const look = { ...services, isServing: true };
  const deciding = { runtime: services.runtime, look };
  const app = new Hono<EdgeEnv>();
  app.use(refuseBrowsers, authenticateOperator(keys, token));
  app.use(async function neverStored(context, next) {
    await next();
    context.header('cache-control', 'no-store');
  });
  app.get('/actors/:actor', (context) => context.json(showActor(look, context.req.param('actor'))));
  app.get('/actors/:actor/replay', (context) => context.json(replayActor(look, context.req.param('actor'))));
  app.post('/actors/:actor/resume', async (context) =>
    context.json(await resume(deciding, context.req.param('actor'))),
  );
  app.get('/installations/:installation/why', (context) =>
    context.json(whyOf(look, context.req.param('installation'))),
  );
  app.get('/installations/:installation/budgets', (context) =>
    context.json(budgetsOf(services, context.req.param('installation'))),
  );
  app.get('/quarantine', (context) =>
    context.json(listQuarantine(look, limitOf(context), context.req.query('cursor') ?? '')),
  );
  app.post('/quarantine/:seq/discard', async (context) =>
    context.json(await discard(deciding, seqOf(context.req.param('seq')))),
  );
  app.get('/deliveries', (context) =>
    context.json(listDeliveries(look, limitOf(context), context.req.query('cursor') ?? '')),
  );
  app.get('/deliveries/:destination', (context) =>
    context.json(deliveriesTo(look, context.req.param('destination'), limitOf(context))),
  );
  app.post('/deliveries/:destination/resend', async (context) =>
    context.json(await resend(deciding, context.req.param('destination'), context.req.query('message') ?? null)),
  );
  app.get('/provider-apps', (context) =>
    context.json(listHeldApps(look, limitOf(context), context.req.query('cursor') ?? '')),
  );
  for (const decision of ['release', 'confirm'] as const) {
    app.post(`/provider-apps/:app/${decision}`, async (context) =>
      context.json(await decideGrants(deciding, context.req.param('app'), decision)),
    );
  }
  app.route('/', maintenanceRoutes(services));
  return app;
}

/**
 * No page of any origin may drive this plane, not even one that a name was rebound for (then it is "same-origin").
 * Browsers send these headers and nobody else does; without CORS they could not read the answers anyway.
 */
async function refuseBrowsers(context: Context<EdgeEnv>, next: () => Promise<void>): Promise<void> {
  if (context.req.header('origin') !== undefined || context.req.header('sec-fetch-site') !== undefined) {
    throw new IntegrationError('forbidden', 'the operator plane is not for browsers');
  }
  await next();
}

/** `GET /metrics`: for whoever may use the operator plane, and for `metricsToken`, which opens nothing else. */
export function metricsRoute(
  services: EdgeServices,
  keys: ApiKeys,
  token: string,
  metricsToken: string | null,
): Hono<EdgeEnv> {
  const operator = authenticateOperator(keys, token);
  const app = new Hono<EdgeEnv>();
  app.use(refuseBrowsers, async function authenticateScraper(context, next) {
    const bearer = bearerOf(context);
    if (metricsToken !== null && bearer !== undefined && isSameText(bearer, metricsToken)) return next();
    return operator(context, next);
  });
  app.get('/', async (context) => {
    const { scrape } = await import('../flows/metrics/scrape.ts');
    const { contentType, text } = await scrape(services);
    return context.body(text, 200, { 'content-type': contentType, 'cache-control': 'no-store' });
  });
  return app;
}

function bearerOf({ req }: Context<EdgeEnv>): string | undefined {
  return /^Bearer (\S+)$/i.exec(req.header('authorization') ?? '')?.[1];
}

function authenticateOperator(keys: ApiKeys, token: string): MiddlewareHandler<EdgeEnv> {
  return async function authenticateOperatorCall(context, next) {
    const bearer = bearerOf(context);
    if (bearer === undefined) requireOperator(keys, context.req.header('x-api-key'));
    else if (!isSameText(bearer, token)) {
      throw new IntegrationError('unauthenticated', 'this operator token is not of this process', {
        remedy: 'It changes with each start; `owner.json` in the data folder has the current one.',
      });
    }
    await next();
  };
}

function requireOperator(keys: ApiKeys, key: string | undefined): void {
  const caller = keys.find(key);
  if (caller?.scopes.has(OPERATOR_SCOPE)) return;
  const remedy = '`tenon key create --operator` makes one while the server is down.';
  throw caller === undefined
    ? new IntegrationError('unauthenticated', 'the operator key is missing or not valid', { remedy })
    : new IntegrationError('forbidden', 'this API key is not an operator key', { remedy });
}

function limitOf(context: Context<EdgeEnv>): number {
  const text = context.req.query('limit') ?? String(LIST_LIMIT);
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= OPERATOR_LIST_MAX) return limit;
  const detail = `must be a number from 1 to ${OPERATOR_LIST_MAX}`;
  throw new IntegrationError('bad_request', `limit ${detail}`, { issues: [{ in: 'query', name: 'limit', detail }] });
}

function seqOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new IntegrationError('bad_request', 'an event in quarantine is named by its number');
}
