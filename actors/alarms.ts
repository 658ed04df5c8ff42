// Wakes actors whose `wakeAtMs` has come. The times live in an index of the snapshots table, not in memory: one
// timer waits for the earliest. Due actors are woken in batches with a pause between them, so that a start after a long
// stop hydrates at a bounded rate. A clock that is put forward wakes early what then finds that it is due; one that is
// put back makes alarms late by as much, which no absolute time can avoid.

import type { ActorId } from '../src/core/ids.ts';
import { ALARM_BATCH, ALARM_SCAN_INTERVAL_MS, ALARMS_IN_FLIGHT_MAX } from '../src/core/limits.ts';
import { type Clock, type Ms, SECOND_MS, type Timer } from '../src/core/time.ts';
import type { Reads } from '../src/store/port.ts';
import { readDueActors, readNextWakeAtMs } from '../src/store/tables/snapshots.ts';

/** The alarm clock of all actors; one per process. */
export class Alarms {
  readonly #reads: Reads;
  readonly #clock: Clock;
  /** Sends `alarm.fired`; resolves when that is committed, false if the actor had nothing to do. */
  readonly #wake: (actorId: ActorId) => Promise<boolean>;
  readonly #ringing = new Set<ActorId>();
  #timer: Timer | null = null;
  #timerAtMs: Ms | null = null;
  #isStopped = true;

  constructor(reads: Reads, clock: Clock, wake: (actorId: ActorId) => Promise<boolean>) {
    this.#reads = reads;
    this.#clock = clock;
    this.#wake = wake;
  }

  start(): void {
    this.#isStopped = false;
    this.#scan();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** An actor committed this alarm; the timer moves forward if it is the earliest. */
  note(wakeAtMs: Ms): void {
    if (this.#isStopped || (this.#timerAtMs !== null && this.#timerAtMs <= wakeAtMs)) return;
    this.#arm(wakeAtMs);
  }

  #arm(atMs: Ms): void {
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.timerAt(atMs, () => {
      this.#timerAtMs = null;
      this.#scan();
    });
  }

  #scan(): void {
    if (this.#isStopped || this.#ringing.size >= ALARMS_IN_FLIGHT_MAX) return;
    const nowMs = this.#clock.nowMs();
    const room = Math.min(ALARM_BATCH, ALARMS_IN_FLIGHT_MAX - this.#ringing.size);
    // Those that ring already are still due on disk.
    const due = readDueActors(this.#reads, nowMs, room + this.#ringing.size);
    const fresh = due.filter(({ actorId }) => !this.#ringing.has(actorId)).slice(0, room);
    for (const { actorId } of fresh) this.#ring(actorId);
    if (fresh.length === room) this.note(nowMs + ALARM_SCAN_INTERVAL_MS);
    const nextWakeAtMs = readNextWakeAtMs(this.#reads, nowMs);
    if (nextWakeAtMs !== null) this.note(nextWakeAtMs);
  }

  #ring(actorId: ActorId): void {
    this.#ringing.add(actorId);
    this.#wake(actorId).then(
      // Ignored: its memory is ahead of the row that was due. Failed: the row is still due. Either way look again,
      // but not in a tight loop.
      (isAccepted) => this.#rung(actorId, isAccepted ? ALARM_SCAN_INTERVAL_MS : SECOND_MS),
      () => this.#rung(actorId, SECOND_MS),
    );
  }

  #rung(actorId: ActorId, pauseMs: number): void {
    const wasFull = this.#ringing.size >= ALARMS_IN_FLIGHT_MAX;
    this.#ringing.delete(actorId);
    if (wasFull || pauseMs === SECOND_MS) this.note(this.#clock.nowMs() + pauseMs);
  }
}
