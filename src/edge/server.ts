// Listens: on node:http with the raw response within reach, on Deno with its own server. Both serve the same app.

import { createServer } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { HTTP_BACKLOG, HTTP_DRAIN_MS, HTTP_KEEP_ALIVE_MS, HTTP_REQUEST_MS_MAX } from '../core/limits.ts';
import { type Clock, delay } from '../core/time.ts';
import type { EdgeEnv } from './context.ts';
import { isProxied } from './plane.ts';
import { problemOf } from './problem.ts';

export interface Listening {
  readonly port: number;
  /** What answers from now on; until then everything is told to come back. */
  serve(app: Hono<EdgeEnv>): void;
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

type Answer = (request: Request, env: EdgeEnv['Bindings']) => Response | Promise<Response>;

function notYet(): Response {
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
}

function listenOnNode(hostname: string, port: number, clock: Clock): Promise<Listening> {
  let answer: Answer = notYet;
  const listener = getRequestListener((request, env) => answer(request, env as EdgeEnv['Bindings']), {
    errorHandler: (error) => problemOf(faultOf(error), clock.nowMs()),
  });
  const options = { keepAliveTimeout: HTTP_KEEP_ALIVE_MS, requestTimeout: HTTP_REQUEST_MS_MAX };
  const server = createServer(options, listener);
  // A proxied call asks for its body when it is let through (RFC 9110 section 10.1.1): 10 GB that are refused anyway
  // should not be sent first.
  server.on('checkContinue', (incoming, outgoing) => {
    if (!isProxied(incoming)) outgoing.writeContinue();
    void listener(incoming, outgoing);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, hostname, port)));
    server.listen({ port, host: hostname, backlog: HTTP_BACKLOG }, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        serve(app) {
          answer = (request, env) => answerOnNode(app, request, env);
        },
        async close() {
          // An answer that is given from now on ends its connection, which would be kept for the next request.
          Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
          const closed = new Promise<void>((done) => server.close(() => done()));
          server.closeIdleConnections();
          const drained = new AbortController();
          await Promise.race([closed, delay(clock, HTTP_DRAIN_MS, drained.signal)]);
          drained.abort();
          server.closeAllConnections();
        },
      });
    });
  });
}

/** Of a request that could not even be read as one: a wrong Host, a path that is no URL. */
function faultOf(error: unknown): IntegrationError {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestError) return new IntegrationError('bad_request', reason);
  return new IntegrationError('invariant', reason, { publicDetail: 'internal error' });
}

/**
 * Hono answers HEAD with a copy of what GET gives. A copy of "already sent" is an answer like any other and would be
 * written over what the proxy has sent.
 */
function answerOnNode(app: Hono<EdgeEnv>, request: Request, env: EdgeEnv['Bindings']): Response | Promise<Response> {
  const response = app.fetch(request, env);
  if (env.incoming?.method !== 'HEAD') return response;
  return Promise.resolve(response).then((copy) => (env.outgoing?.headersSent ? RESPONSE_ALREADY_SENT : copy));
}

function listenOnDeno(deno: DenoRuntime, hostname: string, port: number, clock: Clock): Promise<Listening> {
  let answer: Answer = notYet;
  return new Promise((resolve, reject) => {
    try {
      const server = deno.serve(
        {
          hostname,
          port,
          onListen: (address) =>
            resolve({
              port: address.port,
              serve(app) {
                answer = (request, env) => app.fetch(request, env);
              },
              close: () => Promise.race([server.shutdown(), delay(clock, HTTP_DRAIN_MS)]),
            }),
        },
        (request) => answer(request, {}),
      );
    } catch (error) {
      reject(listenError(error as NodeJS.ErrnoException, hostname, port));
    }
  });
}

function listenError(error: NodeJS.ErrnoException, hostname: string, port: number): unknown {
  if (error.code !== 'EADDRINUSE') return error;
  return new IntegrationError('conflict', `port ${port} of ${hostname} is in use`, {
    remedy: 'Stop the other process, or choose another port with TENON_PORT.',
    cause: error,
  });
}
