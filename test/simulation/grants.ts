// A provider's authorization server: codes, grants, tokens, and what a second use of a refresh token does. Tokens name
// their grant and their place in it, so that an invariant can tell an old one from the current one.

import type { Rotation } from '../../machines/credentialEvents.ts';
import { MINUTE_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';
import type { SimAnswer } from './network.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

const GRACE_MS = MINUTE_MS;

interface Grant {
  readonly grantId: string;
  readonly account: string;
  /** Of the current refresh token. */
  index: number;
  rotatedAtMs: Ms;
  accessCount: number;
  isRevoked: boolean;
}

export interface GrantOptions {
  readonly name: string;
  readonly rotation: Rotation;
  /** Null: the provider states no lifetime, and tokens last ten minutes. */
  readonly lifetimeMs: Ms | null;
}

/** A refresh token, taken apart. */
export interface RefreshTokenFacts {
  readonly grantId: string;
  readonly index: number;
}

const UNSTATED_LIFETIME_MS = 10 * MINUTE_MS;

/** The grant and place that a refresh token names; null for other text. */
export function refreshTokenFacts(token: string): RefreshTokenFacts | null {
  const [, grantId, index] = /^rt-(.+)-(\d+)$/.exec(token) ?? [];
  return grantId === undefined ? null : { grantId, index: Number(index) };
}

/** Whether a text names a token of ours. */
export function hasSecret(text: string): boolean {
  return /\b[ra]t-(hub|sf)\d+-\d/.test(text);
}

export class Grants {
  readonly options: GrantOptions;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #grants = new Map<string, Grant>();
  readonly #codes = new Map<string, string>();
  #codeCount = 0;
  readonly #access = new Map<string, { readonly grant: Grant; readonly endsAtMs: Ms }>();

  constructor(world: World, weather: Weather, options: GrantOptions) {
    this.#world = world;
    this.#weather = weather;
    this.options = options;
  }

  /** A customer said yes on the consent page. */
  consent(account: string): string {
    this.#codeCount += 1;
    const code = `code-${this.options.name}-${this.#codeCount}`;
    this.#codes.set(code, account);
    return code;
  }

  /** The account that an access token opens; null if it is expired, revoked or unknown. */
  accountOf(accessToken: string): string | null {
    const access = this.#access.get(accessToken);
    if (access === undefined || access.grant.isRevoked || this.#world.nowMs >= access.endsAtMs) return null;
    return access.grant.account;
  }

  /** Whether a refresh token would be taken, but for an incident. */
  isHonoured(refreshToken: string): boolean {
    const facts = refreshTokenFacts(refreshToken);
    const grant = this.#grants.get(facts?.grantId ?? '');
    return facts !== null && grant !== undefined && !grant.isRevoked && facts.index === grant.index;
  }

  /** The account that a grant was given for. */
  accountOfGrant(grantId: string): string | null {
    return this.#grants.get(grantId)?.account ?? null;
  }

  /** The token endpoint. */
  answer(form: URLSearchParams): SimAnswer {
    const { name } = this.options;
    if (this.#weather.hasIncident('clientRefused', name)) {
      return { status: 401, body: JSON.stringify({ error: 'invalid_client' }) };
    }
    if (!form.has('code') && this.#weather.hasIncident('grantsRefused', name)) {
      return { status: 400, body: JSON.stringify({ error: 'invalid_grant' }) };
    }
    const before = this.#fault();
    if (before !== null) return before;
    const grant = form.has('code') ? this.#exchange(form.get('code') ?? '') : this.#refresh(form.get('refresh_token'));
    if (grant === null) return { status: 400, body: JSON.stringify({ error: 'invalid_grant' }) };
    const weather = this.#weather;
    // It acted; what becomes of the answer is another matter.
    if (weather.strikes('tokenDownAfter')) return { status: 502, body: '<html>Bad Gateway</html>' };
    const answer = this.#tokens(grant, form.has('code'));
    return weather.strikes('tokenBrokenAfter') ? { ...answer, body: answer.body.slice(0, 12) } : answer;
  }

  #fault(): SimAnswer | null {
    const weather = this.#weather;
    if (weather.strikes('tokenLimited')) return { status: 429, headers: { 'retry-after': '20' }, body: '' };
    if (weather.strikes('tokenDown')) return { status: 503, body: JSON.stringify({ error: 'server_error' }) };
    if (weather.strikes('tokenHtml')) return { status: 200, body: '<html>We will be back soon</html>' };
    if (weather.strikes('tokenErrorIn200')) {
      return { status: 200, body: JSON.stringify({ ok: false, error: 'temporarily_unavailable' }) };
    }
    if (weather.strikes('appRefused')) return { status: 401, body: JSON.stringify({ error: 'invalid_client' }) };
    return null;
  }

  #exchange(code: string): Grant | null {
    const account = this.#codes.get(code);
    if (account === undefined) return null;
    this.#codes.delete(code);
    const grantId = `${this.options.name}${this.#grants.size}`;
    const rotatedAtMs = Number.NEGATIVE_INFINITY;
    const grant: Grant = { grantId, account, index: 0, rotatedAtMs, accessCount: 0, isRevoked: false };
    this.#grants.set(grantId, grant);
    return grant;
  }

  #refresh(token: string | null): Grant | null {
    const facts = refreshTokenFacts(token ?? '');
    const grant = this.#grants.get(facts?.grantId ?? '');
    if (facts === null || grant === undefined || grant.isRevoked) return null;
    if (this.#weather.strikes('grantRevoked')) {
      grant.isRevoked = true;
      return null;
    }
    const { rotation } = this.options;
    if (rotation === 'stable') return grant;
    const isInGrace = facts.index === grant.index - 1 && this.#world.nowMs < grant.rotatedAtMs + GRACE_MS;
    if (rotation === 'singleUseGrace' && isInGrace) return grant;
    if (facts.index !== grant.index) {
      this.#world.note(`${this.options.name}: ${token} was used before, the grant is revoked`);
      grant.isRevoked = true;
      return null;
    }
    grant.index += 1;
    grant.rotatedAtMs = this.#world.nowMs;
    return grant;
  }

  #tokens(grant: Grant, isFirst: boolean): SimAnswer {
    const { lifetimeMs, rotation } = this.options;
    const accessToken = `at-${grant.grantId}-${grant.accessCount}`;
    grant.accessCount += 1;
    this.#access.set(accessToken, { grant, endsAtMs: this.#world.nowMs + (lifetimeMs ?? UNSTATED_LIFETIME_MS) });
    const isRefreshLeftOut = !isFirst && rotation === 'stable' && this.#weather.strikes('tokenWithoutRefresh');
    const fields: [string, string][] = [
      ['access_token', accessToken],
      ['token_type', 'bearer'],
      ...(isRefreshLeftOut ? [] : [['refresh_token', `rt-${grant.grantId}-${grant.index}`] as [string, string]]),
      ...(lifetimeMs === null ? [] : [['expires_in', String(lifetimeMs / SECOND_MS)] as [string, string]]),
    ];
    const isForm = this.#weather.strikes('tokenAsForm');
    const body = isForm ? new URLSearchParams(fields).toString() : JSON.stringify(Object.fromEntries(fields));
    return { status: 200, body };
  }
}
