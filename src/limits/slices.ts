// The calls of a window by slice, and what else is known of it: a call counts until the whole slice that it was made in
// has left the window. Pure over plain numbers; `meter.ts` spends them, `meterTold.ts` takes up what is told of them.

import { METER_SLICES } from '../core/limits.ts';
import { type Ms, putBackMs } from '../core/time.ts';
import type { Careful } from './careful.ts';
import { age } from './neighbours.ts';
import { putBack } from './putBack.ts';
import { isKnown, turn } from './turns.ts';

export interface Meter {
  /** When it was last looked at. */
  seenAtMs: Ms;
  /** Changes only where nothing is declared. */
  windowMs: Ms;
  limit: number;
  /** The provider said so, whatever was declared. */
  isLearned: boolean;
  /** Calls by slice, a ring; slice n is at n modulo its length. */
  readonly counts: Float64Array;
  /** The newest slice that counts. */
  head: number;
  total: number;
  /** Calls that may be made at any moment, or are made and not told of yet. They take room and do not age. */
  held: number;
  /** The provider wants nothing before this. */
  blockedUntilMs: Ms;
  /** When the provider said that all is left again; of one that slides it is when a single call leaves. */
  resetAtMs: Ms;
  isSliding: boolean;
  /** Two windows that ended were told of, a window apart, and no call was seen to leave by itself in between. */
  isFixed: boolean;
  /** Since the provider refused what seemed to fit. */
  careful: Careful | null;
}

export const LENGTH = METER_SLICES + 1;

export function newMeter(limit: number, windowMs: Ms): Meter {
  const counts = new Float64Array(LENGTH);
  const blockedUntilMs = Number.NEGATIVE_INFINITY;
  return {
    seenAtMs: Number.NEGATIVE_INFINITY,
    windowMs,
    limit,
    isLearned: false,
    counts,
    head: 0,
    total: 0,
    held: 0,
    blockedUntilMs,
    resetAtMs: 0,
    isSliding: false,
    isFixed: false,
    careful: null,
  };
}

export function sliceMsOf({ windowMs }: Meter): Ms {
  return windowMs / METER_SLICES;
}

/** Forgets what has left the window. Cheap where time has not reached another slice. */
export function advance(meter: Meter, nowMs: Ms): void {
  const backMs = putBackMs(meter, nowMs);
  if (backMs > 0) putBack(meter, backMs, nowMs);
  if (meter.careful !== null) {
    const { careful } = meter;
    age(careful.neighbours, nowMs);
    if (careful.turns !== null && isKnown(careful.turns)) careful.ceiling = turn(careful.turns, careful.ceiling, nowMs);
  }
  const slice = Math.floor(nowMs / sliceMsOf(meter));
  if (slice <= meter.head) return;
  if (meter.careful !== null && nowMs >= meter.careful.untilMs) meter.careful = null;
  const { careful } = meter;
  if (careful !== null) careful.portion = 0;
  for (let next = Math.max(meter.head + 1, slice - METER_SLICES); next <= slice; next++) {
    const place = modulo(next);
    meter.total -= meter.counts[place] ?? 0;
    meter.counts[place] = 0;
  }
  meter.head = slice;
}

export function modulo(slice: number): number {
  return ((slice % LENGTH) + LENGTH) % LENGTH;
}

/** Slices of the window in which there are calls, oldest first. */
export function countsOf(meter: Meter, nowMs?: Ms): readonly (readonly [slice: number, count: number])[] {
  if (nowMs !== undefined) advance(meter, nowMs);
  return Array.from({ length: LENGTH }, (_, index) => {
    const slice = meter.head - METER_SLICES + index;
    return [slice, meter.counts[modulo(slice)] ?? 0] as const;
  }).filter(([, count]) => count > 0);
}

/** Takes up what was counted before; what has left the window since the newest of it is dropped. */
export function recount(meter: Meter, counts: readonly (readonly [slice: number, count: number])[]): void {
  meter.head = counts.reduce((head, [slice]) => Math.max(head, slice), 0);
  for (const [slice, count] of counts) {
    if (slice <= meter.head - LENGTH) continue;
    meter.counts[modulo(slice)] = (meter.counts[modulo(slice)] ?? 0) + count;
    meter.total += count;
  }
}

/** The window is longer or shorter than was thought; what was counted so far stays counted. */
export function resize(meter: Meter, windowMs: Ms, nowMs: Ms): void {
  const counts = countsOf(meter, nowMs);
  const perSlice = sliceMsOf(meter) / (windowMs / METER_SLICES);
  meter.counts.fill(0);
  meter.total = 0;
  meter.windowMs = windowMs;
  recount(meter, [
    ...counts.map(([slice, count]) => [Math.floor(slice * perSlice), count] as const),
    [Math.floor(nowMs / sliceMsOf(meter)), 0],
  ]);
}

/** Calls that were made in slices which began since then. */
export function madeSince(meter: Meter, sinceMs: Ms): number {
  const first = Math.ceil(sinceMs / sliceMsOf(meter));
  return countsOf(meter).reduce((sum, [slice, count]) => (slice >= first ? sum + count : sum), 0);
}
