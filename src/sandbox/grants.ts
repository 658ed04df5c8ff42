// The authorization server's memory: codes, grants (one per finished authorization) and tokens. Called by the OAuth
// routes, which speak each vendor's dialect, and by every API route to check a token. Invariant: a token works only
// while its grant does; a rotated refresh token that comes back revokes the whole grant (RFC 9700 4.14.2).

import { createHash, timingSafeEqual } from 'node:crypto';
import { randomToken } from '../core/ids.ts';
import { SANDBOX_CODE_LIFETIME_MS, SANDBOX_TOKENS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import type { Clock, Ms } from '../core/time.ts';

export type OAuthProvider = 'hubspot' | 'salesforce' | 'slack' | 'github';

/** How tokens begin: clients take them as they are, and tell kinds of tokens apart by it. */
const PREFIXES: Readonly<Record<OAuthProvider, { readonly access: string; readonly refresh: string }>> = {
  hubspot: { access: '', refresh: '' },
  // A session id of Salesforce names its org before an exclamation mark; clients must not choke on it.
  salesforce: { access: '00D5g0000000sbx!', refresh: '' },
  slack: { access: 'xoxe.xoxb-1-', refresh: 'xoxe-1-' },
  github: { access: 'gho_', refresh: '' },
};

/** One account's consent to one client. */
export interface Grant {
  readonly id: string;
  readonly provider: OAuthProvider;
  readonly account: string;
  readonly clientId: string;
  readonly scope: string;
}

interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  /** S256 challenge, null where the dialect has no PKCE. */
  readonly challenge: string | null;
  readonly expiresAtMs: Ms;
  readonly isUsed: boolean;
}

interface LiveGrant {
  readonly grant: Grant;
  readonly refreshToken: string;
  /** The refresh token before the last rotation and until when it is still taken. */
  readonly previous: { readonly token: string; readonly untilMs: Ms } | null;
}

export interface Tokens {
  readonly grant: Grant;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly lifetimeMs: number;
  readonly issuedAtMs: Ms;
}

export type Exchange =
  | { readonly kind: 'issued'; readonly tokens: Tokens }
  | { readonly kind: 'refused'; readonly reason: 'code' | 'redirect' | 'verifier' | 'refreshToken' };

export type AccessCheck =
  | { readonly kind: 'valid'; readonly grant: Grant; readonly expiresAtMs: Ms }
  | { readonly kind: 'expired'; readonly expiredAtMs: Ms }
  | { readonly kind: 'unknown' };

export interface GrantsOptions {
  /** Infinity where a token never ends. */
  readonly lifetimesMs: Readonly<Record<OAuthProvider, number>>;
  /** How long a rotated refresh token is still taken, as some vendors do against lost answers. */
  readonly refreshGraceMs: number;
  /** Secrets by client id; null takes every client id with the secret `secret-for-<client id>`. */
  readonly clients: Readonly<Record<string, string>> | null;
}

export interface GrantCounts {
  readonly codesIssued: number;
  readonly codesExchanged: number;
  readonly refreshes: number;
  readonly refreshTokensReused: number;
}

export class Grants {
  readonly #clock: Clock;
  readonly #options: GrantsOptions;
  readonly #codes = recentlyUsed<string, Code>(SANDBOX_TOKENS_MAX);
  readonly #live = recentlyUsed<string, LiveGrant>(SANDBOX_TOKENS_MAX);
  /** Every refresh token ever issued, rotated ones too, so that reuse is seen. */
  readonly #refreshTokens = recentlyUsed<string, string>(SANDBOX_TOKENS_MAX);
  readonly #accessTokens = recentlyUsed<string, { readonly grantId: string; expiresAtMs: Ms }>(SANDBOX_TOKENS_MAX);
  #counts = { codesIssued: 0, codesExchanged: 0, refreshes: 0, refreshTokensReused: 0 };

  constructor(clock: Clock, options: GrantsOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  counts(): GrantCounts {
    return { ...this.#counts };
  }

  isClient(clientId: string): boolean {
    const { clients } = this.#options;
    return clientId !== '' && (clients === null || Object.hasOwn(clients, clientId));
  }

  isSecret(clientId: string, secret: string): boolean {
    if (!this.isClient(clientId)) return false;
    return isSame(secret, this.#options.clients?.[clientId] ?? `secret-for-${clientId}`);
  }

  issueCode(grant: Omit<Grant, 'id'>, redirectUri: string, challenge: string | null): string {
    const code = randomToken(24);
    this.#codes.set(code, {
      grant: { ...grant, id: randomToken(12) },
      redirectUri,
      challenge,
      expiresAtMs: this.#clock.nowMs() + SANDBOX_CODE_LIFETIME_MS,
      isUsed: false,
    });
    this.#counts.codesIssued += 1;
    return code;
  }

  /** Trades a code for tokens, once. A second try revokes what the first one got (RFC 6749 4.1.2). */
  exchangeCode(request: {
    readonly provider: OAuthProvider;
    readonly clientId: string;
    readonly code: string;
    readonly redirectUri: string;
    readonly verifier: string;
  }): Exchange {
    const code = this.#codes.get(request.code);
    if (code === undefined || code.grant.provider !== request.provider || code.grant.clientId !== request.clientId) {
      return { kind: 'refused', reason: 'code' };
    }
    if (code.isUsed) this.#revokeGrant(code.grant.id);
    if (code.isUsed || this.#clock.nowMs() >= code.expiresAtMs) return { kind: 'refused', reason: 'code' };
    this.#codes.set(request.code, { ...code, isUsed: true });
    if (code.redirectUri !== request.redirectUri) return { kind: 'refused', reason: 'redirect' };
    if (code.challenge !== null && !isSame(challengeOf(request.verifier), code.challenge)) {
      return { kind: 'refused', reason: 'verifier' };
    }
    this.#counts.codesExchanged += 1;
    return { kind: 'issued', tokens: this.#issue(code.grant, this.#newRefreshToken(code.grant), null) };
  }

  /** HubSpot gives the same refresh token every time; Salesforce and Slack rotate it and take each one once. */
  refresh(provider: OAuthProvider, clientId: string, refreshToken: string): Exchange {
    const live = this.#live.get(this.#refreshTokens.get(refreshToken) ?? '');
    if (live === undefined || live.grant.provider !== provider || live.grant.clientId !== clientId) {
      return { kind: 'refused', reason: 'refreshToken' };
    }
    const { grant, previous } = live;
    const isCurrent = live.refreshToken === refreshToken;
    const isInGrace = previous?.token === refreshToken && this.#clock.nowMs() < previous.untilMs;
    if (!isCurrent && !isInGrace) {
      this.#revokeGrant(grant.id);
      this.#counts.refreshTokensReused += 1;
      return { kind: 'refused', reason: 'refreshToken' };
    }
    this.#counts.refreshes += 1;
    if (provider === 'hubspot') return { kind: 'issued', tokens: this.#issue(grant, refreshToken, null) };
    if (isInGrace) return { kind: 'issued', tokens: this.#issue(grant, live.refreshToken, previous) };
    const rotated = { token: refreshToken, untilMs: this.#clock.nowMs() + this.#options.refreshGraceMs };
    return { kind: 'issued', tokens: this.#issue(grant, this.#newRefreshToken(grant), rotated) };
  }

  check(accessToken: string): AccessCheck {
    const access = this.#accessTokens.get(accessToken);
    const live = access === undefined ? undefined : this.#live.get(access.grantId);
    if (access === undefined || live === undefined) return { kind: 'unknown' };
    if (this.#clock.nowMs() >= access.expiresAtMs) return { kind: 'expired', expiredAtMs: access.expiresAtMs };
    return { kind: 'valid', grant: live.grant, expiresAtMs: access.expiresAtMs };
  }

  /** Ends the grant a token of either kind belongs to; false where the token is unknown. */
  revokeToken(token: string): boolean {
    const grantId = this.#refreshTokens.get(token) ?? this.#accessTokens.get(token)?.grantId;
    return grantId !== undefined && this.#revokeGrant(grantId);
  }

  /** Ends every grant of an account, as an admin who removes the app does. Returns how many there were. */
  revokeAccount(provider: OAuthProvider, account: string): number {
    let revoked = 0;
    for (const { grant } of [...this.#live.values()]) {
      if (grant.provider !== provider || grant.account !== account) continue;
      this.#revokeGrant(grant.id);
      revoked += 1;
    }
    return revoked;
  }

  /** Makes every live access token that has an end expire now; refresh tokens stay good. How many there were. */
  expireAccessTokens(): number {
    const nowMs = this.#clock.nowMs();
    let expired = 0;
    for (const access of this.#accessTokens.values()) {
      if (access.expiresAtMs <= nowMs || access.expiresAtMs === Infinity || !this.#live.has(access.grantId)) continue;
      access.expiresAtMs = nowMs;
      expired += 1;
    }
    return expired;
  }

  #issue(grant: Grant, refreshToken: string, previous: LiveGrant['previous']): Tokens {
    const issuedAtMs = this.#clock.nowMs();
    const lifetimeMs = this.#options.lifetimesMs[grant.provider];
    const accessToken = PREFIXES[grant.provider].access + randomToken(36);
    this.#accessTokens.set(accessToken, { grantId: grant.id, expiresAtMs: issuedAtMs + lifetimeMs });
    this.#live.set(grant.id, { grant, refreshToken, previous });
    return { grant, accessToken, refreshToken, lifetimeMs, issuedAtMs };
  }

  #newRefreshToken({ id, provider }: Grant): string {
    const refreshToken = PREFIXES[provider].refresh + randomToken(36);
    this.#refreshTokens.set(refreshToken, id);
    return refreshToken;
  }

  #revokeGrant(grantId: string): boolean {
    return this.#live.delete(grantId);
  }
}

/** RFC 7636 4.2. */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
