// The edge, top to bottom: which plane a request belongs to, who is calling, and what every answer has in common.
// One origin serves every plane; `plane.ts` tells a proxied call before any path is looked at. The platform API is the
// table in `platform/operations.ts`.

import { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { openDownload } from '../flows/deliver/download.ts';
import { ApiKeys, Authenticator } from './auth.ts';
import { observeCalls, tellUnreadTo } from './calls.ts';
import { callbackRoute, customAuthCallbackRoute } from './connect.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';
import { openApi } from './openapi.ts';
import { metricsRoute, operatorRoutes } from './operator.ts';
import { MISFRAMED_PATH, misframed, PROXY_PATH, routingPath } from './plane.ts';
import { OLDER_OPERATIONS } from './platform/older.ts';
import { OPERATIONS } from './platform/operations.ts';
import { OWN_OPERATIONS } from './platform/own.ts';
import { platformRoutes } from './platform/router.ts';
import { problemResponse } from './problem.ts';
import { findTarget, type NodeProxy, proxyOfNode, proxyWeb } from './proxy.ts';
import type { TellUnread } from './unread.ts';
import { receiveUpload } from './uploads.ts';
import { webhookRoutes } from './webhooks.ts';

/** All planes. */
export interface Edge {
  /** Every plane, in WHATWG requests and responses. */
  readonly app: Hono<EdgeEnv>;
  /** The proxy plane again, for servers that have requests of node:http. */
  readonly proxy: NodeProxy;
  /** Hears of requests on such a server that no plane gets to see. */
  readonly unread: TellUnread;
}

/** What opens the operator plane, and `/metrics` alone. */
export interface EdgeTokens {
  readonly operator: string;
  readonly metrics: string | null;
}

/** `isReady` answers whether the process can take work now. */
export function createEdge(
  services: EdgeServices,
  isReady: () => Promise<boolean>,
  tokens: EdgeTokens,
): Edge & { readonly keys: ApiKeys } {
  const keys = new ApiKeys(services.store.reads, services.clock);
  const proxy = proxyOfNode(services, findTarget(services, keys));
  return { app: createApp(services, keys, isReady, tokens), proxy, unread: tellUnreadTo(services), keys };
}

function createApp(
  services: EdgeServices,
  keys: ApiKeys,
  isReady: () => Promise<boolean>,
  tokens: EdgeTokens,
): Hono<EdgeEnv> {
  const { clock, log } = services;
  const app = new Hono<EdgeEnv>({ getPath: routingPath });
  app.onError((error, context) => {
    const requestId = context.get('requestId') ?? newId<string>();
    const response = problemResponse(error, requestId, clock.nowMs(), log);
    const allow = context.get('allow');
    if (allow !== undefined) response.headers.set('allow', allow);
    return response;
  });
  app.notFound((context) => {
    const error = new IntegrationError('not_found', `there is nothing at ${context.req.method} ${context.req.path}`);
    return problemResponse(error, context.get('requestId') ?? newId<string>(), clock.nowMs(), log);
  });
  app.all(PROXY_PATH, (context) => proxyWeb(services, keys, context.req.raw));
  app.all(MISFRAMED_PATH, () => {
    throw misframed();
  });
  // Before the platform API, with which one address is shared.
  app.route('/', webhookRoutes(services));
  for (const path of ['/health', '/ready', '/metrics', '/openapi.json'])
    app.use(path, observeCalls(services, 'other', true));
  for (const path of ['/downloads/*', '/uploads/*']) app.use(path, observeCalls(services, 'other'));
  app.use('/callbacks/*', observeCalls(services, 'callback'));
  app.use('/operator/*', observeCalls(services, 'operator'));
  for (const path of ['/v1/*', '/tenon/*']) app.use(path, observeCalls(services, 'platform'));
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/ready', async (context) => {
    const isIt = await isReady();
    return context.json({ status: isIt ? 'ready' : 'not ready' }, isIt ? 200 : 503);
  });
  app.route('/callbacks/v1/oauth', callbackRoute(services));
  app.route('/callbacks/v1/custom-auth/default', customAuthCallbackRoute(services));
  app.get('/downloads/v1/:blob', (context) => {
    const { expires = '', signature = '' } = context.req.query();
    const json = openDownload(services, { blobId: context.req.param('blob'), expires, signature });
    return context.body(json, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  });
  app.get('/openapi.json', (context) => context.json(openApi(services.publicUrl)));
  app.put('/uploads/v1/:upload', async (context) => {
    await receiveUpload(services, context);
    return context.body(null, 200);
  });
  app.route('/operator/v1', operatorRoutes(services, keys, tokens.operator));
  const auth = new Authenticator(services, keys, tokens.operator);
  app.route('/tenon/v1', platformRoutes(services, auth, OWN_OPERATIONS));
  app.route('/v1', platformRoutes(services, auth, [...OPERATIONS, ...OLDER_OPERATIONS]));
  app.route('/metrics', metricsRoute(services, keys, tokens.operator, tokens.metrics));
  const observe = observeCalls(services, 'other');
  app.use('*', (context, next) => (context.get('requestId') === undefined ? observe(context, next) : next()));
  return app;
}
