// What the token endpoint says of the grants of one provider app, taken together: many refusals in a row are an
// incident, a refused client is nobody's grant. Counted in memory; changes are decided and committed by the actor of
// the provider app (`machines/providerApp.ts`). A restart forgets counts, never a hold.

import { LRUCache } from 'lru-cache';
import type { MachineEvent } from '../machines/effects.ts';
import { type ActorId, actorIdOf } from '../src/core/ids.ts';
import { FLEETS_COUNTED_MAX, GRANT_STORM_MIN, GRANT_STORM_WINDOW_MS } from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { Runtime } from './runtime.ts';

interface Refusal {
  readonly connectionId: string;
  readonly atMs: Ms;
}

interface Fleet {
  readonly actorId: ActorId;
  /** Since the last renewal that worked, one per connection. */
  refusals: readonly Refusal[];
  /** Its actor is known to trust. Only news of ours change that, so that most renewals ask no actor. */
  isTrusted: boolean;
}

/** Judges grants by those of the same provider app; one for the process. */
export class Fleets {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fleets = new LRUCache<string, Fleet>({ max: FLEETS_COUNTED_MAX });

  constructor(runtime: Runtime, clock: Clock, log: Log) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#log = log;
  }

  /** A grant was refused. True: so were those of others, and this one should be held instead of being believed. */
  grantRefused(providerAppId: string, connectionId: string, message: string): boolean {
    const fleet = this.#fleetOf(providerAppId);
    if (this.#hasTag(fleet, 'suspect')) return true;
    const sinceMs = this.#clock.nowMs() - GRANT_STORM_WINDOW_MS;
    const others = fleet.refusals.filter((refusal) => refusal.atMs > sinceMs && refusal.connectionId !== connectionId);
    fleet.refusals = [...others, { connectionId, atMs: this.#clock.nowMs() }].slice(-GRANT_STORM_MIN);
    if (fleet.refusals.length < GRANT_STORM_MIN) {
      this.#clientAccepted(fleet);
      return false;
    }
    const connectionIds = fleet.refusals.map((refusal) => refusal.connectionId);
    this.#tell(fleet, { type: 'grants.failedTogether', connectionIds, message });
    fleet.refusals = [];
    return true;
  }

  /**
   * A grant was refused of which an answer was lost before: for a reason of its own, so it counts for nothing. True:
   * many are refused just now for no such reason, and whether this one is gone is not known either.
   */
  grantLost(providerAppId: string): boolean {
    const fleet = this.#fleetOf(providerAppId);
    if (this.#hasTag(fleet, 'suspect')) return true;
    this.#clientAccepted(fleet);
    return false;
  }

  /** A token was given: what was refused before it was refused for reasons of its own. */
  grantWorked(providerAppId: string): void {
    const fleet = this.#fleetOf(providerAppId);
    fleet.refusals = [];
    if (this.#hasTag(fleet, 'suspect') || this.#hasTag(fleet, 'faulty')) this.#tell(fleet, { type: 'grant.worked' });
  }

  /** The provider refused the client. */
  appRefused(providerAppId: string, connectionId: string, message: string): void {
    const fleet = this.#fleetOf(providerAppId);
    if (!this.#hasTag(fleet, 'faulty')) this.#tell(fleet, { type: 'app.refused', connectionId, message });
  }

  /** The builder gave the provider app another client or secret. */
  appChanged(providerAppId: string): void {
    this.#tell(this.#fleetOf(providerAppId), { type: 'app.changed' });
  }

  /** Whether the provider app is known to be refused, so that asking for others would only be refused as well. */
  isAppRefused(providerAppId: string): boolean {
    return this.#hasTag(this.#fleetOf(providerAppId), 'faulty');
  }

  /** Whatever became of the grant. */
  #clientAccepted(fleet: Fleet): void {
    if (this.#hasTag(fleet, 'faulty')) this.#tell(fleet, { type: 'app.accepted' });
  }

  #fleetOf(providerAppId: string): Fleet {
    let fleet = this.#fleets.get(providerAppId);
    if (fleet === undefined) {
      fleet = { actorId: actorIdOf('providerApp', providerAppId), refusals: [], isTrusted: false };
      this.#fleets.set(providerAppId, fleet);
    }
    return fleet;
  }

  #hasTag(fleet: Fleet, tag: 'suspect' | 'faulty'): boolean {
    if (fleet.isTrusted) return false;
    const state = this.#runtime.peek(fleet.actorId);
    fleet.isTrusted = state.value === 'trusted';
    return state.hasTag(tag);
  }

  /** What the disk refuses now comes again with the next answer of the provider. */
  #tell(fleet: Fleet, event: MachineEvent): void {
    fleet.isTrusted = false;
    this.#runtime.send(fleet.actorId, event).catch((error: unknown) => {
      this.#log.warn({ actorId: fleet.actorId, event: event.type, err: String(error) }, 'a provider app was not told');
    });
  }
}
