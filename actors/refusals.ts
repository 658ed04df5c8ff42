// What a refusal of the provider does to a window: how long it rests, and whether it is spent with more care from then
// on. Called by `budgets.ts` for every refusal; of one burst many calls are refused, and they say it once.

import { BLOCK_MS_MAX, DURABLE_WINDOW_MS_MIN } from '../src/core/limits.ts';
import type { Ms } from '../src/core/time.ts';
import { block, restsUntilMs } from '../src/limits/meter.ts';
import { surprised, surprisedUntold } from '../src/limits/meterTold.ts';
import { refuse } from '../src/limits/quota.ts';
import type { BudgetKey, Window } from './budgetState.ts';

/** What came of it: calls are held back for longer, and there is something that should outlive the process. */
export interface Refused {
  readonly isLonger: boolean;
  readonly isNews: boolean;
}

/** `untilMs` null: as long as is declared. A slip of the provider's clock must not end calls for weeks. */
export function refusedAt(window: Window, untilMs: Ms | null, nowMs: Ms): Refused {
  const { key, meter } = window;
  // Where pauses are declared, or people go on past it, a refusal is nothing that care would spare.
  const isOpen = nowMs >= restsUntilMs(meter, nowMs);
  const isSurprise = key.pause === undefined && key.isSoft !== true && isOpen;
  const isFirst = isSurprise && surprised(meter, nowMs);
  const boundMs = nowMs + Math.max(key.windowMs, BLOCK_MS_MAX);
  const isLonger = untilMs === null ? refuse(window, nowMs) : block(meter, Math.min(untilMs, boundMs));
  // Shorter ones are over before a process is up again.
  const isLasting = isLonger && meter.blockedUntilMs - nowMs >= DURABLE_WINDOW_MS_MIN;
  return { isLonger, isNews: isFirst || isLasting };
}

/** A call was accepted; during a pause that says nothing, since it was sent before. */
export function acceptedAt(window: Window, nowMs: Ms): void {
  if (nowMs >= restsUntilMs(window.meter, nowMs)) window.refusals = 0;
}

/**
 * The provider tells no numbers and did not say for which limit it refused: the shortest window is believed to hold
 * what was accepted of it, and rests until then, for its own length at most. `mark` is that of the refused call.
 */
export function unexplainedAt(window: Window, mark: number, untilMs: Ms | null, nowMs: Ms): Refused {
  const { key, meter } = window;
  if (nowMs < restsUntilMs(meter, nowMs) || key.isSoft === true) return { isLonger: false, isNews: false };
  surprisedUntold(meter, { unsure: window.sent - mark + 1, untilMs, isGuessed: key.isGuessed === true }, nowMs);
  return { isLonger: block(meter, Math.min(untilMs ?? nowMs, nowMs + meter.windowMs)), isNews: true };
}

/** The shortest window among keys, with its mark; none where none of them is a window. */
export function shortestOf(
  keys: readonly BudgetKey[],
  marks: readonly number[],
): { readonly key: BudgetKey | undefined; readonly mark: number } {
  let shortest = -1;
  for (const [index, { windowMs }] of keys.entries()) {
    if (windowMs > 0 && windowMs < (keys[shortest]?.windowMs ?? Number.POSITIVE_INFINITY)) shortest = index;
  }
  return { key: keys[shortest], mark: marks[shortest] ?? 0 };
}
