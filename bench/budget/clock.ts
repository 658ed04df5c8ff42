// An hour that takes as long as its events: timers in a heap, fired in order, and after each one all that it set off
// (promises) before the next. The one of the tests looks through all timers for the next, which tens of thousands of
// waiting callers would make hours of.

import { nextTick } from 'node:process';
import type { Clock, Ms, Timer } from '../../src/core/time.ts';

interface Pending extends Timer {
  readonly atMs: Ms;
  /** Of two at the same time, who was armed first. */
  readonly order: number;
  fire: (() => void) | null;
}

/** So many events go between two turns of the event loop. */
const EVENTS_PER_TURN = 1000;

/** A promise that waits is never passed by more than its own event. */
export class DrivenClock implements Clock {
  #nowMs: Ms;
  #armed = 0;
  readonly #heap: Pending[] = [];

  constructor(startMs: Ms) {
    this.#nowMs = startMs;
  }

  nowMs(): Ms {
    return this.#nowMs;
  }

  timerAt(atMs: Ms, fire: () => void): Timer {
    const timer: Pending = {
      atMs: Math.max(atMs, this.#nowMs),
      order: this.#armed++,
      fire,
      cancel() {
        timer.fire = null;
      },
    };
    this.#push(timer);
    return timer;
  }

  /** Fires everything that falls due until then. Rejects with what a timer throws. */
  advanceTo(untilMs: Ms): Promise<void> {
    return new Promise((resolve, reject) => {
      let events = 0;
      // A tick that is asked for in a microtask comes when all microtasks are done: a turn of the event loop for each
      // event would cost more than the event.
      const tick = () => nextTick(step);
      const step = () => {
        try {
          const due = this.#due(untilMs);
          if (due === undefined) {
            this.#nowMs = untilMs;
            resolve();
            return;
          }
          this.#nowMs = due.atMs;
          due.fire?.();
        } catch (error) {
          reject(error);
          return;
        }
        events += 1;
        if (events % EVENTS_PER_TURN === 0) setImmediate(step);
        else queueMicrotask(tick);
      };
      step();
    });
  }

  #due(untilMs: Ms): Pending | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      if (first.fire !== null) return first;
    }
    return undefined;
  }

  #push(timer: Pending): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as Pending;
      if (!isBefore(timer, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Pending;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Pending)) below += 1;
      const other = heap[below];
      if (other === undefined || !isBefore(other, last)) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Pending, other: Pending): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}
