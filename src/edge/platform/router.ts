// Serves the table of operations: finds the operation, then who calls, whether that may be, which project, whether the
// disk keeps up, and what is sent, in this order; then the handler. A path with another method is told which it has.

import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { type JsonObject, jsonOrNull, parseJson } from '../../core/json.ts';
import type { Clock } from '../../core/time.ts';
import { type Authenticator, admit, checkRefs, projectOf } from '../auth.ts';
import { checked, readBody, readBodyIfSent, readText } from '../body.ts';
import type { EdgeEnv, EdgeServices, Principal } from '../context.ts';
import { listResponse } from '../list.ts';
import { problemResponse } from '../problem.ts';
import { type Operation, Unsuccessful } from './operation.ts';
import { OPERATIONS } from './operations.ts';

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const;

/** Everything below `/v1`, or another table below a path of its own. */
export function platformRoutes(
  services: EdgeServices,
  auth: Authenticator,
  table: readonly Operation[] = OPERATIONS,
): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  app.onError((error, context) => {
    const found = context.get('operation');
    const { clock, log } = services;
    const requestId = context.get('requestId') ?? newId<string>();
    const response = problemResponse(error, requestId, clock.nowMs(), log, found?.problems);
    const allow = context.get('allow');
    if (allow !== undefined) response.headers.set('allow', allow);
    return response;
  });
  app.use(
    cors({
      origin: '*',
      allowMethods: [...METHODS],
      allowHeaders: [
        'content-type',
        'x-api-key',
        'authorization',
        'x-amp-client',
        'x-amp-client-version',
        'x-request-id',
      ],
      exposeHeaders: ['x-request-id'],
    }),
  );
  /** By what the path looks like to a caller: what its parameters are called differs between operations. */
  const methodsByShape = new Map<string, string[]>();
  for (const operations of byAddress([...table].sort(verbsFirst))) {
    const [{ method, path }] = operations;
    const shape = shapeOf(path);
    methodsByShape.set(shape, [...(methodsByShape.get(shape) ?? []), method]);
    app.on(method, routeOf(path), (context) => answer(services, auth, operations, context));
  }
  for (const [shape, methods] of methodsByShape) app.all(routeOf(shape), (context) => refuseMethod(context, methods));
  return app;
}

/** Those that have an address to themselves, and those that share one: their bodies tell them apart. */
type Addressed = readonly [Operation, ...Operation[]];

function byAddress(operations: readonly Operation[]): readonly Addressed[] {
  const groups = new Map<string, Addressed>();
  for (const operation of operations) {
    const address = `${operation.method} ${operation.path}`;
    groups.set(address, [...(groups.get(address) ?? []), operation] as unknown as Addressed);
  }
  return [...groups.values()];
}

/** A path with parameters that are called by their place: two paths of one shape are one address. */
export function shapeOf(path: string): string {
  let count = 0;
  return path.replace(/\{\w+\}/g, () => `{p${count++}}`);
}

/** `…/{id}:verb` before `…/{id}`, which would take the verb for a part of the id. */
function verbsFirst(one: Operation, other: Operation): number {
  return Number(other.path.includes('}:')) - Number(one.path.includes('}:'));
}

/** The path as the router has it. */
function routeOf(path: string): string {
  return path.replace(/\{(\w+)\}(:[a-zA-Z-]+)?/g, (_, name: string, verb?: string) =>
    verb === undefined ? `:${name}` : `:${name}{[^/]+${verb}}`,
  );
}

function refuseMethod(context: Context<EdgeEnv>, methods: readonly string[]): never {
  const allow = methods.join(', ');
  context.set('allow', allow);
  throw new IntegrationError('method_not_allowed', `there is nothing at ${context.req.method} ${context.req.path}`, {
    remedy: `This path takes ${allow}.`,
  });
}

async function answer(
  services: EdgeServices,
  auth: Authenticator,
  operations: Addressed,
  context: Context<EdgeEnv>,
): Promise<Response> {
  const [first] = operations;
  context.set('operation', first);
  const { access, method } = first;
  const principal: Principal = access === 'open' ? { kind: 'anybody' } : await auth.principalOf(context.req);
  if ('projectId' in principal) context.set('projectId', principal.projectId);
  admit(principal, access);
  const params = paramsOf(first, context);
  const project = projectOf(services, principal, params['projectIdOrName']);
  if (project !== null) context.set('projectId', project.projectId);
  if (method !== 'GET' && !services.store.hasRoom) {
    throw new IntegrationError('overloaded', 'too many changes wait for the disk');
  }
  const query = first.query === null ? undefined : checked(context.req.query(), first.query, 'query');
  checkRefs(principal, query, 'query');
  const { operation, body } = await sent(services.clock, operations, context);
  checkRefs(principal, body, 'body');
  const call = { services, keys: auth.keys, principal, params, query, body, project: project as never };
  const value = await operation.handle(call);
  const headers = access === 'open' ? {} : { 'cache-control': 'no-store' };
  if (value instanceof Unsuccessful) return context.json(value.body, value.status, headers);
  if (operation.media === 'none' || operation.status === 204) return context.body(null, operation.status, headers);
  if (operation.media === 'list') return listResponse(services, context, value as Iterable<JsonObject>, headers);
  if (operation.media === 'text') return context.text(String(value), operation.status, headers);
  return context.json(value as object, operation.status, headers);
}

function paramsOf({ path }: Operation, context: Context<EdgeEnv>): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  for (const [, name = '', verb = ''] of path.matchAll(/\{(\w+)\}(:[a-zA-Z-]+)?/g)) {
    const value = context.req.param(name) ?? '';
    params[name] = value.slice(0, value.length - verb.length);
  }
  return params;
}

/** The body, checked, and of operations that share an address the one that it is meant for. */
async function sent(
  clock: Clock,
  operations: Addressed,
  context: Context<EdgeEnv>,
): Promise<{ readonly operation: Operation; readonly body: unknown }> {
  const [first] = operations;
  if (operations.length === 1) return { operation: first, body: await bodyOf(clock, first, context) };
  const text = await readText(clock, context.req.raw);
  const parsed = jsonOrNull(text);
  const meant = operations.find(({ isMeant }) => isMeant?.(parsed, text)) ?? operations.find(({ isMeant }) => !isMeant);
  const operation = meant ?? first;
  // Also what is no JSON is refused in the form of the operation that it was meant for.
  context.set('operation', operation);
  const json = parsed ?? parseJson(text, 'the request body');
  return { operation, body: operation.body === null ? undefined : checked(json, operation.body, 'body') };
}

function bodyOf(
  clock: Clock,
  { body, isBodyOptional }: Operation,
  context: Context<EdgeEnv>,
): Promise<z.output<z.ZodType>> | undefined {
  if (body === null) return undefined;
  return isBodyOptional ? readBodyIfSent(clock, context, body) : readBody(clock, context, body);
}
