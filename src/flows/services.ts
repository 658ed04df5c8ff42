// What flows work with, built once by `main.ts`. A flow takes the whole and names what it uses.

import type { Budgets } from '../../actors/budgets.ts';
import type { Fleets } from '../../actors/fleets.ts';
import type { Leases } from '../../actors/lease.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { TokenManager } from '../../actors/tokenManager.ts';
import type { Vault } from '../auth/vault.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Connectors } from '../connectors/connectors.ts';
import type { Counts } from '../core/counts.ts';
import type { Log } from '../core/log.ts';
import type { Tracer } from '../core/spans.ts';
import type { Clock } from '../core/time.ts';
import type { Egress } from '../egress/egress.ts';
import type { Store } from '../store/store.ts';
import type { CatalogRefresh } from './catalog/refresh.ts';
import type { EndpointBudget } from './connect/endpointBudget.ts';
import type { Revocations } from './connect/revocations.ts';
import type { Rollout } from './install/rollout.ts';
import type { KeyRotation } from './operator/keys.ts';
import type { Targets } from './targets.ts';
import type { Throttle } from './throttle.ts';
import type { RowLanes } from './write/rowLanes.ts';

export interface Services {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly tokens: TokenManager;
  readonly leases: Leases;
  readonly budgets: Budgets;
  /** Of token endpoints. */
  readonly endpointBudget: EndpointBudget;
  readonly fleets: Fleets;
  readonly targets: Targets;
  /** Grants whose connections are gone. */
  readonly revocations: Revocations;
  /** Brings installations to the latest revision of their integration. */
  readonly rollout: Rollout;
  readonly throttle: Throttle;
  /** For writes that met a locked row. */
  readonly rowLanes: RowLanes;
  readonly egress: Egress;
  readonly vault: Vault;
  /** The master keys of the vault, for operators. */
  readonly rotation: KeyRotation;
  readonly catalog: Catalog;
  /** Keeps it as upstream has it. */
  readonly catalogRefresh: CatalogRefresh;
  readonly connectors: Connectors;
  /** What is counted on the way of calls. */
  readonly counts: Counts;
  /** Null where no collector is configured. */
  readonly tracer: Tracer | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs links to results that are too large for a message. */
  readonly downloadKey: Buffer;
  /** The origin that providers and browsers see, without a trailing slash. */
  readonly publicUrl: string;
  /** Where Salesforce is to relay its events to, as it names an account of Amazon; null: nowhere. */
  readonly eventRelay: string | null;
  /** Where links in proxied answers lead instead of to the provider, without a trailing slash; null: nowhere else. */
  readonly proxyUrl: string | null;
}

/** What flows need that only read committed rows. */
export interface CommittedRows {
  readonly store: Pick<Store, 'reads'>;
}
