// What a wall clock that is put back does to what a meter knows: all its times go back with the clock, so that nothing
// has more left than when the meter was last looked at. Without that a limit that was to rest for half a minute would
// rest for hours. What passed between the last look and the next is not known: what is held back lasts longer by that
// at most, and by what it had left. Pure over plain numbers; `slices.ts` calls it.

import { METER_SLICES, NEIGHBOUR_SLICES } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { Careful } from './careful.ts';
import type { Meter } from './slices.ts';

/** By `backMs` to `nowMs`. Every time that a meter keeps is named here. */
export function putBack(meter: Meter, backMs: Ms, nowMs: Ms): void {
  meter.head = turnBack(meter.counts, meter.head, meter.windowMs / METER_SLICES, backMs, nowMs);
  meter.blockedUntilMs -= backMs;
  // Nothing is told yet while it is 0.
  if (meter.resetAtMs > 0) meter.resetAtMs -= backMs;
  if (meter.careful !== null) putCarefulBack(meter.careful, backMs, nowMs);
}

function putCarefulBack(careful: Careful, backMs: Ms, nowMs: Ms): void {
  const { neighbours, turns } = careful;
  careful.untilMs -= backMs;
  careful.scoutedAtMs -= backMs;
  careful.loweredAtMs -= backMs;
  neighbours.sinceMs -= backMs;
  neighbours.toldAtMs -= backMs;
  const { ours, head, windowMs } = neighbours;
  neighbours.head = turnBack(ours, head, windowMs / NEIGHBOUR_SLICES, backMs, nowMs);
  if (turns === null) return;
  // As far off as nobody looked; refusals that do not fit tell.
  turns.lowMs -= backMs;
  turns.highMs -= backMs;
  turns.startMs -= backMs;
  turns.trialAtMs -= backMs;
}

/**
 * Slices of a ring, as old as they were: never younger by a part of one, for which the newest may lie one ahead, or as
 * far as it did. Many small steps count as one. Answers the newest.
 */
function turnBack(ring: Float64Array, head: number, sliceMs: Ms, backMs: Ms, nowMs: Ms): number {
  const ahead = Math.max(1, head - Math.floor((nowMs + backMs) / sliceMs));
  const next = Math.min(head - Math.floor(backMs / sliceMs), Math.floor(nowMs / sliceMs) + ahead);
  const before = ring.slice();
  for (let age = 0; age < ring.length; age++) {
    ring[placeOf(next - age, ring)] = before[placeOf(head - age, ring)] ?? 0;
  }
  return next;
}

function placeOf(slice: number, { length }: Float64Array): number {
  return ((slice % length) + length) % length;
}
