// Stands before the simulated providers and keeps the books that an auditor needs: every grant and every refresh of it
// (`grants.ts`). Token endpoints take their time here, so that a kill meets each moment of a refresh. Passes everything
// else on as it is, the `Host` included, by which Salesforce tells its orgs apart.

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delay, systemClock } from '../../src/core/time.ts';
import { Grants, type Refresh } from './grants.ts';

/** Each half of a token endpoint's time, at most. */
const TOKEN_PAUSE_MS_MAX = 25;
const TOKEN_PATHS: readonly string[] = ['/oauth/v1/token', '/services/oauth2/token'];

/** Where a refresh stands when somebody may want to know. */
export type RefreshMoment = 'arrived' | 'performed' | 'answered';

export interface FrontOptions {
  readonly sandboxPort: number;
  readonly roll: (sides: number) => number;
  /** The number of the process that is calling. */
  readonly life: () => number;
  readonly onRefresh: (moment: RefreshMoment) => void;
}

export interface Front {
  readonly port: number;
  readonly grants: Grants;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export async function startFront(options: FrontOptions): Promise<Front> {
  const grants = new Grants();
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    pass(options, grants, agent, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Outlives what any client keeps, so that reuse never meets a close.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    grants,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function pass(
  options: FrontOptions,
  grants: Grants,
  agent: Agent,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bytesOf(incoming);
  const forward = () => call(options.sandboxPort, agent, incoming, body);
  const path = (incoming.url ?? '').split('?', 1).join('');
  if (TOKEN_PATHS.includes(path))
    return exchange(options, grants, new URLSearchParams(body.toString()), forward, outgoing);
  grants.used(/^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1] ?? '');
  send(outgoing, await forward());
}

/** A token request, with its books. */
async function exchange(
  { roll, life, onRefresh }: FrontOptions,
  grants: Grants,
  form: URLSearchParams,
  forward: () => Promise<Answer>,
  outgoing: ServerResponse,
): Promise<void> {
  const isRefresh = form.get('grant_type') === 'refresh_token';
  const refresh = isRefresh ? grants.began(form.get('refresh_token') ?? '', life()) : null;
  if (refresh !== null) endsOnce(grants, refresh, outgoing);
  if (isRefresh) onRefresh('arrived');
  const pause = () => delay(systemClock, roll(TOKEN_PAUSE_MS_MAX));
  await pause();
  const asked = life();
  const answer = await forward();
  const tokens = JSON.parse(answer.body.toString()) as {
    refresh_token?: string;
    access_token?: string;
    error?: string;
  };
  const { refresh_token: refreshToken = '', access_token: accessToken = '' } = tokens;
  if (refresh === null) {
    if (answer.status === 200) grants.issued(refreshToken, accessToken, asked);
  } else if (answer.status === 200) {
    grants.performed(refresh, refreshToken, accessToken);
    onRefresh('performed');
  } else {
    grants.refused(refresh, `${answer.status} ${tokens.error}`);
  }
  await pause();
  if (isRefresh) outgoing.once('finish', () => onRefresh('answered'));
  send(outgoing, answer);
}

/** A refresh is under way until its answer has left or its connection is gone, whichever comes first. */
function endsOnce(grants: Grants, refresh: Refresh, outgoing: ServerResponse): void {
  let isUnderWay = true;
  const end = () => {
    if (isUnderWay) grants.ended(refresh);
    isUnderWay = false;
  };
  outgoing.once('finish', end);
  outgoing.once('close', end);
}

function call(port: number, agent: Agent, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { method, url: path } = incoming;
  // It reads what passes, so that nothing may come compressed.
  const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const { connection: _, 'transfer-encoding': __, ...kept } = headers;
  outgoing.writeHead(status, { ...kept, 'content-length': String(body.length) }).end(body);
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
