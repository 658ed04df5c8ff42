// "At most `limit` calls within any `windowMs`", counted in slices: pure over plain numbers. A call counts until the
// whole slice that it was made in has left the window, so that a window is never overspent and gives away at most one
// slice of it. What the provider says of the same limit corrects the count (`meterTold.ts`), because others may use it
// too. The owner of the state is `actors/budgets.ts`.

import { CAREFUL_PORTIONS, METER_SLICES, NEIGHBOUR_SLICES, SCOUTS, TURN_PORTIONS } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { type Careful, ceilingAt } from './careful.ts';
import { leftAtMs, leftTo, type Neighbours, ourCalls, sliceOf, unseenOf } from './neighbours.ts';
import { advance, LENGTH, type Meter, modulo, sliceMsOf } from './slices.ts';
import { endOf, isKnown, pacedAt, reachOf, sendIn, type Turns } from './turns.ts';

/** Calls that still fit, with `reserved` of the limit left to others, in portions or not. */
export function wholeRoomAt(meter: Meter, nowMs: Ms, reserved = 0): number {
  advance(meter, nowMs);
  return Math.max(0, allowed(meter, nowMs) - reserved - spentOf(meter) - meter.held);
}

/** Of those, the ones that may go at once. */
export function roomAt(meter: Meter, nowMs: Ms, reserved = 0): number {
  const room = wholeRoomAt(meter, nowMs, reserved);
  const { careful } = meter;
  if (nowMs < meter.blockedUntilMs) return 0;
  if (careful === null) return room;
  if (room < 1 && careful.turns !== null) careful.turns.isWanted = true;
  return Math.max(
    scoutAtMs(meter, careful, nowMs) <= nowMs ? 1 : 0,
    Math.min(room, portionOf(meter, careful, nowMs).left),
  );
}

/** The limit as far as it is known: what is declared or told, or what seems to fit. */
export function limitOf({ limit, careful }: Meter): number {
  return careful === null ? limit : Math.min(limit, Math.floor(careful.ceiling));
}

/** Of a window, what is ours to spend as far as is known. */
function allowed(meter: Meter, nowMs: Ms): number {
  const { careful, limit, windowMs } = meter;
  if (careful === null) return limit;
  const turns = turnsOf(meter);
  if (turns !== null) return Math.min(limit, Math.floor(reachOf(turns, careful.ceiling)));
  const ceiling = ceilingAt(careful, limit, windowMs, nowMs);
  return Math.max(1, Math.floor(ceiling - leftTo(careful.neighbours, endsAtMs(meter), ceiling, nowMs)));
}

/** Of the provider's window, as last told; null of one that slides, or whose end nobody told. */
export function endsAtMs({ isSliding, resetAtMs }: Meter): Ms | null {
  return isSliding || resetAtMs === 0 ? null : resetAtMs;
}

/** A window that is known from the numbers of one that slides: others in it stay as many as they were told to be. */
function slidingOf(meter: Meter): Neighbours | null {
  const neighbours = meter.careful?.neighbours;
  return neighbours === undefined || neighbours.toldAtMs < 0 || endsAtMs(meter) !== null ? null : neighbours;
}

/** A window that is counted from turn to turn. */
function turnsOf({ careful }: Meter): Turns | null {
  const turns = careful?.turns ?? null;
  return turns !== null && isKnown(turns) ? turns : null;
}

/** What counts in the window. */
export function spentOf(meter: Meter): number {
  const turns = turnsOf(meter);
  if (turns !== null) return turns.sent;
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
  // At the first end that is told nobody knows yet whether all calls leave with it.
  const isNext = endMs !== null && meter.isFixed && neighbours.toldAtMs < endMs && scoutedAtMs < endMs;
  if (isNext && nowMs >= endMs) return endMs;
  const atMs = Math.max(nowMs, Math.max(neighbours.toldAtMs, scoutedAtMs) + windowMs / SCOUTS);
  const isSure = limit - spentOf(meter) - held - unseenOf(neighbours, atMs) >= 1;
  if (isNext) return isSure ? Math.min(atMs, endMs) : endMs;
  return isSure ? atMs : Math.max(nowMs, neighbours.toldAtMs + windowMs, scoutedAtMs + windowMs);
}

/** What may go at once, and when the next portion may. */
function portionOf(meter: Meter, careful: Careful, nowMs: Ms): { readonly left: number; readonly nextAtMs: Ms } {
  const { portion, neighbours } = careful;
  const sliding = slidingOf(meter);
  const limit = limitOf(meter);
  const turns = turnsOf(meter);
  if (turns !== null) {
    const paced = pacedAt(turns, careful.ceiling, nowMs);
    const left = Math.max(1, Math.ceil(limit / TURN_PORTIONS)) - portion;
    const open = paced.calls - turns.sent - meter.held;
    return { left: Math.min(left, open), nextAtMs: left < 1 ? (meter.head + 1) * sliceMsOf(meter) : paced.nextAtMs };
  }
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
  const turns = turnsOf(meter);
  if (turns !== null) return endOf(turns);
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
  const { left, nextAtMs } = portionOf(meter, careful, nowMs);
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
  if (careful.turns !== null) sendIn(careful.turns, calls, nowMs);
  ourCalls(careful.neighbours, calls, nowMs);
}

/** Takes calls out of the room, and out of a portion, ahead of their time; a negative number ends that. */
export function holdCalls(meter: Meter, calls: number): void {
  meter.held = Math.max(0, meter.held + calls);
  if (meter.careful !== null) meter.careful.portion += calls;
}

/** Until when the provider wants nothing; now where it does not mind. */
export function restsUntilMs(meter: Meter, nowMs: Ms): Ms {
  advance(meter, nowMs);
  return Math.max(nowMs, meter.blockedUntilMs);
}

/** Answers whether calls are held back longer than before, of a meter that was just looked at. */
export function block(meter: Meter, untilMs: Ms): boolean {
  if (untilMs <= meter.blockedUntilMs) return false;
  meter.blockedUntilMs = untilMs;
  return true;
}
