// How a window is spent once the provider has refused what seemed to fit: because others use the same limit and are
// seen only in numbers of a moment ago, or because the limit is another than the declared one and nothing tells it.
// Then calls go in portions, so that numbers come in between, others are left what they take (`neighbours.ts`), and
// where nothing but refusals tells of the limit, what was accepted is the estimate: a little less than that, held for a
// while, and then more, ever faster, until it is refused again (as CUBIC does with a network, RFC 9438). Pure over
// plain numbers; `meter.ts` asks.

import {
  CAREFUL_MS_MIN,
  CAREFUL_WINDOWS,
  CEILING_GROWTH,
  CEILING_HOLD_WINDOWS,
  CEILING_SHARE,
  UNSEEN_SHARE,
  UNSEEN_SHARE_MAX,
} from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { Neighbours } from './neighbours.ts';
import { isKnown, noteTurn, refusedIn, type StoredTurns, type Turns } from './turns.ts';

export interface Careful {
  untilMs: Ms;
  readonly neighbours: Neighbours;
  /** When a call last went ahead to see what is left. */
  scoutedAtMs: Ms;
  /** Calls of ours in the present slice. */
  portion: number;
  /** The estimate; Infinity where the provider's numbers are enough. */
  ceiling: number;
  /** When the ceiling was last lowered, and until where it has grown since. */
  loweredAtMs: Ms;
  grownWindows: number;
  /** Of the window, as Retry-After tells them; null where nothing did, or where numbers are told. */
  turns: Turns | null;
}

/** As a row. */
export interface StoredCareful {
  readonly untilMs: Ms;
  readonly ceiling: number | null;
  readonly loweredAtMs: Ms;
  readonly othersPerMs?: number;
  readonly turns?: StoredTurns;
}

export function newCareful(nowMs: Ms, windowMs: Ms, neighbours: Neighbours): Careful {
  const untilMs = carefulUntilMs(nowMs, windowMs);
  const scoutedAtMs = Number.NEGATIVE_INFINITY;
  const ceiling = Number.POSITIVE_INFINITY;
  return { untilMs, neighbours, scoutedAtMs, portion: 0, ceiling, loweredAtMs: nowMs, grownWindows: 0, turns: null };
}

/** So long care is taken after the last sign of others or of a wrong limit. */
export function carefulUntilMs(nowMs: Ms, windowMs: Ms): Ms {
  return nowMs + Math.max(CAREFUL_MS_MIN, CAREFUL_WINDOWS * windowMs);
}

/** Nothing but a refusal tells of the limit: `accepted` calls fitted. No more than half is lost at once. */
export function lower(careful: Careful, accepted: number, limit: number, nowMs: Ms): void {
  const before = Math.min(careful.ceiling, limit);
  const halved = Number.isFinite(before) && before < limit ? before / 2 : 1;
  careful.ceiling = Math.max(1, Math.min(before * CEILING_SHARE, Math.max(accepted * CEILING_SHARE, halved)));
  careful.loweredAtMs = nowMs;
  careful.grownWindows = 0;
}

/** A refusal of a provider that tells no numbers. */
export interface Untold {
  /** So many calls had not ended when the refused one was sent; it is one of them. */
  readonly unsure: number;
  /** The Retry-After; null where there was none. */
  readonly untilMs: Ms | null;
  /** Nothing is declared: the length of the window is a guess. */
  readonly isGuessed: boolean;
}

/** Whether the refusal of a call that was sent in a window with known turns lowered what is believed of it. */
export function lowerInTurn(careful: Careful, { unsure, untilMs }: Untold, limit: number, nowMs: Ms): boolean {
  const { turns } = careful;
  if (untilMs === null || turns === null || !isKnown(turns) || !noteTurn(turns, untilMs)) return false;
  careful.ceiling = refusedIn(turns, Math.min(careful.ceiling, limit), unsure, nowMs);
  careful.loweredAtMs = nowMs;
  careful.grownWindows = 0;
  return true;
}

/** The provider's numbers did not foretell a refusal: a little more is left to those who come unseen. */
export function leaveMore(careful: Careful, limit: number, nowMs: Ms): void {
  const less = Math.min(careful.ceiling, limit) - Math.max(1, limit * UNSEEN_SHARE);
  careful.ceiling = Math.max(1, less, limit * (1 - UNSEEN_SHARE_MAX));
  careful.loweredAtMs = nowMs;
  careful.grownWindows = 0;
}

/** The ceiling as of now; one that has reached the limit is none. */
export function ceilingAt(careful: Careful, limit: number, windowMs: Ms, nowMs: Ms): number {
  if (careful.ceiling === Number.POSITIVE_INFINITY) return limit;
  const windows = Math.floor((nowMs - careful.loweredAtMs) / windowMs) - CEILING_HOLD_WINDOWS;
  for (; careful.grownWindows < windows && careful.ceiling < limit; careful.grownWindows += 1) {
    const faster = 2 ** Math.floor(careful.grownWindows / 2);
    careful.ceiling = Math.max(careful.ceiling + 1, careful.ceiling * (1 + CEILING_GROWTH * faster));
  }
  if (careful.ceiling >= limit && Number.isFinite(limit)) careful.ceiling = Number.POSITIVE_INFINITY;
  return Math.min(limit, Math.floor(careful.ceiling));
}
