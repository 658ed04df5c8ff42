// The owner thread's side of leases in edge threads. Each question takes a lease as a call of the owner thread would;
// where nobody waits and the circuit is closed, calls are added that the thread may make without asking, and more of
// them, as its reports ask for it, before they are used up. Invariants: what is handed out is held in the budgets until
// it is told used or is over; a thread that ends has used all of it; a refresh is asked for here, hence once, whatever
// the threads ask.

import { errorFacts } from '../../src/core/errors.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { type Budget, type Held, marksOf } from '../budgetState.ts';
import type { Budgets } from '../budgets.ts';
import type { Lease, Leases, LeaseTarget } from '../lease.ts';
import type { Supervisor } from '../supervisor.ts';
import { shardOf, type TokenManager } from '../tokenManager.ts';
import type { Channel } from './channel.ts';
import type { Epochs } from './epochs.ts';
import {
  CHUNK_FIELDS,
  type CircuitReport,
  type CredentialReport,
  type Grant,
  LEASE,
  type Leased,
  type LeaseQuestion,
  NEXT_TOKEN,
  type NextTokenQuestion,
  RECALL,
  REFILL,
  REPORT,
  type Refills,
  type Report,
} from './messages.ts';

/** Calls and seats in the hands of a thread. */
interface Holding {
  readonly id: number;
  readonly target: LeaseTarget;
  readonly budgets: readonly Budget[];
  readonly counter: Counter;
  calls: number;
  seats: number;
  /** What it was handed out under; null: one call, and no more. */
  readonly grant: Grant | null;
  /** Calls that were told and have not ended. */
  busy: number;
  isRecalled: boolean;
}

/** One thread at the desk. */
interface Counter {
  readonly channel: Channel;
  /** Calls that a half-open circuit waits for. */
  readonly probes: Map<number, { readonly lease: Lease; readonly providerKey: string }>;
  readonly holdings: Map<number, Holding>;
  isOpen: boolean;
}

/** What a desk hands out. */
export interface DeskParts {
  readonly leases: Leases;
  readonly tokens: TokenManager;
  readonly supervisor: Supervisor;
  readonly budgets: Budgets;
}

/** Serves all edge threads; one for the process. */
export class LeaseDesk {
  readonly #parts: DeskParts;
  readonly #epochs: Epochs;
  /** By the key of a budget: what is held of it. */
  readonly #byBudget = new Map<string, Set<Holding>>();
  #nextId = 1;

  constructor(parts: DeskParts, epochs: Epochs) {
    this.#parts = parts;
    this.#epochs = epochs;
    parts.budgets.onWanted((key) => this.#recall(key));
    parts.supervisor.onTripped((providerKey) => epochs.advance(epochs.circuitPlace(providerKey)));
    parts.tokens.onChanged((connectionId) => {
      if (connectionId === null) epochs.advanceAllTokens();
      else epochs.advance(epochs.tokenPlace(shardOf(connectionId)));
    });
  }

  /** Serves a thread until the function that it answers is called: then the thread has ended, whatever it was doing. */
  serve(channel: Channel): () => void {
    const counter: Counter = { channel, probes: new Map(), holdings: new Map(), isOpen: true };
    channel.onAsked(LEASE, (question: LeaseQuestion, asker) => {
      const leased = this.#parts.leases.lease(question.target, question.priority, asker, 'later');
      if (!(leased instanceof Promise)) return this.#leased(counter, question, leased);
      return leased.then((lease) => this.#leased(counter, question, lease));
    });
    channel.onAsked(NEXT_TOKEN, async ({ connectionId, generation, deadlineMs }: NextTokenQuestion) => {
      const { tokens, leases } = this.#parts;
      if (tokens.refused(connectionId, generation) !== 'none') await leases.next(connectionId, generation, deadlineMs);
    });
    channel.onTold(REPORT, (report: Report) => this.#take(counter, report));
    return () => this.#close(counter);
  }

  /** What is not handed out is given back, also when this throws: nobody else knows of it. */
  #leased(counter: Counter, question: LeaseQuestion, lease: Lease): Leased | null {
    if (!counter.isOpen) {
      lease.release();
      return null;
    }
    try {
      return this.#handedOut(counter, question, lease);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  #handedOut(counter: Counter, { target, want }: LeaseQuestion, lease: Lease): Leased {
    const { attachment, generation, marks, isProbe } = lease;
    const token = this.#parts.tokens.factsOf(target.connectionId, generation);
    const mayBeAhead = want > 0 && token !== null && this.#parts.supervisor.isClosed(target.providerKey);
    const budgets = this.#parts.budgets.opened(target.budgets);
    const { connectionId } = target;
    const ahead = mayBeAhead && budgets.length > 0 ? this.#parts.budgets.hold(budgets, want, connectionId) : null;
    const grant = mayBeAhead && (ahead !== null || budgets.length === 0) ? this.#grant(target) : null;
    const probeId = isProbe ? this.#nextId++ : null;
    if (probeId !== null) counter.probes.set(probeId, { lease, providerKey: target.providerKey });
    const held = this.#held(counter, target, budgets, ahead, grant);
    return { probeId, attachment, generation, marks, token, held, grant };
  }

  #grant(target: LeaseTarget): Grant {
    const tokenPlace = this.#epochs.tokenPlace(shardOf(target.connectionId));
    const circuitPlace = this.#epochs.circuitPlace(target.providerKey);
    const tokenEpoch = this.#epochs.at(tokenPlace);
    const circuitEpoch = this.#epochs.at(circuitPlace);
    return { tokenPlace, tokenEpoch, circuitPlace, circuitEpoch };
  }

  /** The call that was asked for is held as well: it is made when the thread hears of it. */
  #held(
    counter: Counter,
    target: LeaseTarget,
    budgets: readonly Budget[],
    ahead: Held | null,
    grant: Grant | null,
  ): Leased['held'] {
    if (target.budgets.length === 0) return null;
    const hasWindows = target.budgets.some(({ windowMs }) => windowMs > 0);
    const hasSeats = target.budgets.some(({ windowMs }) => windowMs === 0);
    const calls = hasWindows ? 1 + (ahead?.calls ?? 0) : Number.POSITIVE_INFINITY;
    const seats = hasSeats ? 1 + (ahead?.seats ?? 0) : Number.POSITIVE_INFINITY;
    const id = this.#nextId++;
    const holding: Holding = { id, target, budgets, counter, grant, calls, seats, busy: 0, isRecalled: false };
    counter.holdings.set(id, holding);
    for (const { key } of target.budgets) {
      const holdings = this.#byBudget.get(key);
      if (holdings === undefined) this.#byBudget.set(key, new Set([holding]));
      else holdings.add(holding);
    }
    return { id, calls, seats };
  }

  /**
   * The counter stops calls that begin from now on, the message fetches what no call would come to look at. Single
   * calls have nothing ahead.
   */
  #recall(key: string): void {
    for (const holding of this.#byBudget.get(key) ?? []) {
      if (holding.isRecalled || holding.grant === null) continue;
      holding.isRecalled = true;
      this.#epochs.advance(this.#epochs.tokenPlace(shardOf(holding.target.connectionId)));
      holding.counter.channel.tell(RECALL, [holding.id]);
    }
  }

  #take(counter: Counter, report: Report): void {
    const { budgets } = this.#parts;
    this.#takeChunks(counter, report.chunks);
    for (const { probeId, failure } of report.probes) this.#takeProbe(counter, probeId, failure);
    for (const outcomes of report.outcomes) this.#takeOutcomes(outcomes);
    for (const { key, mark, said } of report.said) budgets.learn([key], [mark], key.name, said);
    if (report.answered.length > 0) budgets.answered(report.answered);
    for (const { keys, name, marks = [], untilMs } of report.blocked) {
      if (name === null) budgets.unexplained(keys, marks, untilMs);
      else budgets.block(keys, name, untilMs);
    }
    for (const credential of report.credentials) this.#takeCredential(credential);
  }

  #takeProbe({ probes }: Counter, probeId: number, failure: string | null | undefined): void {
    const probe = probes.get(probeId);
    probes.delete(probeId);
    if (probe === undefined) return;
    const { supervisor } = this.#parts;
    if (failure === undefined) supervisor.unprobed(supervisor.circuit(probe.providerKey));
    else probe.lease.answered(failure);
  }

  #takeChunks({ channel, holdings }: Counter, numbers: Float64Array): void {
    const refills: number[] = [];
    for (let at = 0; at < numbers.length; at += CHUNK_FIELDS) {
      const holding = holdings.get(numbers[at] as number);
      if (holding === undefined) continue;
      const isOver = numbers[at + 5] === 1;
      this.#settle(holding, numbers, at, isOver);
      const want = { calls: numbers[at + 6] as number, seats: numbers[at + 7] as number };
      if (isOver && holding.busy === 0) this.#forget(holding);
      else if (want.calls > 0 || want.seats > 0) this.#refill(holding, want, refills);
    }
    if (refills.length > 0) channel.tell(REFILL, Float64Array.from(refills) satisfies Refills);
  }

  /** Of what is over, all comes back that no call sits on: also what is on its way to the thread, which drops it. */
  #settle(holding: Holding, numbers: Float64Array, at: number, isOver: boolean): void {
    const [used, ended] = [numbers[at + 1] as number, numbers[at + 2] as number];
    let [returned, seats] = [numbers[at + 3] as number, numbers[at + 4] as number];
    holding.busy += used - ended;
    if (isOver) {
      returned = finite(holding.calls - used);
      seats = finite(holding.seats - holding.busy);
    }
    holding.calls -= used + returned;
    holding.seats -= seats;
    this.#parts.budgets.settle(holding.budgets, { used, ended, returned, seats }, holding.target.connectionId);
  }

  /** Nothing where the thread has to ask anew, as after a recall, or somebody waits. */
  #refill(holding: Holding, want: Held, refills: number[]): void {
    const { id, target, grant } = holding;
    const budgets = this.#parts.budgets.opened(target.budgets);
    const isOpen = grant !== null && this.#epochs.isCurrent(grant);
    const more = isOpen ? this.#parts.budgets.holdMore(budgets, want, target.connectionId) : null;
    const { calls, seats } = more ?? { calls: 0, seats: 0 };
    holding.calls += calls;
    holding.seats += seats;
    refills.push(id, calls, seats, budgets.length, ...marksOf(budgets));
  }

  #takeOutcomes({ providerKey, calls, failures }: CircuitReport): void {
    const { supervisor } = this.#parts;
    const circuit = supervisor.circuit(providerKey);
    supervisor.count(circuit, calls);
    for (const failure of failures) supervisor.report(circuit, 'call', failure);
  }

  #takeCredential({ kind, connectionId, generation }: CredentialReport): void {
    const { tokens } = this.#parts;
    if (kind === 'worked') tokens.worked(connectionId, generation);
    else if (kind === 'refused') tokens.refused(connectionId, generation);
    else if (kind === 'refusedAgain') tokens.refusedAgain(connectionId, generation);
    else if (kind === 'doubted') tokens.doubted(connectionId, generation);
    else this.#renewIfDue(connectionId);
  }

  #renewIfDue(connectionId: ConnectionId): void {
    try {
      this.#parts.tokens.usableToken(connectionId);
    } catch (error) {
      // It has gone or ended meanwhile: the next call hears of it. Anything else is a bug of ours.
      const { code } = errorFacts(error);
      if (code !== 'not_found' && code !== 'auth_invalidated') throw error;
    }
  }

  /** Nobody knows what the thread made of it. Its connections are gone, hence its places are free. */
  #close(counter: Counter): void {
    counter.isOpen = false;
    for (const probeId of [...counter.probes.keys()]) this.#takeProbe(counter, probeId, undefined);
    for (const holding of [...counter.holdings.values()]) {
      const used = finite(holding.calls);
      const report = { used, ended: used + holding.busy, returned: 0, seats: finite(holding.seats) };
      this.#forget(holding);
      this.#parts.budgets.settle(holding.budgets, report, holding.target.connectionId);
    }
  }

  #forget(holding: Holding): void {
    holding.counter.holdings.delete(holding.id);
    for (const { key } of holding.target.budgets) {
      const holdings = this.#byBudget.get(key);
      holdings?.delete(holding);
      if (holdings?.size === 0) this.#byBudget.delete(key);
    }
  }
}

/** Where no such limit is declared there is nothing to count. */
function finite(count: number): number {
  return Number.isFinite(count) ? count : 0;
}
