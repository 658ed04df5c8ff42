// Listens: on node:http with the raw response within reach, on Deno with its own server. Both serve the same app.

import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { HTTP_DRAIN_MS } from '../core/limits.ts';
import { type Clock, delay } from '../core/time.ts';
import type { EdgeEnv } from './context.ts';

export interface Listening {
  readonly port: number;
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

/** Rejects with `conflict` if the port is taken. */
export function listen(app: Hono<EdgeEnv>, hostname: string, port: number, clock: Clock): Promise<Listening> {
  const deno = (globalThis as { Deno?: DenoRuntime }).Deno;
  return deno === undefined ? listenOnNode(app, hostname, port, clock) : listenOnDeno(deno, app, hostname, port, clock);
}

function listenOnNode(app: Hono<EdgeEnv>, hostname: string, port: number, clock: Clock): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, hostname, port)));
    server.listen(port, hostname, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        async close() {
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

function listenOnDeno(
  deno: DenoRuntime,
  app: Hono<EdgeEnv>,
  hostname: string,
  port: number,
  clock: Clock,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    try {
      const server = deno.serve(
        {
          hostname,
          port,
          onListen: (address) =>
            resolve({
              port: address.port,
              close: () => Promise.race([server.shutdown(), delay(clock, HTTP_DRAIN_MS)]),
            }),
        },
        (request) => app.fetch(request, {}),
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
