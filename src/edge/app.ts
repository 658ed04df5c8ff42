// The edge, top to bottom: which plane a request belongs to, who is calling, and what every answer has in common.
// One origin serves every plane; `plane.ts` tells a proxied call before any path is looked at.

import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { IntegrationError } from '../core/errors.ts';
import { openDownload } from '../flows/deliver/download.ts';
import { publishedProvider, publishedProviders } from '../flows/providers.ts';
import { readInstallations, readOperation } from '../store/tables/installations.ts';
import { ApiKeys, authenticate, projectOf } from './auth.ts';
import { callbackRoute, customAuthCallbackRoute, customAuthRoute, oauthConnectRoute } from './connect.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';
import { operatorRoutes } from './operator.ts';
import { MISFRAMED_PATH, misframed, PROXY_PATH, routingPath } from './plane.ts';
import { destinationRoutes, projectRoutes, providerAppRoutes } from './platform/accounts.ts';
import { connectionRoutes, generateRoute } from './platform/connections.ts';
import { deployRoute, installationView, integrationRoutes } from './platform/integrations.ts';
import { problemResponse } from './problem.ts';
import { type NodeProxy, proxyOfNode, proxyWeb, withRetryHeaders } from './proxy.ts';
import { operationJson } from './wire.ts';

/** All planes. */
export interface Edge {
  /** Every plane, in WHATWG requests and responses. */
  readonly app: Hono<EdgeEnv>;
  /** The proxy plane again, for servers that have requests of node:http. */
  readonly proxy: NodeProxy;
}

/** `isReady` answers whether the process can take work now; `operatorToken` opens the operator plane. */
export function createEdge(services: EdgeServices, isReady: () => Promise<boolean>, operatorToken: string): Edge {
  const keys = new ApiKeys(services.store.reads);
  return { app: createApp(services, keys, isReady, operatorToken), proxy: proxyOfNode(services, keys) };
}

function createApp(
  services: EdgeServices,
  keys: ApiKeys,
  isReady: () => Promise<boolean>,
  operatorToken: string,
): Hono<EdgeEnv> {
  const { clock, log } = services;
  const app = new Hono<EdgeEnv>({ getPath: routingPath });
  app.onError((error, context) => {
    const response = problemResponse(error, context.req.path, clock.nowMs(), log);
    return withRetryHeaders(response, error, (name) => context.req.header(name));
  });
  app.notFound((context) => {
    const error = new IntegrationError('not_found', `there is nothing at ${context.req.method} ${context.req.path}`);
    return problemResponse(error, context.req.path, clock.nowMs(), log);
  });
  app.all(PROXY_PATH, (context) => proxyWeb(services, keys, context.req.raw));
  app.all(MISFRAMED_PATH, () => {
    throw misframed();
  });
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/ready', async (context) => {
    const isIt = await isReady();
    return context.json({ status: isIt ? 'ready' : 'not ready' }, isIt ? 200 : 503);
  });
  app.route('/callbacks/v1/oauth', callbackRoute(services));
  app.route('/callbacks/v1/custom-auth/default', customAuthCallbackRoute());
  app.get('/downloads/v1/:blob', (context) => {
    const { expires = '', signature = '' } = context.req.query();
    const json = openDownload(services, { blobId: context.req.param('blob'), expires, signature });
    return context.body(json, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  });
  app.route('/operator/v1', operatorRoutes(services, keys, operatorToken));
  app.route('/v1', platform(services, keys));
  return app;
}

function platform(services: EdgeServices, keys: ApiKeys): Hono<EdgeEnv> {
  const { store } = services;
  const app = new Hono<EdgeEnv>();
  app.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
      allowHeaders: ['content-type', 'x-api-key', 'authorization', 'x-amp-client', 'x-amp-client-version'],
    }),
  );
  app.get('/providers', (context) => context.json(publishedProviders(services)));
  app.get('/providers/:provider', (context) =>
    context.json(publishedProvider(services, context.req.param('provider'))),
  );
  app.use(authenticate(keys));
  app.use(async function refuseWhenBehind(context, next) {
    const isRead = context.req.method === 'GET' || context.req.method === 'HEAD';
    if (!isRead && !store.hasRoom) throw new IntegrationError('overloaded', 'too many changes wait for the disk');
    await next();
  });
  app.route('/oauth-connect', oauthConnectRoute(services));
  app.route('/custom-auth/connect', customAuthRoute(services));
  app.route('/projects', projectRoutes(services));
  app.route('/projects/:project/provider-apps', providerAppRoutes(services));
  app.route('/projects/:project/destinations', destinationRoutes(services));
  app.put('/projects/:project/integrations:batch', (context) => deployRoute(services, context));
  app.route('/projects/:project/integrations', integrationRoutes(services));
  app.post('/projects/:project/connections:generate', (context) => generateRoute(services, context));
  app.route('/projects/:project/connections', connectionRoutes(services));
  app.get('/projects/:project/installations', (context) => {
    const { projectId } = projectOf(services, context);
    const rows = readInstallations(store.reads, projectId, { groupRef: context.req.query('groupRef') });
    return context.json(rows.flatMap((row) => installationView(services, row)));
  });
  app.get('/projects/:project/operations/:operation', (context) => {
    const { projectId } = projectOf(services, context);
    const row = readOperation(store.reads, context.req.param('operation'));
    if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such operation');
    return context.json(operationJson(row));
  });
  return app;
}
