// Edge threads as the owner thread sees them: starts them, answers what they ask, starts those anew that end, ends
// those that hang, and stops them. Invariants: what a thread that ended had in hand counts as used before another takes
// its place; a thread never opens the store.

import { Worker } from 'node:worker_threads';
import { Channel } from '../../actors/remote/channel.ts';
import type { Epochs } from '../../actors/remote/epochs.ts';
import type { LeaseDesk } from '../../actors/remote/leaseDesk.ts';
import { addCounts, type Counts } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import {
  HTTP_DRAIN_MS,
  THREAD_CRASHES_MAX,
  THREAD_RESTART_BASE_MS,
  THREAD_RESTART_MS_MAX,
  THREAD_SILENCE_MS_MAX,
  THREAD_STEADY_MS,
  THREAD_WATCH_INTERVAL_MS,
} from '../core/limits.ts';
import { type Log, writeLines } from '../core/log.ts';
import { type Clock, delay, monotonicMs, SECOND_MS, type Timer } from '../core/time.ts';
import type { targetToKeep } from '../edge/proxy.ts';
import type { Throttle } from '../flows/throttle.ts';
import {
  COUNTS,
  HOLD,
  type HoldReport,
  LINES,
  LISTEN,
  READY,
  STOP,
  TARGET,
  type TargetQuestion,
  type ThreadOptions,
} from './messages.ts';

/** What threads are served with. */
export interface PoolParts {
  readonly desk: LeaseDesk;
  readonly epochs: Epochs;
  readonly throttle: Throttle;
  readonly counts: Counts;
  readonly find: ReturnType<typeof targetToKeep>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Thread {
  readonly worker: Worker;
  readonly channel: Channel;
  /** What it had in hand counts as used. */
  readonly leave: () => void;
}

/** One place in the pool, which a thread has most of the time. */
interface Place {
  readonly index: number;
  thread: Thread | null;
  startedAtMs: number;
  /** When the thread last told anything on its own, by the monotonic clock: it lives in real time. */
  heardMs: number;
  /** It has not answered yet. */
  isLoading: boolean;
  /** Since a thread was last steady. */
  crashes: number;
  timer: Timer | null;
}

/** The threads of the process. */
export class Pool {
  readonly #parts: PoolParts;
  readonly #options: ThreadOptions;
  readonly #places: readonly Place[];
  #stopBeating = () => {};
  #watch: Timer | null = null;
  #isStopping = false;

  constructor(parts: PoolParts, options: ThreadOptions, count: number) {
    this.#parts = parts;
    this.#options = options;
    this.#places = Array.from({ length: count }, (_, index) => {
      return { index, thread: null, startedAtMs: 0, heardMs: 0, isLoading: true, crashes: 0, timer: null };
    });
  }

  /**
   * Loads the threads. They listen after `move`, which should leave the port to them and have the owner thread listen
   * where they reach it. Rejects if one cannot listen.
   */
  async start(move: () => Promise<void>): Promise<void> {
    this.#stopBeating = this.#parts.epochs.keepBeating(this.#parts.clock);
    for (const place of this.#places) this.#open(place);
    this.#watchOn();
    await Promise.all(this.#places.map((place) => place.thread?.channel.ask(READY, null)));
    await move();
    await Promise.all(this.#places.map((place) => place.thread?.channel.ask(LISTEN, null)));
    for (const place of this.#places) heard(place);
  }

  /** Those that run. */
  get workers(): readonly Worker[] {
    return this.#places.flatMap(({ thread }) => (thread === null ? [] : [thread.worker]));
  }

  /**
   * False while no thread serves, and where one ended again and again until the present one is steady. One of several
   * that is being replaced is no reason to take this process out of service: the others have its port.
   */
  get isHealthy(): boolean {
    const steadySinceMs = this.#parts.clock.nowMs() - THREAD_STEADY_MS;
    const isFailing = this.#places.some(
      ({ crashes, thread, startedAtMs }) =>
        crashes >= THREAD_CRASHES_MAX && (thread === null || startedAtMs > steadySinceMs),
    );
    return !isFailing && this.#places.some(({ thread }) => thread !== null);
  }

  /** Has the threads take no more, gives open calls HTTP_DRAIN_MS, and ends them. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#parts;
    const threads = this.#places.flatMap(({ thread }) => (thread === null ? [] : [thread]));
    this.#watch?.cancel();
    for (const { timer } of this.#places) timer?.cancel();
    const stopped = Promise.allSettled(threads.map(({ channel }) => channel.ask(STOP, null)));
    const late = new AbortController();
    await Promise.race([stopped, delay(clock, HTTP_DRAIN_MS + SECOND_MS, late.signal)]);
    late.abort();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    this.#stopBeating();
  }

  #open(place: Place): void {
    const { clock, desk, log, throttle, counts, find } = this.#parts;
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: this.#options });
    const channel = new Channel(worker);
    const leave = desk.serve(channel);
    channel.onAsked(TARGET, (question: TargetQuestion) => find((name) => question[name]));
    channel.onTold(COUNTS, (counted: Counts) => {
      heard(place);
      addCounts(counts, counted);
    });
    channel.onTold(LINES, (lines: string) => writeLines(log, lines));
    channel.onTold(HOLD, ({ accountKey, hold }: HoldReport) => {
      throttle.hold(accountKey, hold, clock.nowMs());
      for (const { thread } of this.#places) {
        if (thread !== null && thread.channel !== channel) thread.channel.tell(HOLD, { accountKey, hold });
      }
    });
    const thread = { worker, channel, leave };
    place.thread = thread;
    place.startedAtMs = clock.nowMs();
    place.heardMs = monotonicMs();
    place.isLoading = true;
    worker.on('error', (error) => log.error({ thread: place.index, err: error }, 'an edge thread broke'));
    worker.once('exit', () => this.#ended(place, thread));
  }

  #watchOn(): void {
    const { clock } = this.#parts;
    const lookedMs = monotonicMs();
    this.#watch = clock.timerAt(clock.nowMs() + THREAD_WATCH_INTERVAL_MS, () => {
      this.#endSilent(monotonicMs() - lookedMs);
      this.#watchOn();
    });
  }

  /** After a pause of the owner thread itself nothing is known: what was told meanwhile has not been heard yet. */
  #endSilent(sinceMs: number): void {
    const nowMs = monotonicMs();
    const wasPaused = sinceMs > 2 * THREAD_WATCH_INTERVAL_MS;
    for (const place of this.#places) {
      if (wasPaused) place.heardMs = nowMs;
      const silentMs = nowMs - place.heardMs;
      const silenceMsMax = place.isLoading ? THREAD_STEADY_MS : THREAD_SILENCE_MS_MAX;
      if (place.thread === null || silentMs < silenceMsMax) continue;
      const facts = { thread: place.index, silentMs: Math.round(silentMs) };
      this.#parts.log.error(facts, 'an edge thread hangs and is ended');
      place.heardMs = nowMs;
      // Also out of a loop that never ends; what it had in hand is settled as for any other end.
      void place.thread.worker.terminate();
    }
  }

  #ended(place: Place, { channel, leave }: Thread): void {
    leave();
    channel.silence(new IntegrationError('overloaded', 'the edge thread has ended'));
    place.thread = null;
    if (this.#isStopping) return;
    const { clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    if (nowMs - place.startedAtMs >= THREAD_STEADY_MS) place.crashes = 0;
    const pauseMs = Math.min(THREAD_RESTART_MS_MAX, THREAD_RESTART_BASE_MS * 2 ** place.crashes);
    place.crashes += 1;
    log.error({ thread: place.index, crashes: place.crashes, pauseMs }, 'an edge thread ended and is started again');
    place.timer = clock.timerAt(nowMs + pauseMs, () => {
      this.#open(place);
      place.thread?.channel.ask(LISTEN, null).catch((error: unknown) => {
        log.error({ thread: place.index, err: error }, 'an edge thread cannot listen');
        void place.thread?.worker.terminate();
      });
    });
  }
}

function heard(place: Place): void {
  place.heardMs = monotonicMs();
  place.isLoading = false;
}
