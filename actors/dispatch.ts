// Performs committed effects. It outlives hosts: an effect is known by its id, is never performed twice at the
// same time, and always settles. A crash re-dispatches what the table still holds.
//
// Two kinds of effect. *Replayable*: safe to repeat. *Reconcile*: the outside may have changed although no answer
// came (a token refresh, a write); it commits "attempted" before its first byte and its sealed answer before its
// actor sees it, so that after a crash it is known which of the three happened.

import type { Effect, EffectOf, MachineEvent, SendEffect } from '../machines/effects.ts';
import { fullJitterMs } from '../src/core/backoff.ts';
import { type ErrorCode, type ErrorFacts, errorFacts, IntegrationError, invariant } from '../src/core/errors.ts';
import {
  EFFECT_RETRY_BASE_MS,
  EFFECT_RETRY_MS_MAX,
  EFFECTS_IN_FLIGHT_MAX,
  REDISPATCH_BATCH,
  SETTLE_RETRY_BASE_MS,
  SETTLE_RETRY_MS_MAX,
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

/** May be repeated at will. A throw is settled by `failed`; where there is none it is tried again until it works. */
export interface ReplayableHandler<E extends Effect> {
  readonly kind: 'replayable';
  readonly deadlineMs: number;
  perform(effect: E, signal: AbortSignal): Promise<Settlement>;
  readonly failed?: (effect: E, error: ErrorFacts) => Settlement;
}

/** Must not be repeated blindly. `send` is never aborted once it has begun; its own time limits bound it. */
export interface ReconcileHandler<E extends Effect, Prepared> {
  readonly kind: 'reconcile';
  /** Everything before the first byte. A throw is settled by `failed`. */
  prepare(effect: E): Promise<Prepared>;
  /** Sends and answers the sealed result. A throw with `outcome_unknown` or `timeout`: it may have happened. */
  send(prepared: Prepared): Promise<Uint8Array>;
  /** Pure over the stored result; runs again after a crash. A throw is settled by `outcomeUnknown`. */
  process(effect: E, result: Uint8Array): Promise<Settlement>;
  readonly failed: (effect: E, error: ErrorFacts) => Settlement;
  readonly outcomeUnknown: (effect: E, error: ErrorFacts) => Settlement;
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

/** What a sender may throw after its first byte; every other code means that nothing was sent. */
const MAY_HAVE_HAPPENED: ReadonlySet<ErrorCode> = new Set(['outcome_unknown', 'provider_malformed', 'invariant']);

const NOT_STARTED: Progress = { isAttempted: false, result: null };

interface TakenUp {
  readonly issued: IssuedEffect;
  readonly progress: Progress;
}

/** Effects of one type. Each type has its own places, so that slow destinations cannot hold up token refreshes. */
interface Queue {
  readonly waiting: Set<TakenUp>;
  running: number;
}

/** Performs effects; one per process. `register` every handler, then `redispatch`. */
export class Dispatcher {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settler: Settler;
  readonly #handlers = new Map<Effect['type'], Handler>();
  readonly #inFlight = new Set<string>();
  readonly #queues = new Map<Effect['type'], Queue>();
  readonly #lines = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
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

  /** Takes up an effect whose row is committed. While it is in flight, a second call for its id does nothing. */
  dispatch(issued: IssuedEffect, progress: Progress = NOT_STARTED): void {
    if (this.#stopping.signal.aborted || this.#inFlight.has(issued.effectId)) return;
    this.#inFlight.add(issued.effectId);
    const queue = this.#queueOf(issued.effect.type);
    queue.waiting.add({ issued, progress });
    this.#pump(queue);
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
    this.#stopping.abort();
    for (const { waiting } of this.#queues.values()) {
      for (const { issued } of waiting) this.#inFlight.delete(issued.effectId);
      waiting.clear();
    }
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #queueOf(type: Effect['type']): Queue {
    let queue = this.#queues.get(type);
    if (queue === undefined) {
      queue = { waiting: new Set(), running: 0 };
      this.#queues.set(type, queue);
    }
    return queue;
  }

  #pump(queue: Queue): void {
    for (const next of queue.waiting) {
      if (queue.running >= EFFECTS_IN_FLIGHT_MAX) return;
      queue.waiting.delete(next);
      queue.running += 1;
      void this.#run(next.issued, next.progress)
        .catch((error) => this.#leaveBehind(next.issued, error))
        .finally(() => {
          queue.running -= 1;
          this.#inFlight.delete(next.issued.effectId);
          if (this.#inFlight.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
          this.#pump(queue);
        });
    }
  }

  async #run(issued: IssuedEffect, progress: Progress): Promise<void> {
    const line = lineOf(issued);
    return line === null ? this.#perform(issued, progress) : this.#inOrder(line, () => this.#perform(issued, progress));
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

  /** What stands in one line is performed in the order it was committed in, also while the disk refuses. */
  async #inOrder(line: string, work: () => Promise<void>): Promise<void> {
    const before = this.#lines.get(line);
    const performed = (before ?? Promise.resolve()).then(work);
    const done = performed.catch(() => {});
    this.#lines.set(line, done);
    await performed.finally(() => {
      if (this.#lines.get(line) === done) this.#lines.delete(line);
    });
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
        return await this.#attempt(handler, effect);
      } catch (error) {
        const facts = this.#note(effect, error);
        if (handler.failed !== undefined) return handler.failed(effect, facts);
        if (this.#stopping.signal.aborted) throw error;
        await delay(
          this.#clock,
          fullJitterMs(attempt, EFFECT_RETRY_BASE_MS, EFFECT_RETRY_MS_MAX),
          this.#stopping.signal,
        );
      }
    }
  }

  async #attempt(handler: ReplayableHandler<Effect>, effect: Effect): Promise<Settlement> {
    const abort = new AbortController();
    const deadline = this.#clock.timerAt(this.#clock.nowMs() + handler.deadlineMs, () => abort.abort());
    try {
      return await Promise.race([handler.perform(effect, abort.signal), expired(abort.signal, effect)]);
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
      prepared = await handler.prepare(effect);
    } catch (error) {
      return handler.failed(effect, this.#note(effect, error));
    }
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
    let result: Uint8Array;
    try {
      result = await handler.send(prepared);
    } catch (error) {
      const facts = this.#note(effect, error);
      return MAY_HAVE_HAPPENED.has(facts.code) ? handler.outcomeUnknown(effect, facts) : handler.failed(effect, facts);
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

  /** An answer that came and cannot be understood: what it did outside is not known either. */
  async #process(handler: ReconcileHandler<Effect, unknown>, effect: Effect, result: Uint8Array): Promise<Settlement> {
    try {
      return await handler.process(effect, result);
    } catch (error) {
      return handler.outcomeUnknown(effect, this.#note(effect, error));
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

  /** The row stays in the table and is taken up again at the next start, or when the disk has recovered. */
  #leaveBehind(issued: IssuedEffect, error: unknown): void {
    const { code, message } = errorFacts(error);
    this.#log.error(
      { effectId: issued.effectId, effect: issued.effect.type, code, err: message },
      'effect left behind',
    );
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

/** News overtaken by older news would stand for ever: messages keep their order per receiver, fan-outs per actor. */
function lineOf({ actorId, effect }: IssuedEffect): string | null {
  if (effect.type === 'effect.send') return `to ${effect.to}`;
  if (effect.type === 'effect.tellInstallations' || effect.type === 'effect.tellReads') return `of ${actorId}`;
  return null;
}
