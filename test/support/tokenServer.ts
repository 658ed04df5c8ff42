// An authorization server that does as a test says, on the clock that drives Tenon, with an API behind its tokens. By
// default it is strict: refresh tokens work once, and one that comes back ends the whole grant. What it cannot be
// (certified) is in `oidc.ts`. Every secret that it hands out has CANARY in it.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '../../src/core/json.ts';
import { type Clock, HOUR_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';

export const CANARY = 'c4n4ry';

/** One request to the token endpoint. */
export interface TokenCall {
  readonly atMs: Ms;
  readonly form: URLSearchParams;
  /** The account whose grant it is about; null for a code or a token of nobody. */
  readonly account: string | null;
}

export interface TokenAnswer {
  readonly status: number;
  /** An object is sent as JSON, text as it is. */
  readonly body: JsonObject | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Instead of the usual answer; null for that one. May wait. */
export type Answering = (call: TokenCall) => TokenAnswer | null | Promise<TokenAnswer | null>;

interface Grant {
  readonly account: string;
  refreshes: number;
  isRevoked: boolean;
}

export interface TokenServerOptions {
  readonly clock: Clock;
  /** Of access tokens; null: answers do not say. */
  readonly lifetimeMs?: Ms | null;
  /** Catalog facts of the token endpoint; rotating and revoking unless they say otherwise. */
  readonly facts?: JsonObject;
  /** Where token answers have facts of the account, as the catalog says it. */
  readonly metadataFields?: JsonObject;
}

export class TokenServer {
  readonly port: number;
  /** Token calls so far, oldest first. */
  readonly calls: TokenCall[] = [];
  /** Refresh tokens that came after they had been used. */
  readonly reused: string[] = [];
  answering: Answering = () => null;
  /** Instead of the API's usual answer, which is 200 for a token that works and else 401. */
  api: (request: { readonly path: string; readonly token: string }) => number | null = () => null;
  lifetimeMs: Ms | null;
  /** What is laid over a usual token answer, e.g. `{refresh_token: null}` to leave one out. */
  extra: JsonObject = {};
  readonly #options: TokenServerOptions;
  readonly #grants = new Map<string, Grant>();
  readonly #accessTokens = new Map<string, { readonly grant: Grant; readonly endsAtMs: Ms | null }>();
  readonly #close: () => Promise<void>;
  #codes = 0;

  constructor(port: number, options: TokenServerOptions, close: () => Promise<void>) {
    this.port = port;
    this.#options = options;
    this.lifetimeMs = options.lifetimeMs === undefined ? HOUR_MS : options.lifetimeMs;
    this.#close = close;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Refresh calls so far, of one account or of all. */
  refreshes(account?: string): TokenCall[] {
    return this.calls.filter(
      (call) => call.form.get('grant_type') === 'refresh_token' && (account === undefined || call.account === account),
    );
  }

  /** Ends what an account has granted. */
  revoke(account: string): void {
    for (const grant of this.#grants.values()) if (grant.account === account) grant.isRevoked = true;
  }

  /** Access tokens that were given so far work no more. */
  expireAccessTokens(): void {
    this.#accessTokens.clear();
  }

  /** Catalog fields that put this server behind HubSpot. */
  catalogOverrides(): JsonObject {
    const { facts = {}, metadataFields: tokenMetadataFields = {} } = this.#options;
    return {
      hubspot: {
        baseURL: this.origin,
        oauth2Opts: { authURL: `${this.origin}/authorize`, tokenURL: `${this.origin}/token`, tokenMetadataFields },
        modules: { crm: { baseURL: `${this.origin}/crm` } },
        authHealthCheck: { url: `${this.origin}/me` },
        // Its limits of calls are another matter.
        tenon: { tokens: { rotation: 'singleUseRevoking', ...facts }, quotas: [] },
      },
    };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    if (url.pathname === '/authorize') {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      this.#codes += 1;
      back.searchParams.set('code', `code-${this.#codes}-${CANARY}`);
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === '/token') await this.#token(new URLSearchParams(await text(request)), response);
    else this.#callApi(url.pathname, request.headers.authorization ?? '', response);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #token(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const grant = this.#grants.get(form.get('refresh_token') ?? '');
    const call = { atMs: this.#options.clock.nowMs(), form, account: grant?.account ?? null };
    this.calls.push(call);
    const { status, body, headers } = (await this.answering(call)) ?? this.usual(call);
    if (status === 0) {
      response.destroy();
      return;
    }
    const isJson = typeof body !== 'string';
    response.writeHead(status, { 'content-type': isJson ? 'application/json' : 'text/html', ...headers });
    response.end(isJson ? JSON.stringify(body) : body);
  }

  /** What a good server answers: a code or a current refresh token becomes new tokens, all else is refused. */
  usual({ form }: TokenCall): TokenAnswer {
    const given = form.get('refresh_token') ?? '';
    const [, code] = /^code-(\d+)-/.exec(form.get('code') ?? '') ?? [];
    const grant = code === undefined ? this.#grants.get(given) : newGrant(code);
    if (grant === undefined || grant.isRevoked) return { status: 400, body: { error: 'invalid_grant' } };
    const isRotating = this.#options.facts?.['rotation'] !== 'stable';
    if (code === undefined && isRotating && given !== refreshTokenOf(grant)) {
      this.reused.push(given);
      grant.isRevoked = true;
      return { status: 400, body: { error: 'invalid_grant', error_description: 'token was used before' } };
    }
    grant.refreshes += code === undefined ? 1 : 0;
    const refreshToken = isRotating || code !== undefined ? refreshTokenOf(grant) : given;
    this.#grants.set(refreshToken, grant);
    const accessToken = `at-${grant.account}-${grant.refreshes}-${CANARY}`;
    const endsAtMs = this.lifetimeMs === null ? null : this.#options.clock.nowMs() + this.lifetimeMs;
    this.#accessTokens.set(accessToken, { grant, endsAtMs });
    const lifetime = this.lifetimeMs === null ? {} : { expires_in: this.lifetimeMs / SECOND_MS };
    const body = { access_token: accessToken, token_type: 'bearer', refresh_token: refreshToken, ...lifetime };
    const entries = Object.entries({ ...body, ...this.extra }).filter(([, value]) => value !== null);
    return { status: 200, body: Object.fromEntries(entries) };
  }

  #callApi(path: string, authorization: string, response: ServerResponse): void {
    const token = authorization.replace(/^Bearer /i, '');
    const access = this.#accessTokens.get(token);
    const isOver = access === undefined || access.grant.isRevoked;
    const isEnded = access?.endsAtMs != null && this.#options.clock.nowMs() >= access.endsAtMs;
    const status = this.api({ path, token }) ?? (isOver || isEnded ? 401 : 200);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? { results: [], account: access?.grant.account ?? null } : {}));
  }
}

function newGrant(account: string): Grant {
  return { account, refreshes: 0, isRevoked: false };
}

function refreshTokenOf({ account, refreshes }: Grant): string {
  return `rt-${account}-${refreshes}-${CANARY}`;
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tokenServer = new TokenServer(port, options, async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  server.on('request', (request, response) => {
    tokenServer.handle(request, response).catch((error: Error) => response.destroy(error));
  });
  return tokenServer;
}
