// What the owner thread and an edge thread say to each other besides leases (`actors/remote/messages.ts`). Plain data.

import type { Ms } from '../core/time.ts';
import type { AllowList } from '../egress/address.ts';
import type { Hold } from '../flows/throttle.ts';
import type { TracingConfig } from '../flows/tracing/config.ts';

/** Topics of the channel. */
export const TARGET = 'target';
export const HOLD = 'hold';
export const LINES = 'lines';
export const COUNTS = 'counts';
export const READY = 'ready';
export const LISTEN = 'listen';
export const STOP = 'stop';

/** What a thread starts with. */
export interface ThreadOptions {
  readonly epochs: SharedArrayBuffer;
  readonly hostname: string;
  readonly port: number;
  /** Where the owner thread answers what is not proxied: a Unix socket of its own. */
  readonly ownerPath: string;
  readonly egressAllow: AllowList;
  readonly providerSilenceMs: Ms;
  readonly logLevel: string;
  readonly proxyUrl: string | null;
  readonly tracing: TracingConfig | null;
}

/** Asked under TARGET: the headers that tell who calls for which installation, as the call has them. */
export type TargetQuestion = Readonly<Record<string, string | undefined>>;

/** Told under HOLD, by the thread whose call was refused and to all others. */
export interface HoldReport {
  readonly accountKey: string;
  readonly hold: Hold;
}
