// A Tenon on a fake clock with one Stripe installation, whose provider is a server of the test, called over all kinds
// of servers: node:http, the WHATWG handler that Deno is given, and an edge thread's half.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { readConfig } from '../../src/config.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createEdge } from '../../src/edge/app.ts';
import { fakeClock } from './clock.ts';
import { halfWhenUsed } from './half.ts';
import { startTenon, type Tenon, type TenonOptions } from './tenon.ts';

export const FRONTS = ['node:http', 'a Response', 'an edge thread'] as const;
export type Front = (typeof FRONTS)[number];

/** A request as it arrived at the provider. */
export interface Arrival {
  readonly atMs: number;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Proxied = Awaited<ReturnType<typeof startProxied>>;

/** `ownFacts` are laid over what the catalog says of Stripe. */
export async function startProxied(ownFacts: JsonObject = {}, options: Pick<TenonOptions, 'log' | 'env'> = {}) {
  const clock = fakeClock();
  const arrivals: Arrival[] = [];
  const answers: RequestListener[] = [];
  const provider = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const body = await text(incoming).catch(() => 'broken off');
    arrivals.push({ atMs: clock.nowMs(), method, url, headers, body });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(incoming, outgoing);
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const { port } = provider.address() as AddressInfo;
  const overrides = { stripe: { baseURL: `http://127.0.0.1:${port}`, tenon: ownFacts } };
  const tenon = await startTenon({ ...options, clock, overrides });
  await tenon.deploy(
    'specVersion: 1.0.0\nintegrations:\n  - {name: stripe, provider: stripe, proxy: {enabled: true}}\n',
  );
  const connection = { groupRef: 'acme', consumerRef: 'ada', provider: 'stripe', apiKey: 'sk' };
  await tenon.ok('POST', tenon.inProject('/connections:generate'), connection);
  const { id } = await tenon.install('stripe', { provider: 'stripe' });
  const edge = createEdge(tenon.running.services, async () => true, { operator: 'operator', metrics: null });
  const { app } = edge;
  const thread = halfWhenUsed(tenon.running.services, edge.keys, readConfig(options.env ?? {}).providerSilenceMs);

  const call = async (front: Front, path = '/x', init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> => {
    if (front === 'node:http') return tenon.proxy(id, path, init);
    const headers = headersOf(tenon, id, init);
    if (front === 'an edge thread') {
      return fetch(`http://127.0.0.1:${await thread.port()}${path}`, { redirect: 'manual', ...init, headers });
    }
    if (typeof init.body === 'string') headers.set('content-length', String(init.body.length));
    return app.fetch(new Request(`http://tenon.example${path}`, { ...init, headers }), {});
  };

  return {
    tenon,
    installationId: id,
    clock,
    provider,
    port,
    arrivals,
    call,
    /** What the next requests are answered with, in turn; the last goes on. */
    answer(...next: RequestListener[]) {
      answers.splice(0, answers.length, ...next);
      arrivals.length = 0;
    },
    /** Lets time pass until the call is answered. */
    async passing<T>(call: Promise<T>): Promise<T> {
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      call.then(over, over);
      const lateMs = performance.now() + PATIENCE_MS;
      while (!isOver && performance.now() < lateMs) await clock.advance(100);
      return call;
    },
    /** Real I/O goes on until something is so; time stands still. */
    until: realUntil,
    async [Symbol.asyncDispose]() {
      provider.closeAllConnections();
      provider.close();
      await thread.stop();
      await tenon.stop();
    },
  };
}

function headersOf(tenon: Tenon, installationId: string, init: RequestInit): Headers {
  const headers = new Headers(init.headers);
  headers.set('x-api-key', tenon.apiKey);
  headers.set('x-amp-proxy-version', '1');
  headers.set('x-amp-project-id', tenon.projectId);
  headers.set('x-amp-installation-id', installationId);
  return headers;
}

/** What never becomes so must fail instead of keeping the process busy. */
const PATIENCE_MS = 8000;

async function realUntil(isSo: () => boolean): Promise<void> {
  const lateMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > lateMs) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An answer with these headers. */
export function answerWith(status: number, headers: Record<string, string> = {}, body = String(status)) {
  const answer: RequestListener = (_incoming, outgoing) => void outgoing.writeHead(status, headers).end(body);
  return answer;
}
