// The last good copy of an upstream catalog, one row per provider. Where it came from, and what was refused of it, is
// the row `catalog` of `meta`, written in the same commit.

import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const CATALOG_STATEMENTS = {
  'catalogEntries.put': `INSERT INTO catalogEntries (name, entry, acceptedAtMs, missingSinceMs) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET entry = excluded.entry, acceptedAtMs = excluded.acceptedAtMs,
    missingSinceMs = excluded.missingSinceMs`,
  'catalogEntries.delete': 'DELETE FROM catalogEntries WHERE name = ?',
} as const;

export interface CatalogEntryRow {
  readonly name: string;
  /** JSON, as upstream had it. */
  readonly entry: string;
  readonly acceptedAtMs: Ms;
  /** When upstream no longer had it; null while it has it. */
  readonly missingSinceMs: Ms | null;
}

export function putCatalogEntry(row: CatalogEntryRow): RowWrite {
  return { statement: 'catalogEntries.put', params: [row.name, row.entry, row.acceptedAtMs, row.missingSinceMs] };
}

export function deleteCatalogEntry(name: string): RowWrite {
  return { statement: 'catalogEntries.delete', params: [name] };
}

export function readCatalogEntries(reads: Reads): CatalogEntryRow[] {
  return reads.all('SELECT * FROM catalogEntries ORDER BY name');
}
