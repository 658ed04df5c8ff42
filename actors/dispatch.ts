// Performs committed effects. It outlives hosts: an effect is known by its id, is never performed twice at the
// same time, and always settles. A crash re-dispatches what the table still holds.
//
// Two kinds of effect. *Replayable*: safe to repeat. *Reconcile*: the outside may have changed although no answer
// came (a token refresh, a write); it commits "attempted" before its first byte and its sealed answer before its
// actor sees it, so that after a crash it is known which of the three happened.

import type { Effect, EffectOf, MachineEvent, SendEffect } from '../machines/effects.ts';
import { type ErrorFacts, errorFacts, IntegrationError, invariant } from '../src/core/errors.ts';
import {
  EFFECTS_IN_FLIGHT_MAX,
  REDISPATCH_BATCH,
  SETTLE_RETRIES_MAX,
  SETTLE_RETRY_BASE_MS,
} from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { type Clock, delay } from '../src/core/time.ts';
import type { RowWrite } from '../src/store/port.ts';
import type { Store } from '../src/store/store.ts';
import { attemptEffect, readEffects, setEffectResult } from '../src/store/tables/snapshots.ts';
import type { IssuedEffect, Message } from './host.ts';

/** The answer to an effect. Without an event nobody is asked: the rows and messages simply commit. */
export interface Settlement {
  readonly event: MachineEvent | null;
  readonly writes?: readonly RowWrite[];
  readonly messages?: readonly Message[];
  /** Called once the answer is on disk and was accepted, for caches in memory. */
  readonly onCommitted?: () => void;
}

/** May be repeated at will; a throw is settled by `failed`. */
export interface ReplayableHandler<E extends Effect> {
  readonly kind: 'replayable';
  readonly deadlineMs: number;
  perform(effect: E, signal: AbortSignal): Promise<Settlement>;
  failed(effect: E, error: ErrorFacts): Settlement;
}

/** Must not be repeated blindly. `send` is never aborted once it has begun; its own time limits bound it. */
export interface ReconcileHandler<E extends Effect, Prepared> {
  readonly kind: 'reconcile';
  /** Everything before the first byte. A throw is settled by `failed`. */
  prepare(effect: E): Promise<Prepared>;
  /** Sends and answers the sealed result. A throw with `outcome_unknown` or `timeout` means that it may have happened. */
  send(prepared: Prepared): Promise<Uint8Array>;
  /** Pure over the stored result; runs again after a crash. */
  process(effect: E, result: Uint8Array): Promise<Settlement>;
  failed(effect: E, error: ErrorFacts): Settlement;
  outcomeUnknown(effect: E, error: ErrorFacts): Settlement;
}

type Handler = ReplayableHandler<Effect> | ReconcileHandler<Effect, unknown>;

/** How the dispatcher hands results back to actors; the runtime implements it. */
export interface Settler {
  settle(issued: IssuedEffect, settlement: Settlement): Promise<void>;
  deliver(issued: IssuedEffect, message: SendEffect): Promise<void>;
}

/** What the effects table knew about an effect when it was taken up. */
interface Progress {
  readonly isAttempted: boolean;
  readonly result: Uint8Array | null;
}

const NOT_STARTED: Progress = { isAttempted: false, result: null };

export class Dispatcher {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settler: Settler;
  readonly #handlers = new Map<Effect['type'], Handler>();
  readonly #inFlight = new Set<string>();
  readonly #waiting: { issued: IssuedEffect; progress: Progress }[] = [];
  #running = 0;
  #isStopped = false;
  #idle: (() => void)[] = [];

  constructor(store: Store, clock: Clock, log: Log, settler: Settler) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#settler = settler;
  }

  /** Registers how effects of one type are performed. Once per type, before `redispatch`. */
  register<Type extends Effect['type'], Prepared = never>(
    type: Type,
    handler: ReplayableHandler<EffectOf<Type>> | ReconcileHandler<EffectOf<Type>, Prepared>,
  ): void {
    invariant(!this.#handlers.has(type), 'T-2101', `${type} has two handlers`);
    this.#handlers.set(type, handler as unknown as Handler);
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Takes up an effect whose row is committed. A second call for the same id does nothing while the first is in flight. */
  dispatch(issued: IssuedEffect, progress: Progress = NOT_STARTED): void {
    if (this.#isStopped || this.#inFlight.has(issued.effectId)) return;
    this.#inFlight.add(issued.effectId);
    this.#waiting.push({ issued, progress });
    this.#pump();
  }

  /** Takes up everything the table holds: at start, and when the disk has recovered. */
  redispatch(): number {
    let count = 0;
    let afterSeq = 0;
    for (;;) {
      const rows = readEffects(this.#store.reads, afterSeq, REDISPATCH_BATCH);
      for (const row of rows) {
        const effect = JSON.parse(row.payload) as Effect;
        const progress = { isAttempted: row.isAttempted === 1, result: row.result };
        this.dispatch({ effectId: row.effectId, actorId: row.actorId, effect }, progress);
        afterSeq = row.seq;
      }
      count += rows.length;
      if (rows.length < REDISPATCH_BATCH) return count;
    }
  }

  /** Takes up nothing new; resolves when what is in flight has settled. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const { issued } of this.#waiting.splice(0)) this.#inFlight.delete(issued.effectId);
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    while (this.#running < EFFECTS_IN_FLIGHT_MAX) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      void this.#run(next.issued, next.progress).finally(() => {
        this.#running -= 1;
        this.#inFlight.delete(next.issued.effectId);
        if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
        this.#pump();
      });
    }
  }

  async #run(issued: IssuedEffect, progress: Progress): Promise<void> {
    const { effect } = issued;
    if (effect.type === 'effect.send') return this.#handOver(issued, () => this.#settler.deliver(issued, effect));
    const handler = this.#handlers.get(effect.type);
    invariant(handler !== undefined, 'T-2102', `nobody performs ${effect.type}`);
    const settlement =
      handler.kind === 'replayable'
        ? await this.#replay(handler, effect)
        : await this.#reconcile(handler, issued, progress);
    if (settlement !== null) await this.#handOver(issued, () => this.#settler.settle(issued, settlement));
  }

  async #replay(handler: ReplayableHandler<Effect>, effect: Effect): Promise<Settlement> {
    const abort = new AbortController();
    const deadline = this.#clock.timerAt(this.#clock.nowMs() + handler.deadlineMs, () => abort.abort());
    try {
      return await Promise.race([handler.perform(effect, abort.signal), expired(abort.signal, effect)]);
    } catch (error) {
      return handler.failed(effect, this.#note(effect, error));
    } finally {
      deadline.cancel();
    }
  }

  /** Null if the attempt could not be recorded: nothing was sent, and the row is taken up again later. */
  async #reconcile(
    handler: ReconcileHandler<Effect, unknown>,
    issued: IssuedEffect,
    progress: Progress,
  ): Promise<Settlement | null> {
    const { effect, effectId } = issued;
    if (progress.result !== null) return handler.process(effect, progress.result);
    if (progress.isAttempted) {
      return handler.outcomeUnknown(effect, {
        code: 'outcome_unknown',
        message: 'the process ended while waiting for the answer',
      });
    }
    let prepared: unknown;
    try {
      prepared = await handler.prepare(effect);
    } catch (error) {
      return handler.failed(effect, this.#note(effect, error));
    }
    try {
      await this.#store.commit([attemptEffect(effectId)]);
    } catch (error) {
      this.#note(effect, error);
      return null;
    }
    return this.#send(handler, effect, effectId, prepared);
  }

  async #send(
    handler: ReconcileHandler<Effect, unknown>,
    effect: Effect,
    effectId: string,
    prepared: unknown,
  ): Promise<Settlement | null> {
    let result: Uint8Array;
    try {
      result = await handler.send(prepared);
    } catch (error) {
      const facts = this.#note(effect, error);
      const mayHaveHappened =
        facts.code === 'outcome_unknown' || facts.code === 'timeout' || facts.code === 'invariant';
      return mayHaveHappened ? handler.outcomeUnknown(effect, facts) : handler.failed(effect, facts);
    }
    // An answer that cannot be stored must not be lost with this process: it goes on in memory, and the settlement
    // commits with its consequences.
    await this.#withRetries(() => this.#store.commit([setEffectResult(effectId, result)]), effect);
    return handler.process(effect, result);
  }

  async #handOver(issued: IssuedEffect, settle: () => Promise<void>): Promise<void> {
    await this.#withRetries(settle, issued.effect);
  }

  /** Retries what the disk refused for a while; after that the row waits for recovery or the next start. */
  async #withRetries(work: () => Promise<void>, effect: Effect): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const { code } = this.#note(effect, error);
        const isWorthRetrying = code === 'storage_unavailable' || code === 'overloaded';
        if (!isWorthRetrying || attempt >= SETTLE_RETRIES_MAX || this.#isStopped) return;
        await delay(this.#clock, SETTLE_RETRY_BASE_MS * 2 ** attempt);
      }
    }
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
