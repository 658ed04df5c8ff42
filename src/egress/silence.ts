// Ends calls in which nothing happens any more. undici can do it too, with a timer for each request that stays in its
// list for half a second after the request is over, a sixth of what a busy proxy left to the collector; here a call
// costs two links in a list, which is gone through now and then. Called by the proxy's exchanges.
// Invariant: whoever was added is told from its time on, until it is removed; then nothing here holds it.

import { SILENCE_CHECK_MS, SILENCE_MS } from '../core/limits.ts';
import type { Clock } from '../core/time.ts';

/** Looks that a call may be silent in. It is ended within SILENCE_CHECK_MS after its time. */
const LOOKS = SILENCE_MS / SILENCE_CHECK_MS;

/** A call under way. The links are the watch's. */
export interface Watched {
  /** Looks since something happened; whatever happens sets it to 0. */
  quietLooks: number;
  previous: Watched | null;
  next: Watched | null;
  /** Asked at each look, whether something happened or not. */
  looked(): void;
  /** Nothing happened for SILENCE_MS. Asked again at each look until the call is removed. */
  silent(): void;
}

/** Watches all calls of a thread; sets no timer while there are none. */
export class SilenceWatch {
  readonly #clock: Clock;
  #first: Watched | null = null;
  #isArmed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One that is watched already begins anew. */
  add(call: Watched): void {
    this.remove(call);
    call.next = this.#first;
    if (this.#first !== null) this.#first.previous = call;
    this.#first = call;
    if (!this.#isArmed) this.#arm();
  }

  /** May be asked for a call that is not, or no longer, watched. */
  remove(call: Watched): void {
    const { previous, next } = call;
    if (previous !== null) previous.next = next;
    else if (this.#first === call) this.#first = next;
    if (next !== null) next.previous = previous;
    call.quietLooks = 0;
    // A call that is over, and in the old space until its next marking, must not keep others alive.
    call.previous = null;
    call.next = null;
  }

  #arm(): void {
    this.#isArmed = true;
    this.#clock.timerAt(this.#clock.nowMs() + SILENCE_CHECK_MS, () => this.#look());
  }

  #look(): void {
    this.#isArmed = false;
    const silent: Watched[] = [];
    for (let call = this.#first, next = call; call !== null; call = next) {
      next = call.next;
      call.quietLooks += 1;
      call.looked();
      if (call.quietLooks > LOOKS) silent.push(call);
    }
    // One that is told may end others, and begin some.
    for (const call of silent) if (call.quietLooks > LOOKS) call.silent();
    if (this.#first !== null && !this.#isArmed) this.#arm();
  }
}
