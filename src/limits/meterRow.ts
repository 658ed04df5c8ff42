// A meter as a row: what is still counted, and what was learned. What a process knew is not learned anew by the next.

import { METER_SLICES } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { newCareful, type StoredCareful } from './careful.ts';
import { neighboursOf } from './meterTold.ts';
import { countsOf, type Meter, recount } from './slices.ts';
import { restoredTurns, storedTurns } from './turns.ts';

export interface StoredMeter {
  /** When it was written; rows of older versions do not say. */
  readonly atMs?: Ms;
  readonly limit: number | null;
  readonly blockedUntilMs: Ms;
  /** Slice number and calls in it, one after the other. */
  readonly counts: readonly number[];
  readonly careful?: StoredCareful;
  /** Where it was found out. */
  readonly windowMs?: Ms;
}

export function stored(meter: Meter, nowMs: Ms): StoredMeter {
  const counts = countsOf(meter, nowMs).flat();
  const { isLearned, limit, blockedUntilMs } = meter;
  const learned = isLearned ? limit : null;
  const row = { atMs: nowMs, limit: learned, blockedUntilMs: Math.max(0, blockedUntilMs), counts };
  if (meter.careful === null) return row;
  const { untilMs, ceiling, loweredAtMs, neighbours, turns } = meter.careful;
  const kept = { untilMs, loweredAtMs, ceiling: Number.isFinite(ceiling) ? ceiling : null };
  const careful = { ...kept, othersPerMs: neighbours.perMs, ...(turns === null ? {} : { turns: storedTurns(turns) }) };
  return { ...row, careful, windowMs: meter.windowMs };
}

/** Takes up what a row says; what has left the window meanwhile is dropped with the next question. */
export function restore(meter: Meter, row: StoredMeter): void {
  meter.seenAtMs = row.atMs ?? Number.NEGATIVE_INFINITY;
  if (row.limit !== null) {
    meter.limit = row.limit;
    meter.isLearned = true;
  }
  meter.blockedUntilMs = row.blockedUntilMs;
  if (row.windowMs !== undefined) meter.windowMs = row.windowMs;
  const pairs = row.counts.flatMap((slice, index) =>
    index % 2 === 0 ? [[slice, row.counts[index + 1] ?? 0] as const] : [],
  );
  recount(meter, pairs);
  if (row.careful === undefined) return;
  const { untilMs, loweredAtMs, othersPerMs, turns } = row.careful;
  const newestMs = Math.max(loweredAtMs, ...pairs.map(([slice]) => ((slice + 1) * meter.windowMs) / METER_SLICES));
  const neighbours = neighboursOf(meter, newestMs, othersPerMs);
  const ceiling = row.careful.ceiling ?? Number.POSITIVE_INFINITY;
  const known = turns === undefined ? null : restoredTurns(turns, meter.windowMs);
  meter.careful = { ...newCareful(loweredAtMs, meter.windowMs, neighbours), untilMs, ceiling, turns: known };
}
