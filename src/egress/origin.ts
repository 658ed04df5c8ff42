// One origin that calls go to: its pool of connections, and the calls that wait for one. They wait here and not in the
// pool, whose queue knows no owners: first come, first served let one customer's long streams shut out all others.
// Called by exchanges. Invariant: the pool has never more calls than connections, so that it queues none for long.

import type { Dispatcher } from 'undici';
import { IntegrationError } from '../core/errors.ts';
import { CALLS_PER_ORIGIN_MAX, CONNECTIONS_PER_ORIGIN_MAX } from '../core/limits.ts';
import { Admission, type Share } from './admission.ts';

/** An exchange while it waits for its turn. */
export interface Waiting {
  /** The turn has come: its owner has a connection more. */
  go(): void;
  /** Nothing becomes of it. */
  abandon(error: IntegrationError): void;
}

export class Origin {
  readonly host: string;
  readonly pool: Dispatcher;
  readonly #admission = new Admission<Waiting>({
    openMax: CONNECTIONS_PER_ORIGIN_MAX,
    callsMax: CALLS_PER_ORIGIN_MAX,
  });
  #isTurnPlanned = false;
  /** Told when all calls have ended; null while more may come. */
  #retired: (() => void) | null = null;

  constructor(host: string, pool: Dispatcher) {
    this.host = host;
    this.pool = pool;
  }

  shareOf(owner: string): Share {
    return this.#admission.shareOf(owner);
  }

  /** True if the call may go now; then `ended` is told of it, once. */
  open(share: Share): boolean {
    return this.#admission.open(share);
  }

  /** Has the call wait until `go` is called; false if there is no room for that. */
  wait(share: Share, waiter: Waiting): boolean {
    return this.#admission.wait(share, waiter);
  }

  /** One that waits gives up. */
  leave(share: Share, waiter: Waiting): void {
    this.#admission.leave(share, waiter);
    this.#closeIfRetired();
  }

  /** undici has let go of a call. */
  ended(share: Share): void {
    if (this.#admission.close(share)) this.#planTurn();
  }

  /** Of no use to further calls. Those that wait or are under way finish; `then` is told. */
  retire(then: () => void): void {
    this.#retired = then;
    this.#closeIfRetired();
  }

  /** Ends every connection; calls fail, also those that wait. */
  async destroy(): Promise<void> {
    const destroyed = this.pool.destroy();
    const stopped = new IntegrationError('network', 'no calls are made while Tenon stops');
    for (const waiter of this.#admission.waiters()) waiter.abandon(stopped);
    await destroyed;
  }

  /**
   * Whose turn it is, is asked a round of the event loop later: undici uses a connection again only then, and would
   * open another one now. A microtask comes after what undici still does with the answer, our round after its own.
   * Nor can calls that fail at once, and begin others, get deeper and deeper into each other.
   */
  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    queueMicrotask(this.#afterUndici);
  }

  readonly #afterUndici = (): void => void setImmediate(this.#turn);

  /** No more at once than there are connections: calls that fail at once, and begin others, could go on for ever. */
  readonly #turn = (): void => {
    this.#isTurnPlanned = false;
    for (let count = 0; count < CONNECTIONS_PER_ORIGIN_MAX; count++) {
      const waiter = this.#admission.next();
      if (waiter === undefined) {
        this.#closeIfRetired();
        return;
      }
      waiter.go();
    }
    this.#planTurn();
  };

  #closeIfRetired(): void {
    const then = this.#retired;
    if (then === null || this.#admission.isAnyWaiting) return;
    this.#retired = null;
    this.pool.close(then);
  }
}
