// What operators' questions are answered from: committed rows, and whether anything moves at all. A running server
// has it, and so has a command that reads the data folder of a server that is down.

import type { Catalog } from '../../catalog/catalog.ts';
import type { Clock } from '../../core/time.ts';
import type { Store } from '../../store/store.ts';

export interface Look {
  readonly store: Pick<Store, 'reads' | 'isHealthy'>;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly clock: Clock;
  /** A server runs on this data: alarms fire and effects are performed. */
  readonly isServing: boolean;
}
