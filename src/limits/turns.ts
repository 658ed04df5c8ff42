// A provider that tells nothing but Retry-After tells by it when its window begins anew, to the second: every later
// turn is a multiple of the window away. Our calls are counted from turn to turn and go at the beginning, and what the
// others leave is measured now and then: in a window that goes in part at its beginning and the rest slowly, and beyond
// what is known, until it is refused or over. What was accepted by then is what was left. Pure over plain numbers;
// `meter.ts` asks while it is careful.

import {
  CEILING_HOLD_WINDOWS,
  CEILING_SHARE,
  MOST_FORGOTTEN,
  NEIGHBOUR_SLICES,
  TRIAL_GROWTH,
  TRIAL_SHARE_AT_ONCE,
  TRIAL_SHARE_OF_OTHERS,
  TURN_MISFITS_MAX,
  UNSEEN_MS,
} from '../core/limits.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';

export interface Turns {
  readonly windowMs: Ms;
  /** A turn lies between these, and all others are windows away. */
  lowMs: Ms;
  highMs: Ms;
  /** Refusals that told of another turn than was known, twice, less those that did not; with too many there is none. */
  misfits: number;
  /** The present window as we see it: it has begun for sure. */
  startMs: Ms;
  /** Calls of ours in it, in the one before, and those that may belong to the next already. */
  sent: number;
  sentBefore: number;
  early: number;
  /** Somebody wanted more of the present window than was allowed. */
  isWanted: boolean;
  /** What is left is being measured in the present window; how often in a row there was more than was asked for. */
  isTrial: boolean;
  passed: number;
  /** The most that a window has held of ours, slowly forgotten: the limit is no less. */
  most: number;
  /** When it is measured next, if somebody wants more. */
  trialAtMs: Ms;
}

/** As a row. */
export interface StoredTurns {
  readonly lowMs: Ms;
  readonly highMs: Ms;
  readonly trialAtMs: Ms;
  readonly most: number;
  readonly misfits: number;
}

/** So often in a row there has been more than was asked for, when twice as much is asked for: also at first. */
const DOUBLING = Math.ceil(Math.log2(1 / TRIAL_GROWTH));

/** A refusal said that all is left again at `untilMs`; nothing is known before. */
export function newTurns(windowMs: Ms, untilMs: Ms, most: number): Turns {
  const own = { sent: 0, sentBefore: 0, early: 0, isWanted: true, isTrial: true, passed: DOUBLING, most };
  const startMs = untilMs - windowMs;
  return { windowMs, ...boundsOf(untilMs), misfits: 0, startMs, ...own, trialAtMs: 0 };
}

/** For a row. */
export function storedTurns({ lowMs, highMs, trialAtMs, most, misfits }: Turns): StoredTurns {
  return { lowMs, highMs, trialAtMs, most, misfits };
}

/** Rows are written at refusals, after which nothing goes until the next turn: no call of its window is missing. */
export function restoredTurns(row: StoredTurns, windowMs: Ms): Turns {
  return { ...newTurns(windowMs, row.highMs, row.most), ...row, isTrial: false, passed: 0 };
}

/** Whole seconds, rounded up, and the answer took a while. */
function boundsOf(untilMs: Ms): { readonly lowMs: Ms; readonly highMs: Ms } {
  return { lowMs: untilMs - SECOND_MS - UNSEEN_MS, highMs: untilMs };
}

/** Whether the window is known well enough to be counted from turn to turn. */
export function isKnown({ lowMs, highMs, misfits, windowMs }: Turns): boolean {
  return misfits < TURN_MISFITS_MAX && highMs - lowMs <= windowMs / 4;
}

/** Another refusal said when all is left again. Answers whether that fits the turns that are known; else they stay. */
export function noteTurn(turns: Turns, untilMs: Ms): boolean {
  const { windowMs } = turns;
  const told = boundsOf(untilMs);
  const awayMs = Math.round((told.lowMs + told.highMs - turns.lowMs - turns.highMs) / 2 / windowMs) * windowMs;
  const lowMs = Math.max(told.lowMs, turns.lowMs + awayMs);
  const highMs = Math.min(told.highMs, turns.highMs + awayMs);
  const isFit = lowMs <= highMs;
  if (isFit) Object.assign(turns, { lowMs, highMs });
  turns.misfits = isFit ? Math.max(0, turns.misfits - 1) : turns.misfits + 2;
  return isFit;
}

/** Goes on to the window that `nowMs` is in, with what came of the last one. Answers the ceiling from then on. */
export function turn(turns: Turns, ceiling: number, nowMs: Ms): number {
  const endMs = endOf(turns);
  if (nowMs < endMs) return ceiling;
  const isNext = nowMs < endMs + turns.windowMs;
  const isMore = turns.isTrial && turns.isWanted;
  turns.most = Math.max(turns.most, turns.sent);
  const measured = isMore ? Math.max(ceiling, turns.sent) : ceiling;
  turns.passed = isMore ? turns.passed + 1 : 0;
  turns.isTrial = isNext && turns.isWanted && endMs >= turns.trialAtMs;
  turns.isWanted = false;
  turns.sentBefore = isNext ? turns.sent : 0;
  turns.sent = isNext ? turns.early : 0;
  turns.early = 0;
  turns.startMs = endMs + Math.floor((nowMs - endMs) / turns.windowMs) * turns.windowMs;
  return measured;
}

/** The next turn after the beginning of the present window, at the latest. */
export function endOf({ startMs, highMs, windowMs }: Turns): Ms {
  // Bounds become narrower while a window goes on: its beginning may be a little later than the turn is now known.
  return highMs + (Math.floor((startMs - highMs + windowMs / 2) / windowMs) + 1) * windowMs;
}

/** When the window may be over. */
function safeUntilMs(turns: Turns): Ms {
  return endOf(turns) - (turns.highMs - turns.lowMs) - UNSEEN_MS;
}

/** Calls of ours, made now. */
export function sendIn(turns: Turns, calls: number, nowMs: Ms): void {
  turns.sent += calls;
  if (nowMs > safeUntilMs(turns)) turns.early += calls;
}

/** What the present window may be asked for: of a trial, much of what others had, who may have become fewer. */
export function reachOf({ isTrial, passed, most }: Turns, ceiling: number): number {
  if (!isTrial) return ceiling;
  const grown = ceiling * Math.min(1, TRIAL_GROWTH * 2 ** passed);
  return ceiling + Math.max(1, Math.ceil(grown), Math.ceil((most - ceiling) * TRIAL_SHARE_OF_OTHERS));
}

/** Of that, what may have gone by now; and when there will be more. */
export function pacedAt(turns: Turns, ceiling: number, nowMs: Ms): { readonly calls: number; readonly nextAtMs: Ms } {
  const { isTrial, startMs, windowMs } = turns;
  const reach = reachOf(turns, ceiling);
  const sliceMs = windowMs / NEIGHBOUR_SLICES;
  const slice = Math.floor((nowMs - startMs) / sliceMs);
  const nextAtMs = startMs + (slice + 1) * sliceMs;
  if (!isTrial) return { calls: reach, nextAtMs };
  const atOnce = ceiling * TRIAL_SHARE_AT_ONCE;
  const fromMs = windowMs / 8;
  const share = (slice * sliceMs - fromMs) / (safeUntilMs(turns) - startMs - fromMs);
  return { calls: Math.floor(atOnce + (reach - atOnce) * Math.min(1, Math.max(0, share))), nextAtMs };
}

/**
 * A call of the present window was refused, or of the one before, while `unsure` calls had not ended when it was sent.
 * Answers the ceiling from now on, which stays a little below the middle of what was left.
 */
export function refusedIn(turns: Turns, ceiling: number, unsure: number, nowMs: Ms): number {
  const { sent, sentBefore, isTrial, windowMs, startMs } = turns;
  const ofThis = sent - unsure;
  const accepted = Math.max(0, ofThis >= 0 ? ofThis : sentBefore + ofThis);
  turns.most = Math.max(accepted, turns.most - (turns.most - accepted) / MOST_FORGOTTEN);
  // What others took until now they go on to take.
  const share = ofThis >= 0 ? Math.max(0.1, Math.min(1, (nowMs - startMs) / windowMs)) : 1;
  const left = turns.most - (turns.most - accepted) / share;
  turns.isTrial = false;
  turns.isWanted = true;
  turns.passed = 0;
  // A window that went far until it was refused has measured what was left, whether it was to or not.
  if (isTrial || share > 0.5) turns.trialAtMs = nowMs + CEILING_HOLD_WINDOWS * windowMs;
  return Math.max(1, left * CEILING_SHARE, ceiling / 2);
}
