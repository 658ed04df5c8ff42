// Rows of budgets as a disk would have them that takes no time: what is reserved is on it at once. How long a disk
// takes is another bench's question.

import type { Reads, RowWrite } from '../../src/store/port.ts';
import type { Store } from '../../src/store/store.ts';

export class MemoryRows implements Pick<Store, 'reads' | 'commit'> {
  readonly #states = new Map<unknown, unknown>();
  readonly reads = {
    get: (_sql: string, key: unknown) => {
      const state = this.#states.get(key);
      return state === undefined ? undefined : { state };
    },
  } as unknown as Reads;

  commit(writes: readonly RowWrite[]): Promise<void> {
    for (const { params } of writes) this.#states.set(params[0], params[1]);
    return Promise.resolve();
  }
}
