// How long a token is good for and when the next one is asked for: pure functions of what the provider said, what the
// catalog knows and, to spread the load, of the connection's id.

import { createHash } from 'node:crypto';
import { type ProviderDeclaration, tokenFactsOf } from '../catalog/schema.ts';
import {
  KEEP_ALIVE_IDLE_SHARE,
  KEEP_ALIVE_JITTER_SHARE,
  KEEP_ALIVE_MS,
  KEEP_ALIVE_MS_MIN,
  REFRESH_JITTER_SHARE,
  REFRESH_MARGIN_MS_MAX,
  REFRESH_MARGIN_SHARE,
  TOKEN_LIFETIME_ASSUMED_MS,
} from '../core/limits.ts';
import { HOUR_MS, type Ms } from '../core/time.ts';
import { type Credential, canRenew } from './credential.ts';

/** What a token answer said of time. */
export interface TokenTimes {
  readonly issuedAtMs: Ms;
  /** Null where the provider stated no lifetime. */
  readonly expiresAtMs: Ms | null;
  /** Of the refresh token; null where nothing was said. */
  readonly grantEndsAtMs: Ms | null;
}

/**
 * When an access token ends: as stated, as the catalog knows, or assumed where nobody says. Null: never. Only a stated
 * end makes a token unusable; the others are when the next one is asked for.
 */
export function endsAtMs(declaration: ProviderDeclaration, { issuedAtMs, expiresAtMs }: TokenTimes): Ms | null {
  if (expiresAtMs !== null) return expiresAtMs;
  const lifetimeMs = tokenFactsOf(declaration)?.lifetimeMs ?? TOKEN_LIFETIME_ASSUMED_MS;
  return lifetimeMs === 'permanent' ? null : issuedAtMs + lifetimeMs;
}

/** When the next token is due; null if there can be none, or need be none. */
export function dueAtMs(
  declaration: ProviderDeclaration,
  credential: Credential,
  times: TokenTimes,
  connectionId: string,
): Ms | null {
  const atMs = endsAtMs(declaration, times);
  return canRenew(credential) && atMs !== null ? refreshAtMs(times.issuedAtMs, atMs, connectionId) : null;
}

/**
 * When to refresh: expiry less five minutes, or less a fifth of a short lifetime, then later by up to half of that
 * margin. The shift is a pure function of the connection, so that tokens issued together do not refresh together.
 */
export function refreshAtMs(issuedAtMs: Ms, expiresAtMs: Ms, connectionId: string): Ms {
  const lifetimeMs = Math.max(0, expiresAtMs - issuedAtMs);
  const marginMs = Math.min(REFRESH_MARGIN_MS_MAX, lifetimeMs * REFRESH_MARGIN_SHARE);
  return Math.floor(expiresAtMs - marginMs * (1 - shareOf(connectionId) * REFRESH_JITTER_SHARE));
}

/**
 * When a refresh token is used although nobody asked, so that the grant does not die of idleness; null without one. The
 * declared interval, else a third of the idle lifetime, else a week: the shortest idle lifetime known of a provider
 * whose catalog entry says nothing is two weeks. Never later than half way to a stated end of the grant.
 */
export function keepAliveAtMs(
  declaration: ProviderDeclaration,
  credential: Credential,
  { issuedAtMs, grantEndsAtMs }: TokenTimes,
  connectionId: string,
): Ms | null {
  if (credential.scheme !== 'oauth2' || credential.refreshToken === undefined) return null;
  const { auth } = declaration;
  const declaredMs =
    auth.scheme === 'oauth2' && auth.keepAliveIntervalHours !== undefined
      ? auth.keepAliveIntervalHours * HOUR_MS
      : null;
  const idleMs = tokenFactsOf(declaration)?.idleLifetimeMs;
  const wantedMs = declaredMs ?? (idleMs === undefined ? KEEP_ALIVE_MS : idleMs * KEEP_ALIVE_IDLE_SHARE);
  const halfMs = grantEndsAtMs === null ? wantedMs : (grantEndsAtMs - issuedAtMs) / 2;
  const intervalMs = Math.max(KEEP_ALIVE_MS_MIN, Math.min(wantedMs, halfMs));
  return Math.floor(issuedAtMs + intervalMs * (1 - shareOf(connectionId) * KEEP_ALIVE_JITTER_SHARE));
}

/** 0 to 1, always the same for a connection and even over many. */
export function shareOf(connectionId: string): number {
  return createHash('sha256').update(connectionId).digest().readUInt32BE(0) / 2 ** 32;
}
