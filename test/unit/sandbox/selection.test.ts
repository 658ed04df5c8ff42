import { describe, expect, test } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { SANDBOX_OVERLAY_ROWS_MAX } from '../../../src/core/limits.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import { ObjectRows, type RecordRow } from '../../../src/sandbox/records.ts';
import { EVERY_ROW, filtered, narrowed, type RowQuery, select } from '../../../src/sandbox/selection.ts';

const ANCHOR_MS = Date.UTC(2026, 0, 15);

function rowsOf(baseCount: number): ObjectRows {
  return new ObjectRows({ seed: 7, baseCount, anchorMs: ANCHOR_MS });
}

/** 200 rows, some of them changed, removed and added at times before and after the anchor. */
function touched(): ObjectRows {
  const rows = rowsOf(200);
  for (const index of [0, 3, 4, 50, 51, 52, 120, 199]) rows.modify(index, ANCHOR_MS + index * 1000, { name: 'x' });
  rows.modify(10, ANCHOR_MS - 300 * DAY_MS, {});
  rows.modify(190, ANCHOR_MS - 500 * DAY_MS, {});
  for (const index of [5, 53, 198]) rows.remove(index, ANCHOR_MS + 5000);
  for (let count = 0; count < 5; count += 1) rows.create(ANCHOR_MS + count * 60_000, {});
  return rows;
}

/** What the planner must find, by walking every row. */
function walked(rows: ObjectRows, query: RowQuery): readonly number[] {
  const found: RecordRow[] = [];
  for (let index = 0; index < rows.indexEnd; index += 1) {
    const row = rows.at(index);
    if (row === null) continue;
    if (query.rows !== 'all' && row.isRemoved !== (query.rows === 'removed')) continue;
    if (index < query.indexFrom || index >= query.indexTo) continue;
    if (query.indexes !== null && !query.indexes.includes(index)) continue;
    if (row.modifiedMs < query.modifiedFromMs || row.modifiedMs >= query.modifiedToMs) continue;
    if (query.predicate?.(row) === false) continue;
    found.push(row);
  }
  const { order } = query;
  if (order.by === 'modified') found.sort((a, b) => a.modifiedMs - b.modifiedMs || a.index - b.index);
  if (order.by === 'value') found.sort((a, b) => order.compare(a, b) || a.index - b.index);
  else if (order.isDescending) found.reverse();
  return found.map((row) => row.index);
}

test('a query that sorts too many rows by value is refused', () => {
  const query: RowQuery = { ...EVERY_ROW, order: { by: 'value', compare: (a, b) => a.index - b.index } };
  expect(select(rowsOf(50_001), query)).toBeNull();
  expect(select(rowsOf(50_000), query)?.total).toBe(50_000);
});

test('changes beyond the bound of the overlay are refused', () => {
  const rows = rowsOf(0);
  for (let count = 0; count < SANDBOX_OVERLAY_ROWS_MAX; count += 1) rows.create(ANCHOR_MS, {});
  expect(() => rows.create(ANCHOR_MS, {})).toThrow(IntegrationError);
  expect(rows.modify(0, ANCHOR_MS, {})).not.toBeNull();
});

test('records that are not there can be neither seen, changed nor removed', () => {
  const rows = rowsOf(3);
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    expect(rows.at(index)).toBeNull();
    expect(rows.modify(index, ANCHOR_MS, {})).toBeNull();
    expect(rows.remove(index, ANCHOR_MS)).toBe(false);
  }
  expect(rows.remove(1, ANCHOR_MS)).toBe(true);
  expect(rows.remove(1, ANCHOR_MS)).toBe(false);
  expect(rows.modify(1, ANCHOR_MS, {})).toBeNull();
});

test('times grow with the index, stay before the start, and creation comes before modification', () => {
  const rows = rowsOf(5000);
  let before = rows.at(0);
  for (let index = 1; index < 5000; index += 1) {
    const row = rows.at(index);
    if (row === null || before === null) throw new Error('a base row is missing');
    expect(row.modifiedMs).toBeGreaterThanOrEqual(before.modifiedMs);
    expect(row.createdMs).toBeGreaterThanOrEqual(before.createdMs);
    expect(row.createdMs).toBeLessThanOrEqual(row.modifiedMs);
    expect(row.modifiedMs).toBeLessThan(ANCHOR_MS);
    before = row;
  }
  expect(ANCHOR_MS - (rows.at(0)?.modifiedMs ?? 0)).toBeGreaterThan(700 * DAY_MS);
});

describe('the planner finds what walking finds', () => {
  const orders: readonly RowQuery['order'][] = [
    { by: 'index', isDescending: false },
    { by: 'index', isDescending: true },
    { by: 'modified', isDescending: false },
    { by: 'modified', isDescending: true },
    { by: 'value', compare: (a, b) => (a.index % 7) - (b.index % 7) },
  ];
  const isEven = (row: RecordRow) => row.index % 2 === 0;
  const queries: readonly (readonly [string, RowQuery])[] = [
    ['everything', EVERY_ROW],
    ['removed rows', { ...EVERY_ROW, rows: 'removed' }],
    ['removed and live rows', { ...EVERY_ROW, rows: 'all' }],
    ['an index range', narrowed(narrowed(EVERY_ROW, 'index', 'GT', 3), 'index', 'LTE', 121)],
    ['one index', narrowed(EVERY_ROW, 'index', 'EQ', 51)],
    ['indexes beyond the end', narrowed(EVERY_ROW, 'index', 'GTE', 500)],
    ['a list of indexes', { ...EVERY_ROW, indexes: [1, 4, 5, 60, 201, 900] }],
    ['what changed since the start', narrowed(EVERY_ROW, 'modified', 'GTE', ANCHOR_MS)],
    [
      'a time range',
      narrowed(
        narrowed(EVERY_ROW, 'modified', 'GTE', ANCHOR_MS - 600 * DAY_MS),
        'modified',
        'LT',
        ANCHOR_MS - 200 * DAY_MS,
      ),
    ],
    ['a predicate', filtered(EVERY_ROW, isEven)],
    [
      'two predicates in a range',
      narrowed(
        filtered(filtered(EVERY_ROW, isEven), (row) => row.index % 3 === 0),
        'index',
        'LT',
        130,
      ),
    ],
  ];

  test.each(queries)('for %s, in every order and page size', (_name, base) => {
    const rows = touched();
    for (const order of orders) {
      const query = { ...base, order };
      const expected = walked(rows, query);
      const selection = select(rows, query);
      expect(selection?.total).toBe(expected.length);
      for (const limit of [1, 7, 1000]) {
        const paged: number[] = [];
        for (let offset = 0; offset < expected.length; offset += limit)
          paged.push(...(selection?.indexes(offset, limit) ?? []));
        expect(paged).toEqual(expected);
      }
      expect(selection?.indexes(expected.length, 10)).toEqual([]);
    }
  });
});

test('a selection keeps its rows while records change under it', () => {
  const rows = rowsOf(100);
  const selection = select(rows, narrowed(EVERY_ROW, 'modified', 'LT', ANCHOR_MS));
  rows.modify(10, ANCHOR_MS + 1, {});
  rows.remove(11, ANCHOR_MS + 1);
  expect(selection?.indexes(0, 100)).toHaveLength(100);
});

test('a hundred million rows cost no more than ten', () => {
  const rows = rowsOf(100_000_000);
  const selection = select(rows, narrowed(EVERY_ROW, 'index', 'GT', 98_765_432));
  expect(selection?.total).toBe(1_234_567);
  expect(selection?.indexes(1_000_000, 2)).toEqual([99_765_433, 99_765_434]);
});
