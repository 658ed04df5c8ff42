// Faults on demand: rules that the next matching requests meet instead of, or after, the simulated provider. Called by
// tests and the demo in process, and over HTTP through `control.ts`. Invariant: a rule acts at most `times` times, in
// the order the rules were added, and a request meets at most one.

import { IntegrationError } from '../core/errors.ts';
import { SANDBOX_FAULT_RULES_MAX } from '../core/limits.ts';
import type { Provider } from './context.ts';

/**
 * - `status`: that status in the provider's own error shape, with `Retry-After` if given, as an HTML page if asked.
 * - `lockedRow`: another transaction holds the row, in Salesforce's words; the request was not performed.
 * - `slowHead`: the request is answered as usual, but only after `release`.
 * - `reset`: the connection is dropped before a byte of the answer; the request was not performed.
 * - `truncated`: a head that promises more body than comes, then the connection is dropped.
 * - `html200`: a login page with status 200, as proxies and expired sessions produce.
 * - `malformedJson`: status 200 and half a JSON document.
 * - `rotateThenReset`: the request is performed (a token endpoint rotates, a write is applied), then the connection is
 *   dropped: the lost answer.
 */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number; readonly isHtml?: boolean }
  | {
      readonly kind: 'lockedRow' | 'slowHead' | 'reset' | 'truncated' | 'html200' | 'malformedJson' | 'rotateThenReset';
    };

/** Every given part must match; an empty match is every request. */
export interface FaultMatch {
  readonly provider?: Provider;
  readonly method?: string;
  readonly pathPrefix?: string;
}

export interface FaultRule {
  readonly id: number;
  /** Requests that met the rule so far. */
  readonly hits: number;
  /** Settles when the rule was met for the first time. */
  readonly reached: Promise<void>;
  /** Lets requests held by `slowHead` go on, now and later. */
  release(): void;
}

export interface MetRequest {
  readonly provider: Provider | null;
  readonly method: string;
  readonly path: string;
}

export interface MetFault {
  readonly fault: Fault;
  /** Settles when a `slowHead` lets its requests go. */
  readonly released: Promise<void>;
}

class Rule implements FaultRule {
  readonly id: number;
  readonly match: FaultMatch;
  readonly fault: Fault;
  readonly reached: Promise<void>;
  readonly released: Promise<void>;
  readonly release: () => void;
  readonly #reach: () => void;
  hits = 0;

  constructor(id: number, match: FaultMatch, fault: Fault) {
    this.id = id;
    this.match = match;
    this.fault = fault;
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.reached = reached.promise;
    this.#reach = reached.resolve;
    this.released = released.promise;
    this.release = released.resolve;
  }

  meet(): void {
    this.hits += 1;
    this.#reach();
  }

  isMatch(request: MetRequest): boolean {
    const { provider, method, pathPrefix } = this.match;
    if (provider !== undefined && provider !== request.provider) return false;
    if (method !== undefined && method.toUpperCase() !== request.method) return false;
    return pathPrefix === undefined || request.path.startsWith(pathPrefix);
  }
}

export class FaultPlan {
  readonly #pending: { readonly rule: Rule; timesLeft: number }[] = [];
  /** Rules whose requests may be held, so that `clear` lets them go. */
  readonly #holding = new Map<number, Rule>();
  #lastId = 0;
  #met = 0;

  /** How many requests met a fault. */
  get met(): number {
    return this.#met;
  }

  /**
   * The next `times` matching requests, at least one, meet `fault`. Rejects with `overloaded` beyond the bound on
   * waiting rules.
   */
  next(match: FaultMatch, fault: Fault, times = 1): FaultRule {
    if (times < 1) throw new IntegrationError('bad_request', 'a fault must be met at least once');
    if (this.#pending.length + this.#holding.size >= SANDBOX_FAULT_RULES_MAX) {
      throw new IntegrationError('overloaded', `at most ${SANDBOX_FAULT_RULES_MAX} fault rules may wait`);
    }
    this.#lastId += 1;
    const rule = new Rule(this.#lastId, match, fault);
    this.#pending.push({ rule, timesLeft: times });
    if (fault.kind === 'slowHead') {
      this.#holding.set(rule.id, rule);
      void rule.released.then(() => this.#holding.delete(rule.id));
    }
    return rule;
  }

  /** Forgets all rules and releases every held request. */
  clear(): void {
    this.#pending.length = 0;
    for (const rule of this.#holding.values()) rule.release();
  }

  /** Releases the requests held by one rule; false where it holds none. */
  release(id: number): boolean {
    const rule = this.#holding.get(id);
    rule?.release();
    return rule !== undefined;
  }

  /** The fault a request meets, counted as met; null for most requests. */
  take(request: MetRequest): MetFault | null {
    const at = this.#pending.findIndex(({ rule }) => rule.isMatch(request));
    const entry = this.#pending[at];
    if (entry === undefined) return null;
    entry.timesLeft -= 1;
    if (entry.timesLeft <= 0) this.#pending.splice(at, 1);
    this.#met += 1;
    entry.rule.meet();
    return entry.rule;
  }
}
