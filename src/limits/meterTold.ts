// What the provider tells of a window, by numbers or by a refusal, taken up by its meter. Pure over plain numbers.

import { CAREFUL_PORTIONS, FORESEEN_WINDOW_MS_MAX, GUESSED_WINDOWS_MS, METER_SLICES } from '../core/limits.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';
import { type Careful, carefulUntilMs, leaveMore, lower, lowerInTurn, newCareful, type Untold } from './careful.ts';
import { endsAtMs } from './meter.ts';
import { type Neighbours, newNeighbours, ourCalls, toldOf } from './neighbours.ts';
import { advance, countsOf, LENGTH, type Meter, madeSince, modulo, resize, sliceMsOf } from './slices.ts';
import type { Said, Uncounted } from './told.ts';
import { newTurns } from './turns.ts';

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
  // A refusal's nothing is no number of what others made.
  if (careful !== null && said.freeAtMs === undefined) {
    lookAround(meter, careful, { spent: spent + uncounted.likely, said, reset }, nowMs);
    correct(meter, knownCount(meter, careful, spent, said, reset, uncounted), said);
  } else correct(meter, [spent, spent + uncounted.most], said);
  return Math.max(0, foreign);
}

/** At least and at most so many calls are in the window; what is held may be among them. */
function correct(meter: Meter, [least, most]: readonly [number, number], { resetAtMs, freeAtMs }: Said): void {
  const { total, held } = meter;
  if (total + held >= least) {
    forgive(meter, total - most);
    return;
  }
  const sliceMs = sliceMsOf(meter);
  if (freeAtMs === undefined) {
    const endsAtMs = meter.isSliding ? undefined : resetAtMs;
    spendUntil(meter, endsAtMs === undefined ? null : Math.ceil(endsAtMs / sliceMs), least - total - held);
    return;
  }
  // Whatever is counted counts to the end of a slice, half an hour of a day: of a refusal that is over sooner, nothing.
  const slice = Math.floor(freeAtMs / sliceMs);
  if (slice > meter.head) spendUntil(meter, slice, least - total - held);
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

/**
 * Windows that begin anew end a window apart; where an end is told that comes sooner, calls leave one by one. Ends of
 * those may be nearly a window apart too, when all calls were made in a moment: it takes two in a row to think again.
 */
function noteReset(meter: Meter, resetAtMs: Ms | undefined): 'new' | 'same' | 'past' {
  if (resetAtMs === undefined) return 'same';
  const laterMs = resetAtMs - meter.resetAtMs;
  const roundingMs = SECOND_MS + sliceMsOf(meter);
  if (laterMs > roundingMs) {
    const isApart = laterMs >= meter.windowMs - roundingMs;
    meter.isFixed = isApart && !meter.isSliding && meter.resetAtMs > 0;
    meter.isSliding = !isApart;
    meter.resetAtMs = resetAtMs;
    return 'new';
  }
  if (meter.isSliding || laterMs >= 0) return 'same';
  if (laterMs < -roundingMs) return 'past';
  // Ends are told in whole seconds, rounded up: the earliest is the nearest.
  meter.resetAtMs = resetAtMs;
  return 'same';
}

/** Calls of others, in the slice that leaves the window when `slice` begins; null, nobody said when: in the newest. */
function spendUntil(meter: Meter, slice: number | null, calls: number): void {
  const leaving = slice === null ? meter.head : slice - LENGTH;
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
 * The provider refused a call that seemed to fit, while its numbers told otherwise: from now on with care. Answers
 * whether that is news that should outlive the process.
 */
export function surprised(meter: Meter, nowMs: Ms): boolean {
  advance(meter, nowMs);
  const isNews = meter.careful === null;
  leaveMore(carefulOf(meter, nowMs), meter.limit, nowMs);
  return isNews;
}

/** Others use the limit too, as numbers tell, and little is left of it: with care before anything is refused. */
export function foresee(meter: Meter, nowMs: Ms): void {
  if (meter.careful !== null || meter.windowMs > FORESEEN_WINDOW_MS_MAX) return;
  if (meter.limit - meter.total - meter.held <= meter.limit / CAREFUL_PORTIONS) carefulOf(meter, nowMs);
}

/**
 * The same where it tells no numbers: what was accepted is the estimate. Of the window that Retry-After tells of, or of
 * one back from now.
 */
export function surprisedUntold(meter: Meter, untold: Untold, nowMs: Ms): void {
  advance(meter, nowMs);
  const { unsure, untilMs } = untold;
  const windowMs = untold.isGuessed ? guessOf(meter, untilMs, nowMs) : meter.windowMs;
  if (windowMs !== meter.windowMs) {
    resize(meter, windowMs, nowMs);
    meter.careful = null;
  }
  const careful = carefulOf(meter, nowMs);
  if (lowerInTurn(careful, untold, meter.limit, nowMs)) return;
  const isFirst = untilMs !== null && careful.turns === null;
  const made = isFirst ? madeSince(meter, untilMs - windowMs) : meter.total;
  lower(careful, Math.max(0, made - unsure), meter.limit, nowMs);
  if (isFirst) careful.turns = newTurns(windowMs, untilMs, careful.ceiling);
}

function carefulOf(meter: Meter, nowMs: Ms): Careful {
  meter.careful ??= newCareful(nowMs, meter.windowMs, neighboursOf(meter, nowMs));
  meter.careful.untilMs = carefulUntilMs(nowMs, meter.windowMs);
  return meter.careful;
}

/** The length of a window of which nothing is declared: that into which the longest Retry-After fits. */
function guessOf({ windowMs, careful }: Meter, untilMs: Ms | null, nowMs: Ms): Ms {
  if (untilMs === null || (careful !== null && untilMs - nowMs <= windowMs)) return windowMs;
  return GUESSED_WINDOWS_MS.find((guessMs) => guessMs >= untilMs - nowMs) ?? windowMs;
}

/** What was counted before counts as ours: it leaves the window in any case. */
export function neighboursOf(meter: Meter, nowMs: Ms, othersPerMs = 0): Neighbours {
  const neighbours = newNeighbours(meter.windowMs, nowMs, othersPerMs);
  for (const [slice, count] of countsOf(meter)) {
    ourCalls(neighbours, count, Math.min(nowMs, (slice + 1) * sliceMsOf(meter) - 1));
  }
  return neighbours;
}
