// "At most `limit` calls within any `windowMs`", counted in slices: pure over plain numbers. A call counts until the
// whole slice that it was made in has left the window, so that a window is never overspent and gives away at most one
// slice of it. What the provider says of the same limit corrects the count, because others may use it too. The owner of
// the state is `actors/budgets.ts`.

import { METER_SLICES } from '../core/limits.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';
import {
  type Careful,
  ceilingAt,
  headroomOf,
  leaveMore,
  lower,
  newCareful,
  passed,
  portionOf,
  type StoredCareful,
} from './careful.ts';

export interface Meter {
  readonly windowMs: Ms;
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
  /** Since the provider refused what seemed to fit. */
  careful: Careful | null;
}

/** A meter as a row: what is still counted, and what was learned. */
export interface StoredMeter {
  readonly limit: number | null;
  readonly blockedUntilMs: Ms;
  /** Slice number and calls in it, one after the other. */
  readonly counts: readonly number[];
  readonly careful?: StoredCareful;
}

const LENGTH = METER_SLICES + 1;

export function newMeter(limit: number, windowMs: Ms): Meter {
  const counts = new Float64Array(LENGTH);
  const blockedUntilMs = Number.NEGATIVE_INFINITY;
  return {
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
    careful: null,
  };
}

function sliceMsOf({ windowMs }: Meter): Ms {
  return windowMs / METER_SLICES;
}

/** Forgets what has left the window. Cheap where time has not reached another slice. */
function advance(meter: Meter, nowMs: Ms): void {
  const slice = Math.floor(nowMs / sliceMsOf(meter));
  const slices = slice - meter.head;
  if (slices === 0) return;
  if (slices < 0) {
    // A clock that was put back by a little: the calls count a little longer. By more than a window: from then on.
    if (slices > -LENGTH) return;
    shift(meter, slice);
    return;
  }
  if (meter.careful !== null) {
    if (nowMs >= meter.careful.untilMs) meter.careful = null;
    else passed(meter.careful, slices);
  }
  if (slices >= LENGTH) {
    meter.counts.fill(0);
    meter.total = 0;
  } else {
    for (let next = meter.head + 1; next <= slice; next++) {
      const place = next % LENGTH;
      meter.total -= meter.counts[place] ?? 0;
      meter.counts[place] = 0;
    }
  }
  meter.head = slice;
}

function shift(meter: Meter, head: number): void {
  const ages = Array.from({ length: LENGTH }, (_, age) => meter.counts[modulo(meter.head - age)] ?? 0);
  meter.head = head;
  for (const [age, count] of ages.entries()) meter.counts[modulo(head - age)] = count;
}

function modulo(slice: number): number {
  return ((slice % LENGTH) + LENGTH) % LENGTH;
}

/** Calls that still fit, with `reserved` of the limit left to others. */
export function roomAt(meter: Meter, nowMs: Ms, reserved = 0): number {
  advance(meter, nowMs);
  if (nowMs < meter.blockedUntilMs) return 0;
  const room = allowed(meter, nowMs) - reserved - meter.total - meter.held;
  return Math.max(0, meter.careful === null ? room : Math.min(room, portionLeft(meter, meter.careful)));
}

/** The limit as far as it is known: what is declared or told, or what seems to fit. */
export function limitOf({ limit, careful }: Meter): number {
  return careful === null ? limit : Math.min(limit, Math.floor(careful.ceiling));
}

/** Of a window, what is ours to spend as far as is known. */
function allowed(meter: Meter, nowMs: Ms): number {
  const { careful, limit, windowMs } = meter;
  return careful === null ? limit : Math.max(1, ceilingAt(careful, limit, windowMs, nowMs) - headroomOf(careful));
}

function portionLeft(meter: Meter, careful: Careful): number {
  return portionOf(limitOf(meter)) - careful.portion;
}

/** The earliest time, not before `nowMs`, at which one more call fits; what is held may come back at any moment. */
export function earliestAtMs(meter: Meter, nowMs: Ms, reserved = 0): Ms {
  advance(meter, nowMs);
  const { careful } = meter;
  let excess = meter.total - (allowed(meter, nowMs) - reserved) + 1;
  let atMs = Math.max(nowMs, meter.blockedUntilMs);
  if (careful !== null && portionLeft(meter, careful) < 1) atMs = Math.max(atMs, (meter.head + 1) * sliceMsOf(meter));
  for (let slice = meter.head - METER_SLICES; excess > 0 && slice <= meter.head; slice++) {
    const count = meter.counts[modulo(slice)] ?? 0;
    if (count === 0) continue;
    excess -= count;
    atMs = Math.max(atMs, (slice + LENGTH) * sliceMsOf(meter));
  }
  // Less than one call ever fits: a limit of nothing. It is looked at again after a window.
  return excess > 0 ? nowMs + meter.windowMs : atMs;
}

/** When the oldest call that counts leaves the window; null where none counts. */
export function oldestLeavesAtMs(meter: Meter, nowMs: Ms): Ms | null {
  advance(meter, nowMs);
  for (let slice = meter.head - METER_SLICES; slice <= meter.head; slice++) {
    if ((meter.counts[modulo(slice)] ?? 0) > 0) return (slice + LENGTH) * sliceMsOf(meter);
  }
  return null;
}

export function spend(meter: Meter, nowMs: Ms, calls = 1): void {
  advance(meter, nowMs);
  const place = modulo(meter.head);
  meter.counts[place] = (meter.counts[place] ?? 0) + calls;
  meter.total += calls;
  if (meter.careful !== null) meter.careful.portion += calls;
}

/** Takes calls out of the room ahead of their time; a negative number ends that. */
export function holdCalls(meter: Meter, calls: number): void {
  meter.held = Math.max(0, meter.held + calls);
}

/** What a provider says of one of its limits; providers that count points say fractions. */
export interface Said {
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  /** When all of it is left again. */
  readonly resetAtMs?: Ms | undefined;
}

/**
 * The provider said what of this limit is left; up to `uncounted` of our calls may not be in its number yet. More spent
 * than we know: others share it. Less: its window began anew, or it forgave. Answers how many calls of others are new.
 */
export function learn(meter: Meter, said: Said, uncounted: number, nowMs: Ms): number {
  advance(meter, nowMs);
  // A limit of less than a call would end all calls, and with them what could correct it.
  const limit = said.limit === undefined ? meter.limit : Math.max(1, Math.floor(said.limit));
  if (limit !== meter.limit) {
    meter.limit = limit;
    meter.isLearned = true;
  }
  if (said.remaining === undefined) return 0;
  const spent = Math.max(0, meter.limit - Math.floor(said.remaining));
  // Of what is held nobody knows yet how much was made.
  const foreign = spent - meter.total - meter.held;
  noteReset(meter, said.resetAtMs);
  if (foreign > 0) spendUntil(meter, meter.isSliding ? undefined : said.resetAtMs, foreign);
  if (foreign > 0 && meter.careful !== null) meter.careful.othersNow += foreign;
  else forgive(meter, meter.total - spent - uncounted);
  return Math.max(0, foreign);
}

/** Windows that begin anew end a window apart; where an end is told that comes sooner, calls leave one by one. */
function noteReset(meter: Meter, resetAtMs: Ms | undefined): void {
  if (resetAtMs === undefined) return;
  const laterMs = resetAtMs - meter.resetAtMs;
  const roundingMs = SECOND_MS + sliceMsOf(meter);
  if (laterMs <= roundingMs) return;
  meter.isSliding = laterMs < meter.windowMs - roundingMs;
  meter.resetAtMs = resetAtMs;
}

/** Calls of others, in the slice that leaves the window when the provider's ends; nobody said when: in the newest. */
function spendUntil(meter: Meter, resetAtMs: Ms | undefined, calls: number): void {
  const leaving = resetAtMs === undefined ? meter.head : Math.ceil(resetAtMs / sliceMsOf(meter)) - LENGTH;
  const place = modulo(Math.min(meter.head, Math.max(leaving, meter.head - METER_SLICES)));
  meter.counts[place] = (meter.counts[place] ?? 0) + calls;
  meter.total += calls;
}

/** The oldest first: they would have left next. */
function forgive(meter: Meter, calls: number): void {
  let left = calls;
  for (let slice = meter.head - METER_SLICES; left > 0 && slice <= meter.head; slice++) {
    const place = modulo(slice);
    const taken = Math.min(left, meter.counts[place] ?? 0);
    meter.counts[place] = (meter.counts[place] ?? 0) - taken;
    meter.total -= taken;
    left -= taken;
  }
}

/**
 * The provider refused a call that seemed to fit: from now on with care. Where its numbers tell nothing, `accepted` is
 * what was made and not refused, else null. Answers whether that is news that should outlive the process.
 */
export function surprised(meter: Meter, accepted: number | null, nowMs: Ms): boolean {
  advance(meter, nowMs);
  const known = meter.careful;
  const careful = known ?? newCareful(nowMs, meter.windowMs);
  careful.untilMs = newCareful(nowMs, meter.windowMs).untilMs;
  meter.careful = careful;
  if (accepted === null) leaveMore(careful, meter.limit, nowMs);
  else lower(careful, accepted, meter.limit, nowMs);
  return known === null || accepted !== null;
}

/** Answers whether calls are held back longer than before. */
export function block(meter: Meter, untilMs: Ms): boolean {
  if (untilMs <= meter.blockedUntilMs) return false;
  meter.blockedUntilMs = untilMs;
  return true;
}

export function stored(meter: Meter, nowMs: Ms): StoredMeter {
  advance(meter, nowMs);
  const counts: number[] = [];
  for (let slice = meter.head - METER_SLICES; slice <= meter.head; slice++) {
    const count = meter.counts[modulo(slice)] ?? 0;
    if (count > 0) counts.push(slice, count);
  }
  const { isLearned, limit, blockedUntilMs } = meter;
  const row = { limit: isLearned ? limit : null, blockedUntilMs: Math.max(0, blockedUntilMs), counts };
  if (meter.careful === null) return row;
  const { untilMs, ceiling, loweredAtMs } = meter.careful;
  return { ...row, careful: { untilMs, loweredAtMs, ceiling: Number.isFinite(ceiling) ? ceiling : null } };
}

/** Takes up what a row says; what has left the window meanwhile is dropped with the next question. */
export function restore(meter: Meter, row: StoredMeter): void {
  if (row.limit !== null) {
    meter.limit = row.limit;
    meter.isLearned = true;
  }
  meter.blockedUntilMs = row.blockedUntilMs;
  if (row.careful !== undefined) {
    const ceiling = row.careful.ceiling ?? Number.POSITIVE_INFINITY;
    meter.careful = { ...newCareful(row.careful.loweredAtMs, meter.windowMs), ...row.careful, ceiling };
  }
  meter.head = row.counts.reduce((head, slice, index) => (index % 2 === 0 ? Math.max(head, slice) : head), 0);
  for (let index = 0; index + 1 < row.counts.length; index += 2) {
    const [slice = 0, count = 0] = [row.counts[index], row.counts[index + 1]];
    if (slice <= meter.head - LENGTH) continue;
    meter.counts[modulo(slice)] = (meter.counts[modulo(slice)] ?? 0) + count;
    meter.total += count;
  }
}
