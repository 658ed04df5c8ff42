// The rows of one object of one account: a base that exists only as arithmetic over (seed, index), and a bounded
// overlay of rows that were changed, created or removed since. Called by every provider's routes. Invariant: an id
// belongs to one index for ever, and among base rows both the creation and the modification time grow with the
// index, so that a range of either is found by binary search and never by walking.

import { IntegrationError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { SANDBOX_OVERLAY_ROWS_MAX } from '../core/limits.ts';
import { DAY_MS, type Ms } from '../core/time.ts';
import { mix, SALT } from './generate.ts';

/** Base rows were last modified within the two years before the sandbox started. */
const MODIFIED_SPAN_MS = 730 * DAY_MS;
/** A record was created half its age before its last modification. */
const CREATED_SPAN_SHARE = 1.5;

/** One record as the field declarations see it. */
export interface RecordRow {
  readonly seed: number;
  readonly index: number;
  readonly createdMs: Ms;
  readonly modifiedMs: Ms;
  readonly isRemoved: boolean;
  /** Values written through the API or by `change`, by field name; they win over generated ones. */
  readonly written: ReadonlyMap<string, JsonValue>;
}

const NOTHING_WRITTEN: ReadonlyMap<string, JsonValue> = new Map();

export interface ObjectRowsOptions {
  readonly seed: number;
  readonly baseCount: number;
  /** The newest base row is a little older than this. */
  readonly anchorMs: Ms;
}

export class ObjectRows {
  readonly seed: number;
  readonly baseCount: number;
  readonly #anchorMs: Ms;
  readonly #overlay = new Map<number, RecordRow>();
  #nextIndex: number;
  #byIndex: readonly RecordRow[] | null = null;
  #byModified: readonly RecordRow[] | null = null;

  constructor(options: ObjectRowsOptions) {
    this.seed = options.seed;
    this.baseCount = options.baseCount;
    this.#anchorMs = options.anchorMs;
    this.#nextIndex = options.baseCount;
  }

  /** One past the highest index that was ever given out. */
  get indexEnd(): number {
    return this.#nextIndex;
  }

  /** The row, removed ones included; null where no such index was given out. */
  at(index: number): RecordRow | null {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#nextIndex) return null;
    return this.#overlay.get(index) ?? this.#baseRow(index);
  }

  /** Changed, created and removed rows, ascending by index. */
  overlayByIndex(): readonly RecordRow[] {
    this.#byIndex ??= [...this.#overlay.values()].sort((a, b) => a.index - b.index);
    return this.#byIndex;
  }

  /** The same rows, ascending by modification time, then by index. */
  overlayByModified(): readonly RecordRow[] {
    this.#byModified ??= [...this.#overlay.values()].sort((a, b) => a.modifiedMs - b.modifiedMs || a.index - b.index);
    return this.#byModified;
  }

  /** Base rows last modified before `atMs`: with growing times that is the index of the first at or after it. */
  baseCountModifiedBefore(atMs: Ms): number {
    let low = 0;
    let high = this.baseCount;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#baseModifiedMs(middle) >= atMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Appends a record created at `atMs`. Rejects with `overloaded` when the overlay is full. */
  create(atMs: Ms, written: JsonObject): RecordRow {
    const index = this.#nextIndex;
    const row = {
      seed: this.seed,
      index,
      createdMs: atMs,
      modifiedMs: atMs,
      isRemoved: false,
      written: writtenOver(NOTHING_WRITTEN, written),
    };
    this.#put(row);
    this.#nextIndex = index + 1;
    return row;
  }

  /** Changes a record at `atMs`; null where there is none or it was removed. Rejects like `create`. */
  modify(index: number, atMs: Ms, written: JsonObject): RecordRow | null {
    const before = this.at(index);
    if (before === null || before.isRemoved) return null;
    const row = { ...before, modifiedMs: atMs, written: writtenOver(before.written, written) };
    this.#put(row);
    return row;
  }

  /** Removes a record at `atMs`; false where there is none. Rejects like `create`. */
  remove(index: number, atMs: Ms): boolean {
    const before = this.at(index);
    if (before === null || before.isRemoved) return false;
    this.#put({ ...before, modifiedMs: atMs, isRemoved: true });
    return true;
  }

  #put(row: RecordRow): void {
    if (this.#overlay.size >= SANDBOX_OVERLAY_ROWS_MAX && !this.#overlay.has(row.index)) {
      throw new IntegrationError('overloaded', `the sandbox keeps at most ${SANDBOX_OVERLAY_ROWS_MAX} changed records`);
    }
    this.#overlay.set(row.index, row);
    this.#byIndex = null;
    this.#byModified = null;
  }

  #baseRow(index: number): RecordRow {
    return {
      seed: this.seed,
      index,
      createdMs: this.#baseCreatedMs(index),
      modifiedMs: this.#baseModifiedMs(index),
      isRemoved: false,
      written: NOTHING_WRITTEN,
    };
  }

  /** From nearly 1 at the oldest row to nearly 0 at the newest; the jitter stays inside the row's own slot. */
  #ageShare(index: number): number {
    const jitter = mix(this.seed, index, SALT.time) / 2 ** 32;
    return 1 - (index + jitter) / this.baseCount;
  }

  #baseModifiedMs(index: number): Ms {
    return this.#anchorMs - Math.ceil(MODIFIED_SPAN_MS * this.#ageShare(index));
  }

  #baseCreatedMs(index: number): Ms {
    return this.#anchorMs - Math.ceil(CREATED_SPAN_SHARE * MODIFIED_SPAN_MS * this.#ageShare(index));
  }
}

function writtenOver(before: ReadonlyMap<string, JsonValue>, written: JsonObject): ReadonlyMap<string, JsonValue> {
  const after = new Map(before);
  for (const [name, value] of Object.entries(written)) if (value !== undefined) after.set(name, value);
  return after;
}
