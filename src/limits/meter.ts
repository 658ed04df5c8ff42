// "At most `limit` calls within any `windowMs`", counted in slices: pure over plain numbers. A call counts until the
// whole slice that it was made in has left the window, so that a window is never overspent and gives away at most one
// slice of it. What the provider says of the same limit corrects the count, because others may use it too. The owner of
// the state is `actors/budgets.ts`.

import { CAREFUL_PORTIONS, METER_SLICES, NEIGHBOUR_SLICES, SCOUTS } from '../core/limits.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';
import { type Careful, carefulUntilMs, ceilingAt, leaveMore, lower, newCareful } from './careful.ts';
import {
  age,
  leftAtMs,
  leftTo,
  type Neighbours,
  newNeighbours,
  ourCalls,
  sliceOf,
  toldOf,
  unseenOf,
} from './neighbours.ts';
import type { Said, Uncounted } from './told.ts';

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
  if (meter.careful !== null) age(meter.careful.neighbours, nowMs);
  const slice = Math.floor(nowMs / sliceMsOf(meter));
  const slices = slice - meter.head;
  if (slices === 0) return;
  if (slices < 0) {
    // A clock that was put back by a little: the calls count a little longer. By more than a window: from then on.
    if (slices > -LENGTH) return;
    shift(meter, slice);
    return;
  }
  if (meter.careful !== null && nowMs >= meter.careful.untilMs) meter.careful = null;
  const { careful } = meter;
  if (careful !== null) careful.portion = 0;
  for (let next = Math.max(meter.head + 1, slice - METER_SLICES); next <= slice; next++) {
    const place = next % LENGTH;
    meter.total -= meter.counts[place] ?? 0;
    meter.counts[place] = 0;
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

/** Calls that still fit, with `reserved` of the limit left to others. */
export function roomAt(meter: Meter, nowMs: Ms, reserved = 0): number {
  advance(meter, nowMs);
  if (nowMs < meter.blockedUntilMs) return 0;
  const { careful } = meter;
  const room = allowed(meter, nowMs) - reserved - spentOf(meter) - meter.held;
  if (careful === null) return Math.max(0, room);
  return Math.max(scoutAtMs(meter, careful, nowMs) <= nowMs ? 1 : 0, Math.min(room, portionOf(meter, careful).left));
}

/** The limit as far as it is known: what is declared or told, or what seems to fit. */
export function limitOf({ limit, careful }: Meter): number {
  return careful === null ? limit : Math.min(limit, Math.floor(careful.ceiling));
}

/** Of a window, what is ours to spend as far as is known. */
function allowed(meter: Meter, nowMs: Ms): number {
  const { careful, limit, windowMs } = meter;
  if (careful === null) return limit;
  const ceiling = ceilingAt(careful, limit, windowMs, nowMs);
  return Math.max(1, Math.floor(ceiling - leftTo(careful.neighbours, endsAtMs(meter), ceiling, nowMs)));
}

/** Of the provider's window, as last told; null of one that slides, or whose end nobody told. */
function endsAtMs({ isSliding, resetAtMs }: Meter): Ms | null {
  return isSliding || resetAtMs === 0 ? null : resetAtMs;
}

/** A window that is known from the numbers of one that slides: others in it stay as many as they were told to be. */
function slidingOf(meter: Meter): Neighbours | null {
  const neighbours = meter.careful?.neighbours;
  return neighbours === undefined || neighbours.toldAtMs < 0 || endsAtMs(meter) !== null ? null : neighbours;
}

/** What counts in the window. */
function spentOf(meter: Meter): number {
  const sliding = slidingOf(meter);
  return sliding === null ? meter.total : sliding.oursTotal + sliding.theirs;
}

/**
 * When one call goes ahead, so that the numbers do not grow old: at the end of the window, and a while after the last
 * number where it surely fits. Infinity where no numbers are told.
 */
function scoutAtMs(meter: Meter, { neighbours, scoutedAtMs }: Careful, nowMs: Ms): Ms {
  const { limit, held, windowMs } = meter;
  if (neighbours.toldAtMs === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const endMs = endsAtMs(meter);
  const isNext = endMs !== null && neighbours.toldAtMs < endMs && scoutedAtMs < endMs;
  if (isNext && nowMs >= endMs) return endMs;
  const atMs = Math.max(nowMs, Math.max(neighbours.toldAtMs, scoutedAtMs) + windowMs / SCOUTS);
  const isSure = limit - spentOf(meter) - held - unseenOf(neighbours, atMs) >= 1;
  if (isNext) return isSure ? Math.min(atMs, endMs) : endMs;
  return isSure ? atMs : Math.max(nowMs, neighbours.toldAtMs + windowMs, scoutedAtMs + windowMs);
}

/** What may go at once, and when the next portion may. */
function portionOf(meter: Meter, { portion, neighbours }: Careful): { readonly left: number; readonly nextAtMs: Ms } {
  const sliding = slidingOf(meter);
  const limit = limitOf(meter);
  if (sliding === null) {
    const nextAtMs = (meter.head + 1) * sliceMsOf(meter);
    // Near a limit of which only refusals tell, few are under way when it is met.
    const near = neighbours.toldAtMs < 0 ? (limit - meter.total) / 2 : limit;
    return { left: Math.max(1, Math.ceil(Math.min(near, limit / CAREFUL_PORTIONS))) - portion, nextAtMs };
  }
  const { calls, endsAtMs: nextAtMs } = sliceOf(sliding);
  return { left: Math.max(1, Math.ceil(limit / NEIGHBOUR_SLICES)) - calls, nextAtMs };
}

/** The earliest time, not before `nowMs`, at which one more call fits; what is held may come back at any moment. */
export function earliestAtMs(meter: Meter, nowMs: Ms, reserved = 0): Ms {
  advance(meter, nowMs);
  const excess = spentOf(meter) - (allowed(meter, nowMs) - reserved) + 1;
  const atMs = Math.max(nowMs, meter.blockedUntilMs, leaveAtMs(meter, excess));
  // Less than one call ever fits: a limit of nothing. It is looked at again after a window.
  const fullAtMs = atMs === Number.POSITIVE_INFINITY ? nowMs + meter.windowMs : atMs;
  return meter.careful === null ? fullAtMs : carefulAtMs(meter, meter.careful, fullAtMs, nowMs, excess);
}

/** When so many calls will have left the window; Infinity if there are fewer. */
function leaveAtMs(meter: Meter, calls: number): Ms {
  const sliding = slidingOf(meter);
  if (calls <= 0) return Number.NEGATIVE_INFINITY;
  if (sliding !== null) return leftAtMs(sliding, calls);
  let missing = calls;
  for (let slice = meter.head - METER_SLICES; slice <= meter.head; slice++) {
    missing -= meter.counts[modulo(slice)] ?? 0;
    if (missing <= 0) return (slice + LENGTH) * sliceMsOf(meter);
  }
  return Number.POSITIVE_INFINITY;
}

/** Room may come earlier than by calls that leave the window, and portions may hold it back. */
function carefulAtMs(meter: Meter, careful: Careful, fullAtMs: Ms, nowMs: Ms, excess: number): Ms {
  const { left, nextAtMs } = portionOf(meter, careful);
  const isHeldBack = left < 1 || (fullAtMs <= nowMs && excess > 0);
  const atMs = Math.min(isHeldBack ? Math.max(fullAtMs, nextAtMs) : fullAtMs, scoutAtMs(meter, careful, nowMs));
  return Math.max(atMs, nowMs, meter.blockedUntilMs);
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
  const { careful } = meter;
  if (careful === null) return;
  if (scoutAtMs(meter, careful, nowMs) <= nowMs) careful.scoutedAtMs = nowMs;
  careful.portion += calls;
  ourCalls(careful.neighbours, calls, nowMs);
}

/** Takes calls out of the room, and out of a portion, ahead of their time; a negative number ends that. */
export function holdCalls(meter: Meter, calls: number): void {
  meter.held = Math.max(0, meter.held + calls);
  if (meter.careful !== null) meter.careful.portion += calls;
}

/**
 * The provider said what of this limit is left. More spent than we know: others share it. Less: its window began anew,
 * or it forgave. Answers how many calls of others are new.
 */
export function learn(meter: Meter, said: Said, uncounted: Uncounted, nowMs: Ms): number {
  advance(meter, nowMs);
  // A limit of less than a call would end all calls, and with them what could correct it.
  const limit = said.limit === undefined ? meter.limit : Math.max(1, Math.floor(said.limit));
  if (limit !== meter.limit) {
    meter.limit = limit;
    meter.isLearned = true;
  }
  if (said.remaining === undefined) return 0;
  const { careful } = meter;
  const reset = noteReset(meter, said.resetAtMs);
  // Late, and of a window that is over.
  if (careful !== null && reset === 'past') return 0;
  const spent = Math.max(0, meter.limit - Math.floor(said.remaining));
  // Of what is held nobody knows yet how much was made.
  const foreign = spent - meter.total - meter.held;
  if (careful !== null) {
    lookAround(meter, careful, { spent: spent + uncounted.likely, said, reset }, nowMs);
    correct(meter, knownCount(meter, careful, spent, said, reset, uncounted), said);
  } else correct(meter, [spent, spent + uncounted.most], said);
  return Math.max(0, foreign);
}

/** At least and at most so many calls are in the window; what is held may be among them. */
function correct(meter: Meter, [least, most]: readonly [number, number], { resetAtMs }: Said): void {
  const { total, held } = meter;
  if (total + held < least) spendUntil(meter, meter.isSliding ? undefined : resetAtMs, least - total - held);
  else forgive(meter, total - most);
}

/**
 * With care, what is probably not counted is believed not to be. In a window that begins anew, whatever was answered is
 * in the highest number that was told.
 */
function knownCount(
  meter: Meter,
  { neighbours }: Careful,
  spent: number,
  said: Said,
  reset: string,
  uncounted: Uncounted,
): readonly [number, number] {
  if (endsAtMs(meter) === null || said.asOfMs !== undefined) return [spent + uncounted.likely, spent + uncounted.most];
  neighbours.highest = reset === 'new' ? spent : Math.max(neighbours.highest, spent);
  const known = neighbours.highest + uncounted.likely;
  return [known, known];
}

/** What the number says of others; as long as there are any, care is taken. */
function lookAround(
  meter: Meter,
  careful: Careful,
  { spent, said, reset }: { readonly spent: number; readonly said: Said; readonly reset: 'new' | 'same' | 'past' },
  nowMs: Ms,
): void {
  const { windowMs } = meter;
  const isSliding = endsAtMs(meter) === null;
  toldOf(careful.neighbours, {
    spent,
    atMs: said.asOfMs ?? nowMs,
    isLate: said.asOfMs !== undefined,
    isSliding,
    isNew: reset === 'new',
  });
  if (careful.neighbours.perMs * windowMs < 1) return;
  careful.untilMs = Math.max(careful.untilMs, carefulUntilMs(nowMs, windowMs));
}

/** Windows that begin anew end a window apart; where an end is told that comes sooner, calls leave one by one. */
function noteReset(meter: Meter, resetAtMs: Ms | undefined): 'new' | 'same' | 'past' {
  if (resetAtMs === undefined) return 'same';
  const laterMs = resetAtMs - meter.resetAtMs;
  const roundingMs = SECOND_MS + sliceMsOf(meter);
  if (laterMs > roundingMs) {
    meter.isSliding = laterMs < meter.windowMs - roundingMs;
    meter.resetAtMs = resetAtMs;
    return 'new';
  }
  if (meter.isSliding || laterMs >= 0) return 'same';
  if (laterMs < -roundingMs) return 'past';
  // Ends are told in whole seconds, rounded up: the earliest is the nearest.
  meter.resetAtMs = resetAtMs;
  return 'same';
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
  const careful = known ?? newCareful(nowMs, meter.windowMs, neighboursOf(meter, nowMs));
  careful.untilMs = carefulUntilMs(nowMs, meter.windowMs);
  meter.careful = careful;
  if (accepted === null) leaveMore(careful, meter.limit, nowMs);
  else lower(careful, accepted, meter.limit, nowMs);
  return known === null || accepted !== null;
}

/** What was counted before counts as ours: it leaves the window in any case. */
export function neighboursOf(meter: Meter, nowMs: Ms, othersPerMs = 0): Neighbours {
  const neighbours = newNeighbours(meter.windowMs, nowMs, othersPerMs);
  for (const [slice, count] of countsOf(meter)) {
    ourCalls(neighbours, count, Math.min(nowMs, (slice + 1) * sliceMsOf(meter) - 1));
  }
  return neighbours;
}

/** Answers whether calls are held back longer than before. */
export function block(meter: Meter, untilMs: Ms): boolean {
  if (untilMs <= meter.blockedUntilMs) return false;
  meter.blockedUntilMs = untilMs;
  return true;
}
