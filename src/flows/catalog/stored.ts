// The last good copy of an upstream catalog in the store: read at the start, before the first request and without the
// network, and by commands on a folder. It serves until upstream has answered, also where that is another one than
// before: a source that moved must not leave customers without their providers.

import { z } from 'zod';
import type { LiveCatalog, RefusedEntry } from '../../catalog/liveCatalog.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { Reads, RowWrite } from '../../store/port.ts';
import { putMeta, readMeta } from '../../store/tables/accounts.ts';
import { type CatalogEntryRow, readCatalogEntries } from '../../store/tables/catalog.ts';

const META = 'catalog';

const stateSchema = z.object({
  /** `CatalogSource.shown` */
  source: z.string(),
  etag: z.string().nullable(),
  /** Of the file, as it says itself. */
  timestamp: z.string().nullable(),
  succeededAtMs: z.number(),
  /** When entries were last different from before. */
  changedAtMs: z.number().nullable(),
  /** The first ones of `refusedCount`. */
  refused: z.array(z.object({ name: z.string(), field: z.string(), reason: z.string() })).readonly(),
  refusedCount: z.number(),
});

/** What is known about the last refresh that succeeded. */
export type RefreshState = z.infer<typeof stateSchema>;

export interface StoredCatalog {
  /** Null before the first refresh, or where it cannot be read. */
  readonly state: RefreshState | null;
  readonly rows: readonly CatalogEntryRow[];
}

export function putRefreshState(state: RefreshState): RowWrite {
  return putMeta(META, JSON.stringify(state));
}

export function readStoredCatalog(reads: Reads): StoredCatalog {
  const parsed = stateSchema.safeParse(jsonOrNull(readMeta(reads, META) ?? ''));
  return { state: parsed.success ? parsed.data : null, rows: readCatalogEntries(reads) };
}

/** Takes over what is stored and answers what this version, or the operator's file, no longer allows. */
export function takeOverStored(catalog: LiveCatalog, rows: readonly CatalogEntryRow[]): readonly RefusedEntry[] {
  const judged = rows.map(({ name, entry }) => catalog.judge(name, jsonOrNull(entry)));
  const accepted = judged.flatMap((entry) => ('reason' in entry ? [] : [entry]));
  catalog.replaceUpstream(new Map(accepted.map((entry) => [entry.name, entry])));
  return judged.flatMap((entry) => ('reason' in entry ? [entry] : []));
}
