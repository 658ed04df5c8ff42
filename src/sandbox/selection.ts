// Which rows match a query, and in which order, without walking them: base rows come as index ranges and overlay rows
// are merged in between. Called by HubSpot search and SOQL. Pure over `ObjectRows`. Invariant: cost is O(overlay)
// unless the query carries a predicate over generated values or a sort without an index.

import { SANDBOX_SORT_ROWS_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { Comparison } from './fields.ts';
import type { ObjectRows, RecordRow } from './records.ts';

/** Comparisons that leave one range. */
export type Bound = Exclude<Comparison, 'NEQ'>;

export interface RowQuery {
  /** Indexes from, inclusive, to, exclusive. */
  readonly indexFrom: number;
  readonly indexTo: number;
  /** Only these, ascending; null for no such list. */
  readonly indexes: readonly number[] | null;
  /** Modification times from, inclusive, to, exclusive. */
  readonly modifiedFromMs: Ms;
  readonly modifiedToMs: Ms;
  /** A condition that only looking at the row can decide; null if there is none. */
  readonly predicate: ((row: RecordRow) => boolean) | null;
  readonly rows: 'live' | 'removed' | 'all';
  readonly order: RowOrder;
}

/** Creation time grows with the index, so an order by either is `index`. */
export type RowOrder =
  | { readonly by: 'index' | 'modified'; readonly isDescending: boolean }
  | { readonly by: 'value'; readonly compare: (a: RecordRow, b: RecordRow) => number };

export const EVERY_ROW: RowQuery = {
  indexFrom: 0,
  indexTo: Number.POSITIVE_INFINITY,
  indexes: null,
  modifiedFromMs: Number.NEGATIVE_INFINITY,
  modifiedToMs: Number.POSITIVE_INFINITY,
  predicate: null,
  rows: 'live',
  order: { by: 'index', isDescending: false },
};

/** The query with one more bound on the index or the modification time, both whole numbers. */
export function narrowed(query: RowQuery, key: 'index' | 'modified', comparison: Bound, value: number): RowQuery {
  const from = comparison === 'GT' ? value + 1 : comparison === 'LT' || comparison === 'LTE' ? -Infinity : value;
  const to = comparison === 'LT' ? value : comparison === 'GT' || comparison === 'GTE' ? Infinity : value + 1;
  if (key === 'index') {
    return { ...query, indexFrom: Math.max(query.indexFrom, from), indexTo: Math.min(query.indexTo, to) };
  }
  return {
    ...query,
    modifiedFromMs: Math.max(query.modifiedFromMs, from),
    modifiedToMs: Math.min(query.modifiedToMs, to),
  };
}

/** The query with one more condition on the row itself. */
export function filtered(query: RowQuery, condition: (row: RecordRow) => boolean): RowQuery {
  const { predicate } = query;
  return { ...query, predicate: predicate === null ? condition : (row) => predicate(row) && condition(row) };
}

/** Consecutive indexes, `start` inclusive, `end` exclusive. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** The answer to a query, frozen: rows that change later neither enter nor leave it, as with a vendor's cursor. */
export interface Selection {
  readonly total: number;
  /** Indexes of the rows from `offset`, at most `limit`. */
  indexes(offset: number, limit: number): number[];
}

/** Null when the query sorts more rows by value than the sandbox sorts. */
export function select(rows: ObjectRows, query: RowQuery): Selection | null {
  const { order } = query;
  const runs = mergedRuns(rows, query);
  if (order.by !== 'value') return selectionOf(runs, order.isDescending);
  if (totalOf(runs) > SANDBOX_SORT_ROWS_MAX) return null;
  const sorted: RecordRow[] = [];
  for (const index of ascending(runs)) {
    const row = rows.at(index);
    if (row !== null) sorted.push(row);
  }
  sorted.sort((a, b) => order.compare(a, b) || a.index - b.index);
  return {
    total: sorted.length,
    indexes: (offset, limit) => sorted.slice(offset, offset + limit).map((row) => row.index),
  };
}

/** Where a matching overlay row goes: before the base row at `position`. */
interface Insert {
  readonly position: number;
  readonly index: number;
}

function mergedRuns(rows: ObjectRows, query: RowQuery): readonly Run[] {
  const inserts = insertsOf(rows, query);
  const runs: Run[] = [];
  const { start, end } = baseRange(rows, query);
  const holes = rows.overlayByIndex();
  let at = start;
  let hole = 0;
  const baseUntil = (until: number) => {
    while (at < until) {
      while (hole < holes.length && (holes[hole]?.index ?? 0) < at) hole += 1;
      const nextHole = Math.min(holes[hole]?.index ?? until, until);
      pushBase(runs, rows, { start: at, end: nextHole }, query);
      at = nextHole < until ? nextHole + 1 : until;
    }
  };
  for (const insert of inserts) {
    baseUntil(Math.min(insert.position, end));
    push(runs, { start: insert.index, end: insert.index + 1 });
  }
  baseUntil(end);
  return runs;
}

function insertsOf(rows: ObjectRows, query: RowQuery): readonly Insert[] {
  const isByModified = query.order.by === 'modified';
  const inserts: Insert[] = [];
  for (const row of isByModified ? rows.overlayByModified() : rows.overlayByIndex()) {
    if (!isOverlayMatch(row, query)) continue;
    const position = isByModified ? rows.baseCountModifiedBefore(row.modifiedMs + 1) : row.index;
    inserts.push({ position, index: row.index });
  }
  return inserts;
}

function isOverlayMatch(row: RecordRow, query: RowQuery): boolean {
  if (query.rows !== 'all' && row.isRemoved !== (query.rows === 'removed')) return false;
  if (row.index < query.indexFrom || row.index >= query.indexTo) return false;
  if (query.indexes !== null && !query.indexes.includes(row.index)) return false;
  if (row.modifiedMs < query.modifiedFromMs || row.modifiedMs >= query.modifiedToMs) return false;
  return query.predicate === null || query.predicate(row);
}

/** Base rows are never removed, so a query for removed ones has no base range. */
function baseRange(rows: ObjectRows, query: RowQuery): Run {
  if (query.rows === 'removed') return { start: 0, end: 0 };
  const start = Math.max(0, query.indexFrom, rows.baseCountModifiedBefore(query.modifiedFromMs));
  const end = Math.min(rows.baseCount, query.indexTo, rows.baseCountModifiedBefore(query.modifiedToMs));
  return { start, end: Math.max(start, end) };
}

function pushBase(runs: Run[], rows: ObjectRows, run: Run, { indexes, predicate }: RowQuery): void {
  if (indexes === null && predicate === null) {
    push(runs, run);
    return;
  }
  for (const index of indexes ?? ascending([run])) {
    if (index < run.start || index >= run.end) continue;
    const row = predicate === null ? null : rows.at(index);
    if (row === null || predicate?.(row)) push(runs, { start: index, end: index + 1 });
  }
}

function push(runs: Run[], run: Run): void {
  if (run.start >= run.end) return;
  const last = runs.at(-1);
  if (last?.end === run.start) runs[runs.length - 1] = { start: last.start, end: run.end };
  else runs.push(run);
}

function totalOf(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.end - run.start, 0);
}

function* ascending(runs: readonly Run[]): Generator<number> {
  for (const run of runs) for (let index = run.start; index < run.end; index += 1) yield index;
}

function selectionOf(runs: readonly Run[], isDescending: boolean): Selection {
  const total = totalOf(runs);
  return {
    total,
    indexes(offset, limit) {
      const count = Math.max(0, Math.min(limit, total - offset));
      if (!isDescending) return pageOf(runs, offset, count);
      return pageOf(runs, total - offset - count, count).reverse();
    },
  };
}

function pageOf(runs: readonly Run[], offset: number, count: number): number[] {
  const page: number[] = [];
  let skip = offset;
  for (const run of runs) {
    const length = run.end - run.start;
    if (skip >= length) {
      skip -= length;
      continue;
    }
    for (let index = run.start + skip; index < run.end; index += 1) {
      if (page.length === count) return page;
      page.push(index);
    }
    skip = 0;
  }
  return page;
}
