// Simulated time. Everything that happens is an event in one queue: timers of the product, bytes on their way, the
// disk at work, what customers do. The queue's order is the only order there is, so a seed decides all of it.
// Invariant: between two events the product runs until it waits for an event, nothing else runs beside it.

import { createHash } from 'node:crypto';
import type { Clock, Ms, Timer } from '../../src/core/time.ts';
import { Rolls } from './rolls.ts';

/** Where every simulation begins: a Monday morning. */
export const START_MS: Ms = Date.UTC(2026, 0, 5, 9);

const TRACE_LINES_KEPT = 400;
/** No seed comes near it: a world that is still busy then never rests. */
const EVENTS_MAX = 100_000;
/** Turns of the event loop between two events; more means that the product spins. */
const TURNS_MAX = 10_000;

/** A promise of the product that was broken. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly atMs: Ms;
}

interface Event {
  readonly atMs: Ms;
  /** Decides among events of the same time. */
  readonly tie: number;
  readonly fire: () => void;
  isCancelled: boolean;
}

type Immediate = (callback: (...args: never[]) => void, ...args: never[]) => unknown;

export class World {
  nowMs: Ms = START_MS;
  /** How far the machine's clock is ahead of the time that the rest of the world has. */
  skewMs = 0;
  violation: Violation | null = null;
  eventCount = 0;
  readonly isVerbose: boolean;
  readonly #ties: Rolls;
  readonly #heap: Event[] = [];
  readonly #immediates: (() => void)[] = [];
  readonly #trace: string[] = [];
  readonly #hash = createHash('sha256');

  constructor(seed: number, isVerbose = false) {
    this.#ties = new Rolls(seed, 'ties');
    this.isVerbose = isVerbose;
  }

  at(atMs: Ms, fire: () => void): Timer {
    const event: Event = { atMs: Math.max(atMs, this.nowMs), tie: this.#ties.below(1 << 20), fire, isCancelled: false };
    push(this.#heap, event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  after(delayMs: number, fire: () => void): Timer {
    return this.at(this.nowMs + delayMs, fire);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** The machine sleeps: everything that falls due meanwhile happens late, and at once. */
  suspend(ms: number): void {
    this.note(`suspended for ${ms} ms`);
    this.nowMs += ms;
  }

  /** A time server sets the machine's clock. */
  setSkew(ms: number): void {
    this.note(`the clock is set to ${ms} ms ahead`);
    this.skewMs = ms;
  }

  /** One line of the trace, which is the same in every run of a seed. */
  note(line: string): void {
    const text = `${((this.nowMs - START_MS) / 1000).toFixed(3)} ${line}`;
    this.#hash.update(text).update('\n');
    this.#trace.push(text);
    if (!this.isVerbose && this.#trace.length > 2 * TRACE_LINES_KEPT) this.#trace.splice(0, TRACE_LINES_KEPT);
  }

  get trace(): readonly string[] {
    return this.#trace;
  }

  /** Of all lines so far. */
  get traceHash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  /** Writes down the first broken promise; the world ends with the present event. Never throws into the product. */
  violate(invariant: string, message: string): void {
    if (this.violation !== null) return;
    this.violation = { invariant, message, atMs: this.nowMs };
    this.note(`VIOLATION of ${invariant}: ${message}`);
  }

  /** Lets events happen until `isDone`, there are none left, or a promise is broken. */
  async run(isDone: () => boolean): Promise<void> {
    const realImmediate = globalThis.setImmediate;
    const simulated: Immediate = (callback, ...args) => this.#immediates.push(() => callback(...args));
    globalThis.setImmediate = simulated as unknown as typeof setImmediate;
    try {
      await this.#settle(realImmediate);
      while (this.violation === null && !isDone()) {
        const event = pop(this.#heap);
        if (event === undefined) break;
        if (event.isCancelled) continue;
        this.nowMs = Math.max(this.nowMs, event.atMs);
        this.#call(event.fire);
        await this.#settle(realImmediate);
        this.eventCount += 1;
        if (this.eventCount > EVENTS_MAX) this.violate('everythingComesToRest', `${EVENTS_MAX} events and no end`);
      }
    } finally {
      globalThis.setImmediate = realImmediate;
    }
  }

  /** Until the product waits for an event: microtasks by themselves, its immediates turn by turn. */
  async #settle(realImmediate: typeof setImmediate): Promise<void> {
    for (let turn = 0; ; turn++) {
      await new Promise((resolve) => realImmediate(resolve));
      if (this.#immediates.length === 0) return;
      if (turn > TURNS_MAX) return this.violate('everythingComesToRest', 'the event loop spins');
      for (const callback of this.#immediates.splice(0)) this.#call(callback);
    }
  }

  /** A throw here would end a real process. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.violate('nothingIsUncaught', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}

/** One process, from its start to its end. What it began goes on outside of it; nothing reaches it any more. */
export class Life {
  readonly number: number;
  isAlive = true;
  readonly ended: Promise<void>;
  #resolveEnded = () => {};
  readonly #onEnd: (() => void)[] = [];

  constructor(number: number) {
    this.number = number;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  onEnd(listener: () => void): void {
    this.#onEnd.push(listener);
  }

  end(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const listener of this.#onEnd) listener();
    this.#resolveEnded();
  }
}

/** The clock of one process. Timers are late as real ones are, and end with it. */
export function clockOf(world: World, life: Life, rolls: Rolls): Clock {
  return {
    nowMs: () => world.nowMs + world.skewMs,
    timerAt(atMs, fire) {
      if (!life.isAlive) return { cancel: () => {} };
      const latenessMs = rolls.isOneIn(40) ? rolls.between(1, 700) : rolls.below(2);
      // The clock that is set meanwhile changes nothing in how long a timer waits.
      return world.at(atMs - world.skewMs + latenessMs, () => {
        if (life.isAlive) fire();
      });
    },
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);
}

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above] as Event;
    if (!isBefore(event, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    if (below >= heap.length) break;
    const right = heap[below + 1];
    if (right !== undefined && isBefore(right, heap[below] as Event)) below += 1;
    const child = heap[below] as Event;
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
  return first;
}
