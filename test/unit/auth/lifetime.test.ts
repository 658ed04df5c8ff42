import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../src/auth/credential.ts';
import { dueAtMs, endsAtMs, keepAliveAtMs, refreshAtMs } from '../../../src/auth/lifetime.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { ProviderDeclaration, TokenFacts } from '../../../src/catalog/schema.ts';
import { KEEP_ALIVE_JITTER_SHARE, KEEP_ALIVE_MS, KEEP_ALIVE_MS_MIN } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';

const RECEIVED_AT_MS = 1_700_000_000_000;
const catalog = createCatalog();

/** HubSpot, knowing something else of its tokens. */
function knowing(tokens: Partial<TokenFacts>, keepAliveIntervalHours?: number): ProviderDeclaration {
  const { auth, ...rest } = catalog.get('hubspot');
  if (auth.scheme !== 'oauth2') throw new Error('HubSpot signs in with OAuth');
  const keepAlive = keepAliveIntervalHours === undefined ? {} : { keepAliveIntervalHours };
  return { ...rest, auth: { ...auth, ...keepAlive, tokens: { ...auth.tokens, ...tokens } } };
}

const refreshable: Credential = { scheme: 'oauth2', accessToken: 'a', refreshToken: 'r', tokenType: 'Bearer' };
const times = { issuedAtMs: RECEIVED_AT_MS, expiresAtMs: null, grantEndsAtMs: null };

describe('endsAtMs', () => {
  it.each<[string, Partial<TokenFacts>, number | null, number | null]>([
    ['as stated, whatever the catalog knows', { lifetimeMs: 'permanent' }, HOUR_MS, HOUR_MS],
    ['as the catalog knows', { lifetimeMs: 2 * HOUR_MS }, null, 2 * HOUR_MS],
    ['never', { lifetimeMs: 'permanent' }, null, null],
    ['as assumed', {}, null, HOUR_MS],
  ])('%s', (_, tokens, statedMs, expectedMs) => {
    const expiresAtMs = statedMs === null ? null : RECEIVED_AT_MS + statedMs;
    const expected = expectedMs === null ? null : RECEIVED_AT_MS + expectedMs;
    expect(endsAtMs(knowing(tokens), { ...times, expiresAtMs })).toBe(expected);
  });
});

describe('dueAtMs', () => {
  it('is never for what cannot be renewed and for what does not end', () => {
    expect(dueAtMs(knowing({}), { scheme: 'apiKey', apiKey: 'k' }, times, 'c')).toBeNull();
    expect(dueAtMs(knowing({ lifetimeMs: 'permanent' }), refreshable, times, 'c')).toBeNull();
  });

  it('is there for a credential that is had again from its source', () => {
    const source = { grant: 'exchange' as const, values: {}, scopes: [] };
    const credential: Credential = { scheme: 'oauth2', accessToken: 'a', tokenType: 'Bearer', source };
    expect(dueAtMs(knowing({}), credential, times, 'c')).not.toBeNull();
  });
});

describe('keepAliveAtMs', () => {
  it('is never without a refresh token: what has a source needs none, and the rest cannot', () => {
    const source = { grant: 'exchange' as const, values: {}, scopes: [] };
    const credentials: Credential[] = [
      { scheme: 'apiKey', apiKey: 'k' },
      { scheme: 'oauth2', accessToken: 'a', tokenType: 'Bearer' },
      { scheme: 'oauth2', accessToken: 'a', tokenType: 'Bearer', source },
    ];
    for (const credential of credentials) expect(keepAliveAtMs(knowing({}), credential, times, 'c')).toBeNull();
  });

  it.each<[string, Partial<TokenFacts>, number | undefined, number | null, number]>([
    ['the declared interval', { idleLifetimeMs: 30 * DAY_MS }, 24, null, DAY_MS],
    ['a third of the idle lifetime', { idleLifetimeMs: 30 * DAY_MS }, undefined, null, 10 * DAY_MS],
    ['a week where nobody says', {}, undefined, null, KEEP_ALIVE_MS],
    ['half of what is left of the grant, if that is less', {}, undefined, 4 * DAY_MS, 2 * DAY_MS],
    ['not more often than its bound', {}, undefined, 10 * MINUTE_MS, KEEP_ALIVE_MS_MIN],
  ])('waits %s, a little less by connection', (_, tokens, hours, grantMs, expectedMs) => {
    const grantEndsAtMs = grantMs === null ? null : RECEIVED_AT_MS + grantMs;
    for (const id of ['a', 'b', 'c']) {
      const atMs = keepAliveAtMs(knowing(tokens, hours), refreshable, { ...times, grantEndsAtMs }, id) ?? 0;
      expect(atMs - RECEIVED_AT_MS).toBeLessThanOrEqual(expectedMs);
      expect(atMs - RECEIVED_AT_MS).toBeGreaterThanOrEqual(expectedMs * (1 - KEEP_ALIVE_JITTER_SHARE) - 1);
    }
  });
});

describe('refreshAtMs', () => {
  const ids = Array.from({ length: 500 }, (_, index) => `con-${index}`);

  it.each([
    [HOUR_MS, 5 * MINUTE_MS],
    [30 * MINUTE_MS, 5 * MINUTE_MS],
    [10 * MINUTE_MS, 2 * MINUTE_MS],
    [MINUTE_MS, 12 * SECOND_MS],
    [1, 0.2],
  ])('with a lifetime of %i ms stays between the margin of %d ms and half of it', (lifetimeMs, marginMs) => {
    const expiresAtMs = RECEIVED_AT_MS + lifetimeMs;
    for (const id of ids) {
      const atMs = refreshAtMs(RECEIVED_AT_MS, expiresAtMs, id);
      expect(atMs).toBeGreaterThanOrEqual(Math.floor(expiresAtMs - marginMs));
      expect(atMs).toBeLessThanOrEqual(expiresAtMs - marginMs / 2);
    }
  });

  it('is the same for the same connection and spreads over connections', () => {
    const times = ids.map((id) => refreshAtMs(0, HOUR_MS, id));
    expect(ids.map((id) => refreshAtMs(0, HOUR_MS, id))).toEqual(times);
    expect(new Set(times).size).toBeGreaterThan(450);
  });

  it('is at once where a token came already expired', () => {
    expect(refreshAtMs(1000, 500, 'con-1')).toBe(500);
  });
});
