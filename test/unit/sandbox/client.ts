// What the sandbox's tests share: a clock they own, a client that reaches `*.localhost` without a resolver, and the
// two OAuth dances. Called by the tests of this folder only.

import { createHash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../../../src/core/json.ts';
import type { Clock } from '../../../src/core/time.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';

export const START_MS = Date.UTC(2026, 0, 15, 12);
export const REDIRECT_URI = 'http://localhost:9/callback';
export const VERIFIER = 'a-verifier-of-more-than-forty-three-characters-in-length';

export class TestClock implements Clock {
  ms = START_MS;

  nowMs(): number {
    return this.ms;
  }

  timerAt(): never {
    throw new Error('the sandbox sets no timers');
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: JsonValue;
}

export interface Ask {
  readonly method?: string;
  /** Labels before `.localhost`; the plain loopback address if absent. */
  readonly account?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | JsonObject | URLSearchParams;
}

/**
 * One request over a real connection; rejects when that breaks before the end of the answer. It is kept for the next
 * request, of which there is none: of a body that was refused the server reads some of the rest, and then hangs up on
 * whoever came next.
 */
export function ask(sandbox: Sandbox, path: string, options: Ask = {}): Promise<Answer> {
  const { account, token, body } = options;
  const host = account === undefined ? `127.0.0.1:${sandbox.port}` : `${account}.localhost:${sandbox.port}`;
  const isForm = body instanceof URLSearchParams;
  const headers = {
    host,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' }),
    ...options.headers,
  };
  const agent = new Agent({ keepAlive: true });
  const answered = new Promise<Answer>((resolve, reject) => {
    const target = { host: '127.0.0.1', port: sandbox.port, path, method: options.method ?? 'GET', headers, agent };
    const outgoing = httpRequest(target, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: jsonOf(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(
      body === undefined ? undefined : isForm || typeof body === 'string' ? String(body) : JSON.stringify(body),
    );
  });
  return answered.finally(() => agent.destroy());
}

function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

/** The text at a dotted path of an answer. */
export function textAt(answer: Answer, path: string): string {
  return String(jsonAt(answer.json, path));
}

/** The list at a dotted path of an answer. */
export function listAt(answer: Answer, path: string): readonly JsonObject[] {
  const list = jsonAt(answer.json, path);
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

export function challengeFor(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

export function authorizeQuery(more: Readonly<Record<string, string>> = {}): string {
  return new URLSearchParams({
    client_id: 'app',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    state: 'st',
    scope: 'crm.objects.contacts.read',
    ...more,
  }).toString();
}

export const PKCE = { code_challenge: challengeFor(VERIFIER), code_challenge_method: 'S256' };

export function locationOf(answer: Answer): URL {
  return new URL(String(answer.headers.location));
}

export function hubspotToken(sandbox: Sandbox, form: Readonly<Record<string, string>>): Promise<Answer> {
  const client = { client_id: 'app', client_secret: 'secret-for-app' };
  return ask(sandbox, '/oauth/v1/token', { method: 'POST', body: new URLSearchParams({ ...client, ...form }) });
}

export function salesforceToken(
  sandbox: Sandbox,
  account: string,
  form: Readonly<Record<string, string>>,
): Promise<Answer> {
  const body = new URLSearchParams({ client_id: 'app', client_secret: 'secret-for-app', ...form });
  return ask(sandbox, '/services/oauth2/token', { method: 'POST', account, body });
}

/** Access and refresh token of a HubSpot portal, through the whole dance. The sandbox must consent by itself. */
export async function connectHubspot(sandbox: Sandbox, account = 'acme'): Promise<Answer> {
  const code = locationOf(await ask(sandbox, `/oauth/authorize?${authorizeQuery({ account })}`)).searchParams.get(
    'code',
  );
  const form = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: REDIRECT_URI };
  return hubspotToken(sandbox, form);
}

/** The same for a Salesforce org, with PKCE. */
export async function connectSalesforce(sandbox: Sandbox, account = 'acme'): Promise<Answer> {
  const consent = await ask(sandbox, `/services/oauth2/authorize?${authorizeQuery(PKCE)}`, { account });
  const code = locationOf(consent).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER };
  return salesforceToken(sandbox, account, form);
}

/** The same for Slack and GitHub, whose dances differ by their addresses alone. */
export async function connectPlain(sandbox: Sandbox, provider: 'slack' | 'github', account = 'acme'): Promise<Answer> {
  const [authorize, token] = {
    slack: ['/oauth/v2/authorize', '/api/oauth.v2.access'],
    github: ['/login/oauth/authorize', '/login/oauth/access_token'],
  }[provider] as [string, string];
  const consent = await ask(sandbox, `${authorize}?${authorizeQuery({ account })}`);
  const code = locationOf(consent).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI };
  const body = new URLSearchParams({ client_id: 'app', client_secret: 'secret-for-app', ...form });
  return ask(sandbox, token, { method: 'POST', body, headers: { accept: 'application/json' } });
}

export async function hubspotAccess(sandbox: Sandbox, account = 'acme'): Promise<string> {
  return textAt(await connectHubspot(sandbox, account), 'access_token');
}

export async function salesforceAccess(sandbox: Sandbox, account = 'acme'): Promise<string> {
  return textAt(await connectSalesforce(sandbox, account), 'access_token');
}
