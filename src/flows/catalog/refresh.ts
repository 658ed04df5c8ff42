// Keeps the catalog as upstream has it (TENON_CATALOG_URL): takes over the last good copy at the start, asks upstream
// every half hour and takes over what has changed, entry by entry. What it cannot use changes nothing. Invariants: one
// attempt at a time; what the catalog answers is on disk; a provider never goes away because upstream dropped it.

import { changesOf, judgeFile, type Verdict } from '../../catalog/judgeFile.ts';
import type { LiveCatalog } from '../../catalog/liveCatalog.ts';
import type { CatalogSource } from '../../catalog/source.ts';
import { parseUpstream, type UpstreamFile } from '../../catalog/upstream.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { chance } from '../../core/chance.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import {
  CATALOG_ENTRIES_PER_TURN,
  CATALOG_INTERVAL_JITTER_SHARE,
  CATALOG_INTERVAL_MS,
  CATALOG_RETRY_BASE_MS,
  OPERATOR_LIST_MAX,
} from '../../core/limits.ts';
import type { Ms, Timer } from '../../core/time.ts';
import { type CatalogEntryRow, deleteCatalogEntry, putCatalogEntry } from '../../store/tables/catalog.ts';
import type { Services } from '../services.ts';
import { type Fetched, fetchCatalog } from './fetchCatalog.ts';
import { logOverridesWaiting, logRefused, logTakenOver } from './refreshLog.ts';
import { type Attempts, type CatalogStatus, catalogStatus, type EntryTimes } from './status.ts';
import { putRefreshState, type RefreshState, readStoredCatalog, takeOverStored } from './stored.ts';

/** Runs by itself from `start` to `stop`; without a source it does nothing. */
export class CatalogRefresh {
  readonly #services: Pick<Services, 'store' | 'egress' | 'clock' | 'log'>;
  readonly #catalog: LiveCatalog;
  readonly #source: CatalogSource | null;
  readonly #stopping = new AbortController();
  #times: EntryTimes = new Map();
  /** Of the last refresh that succeeded, in this process or before and from whichever source; null if none did. */
  #state: RefreshState | null = null;
  /** What to ask with. Null where the same answer could mean something else than it did. */
  #etag: string | null = null;
  #attempts: Attempts = { attemptedAtMs: null, nextAtMs: null, lastError: null };
  #failures = 0;
  #hasSucceeded = false;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;

  constructor(
    services: Pick<Services, 'store' | 'egress' | 'clock' | 'log'>,
    catalog: LiveCatalog,
    source: CatalogSource | null,
  ) {
    this.#services = services;
    this.#catalog = catalog;
    this.#source = source;
  }

  /** Takes over the last good copy, before anybody asks the catalog. */
  load(): this {
    const { store, log } = this.#services;
    if (this.#source === null) return this;
    const { state, rows } = readStoredCatalog(store.reads);
    const unusable = takeOverStored(this.#catalog, rows);
    logRefused(log, unusable, 'a stored entry of the catalog can no longer be used');
    this.#state = state;
    this.#times = new Map(rows.filter(({ name }) => this.#catalog.upstream.has(name)).map((row) => [row.name, row]));
    // What was refused then may be taken now, by another version or with another operator's file.
    const isAllTaken = unusable.length === 0 && state?.refusedCount === 0;
    if (isAllTaken && state.source === this.#source.shown) this.#etag = state.etag;
    return this;
  }

  start(): void {
    if (this.#source !== null) this.#arm(0);
  }

  /** Resolves when the attempt under way, if there is one, has been given up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    await this.#running;
  }

  /**
   * Asks upstream now, or joins the attempt under way. Whether it worked is in the status. Rejects with `invalid_input`
   * without a source.
   */
  refresh(): Promise<void> {
    if (this.#source === null) {
      const remedy = 'Set TENON_CATALOG_URL to the address or the file of a catalog.';
      return Promise.reject(new IntegrationError('invalid_input', 'no upstream catalog is configured', { remedy }));
    }
    this.#running ??= this.#attempt(this.#source).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  status(): CatalogStatus {
    return catalogStatus(this.#source?.shown ?? null, this.#catalog, this.#state, this.#times, this.#attempts);
  }

  #arm(delayMs: number): void {
    const { clock } = this.#services;
    if (this.#stopping.signal.aborted) return;
    const nextAtMs = clock.nowMs() + delayMs;
    this.#attempts = { ...this.#attempts, nextAtMs };
    this.#timer = clock.timerAt(nextAtMs, () => void this.refresh());
  }

  async #attempt(source: CatalogSource): Promise<void> {
    const { clock, log, egress } = this.#services;
    const nowMs = clock.nowMs();
    this.#timer?.cancel();
    this.#attempts = { ...this.#attempts, attemptedAtMs: nowMs, nextAtMs: null };
    try {
      await this.#takeOver(source, await fetchCatalog(egress, source, this.#etag, nowMs, this.#stopping.signal));
      this.#failures = 0;
      this.#attempts = { ...this.#attempts, lastError: null };
      if (!this.#hasSucceeded) logOverridesWaiting(log, this.#catalog.overridesWaiting);
      this.#hasSucceeded = true;
      this.#arm(spreadMs(CATALOG_INTERVAL_MS, CATALOG_INTERVAL_JITTER_SHARE));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#failures += 1;
      const { message } = errorFacts(error);
      this.#attempts = { ...this.#attempts, lastError: message };
      log.warn({ catalog: source.shown, err: message }, 'the catalog could not be refreshed; it stays as it is');
      this.#arm(pauseMs(this.#failures, error, nowMs));
    }
  }

  async #takeOver(source: CatalogSource, fetched: Fetched): Promise<void> {
    const { store, clock, log } = this.#services;
    if (fetched.kind === 'unchanged') {
      if (this.#state === null) return;
      const confirmed = { ...this.#state, succeededAtMs: clock.nowMs() };
      await store.commit([putRefreshState(confirmed)]);
      this.#state = confirmed;
      return;
    }
    const before = this.#state;
    const file = parseUpstream(fetched.text);
    const verdict = await this.#judge(file, before?.source !== source.shown);
    const nowMs = clock.nowMs();
    const changes = changesOf(this.#catalog, verdict);
    const state: RefreshState = {
      source: source.shown,
      etag: fetched.etag,
      timestamp: file.timestamp,
      succeededAtMs: nowMs,
      changedAtMs: changes.length > 0 ? nowMs : (before?.changedAtMs ?? null),
      refused: verdict.refused.slice(0, OPERATOR_LIST_MAX),
      refusedCount: verdict.refused.length,
    };
    const times = timesAfter(this.#times, verdict, nowMs);
    const rows = rowsBetween(this.#times, times, verdict);
    await store.commit([
      ...verdict.dropped.map(deleteCatalogEntry),
      ...rows.map(putCatalogEntry),
      putRefreshState(state),
    ]);
    this.#state = state;
    this.#times = times;
    this.#etag = fetched.etag;
    if (verdict.changed.length > 0 || verdict.dropped.length > 0) this.#catalog.replaceUpstream(verdict.entries);
    const isNews = JSON.stringify(before?.refused ?? []) !== JSON.stringify(state.refused);
    if (isNews) logRefused(log, verdict.refused, 'an entry of the catalog is refused');
    logTakenOver(log, source.shown, verdict, changes);
  }

  /** A few entries per turn of the event loop: callers come first. */
  async #judge(file: UpstreamFile, isOfOtherSource: boolean): Promise<Verdict> {
    const judging = judgeFile(this.#catalog, file, isOfOtherSource);
    for (let count = 1; ; count++) {
      const step = judging.next();
      if (step.done === true) return step.value;
      if (count % CATALOG_ENTRIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      this.#stopping.signal.throwIfAborted();
    }
  }
}

function timesAfter(before: EntryTimes, { entries, changed, missing }: Verdict, nowMs: Ms): EntryTimes {
  const isNew = new Set(changed.map(({ name }) => name));
  const isMissing = new Set(missing);
  return new Map(
    [...entries.keys()].map((name) => {
      const earlier = before.get(name);
      const acceptedAtMs = isNew.has(name) ? nowMs : (earlier?.acceptedAtMs ?? nowMs);
      return [name, { acceptedAtMs, missingSinceMs: isMissing.has(name) ? (earlier?.missingSinceMs ?? nowMs) : null }];
    }),
  );
}

/** The rows that say something else than before. */
function rowsBetween(before: EntryTimes, after: EntryTimes, { entries, changed }: Verdict): readonly CatalogEntryRow[] {
  const isNew = new Set(changed.map(({ name }) => name));
  return [...entries.values()].flatMap(({ name, text }) => {
    const times = after.get(name);
    const isStored = !isNew.has(name) && before.get(name)?.missingSinceMs === times?.missingSinceMs;
    return times === undefined || isStored ? [] : [{ name, entry: text, ...times }];
  });
}

/** The delay, give or take a share of it. */
function spreadMs(delayMs: number, share: number): number {
  return Math.ceil(delayMs * (1 - share)) + chance.below(Math.ceil(2 * share * delayMs));
}

/** After so many failures: longer each time, at least what upstream asked for, and never longer than usual. */
function pauseMs(failures: number, error: unknown, nowMs: Ms): number {
  const retryAtMs = error instanceof IntegrationError ? (error.retryAtMs ?? nowMs) : nowMs;
  const backoffMs = CATALOG_RETRY_BASE_MS + fullJitterMs(failures, CATALOG_RETRY_BASE_MS, CATALOG_INTERVAL_MS);
  return Math.min(CATALOG_INTERVAL_MS, Math.max(backoffMs, retryAtMs - nowMs));
}
