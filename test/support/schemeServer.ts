// A provider of any auth scheme, as small as a test needs it: it keeps every request it is sent, knows which tokens it
// gave, verifies signed assertions with the public key, and answers what a test tells it to. Real HTTP on loopback,
// under every name below `localhost`. Time here is the test's.

import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTVerifyResult, jwtVerify } from 'jose';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import type { Ms } from '../../src/core/time.ts';

/** Lifetime of the access tokens that the usual answer gives. */
export const LIFETIME_SECONDS = 3600;

/** One request, read to its end. */
export interface SchemeCall {
  readonly method: string;
  /** Host name without the port. */
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as parameters, whether it was a form or JSON; a repeated one is a list. */
  readonly form: JsonObject;
}

/** What is answered: an object goes out as JSON, a text as it is. Status 200 unless said otherwise. */
export interface SchemeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
}

type Answering = (call: SchemeCall) => SchemeAnswer | Promise<SchemeAnswer>;

export interface SchemeServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Every request so far, oldest first. */
  readonly calls: readonly SchemeCall[];
  /** Those below a path. */
  callsTo(path: string): SchemeCall[];
  /** Forgets the requests so far. */
  forget(): void;
  /** Answers a path otherwise from now on. `/token` and what is below `/api` have usual answers. */
  on(path: string, answering: Answering): void;
  /** Answers the next request to a path so, and those after it as before. */
  once(path: string, answer: SchemeAnswer): void;
  /** The usual answer of a token endpoint, with tokens that nobody had before; `given` lies over it, null removes. */
  grant(given?: JsonObject): JsonObject;
  /** A token that the server gave stops working. */
  revoke(token: string): void;
  close(): Promise<void>;
}

export async function startSchemeServer(): Promise<SchemeServer> {
  const calls: SchemeCall[] = [];
  const answering = new Map<string, Answering>();
  const queued = new Map<string, SchemeAnswer[]>();
  const tokens = new Set<string>();
  let given = 0;
  const grant = (differences: JsonObject = {}): JsonObject => {
    given += 1;
    const usual = {
      access_token: `access-${given}`,
      refresh_token: `refresh-${given}`,
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
    };
    const entries = Object.entries({ ...usual, ...differences }).filter(([, value]) => value !== null);
    const answer = Object.fromEntries(entries);
    if (typeof answer['access_token'] === 'string') tokens.add(answer['access_token']);
    return answer;
  };
  const usual: Answering = ({ path, headers }) => {
    if (path.endsWith('/token')) return { body: grant() };
    if (!path.startsWith('/api')) return { status: 404, body: { error: 'there is nothing here' } };
    const token = (headers['authorization'] ?? '').replace(/^Bearer /, '');
    return tokens.has(token) ? { body: { ok: true } } : { status: 401, body: { error: 'not a token of mine' } };
  };
  const server = createServer(async (incoming, outgoing) => {
    const call = await callOf(incoming);
    calls.push(call);
    const next = queued.get(call.path)?.shift();
    const { status = 200, headers = {}, body = {} } = next ?? (await (answering.get(call.path) ?? usual)(call));
    const isText = typeof body === 'string';
    outgoing.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
    outgoing.end(isText ? body : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    calls,
    callsTo: (path) => calls.filter((call) => call.path.startsWith(path)),
    forget: () => void calls.splice(0),
    on: (path, answer) => void answering.set(path, answer),
    once(path, answer) {
      queued.set(path, [...(queued.get(path) ?? []), answer]);
    },
    grant,
    revoke: (token) => void tokens.delete(token),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function callOf(incoming: IncomingMessage): Promise<SchemeCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://here');
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: incoming.method ?? '',
    host: (incoming.headers.host ?? '').replace(/:\d+$/, ''),
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body,
    form: formOf(incoming.headers['content-type'] ?? '', body),
  };
}

function formOf(type: string, body: string): JsonObject {
  if (type.startsWith('application/json')) {
    const parsed = JSON.parse(body) as JsonValue;
    return isJsonObject(parsed) ? parsed : {};
  }
  const params = new URLSearchParams(body);
  const entries = [...new Set(params.keys())].map((name): [string, JsonValue] => {
    const values = params.getAll(name);
    return [name, values.length === 1 ? (values[0] ?? '') : values];
  });
  return Object.fromEntries(entries);
}

/** User name and password of a request with HTTP Basic, as one text; null for one without. */
export function basicOf({ headers }: SchemeCall): string | null {
  const [, encoded] = /^Basic (.+)$/.exec(headers['authorization'] ?? '') ?? [];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString();
}

/**
 * What an assertion says, after its signature, algorithm, audience and time were found right. Rejects as `jwtVerify`.
 */
export function verifyAssertion(
  assertion: JsonValue | undefined,
  publicKey: KeyObject,
  { algorithm, audience, nowMs }: { readonly algorithm: string; readonly audience: string; readonly nowMs: Ms },
): Promise<JWTVerifyResult> {
  const options = { algorithms: [algorithm], audience, currentDate: new Date(nowMs), requiredClaims: ['iss', 'exp'] };
  return jwtVerify(String(assertion), publicKey, options);
}
