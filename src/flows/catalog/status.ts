// How the catalog stands towards upstream, for operators: what was asked when, what was refused and why, what upstream
// no longer has. A running server answers from memory, a command from the rows that the last refresh left.

import type { LiveCatalog, RefusedEntry } from '../../catalog/liveCatalog.ts';
import { OPERATOR_LIST_MAX } from '../../core/limits.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import type { CatalogEntryRow } from '../../store/tables/catalog.ts';
import type { RefreshState } from './stored.ts';

/** By provider: since when an upstream entry is as it is, and since when upstream no longer has it. */
export type EntryTimes = ReadonlyMap<string, Pick<CatalogEntryRow, 'acceptedAtMs' | 'missingSinceMs'>>;

/** What only a running server knows. */
export interface Attempts {
  readonly attemptedAtMs: Ms | null;
  readonly nextAtMs: Ms | null;
  /** Of the last attempt; null if it succeeded. */
  readonly lastError: string | null;
}

/** Times are RFC 3339; lists have at most OPERATOR_LIST_MAX items. */
export interface CatalogStatus {
  /** Address without its query, or path; null where no upstream is configured. */
  readonly url: string | null;
  /** What the upstream entries are from: another source until `url` has answered for the first time. */
  readonly copyOf: string | null;
  readonly lastAttemptAt: string | null;
  readonly lastSuccessAt: string | null;
  /** When entries were last different from before. */
  readonly lastChangeAt: string | null;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
  readonly etag: string | null;
  /** When upstream made the file, as it says. */
  readonly timestamp: string | null;
  /** Providers in the catalog, and those of them that upstream has or had. */
  readonly providers: number;
  readonly entries: number;
  readonly refusedCount: number;
  readonly refused: readonly RefusedEntry[];
  readonly missingCount: number;
  /** Upstream no longer has them; they stay as they were. */
  readonly missing: readonly { readonly name: string; readonly since: string }[];
  readonly unknownKeys: readonly { readonly name: string; readonly field: string }[];
  /** Providers that TENON_CATALOG_FILE names and nobody declares yet. */
  readonly overridesWaiting: readonly string[];
}

const NO_ATTEMPTS: Attempts = { attemptedAtMs: null, nextAtMs: null, lastError: null };

export function catalogStatus(
  url: string | null,
  catalog: LiveCatalog,
  lastState: RefreshState | null,
  times: EntryTimes,
  attempts = NO_ATTEMPTS,
): CatalogStatus {
  const state = lastState?.source === url ? lastState : null;
  const missing = [...times].flatMap(([name, { missingSinceMs }]) =>
    missingSinceMs === null ? [] : [{ name, since: toRfc3339(missingSinceMs) }],
  );
  const unknownKeys = [...catalog.upstream.values()].flatMap((entry) =>
    entry.unknownKeys.map((field) => ({ name: entry.name, field })),
  );
  return {
    url,
    copyOf: lastState?.source ?? null,
    lastAttemptAt: timeOrNull(attempts.attemptedAtMs),
    lastSuccessAt: timeOrNull(state?.succeededAtMs),
    lastChangeAt: timeOrNull(state?.changedAtMs),
    nextAttemptAt: timeOrNull(attempts.nextAtMs),
    lastError: attempts.lastError,
    etag: state?.etag ?? null,
    timestamp: state?.timestamp ?? null,
    providers: catalog.list().length,
    entries: catalog.upstream.size,
    refusedCount: state?.refusedCount ?? 0,
    refused: state?.refused ?? [],
    missingCount: missing.length,
    missing: missing.slice(0, OPERATOR_LIST_MAX),
    unknownKeys: unknownKeys.slice(0, OPERATOR_LIST_MAX),
    overridesWaiting: catalog.overridesWaiting.slice(0, OPERATOR_LIST_MAX),
  };
}

function timeOrNull(atMs: Ms | null | undefined): string | null {
  return atMs === null || atMs === undefined ? null : toRfc3339(atMs);
}
