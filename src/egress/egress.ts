// The only way out to the network, wired together: guard, pools, and the two kinds of call. Built once by main and
// handed to everything that calls a provider or a destination.
// Invariant: no other module of the product opens a connection.

import { SILENCE_MS } from '../core/limits.ts';
import { type Clock, type Ms, systemClock } from '../core/time.ts';
import type { AllowList } from './address.ts';
import { type BufferedResponse, type OutgoingCall, request } from './buffered.ts';
import { createFetch, type Fetch } from './fetch.ts';
import { type ForwardCall, type ForwardHooks, type ForwardOutcome, forward } from './forward.ts';
import { createGuard, type Resolve } from './guard.ts';
import { Origins, parseUrl } from './origins.ts';
import { SilenceWatch } from './silence.ts';
import type { Sink } from './sink.ts';
import { TcpTable } from './tcpTable.ts';

export interface EgressOptions {
  readonly allowList: AllowList;
  /** The system clock if absent. */
  readonly clock?: Clock;
  /** The machine's resolver if absent. */
  readonly resolve?: Resolve;
  /** After so long without a word from the provider a streamed call is ended; SILENCE_MS if absent, never less. */
  readonly providerSilenceMs?: Ms;
}

export interface Egress {
  /**
   * Makes one call and reads its whole response, decompressed. Redirects are returned as they are.
   * Rejects with `egress_refused`; `bad_request` for what is not valid HTTP; `network` or `timeout` when no request
   * byte was sent; `outcome_unknown` for any failure after that; `provider_malformed` when the response is too large
   * or not decodable; `overloaded` when too many calls wait for the origin, or it waited for a connection in vain.
   */
  readonly request: (call: OutgoingCall) => Promise<BufferedResponse>;
  /** `request` in the shape of WHATWG fetch, for libraries; bounded as a token request. */
  readonly fetch: Fetch;
  /** Refuses with `egress_refused` an address that no call may ever go to; a name is judged at each call. */
  readonly checkUrl: (url: string) => void;
  /** Streams a call into a sink, and tells the hooks what comes of it: see ForwardOutcome. */
  readonly forward: (call: ForwardCall, sink: Sink, hooks: ForwardHooks) => void;
  /** Tells who is silent among streamed calls, and among bodies that are read before their call is sent. */
  readonly watch: SilenceWatch;
  /** Ends every connection; calls under way fail and later ones are rejected with `network`. */
  readonly close: () => Promise<void>;
}

/** `Egress.forward` as a promise, which the proxy spares itself. Never rejects. */
export function forwarded(
  egress: Pick<Egress, 'forward'>,
  call: ForwardCall,
  sink: Sink,
  hooks: Omit<ForwardHooks, 'settled'>,
): Promise<ForwardOutcome> {
  return new Promise((settled) => egress.forward(call, sink, { ...hooks, settled }));
}

export function createEgress(options: EgressOptions): Egress {
  const { allowList, clock = systemClock, resolve, providerSilenceMs = SILENCE_MS } = options;
  const guard = createGuard(allowList, resolve);
  const origins = new Origins(guard);
  const watch = new SilenceWatch(clock);
  const means = { origins, clock, watch, table: new TcpTable(), providerSilenceMs };
  const buffered = (call: OutgoingCall): Promise<BufferedResponse> => request(origins, clock, call);
  return {
    request: buffered,
    fetch: createFetch(buffered),
    checkUrl: (url) => guard.checkUrl(parseUrl(url)),
    forward: (call, sink, hooks) => forward(means, call, sink, hooks),
    watch,
    close: () => origins.close(),
  };
}
