// Performs committed effects. It outlives hosts: an effect is known by its id, is never performed twice at the
// same time, and always settles. A crash re-dispatches what the table still holds.
//
// Two kinds of effect. *Replayable*: safe to repeat. *Reconcile*: the outside may have changed although no answer
// came (a token refresh, a write); it commits "attempted" before its first byte and its sealed answer before its
// actor sees it, so that after a crash it is known which of the three happened.

import type { Effect, EffectOf, MachineEvent, SendEffect } from '../machines/effects.ts';
import { fullJitterMs } from '../src/core/backoff.ts';
import { type ErrorCode, type ErrorFacts, errorFacts, IntegrationError, invariant } from '../src/core/errors.ts';
import type { ActorId } from '../src/core/ids.ts';
import {
  EFFECT_ATTEMPTS_MAX,
  EFFECT_RETRY_BASE_MS,
  EFFECT_RETRY_MS_MAX,
  EFFECTS_WAITING_MAX,
  SETTLE_RETRY_BASE_MS,
  SETTLE_RETRY_MS_MAX,
} from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { type Clock, delay } from '../src/core/time.ts';
import type { RowWrite } from '../src/store/port.ts';
import type { Store } from '../src/store/store.ts';
import { attemptEffect, readEffect, readEffectsFor, setEffectResult } from '../src/store/tables/effects.ts';
import { type EffectDepth, EffectQueues, type Progress, type TakenUp } from './effectQueues.ts';
import type { IssuedEffect, Message } from './host.ts';

/** The answer to an effect. Without an event nobody is asked: the rows and messages simply commit. */
export interface Settlement {
  readonly event: MachineEvent | null;
  readonly writes?: readonly RowWrite[];
  readonly messages?: readonly Message[];
  /** Called once the answer is on disk and was accepted, for caches in memory. */
  readonly onCommitted?: () => void;
}

/**
 * May be repeated at will. A throw is settled by `failed`; where there is none it is tried again, and after
 * EFFECT_ATTEMPTS_MAX tries its actor is paused.
 */
export interface ReplayableHandler<E extends Effect> {
  readonly kind: 'replayable';
  readonly deadlineMs: number;
  perform(effect: E, signal: AbortSignal): Promise<Settlement>;
  readonly failed?: (effect: E, error: ErrorFacts) => Settlement;
}

/** Must not be repeated blindly. `send` is never aborted once it has begun; its own time limits should bound it. */
export interface ReconcileHandler<E extends Effect, Prepared> {
  readonly kind: 'reconcile';
  /** Of `prepare` and of `send`, each. An answer that comes after it is lost, hence far above what `send` allows. */
  readonly deadlineMs: number;
  /** Everything before the first byte. A throw is settled by `failed`. */
  prepare(effect: E): Promise<Prepared>;
  /** Sends and answers the sealed result. A throw with `outcome_unknown` or `timeout`: it may have happened. */
  send(prepared: Prepared): Promise<Uint8Array>;
  /**
   * Pure over the stored result; runs again after a crash. A throw is a bug of ours: the result stays stored and the
   * actor is paused, so that a corrected version still has it.
   */
  process(effect: E, result: Uint8Array): Promise<Settlement>;
  readonly failed: (effect: E, error: ErrorFacts) => Settlement;
  readonly outcomeUnknown: (effect: E, error: ErrorFacts) => Settlement;
}

type Handler = ReplayableHandler<Effect> | ReconcileHandler<Effect, unknown>;

/** How the dispatcher hands results back to actors; the runtime implements it. */
export interface Settler {
  settle(issued: IssuedEffect, settlement: Settlement): Promise<void>;
  deliver(issued: IssuedEffect, message: SendEffect): Promise<void>;
  /** Nobody can perform this effect: pauses its actor until an operator decides; the effect stays. */
  setAside(issued: IssuedEffect, message: string): Promise<void>;
}

/** What a sender may throw after its first byte; every other code means that nothing was sent. */
const MAY_HAVE_HAPPENED: ReadonlySet<ErrorCode> = new Set(['outcome_unknown', 'provider_malformed', 'invariant']);

/** This effect cannot be performed by this version, however often it is tried. */
class Unperformable extends Error {}

/** It was not begun, and the next start begins it. */
class LeftForNextStart extends Error {}

/** Performs effects; one per process. `register` every handler, then `redispatch`. */
export class Dispatcher {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settler: Settler;
  readonly #handlers = new Map<Effect['type'], Handler>();
  readonly #sharedBy = new Map<Effect['type'], (effect: Effect) => string | null>();
  readonly #queues: EffectQueues;
  readonly #stopping = new AbortController();
  /** Reconcile effects that may be at a provider, until they have settled. */
  readonly #sent = new Set<string>();
  #answered: (() => void)[] = [];

  constructor(store: Store, clock: Clock, log: Log, settler: Settler) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#settler = settler;
    const sharedBy = (effect: Effect) => this.#sharedBy.get(effect.type)?.(effect) ?? null;
    this.#queues = new EffectQueues(store.reads, (taken) => this.#run(taken), sharedBy);
  }

  /**
   * Registers how effects of one type are performed. Once per type, before `redispatch`. Those that `sharedBy` names
   * alike may hang together, and get a share of the places of their type; it must not throw.
   */
  register<Type extends Effect['type'], Prepared = never>(
    type: Type,
    handler: ReplayableHandler<EffectOf<Type>> | ReconcileHandler<EffectOf<Type>, Prepared>,
    sharedBy?: (effect: EffectOf<Type>) => string | null,
  ): void {
    invariant(!this.#handlers.has(type), 'T-2101', `${type} has two handlers`);
    this.#handlers.set(type, handler as unknown as Handler);
    if (sharedBy !== undefined) this.#sharedBy.set(type, sharedBy as (effect: Effect) => string | null);
  }

  get inFlightCount(): number {
    return this.#queues.inFlightCount;
  }

  /** See `EffectQueues.depths`. */
  depths(): EffectDepth[] {
    return this.#queues.depths();
  }

  /** Takes up an effect whose row is committed. While it is in flight, a second call for its id does nothing. */
  dispatch(issued: IssuedEffect): void {
    this.#queues.add(issued);
  }

  /** Takes up everything the table holds, bit by bit: at start, and when the disk has recovered. */
  redispatch(): void {
    this.#queues.fetchAll(['effect.send', ...this.#handlers.keys()]);
  }

  /** Takes up what waited for an actor that was paused, before anything that comes for it from now on. */
  takeUp(actorId: ActorId): void {
    const rows = readEffectsFor(this.#store.reads, actorId, EFFECTS_WAITING_MAX);
    this.#queues.unpark(actorId);
    this.#queues.addRows(rows);
    if (rows.length === EFFECTS_WAITING_MAX) this.redispatch();
  }

  /**
   * Settles an effect as failed without performing it (again), once `lift` has lifted the pause of its actor. It must
   * not be in flight: rejects with `conflict` before anything has changed.
   */
  async giveUp(issued: IssuedEffect, lift: () => Promise<void>): Promise<void> {
    const { effectId, effect } = issued;
    if (!this.#queues.claim(effectId)) throw new IntegrationError('conflict', 'the effect is being performed just now');
    try {
      await lift();
      const handler = this.#handlers.get(effect.type);
      const settleFailure = handler?.kind === 'reconcile' ? handler.outcomeUnknown : handler?.failed;
      const facts = { code: 'invariant', message: 'given up by an operator' } as const;
      await this.#settler.settle(issued, settleFailure?.(effect, facts) ?? { event: null });
    } finally {
      this.#queues.release(effectId);
    }
  }

  /** Forgets what waits of actors that are no more. */
  forget(actorIds: readonly ActorId[]): void {
    this.#queues.forget(new Set(actorIds));
  }

  /** Takes up nothing new; resolves when what is in flight has settled. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#queues.stop();
  }

  /** After `stop`: resolves when nothing is at a provider whose answer must not be lost. */
  answered(): Promise<void> {
    if (this.#sent.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#answered.push(resolve));
  }

  async #run(taken: TakenUp): Promise<boolean> {
    const isSettled = await this.#settledOf(taken);
    this.#sent.delete(taken.issued.effectId);
    if (this.#sent.size === 0) for (const resolve of this.#answered.splice(0)) resolve();
    return isSettled;
  }

  async #settledOf({ issued, progress }: TakenUp): Promise<boolean> {
    try {
      await this.#perform(issued, progress);
      return true;
    } catch (error) {
      if (error instanceof LeftForNextStart) return false;
      if (error instanceof Unperformable) return this.#setAside(issued, error);
      return this.#leaveBehind(issued, error);
    }
  }

  async #setAside(issued: IssuedEffect, { message }: Error): Promise<boolean> {
    try {
      if (this.#isErased(issued)) return true;
      await this.#settler.setAside(issued, message);
      return false;
    } catch (error) {
      return this.#leaveBehind(issued, error);
    }
  }

  /** Its actor was erased while it was performed: nobody waits for it any more. */
  #isErased({ effectId }: IssuedEffect): boolean {
    return readEffect(this.#store.reads, effectId) === undefined;
  }

  async #perform(issued: IssuedEffect, progress: Progress): Promise<void> {
    const { effect } = issued;
    if (effect.type === 'effect.send') {
      return this.#withRetries(() => this.#settler.deliver(issued, effect), effect);
    }
    const handler = this.#handlers.get(effect.type);
    invariant(handler !== undefined, 'T-2102', `nobody performs ${effect.type}`);
    const settlement =
      handler.kind === 'replayable'
        ? await this.#replay(handler, effect)
        : await this.#reconcile(handler, issued, progress);
    await this.#settle(handler, issued, settlement);
  }

  /** Every effect settles: if a row of its answer is refused, its actor hears of a failure instead. */
  async #settle(handler: Handler, issued: IssuedEffect, settlement: Settlement): Promise<void> {
    try {
      await this.#withRetries(() => this.#settler.settle(issued, settlement), issued.effect);
    } catch (error) {
      const facts = this.#note(issued.effect, error);
      const settleFailure = handler.kind === 'replayable' ? handler.failed : handler.outcomeUnknown;
      if (facts.code !== 'invalid_input' || settleFailure === undefined) throw error;
      const failure = settleFailure(issued.effect, facts);
      await this.#withRetries(() => this.#settler.settle(issued, failure), issued.effect);
    }
  }

  async #replay(handler: ReplayableHandler<Effect>, effect: Effect): Promise<Settlement> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#within(handler.deadlineMs, effect, (signal) => handler.perform(effect, signal));
      } catch (error) {
        const facts = this.#note(effect, error);
        if (handler.failed !== undefined) return handler.failed(effect, facts);
        if (this.#stopping.signal.aborted) throw error;
        if (attempt + 1 >= EFFECT_ATTEMPTS_MAX) throw new Unperformable(`${effect.type}: ${facts.message}`);
        await delay(
          this.#clock,
          fullJitterMs(attempt, EFFECT_RETRY_BASE_MS, EFFECT_RETRY_MS_MAX),
          this.#stopping.signal,
        );
      }
    }
  }

  async #within<Outcome>(
    deadlineMs: number,
    effect: Effect,
    work: (signal: AbortSignal) => Promise<Outcome>,
  ): Promise<Outcome> {
    const abort = new AbortController();
    const deadline = this.#clock.timerAt(this.#clock.nowMs() + deadlineMs, () => abort.abort());
    try {
      return await Promise.race([work(abort.signal), expired(abort.signal, effect)]);
    } finally {
      deadline.cancel();
    }
  }

  async #reconcile(
    handler: ReconcileHandler<Effect, unknown>,
    issued: IssuedEffect,
    progress: Progress,
  ): Promise<Settlement> {
    const { effect, effectId } = issued;
    if (progress.result !== null) return this.#process(handler, effect, progress.result);
    if (progress.isAttempted) {
      return handler.outcomeUnknown(effect, {
        code: 'outcome_unknown',
        message: 'the process ended while waiting for the answer',
      });
    }
    let prepared: unknown;
    try {
      prepared = await this.#within(handler.deadlineMs, effect, () => handler.prepare(effect));
    } catch (error) {
      return handler.failed(effect, this.#note(effect, error));
    }
    // A process that ends with an attempt on its way does not know what became of it, and a token that is used once may
    // be gone with it. Nothing says yet that this was tried.
    if (this.#stopping.signal.aborted) throw new LeftForNextStart();
    this.#sent.add(effectId);
    // Nothing was sent yet, so this may wait for the disk as long as it takes.
    await this.#withRetries(() => this.#store.commit([attemptEffect(effectId)]), effect);
    return this.#send(handler, effect, effectId, prepared);
  }

  async #send(
    handler: ReconcileHandler<Effect, unknown>,
    effect: Effect,
    effectId: string,
    prepared: unknown,
  ): Promise<Settlement> {
    let isLate = false;
    let result: Uint8Array;
    try {
      result = await this.#within(handler.deadlineMs, effect, (signal) => {
        signal.addEventListener('abort', () => {
          isLate = true;
        });
        return handler.send(prepared);
      });
    } catch (error) {
      const facts = this.#note(effect, error);
      const mayHaveHappened = isLate || MAY_HAVE_HAPPENED.has(facts.code);
      return mayHaveHappened ? handler.outcomeUnknown(effect, facts) : handler.failed(effect, facts);
    }
    // An answer that cannot be stored must not be lost with this process: it goes on in memory, and the settlement
    // commits with its consequences.
    try {
      await this.#store.commit([setEffectResult(effectId, result)]);
    } catch (error) {
      this.#note(effect, error);
    }
    return this.#process(handler, effect, result);
  }

  async #process(handler: ReconcileHandler<Effect, unknown>, effect: Effect, result: Uint8Array): Promise<Settlement> {
    try {
      return await handler.process(effect, result);
    } catch (error) {
      throw new Unperformable(`the answer to ${effect.type} is not understood: ${this.#note(effect, error).message}`);
    }
  }

  /** Goes on trying while only the disk is in the way: the answer it holds may be the only copy there is. */
  async #withRetries(work: () => Promise<void>, effect: Effect): Promise<void> {
    for (let pauseMs = SETTLE_RETRY_BASE_MS; ; pauseMs = Math.min(2 * pauseMs, SETTLE_RETRY_MS_MAX)) {
      try {
        return await work();
      } catch (error) {
        const { code } = errorFacts(error);
        const isTheDisk = code === 'storage_unavailable' || code === 'overloaded';
        if (!isTheDisk || this.#stopping.signal.aborted) throw error;
        this.#note(effect, error);
        await delay(this.#clock, pauseMs, this.#stopping.signal);
      }
    }
  }

  /** The row stays in the table and is taken up again at the next start, or when the disk or its actor recovers. */
  #leaveBehind(issued: IssuedEffect, error: unknown): boolean {
    const { code, message } = errorFacts(error);
    // What `deleteEffect` is refused with, or what became of an answer that came too late.
    if ((code === 'invalid_input' || code === 'actor_paused') && this.#isErased(issued)) return true;
    this.#log.error(
      { effectId: issued.effectId, effect: issued.effect.type, code, err: message },
      'effect left behind',
    );
    return false;
  }

  #note(effect: Effect, error: unknown): ErrorFacts {
    const facts = errorFacts(error);
    this.#log.warn({ effect: effect.type, code: facts.code, err: facts.message }, 'effect failed');
    return facts;
  }
}

function expired(signal: AbortSignal, effect: Effect): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new IntegrationError('timeout', `${effect.type} passed its deadline`)),
    );
  });
}
