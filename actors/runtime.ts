// The runtime: step, commit, dispatch. An event steps its actor; snapshot, effects and rows commit in one
// transaction; only then are the effects performed, and their results come back as events.

import { credential } from '../machines/credential.ts';
import { delivery } from '../machines/delivery.ts';
import type { MachineEvent, SendEffect } from '../machines/effects.ts';
import { inbox } from '../machines/inbox.ts';
import { installation } from '../machines/installation.ts';
import { provider } from '../machines/provider.ts';
import { providerApp } from '../machines/providerApp.ts';
import { read } from '../machines/read.ts';
import { schemaWatch } from '../machines/schemaWatch.ts';
import { subscription } from '../machines/subscription.ts';
import { write } from '../machines/write.ts';
import { writeBatch } from '../machines/writeBatch.ts';
import { errorFacts, IntegrationError } from '../src/core/errors.ts';
import type { ActorId } from '../src/core/ids.ts';
import { LIVE_HOSTS_MAX, STOP_ANSWER_MS, STOP_DRAIN_MS } from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { type Clock, delay } from '../src/core/time.ts';
import type { Reads, RowWrite, Step } from '../src/store/port.ts';
import type { Store } from '../src/store/store.ts';
import { deleteEffect, type EffectRow, eraseEffects, hasEffects, readEffect } from '../src/store/tables/effects.ts';
import { clearQuarantine, insertQuarantined, readQuarantinedEvent } from '../src/store/tables/quarantine.ts';
import { eraseSnapshot, pauseSnapshot, readSnapshot, resumeSnapshot } from '../src/store/tables/snapshots.ts';
import { Alarms } from './alarms.ts';
import { Dispatcher, type Settlement } from './dispatch.ts';
import { effectRow, type Host, type HostStep, type IssuedEffect, MachineThrew, type StepExtras } from './host.ts';
import { Registry } from './registry.ts';
import { ownerOf, Turns } from './turns.ts';

/** Every machine the product runs. */
export const MACHINES = [
  installation,
  credential,
  read,
  subscription,
  inbox,
  schemaWatch,
  write,
  writeBatch,
  delivery,
  provider,
  providerApp,
] as const;

/** What a runtime stands on; the machines and the number of live hosts are those of the product unless given. */
export interface RuntimeOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly definitions?: ConstructorParameters<typeof Registry>[0];
  readonly liveHostsMax?: number;
}

/** Events of an actor that wait, in their order, while its rows change without its host. */
interface Hold {
  /** Resolves when whoever holds the actor last lets go of it; never rejects. */
  until: Promise<void>;
  readonly waiting: (() => void)[];
}

/** Owns all actors of a store. Register effect handlers with `dispatcher`, then `start`. */
export class Runtime {
  readonly dispatcher: Dispatcher;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #registry: Registry;
  readonly #alarms: Alarms;
  readonly #turns = new Turns();
  readonly #held = new Map<ActorId, Hold>();

  constructor(options: RuntimeOptions) {
    const { store, clock, log } = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#registry = new Registry(options.definitions ?? MACHINES, store.reads, options.liveHostsMax ?? LIVE_HOSTS_MAX);
    this.dispatcher = new Dispatcher(store, clock, log, {
      settle: (issued, settlement) => this.#settle(issued, settlement),
      deliver: (issued, message) => this.#deliver(issued, message),
      setAside: (issued, message) => this.#setAside(issued, message),
    });
    this.#alarms = new Alarms(store.reads, clock, (actorId) => this.send(actorId, { type: 'alarm.fired' }));
    store.onRecovered(() => this.dispatcher.redispatch());
  }

  /** Takes up what an earlier process left: unanswered effects, then due alarms. Handlers must be registered by now. */
  start(): void {
    this.dispatcher.redispatch();
    this.#alarms.start();
  }

  /**
   * Takes up nothing new and gives what is in flight STOP_DRAIN_MS to settle, and longer to what a provider may have
   * acted on already; the rest waits for the next start.
   */
  async stop(): Promise<void> {
    this.#alarms.stop();
    const drained = new AbortController();
    const atMost = (ms: number) => delay(this.#clock, ms, drained.signal);
    await Promise.race([this.dispatcher.stop(), atMost(STOP_DRAIN_MS)]);
    await Promise.race([this.dispatcher.answered(), atMost(STOP_ANSWER_MS - STOP_DRAIN_MS)]);
    drained.abort();
  }

  /**
   * Sends an event to an actor and resolves when its consequences are on disk: true if the machine accepted the
   * event, false if it ignored it (then `extras.writes` did not happen). Rejects with `storage_unavailable`,
   * `overloaded`, `actor_paused`, `snapshot_unreadable`, `not_found` or `invalid_input` (a row was refused); then
   * nothing happened.
   */
  send(actorId: ActorId, event: MachineEvent, extras: StepExtras = {}): Promise<boolean> {
    const isAnswer = extras.settles !== undefined;
    return this.#turns.run(ownerOf(actorId), isAnswer, () => this.#attempt(actorId, event, extras, false));
  }

  /** The live or stored state of an actor, for views and for the supervisor's every call: it is not a use. */
  peek(actorId: ActorId): Host['snapshot'] {
    return (this.#registry.peek(actorId) ?? this.#registry.host(actorId)).snapshot;
  }

  get liveCount(): number {
    return this.#registry.liveCount;
  }

  /** Events that wait for their turn. */
  get waitingCount(): number {
    return this.#turns.waitingCount;
  }

  /**
   * Lifts the pause of an actor: what was set aside and is still wanted (answers, messages, its alarm) comes to it
   * again. A caller's event does not: the caller was told that it failed. Rejects with `not_found` if the actor is not
   * paused, `storage_unavailable`.
   */
  async resume(actorId: ActorId): Promise<void> {
    if (readSnapshot(this.#store.reads, actorId)?.pausedReason == null) throw notPaused(actorId);
    await this.#whileHeld([actorId], () => this.#store.commit([resumeSnapshot(actorId), clearQuarantine(actorId)]));
    this.#log.info({ actorId }, 'actor resumed');
    this.#takeUp(actorId);
  }

  /**
   * Gives up one event that was set aside and lifts the pause of its actor. The effect that it answers is settled as
   * failed, a message is dropped; whatever else was set aside is tried again. Rejects with `not_found`; `conflict` for
   * an alarm, which is part of the actor's state and would only come again, and while the effect is being performed.
   */
  async discard(seq: number): Promise<void> {
    const { reads } = this.#store;
    const row = readQuarantinedEvent(reads, seq);
    if (row === undefined) throw new IntegrationError('not_found', 'no such event is set aside');
    const { actorId, effectId } = row;
    const effect = effectId === null ? undefined : readEffect(reads, effectId);
    if ((JSON.parse(row.event) as MachineEvent).type === 'alarm.fired') {
      throw new IntegrationError('conflict', 'an alarm is part of the state of its actor and cannot be discarded', {
        remedy: 'Resume the actor with a version that can handle it, or erase the installation.',
      });
    }
    const isMessage = effect !== undefined && effect.actorId !== effect.targetId;
    const isPaused = readSnapshot(reads, actorId)?.pausedReason != null;
    const writes = [
      clearQuarantine(actorId),
      ...(isMessage ? [deleteEffect(effect.effectId)] : []),
      ...(isPaused ? [resumeSnapshot(actorId)] : []),
    ];
    const lift = () => this.#whileHeld([actorId], () => this.#store.commit(writes));
    try {
      if (effect === undefined || isMessage) await lift();
      else await this.dispatcher.giveUp(issuedOf(effect), lift);
      this.#log.warn({ actorId, event: row.event, effectId }, 'an event that was set aside was discarded');
    } finally {
      // The pause may be lifted although the failure could not be settled.
      this.#takeUp(actorId);
    }
  }

  /**
   * Forgets actors whatever they are doing, in one commit with `writes`: states, histories, effects, messages to them
   * and what was set aside of them. An effect that is being performed finds nothing to settle.
   */
  async remove(actorIds: readonly ActorId[], writes: readonly RowWrite[] = []): Promise<void> {
    await this.#whileHeld(actorIds, () => this.#store.commit([...actorIds.flatMap(erasureOf), ...writes]));
    this.dispatcher.forget(actorIds);
  }

  /** Removes those actors of the list that have ended and of which nothing is outstanding; answers how many. */
  async removeEnded(actorIds: readonly ActorId[]): Promise<number> {
    const { reads } = this.#store;
    let count = 0;
    await this.#whileHeld(actorIds, async () => {
      const ended = actorIds.filter((actorId) => hasEnded(reads, actorId));
      count = ended.length;
      if (count > 0) await this.#store.commit(ended.flatMap(erasureOf));
    });
    return count;
  }

  #takeUp(actorId: ActorId): void {
    if (readSnapshot(this.#store.reads, actorId)?.pausedReason != null) return;
    this.dispatcher.takeUp(actorId);
    // Its alarm may have been due for long.
    this.#alarms.note(this.#clock.nowMs());
  }

  #attempt(actorId: ActorId, event: MachineEvent, extras: StepExtras, isSecond: boolean): Promise<boolean> {
    const held = this.#held.get(actorId);
    if (held !== undefined) {
      return new Promise((resolve, reject) => {
        held.waiting.push(() => this.#attempt(actorId, event, extras, isSecond).then(resolve, reject));
      });
    }
    try {
      return this.#stepAndCommit(actorId, event, extras);
    } catch (error) {
      const { code } = errorFacts(error);
      if (code === 'snapshot_unreadable' || code === 'not_found') return this.#pauseUnreadable(actorId, error);
      if (!(error instanceof MachineThrew)) return Promise.reject(error);
      // Tried once more from disk, in case only the memory was bad. Machines are pure: a second throw means that the
      // event can never be handled.
      if (!isSecond) return this.#attempt(actorId, event, extras, true);
      return this.#quarantine(actorId, event, extras.settles ?? null, error);
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
    return Promise.resolve(step.isAccepted);
  }

  /** Drops a host that threw or has ended. Its actor steps again when what the host decided is on disk, or failed. */
  #retire(host: Host): void {
    this.#registry.drop(host);
    if (host.isPinned) this.#hold(host.actorId, host.idle());
  }

  /** Keeps events of an actor waiting until `settled`, which never rejects, or longer if it is held once more. */
  #hold(actorId: ActorId, settled: Promise<void>): void {
    const held = this.#held.get(actorId) ?? { until: settled, waiting: [] };
    held.until = settled;
    this.#held.set(actorId, held);
    void settled.then(() => {
      if (held.until !== settled) return;
      this.#held.delete(actorId);
      // A view may have hydrated the actor meanwhile, from a row that is now old.
      const stale = this.#registry.peek(actorId);
      if (stale !== undefined) this.#registry.drop(stale);
      // At once, so that no event that comes now gets in between.
      for (const begin of held.waiting) begin();
    });
  }

  /** Changes the rows of actors from outside, when nothing of them is at the store and while none of them steps. */
  async #whileHeld(actorIds: readonly ActorId[], change: () => Promise<void>): Promise<void> {
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    const before = [...new Set(actorIds)].map((actorId) => {
      const host = this.#registry.peek(actorId);
      const idle = Promise.all([this.#held.get(actorId)?.until, host?.idle()]);
      if (host !== undefined) this.#registry.drop(host);
      this.#hold(actorId, changed);
      return idle;
    });
    try {
      await Promise.all(before);
      await change();
    } finally {
      resolve();
    }
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
  async #quarantine(
    actorId: ActorId,
    event: MachineEvent,
    effectId: string | null,
    { message }: Error,
  ): Promise<never> {
    await this.#pause(actorId, event, effectId, message);
    throw new IntegrationError('actor_paused', `${actorId} was paused: it cannot handle ${event.type}`, {
      publicDetail: 'this installation is paused after an internal error',
    });
  }

  async #pause(actorId: ActorId, event: MachineEvent, effectId: string | null, error: string): Promise<void> {
    this.#log.error({ actorId, event: event.type, err: error }, 'actor paused, event set aside');
    const atMs = this.#clock.nowMs();
    await this.#whileHeld([actorId], async () => {
      // Erased while it failed: nothing of it may come back.
      if (effectId !== null && readEffect(this.#store.reads, effectId) === undefined) return;
      await this.#store.commit([
        insertQuarantined({ actorId, effectId, event: JSON.stringify(event), error, atMs }),
        pauseSnapshot(actorId, error, atMs),
      ]);
    });
  }

  /** Paused, so that its alarm does not come again and again; a version that can read it may resume it. */
  async #pauseUnreadable(actorId: ActorId, error: unknown): Promise<never> {
    const { message } = errorFacts(error);
    this.#log.error({ actorId, err: message }, 'actor paused, its snapshot cannot be read');
    await this.#store.commit([pauseSnapshot(actorId, message, this.#clock.nowMs())]);
    throw error;
  }

  #setAside({ actorId, effectId, effect }: IssuedEffect, message: string): Promise<void> {
    return this.#pause(actorId, { type: effect.type }, effectId, message);
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

  async #settleWithoutEvent(
    issued: IssuedEffect,
    writes: NonNullable<Settlement['writes']>,
    messages: NonNullable<Settlement['messages']>,
  ): Promise<void> {
    const effects: IssuedEffect[] = messages.map(({ to, event }, index) => ({
      effectId: `${issued.effectId}:${index}`,
      actorId: issued.actorId,
      effect: { type: 'effect.send', to, event },
    }));
    await this.#store.commit([deleteEffect(issued.effectId), ...writes, ...effects.map(effectRow)]);
    for (const effect of effects) this.dispatcher.dispatch(effect);
  }

  async #deliver(issued: IssuedEffect, message: SendEffect): Promise<void> {
    await this.send(message.to, message.event, { settles: issued.effectId });
  }
}

function erasureOf(actorId: ActorId): RowWrite[] {
  return [eraseSnapshot(actorId), eraseEffects(actorId), clearQuarantine(actorId)];
}

function hasEnded(reads: Reads, actorId: ActorId): boolean {
  const row = readSnapshot(reads, actorId);
  return row?.state === '' && row.pausedReason === null && !hasEffects(reads, actorId);
}

function issuedOf({ effectId, actorId, payload }: EffectRow): IssuedEffect {
  return { effectId, actorId, effect: JSON.parse(payload) as IssuedEffect['effect'] };
}

function notPaused(actorId: ActorId): IntegrationError {
  return new IntegrationError('not_found', `${actorId} is not paused`);
}
