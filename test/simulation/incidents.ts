// What an onlooker knows of incidents, from committed steps alone: which customers were refused while everybody was.
// And the operator, who sees from the outside which grants are really gone and says so.

import { actorIdOf } from '../../src/core/ids.ts';
import {
  FLEET_SPREAD_MS,
  FLEETS_COUNTED_MAX,
  GRANT_HELD_MS_MAX,
  GRANT_STORM_MIN,
  GRANT_STORM_WINDOW_MS,
  OPERATOR_LIST_MAX,
} from '../../src/core/limits.ts';
import { MINUTE_MS, type Ms } from '../../src/core/time.ts';
import { decideGrants, listHeldApps } from '../../src/flows/operator/grants.ts';
import type { Services } from '../../src/flows/services.ts';
import type { Reads, RowWrite } from '../../src/store/port.ts';
import { type ConnectionRow, readConnection, readHeldConnectionIds } from '../../src/store/tables/connections.ts';
import { readSnapshot } from '../../src/store/tables/snapshots.ts';
import { nobodyIsHeldForNothing, noCustomerIsMarkedBadInAnIncident } from './invariants.ts';

/** What becomes of a wrong mark by itself is over by then: it is taken back in the commits that follow. */
const MARKED_FOR_MS = 2 * MINUTE_MS;

/** Whoever is released is told in the commits that follow, at whatever length the disk and restarts take. */
const RELEASED_WITHIN_MS = FLEET_SPREAD_MS;

interface App {
  /** Since the last renewal that worked. */
  readonly refusals: Map<string, Ms>;
  isStorm: boolean;
  /** Null while it is not. */
  trustedSinceMs: Ms | null;
}

interface StepEvent {
  readonly type: string;
  readonly nowMs: Ms;
}

/** Places of actor, state and event among the parameters of the statements that store a step. */
const PLACES: Readonly<Record<string, readonly [actor: number, state: number, event: number]>> = {
  'snapshots.insert': [0, 4, 5],
  'snapshots.update': [5, 3, 4],
  'snapshots.rotate': [6, 3, 4],
};

export class Incidents {
  readonly #apps = new Map<string, App>();
  /** Connections that were refused while everybody was, and have not been renewed, connected or given up since. */
  readonly #refused = new Set<string>();

  /** A row was committed. */
  committed(write: RowWrite, reads: Reads): void {
    const places = PLACES[write.statement];
    if (places === undefined) return;
    const [actorId, state, line] = places.map((place) => String(write.params[place])) as [string, string, string];
    const [machine = '', key = ''] = actorId.split(':');
    const { value, context } = JSON.parse(state === '' ? '{}' : state) as {
      value?: string;
      context?: { lostAnswerAtMs?: Ms | null };
    };
    if (line === '') return;
    const event = JSON.parse(line) as StepEvent;
    if (machine === 'providerApp') {
      const app = this.#appOf(key);
      app.trustedSinceMs = value === 'trusted' ? (app.trustedSinceMs ?? event.nowMs) : null;
      if (value === 'trusted') this.#over(key);
    }
    if (machine !== 'credential') return;
    const providerAppId = readConnection(reads, key)?.providerAppId ?? null;
    if (providerAppId !== null) this.#credential(reads, providerAppId, key, event, context?.lostAnswerAtMs != null);
  }

  /** Who was left asking to connect again although the provider would renew their grant. */
  wronged(reads: Reads, nowMs: Ms, isHonoured: (row: ConnectionRow) => boolean): string | null {
    const marked = reads
      .all<ConnectionRow>("SELECT * FROM connections WHERE status = 'bad_credentials'")
      .filter(({ updatedAtMs }) => (updatedAtMs ?? 0) < nowMs - MARKED_FOR_MS);
    const broken = marked.map((row) => noCustomerIsMarkedBadInAnIncident(row, this.#refused, isHonoured(row)));
    return broken.find((message) => message !== null) ?? null;
  }

  /** Who is held back although nothing is the matter with their provider app any more. */
  forgotten(reads: Reads, nowMs: Ms): string | null {
    for (const [providerAppId, { trustedSinceMs }] of this.#apps) {
      for (const connectionId of readHeldConnectionIds(reads, providerAppId, '', FLEETS_COUNTED_MAX)) {
        const wakeAtMs = readSnapshot(reads, actorIdOf('credential', connectionId))?.wakeAtMs ?? 0;
        const sinceMs = trustedSinceMs === null ? nowMs : Math.max(trustedSinceMs, wakeAtMs - GRANT_HELD_MS_MAX);
        const broken = nobodyIsHeldForNothing(connectionId, nowMs - sinceMs, RELEASED_WITHIN_MS);
        if (broken !== null) return broken;
      }
    }
    return null;
  }

  #credential(
    reads: Reads,
    providerAppId: string,
    connectionId: string,
    { type, nowMs }: StepEvent,
    isExplained: boolean,
  ): void {
    const app = this.#appOf(providerAppId);
    if (type === 'refresh.succeeded') this.#over(providerAppId);
    if (/^(refresh\.succeeded|credential\.stored|connection\.deleted|grant\.confirmed)$/.test(type)) {
      this.#refused.delete(connectionId);
      app.refusals.delete(connectionId);
    }
    if (type !== 'refresh.refused') return;
    if (app.isStorm) this.#refused.add(connectionId);
    if (app.isStorm || isExplained) return;
    app.refusals.set(connectionId, nowMs);
    // Whoever was deleted is not told of to a process that starts after that.
    const together = [...app.refusals].filter(
      ([id, atMs]) => atMs > nowMs - GRANT_STORM_WINDOW_MS && readConnection(reads, id) !== undefined,
    );
    if (together.length < GRANT_STORM_MIN) return;
    app.isStorm = true;
    for (const [id] of together) this.#refused.add(id);
  }

  #over(providerAppId: string): void {
    const app = this.#appOf(providerAppId);
    app.refusals.clear();
    app.isStorm = false;
  }

  #appOf(providerAppId: string): App {
    let app = this.#apps.get(providerAppId);
    if (app === undefined) {
      app = { refusals: new Map(), isStorm: false, trustedSinceMs: 0 };
      this.#apps.set(providerAppId, app);
    }
    return app;
  }
}

/** Gives up what is held where every grant is gone; all else the runtime has to find out. */
export async function operate(services: Services, isHonoured: (connectionId: string) => boolean): Promise<void> {
  const look = { ...services, isServing: true };
  for (const { id, state } of listHeldApps(look, OPERATOR_LIST_MAX, '').providerApps) {
    const held = readHeldConnectionIds(services.store.reads, id, '', FLEETS_COUNTED_MAX);
    if (state !== 'suspect' || held.some(isHonoured)) continue;
    await decideGrants({ runtime: services.runtime, look }, id, 'confirm');
  }
}
