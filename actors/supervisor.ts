// Supervises the calls of one provider app: counts them in memory, opens the circuit when too many fail together
// and lets one probe at a time through once it is half open. Only changes of state are committed, by the provider
// actor (`machines/provider.ts`); a restart forgets counts, never an open circuit.

import { LRUCache } from 'lru-cache';
import type { ProviderContext } from '../machines/provider.ts';
import { type ActorId, actorIdOf } from '../src/core/ids.ts';
import {
  CIRCUIT_CALLS_MIN,
  CIRCUIT_FAILURE_SHARE,
  CIRCUIT_WINDOW_MS,
  CIRCUITS_COUNTED_MAX,
} from '../src/core/limits.ts';
import { lookUp } from '../src/core/lookUp.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { Runtime } from './runtime.ts';

interface Counts {
  /** The provider actor; kept, because putting an id together costs more than looking it up. */
  readonly actorId: ActorId;
  windowStartMs: Ms;
  calls: number;
  failures: number;
  /**
   * The circuit is known to be closed. Only a report of ours opens it, so that calls ask no actor meanwhile: there
   * may be one for each customer, more than stay in memory.
   */
  isClosed: boolean;
  /** While a probe is out no other goes; one that is never answered is given up then. */
  probeUntilMs: Ms;
  isReporting: boolean;
  /** While it is not closed: until when it refuses calls, as it was last asked. */
  openUntilMs: Ms;
}

/** A circuit that is not closed, for operators. */
export interface CircuitView {
  readonly providerKey: string;
  readonly state: 'open' | 'halfOpen';
}

/** Whether a call may go: yes, yes as the one probe, or not before `retryAtMs`. */
type Admission = 'call' | 'probe' | { readonly retryAtMs: Ms };

/** Counts calls per provider app and keeps their circuits; one for the process. */
export class Supervisor {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  /** Of the provider apps called last; one that is forgotten starts to count anew. */
  readonly #counts = new LRUCache<string, Counts>({ max: CIRCUITS_COUNTED_MAX });

  #onTripped: (providerKey: string) => void = () => {};

  constructor(runtime: Runtime, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Calls back with a provider app whose circuit may open: its calls should be asked for here, one by one. */
  onTripped(tripped: (providerKey: string) => void): void {
    this.#onTripped = tripped;
  }

  /** Whether calls of this provider app may go until `onTripped` calls back. */
  isClosed(providerKey: string): boolean {
    return this.heldUntilMs(providerKey) === null && this.#countsOf(providerKey).isClosed;
  }

  /** Until when no call of this provider app may go; null if one may. Asks only. */
  heldUntilMs(providerKey: string): Ms | null {
    const counts = this.#countsOf(providerKey, lookUp(this.#counts, providerKey));
    if (counts.isClosed) return null;
    const state = this.#runtime.peek(counts.actorId);
    const nowMs = this.#clock.nowMs();
    if (state.hasTag('refusing')) {
      counts.openUntilMs = (state.context as ProviderContext).wakeAtMs ?? nowMs;
      return counts.openUntilMs;
    }
    if (state.hasTag('probing')) return nowMs < counts.probeUntilMs ? counts.probeUntilMs : null;
    // While a report is on its way the actor may not have it yet.
    counts.isClosed = !counts.isReporting;
    counts.openUntilMs = Number.NEGATIVE_INFINITY;
    return null;
  }

  /** Takes one call of a provider app; of a half-open circuit it is the probe, which should be reported. */
  admit(providerKey: string): Admission {
    const retryAtMs = this.heldUntilMs(providerKey);
    if (retryAtMs !== null) return { retryAtMs };
    const counts = this.#countsOf(providerKey);
    if (counts.isClosed || !this.#runtime.peek(counts.actorId).hasTag('probing')) return 'call';
    counts.probeUntilMs = this.#clock.nowMs() + CIRCUIT_WINDOW_MS;
    return 'probe';
  }

  /** Counts one finished call. `failure` is what went wrong at the provider, null if it answered sensibly. */
  report(providerKey: string, admission: 'call' | 'probe', failure: string | null): void {
    const counts = this.#countsOf(providerKey);
    if (admission === 'probe') {
      counts.probeUntilMs = Number.NEGATIVE_INFINITY;
      this.#tell(counts, failure === null ? { type: 'probe.succeeded' } : { type: 'probe.failed' });
      return;
    }
    const nowMs = this.#clock.nowMs();
    if (nowMs - counts.windowStartMs >= CIRCUIT_WINDOW_MS) {
      counts.windowStartMs = nowMs;
      counts.calls = 0;
      counts.failures = 0;
    }
    counts.calls += 1;
    if (failure === null) return;
    counts.failures += 1;
    if (counts.calls < CIRCUIT_CALLS_MIN || counts.failures < counts.calls * CIRCUIT_FAILURE_SHARE) return;
    this.#onTripped(providerKey);
    this.#tell(counts, { type: 'circuit.tripped', message: failure });
  }

  /**
   * Circuits that are not closed, of those that calls have asked for: no actor is hydrated to be looked at. One that
   * nobody asks for since its probe worked is half open until the next call.
   */
  circuits(): readonly CircuitView[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#counts.entries()]
      .filter(([, { isClosed, openUntilMs }]) => !isClosed && openUntilMs !== Number.NEGATIVE_INFINITY)
      .map(([providerKey, { openUntilMs }]) => ({ providerKey, state: nowMs < openUntilMs ? 'open' : 'halfOpen' }));
  }

  /** Every call asks first whether it is held, which counts as the use of its provider app; the rest only looks. */
  #countsOf(providerKey: string, known: Counts | undefined = this.#counts.peek(providerKey)): Counts {
    let counts = known;
    if (counts === undefined) {
      const actorId = actorIdOf('provider', providerKey);
      counts = {
        actorId,
        isClosed: false,
        windowStartMs: 0,
        calls: 0,
        failures: 0,
        probeUntilMs: Number.NEGATIVE_INFINITY,
        isReporting: false,
        openUntilMs: Number.NEGATIVE_INFINITY,
      };
      this.#counts.set(providerKey, counts);
    }
    return counts;
  }

  /** One report at a time: a storm is one decision. What the disk refuses comes again with the next failure. */
  #tell(counts: Counts, event: { type: string; message?: string }): void {
    if (counts.isReporting) return;
    counts.isReporting = true;
    counts.isClosed = false;
    counts.calls = 0;
    counts.failures = 0;
    const done = () => {
      counts.isReporting = false;
    };
    this.#runtime.send(counts.actorId, event).then(done, done);
  }
}
