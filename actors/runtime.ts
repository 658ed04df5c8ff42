// The runtime: step, commit, dispatch. An event steps its actor; snapshot, effects and rows commit in one
// transaction; only then are the effects performed, and their results come back as events.

import { credential } from '../machines/credential.ts';
import { delivery } from '../machines/delivery.ts';
import type { MachineEvent, SendEffect } from '../machines/effects.ts';
import { installation } from '../machines/installation.ts';
import { provider } from '../machines/provider.ts';
import { read } from '../machines/read.ts';
import { errorFacts, IntegrationError } from '../src/core/errors.ts';
import type { ActorId } from '../src/core/ids.ts';
import { LIVE_HOSTS_MAX, STOP_DRAIN_MS } from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { type Clock, delay } from '../src/core/time.ts';
import type { Step } from '../src/store/port.ts';
import type { Store } from '../src/store/store.ts';
import { deleteEffect, insertEffect, insertQuarantined, pauseSnapshot } from '../src/store/tables/snapshots.ts';
import { Alarms } from './alarms.ts';
import { Dispatcher, type Settlement } from './dispatch.ts';
import { type Host, type HostStep, type IssuedEffect, MachineThrew, type StepExtras } from './host.ts';
import { Registry } from './registry.ts';

/** Every machine the product runs. */
export const MACHINES = [installation, credential, read, delivery, provider] as const;

/** What a runtime stands on; the machines and the number of live hosts are those of the product unless given. */
export interface RuntimeOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly definitions?: ConstructorParameters<typeof Registry>[0];
  readonly liveHostsMax?: number;
}

/** Owns all actors of a store. Register effect handlers with `dispatcher`, then `start`. */
export class Runtime {
  readonly dispatcher: Dispatcher;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #registry: Registry;
  readonly #alarms: Alarms;
  /** Actors whose host is gone while steps of it are at the store; events wait, so that their order holds. */
  readonly #retiring = new Map<ActorId, Promise<void>>();

  constructor(options: RuntimeOptions) {
    const { store, clock, log } = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#registry = new Registry(options.definitions ?? MACHINES, store.reads, options.liveHostsMax ?? LIVE_HOSTS_MAX);
    this.dispatcher = new Dispatcher(store, clock, log, {
      settle: (issued, settlement) => this.#settle(issued, settlement),
      deliver: (issued, message) => this.#deliver(issued, message),
    });
    this.#alarms = new Alarms(store.reads, clock, (actorId) => this.send(actorId, { type: 'alarm.fired' }));
    store.onRecovered(() => this.dispatcher.redispatch());
  }

  /** Takes up what an earlier process left: unanswered effects, then due alarms. Handlers must be registered by now. */
  start(): void {
    const count = this.dispatcher.redispatch();
    if (count > 0) this.#log.info({ effects: count }, 're-dispatched what an earlier process left');
    this.#alarms.start();
  }

  /** Takes up nothing new and gives what is in flight STOP_DRAIN_MS to settle; the rest waits for the next start. */
  async stop(): Promise<void> {
    this.#alarms.stop();
    const drained = new AbortController();
    await Promise.race([this.dispatcher.stop(), delay(this.#clock, STOP_DRAIN_MS, drained.signal)]);
    drained.abort();
  }

  /**
   * Sends an event to an actor and resolves when its consequences are on disk: true if the machine accepted the
   * event, false if it ignored it (then `extras.writes` did not happen). Rejects with `storage_unavailable`,
   * `overloaded`, `actor_paused`, `snapshot_unreadable`, `not_found` or `invalid_input` (a row was refused); then
   * nothing happened.
   */
  send(actorId: ActorId, event: MachineEvent, extras: StepExtras = {}): Promise<boolean> {
    return this.#attempt(actorId, event, extras, false);
  }

  /** The live or stored state of an actor, for views and for the supervisor's every call: it is not a use. */
  peek(actorId: ActorId): Host['snapshot'] {
    return (this.#registry.peek(actorId) ?? this.#registry.host(actorId)).snapshot;
  }

  get liveCount(): number {
    return this.#registry.liveCount;
  }

  #attempt(actorId: ActorId, event: MachineEvent, extras: StepExtras, isSecond: boolean): Promise<boolean> {
    const retiring = this.#retiring.get(actorId);
    if (retiring !== undefined) return retiring.then(() => this.#attempt(actorId, event, extras, isSecond));
    try {
      return this.#stepAndCommit(actorId, event, extras);
    } catch (error) {
      const { code } = errorFacts(error);
      if (code === 'snapshot_unreadable' || code === 'not_found') return this.#pauseUnreadable(actorId, error);
      if (!(error instanceof MachineThrew)) return Promise.reject(error);
      // Tried once more from disk, in case only the memory was bad. Machines are pure: a second throw means that the
      // event can never be handled.
      return isSecond ? this.#quarantine(actorId, event, error) : this.#attempt(actorId, event, extras, true);
    }
  }

  #stepAndCommit(actorId: ActorId, event: MachineEvent, extras: StepExtras): Promise<boolean> {
    // Asked before the step: a step that could not be handed over would leave memory ahead of the disk.
    if (!this.#store.hasRoom) throw new IntegrationError('overloaded', 'too many changes wait for the disk');
    const host = this.#registry.host(actorId);
    let step: HostStep;
    try {
      step = host.step(event, this.#clock.nowMs(), extras);
    } catch (error) {
      this.#retire(host);
      throw error;
    }
    if (step.writes.length > 0 || host.isPinned) return this.#commit(host, step);
    // Nothing to write and nothing under way that the answer rests on.
    if (step.isFinal) this.#registry.drop(host);
    return Promise.resolve(step.isAccepted);
  }

  /** Drops a host that threw or has ended. Its actor steps again when what the host decided is on disk, or failed. */
  #retire(host: Host): void {
    this.#registry.drop(host);
    if (!host.isPinned) return;
    const { actorId } = host;
    const settled = host.idle().then(() => {
      this.#retiring.delete(actorId);
      // A view may have hydrated the actor meanwhile, from a row that is now old.
      const stale = this.#registry.peek(actorId);
      if (stale !== undefined) this.#registry.drop(stale);
    });
    this.#retiring.set(actorId, settled);
  }

  #commit(host: Host, step: HostStep): Promise<boolean> {
    const stored: Step = { actorId: host.actorId, writes: step.writes };
    return new Promise((resolve, reject) => {
      const failed = (error: IntegrationError) => {
        host.commitEnded();
        this.#registry.drop(host);
        reject(error);
      };
      const committed = () => {
        host.commitEnded();
        if (step.wakeAtMs !== null) this.#alarms.note(step.wakeAtMs);
        for (const issued of step.effects) this.dispatcher.dispatch(issued);
        resolve(step.isAccepted);
      };
      host.commitBegan();
      if (step.isFinal) this.#retire(host);
      this.#store.add(stored, committed, failed);
    });
  }

  /** Sets an event aside and pauses its actor. Always rejects. */
  async #quarantine(actorId: ActorId, event: MachineEvent, cause: MachineThrew): Promise<never> {
    const { message } = cause;
    this.#log.error({ actorId, event: event.type, err: message }, 'actor paused, event set aside');
    await this.#store.commit([
      insertQuarantined(actorId, JSON.stringify(event), message, this.#clock.nowMs()),
      pauseSnapshot(actorId, message),
    ]);
    const live = this.#registry.peek(actorId);
    if (live !== undefined) this.#registry.drop(live);
    throw new IntegrationError('actor_paused', `${actorId} was paused: it cannot handle ${event.type}`, {
      publicDetail: 'this installation is paused after an internal error',
      cause,
    });
  }

  /** Paused, so that its alarm does not come again and again; a version that can read it may resume it. */
  async #pauseUnreadable(actorId: ActorId, error: unknown): Promise<never> {
    const { message } = errorFacts(error);
    this.#log.error({ actorId, err: message }, 'actor paused, its snapshot cannot be read');
    await this.#store.commit([pauseSnapshot(actorId, message)]);
    throw error;
  }

  async #settle(issued: IssuedEffect, settlement: Settlement): Promise<void> {
    const { event, onCommitted, writes = [], messages = [] } = settlement;
    if (event === null) {
      await this.#settleWithoutEvent(issued, writes, messages);
      onCommitted?.();
      return;
    }
    const isAccepted = await this.send(issued.actorId, event, { writes, messages, settles: issued.effectId });
    if (isAccepted) onCommitted?.();
  }

  #settleWithoutEvent(
    issued: IssuedEffect,
    writes: NonNullable<Settlement['writes']>,
    messages: NonNullable<Settlement['messages']>,
  ): Promise<void> {
    const effects: IssuedEffect[] = messages.map(({ to, event }, index) => ({
      effectId: `${issued.effectId}:${index}`,
      actorId: issued.actorId,
      effect: { type: 'effect.send', to, event },
    }));
    const rows = effects.map(({ effectId, actorId, effect }) =>
      insertEffect(effectId, actorId, JSON.stringify(effect)),
    );
    return this.#store.commit([deleteEffect(issued.effectId), ...writes, ...rows]).then(() => {
      for (const effect of effects) this.dispatcher.dispatch(effect);
    });
  }

  async #deliver(issued: IssuedEffect, message: SendEffect): Promise<void> {
    await this.send(message.to, message.event, { settles: issued.effectId });
  }
}
