// What the token endpoint says of the grants of one provider app, taken together: many refusals in a row are an
// incident, a refused client is nobody's grant. Counted in memory, from what the disk says after a start; changes are
// decided and committed by the actor of the provider app (`machines/providerApp.ts`). Invariant: what it is told about
// an answer commits with what that answer does, so that a crash loses both or neither.

import type { MachineEvent } from '../machines/effects.ts';
import { type ActorId, actorIdOf } from '../src/core/ids.ts';
import { FLEETS_COUNTED_MAX, GRANT_STORM_MIN, GRANT_STORM_WINDOW_MS } from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { recentlyUsed } from '../src/core/recent.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { Reads } from '../src/store/port.ts';
import { readLastRenewalMs, readRefusals } from '../src/store/tables/connections.ts';
import type { Settlement } from './dispatch.ts';
import type { Runtime } from './runtime.ts';

interface Refusal {
  readonly connectionId: string;
  readonly atMs: Ms;
}

interface Fleet {
  readonly actorId: ActorId;
  /** Since the last renewal that worked, one per connection; null until the disk was asked. */
  refusals: readonly Refusal[] | null;
}

/** What commits with the answer that was judged. */
export type News = Pick<Settlement, 'messages' | 'onCommitted'>;

/** Judges grants by those of the same provider app; one for the process. */
export class Fleets {
  readonly #runtime: Runtime;
  readonly #reads: Reads;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #fleets = recentlyUsed<string, Fleet>(FLEETS_COUNTED_MAX);

  constructor(runtime: Runtime, reads: Reads, clock: Clock, log: Log) {
    this.#runtime = runtime;
    this.#reads = reads;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * A grant was refused. `isSuspect`: so were those of others, and this one should be held instead of being believed.
   * One that `isExplained` by itself says nothing of the others.
   */
  grantRefused(
    providerAppId: string,
    connectionId: string,
    message: string,
    isExplained = false,
  ): { readonly isSuspect: boolean; readonly news: News } {
    const fleet = this.#fleetOf(providerAppId);
    if (this.isSuspect(providerAppId)) {
      // One incident is counted once: after it everything begins anew.
      fleet.refusals = [];
      return { isSuspect: true, news: {} };
    }
    // The client was accepted, whatever became of the grant.
    const accepted = this.isAppRefused(providerAppId) ? messageTo(fleet, { type: 'app.accepted' }) : {};
    if (isExplained) return { isSuspect: false, news: accepted };
    const nowMs = this.#clock.nowMs();
    const before = fleet.refusals ?? this.#refusalsOnDisk(providerAppId);
    const others = before.filter(
      (refusal) => refusal.atMs > nowMs - GRANT_STORM_WINDOW_MS && refusal.connectionId !== connectionId,
    );
    const refusals = [...others, { connectionId, atMs: nowMs }].slice(-GRANT_STORM_MIN);
    fleet.refusals = refusals;
    if (refusals.length < GRANT_STORM_MIN) return { isSuspect: false, news: accepted };
    const connectionIds = refusals.map((refusal) => refusal.connectionId);
    const onCommitted = () => {
      fleet.refusals = [];
    };
    const told = messageTo(fleet, { type: 'grants.failedTogether', connectionIds, message });
    return { isSuspect: true, news: { ...told, onCommitted } };
  }

  /** A token was given: what was refused before it was refused for reasons of its own. */
  grantWorked(providerAppId: string): News {
    const fleet = this.#fleetOf(providerAppId);
    fleet.refusals = [];
    const isHeld = this.isSuspect(providerAppId) || this.isAppRefused(providerAppId);
    return isHeld ? messageTo(fleet, { type: 'grant.worked' }) : {};
  }

  /** The provider refused the client. */
  appRefused(providerAppId: string, connectionId: string, message: string): News {
    if (this.isAppRefused(providerAppId)) return {};
    return messageTo(this.#fleetOf(providerAppId), { type: 'app.refused', connectionId, message });
  }

  /** Somebody connected: the provider accepts the client, which says nothing of the grants that it refuses. */
  appAccepted(providerAppId: string): void {
    if (this.isAppRefused(providerAppId)) this.#tell(providerAppId, { type: 'app.accepted' });
  }

  /** The builder gave the provider app another client or secret. */
  appChanged(providerAppId: string): void {
    this.#fleetOf(providerAppId).refusals = [];
    this.#tell(providerAppId, { type: 'app.changed' });
  }

  /** Whether the provider app is known to be refused, so that asking for others would only be refused as well. */
  isAppRefused(providerAppId: string): boolean {
    return this.#hasTag(providerAppId, 'faulty');
  }

  /** Whether refused grants of the provider app are not believed just now. */
  isSuspect(providerAppId: string): boolean {
    return this.#hasTag(providerAppId, 'suspect');
  }

  #fleetOf(providerAppId: string): Fleet {
    let fleet = this.#fleets.get(providerAppId);
    if (fleet === undefined) {
      fleet = { actorId: actorIdOf('providerApp', providerAppId), refusals: null };
      this.#fleets.set(providerAppId, fleet);
    }
    return fleet;
  }

  /** What a process before this one had counted, so that a restart in an incident does not count from nothing. */
  #refusalsOnDisk(providerAppId: string): readonly Refusal[] {
    const sinceMs = Math.max(
      this.#clock.nowMs() - GRANT_STORM_WINDOW_MS,
      readLastRenewalMs(this.#reads, providerAppId) ?? 0,
    );
    return readRefusals(this.#reads, providerAppId, sinceMs, GRANT_STORM_MIN).toReversed();
  }

  /** Asked of the actor each time: it is one per provider app, and a renewal costs a thousand times as much. */
  #hasTag(providerAppId: string, tag: 'suspect' | 'faulty'): boolean {
    return this.#runtime.peek(actorIdOf('providerApp', providerAppId)).hasTag(tag);
  }

  /** What the disk refuses now is made up for by the next probe. */
  #tell(providerAppId: string, event: MachineEvent): void {
    const actorId = actorIdOf('providerApp', providerAppId);
    this.#runtime.send(actorId, event).catch((error: unknown) => {
      this.#log.warn({ actorId, event: event.type, err: String(error) }, 'a provider app was not told');
    });
  }
}

function messageTo({ actorId }: Fleet, event: MachineEvent): News {
  return { messages: [{ to: actorId, event }] };
}
