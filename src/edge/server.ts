// Listens: on node:http with the raw response within reach, on Deno with its own server. Both serve the same app.

import { createAdaptorServer } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { HTTP_BACKLOG, HTTP_DRAIN_MS, HTTP_KEEP_ALIVE_MS, HTTP_REQUEST_MS_MAX } from '../core/limits.ts';
import { type Clock, delay } from '../core/time.ts';
import type { EdgeEnv } from './context.ts';

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
  const server = createAdaptorServer({
    fetch: (request, env) => answer(request, env as EdgeEnv['Bindings']),
    serverOptions: { keepAliveTimeout: HTTP_KEEP_ALIVE_MS, requestTimeout: HTTP_REQUEST_MS_MAX },
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
          if ('keepAliveTimeout' in server) Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
          const closed = new Promise<void>((done) => server.close(() => done()));
          if ('closeIdleConnections' in server) server.closeIdleConnections();
          const drained = new AbortController();
          await Promise.race([closed, delay(clock, HTTP_DRAIN_MS, drained.signal)]);
          drained.abort();
          if ('closeAllConnections' in server) server.closeAllConnections();
        },
      });
    });
  });
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
