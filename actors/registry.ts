// Live hosts by actor id, bounded by count and by bytes; the least recently used idle one is passivated, which is free
// because everything it knows is already on disk. A host with a commit at the store is pinned.

import type { MachineDefinition } from '../machines/definition.ts';
import { IntegrationError } from '../src/core/errors.ts';
import { type ActorId, machineOf } from '../src/core/ids.ts';
import { LIVE_HOSTS_BYTES_MAX } from '../src/core/limits.ts';
import type { Reads } from '../src/store/port.ts';
import { readSnapshot } from '../src/store/tables/snapshots.ts';
import { Host } from './host.ts';
import { Stepper } from './stepper.ts';

interface Entry {
  readonly host: Host;
  /** As counted when it was last used: it may have grown with the step since. */
  bytes: number;
}

/** The live hosts of one process, at most one per actor. */
export class Registry {
  readonly #steppers: ReadonlyMap<string, Stepper>;
  readonly #reads: Reads;
  readonly #hostsMax: number;
  readonly #bytesMax: number;
  /** In order of last use: a Map keeps insertion order, and a used host is inserted again. */
  readonly #entries = new Map<ActorId, Entry>();
  #bytes = 0;

  constructor(
    definitions: readonly MachineDefinition[],
    reads: Reads,
    hostsMax: number,
    bytesMax = LIVE_HOSTS_BYTES_MAX,
  ) {
    this.#steppers = new Map(definitions.map((definition) => [definition.name, new Stepper(definition)]));
    this.#reads = reads;
    this.#hostsMax = hostsMax;
    this.#bytesMax = bytesMax;
  }

  get liveCount(): number {
    return this.#entries.size;
  }

  /**
   * The live host of an actor, hydrated or started if need be. Rejects with `actor_paused` if the actor is in
   * quarantine, `snapshot_unreadable` if its snapshot is, `not_found` for an unknown machine.
   */
  host(actorId: ActorId): Host {
    const live = this.#entries.get(actorId);
    if (live !== undefined) {
      this.#entries.delete(actorId);
      this.#add(live.host, live);
      return live.host;
    }
    const host = this.#hydrate(actorId);
    this.#makeRoom(host.bytes);
    this.#add(host);
    return host;
  }

  /** The host if it is live; does not count as a use. */
  peek(actorId: ActorId): Host | undefined {
    return this.#entries.get(actorId)?.host;
  }

  /** Forgets a host whose memory cannot be trusted, or whose actor has ended. */
  drop(host: Host): void {
    const entry = this.#entries.get(host.actorId);
    if (entry?.host === host) {
      this.#entries.delete(host.actorId);
      this.#bytes -= entry.bytes;
    }
    host.discard();
  }

  #hydrate(actorId: ActorId): Host {
    const stepper = this.#steppers.get(machineOf(actorId));
    if (stepper === undefined) throw new IntegrationError('not_found', `no machine runs ${actorId}`);
    const row = readSnapshot(this.#reads, actorId);
    if (row !== undefined && row.pausedReason !== null) {
      throw new IntegrationError('actor_paused', `${actorId} is paused: ${row.pausedReason}`, {
        publicDetail: 'this installation is paused after an internal error',
      });
    }
    return new Host(stepper, actorId, row);
  }

  #add(host: Host, before?: Entry): void {
    const { bytes } = host;
    this.#bytes += bytes - (before?.bytes ?? 0);
    this.#entries.set(host.actorId, { host, bytes });
  }

  /** Before a host is added, never after: with all others pinned it would be the new one that has to go. */
  #makeRoom(bytes: number): void {
    for (const { host } of this.#entries.values()) {
      if (this.#entries.size < this.#hostsMax && this.#bytes + bytes <= this.#bytesMax) return;
      if (!host.isPinned) this.drop(host);
    }
  }
}
