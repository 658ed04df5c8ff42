// A provider with a limit that others use too: how it counts, what it tells, and how much the others want from minute
// to minute. Plain state over a driven clock; no network.

import type { Clock, Ms } from '../../src/core/time.ts';

/** How a provider counts and what it says of it. */
export interface ProviderFacts {
  readonly windowMs: Ms;
  /** Calls per window and account, by the time since the start. */
  readonly limitAt: (sinceMs: Ms) => number;
  /** A window begins at fixed times, or slides. */
  readonly counting: 'fixed' | 'sliding';
  /** What answers tell: limit, remaining and reset, or nothing but Retry-After on a refusal. */
  readonly tells: 'numbers' | 'retryAfter';
  /** The numbers are as old as this. */
  readonly lagMs: Ms;
  /** Of the limit, what others ask for on average, by the time since the start. */
  readonly othersAt: (sinceMs: Ms) => number;
}

/** A head as the wire has it. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** So much more or less than on average others come in one window than in another, beside plain chance. */
const OTHERS_NOISE = 0.2;

/** One account at the provider. */
export class Account {
  readonly #facts: ProviderFacts;
  readonly #clock: Clock;
  readonly #startMs: Ms;
  /** Windows of different accounts begin at different times. */
  readonly #offsetMs: Ms;
  /** Times of calls that count, oldest first from `#from` on. */
  #times: Ms[] = [];
  #from = 0;
  /** Counts by time, for numbers that lag: oldest first from `#known` on, which is what is told. */
  #history: { readonly atMs: Ms; readonly count: number }[] = [];
  #known = 0;
  othersTaken = 0;
  othersRefused = 0;

  constructor(facts: ProviderFacts, clock: Clock, random: () => number) {
    this.#facts = facts;
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    this.#offsetMs = random() * facts.windowMs;
    this.#windowOfOthers(random);
  }

  /** A call of ours. */
  call(): Head {
    const nowMs = this.#clock.nowMs();
    const isTaken = this.#take(nowMs);
    const { windowMs, tells } = this.#facts;
    const resetS = String(Math.max(1, Math.ceil((this.#resetAtMs(nowMs) - nowMs) / 1000)));
    const told = isTaken ? {} : { 'retry-after': resetS };
    if (tells === 'retryAfter') return { status: isTaken ? 200 : 429, headers: told };
    const limit = this.#limit(nowMs);
    const remaining = isTaken ? Math.max(0, limit - this.#laggedCount(nowMs)) : 0;
    const numbers = { 'x-ratelimit-limit': `${limit}, ${limit};w=${windowMs / 1000}`, 'x-ratelimit-reset': resetS };
    return {
      status: isTaken ? 200 : 429,
      headers: { ...numbers, 'x-ratelimit-remaining': String(remaining), ...told },
    };
  }

  /** A call of others, which counts the same; nobody looks at its answer. */
  callOfOthers(): boolean {
    const isTaken = this.#take(this.#clock.nowMs());
    if (isTaken) this.othersTaken += 1;
    else this.othersRefused += 1;
    return isTaken;
  }

  /** What a window allows now. */
  get limitNow(): number {
    return this.#limit(this.#clock.nowMs());
  }

  #limit(nowMs: Ms): number {
    return this.#facts.limitAt(nowMs - this.#startMs);
  }

  #take(nowMs: Ms): boolean {
    if (this.#count(nowMs) >= this.#limit(nowMs)) return false;
    this.#times.push(nowMs);
    if (this.#facts.lagMs > 0) this.#history.push({ atMs: nowMs, count: this.#times.length - this.#from });
    return true;
  }

  /** Calls of the window that `nowMs` is in; the very moment of its beginning belongs to it. */
  #count(nowMs: Ms): number {
    const { windowMs, counting } = this.#facts;
    const sinceMs = counting === 'fixed' ? this.#resetAtMs(nowMs) - windowMs : nowMs - windowMs;
    const isOver = (atMs: Ms) => (counting === 'fixed' ? atMs < sinceMs : atMs <= sinceMs);
    while (this.#from < this.#times.length && isOver(this.#times[this.#from] ?? 0)) this.#from += 1;
    if (this.#from > 10_000) {
      this.#times = this.#times.slice(this.#from);
      this.#from = 0;
    }
    return this.#times.length - this.#from;
  }

  #laggedCount(nowMs: Ms): number {
    const { lagMs } = this.#facts;
    if (lagMs === 0) return this.#count(nowMs);
    const isKnown = (index: number) => (this.#history[index]?.atMs ?? nowMs) <= nowMs - lagMs;
    while (isKnown(this.#known + 1)) this.#known += 1;
    if (this.#known > 10_000) {
      this.#history = this.#history.slice(this.#known);
      this.#known = 0;
    }
    return isKnown(this.#known) ? (this.#history[this.#known]?.count ?? 0) : 0;
  }

  #resetAtMs(nowMs: Ms): Ms {
    const { windowMs, counting } = this.#facts;
    if (counting === 'sliding') return Math.max(nowMs, (this.#times[this.#from] ?? nowMs) + windowMs);
    return (Math.floor((nowMs - this.#offsetMs) / windowMs) + 1) * windowMs + this.#offsetMs;
  }

  /** Others come at random, in one window a little more than in another. */
  #windowOfOthers(random: () => number): void {
    const { windowMs, othersAt } = this.#facts;
    const nowMs = this.#clock.nowMs();
    const endMs = nowMs + windowMs;
    const share = othersAt(nowMs - this.#startMs) * (1 + OTHERS_NOISE * (2 * random() - 1));
    const perMs = (share * this.#limit(nowMs)) / windowMs;
    const next = () => {
      const atMs = this.#clock.nowMs() - Math.log(1 - random()) / perMs;
      if (!(atMs < endMs)) {
        this.#clock.timerAt(endMs, () => this.#windowOfOthers(random));
        return;
      }
      this.#clock.timerAt(atMs, () => {
        this.callOfOthers();
        next();
      });
    };
    next();
  }
}
