// Listens: on node:http, where proxied calls go past Hono and its request objects, on Deno with its own server. Both
// serve the same planes.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { IntegrationError } from '../core/errors.ts';
import { HTTP_BACKLOG, HTTP_DRAIN_MS, HTTP_KEEP_ALIVE_MS, HTTP_REQUEST_MS_MAX } from '../core/limits.ts';
import { type Clock, delay } from '../core/time.ts';
import type { Edge } from './app.ts';
import type { EdgeEnv } from './context.ts';
import { earlyAnswers, isTooLate, whenBodyCanBe } from './earlyAnswer.ts';
import { EdgeMessage } from './incoming.ts';
import { isProxied } from './plane.ts';
import { problemOf } from './problem.ts';
import type { NodeProxy } from './proxy.ts';
import { answerUnread, refuseExpectation, type TellUnread } from './unread.ts';

export interface Listening {
  readonly port: number;
  /** What answers from now on; until then everything is told to come back. */
  serve(edge: Edge): void;
  /** Leaves the port to others and listens on a Unix socket instead. On node:http only. */
  moveTo(path: string): Promise<void>;
  /** Stops accepting, gives open requests HTTP_DRAIN_MS, then cuts the rest off. */
  close(): Promise<void>;
}

/** The part of Deno's server that is used, where there is one. */
interface DenoRuntime {
  serve(
    options: { hostname: string; port: number; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Response | Promise<Response>,
  ): { shutdown(): Promise<void> };
}

/**
 * Takes the port before anything else is decided: the address is then known, and a taken port costs nothing. Rejects
 * with `conflict` if it is taken.
 */
export function listen(hostname: string, port: number, clock: Clock): Promise<Listening> {
  const deno = (globalThis as { Deno?: DenoRuntime }).Deno;
  return deno === undefined ? listenOnNode(hostname, port, clock) : listenOnDeno(deno, hostname, port, clock);
}

function notYet(): Response {
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
}

/** What a server on node:http answers with. */
export interface NodePlanes {
  readonly proxy: NodeProxy;
  /** Everything that is not proxied. */
  readonly rest: RequestListener;
  /** Hears of what neither gets to see. */
  readonly unread: TellUnread;
}

/** A server on node:http that listens. */
export interface NodeListening {
  readonly port: number;
  close(): Promise<void>;
}

/** A port of an address, or a Unix socket. */
type Address =
  | { readonly host: string; readonly port: number; readonly reusePort?: boolean }
  | { readonly path: string };

async function listenOnNode(hostname: string, port: number, clock: Clock): Promise<Listening> {
  let edge: Edge | null = null;
  let served: NodePlanes | null = null;
  const rest = answering((request, env) => edge?.app.fetch(request, env) ?? notYet(), clock);
  const planes = () => served;
  let listening = await listenOn(planes, { host: hostname, port }, clock, rest);
  return {
    port: listening.port,
    serve(next) {
      edge = next;
      served = { proxy: next.proxy, rest, unread: next.unread };
    },
    async moveTo(path) {
      const before = listening;
      listening = await listenOn(planes, { path }, clock, rest);
      await before.close();
    },
    close: () => listening.close(),
  };
}

/** `early` answers while there are no planes. Rejects with `conflict` if the address is taken. */
export function listenOn(
  planes: () => NodePlanes | null,
  address: Address,
  clock: Clock,
  early?: RequestListener,
): Promise<NodeListening> {
  const serve: RequestListener = (incoming, outgoing) => {
    if (isTooLate(incoming, outgoing)) return;
    const now = planes();
    if (now === null || !isProxied(incoming)) {
      (now?.rest ?? early)?.(incoming, outgoing);
      return;
    }
    // A `Request` and a route cost as much as the rest of the edge; only a problem is a `Response`.
    now.proxy(incoming, outgoing);
  };
  const options = {
    keepAliveTimeout: HTTP_KEEP_ALIVE_MS,
    requestTimeout: HTTP_REQUEST_MS_MAX,
    // A request without a body has no stream that must be read, ended and closed: 1.5 KB of heap for each.
    optimizeEmptyRequests: true,
    IncomingMessage: EdgeMessage,
    ServerResponse: earlyAnswers(clock),
  };
  const server = createServer(options, serve);
  // A proxied call asks for its body when it is let through (RFC 9110 section 10.1.1): 10 GB that are refused anyway
  // should not be sent first.
  server.on('checkContinue', (incoming, outgoing) => {
    if (!isProxied(incoming) && !isTooLate(incoming, outgoing)) outgoing.writeContinue();
    serve(incoming, outgoing);
  });
  const tell: TellUnread = (unread) => planes()?.unread(unread);
  server.on('checkExpectation', (incoming, outgoing) => {
    if (!isTooLate(incoming, outgoing)) refuseExpectation(incoming, outgoing, clock, tell, answerWith);
  });
  server.on('clientError', (error, socket) => answerUnread(error, socket as Socket, clock, tell));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address)));
    server.listen({ ...address, backlog: HTTP_BACKLOG }, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({ port, close: () => closeServer(server, clock) });
    });
  });
}

/** Answers a request of node:http with a finished response. */
export function answerWith(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const answer = async () => whenBodyCanBe(incoming, response);
  void getRequestListener(answer, { errorHandler: () => response })(incoming, outgoing);
}

type Answer = (request: Request, env: EdgeEnv['Bindings']) => Response | Promise<Response>;

function answering(answer: Answer, clock: Clock): RequestListener {
  const errorHandler = (error: unknown) => problemOf(faultOf(error), clock.nowMs());
  const answerInTime: Answer = (request, env) => {
    const response = answer(request, env);
    const { incoming } = env;
    return incoming === undefined ? response : whenBodyCanBe(incoming, response);
  };
  const listener = getRequestListener((request, env) => answerInTime(request, env as EdgeEnv['Bindings']), {
    errorHandler,
  });
  return (incoming, outgoing) => void listener(incoming, outgoing);
}

async function closeServer(server: Server, clock: Clock): Promise<void> {
  // An answer that is given from now on ends its connection, which would be kept for the next request.
  Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeIdleConnections();
  const drained = new AbortController();
  await Promise.race([closed, delay(clock, HTTP_DRAIN_MS, drained.signal)]);
  drained.abort();
  server.closeAllConnections();
}

/** Of a request that could not even be read as one: a wrong Host, a path that is no URL. */
function faultOf(error: unknown): IntegrationError {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestError) return new IntegrationError('bad_request', reason);
  return new IntegrationError('invariant', reason, { publicDetail: 'internal error' });
}

function listenOnDeno(deno: DenoRuntime, hostname: string, port: number, clock: Clock): Promise<Listening> {
  let edge: Edge | null = null;
  return new Promise((resolve, reject) => {
    try {
      const server = deno.serve(
        {
          hostname,
          port,
          onListen: (address) =>
            resolve({
              port: address.port,
              serve(served) {
                edge = served;
              },
              moveTo: () => Promise.reject(new IntegrationError('invariant', 'Deno serves no Unix socket here')),
              close: () => Promise.race([server.shutdown(), delay(clock, HTTP_DRAIN_MS)]),
            }),
        },
        (request) => edge?.app.fetch(request, {}) ?? notYet(),
      );
    } catch (error) {
      reject(listenError(error as NodeJS.ErrnoException, { host: hostname, port }));
    }
  });
}

function listenError(error: NodeJS.ErrnoException, address: Address): unknown {
  if (error.code !== 'EADDRINUSE' || 'path' in address) return error;
  return new IntegrationError('conflict', `port ${address.port} of ${address.host} is in use`, {
    remedy: 'Stop the other process, or choose another port with TENON_PORT.',
    cause: error,
  });
}
