// Callers that wait in memory for something to change. Bounded, and a caller that gives up leaves the list, so that
// it neither holds a place nor takes somebody else's wake-up.

import { IntegrationError } from './errors.ts';
import { CALLERS_WAITING_MAX } from './limits.ts';

/** A list of callers; everybody is woken at once and looks again. */
export class WaitingList {
  readonly #wakes = new Set<() => void>();

  get isEmpty(): boolean {
    return this.#wakes.size === 0;
  }

  /** Resolves at the next `wakeAll`, or when `signal` aborts. Rejects with `overloaded` if too many wait for `what`. */
  wait(signal: AbortSignal, what: string): Promise<void> {
    if (this.#wakes.size >= CALLERS_WAITING_MAX) {
      return Promise.reject(new IntegrationError('overloaded', `too many calls wait for ${what}`));
    }
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  wakeAll(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
