// Which refusals of an hour are learning, and which are none. Learning are the first two windows after the start, after
// a change of the limit and after a marked change of what others take. Where a provider tells nothing but Retry-After,
// how much it allows can only be found out by asking for more: there one refusal in so many windows is a probe, with
// what was under way at that moment. Everything else counts against the policy. Pure.

import { type Ms, SECOND_MS } from '../../src/core/time.ts';
import type { Pattern } from './hour.ts';

export const LEARNING_WINDOWS = 2;
/** Between the beginnings of two probes. */
export const PROBE_WINDOWS = 6;
/** What was under way when a probe was refused is refused within this. */
const BURST_MS = SECOND_MS;

export interface Refusals {
  readonly learning: number;
  readonly probes: number;
  readonly later: number;
}

/** `atMs`, since the start, in order. */
export function refusalsOf({ provider, changesAtMs }: Pattern, atMs: readonly Ms[]): Refusals {
  const { windowMs, tells } = provider;
  const count = { learning: 0, probes: 0, later: 0 };
  let probeAtMs = Number.NEGATIVE_INFINITY;
  for (const refusedAtMs of atMs) {
    const isLearning = [0, ...changesAtMs].some(
      (changeMs) => refusedAtMs >= changeMs && refusedAtMs < changeMs + LEARNING_WINDOWS * windowMs,
    );
    const isNext = refusedAtMs >= probeAtMs + PROBE_WINDOWS * windowMs;
    if (isLearning) count.learning += 1;
    else if (tells === 'retryAfter' && (isNext || refusedAtMs < probeAtMs + BURST_MS)) count.probes += 1;
    else count.later += 1;
    if (!isLearning && isNext) probeAtMs = refusedAtMs;
  }
  return count;
}
