// Who takes how much of a window that customers share, so that none of them takes all of it. Those who wait in a queue
// are served in turn, but nobody queues for a window of minutes or a day: whoever comes first would take it again and
// again. Two rules, both of one stretch as long as the window: who has taken a twentieth of the limit leaves the last
// twentieth to those who have not; and once several did not get what they asked for, none of them takes more than an
// equal part of what the others leave (max-min fairness: D. Bertsekas, R. Gallager, "Data Networks", 6.5.2). Pure over
// plain numbers; each step takes the same time for any number of owners.

import { NEWCOMERS_SHARE } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

export interface Shares {
  readonly windowMs: Ms;
  startedAtMs: Ms;
  /** Calls by owner in this stretch. */
  taken: Map<string, number>;
  takenInAll: number;
  /** Of those, by the ones who wanted more. */
  takenByRefused: number;
  refused: Set<string>;
  /** As many as each of those may take who wanted more in the stretch before; Infinity if they were no two. */
  level: number;
}

/** A window as it is now. */
export interface Room {
  readonly limit: number;
  readonly room: number;
}

/** Nobody has taken anything that is known of: a restart forgets it, as a window does after its length. */
export function newShares(windowMs: Ms): Shares {
  const startedAtMs = Number.NEGATIVE_INFINITY;
  const none = { taken: new Map<string, number>(), takenInAll: 0, takenByRefused: 0, refused: new Set<string>() };
  return { windowMs, startedAtMs, ...none, level: Number.POSITIVE_INFINITY };
}

/** Counts calls of an owner; fewer than 0 are given back. */
export function take(shares: Shares, owner: string, calls: number, limit: number, nowMs: Ms): void {
  advance(shares, limit, nowMs);
  const before = shares.taken.get(owner) ?? 0;
  const change = Math.max(-before, calls);
  shares.taken.set(owner, before + change);
  shares.takenInAll += change;
  if (shares.refused.has(owner)) shares.takenByRefused += change;
}

/** So many calls of what is there the owner may take. */
export function callsLeft(shares: Shares, owner: string, { limit, room }: Room, nowMs: Ms): number {
  advance(shares, limit, nowMs);
  const taken = shares.taken.get(owner) ?? 0;
  const kept = limit * NEWCOMERS_SHARE;
  const toAll = Math.max(room - kept, Math.min(room, kept - taken));
  const left = Math.min(toAll, Math.min(shares.level, levelOf(shares, limit)) - taken);
  return Math.max(0, Math.ceil(left));
}

/** An owner did not get a call, for whatever reason. */
export function refuse(shares: Shares, owner: string, limit: number, nowMs: Ms): void {
  advance(shares, limit, nowMs);
  if (shares.refused.has(owner)) return;
  shares.refused.add(owner);
  shares.takenByRefused += shares.taken.get(owner) ?? 0;
}

/** An equal part of what those leave who got all they wanted, and of what is kept for who comes new. */
function levelOf({ refused, takenInAll, takenByRefused }: Shares, limit: number): number {
  if (refused.size < 2) return Number.POSITIVE_INFINITY;
  const theirs = Math.max(0, limit - (takenInAll - takenByRefused));
  const kept = limit * NEWCOMERS_SHARE;
  const level = (theirs - kept) / refused.size;
  // Of so many none has a twentieth: to them nothing is kept.
  return level > kept ? level : theirs / refused.size;
}

function advance(shares: Shares, limit: number, nowMs: Ms): void {
  const { windowMs, startedAtMs } = shares;
  const elapsedMs = nowMs - startedAtMs;
  if (elapsedMs >= 0 && elapsedMs < windowMs) return;
  const isNext = elapsedMs < 2 * windowMs;
  // A clock that was put back begins anew with what it knows.
  shares.level = isNext ? levelOf(shares, limit) : Number.POSITIVE_INFINITY;
  shares.startedAtMs = isNext && elapsedMs >= 0 ? startedAtMs + windowMs : nowMs;
  shares.taken = new Map();
  shares.refused = new Set();
  shares.takenInAll = 0;
  shares.takenByRefused = 0;
}
