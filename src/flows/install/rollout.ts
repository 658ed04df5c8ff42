// Brings installations to the latest revision of their integration, without waking all of them. What an installation
// does, it does by the latest revision in any case: each page, call and schedule looks it up. So most only have to be
// noted; told are those whose schedules, objects or subscriptions the revision changes for their config, a bounded
// number at a time.
// Invariant: what is left to do is what the tables say, so a crash anywhere loses and repeats nothing.

import type { Runtime } from '../../../actors/runtime.ts';
import { errorFacts } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { ROLLOUT_CHECK_MS, ROLLOUT_PAUSE_MS, ROLLOUT_RETRY_MS, ROLLOUT_WINDOW } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Clock, Timer } from '../../core/time.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { isSameAgenda } from '../../manifest/effective.ts';
import { type RunningRevision, runningSpec } from '../../manifest/kept.ts';
import { effectiveSubscriptions, isSameSubscriptions } from '../../manifest/subscriptions.ts';
import type { Store } from '../../store/store.ts';
import { readRevision } from '../../store/tables/installations.ts';
import { adoptRevision, readStaleInstallations, type StaleInstallation } from '../../store/tables/rollout.ts';
import { readSubscription } from '../../store/tables/subscriptions.ts';
import { parsedRevision } from './installations.ts';

interface Parts {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a provider has to be asked for its events. */
  readonly isAsked: (provider: string) => boolean;
}

/** Of one round: all windows until none is left. */
interface Counts {
  readonly noted: number;
  readonly told: number;
  /** Could not be told, e.g. because their actor is paused. The next windows pass over them, they come first. */
  readonly troubled: number;
}

const NONE: Counts = { noted: 0, told: 0, troubled: 0 };

/** Runs by itself from `start` to `stop`. */
export class Rollout {
  readonly #parts: Parts;
  #counts: Counts = NONE;
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    this.#arm(0);
    // What a full disk kept from being adopted.
    this.#parts.store.onRecovered(() => void this.next());
  }

  /** Resolves when the window that is under way is on disk. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Begins a round with a window now; the others follow at their pace. Resolves when it is done, never rejects. */
  next(): Promise<void> {
    this.#counts = { ...this.#counts, troubled: 0 };
    return this.#run();
  }

  #run(): Promise<void> {
    this.#timer?.cancel();
    this.#running = this.#running.then(() => this.#window());
    return this.#running;
  }

  #arm(delayMs: number): void {
    const { clock } = this.#parts;
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = clock.timerAt(clock.nowMs() + delayMs, () => void this.#run());
  }

  async #window(): Promise<void> {
    const { store, log } = this.#parts;
    if (this.#isStopped) return;
    try {
      const { troubled } = this.#counts;
      const stale = store.hasRoom ? readStaleInstallations(store.reads, ROLLOUT_WINDOW, troubled) : null;
      if (stale !== null && stale.length > 0) await this.#adopt(stale);
      if (stale === null || stale.length === ROLLOUT_WINDOW) this.#arm(ROLLOUT_PAUSE_MS);
      else this.#endRound();
    } catch (error) {
      log.warn({ err: errorFacts(error).message }, 'the rollout of a manifest was interrupted');
      this.#arm(ROLLOUT_RETRY_MS);
    }
  }

  #endRound(): void {
    const { log } = this.#parts;
    const counts = this.#counts;
    if (counts.troubled > 0) log.warn(counts, 'some installations keep their earlier manifest for now');
    else if (counts.noted + counts.told > 0) log.info(counts, 'installations run by the latest manifest');
    this.#counts = NONE;
    this.#arm(counts.troubled > 0 ? ROLLOUT_RETRY_MS : ROLLOUT_CHECK_MS);
  }

  async #adopt(stale: readonly StaleInstallation[]): Promise<void> {
    const { store } = this.#parts;
    const specs = this.#specsOf(stale);
    const { told = [], noted = [] } = Object.groupBy(stale, (row) => (this.#isToldOf(row, specs) ? 'told' : 'noted'));
    const byRevision = Map.groupBy(noted, ({ revisionId, latestRevisionId }) => `${revisionId} ${latestRevisionId}`);
    const writes = [...byRevision.values()].flatMap((rows) => adoptionOf(rows) ?? []);
    if (writes.length > 0) await store.commit(writes);
    const isTold = await Promise.all(told.map((row) => this.#tell(row)));
    const count = isTold.filter(Boolean).length;
    const { noted: notedBefore, told: toldBefore, troubled } = this.#counts;
    this.#counts = {
      noted: notedBefore + noted.length,
      told: toldBefore + count,
      troubled: troubled + told.length - count,
    };
  }

  async #tell(row: StaleInstallation): Promise<boolean> {
    const { runtime, log } = this.#parts;
    const { installationId, connectionId } = row;
    const event = { type: 'installation.configured', connectionId };
    const writes = [adoptionOf([row])].filter((write) => write !== null);
    try {
      return await runtime.send(actorIdOf('installation', installationId), event, { writes });
    } catch (error) {
      log.debug({ installationId, err: errorFacts(error).message }, 'an installation keeps its earlier manifest');
      return false;
    }
  }

  #isToldOf(row: StaleInstallation, specs: ReadonlyMap<string, RunningRevision>): boolean {
    const [before, after] = [specs.get(row.revisionId), specs.get(row.latestRevisionId)];
    if (before === undefined || after === undefined) return true;
    const config = JSON.parse(row.config) as ConfigContent;
    const [from, to] = [runningSpec(before, row.createdAtMs), runningSpec(after, row.createdAtMs)];
    if (!isSameAgenda(from, to, config) || !isSameSubscriptions(from, to, config)) return true;
    // Installed by a version that asked nobody.
    const { store, isAsked } = this.#parts;
    const isUnasked = isAsked(to.provider) && readSubscription(store.reads, row.installationId) === undefined;
    return isUnasked && effectiveSubscriptions(to, config).length > 0;
  }

  /** The revisions of a window, each read once: few, however many installations there are. */
  #specsOf(stale: readonly StaleInstallation[]): ReadonlyMap<string, RunningRevision> {
    const { reads } = this.#parts.store;
    const ids = new Set(stale.flatMap(({ revisionId, latestRevisionId }) => [revisionId, latestRevisionId]));
    const revisions = [...ids].flatMap((id) => readRevision(reads, id) ?? []);
    return new Map(revisions.map((row) => [row.revisionId, parsedRevision(row)]));
  }
}

/** The write for rows that go from one revision to one other. */
function adoptionOf(rows: readonly StaleInstallation[]) {
  const [first] = rows;
  if (first === undefined) return null;
  const ids = rows.map(({ installationId }) => installationId);
  return adoptRevision(ids, first.revisionId, first.latestRevisionId);
}
