// Grants that are given back to their providers after their connections are gone. Nobody waits for that: a provider
// that does not answer must not hold up whoever deletes, and a token that is revoked while its connection is still
// there could be that of a customer who has just connected again. What is to be sent is in memory only, because the
// row that it was sealed in is gone; a process that dies before it is sent leaves the grant to end by itself.

import { REVOCATIONS_IN_FLIGHT_MAX, REVOCATIONS_WAITING_MAX, STOP_DRAIN_MS } from '../../core/limits.ts';
import { type Clock, delay } from '../../core/time.ts';

/** What is still to be given back; one for the process. */
export class Revocations {
  readonly #clock: Clock;
  readonly #waiting: (() => Promise<void>)[] = [];
  #inFlight = 0;
  #onDrained: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends it in its turn; `send` must not reject. False if too many wait: then it is not sent. */
  add(send: () => Promise<void>): boolean {
    if (this.#waiting.length >= REVOCATIONS_WAITING_MAX) return false;
    this.#waiting.push(send);
    this.#sendNext();
    return true;
  }

  #sendNext(): void {
    while (this.#inFlight < REVOCATIONS_IN_FLIGHT_MAX) {
      const send = this.#waiting.shift();
      if (send === undefined) break;
      this.#inFlight++;
      void send().finally(() => {
        this.#inFlight--;
        this.#sendNext();
      });
    }
    if (this.#inFlight === 0) this.#onDrained();
  }

  /** Resolves when all are sent, or after STOP_DRAIN_MS. */
  async stop(): Promise<void> {
    if (this.#inFlight === 0) return;
    const isOver = new AbortController();
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    await Promise.race([drained, delay(this.#clock, STOP_DRAIN_MS, isOver.signal)]);
    isOver.abort();
  }
}
