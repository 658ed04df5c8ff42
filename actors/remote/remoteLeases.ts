// Leases of an edge thread. What the owner thread handed out (a token, calls ahead, the word that the circuit is
// closed) is used without asking as long as its counters stand still; everything else is asked for call by call, and
// the owner decides as if the call were its own. Takes the place of leases, tokens and budgets for the proxy.
// Invariants: no call goes with what was taken back before it began; of a chunk never more calls are made than it has.

import type { Attachment } from '../../src/auth/attach.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import {
  FUTILE_REFRESH_PAUSE_MS,
  GRANTS_CACHED_MAX,
  HELD_CALLS_MIN,
  HELD_IDLE_MS,
  REFRESH_REQUEST_INTERVAL_MS,
  YOUNG_TOKEN_MS,
} from '../../src/core/limits.ts';
import { recentlyUsed } from '../../src/core/recent.ts';
import { type Clock, isWithin, type Ms, type Timer } from '../../src/core/time.ts';
import type { CallPriority } from '../../src/limits/fairQueue.ts';
import type { Said } from '../../src/limits/told.ts';
import type { BudgetKey } from '../budgetState.ts';
import type { Caller, Lease, LeaseTarget } from '../lease.ts';
import type { Channel } from './channel.ts';
import { type Chunk, isSpent, newChunk, refill, trim } from './chunk.ts';
import type { Epochs } from './epochs.ts';
import {
  type Grant,
  LEASE,
  type Leased,
  type LeaseQuestion,
  NEXT_TOKEN,
  type NextTokenQuestion,
  RECALL,
  REFILL,
  type Refills,
  type TokenFacts,
} from './messages.ts';
import { Reports } from './reports.ts';

/** What is known of a connection. */
interface Known {
  attachment: Attachment;
  generation: number;
  /** What its calls spend, and the marks of calls that begin now. */
  budgets: readonly BudgetKey[];
  marks: readonly number[];
  token: TokenFacts;
  isProven: boolean;
  futileAtMs: Ms;
  dueToldAtMs: Ms;
  /** Null: each call is asked for. */
  grant: Grant | null;
  chunk: Chunk | null;
  /** Calls to ask for next time. */
  want: number;
}

/** Grants leases in an edge thread; one for the thread. */
export class RemoteLeases {
  readonly #channel: Channel;
  readonly #epochs: Epochs;
  readonly #clock: Clock;
  readonly #reports: Reports;
  readonly #known = recentlyUsed<ConnectionId, Known>(GRANTS_CACHED_MAX, {
    dispose: (known, _connectionId, reason) => {
      if (reason !== 'set') this.#giveBack(known);
    },
  });
  /** Chunks that may still be used, by id, with the connection that they belong to. */
  readonly #chunks = new Map<number, Known>();
  /** Connections that a question for calls ahead is open of. */
  readonly #asked = new Set<ConnectionId>();
  #idleTimer: Timer | null = null;

  constructor(channel: Channel, epochs: Epochs, clock: Clock) {
    this.#channel = channel;
    this.#epochs = epochs;
    this.#clock = clock;
    this.#reports = new Reports(channel, clock);
    channel.onTold(RECALL, (chunkIds: readonly number[]) => {
      for (const chunkId of chunkIds) {
        const known = this.#chunks.get(chunkId);
        if (known !== undefined) this.#giveBack(known);
      }
    });
    channel.onTold(REFILL, (refills: Refills) => this.#refill(refills));
  }

  /** See `Leases.lease`. */
  lease(target: LeaseTarget, priority: CallPriority, caller?: Caller): Lease | Promise<Lease> {
    const known = this.#known.get(target.connectionId);
    const nowMs = this.#clock.nowMs();
    // What is held ahead is of the budgets that most calls of the connection spend.
    if (known === undefined || target.isOfKind || !this.#isUsable(known, target, nowMs))
      return this.#ask(target, priority, known, caller);
    const { chunk } = known;
    if (chunk !== null && isSpent(chunk)) return this.#askBeyond(target, priority, chunk, caller);
    this.#tellIfDue(target.connectionId, known, nowMs);
    return this.#call(known, target, chunk, null);
  }

  /** See `Leases.next`. Resolves also when no other token comes: then the refusal of the next call is passed on. */
  async next(connectionId: ConnectionId, generation: number, deadlineMs: Ms): Promise<void> {
    await this.#channel.ask(NEXT_TOKEN, { connectionId, generation, deadlineMs } satisfies NextTokenQuestion);
  }

  /** See `TokenManager.worked`. */
  worked(connectionId: ConnectionId, generation: number): void {
    const known = this.#known.get(connectionId);
    if (known === undefined || known.isProven || known.generation !== generation) return;
    known.isProven = true;
    this.#reports.credential('worked', connectionId, generation);
  }

  /**
   * See `TokenManager.refused`. Decided from what was known last; where that is old, `next` asks the owner, and a call
   * goes once more at most.
   */
  refused(connectionId: ConnectionId, generation: number): 'newer' | 'coming' | 'none' {
    const known = this.#known.get(connectionId);
    if (known === undefined) return 'none';
    if (known.generation !== generation) return 'newer';
    const nowMs = this.#clock.nowMs();
    const { token, futileAtMs } = known;
    const isYoung = isWithin(nowMs, token.issuedAtMs, YOUNG_TOKEN_MS);
    if (!token.canRefresh || isYoung || isWithin(nowMs, futileAtMs, FUTILE_REFRESH_PAUSE_MS)) return 'none';
    this.#reports.credential('refused', connectionId, generation);
    return token.isNextSoon ? 'coming' : 'none';
  }

  /** See `TokenManager.refusedAgain`. */
  refusedAgain(connectionId: ConnectionId, generation: number): void {
    const known = this.#known.get(connectionId);
    if (known?.generation === generation) known.futileAtMs = this.#clock.nowMs();
    this.#reports.credential('refusedAgain', connectionId, generation);
  }

  /** See `TokenManager.doubted`. */
  doubted(connectionId: ConnectionId, generation: number): void {
    if (this.#known.get(connectionId)?.token.canRefresh === true) return;
    this.#reports.credential('doubted', connectionId, generation);
  }

  /** See `Budgets.learn`. */
  learn(keys: readonly BudgetKey[], marks: readonly number[], name: string, said: Said): void {
    for (const [index, key] of keys.entries()) {
      if (key.windowMs > 0 && key.name === name) this.#reports.said(key, marks[index] ?? 0, said);
    }
  }

  /** See `Budgets.block`. */
  block(keys: readonly BudgetKey[], name: string, untilMs: Ms | null): void {
    this.#reports.blocked({ keys, name, untilMs });
  }

  /** See `Budgets.unexplained`. */
  unexplained(keys: readonly BudgetKey[], marks: readonly number[], untilMs: Ms | null): void {
    this.#reports.blocked({ keys, name: null, marks, untilMs });
  }

  /** See `Budgets.answered`. */
  answered(keys: readonly BudgetKey[]): void {
    for (const key of keys) {
      if (key.pause !== undefined || key.startsAt !== undefined) this.#reports.answered(key);
    }
  }

  /** Gives everything back; calls under way end as usual. */
  close(): void {
    for (const known of [...this.#chunks.values()]) this.#giveBack(known);
    this.#idleTimer?.cancel();
    this.#reports.flush();
  }

  #isUsable(known: Known, { budgets }: LeaseTarget, nowMs: Ms): boolean {
    const { grant, token } = known;
    if (grant === null || (token.usableUntilMs !== null && nowMs >= token.usableUntilMs)) return false;
    if (known.budgets !== budgets) {
      if (!isSameLimits(known.budgets, budgets)) return false;
      known.budgets = budgets;
    }
    return this.#epochs.isCurrent(grant);
  }

  #tellIfDue(connectionId: ConnectionId, known: Known, nowMs: Ms): void {
    const { refreshAtMs } = known.token;
    if (refreshAtMs === null || nowMs < refreshAtMs) return;
    if (isWithin(nowMs, known.dueToldAtMs, REFRESH_REQUEST_INTERVAL_MS)) return;
    known.dueToldAtMs = nowMs;
    this.#reports.credential('due', connectionId, known.generation);
  }

  /** More was asked for before, or is with the next report; a call that finds nothing until then asks for itself. */
  #askBeyond(target: LeaseTarget, priority: CallPriority, chunk: Chunk, caller: Caller | undefined): Promise<Lease> {
    if (chunk.seats < 1) chunk.isShort = true;
    this.#reports.chunk(chunk);
    return this.#askFor(target, priority, 0, caller);
  }

  async #ask(
    target: LeaseTarget,
    priority: CallPriority,
    known: Known | undefined,
    caller: Caller | undefined,
  ): Promise<Lease> {
    const { connectionId } = target;
    if (target.isOfKind || this.#asked.has(connectionId)) return this.#askFor(target, priority, 0, caller);
    this.#asked.add(connectionId);
    if (known?.chunk != null) {
      this.#giveBack(known);
      // What was used should be told before more is asked for.
      this.#reports.flush();
    }
    try {
      return await this.#askFor(target, priority, known?.want ?? HELD_CALLS_MIN, caller);
    } finally {
      this.#asked.delete(connectionId);
    }
  }

  async #askFor(target: LeaseTarget, priority: CallPriority, want: number, caller: Caller | undefined): Promise<Lease> {
    const question: LeaseQuestion = { target, priority, want };
    const leased = await this.#channel.ask<Leased>(LEASE, question, {
      gone: caller?.gone(),
      late: (unused) => this.#returnUnused(unused),
    });
    const chunk = leased.held === null ? null : newChunk(leased.held, want);
    const lease = this.#call(leased, target, chunk, leased.probeId);
    this.#learnOf(target, leased, chunk, want);
    return lease;
  }

  #refill(refills: Refills): void {
    for (let at = 0; at < refills.length; ) {
      const [id = 0, calls = 0, seats = 0, marks = 0] = refills.subarray(at, at + 4);
      at += 4 + marks;
      const known = this.#chunks.get(id);
      // What was given back meanwhile takes no more, which the owner thread knows.
      if (known === undefined) continue;
      known.marks = Array.from(refills.subarray(at - marks, at));
      refill(known.chunk as Chunk, calls, seats);
    }
  }

  /** The owner hung, its call was told so, and now it answers: nothing else would ever give back what it holds. */
  #returnUnused({ held, probeId }: Leased): void {
    if (held !== null) this.#end(newChunk(held, 0));
    if (probeId !== null) this.#reports.probe(probeId, undefined);
  }

  #call(
    { attachment, generation, marks }: Pick<Leased, 'attachment' | 'generation' | 'marks'>,
    { providerKey }: LeaseTarget,
    chunk: Chunk | null,
    probeId: number | null,
  ): HeldLease {
    if (chunk !== null) {
      chunk.calls -= 1;
      chunk.seats -= 1;
      chunk.used += 1;
      chunk.recent += 1;
      chunk.busy += 1;
      if (chunk.busy > chunk.busiest) chunk.busiest = chunk.busy;
      this.#reports.chunk(chunk);
    }
    return new HeldLease(attachment, generation, marks, chunk, providerKey, probeId, this.#reports);
  }

  #learnOf({ connectionId, budgets }: LeaseTarget, leased: Leased, chunk: Chunk | null, want: number): void {
    const { attachment, generation, marks, token, grant } = leased;
    if (chunk !== null && (token === null || grant === null)) this.#end(chunk);
    if (token === null) return;
    const facts = { attachment, generation, token };
    const known = this.#known.get(connectionId) ?? this.#newKnown(connectionId, { ...facts, budgets, marks });
    const isNewer = known.generation !== generation;
    const futileAtMs = isNewer ? token.futileAtMs : Math.max(token.futileAtMs, known.futileAtMs);
    const isProven = token.isProven || (!isNewer && known.isProven);
    Object.assign(known, facts, { futileAtMs, isProven });
    // Calls of a kind, or of an account that was left, spend other limits.
    if (isSameLimits(known.budgets, budgets)) known.marks = marks;
    // A question that wanted nothing ahead says nothing of what is held.
    if (want === 0) return;
    this.#giveBack(known);
    if (grant === null) return;
    known.budgets = budgets;
    known.marks = marks;
    known.grant = grant;
    known.chunk = chunk;
    if (chunk !== null) this.#chunks.set(chunk.id, known);
    this.#idleTimer ??= this.#clock.timerAt(this.#clock.nowMs() + HELD_IDLE_MS, () => this.#trim());
    // It was recalled on its way here, when nothing was known of it.
    if (!this.#epochs.isCurrent(grant)) this.#giveBack(known);
  }

  #newKnown(
    connectionId: ConnectionId,
    facts: Pick<Known, 'attachment' | 'generation' | 'budgets' | 'marks' | 'token'>,
  ): Known {
    const never = Number.NEGATIVE_INFINITY;
    const own = { isProven: false, futileAtMs: never, dueToldAtMs: never, grant: null, chunk: null };
    const known: Known = { ...facts, ...own, want: HELD_CALLS_MIN };
    this.#known.set(connectionId, known);
    return known;
  }

  #giveBack(known: Known): void {
    const { chunk } = known;
    known.grant = null;
    known.chunk = null;
    if (chunk === null) return;
    known.want = chunk.want;
    this.#chunks.delete(chunk.id);
    this.#end(chunk);
  }

  #end(chunk: Chunk): void {
    chunk.isOver = true;
    this.#reports.chunk(chunk);
  }

  /** What was not used of late is wanted by others more. */
  #trim(): void {
    this.#idleTimer = null;
    for (const known of [...this.#chunks.values()]) {
      const chunk = known.chunk as Chunk;
      if (!trim(chunk)) this.#giveBack(known);
      else if (chunk.returned > 0 || chunk.seatsReturned > 0) this.#reports.chunk(chunk);
    }
    if (this.#chunks.size === 0) return;
    this.#idleTimer = this.#clock.timerAt(this.#clock.nowMs() + HELD_IDLE_MS, () => this.#trim());
  }
}

/** Copies of a target are many; a connection that moved to another account spends other limits. */
function isSameLimits(some: readonly BudgetKey[], others: readonly BudgetKey[]): boolean {
  return (
    some === others || (some.length === others.length && some.every(({ key }, index) => key === others[index]?.key))
  );
}

/** A call out of what was handed out. */
class HeldLease implements Lease {
  readonly attachment: Attachment;
  readonly generation: number;
  /** Looked up by `worked`, which is as cheap here. */
  readonly isProven = false;
  readonly marks: readonly number[];
  readonly #chunk: Chunk | null;
  readonly #providerKey: string;
  readonly #probeId: number | null;
  readonly #reports: Reports;
  #isAnswered = false;
  #isReleased = false;

  constructor(
    attachment: Attachment,
    generation: number,
    marks: readonly number[],
    chunk: Chunk | null,
    providerKey: string,
    probeId: number | null,
    reports: Reports,
  ) {
    this.attachment = attachment;
    this.generation = generation;
    this.marks = marks;
    this.#chunk = chunk;
    this.#providerKey = providerKey;
    this.#probeId = probeId;
    this.#reports = reports;
  }

  get isProbe(): boolean {
    return this.#probeId !== null;
  }

  answered(failure: string | null): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    if (this.#probeId === null) this.#reports.outcome(this.#providerKey, failure);
    else this.#reports.probe(this.#probeId, failure);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#probeId !== null && !this.#isAnswered) this.#reports.probe(this.#probeId, undefined);
    if (this.#chunk === null) return;
    this.#chunk.busy -= 1;
    this.#chunk.ended += 1;
    this.#chunk.seats += 1;
    this.#reports.chunk(this.#chunk);
  }
}
