// Lanes for rows that several writes want at the same time: whoever has met a lock goes alone through the lanes of its
// rows. In memory: a write that a crash takes out of a lane only meets the lock once more. Invariants: at most one task
// is in a lane; whoever gives up waiting holds nobody up.

import { CALLERS_WAITING_MAX } from '../../core/limits.ts';
import { type Clock, delay, type Ms } from '../../core/time.ts';

export class RowLanes {
  readonly #clock: Clock;
  /** Of each lane that somebody is in: settles when everybody who came so far has left. */
  readonly #lasts = new Map<string, Promise<void>>();
  /** Tasks that wait for their turn, and those whose turn it is and that pause. */
  #waiting = 0;
  #pausing = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tasks that go on when a time has come, if not earlier. */
  get waitingForTimeCount(): number {
    return this.#waiting + this.#pausing;
  }

  /** Lanes that somebody is in or waits for. */
  get size(): number {
    return this.#lasts.size;
  }

  /**
   * Runs `task` alone in all of its lanes. Null if they are not free until `deadlineMs`, or if too many wait already;
   * rejects as the task does.
   */
  async alone<Outcome>(
    lanes: readonly string[],
    deadlineMs: Ms,
    task: () => Promise<Outcome>,
  ): Promise<Outcome | null> {
    const leaves: (() => void)[] = [];
    try {
      // In one order for all, so that no two wait for each other.
      for (const lane of [...new Set(lanes)].sort()) {
        if (this.#waiting >= CALLERS_WAITING_MAX) return null;
        const { before, leave } = this.#join(lane);
        leaves.push(leave);
        if (before !== undefined && !(await this.#isOverBy(before, deadlineMs))) return null;
      }
      return await task();
    } finally {
      for (const leave of leaves) leave();
    }
  }

  /** What a task in a lane waits before it tries again. */
  async pause(ms: number): Promise<void> {
    this.#pausing += 1;
    await delay(this.#clock, ms).finally(() => {
      this.#pausing -= 1;
    });
  }

  /** Takes the last place of a lane. Whoever comes later waits for those before it as well. */
  #join(lane: string): { readonly before: Promise<void> | undefined; readonly leave: () => void } {
    const before = this.#lasts.get(lane);
    const { promise: mine, resolve: leave } = Promise.withResolvers<void>();
    const last = before === undefined ? mine : before.then(() => mine);
    this.#lasts.set(lane, last);
    void last.then(() => {
      if (this.#lasts.get(lane) === last) this.#lasts.delete(lane);
    });
    return { before, leave };
  }

  async #isOverBy(before: Promise<void>, deadlineMs: Ms): Promise<boolean> {
    const isOver = new AbortController();
    const late = delay(this.#clock, deadlineMs - this.#clock.nowMs(), isOver.signal).then(() => false);
    this.#waiting += 1;
    return await Promise.race([before.then(() => true), late]).finally(() => {
      this.#waiting -= 1;
      isOver.abort();
    });
  }
}
