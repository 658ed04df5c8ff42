// Connection pools, one per origin, and the guard's verdict cached with them: an origin has a pool only if its URL
// passed. Called by both kinds of exchange; the proxy asks with the origin's text, so that its hot path parses no URL.
// Invariant: every pool connects through the guard's lookup, and calls per origin are bounded.

import { type buildConnector, Client, type Dispatcher, Pool } from 'undici';
import { IntegrationError, invariant } from '../core/errors.ts';
import { CALLS_PER_ORIGIN_MAX, CONNECT_TIMEOUT_MS, CONNECTIONS_PER_ORIGIN_MAX, ORIGINS_MAX } from '../core/limits.ts';
import { type Recent, recentlyUsed } from '../core/recent.ts';
import { Carrier } from './carrier.ts';
import { Exchange } from './exchange.ts';
import { type Guard, portOf } from './guard.ts';

/** A pool and the calls it holds, waiting or under way. */
export interface Origin {
  readonly host: string;
  readonly pool: Dispatcher;
  callsOpen: number;
}

export class Origins {
  readonly #guard: Guard;
  readonly #origins: Recent<string, Origin>;
  /** Pools pushed out of the cache that still finish their calls. */
  readonly #retiring = new Set<Dispatcher>();
  #isClosed = false;

  constructor(guard: Guard) {
    this.#guard = guard;
    this.#origins = recentlyUsed(ORIGINS_MAX, { dispose: (origin) => this.#retire(origin.pool) });
  }

  /** The pool of `https://host[:port]`. Throws `egress_refused`, `overloaded`, or `network` after `close`. */
  at(text: string): Origin {
    const origin = this.#origins.get(text);
    return origin === undefined ? this.#atNew(text) : withRoom(origin);
  }

  /** The same for a whole URL, whose user info the origin alone would not show. */
  atUrl(url: URL): Origin {
    this.#guard.checkUrl(url);
    return withRoom(this.#origins.get(url.origin) ?? this.#open(url));
  }

  /** Ends every connection; calls under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const pools = [...this.#origins.values()].map((origin) => origin.pool).concat(...this.#retiring);
    await Promise.all(pools.map((pool) => pool.destroy()));
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
    const origin = { host: url.host, pool, callsOpen: 0 };
    this.#origins.set(url.origin, origin);
    return origin;
  }

  #retire(pool: Dispatcher): void {
    this.#retiring.add(pool);
    pool.close(() => this.#retiring.delete(pool));
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

function withRoom(origin: Origin): Origin {
  if (origin.callsOpen < CALLS_PER_ORIGIN_MAX) return origin;
  throw new IntegrationError('overloaded', `${origin.host} has ${origin.callsOpen} calls open, the most that may wait`);
}
