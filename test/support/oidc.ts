// An authorization server that is certified and not ours (oidc-provider), with an API behind its tokens: what
// connecting and refreshing are tested against besides the simulated providers. It runs on loopback over plain http,
// rotates refresh tokens and revokes the whole grant when one comes back. Time here is the machine's; tests age
// tokens on Tenon's side.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Context, Provider } from 'oidc-provider';
import type { JsonObject } from '../../src/core/json.ts';
import { HOUR_MS, SECOND_MS } from '../../src/core/time.ts';

export const CLIENT_ID = 'builder';
export const CLIENT_SECRET = 'the-secret-of-the-builder-at-the-provider';
/** A customer's own client, which has no browser. */
export const MACHINE = { clientId: 'machine', clientSecret: 'the-secret-of-a-customer-at-the-provider' };
/** Lifetime of access tokens. */
export const TOKEN_LIFETIME_MS = HOUR_MS;

/** Made once, since that takes longer than a test. */
const SIGNING_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

/** One request to the token endpoint. */
export interface TokenCall {
  readonly grantType: string;
  readonly hasVerifier: boolean;
  readonly refreshToken: string | null;
  readonly status: number;
}

export interface OidcServer {
  readonly port: number;
  /** Token calls so far, oldest first. */
  readonly calls: readonly TokenCall[];
  /** Tokens with which the API was called and answered 200, oldest first. */
  readonly accessTokensSeen: readonly string[];
  /** Refresh calls so far. */
  refreshes(): readonly TokenCall[];
  /** How many tokens were given up (RFC 7009). */
  revocations(): number;
  /** Catalog fields: HubSpot (a code), Salesforce (a code with PKCE, given up at the end), Help Scout (no browser). */
  catalogOverrides(): JsonObject;
  /** A person's browser with cookies, from the consent page to the address it is sent back to. */
  consent(authorizeUrl: string): Promise<string>;
  /** Gives the builder's client, or another, another secret. */
  changeSecret(secret: string, clientId?: string): Promise<void>;
  /** Ends the grant that the newest refresh token belongs to. */
  revokeGrant(): Promise<void>;
  /** The answers to the next token calls are made and then lost. */
  loseAnswers(count: number): void;
  close(): Promise<void>;
}

/** `redirectUri` is where codes go; it is known once Tenon listens. */
export async function startOidc(redirectUri: () => string): Promise<OidcServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const provider = new Provider(`http://127.0.0.1:${port}`, configuration());
  const calls: TokenCall[] = [];
  const accessTokensSeen: string[] = [];
  const refreshTokens: string[] = [];
  const answers = { toLose: 0 };
  const revocations = { count: 0 };
  // The address of Tenon's callback is a port of this run, so the client takes any address that is it now.
  provider.Client.prototype.redirectUriAllowed = (uri: string) => uri === redirectUri();
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith('/api/')) return api(provider, ctx, accessTokensSeen);
    if (ctx.path.startsWith('/interaction/')) return interaction(provider, ctx);
    await next();
    if (ctx.path === '/token/revocation' && ctx.status === 200) revocations.count += 1;
    if (ctx.path !== '/token') return undefined;
    const { grant_type, code_verifier, refresh_token } = ctx.oidc?.params ?? {};
    calls.push({
      grantType: String(grant_type),
      hasVerifier: code_verifier !== undefined,
      refreshToken: typeof refresh_token === 'string' ? refresh_token : null,
      status: ctx.status,
    });
    const issued = (ctx.body as { refresh_token?: string } | undefined)?.refresh_token;
    if (issued !== undefined) refreshTokens.push(issued);
    if (answers.toLose === 0) return undefined;
    answers.toLose -= 1;
    ctx.respond = false;
    (ctx.res.socket as Socket).destroy();
    return undefined;
  });
  server.on('request', provider.callback());
  return {
    port,
    calls,
    accessTokensSeen,
    refreshes: () => calls.filter(({ grantType }) => grantType === 'refresh_token'),
    catalogOverrides: () => catalogOverrides(port),
    consent: (url) => consent(port, url, redirectUri()),
    revocations: () => revocations.count,
    async changeSecret(secret, clientId = CLIENT_ID) {
      const client = await provider.Client.find(clientId);
      if (client !== undefined) client.clientSecret = secret;
    },
    async revokeGrant() {
      const token = await provider.RefreshToken.find(refreshTokens.at(-1) ?? '');
      await provider.RefreshToken.revokeByGrantId(token?.grantId ?? '');
    },
    loseAnswers(count) {
      answers.toLose = count;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function configuration(): object {
  const seconds = TOKEN_LIFETIME_MS / SECOND_MS;
  return {
    adapter: memoryAdapter(),
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: ['http://127.0.0.1/replaced'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        client_id: MACHINE.clientId,
        client_secret: MACHINE.clientSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [{ ...SIGNING_KEY, use: 'sig', kid: 'test' }] },
    cookies: { keys: ['a key of this run'] },
    scopes: ['crm.objects.contacts.read', 'api'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
    pkce: { required: () => false },
    rotateRefreshToken: true,
    issueRefreshToken: () => Promise.resolve(true),
    interactions: { url: (_ctx: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_ctx: Context, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    ttl: {
      AccessToken: seconds,
      AuthorizationCode: 60,
      ClientCredentials: seconds,
      Grant: 100 * seconds,
      IdToken: seconds,
      Interaction: seconds,
      RefreshToken: 100 * seconds,
      Session: seconds,
    },
  };
}

/** The resource: 200 with the token's account, 401 for a token that does not work. */
async function api(provider: Provider, ctx: Context, seen: string[]): Promise<void> {
  const token = (ctx.get('authorization') ?? '').replace(/^Bearer /, '');
  const access = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  if (access !== undefined) seen.push(token);
  ctx.status = access === undefined ? 401 : 200;
  ctx.body = access === undefined ? { error: 'expired' } : { account: access.accountId ?? access.clientId };
}

interface Stored {
  readonly grantId?: string;
  readonly uid?: string;
  readonly consumed?: number;
}

/** Where the server keeps its things: in memory, for one server. Nothing lives long enough to expire. */
function memoryAdapter() {
  const stored = new Map<string, Stored>();
  return class MemoryAdapter {
    readonly #prefix: string;

    constructor(kind: string) {
      this.#prefix = `${kind}:`;
    }

    upsert(id: string, payload: Stored): Promise<void> {
      stored.set(this.#prefix + id, payload);
      return Promise.resolve();
    }

    find(id: string): Promise<Stored | undefined> {
      return Promise.resolve(stored.get(this.#prefix + id));
    }

    findByUid(uid: string): Promise<Stored | undefined> {
      return Promise.resolve([...stored.values()].find((payload) => payload.uid === uid));
    }

    consume(id: string): Promise<void> {
      stored.set(this.#prefix + id, { ...stored.get(this.#prefix + id), consumed: Math.floor(Date.now() / SECOND_MS) });
      return Promise.resolve();
    }

    destroy(id: string): Promise<void> {
      stored.delete(this.#prefix + id);
      return Promise.resolve();
    }

    revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
      return Promise.resolve();
    }
  };
}

/** Says yes to everything. */
async function interaction(provider: Provider, ctx: Context): Promise<void> {
  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  const accountId = 'customer';
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope'] ?? ''));
  const grantId = await grant.save();
  const result = { login: { accountId }, consent: { grantId } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
}

function catalogOverrides(port: number): JsonObject {
  const [origin, workspaceOrigin] = [`http://127.0.0.1:${port}`, `http://{{.workspace}}.localhost:${port}`];
  const addresses = (at: string) => ({ authURL: `${at}/auth`, tokenURL: `${at}/token` });
  return {
    hubspot: { baseURL: `${origin}/api`, oauth2Opts: addresses(origin) },
    salesforce: {
      baseURL: `${workspaceOrigin}/api`,
      oauth2Opts: { ...addresses(workspaceOrigin), tokenMetadataFields: {} },
      tenon: { tokens: { revocationUrl: `${workspaceOrigin}/token/revocation` } },
    },
    helpScoutMailbox: {
      baseURL: `${origin}/api`,
      oauth2Opts: { tokenURL: `${origin}/token` },
      authHealthCheck: { url: `${origin}/api/me` },
    },
  };
}

async function consent(port: number, authorizeUrl: string, redirectUri: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = authorizeUrl;
  for (let hops = 0; hops < 10 && !url.startsWith(redirectUri); hops++) {
    const { pathname, search, host } = new URL(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const call = request({ port, host: '127.0.0.1', path: `${pathname}${search}`, headers: { host, cookie } }).end();
    const [incoming] = (await once(call, 'response')) as [IncomingMessage];
    incoming.resume();
    for (const line of incoming.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const { location } = incoming.headers;
    if (location === undefined) throw new Error(`${url} answered ${incoming.statusCode} instead of a redirect`);
    url = new URL(location, url).href;
  }
  return url;
}
