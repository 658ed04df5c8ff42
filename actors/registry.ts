// Live hosts by actor id. At most LIVE_HOSTS_MAX stay in memory; the least recently used idle one is passivated,
// which is free because everything it knows is already on disk. A host with a commit at the store is pinned.

import type { MachineDefinition } from '../machines/definition.ts';
import { IntegrationError } from '../src/core/errors.ts';
import { type ActorId, machineOf } from '../src/core/ids.ts';
import type { Reads } from '../src/store/port.ts';
import { readSnapshot } from '../src/store/tables/snapshots.ts';
import { Host } from './host.ts';

/** The live hosts of one process, at most one per actor. */
export class Registry {
  readonly #definitions: ReadonlyMap<string, MachineDefinition>;
  readonly #reads: Reads;
  readonly #hostsMax: number;
  /** In order of last use: a Map keeps insertion order, and a used host is inserted again. */
  readonly #hosts = new Map<ActorId, Host>();

  constructor(definitions: readonly MachineDefinition[], reads: Reads, hostsMax: number) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#reads = reads;
    this.#hostsMax = hostsMax;
  }

  get liveCount(): number {
    return this.#hosts.size;
  }

  /**
   * The live host of an actor, hydrated or started if need be. Rejects with `actor_paused` if the actor is in
   * quarantine, `snapshot_unreadable` if its snapshot is, `not_found` for an unknown machine.
   */
  host(actorId: ActorId): Host {
    const live = this.#hosts.get(actorId);
    if (live !== undefined) {
      this.#hosts.delete(actorId);
      this.#hosts.set(actorId, live);
      return live;
    }
    const definition = this.#definitions.get(machineOf(actorId));
    if (definition === undefined) throw new IntegrationError('not_found', `no machine runs ${actorId}`);
    const row = readSnapshot(this.#reads, actorId);
    if (row !== undefined && row.pausedReason !== null) {
      throw new IntegrationError('actor_paused', `${actorId} is paused: ${row.pausedReason}`, {
        publicDetail: 'this installation is paused after an internal error',
      });
    }
    const host = new Host(definition, actorId, row);
    this.#makeRoom();
    this.#hosts.set(actorId, host);
    return host;
  }

  /** The host if it is live; does not count as a use. */
  peek(actorId: ActorId): Host | undefined {
    return this.#hosts.get(actorId);
  }

  /** Forgets a host whose memory cannot be trusted, or whose actor has ended. */
  drop(host: Host): void {
    if (this.#hosts.get(host.actorId) === host) this.#hosts.delete(host.actorId);
    host.discard();
  }

  /** Before a host is added, never after: with all others pinned it would be the new one that has to go. */
  #makeRoom(): void {
    for (const host of this.#hosts.values()) {
      if (this.#hosts.size < this.#hostsMax) return;
      if (!host.isPinned) this.drop(host);
    }
  }
}
