// Calls that an edge thread may make without asking, as the thread counts them, and what it tells of them. `lease` of
// `remoteLeases.ts` takes calls out of a chunk, `reports.ts` sends what `reportOf` fills in, and the owner thread's
// `leaseDesk.ts` takes that off what it handed out. More is asked for with a report before a call needs it, and what
// goes far beyond the calls of late goes back. Invariants: of a chunk never more calls are made than it has; each call,
// each end and each thing that goes back is told once; of what is over, the owner knows what is left.

import { HELD_CALLS_MAX, HELD_CALLS_MIN } from '../../src/core/limits.ts';
import type { Held } from '../budgetState.ts';
import { CHUNK_FIELDS } from './messages.ts';

/** Calls in hand, and what is to be told of them. */
export interface Chunk {
  readonly id: number;
  calls: number;
  seats: number;
  /** Since the last report. */
  used: number;
  ended: number;
  returned: number;
  seatsReturned: number;
  /** Calls under way. */
  busy: number;
  /** Nothing more is taken of it; what is under way is told when it ends. */
  isOver: boolean;
  /** It is in the next report. */
  isTold: boolean;
  /** Calls since it was trimmed, and the most at the same time. */
  recent: number;
  busiest: number;
  /** Calls to have in hand. */
  want: number;
  /** With so many calls left more are asked for. */
  low: number;
  /** A call found no seat. */
  isShort: boolean;
  /** More was asked for, and the answer is not here: calls, or seats alone. */
  isAsked: boolean;
  isForCalls: boolean;
}

/** Out of the answer to a question for `want` calls ahead. */
export function newChunk({ id, calls, seats }: Held & { readonly id: number }, want: number): Chunk {
  const counts = { used: 0, ended: 0, returned: 0, seatsReturned: 0, busy: 0, recent: 0, busiest: 0 };
  const state = { isOver: false, isTold: false, isShort: false, isAsked: false, isForCalls: false };
  return { id, calls, seats, ...counts, ...state, want, low: lowOf(calls) };
}

/** Less than one call can be made of it just now. */
export function isSpent({ calls, seats }: Chunk): boolean {
  return calls < 1 || seats < 1;
}

/** Takes what the owner put on top, which may be nothing: then the next half, or the next call, asks again. */
export function refill(chunk: Chunk, calls: number, seats: number): void {
  chunk.calls += calls;
  chunk.seats += seats;
  if (chunk.isForCalls) chunk.low = lowOf(chunk.calls);
  chunk.isShort = false;
  chunk.isAsked = false;
}

/**
 * From time to time: gives back what goes far beyond the calls since then, and asks for less from now on where they
 * were few. Answers whether there were any.
 */
export function trim(chunk: Chunk): boolean {
  const { recent, busy, busiest } = chunk;
  if (recent * 4 < chunk.want) chunk.want = Math.max(HELD_CALLS_MIN, chunk.want / 2);
  const returned = surplusOf(chunk.calls, 2 * chunk.want);
  const seatsReturned = surplusOf(chunk.seats + busy, 2 * Math.max(1, busiest));
  chunk.calls -= returned;
  chunk.returned += returned;
  chunk.seats -= seatsReturned;
  chunk.seatsReturned += seatsReturned;
  if (returned > 0) chunk.low = lowOf(chunk.calls);
  chunk.recent = 0;
  chunk.busiest = busy;
  return recent > 0 || busy > 0;
}

/** Whether it should be told at once: others wait for what is over, and what is left may not last until next time. */
export function isUrgent({ isOver, isAsked, calls, low, used }: Chunk): boolean {
  return isOver || (calls <= low && calls <= used && used > 0 && !isAsked);
}

/** What is to be told of chunks, and taken off them. */
export function reportOf(chunks: readonly Chunk[]): Float64Array {
  const numbers = new Float64Array(chunks.length * CHUNK_FIELDS);
  let at = 0;
  for (const chunk of chunks) {
    fill(numbers, at, chunk);
    at += CHUNK_FIELDS;
  }
  return numbers;
}

function fill(numbers: Float64Array, at: number, chunk: Chunk): void {
  numbers[at] = chunk.id;
  numbers[at + 1] = chunk.used;
  numbers[at + 2] = chunk.ended;
  numbers[at + 3] = chunk.returned;
  numbers[at + 4] = chunk.seatsReturned;
  numbers[at + 5] = chunk.isOver ? 1 : 0;
  chunk.used = 0;
  chunk.ended = 0;
  chunk.returned = 0;
  chunk.seatsReturned = 0;
  chunk.isTold = false;
  const isLow = chunk.calls <= chunk.low;
  if (chunk.isOver || chunk.isAsked || (!isLow && !chunk.isShort)) return;
  chunk.isAsked = true;
  chunk.isForCalls = isLow;
  // Twice as much as the last time: half of it was used.
  if (isLow) chunk.want = Math.min(HELD_CALLS_MAX, chunk.want * 2);
  numbers[at + 6] = isLow ? Math.max(1, chunk.want - chunk.calls) : 0;
  numbers[at + 7] = chunk.isShort ? Math.max(HELD_CALLS_MIN, chunk.busy) : 0;
}

/** Infinity is never low. */
function lowOf(calls: number): number {
  return Number.isFinite(calls) ? Math.floor(calls / 2) : 0;
}

/** Nothing of what is not counted. */
function surplusOf(count: number, most: number): number {
  return Number.isFinite(count) ? Math.max(0, Math.floor(count - most)) : 0;
}
