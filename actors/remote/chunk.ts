// Calls that an edge thread may make without asking, as the thread counts them. Invariants: of a chunk never more calls
// are made than it has; each call, each end and each thing that goes back is told once.

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
  /** Calls under way. */
  busy: number;
  /** Nothing more is taken of it; what is under way is told when it ends. */
  isOver: boolean;
  /** It is in the next report. */
  isTold: boolean;
  /** Calls made of it since it was looked at for idleness. */
  recent: number;
  /** Calls to ask for next time. */
  want: number;
  /** With so many calls left more are asked for. */
  low: number;
  /** A call found no seat. */
  isShort: boolean;
  /** More was asked for, and the answer is not here. */
  isAsked: boolean;
}

/** Out of the answer to a question for `want` calls ahead. */
export function newChunk({ id, calls, seats }: Held & { readonly id: number }, want: number): Chunk {
  const counts = { used: 0, ended: 0, busy: 0, recent: 0 };
  const state = { isOver: false, isTold: false, isShort: false, isAsked: false };
  return { id, calls, seats, ...counts, ...state, want, low: lowOf(calls) };
}

/** Takes what the owner put on top, which may be nothing: then it is asked again when half of the rest is used. */
export function refill(chunk: Chunk, calls: number, seats: number): void {
  chunk.calls += calls;
  chunk.seats += seats;
  chunk.low = lowOf(chunk.calls);
  chunk.isShort = false;
  chunk.isAsked = false;
}

/** Looked at now and then, says whether it is idle. Who makes fewer calls asks for fewer. */
export function isIdle(chunk: Chunk): boolean {
  const { recent, want, busy } = chunk;
  if (recent * 4 < want) chunk.want = Math.max(HELD_CALLS_MIN, want / 2);
  chunk.recent = 0;
  return recent === 0 && busy === 0;
}

/** Whether it should be told at once: others wait for what is over, and what is left may not last until next time. */
export function isUrgent({ isOver, isAsked, calls, low, used }: Chunk): boolean {
  return isOver || (calls <= low && calls <= used && !isAsked);
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
  numbers[at + 3] = chunk.isOver ? 1 : 0;
  chunk.used = 0;
  chunk.ended = 0;
  chunk.isTold = false;
  const isLow = chunk.calls <= chunk.low;
  if (chunk.isOver || chunk.isAsked || (!isLow && !chunk.isShort)) return;
  // Before it is needed, so that no call waits for the answer: twice as much as the last time.
  chunk.isAsked = true;
  chunk.want = Math.min(HELD_CALLS_MAX, chunk.want * 2);
  numbers[at + 4] = isLow ? chunk.want : 0;
  numbers[at + 5] = chunk.isShort ? chunk.want : 0;
}

/** Infinity is never low. */
function lowOf(calls: number): number {
  return Number.isFinite(calls) ? Math.floor(calls / 2) : 0;
}
