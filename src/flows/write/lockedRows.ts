// Writes that met a locked row. They changed nothing, so they are sent again: some times, each after a short pause, and
// alone among the writes of the same rows, since two that are repeated side by side meet each other's locks.
// Source: https://developer.salesforce.com/docs/atlas.en-us.draes.meta/draes/draes_tools_locking.htm

import {
  type BatchOutcome,
  notWritten,
  type RecordOutcome,
  type WriteConnector,
  type WriteRecord,
} from '../../connectors/contract.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import {
  CALLER_WAIT_MS_MAX,
  LOCKED_BACKOFF_BASE_MS,
  LOCKED_BACKOFF_MS_MAX,
  LOCKED_TRIES_MAX,
} from '../../core/limits.ts';
import type { Clock } from '../../core/time.ts';
import type { RowLanes } from './rowLanes.ts';

/** Sends records. Rejects if they were refused as a whole. */
type Send = (records: readonly WriteRecord[]) => Promise<BatchOutcome>;

/** What it takes to send records again. */
export interface Repeating {
  readonly clock: Clock;
  readonly lanes: RowLanes;
  readonly rowsLockedBy: NonNullable<WriteConnector['rowsLockedBy']>;
  /** Rows are those of an account. */
  readonly accountKey: string;
  /** Where one record cannot be written, none is: they go again together or not at all. */
  readonly isAllOrNone: boolean;
}

/** What came of sending. `error`: it was refused as a whole. `locked`: places of the records that met a lock. */
interface Try {
  readonly results: readonly RecordOutcome[];
  readonly errors: BatchOutcome['errors'];
  readonly warnings: readonly string[];
  readonly error: unknown;
  readonly locked: readonly number[];
}

/** Sends, and again what met a lock. Rejects as `send` does. */
export async function sendPastLocks(
  repeating: Repeating,
  records: readonly WriteRecord[],
  send: Send,
): Promise<BatchOutcome> {
  const { clock, lanes, rowsLockedBy, accountKey } = repeating;
  const first = await tried(repeating, records, send);
  if (first.locked.length === 0) return outcomeOf(first);
  const rows = at(records, first.locked).flatMap((record) => rowsLockedBy(record));
  const names = rows.map((row) => `${accountKey}/${row}`);
  const later = await lanes.alone(names, clock.nowMs() + CALLER_WAIT_MS_MAX, () =>
    repeated(repeating, records, send, first),
  );
  return outcomeOf(later ?? first);
}

async function repeated(repeating: Repeating, records: readonly WriteRecord[], send: Send, first: Try): Promise<Try> {
  let last = first;
  for (let count = 0; count < LOCKED_TRIES_MAX && last.locked.length > 0; count++) {
    await repeating.lanes.pause(fullJitterMs(count, LOCKED_BACKOFF_BASE_MS, LOCKED_BACKOFF_MS_MAX));
    last = merged(last, await tried(repeating, at(records, last.locked), send));
  }
  return last;
}

async function tried({ isAllOrNone }: Repeating, records: readonly WriteRecord[], send: Send): Promise<Try> {
  const all = [...records.keys()];
  try {
    const { results, errors, warnings = [] } = await send(records);
    const locked = all.filter((place) => results[place]?.isWorthRepeating === true);
    // Beside a record that is refused for good, the others are only rolled back once more.
    return { results, errors, warnings, error: null, locked: isAllOrNone && locked.length < all.length ? [] : locked };
  } catch (error) {
    return { results: [], errors: [], warnings: [], error, locked: isLock(error) ? all : [] };
  }
}

function isLock(error: unknown): boolean {
  return error instanceof IntegrationError && error.code === 'conflict_upstream' && error.isRetryable;
}

/** `next` is of the records that were locked before. Others of the batch may be written, whatever became of these. */
function merged(before: Try, next: Try): Try {
  const isPart = before.results.length > before.locked.length;
  if (!isPart) return next;
  const results = [...before.results];
  for (const [index, place] of before.locked.entries()) {
    const failure = (): RecordOutcome => notWritten([{ message: errorFacts(next.error).message }]);
    results[place] = next.results[index] ?? failure();
  }
  const warnings = [...before.warnings, ...next.warnings];
  return { results, errors: next.errors, warnings, error: null, locked: at(before.locked, next.locked) };
}

function outcomeOf({ results, errors, warnings, error }: Try): BatchOutcome {
  if (error !== null) throw error;
  return { results, errors, warnings };
}

function at<Item>(items: readonly Item[], places: readonly number[]): readonly Item[] {
  return places.flatMap((place) => items[place] ?? []);
}
