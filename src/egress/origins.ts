// Connection pools, one per origin, and the guard's verdict cached with them: an origin has a pool only if its URL
// passed. Called by both kinds of exchange; the proxy asks with the origin's text, so that its hot path parses no URL.
// Invariant: every pool connects through the guard's lookup.

import { type buildConnector, Client, type Dispatcher, Pool } from 'undici';
import { IntegrationError, invariant } from '../core/errors.ts';
import { CONNECT_TIMEOUT_MS, CONNECTIONS_PER_ORIGIN_MAX, ORIGINS_MAX } from '../core/limits.ts';
import { type Recent, recentlyUsed } from '../core/recent.ts';
import { Carrier } from './carrier.ts';
import { Exchange } from './exchange.ts';
import { type Guard, portOf } from './guard.ts';
import { Origin } from './origin.ts';

export class Origins {
  readonly #guard: Guard;
  readonly #origins: Recent<string, Origin>;
  /** Those pushed out of the cache that still finish their calls. */
  readonly #retiring = new Set<Origin>();
  #isClosed = false;

  constructor(guard: Guard) {
    this.#guard = guard;
    this.#origins = recentlyUsed(ORIGINS_MAX, { dispose: (origin) => this.#retire(origin) });
  }

  /** The one of `https://host[:port]`. Throws `egress_refused`, or `network` after `close`. */
  at(text: string): Origin {
    return this.#origins.get(text) ?? this.#atNew(text);
  }

  /** The same for a whole URL, whose user info the origin alone would not show. */
  atUrl(url: URL): Origin {
    this.#guard.checkUrl(url);
    return this.#origins.get(url.origin) ?? this.#open(url);
  }

  /** Ends every connection; calls under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const origins = [...this.#origins.values(), ...this.#retiring];
    await Promise.all(origins.map((origin) => origin.destroy()));
  }

  #atNew(text: string): Origin {
    const url = parseUrl(text);
    invariant(url.pathname === '/' && url.search === '', 'T-EGRESS-ORIGIN', 'an origin has no path');
    return this.atUrl(url);
  }

  #open(url: URL): Origin {
    if (this.#isClosed) throw new IntegrationError('network', 'no calls are made while Tenon stops');
    const pool = new Pool(url.origin, {
      connections: CONNECTIONS_PER_ORIGIN_MAX,
      factory: (origin, options) => new PooledClient(origin, options),
      connect: { lookup: this.#guard.lookupFor(url.protocol, portOf(url)) },
      connectTimeout: CONNECT_TIMEOUT_MS,
      // Whoever calls sees to it: buffered calls have a deadline, those of the proxy are watched (`silence.ts`).
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
    const origin = new Origin(url.host, pool);
    this.#origins.set(url.origin, origin);
    return origin;
  }

  #retire(origin: Origin): void {
    this.#retiring.add(origin);
    origin.retire(() => this.#retiring.delete(origin));
  }
}

/**
 * undici 8's Pool takes `false` from a client as "full until it drains". A client also answers `false` to a request
 * that is not valid HTTP, and being idle it never drains: each such request would cost one connection for good.
 */
class PooledClient extends Client {
  readonly #carrier: Carrier;

  constructor(origin: URL, options: Client.Options) {
    const carrier = new Carrier();
    super(origin, { ...options, connect: connectorOf(carrier, options.connect) });
    this.#carrier = carrier;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof Exchange) handler.carrier = this.#carrier;
    const isReady = super.dispatch(options, handler);
    return isReady || (handler instanceof Exchange && handler.wasInvalid);
  }
}

/** A pool makes one connector for all of its clients; undici shows the socket to nobody else. */
function connectorOf(carrier: Carrier, connect: Client.Options['connect']): buildConnector.connector {
  invariant(typeof connect === 'function', 'T-EGRESS-CONNECT', 'a pool gives its clients a connector');
  return (options, connected) =>
    connect(options, (...result) => {
      if (result[0] === null) carrier.opened(result[1]);
      connected(...result);
    });
}

/** Throws `egress_refused`; the text is not repeated, since a URL may carry a secret in its query. */
export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new IntegrationError('egress_refused', 'the target is not a valid absolute URL');
  return url;
}
