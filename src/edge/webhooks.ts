// The doors that providers' webhooks come through. The published address of an integration is shared with searches,
// which bring a credential or a group; whoever comes there without has to prove itself by a signature, and is told the
// same whether there is such an integration or not. All other addresses begin with a receiver (`wh-…`), which is a
// secret: route patterns are logged, never paths. Invariant: 2xx only when what came is on disk, or known to be lost.

import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { INBOX_RETRY_MS, WEBHOOK_BODY_BYTES_MAX } from '../core/limits.ts';
import { type Called, calledByName, calledByReceiver } from '../flows/subscribe/called.ts';
import { receiveWebhook } from '../flows/subscribe/receive.ts';
import { noteUse } from '../flows/subscribe/rotate.ts';
import { Subscriptions } from '../flows/subscribe/subscriptions.ts';
import { readBytes } from './body.ts';
import { observeCalls } from './calls.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';

const INTEGRATION = '/v1/projects/:project/integrations/:integration';
const RECEIVER = '/:receiver{wh-[\\w-]+}';

/** Methods that providers look with whether somebody is at an address. */
const PROBES: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** What a provider wants to see. */
type Shown = NonNullable<Awaited<ReturnType<typeof receiveWebhook>>>;

/** To be mounted at the root, before the platform API. */
export function webhookRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  const subscriptions = new Subscriptions(services);
  const observe = observeCalls(services, 'webhook');
  const answer = (context: Context<EdgeEnv>, called: Called | null) =>
    receive(services, subscriptions, context, called);
  app.post(
    INTEGRATION,
    unlessSearch(observe),
    unlessSearch((context) => answer(context, calledByName(services, context.req.param()))),
  );
  for (const path of ['/v1', INTEGRATION, `${INTEGRATION}/installations/:installation`]) {
    app.all(RECEIVER + path, observe, (context) => answer(context, calledByReceiver(services, context.req.param())));
  }
  return app;
}

/** A search brings a credential, and names a group also where it forgot that. */
function unlessSearch(handler: MiddlewareHandler<EdgeEnv>): MiddlewareHandler<EdgeEnv> {
  return (context, next) => {
    const { req } = context;
    const isSearch =
      ['x-api-key', 'authorization'].some((name) => req.header(name)) || req.query('groupRef') !== undefined;
    return isSearch ? next() : handler(context, next);
  };
}

async function receive(
  services: EdgeServices,
  subscriptions: Subscriptions,
  context: Context<EdgeEnv>,
  called: Called | null,
): Promise<Response> {
  if (called === null) throw unproven();
  const { addressee, source, isSecret, receiver } = called;
  const { method } = context.req;
  context.set('projectId', addressee.integration.projectId);
  if (PROBES.has(method)) {
    const handshake = source.handshake?.(webhookOf(services, context, Buffer.alloc(0))) ?? null;
    if (handshake !== null) return shown(context, handshake);
  }
  if (method !== 'POST') throw notTaken(context);
  if (!services.store.hasRoom) {
    const retryAtMs = services.clock.nowMs() + INBOX_RETRY_MS;
    throw new IntegrationError('overloaded', 'too many changes wait for the disk', { retryAtMs });
  }
  const body = await readBytes(services.clock, context.req.raw, WEBHOOK_BODY_BYTES_MAX);
  const webhook = webhookOf(services, context, body);
  const received = receiveWebhook(services, subscriptions, source, addressee, webhook);
  const handshake = await (isSecret ? received : received.catch(tellNothing));
  if (handshake !== null) return shown(context, handshake);
  if (receiver !== null) await noteUse(services, receiver);
  return context.body(null, 200);
}

/** What the edge hands on: the address as the provider called it, whatever stands between. */
function webhookOf({ publicUrl }: EdgeServices, { req, env }: Context<EdgeEnv>, body: Buffer) {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of req.raw.headers) headers[name] = value;
  const target = (env as EdgeEnv['Bindings'] | undefined)?.incoming?.url ?? targetOf(req.url);
  return { method: req.method, url: publicUrl + target, headers, body };
}

/** Path and query of an absolute address, letter by letter. */
function targetOf(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

function shown(context: Context<EdgeEnv>, { status, headers, body }: Shown): Response {
  return context.body(body, status as ContentfulStatusCode, { ...headers });
}

function notTaken(context: Context<EdgeEnv>): IntegrationError {
  context.set('allow', 'POST');
  return new IntegrationError('method_not_allowed', 'webhooks are received with POST');
}

/** At an address that everybody can guess, what is wrong with a signature would tell that there is something. */
function tellNothing(error: unknown): never {
  throw errorFacts(error).code === 'unauthenticated' ? unproven(error) : error;
}

function unproven(cause?: unknown): IntegrationError {
  return new IntegrationError('unauthenticated', 'nothing proves that this is a webhook of the provider', {
    remedy: 'A search needs an API key. A webhook needs a signature: `tenon webhooks` tells with which secret.',
    ...(cause === undefined ? {} : { cause }),
  });
}
