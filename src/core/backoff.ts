// How long to wait before trying again: exponential with full jitter, which spreads a crowd that failed together
// better than any fixed schedule (AWS Architecture Blog, "Exponential Backoff And Jitter").

import { chance } from './chance.ts';

/** Milliseconds between 1 and `baseMs * 2^attempt`, never above `maxMs`. `attempt` counts from 0. */
export function fullJitterMs(attempt: number, baseMs: number, maxMs: number): number {
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return 1 + chance.below(Math.max(1, Math.floor(ceilingMs)));
}

/** `delayMs` and up to `share` of it more. */
export function jitter(delayMs: number, share: number): number {
  return delayMs + chance.below(Math.max(1, Math.floor(delayMs * share)));
}
