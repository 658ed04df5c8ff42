// Asks a provider about many objects of an account, for one person who waits: a few at a time, and no longer than a
// person and what stands between wait. Called to sample reads and to describe objects.

import { OBJECTS_ASKED_BATCH, OBJECTS_ASKED_MS_MAX } from '../../core/limits.ts';
import type { Clock } from '../../core/time.ts';

/**
 * The answers of those that were asked about in time, each object once. `signal` aborts when the time is over, also in
 * the middle of a call. Rejects if `ask` does.
 */
export async function askEach<Subject, Answer>(
  clock: Clock,
  objects: readonly Subject[],
  ask: (object: Subject, signal: AbortSignal) => Promise<Answer>,
): Promise<ReadonlyMap<Subject, Answer>> {
  const answers = new Map<Subject, Answer>();
  const giveUp = new AbortController();
  const deadline = clock.timerAt(clock.nowMs() + OBJECTS_ASKED_MS_MAX, () => giveUp.abort());
  try {
    for (let start = 0; start < objects.length && !giveUp.signal.aborted; start += OBJECTS_ASKED_BATCH) {
      const batch = objects.slice(start, start + OBJECTS_ASKED_BATCH);
      await Promise.all(batch.map(async (object) => answers.set(object, await ask(object, giveUp.signal))));
    }
  } finally {
    deadline.cancel();
  }
  return answers;
}
