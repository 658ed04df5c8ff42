// Customers' accounts at providers: records that change while they are read, and that a search finds a little later.

import type { Ms } from '../../src/core/time.ts';
import type { Rolls } from './rolls.ts';
import type { World } from './world.ts';

/** A search index lags by at most this; two incremental reads overlap by more. */
const INDEX_LAG_MS_MAX = 12_000;

export interface SimRecord {
  readonly id: number;
  version: number;
  modifiedMs: Ms;
  /** From when on lists and searches show this version. */
  visibleMs: Ms;
}

export class Account {
  readonly name: string;
  readonly #firstId: number;
  readonly #world: World;
  readonly #rolls: Rolls;
  readonly #objects = new Map<string, SimRecord[]>();

  /** Ids begin at `firstId`: no two accounts have a record in common. */
  constructor(world: World, rolls: Rolls, name: string, firstId: number, objects: Readonly<Record<string, number>>) {
    this.#firstId = firstId;
    this.#world = world;
    this.#rolls = rolls;
    this.name = name;
    for (const [objectName, count] of Object.entries(objects)) {
      const records = Array.from({ length: count }, (_, index) => {
        const modifiedMs = world.nowMs - rolls.between(60_000, 86_400_000);
        return { id: firstId + index, version: 1, modifiedMs, visibleMs: modifiedMs };
      });
      this.#objects.set(objectName, records);
    }
  }

  records(objectName: string): readonly SimRecord[] {
    return this.#objects.get(objectName.toLowerCase()) ?? [];
  }

  /** What a query may see now, by id. */
  visible(objectName: string): SimRecord[] {
    return this.records(objectName).filter(({ visibleMs }) => visibleMs <= this.#world.nowMs);
  }

  /** Somebody works: one record changes or appears. */
  change(): void {
    const objectName = this.#rolls.pick([...this.#objects.keys()]);
    const records = this.#objects.get(objectName) ?? [];
    const modifiedMs = this.#world.nowMs;
    const visibleMs = modifiedMs + this.#rolls.below(INDEX_LAG_MS_MAX);
    const record = records[this.#rolls.below(records.length + 1)];
    if (record === undefined) {
      records.push({ id: this.#firstId + records.length, version: 1, modifiedMs, visibleMs });
    } else {
      // Until the index has it the record is found as little as a new one: the harder case for a reader.
      record.version += 1;
      record.modifiedMs = modifiedMs;
      record.visibleMs = visibleMs;
    }
    this.#world.note(`${this.name}: ${objectName} ${record?.id ?? 'new'} changed`);
  }
}
