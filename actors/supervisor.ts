// Supervises the calls of one provider app: counts them in memory, opens the circuit when too many fail together
// and lets one probe at a time through once it is half open. Only changes of state are committed, by the provider
// actor (`machines/provider.ts`); a restart forgets counts, never an open circuit.

import type { ProviderContext } from '../machines/provider.ts';
import { type ActorId, actorIdOf } from '../src/core/ids.ts';
import {
  CIRCUIT_CALLS_MIN,
  CIRCUIT_FAILURE_SHARE,
  CIRCUIT_OPEN_MS,
  CIRCUIT_WINDOW_MS,
  CIRCUITS_COUNTED_MAX,
} from '../src/core/limits.ts';
import { forgotten, type Kept } from '../src/core/lookUp.ts';
import { recentlyUsed } from '../src/core/recent.ts';
import { type Clock, isWithin, type Ms } from '../src/core/time.ts';
import type { Runtime } from './runtime.ts';

/** The calls of one provider app. Who holds one asks for it again once it is not kept. */
export interface Circuit extends Kept {
  readonly providerKey: string;
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
  /** While a probe is out no other goes; one that is not answered for CIRCUIT_WINDOW_MS is given up. */
  probedAtMs: Ms;
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
  readonly #circuits = recentlyUsed<string, Circuit>(CIRCUITS_COUNTED_MAX, { dispose: forgotten });

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
    const circuit = this.circuit(providerKey);
    return this.heldUntilMs(circuit) === null && circuit.isClosed;
  }

  /** That of a provider app, for whoever makes a call of it; the ones asked for last are kept. */
  circuit(providerKey: string): Circuit {
    const known = this.#circuits.get(providerKey);
    if (known !== undefined) return known;
    const circuit: Circuit = {
      providerKey,
      actorId: actorIdOf('provider', providerKey),
      isKept: true,
      isClosed: false,
      windowStartMs: 0,
      calls: 0,
      failures: 0,
      probedAtMs: Number.NEGATIVE_INFINITY,
      isReporting: false,
      openUntilMs: Number.NEGATIVE_INFINITY,
    };
    this.#circuits.set(providerKey, circuit);
    return circuit;
  }

  /** Until when no call of this provider app may go; null if one may. Takes none. */
  heldUntilMs(circuit: Circuit): Ms | null {
    if (circuit.isClosed) return null;
    const state = this.#runtime.peek(circuit.actorId);
    const nowMs = this.#clock.nowMs();
    if (state.hasTag('refusing')) {
      circuit.openUntilMs = this.#openUntilMs(circuit, (state.context as ProviderContext).wakeAtMs ?? nowMs, nowMs);
      return circuit.openUntilMs;
    }
    if (state.hasTag('probing')) {
      return isWithin(nowMs, circuit.probedAtMs, CIRCUIT_WINDOW_MS) ? circuit.probedAtMs + CIRCUIT_WINDOW_MS : null;
    }
    // While a report is on its way the actor may not have it yet.
    circuit.isClosed = !circuit.isReporting;
    circuit.openUntilMs = Number.NEGATIVE_INFINITY;
    return null;
  }

  /** Takes one call of a provider app; of a half-open circuit it is the probe, which should be reported. */
  admit(circuit: Circuit): Admission {
    const retryAtMs = this.heldUntilMs(circuit);
    if (retryAtMs !== null) return { retryAtMs };
    if (circuit.isClosed || !this.#runtime.peek(circuit.actorId).hasTag('probing')) return 'call';
    circuit.probedAtMs = this.#clock.nowMs();
    return 'probe';
  }

  /** Nobody knows what came of a probe, or it was not sent: another may go. */
  unprobed(circuit: Circuit): void {
    circuit.probedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Counts one finished call. `failure` is what went wrong at the provider, null if it answered sensibly. */
  report(called: Circuit, admission: 'call' | 'probe', failure: string | null): void {
    // What was forgotten while the call was under way holds nobody back.
    const circuit = called.isKept ? called : this.circuit(called.providerKey);
    if (admission === 'probe') {
      circuit.probedAtMs = Number.NEGATIVE_INFINITY;
      this.#tell(circuit, failure === null ? { type: 'probe.succeeded' } : { type: 'probe.failed' });
      return;
    }
    this.count(circuit, 1);
    if (failure === null) return;
    circuit.failures += 1;
    if (circuit.calls < CIRCUIT_CALLS_MIN || circuit.failures < circuit.calls * CIRCUIT_FAILURE_SHARE) return;
    this.#onTripped(circuit.providerKey);
    this.#tell(circuit, { type: 'circuit.tripped', message: failure });
  }

  /** Counts finished calls, none of them a probe; on its own, such that the provider answered sensibly. */
  count(circuit: Circuit, calls: number): void {
    const nowMs = this.#clock.nowMs();
    if (!isWithin(nowMs, circuit.windowStartMs, CIRCUIT_WINDOW_MS)) {
      circuit.windowStartMs = nowMs;
      circuit.calls = 0;
      circuit.failures = 0;
    }
    circuit.calls += calls;
  }

  /**
   * Circuits that are not closed, of those that calls have asked for: no actor is hydrated to be looked at. One that
   * nobody asks for since its probe worked is half open until the next call.
   */
  circuits(): readonly CircuitView[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#circuits.entries()]
      .filter(([, { isClosed, openUntilMs }]) => !isClosed && openUntilMs !== Number.NEGATIVE_INFINITY)
      .map(([providerKey, { openUntilMs }]) => ({ providerKey, state: nowMs < openUntilMs ? 'open' : 'halfOpen' }));
  }

  /** The alarm of a circuit is late by as much as the clock was put back: its actor is told when that is seen. */
  #openUntilMs(circuit: Circuit, wakeAtMs: Ms, nowMs: Ms): Ms {
    const latestMs = nowMs + CIRCUIT_OPEN_MS;
    if (wakeAtMs <= latestMs) return wakeAtMs;
    this.#tell(circuit, { type: 'alarm.fired' });
    return latestMs;
  }

  /** One report at a time: a storm is one decision. What the disk refuses comes again with the next failure. */
  #tell(circuit: Circuit, event: { type: string; message?: string }): void {
    if (circuit.isReporting) return;
    circuit.isReporting = true;
    circuit.isClosed = false;
    circuit.calls = 0;
    circuit.failures = 0;
    const done = () => {
      circuit.isReporting = false;
    };
    this.#runtime.send(circuit.actorId, event).then(done, done);
  }
}
