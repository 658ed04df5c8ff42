import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../../actors/runtime.ts';
import { CREDENTIAL_PURPOSE, shardOf, TokenManager } from '../../../actors/tokenManager.ts';
import type { Credential } from '../../../src/auth/credential.ts';
import { createVault, parseMasterKey } from '../../../src/auth/vault.ts';
import { type AcceptedEntry, LiveCatalog } from '../../../src/catalog/liveCatalog.ts';
import { toProviderInfo } from '../../../src/catalog/wire.ts';
import { IntegrationError } from '../../../src/core/errors.ts';
import { type ConnectionId, parseId } from '../../../src/core/ids.ts';
import {
  FUTILE_REFRESH_PAUSE_MS,
  REFRESH_REQUEST_INTERVAL_MS,
  TOKEN_LEEWAY_MS,
  TOKEN_SHARDS,
  YOUNG_TOKEN_MS,
} from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/time.ts';
import { insertProject } from '../../../src/store/tables/accounts.ts';
import { insertConnection, putCredential, setConnectionStatus } from '../../../src/store/tables/connections.ts';
import { fakeClock } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const connectionId = parseId<ConnectionId>('c1', 'connection');
const projectId = parseId<never>('p1', 'project');
const OAUTH = { scheme: 'oauth2', accessToken: 'secret-1', refreshToken: 'refresh-1', tokenType: 'bearer' } as const;

interface Stored {
  readonly credential?: Credential;
  /** From now; null: never. */
  readonly lifetimeMs?: number | null;
}

/** A manager over a store with one connection, and the refreshes it asks for. */
async function startTokens({ credential = OAUTH, lifetimeMs = HOUR_MS }: Stored = {}) {
  const { store } = await withStore();
  const clock = fakeClock();
  const vault = createVault([parseMasterKey(Buffer.alloc(32, 'k').toString('base64'))]);
  const nowMs = clock.nowMs();
  const expiresAtMs = lifetimeMs === null ? null : nowMs + lifetimeMs;
  const canRefresh = credential.scheme === 'oauth2' && credential.refreshToken !== undefined;
  const place = { connectionId, generation: 1, purpose: CREDENTIAL_PURPOSE };
  await store.commit([
    insertProject({ projectId, name: 'p', appName: 'p', orgId: 'o', createdAtMs: nowMs }),
    insertConnection({
      connectionId,
      projectId,
      provider: credential.scheme === 'oauth2' ? 'hubspot' : 'stripe',
      providerAppId: null,
      groupRef: 'g',
      groupName: 'g',
      consumerRef: 'c',
      consumerName: 'c',
      authScheme: 'none',
      status: 'created',
      workspaceRef: null,
      providerConsumerRef: null,
      metadata: '{}',
      generation: 1,
      issuedAtMs: nowMs,
      expiresAtMs,
      refreshAtMs: expiresAtMs === null || !canRefresh ? null : expiresAtMs - 5 * MINUTE_MS,
      createdAtMs: nowMs,
    }),
    putCredential(connectionId, 1, vault.seal(JSON.stringify(credential), place)),
  ]);
  const asked: unknown[] = [];
  const actor = { isPaused: false };
  const runtime = {
    send: (actorId: string, event: object) => Promise.resolve(asked.push([actorId, event]) > 0),
    peek: () => {
      if (actor.isPaused) throw new IntegrationError('actor_paused', 'credential:c1 is paused');
      return { context: { wakeAtMs: null }, hasTag: () => false };
    },
  } as unknown as Runtime;
  const catalog = new LiveCatalog();
  const tokens = new TokenManager(runtime, store.reads, vault, catalog, clock, silentLog());
  return { tokens, clock, asked, store, catalog, actor };
}

describe('no token is given', () => {
  it('for a connection that is not there', async () => {
    const { tokens } = await startTokens();
    expect(() => tokens.usableToken(parseId('none', 'id'))).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('for one that the provider refused, once that is known', async () => {
    const { tokens, store, clock } = await startTokens();
    expect(tokens.usableToken(connectionId)).not.toBeNull();
    await store.commit([setConnectionStatus(connectionId, 1, 'bad_credentials', clock.nowMs())]);
    tokens.forget(connectionId);
    expect(() => tokens.usableToken(connectionId)).toThrow(expect.objectContaining({ code: 'auth_invalidated' }));
    expect(tokens.refused(connectionId, 1)).toBe('none');
  });

  it('that has ended, and the next one is asked for, but not by every caller', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(HOUR_MS - TOKEN_LEEWAY_MS);
    for (let call = 0; call < 10; call++) expect(tokens.usableToken(connectionId)).toBeNull();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject(['credential:c1', { type: 'refresh.requested', generation: 1 }]);
    await clock.advance(REFRESH_REQUEST_INTERVAL_MS);
    expect(tokens.usableToken(connectionId)).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('that has ended and cannot be renewed', async () => {
    const { refreshToken: _none, ...credential } = OAUTH;
    const { tokens, clock, asked } = await startTokens({ credential });
    await clock.advance(HOUR_MS);
    expect(() => tokens.usableToken(connectionId)).toThrow(expect.objectContaining({ code: 'auth_invalidated' }));
    expect(asked).toEqual([]);
  });
});

describe('a token', () => {
  it('is given as what a call needs, and never as its text', async () => {
    const { tokens } = await startTokens();
    const token = tokens.usableToken(connectionId);
    expect(token?.attachment).toEqual({ headers: ['Authorization', 'Bearer secret-1'], query: '' });
    expect(JSON.stringify({ ...token, attachment: null, holder: null })).not.toContain('secret');
    expect(JSON.stringify({ ...token, holder: null })).not.toContain('refresh-1');
  });

  it('is let go by whoever holds it as soon as it is forgotten, for one reason or another', async () => {
    const { tokens } = await startTokens();
    const forget = [
      () => tokens.forget(connectionId),
      () => tokens.forgetAll(),
      () => tokens.assign(0, 1).concat(tokens.assign(shardOf(connectionId) === 0 ? 1 : 0, 256)),
    ];
    for (const how of forget) {
      const holder = tokens.usableToken(connectionId)?.holder;
      expect(tokens.usableToken(connectionId, holder)).toBe(holder?.token);
      expect(holder?.token).toMatchObject({ generation: 1 });
      how();
      expect(holder?.token).toBeNull();
    }
  });

  it('that is due is still given while the next one is asked for', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(HOUR_MS - 5 * MINUTE_MS - 1);
    expect([tokens.usableToken(connectionId)?.generation, asked.length]).toEqual([1, 0]);
    await clock.advance(1);
    expect([tokens.usableToken(connectionId)?.generation, asked.length]).toEqual([1, 1]);
  });

  it('that never ends asks for nothing', async () => {
    const { tokens, clock, asked } = await startTokens({
      credential: { scheme: 'apiKey', apiKey: 'k' },
      lifetimeMs: null,
    });
    await clock.advance(1000 * HOUR_MS);
    expect(tokens.usableToken(connectionId)?.attachment.headers).toEqual(['Authorization', 'Bearer k']);
    expect(tokens.refused(connectionId, 1)).toBe('none');
    expect(asked).toEqual([]);
  });
});

it('edge threads are told not to wait for a next token where the actor that would fetch it is paused', async () => {
  const { tokens, actor } = await startTokens();
  expect(tokens.usableToken(connectionId)).not.toBeNull();
  expect(tokens.factsOf(connectionId, 1)).toMatchObject({ isNextSoon: true });
  actor.isPaused = true;
  expect(tokens.factsOf(connectionId, 1)).toMatchObject({ isNextSoon: false });
});

describe('a refused token', () => {
  it('asks for no other while it is young: the 401 means something else', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(YOUNG_TOKEN_MS - 1);
    expect([tokens.refused(connectionId, 1), asked.length]).toEqual(['none', 0]);
  });

  it('asks for the next one', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(YOUNG_TOKEN_MS);
    expect(tokens.refused(connectionId, 1)).toBe('coming');
    expect(asked).toMatchObject([['credential:c1', { type: 'refresh.requested', generation: 1, isRefused: true }]]);
  });

  it('is news also when the next one was asked for a moment ago, because it was due', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(56 * MINUTE_MS);
    tokens.usableToken(connectionId);
    expect(tokens.refused(connectionId, 1)).toBe('coming');
    expect(asked).toMatchObject([
      ['credential:c1', { isRefused: false }],
      ['credential:c1', { isRefused: true }],
    ]);
  });

  it('of an older generation needs no other', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(YOUNG_TOKEN_MS);
    expect([tokens.refused(connectionId, 0), asked.length]).toEqual(['newer', 0]);
  });

  it('that is refused as its predecessor was asks for no other for a while', async () => {
    const { tokens, clock, asked } = await startTokens();
    await clock.advance(YOUNG_TOKEN_MS);
    expect(tokens.usableToken(connectionId)).not.toBeNull();
    tokens.refusedAgain(connectionId, 1);
    expect([tokens.refused(connectionId, 1), asked.length]).toEqual(['none', 0]);
    await clock.advance(FUTILE_REFRESH_PAUSE_MS);
    expect([tokens.refused(connectionId, 1), asked.length]).toEqual(['coming', 1]);
  });
});

describe('a catalog that attaches credentials otherwise', () => {
  it('counts for every call once the opened ones are forgotten, and wakes nobody', async () => {
    const { tokens, catalog } = await startTokens();
    const before = tokens.usableToken(connectionId);
    let isWoken = false;
    void tokens.changed(connectionId, new AbortController().signal, 'a token').then(() => {
      isWoken = true;
    });
    const info = toProviderInfo(catalog.get('hubspot'));
    const accessTokenOpts = { attachmentType: 'accessTokenHeaderAttachment' as const, header: { name: 'X-Token' } };
    const raw = { ...info, oauth2Opts: { ...info.oauth2Opts, accessTokenOpts } };
    const entry = catalog.judge('hubspot', JSON.parse(JSON.stringify(raw))) as AcceptedEntry;
    catalog.replaceUpstream(new Map([['hubspot', entry]]));
    expect(tokens.usableToken(connectionId)).toBe(before);
    tokens.forgetAll();
    const after = tokens.usableToken(connectionId);
    expect(after?.attachment.headers).toEqual(['X-Token', 'secret-1']);
    expect([after?.generation, isWoken]).toEqual([before?.generation, false]);
  });
});

describe('those who wait for a change', () => {
  it('are all woken by it, and not by that of another connection', async () => {
    const { tokens } = await startTokens();
    const signal = new AbortController().signal;
    const woken: number[] = [];
    const waiting = [1, 2].map((who) => tokens.changed(connectionId, signal, 'a token').then(() => woken.push(who)));
    tokens.forget(parseId('c2', 'id'));
    await Promise.resolve();
    expect(woken).toEqual([]);
    tokens.forget(connectionId);
    await Promise.all(waiting);
    expect(woken).toEqual([1, 2]);
  });
});

describe('owners', () => {
  it('refuse the shards of others, and forget and wake what moves to a new one', async () => {
    const { tokens } = await startTokens();
    expect(tokens.usableToken(connectionId)).not.toBeNull();
    let isWoken = false;
    const waiting = tokens.changed(connectionId, new AbortController().signal, 'a token').then(() => {
      isWoken = true;
    });
    const owners = Array.from({ length: 4 }, (_, index) => index).find((index) => {
      const left = tokens.assign(index, 4);
      return left.includes(shardOf(connectionId));
    });
    expect(owners).toBeDefined();
    await waiting;
    expect(isWoken).toBe(true);
    expect(() => tokens.usableToken(connectionId)).toThrow('belong to another owner');
    tokens.assign(0, 1);
    expect(tokens.usableToken(connectionId)).not.toBeNull();
  });

  it('keep what does not move when they become more', async () => {
    const { tokens } = await startTokens();
    tokens.assign(0, 3);
    const left = tokens.assign(0, 4);
    // A quarter of its third, at most about twice that.
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(256 / 6);
  });
});

describe('the shard of a connection', () => {
  it('is the same for ever: what is stored by shard must be found again', () => {
    expect([shardOf(connectionId), shardOf(parseId('c2', 'id'))]).toEqual([249, 24]);
  });

  it('spreads connections evenly', () => {
    const counts = new Array<number>(TOKEN_SHARDS).fill(0);
    for (let index = 0; index < 100 * TOKEN_SHARDS; index++) {
      const shard = shardOf(parseId(`connection-${index}`, 'id'));
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(150);
  });
});
