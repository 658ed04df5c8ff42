// Removes what has had its time, once an hour, and gives the room back to the file system. Rows are looked at in small
// windows and removed in small commits beside everybody else's, with a turn of the event loop in between, so that
// nothing waits for it. Invariant: nothing goes that something else still refers to; the statements that remove look
// once more.

import { errorFacts } from '../../core/errors.ts';
import {
  DEAD_MESSAGE_DAYS_KEPT,
  DOWNLOAD_TTL_MS,
  INBOX_DAYS_KEPT,
  OPERATION_DAYS_KEPT,
  QUARANTINE_DAYS_KEPT,
  RETENTION_DELAY_MS,
  RETENTION_INTERVAL_MS,
  RETENTION_ROWS_PER_STEP,
  REVISIONS_KEPT,
  VACUUM_PAGES_PER_STEP,
} from '../../core/limits.ts';
import { DAY_MS, type Ms, type Timer } from '../../core/time.ts';
import type { Store } from '../../store/store.ts';
import { expireBudgets, readExpiredBudgets } from '../../store/tables/budgets.ts';
import { eraseOauthStates, readExpiredStateHashes } from '../../store/tables/connections.ts';
import {
  expireOperations,
  expireRevisions,
  type Swept,
  sweepOperations,
  sweepRevisions,
} from '../../store/tables/expiry.ts';
import { expireInbox, readExpiredInbox } from '../../store/tables/inbox.ts';
import {
  expireBlobs,
  expireMessages,
  readLanesWithDead,
  readOldDeadSeqs,
  sweepBlobs,
} from '../../store/tables/outbox.ts';
import { deleteQuarantined } from '../../store/tables/quarantine.ts';
import { readEndedActors, sweepQuarantine } from '../../store/tables/upkeep.ts';
import { expireUploads, readExpiredUploadIds } from '../../store/tables/uploads.ts';
import type { Services } from '../services.ts';

/** Rows removed per table. */
export type RemovedCounts = Readonly<Record<Rule, number>>;

type Rule =
  | 'budgets'
  | 'inbox'
  | 'operations'
  | 'outbox'
  | 'blobs'
  | 'oauthStates'
  | 'quarantine'
  | 'revisions'
  | 'snapshots'
  | 'uploads';

/** Runs by itself from `start` to `stop`. */
export class Retention {
  readonly #services: Pick<Services, 'store' | 'runtime' | 'budgets' | 'clock' | 'log'>;
  /** Blobs that no message referred to, and since when that is known. */
  #unreferred = new Map<string, Ms>();
  #timer: Timer | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(services: Pick<Services, 'store' | 'runtime' | 'budgets' | 'clock' | 'log'>) {
    this.#services = services;
  }

  start(): void {
    this.#arm(RETENTION_DELAY_MS);
  }

  /** Resolves when the step that is under way is on disk. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** One run over all tables. Rejects with `storage_unavailable`; what it had removed by then stays removed. */
  async run(): Promise<RemovedCounts> {
    const { store, clock } = this.#services;
    const nowMs = clock.nowMs();
    const removed = {
      outbox: await this.#deadMessages(nowMs - DEAD_MESSAGE_DAYS_KEPT * DAY_MS),
      operations: await this.#sweep(
        (after) => sweepOperations(store.reads, after, nowMs - OPERATION_DAYS_KEPT * DAY_MS, RETENTION_ROWS_PER_STEP),
        (ids) => store.commit([expireOperations(ids)]),
      ),
      blobs: await this.#blobs(nowMs),
      oauthStates: await this.#oauthStates(nowMs),
      uploads: await this.#uploads(nowMs),
      quarantine: await this.#quarantine(nowMs - QUARANTINE_DAYS_KEPT * DAY_MS),
      revisions: await this.#sweep(
        (after) => sweepRevisions(store.reads, after, REVISIONS_KEPT, RETENTION_ROWS_PER_STEP),
        (ids) => store.commit([expireRevisions(ids)]),
      ),
      budgets: await this.#budgets(nowMs),
      inbox: await this.#inbox(nowMs - INBOX_DAYS_KEPT * DAY_MS),
      snapshots: await this.#endedActors(),
    };
    await giveBackPages(store, () => this.#isStopped);
    return removed;
  }

  #arm(delayMs: number): void {
    const { clock, log } = this.#services;
    if (this.#isStopped) return;
    this.#timer = clock.timerAt(clock.nowMs() + delayMs, () => {
      this.#running = this.run()
        .then(
          (removed) => {
            if (Object.values(removed).some((count) => count > 0)) log.info({ removed }, 'removed what had its time');
          },
          (error: unknown) => log.warn({ err: errorFacts(error).message }, 'retention was interrupted'),
        )
        .finally(() => this.#arm(RETENTION_INTERVAL_MS));
    });
  }

  /** Whether to go on, after a turn of the event loop in which others come first. */
  async #mayGoOn(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    return !this.#isStopped && this.#services.store.hasRoom;
  }

  /** Goes through a table from its oldest rows on, up to a window in which no row is old enough. */
  async #sweep(
    windowAfter: (row: number) => readonly Swept[],
    remove: (ids: readonly string[]) => Promise<void>,
  ): Promise<number> {
    let count = 0;
    let after = 0;
    while (await this.#mayGoOn()) {
      const rows = windowAfter(after);
      const due = rows.filter(({ isDue }) => isDue === 1).map(({ id }) => id);
      if (due.length > 0) await remove(due);
      count += due.length;
      if (rows.length < RETENTION_ROWS_PER_STEP || rows.every(({ isOld }) => isOld === 0)) break;
      after = rows.at(-1)?.row ?? after;
    }
    return count;
  }

  async #deadMessages(beforeMs: Ms): Promise<number> {
    const { store } = this.#services;
    let count = 0;
    let lanes = readLanesWithDead(store.reads, '', RETENTION_ROWS_PER_STEP);
    while (lanes.length > 0 && (await this.#mayGoOn())) {
      const [laneId = '', ...others] = lanes;
      const seqs = readOldDeadSeqs(store.reads, laneId, beforeMs, RETENTION_ROWS_PER_STEP);
      if (seqs.length > 0) await store.commit(expireMessages(seqs, beforeMs));
      count += seqs.length;
      if (seqs.length === RETENTION_ROWS_PER_STEP) continue;
      lanes = others.length > 0 ? others : readLanesWithDead(store.reads, laneId, RETENTION_ROWS_PER_STEP);
    }
    return count;
  }

  /**
   * A blob goes when no message has referred to it for as long as a link to it is good: the last attempt of its message
   * may have handed out one just before.
   */
  async #blobs(nowMs: Ms): Promise<number> {
    const { store } = this.#services;
    const before = this.#unreferred;
    const unreferred = new Map<string, Ms>();
    let count = 0;
    let after = '';
    while (await this.#mayGoOn()) {
      const rows = sweepBlobs(store.reads, after, RETENTION_ROWS_PER_STEP);
      const due: string[] = [];
      for (const { blobId } of rows.filter(({ isReferred }) => isReferred === 0)) {
        const sinceMs = before.get(blobId) ?? nowMs;
        if (nowMs - sinceMs >= DOWNLOAD_TTL_MS) due.push(blobId);
        else unreferred.set(blobId, sinceMs);
      }
      if (due.length > 0) await store.commit([expireBlobs(due)]);
      count += due.length;
      if (rows.length < RETENTION_ROWS_PER_STEP) break;
      after = rows.at(-1)?.blobId ?? after;
    }
    this.#unreferred = unreferred;
    return count;
  }

  async #oauthStates(nowMs: Ms): Promise<number> {
    const { store } = this.#services;
    let count = 0;
    while (await this.#mayGoOn()) {
      const hashes = readExpiredStateHashes(store.reads, nowMs, RETENTION_ROWS_PER_STEP);
      if (hashes.length > 0) await store.commit([eraseOauthStates(hashes)]);
      count += hashes.length;
      if (hashes.length < RETENTION_ROWS_PER_STEP) break;
    }
    return count;
  }

  async #uploads(nowMs: Ms): Promise<number> {
    const { store } = this.#services;
    let count = 0;
    while (await this.#mayGoOn()) {
      const ids = readExpiredUploadIds(store.reads, nowMs, RETENTION_ROWS_PER_STEP);
      if (ids.length > 0) await store.commit([expireUploads(ids)]);
      count += ids.length;
      if (ids.length < RETENTION_ROWS_PER_STEP) break;
    }
    return count;
  }

  /** Windows that are over and limits that nobody asked for in a month. */
  async #budgets(nowMs: Ms): Promise<number> {
    const { store, budgets } = this.#services;
    let count = 0;
    while (await this.#mayGoOn()) {
      const keys = readExpiredBudgets(store.reads, nowMs, RETENTION_ROWS_PER_STEP);
      count += budgets.over(keys).length;
      // What was written anew is not over any more.
      if (keys.length > 0) await store.commit([expireBudgets(keys, nowMs)]);
      if (keys.length < RETENTION_ROWS_PER_STEP) break;
    }
    return count;
  }

  /** Keys of webhooks' events that no provider delivers again. */
  async #inbox(beforeMs: Ms): Promise<number> {
    const { store } = this.#services;
    let count = 0;
    while (await this.#mayGoOn()) {
      const seqs = readExpiredInbox(store.reads, beforeMs, RETENTION_ROWS_PER_STEP);
      if (seqs.length > 0) await store.commit([expireInbox(seqs)]);
      count += seqs.length;
      if (seqs.length < RETENTION_ROWS_PER_STEP) break;
    }
    return count;
  }

  /** Events of actors that run again; those of paused ones wait for an operator, however long that takes. */
  #quarantine(beforeMs: Ms): Promise<number> {
    const { store } = this.#services;
    return this.#sweep(
      (after) => sweepQuarantine(store.reads, after, beforeMs, RETENTION_ROWS_PER_STEP),
      (ids) => store.commit(ids.map((seq) => deleteQuarantined(Number(seq)))),
    );
  }

  /** Actors that have ended and of which nothing is outstanding. */
  async #endedActors(): Promise<number> {
    const { store, runtime } = this.#services;
    let count = 0;
    while (await this.#mayGoOn()) {
      const ended = readEndedActors(store.reads, RETENTION_ROWS_PER_STEP);
      const removed = ended.length > 0 ? await runtime.removeEnded(ended) : 0;
      count += removed;
      if (removed < RETENTION_ROWS_PER_STEP) break;
    }
    return count;
  }
}

/** In small steps; what is freed meanwhile waits for the next time. */
export async function giveBackPages(store: Store, isStopped: () => boolean): Promise<void> {
  const free = store.reads.get<{ freelist_count: number }>('PRAGMA freelist_count')?.freelist_count ?? 0;
  for (let left = free; left > 0 && !isStopped(); left -= VACUUM_PAGES_PER_STEP) {
    await store.vacuum(VACUUM_PAGES_PER_STEP);
  }
}
