// What others take of a limit that is shared with them, as far as the provider's numbers tell: its count grows by more
// than our calls. They are left what they usually take until its window ends, and a little more where chance has it;
// who comes later than our last answer is seen by nobody. Pure over plain numbers; `meter.ts` asks while it is careful.

import { NEIGHBOUR_SLICES, NEIGHBOURS_CHANCE, NEIGHBOURS_SHARE_MAX, SCOUTS, UNSEEN_MS } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';

export interface Neighbours {
  readonly windowMs: Ms;
  /** Calls of theirs in a millisecond, and as it was before the present stretch of the provider's window. */
  perMs: number;
  perMsBefore: number;
  /** How long they were counted before, a window at most. */
  knownMs: Ms;
  /** Since when they are counted, and the provider's count less ours at that moment. */
  sinceMs: Ms;
  base: number;
  /** The provider's highest number in its present window, where it begins anew and numbers are not late. */
  highest: number;
  /** Of a window that slides, their calls: as many come as leave, until another number is told. */
  theirs: number;
  /** Of when the provider's last number is. */
  toldAtMs: Ms;
  /** All calls of ours, and those of a window by slice: a ring, of which slice n is at n modulo its length. */
  sent: number;
  head: number;
  readonly ours: Float64Array;
  oursTotal: number;
}

/** A number that the provider told, as the meter understands it. */
export interface Told {
  /** Its count, with those of our calls that are under way. */
  readonly spent: number;
  readonly atMs: Ms;
  readonly isLate: boolean;
  readonly isSliding: boolean;
  /** The first of a window that began anew. */
  readonly isNew: boolean;
}

const LENGTH = NEIGHBOUR_SLICES + 1;
const NEVER = Number.NEGATIVE_INFINITY;

export function newNeighbours(windowMs: Ms, nowMs: Ms, perMs = 0): Neighbours {
  const own = { sent: 0, ours: new Float64Array(LENGTH), oursTotal: 0, head: sliceAt(windowMs, nowMs) };
  const told = { sinceMs: NEVER, base: 0, highest: 0, theirs: 0, toldAtMs: NEVER };
  return { windowMs, perMs, perMsBefore: perMs, knownMs: perMs > 0 ? windowMs : 0, ...told, ...own };
}

function sliceAt(windowMs: Ms, atMs: Ms): number {
  return Math.floor((atMs * NEIGHBOUR_SLICES) / windowMs);
}

/** Forgets those of our calls that have left the window. */
export function age(neighbours: Neighbours, nowMs: Ms): void {
  const slice = sliceAt(neighbours.windowMs, nowMs);
  for (let next = Math.max(neighbours.head + 1, slice - NEIGHBOUR_SLICES); next <= slice; next++) {
    neighbours.oursTotal -= neighbours.ours[next % LENGTH] ?? 0;
    neighbours.ours[next % LENGTH] = 0;
  }
  neighbours.head = Math.max(neighbours.head, slice);
}

/** Calls of ours, of now or a little earlier. */
export function ourCalls(neighbours: Neighbours, calls: number, atMs: Ms): void {
  const place = Math.min(neighbours.head, sliceAt(neighbours.windowMs, atMs)) % LENGTH;
  neighbours.sent += calls;
  neighbours.oursTotal += calls;
  neighbours.ours[place] = (neighbours.ours[place] ?? 0) + calls;
}

/** Calls of ours in the present slice, and when it ends. */
export function sliceOf({ ours, head, windowMs }: Neighbours): { readonly calls: number; readonly endsAtMs: Ms } {
  return { calls: ours[head % LENGTH] ?? 0, endsAtMs: ((head + 1) * windowMs) / NEIGHBOUR_SLICES };
}

/** When so many of our calls will have left a window that slides; Infinity if there are fewer. */
export function leftAtMs({ ours, head, windowMs }: Neighbours, calls: number): Ms {
  let missing = calls;
  for (let slice = Math.max(0, head - NEIGHBOUR_SLICES); slice <= head; slice++) {
    missing -= ours[slice % LENGTH] ?? 0;
    if (missing <= 0) return ((slice + LENGTH) * windowMs) / NEIGHBOUR_SLICES;
  }
  return Number.POSITIVE_INFINITY;
}

/** Takes up a number. What came before is worth one window at most: levels change, and chance is evened out. */
export function toldOf(neighbours: Neighbours, { spent, atMs, isLate, isSliding, isNew }: Told): void {
  const { windowMs } = neighbours;
  if (atMs < neighbours.toldAtMs) return;
  neighbours.toldAtMs = atMs;
  if (isSliding) {
    // The oldest of ours may have left already.
    neighbours.theirs = spent - neighbours.oursTotal + (neighbours.ours[(neighbours.head + 1) % LENGTH] ?? 0);
    neighbours.perMs = Math.max(0, neighbours.theirs) / windowMs;
    return;
  }
  const theirs = spent - neighbours.sent;
  // A number that is late is at first that of the window before.
  if (isNew || neighbours.sinceMs === NEVER || (isLate && theirs < neighbours.base)) {
    if (isNew && neighbours.sinceMs !== NEVER) {
      neighbours.perMsBefore = neighbours.perMs;
      neighbours.knownMs = Math.min(windowMs, neighbours.knownMs + atMs - neighbours.sinceMs);
    }
    neighbours.sinceMs = atMs;
    neighbours.base = theirs;
    return;
  }
  const counted = neighbours.perMsBefore * neighbours.knownMs + theirs - neighbours.base;
  // In a moment one call more or less would be a flood.
  const countedMs = Math.max(windowMs / SCOUTS, neighbours.knownMs + atMs - neighbours.sinceMs);
  neighbours.perMs = Math.max(0, counted) / countedMs;
}

/** Calls that are left to them; `endsAtMs` null: the window slides, and only those who come unseen count. */
export function leftTo({ perMs, toldAtMs }: Neighbours, endsAtMs: Ms | null, limit: number, nowMs: Ms): number {
  if (perMs <= 0) return 0;
  const unseenMs = Math.max(0, nowMs - toldAtMs) + UNSEEN_MS;
  const untilEndMs = endsAtMs === null ? unseenMs : Math.max(unseenMs, endsAtMs - toldAtMs);
  // Of a window that slides as many leave as come, but for chance.
  const sure = perMs * (endsAtMs === null ? UNSEEN_MS : untilEndMs);
  return Math.min(limit * NEIGHBOURS_SHARE_MAX, sure + chanceOf(perMs * untilEndMs));
}

/** Those who may have come since the last number, and come until a call that is sent now arrives. */
export function unseenOf({ perMs, toldAtMs }: Neighbours, nowMs: Ms): number {
  const calls = perMs * (Math.max(0, nowMs - toldAtMs) + UNSEEN_MS);
  return calls + chanceOf(calls);
}

function chanceOf(calls: number): number {
  return 1 + NEIGHBOURS_CHANCE * Math.sqrt(calls);
}
