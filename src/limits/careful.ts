// How a window is spent once the provider has refused what seemed to fit: because others use the same limit and are
// seen only in numbers of a moment ago, or because the limit is another than the declared one and nothing tells it.
// Then calls go in portions, so that numbers come in between, a few are left to those who come unseen, and where
// nothing but refusals tells of the limit, what was accepted is the estimate: a little less than that, held for a
// while, and then more, ever faster, until it is refused again (as CUBIC does with a network, RFC 9438). Pure over
// plain numbers; `meter.ts` asks.

import {
  CAREFUL_MS_MIN,
  CAREFUL_PORTIONS,
  CAREFUL_WINDOWS,
  CEILING_GROWTH,
  CEILING_HOLD_WINDOWS,
  CEILING_SHARE,
  METER_SLICES,
  UNSEEN_SHARE,
  UNSEEN_SHARE_MAX,
} from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

export interface Careful {
  untilMs: Ms;
  /** Calls of others in a slice, as an average of about a window. */
  others: number;
  /** Of them, those that became known in the present slice. */
  othersNow: number;
  /** Calls of ours in the present slice. */
  portion: number;
  /** The estimate; Infinity where the provider's numbers are enough. */
  ceiling: number;
  /** When the ceiling was last lowered, and until where it has grown since. */
  loweredAtMs: Ms;
  grownWindows: number;
}

/** As a row. */
export interface StoredCareful {
  readonly untilMs: Ms;
  readonly ceiling: number | null;
  readonly loweredAtMs: Ms;
}

export function newCareful(nowMs: Ms, windowMs: Ms): Careful {
  const untilMs = nowMs + Math.max(CAREFUL_MS_MIN, CAREFUL_WINDOWS * windowMs);
  const ceiling = Number.POSITIVE_INFINITY;
  return { untilMs, others: 0, othersNow: 0, portion: 0, ceiling, loweredAtMs: nowMs, grownWindows: 0 };
}

/** `slices` have passed. */
export function passed(careful: Careful, slices: number): void {
  const kept = 1 - 1 / METER_SLICES;
  careful.others = (careful.others + careful.othersNow / METER_SLICES) * kept ** slices;
  careful.othersNow = 0;
  careful.portion = 0;
}

/** What is left to others who come unseen while an answer is on its way: about a slice of them, at their busiest. */
export function headroomOf({ others }: Careful): number {
  return Math.floor(others + 3 * Math.sqrt(others));
}

/** Calls that may go in one slice. */
export function portionOf(limit: number): number {
  return Math.max(1, Math.ceil(limit / CAREFUL_PORTIONS));
}

/** Nothing but a refusal tells of the limit: `accepted` calls fitted. No more than half is lost at once. */
export function lower(careful: Careful, accepted: number, limit: number, nowMs: Ms): void {
  const before = Math.min(careful.ceiling, limit);
  const halved = Number.isFinite(before) && before < limit ? before / 2 : 1;
  careful.ceiling = Math.max(1, Math.min(before, Math.max(accepted * CEILING_SHARE, halved)));
  careful.loweredAtMs = nowMs;
  careful.grownWindows = 0;
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
