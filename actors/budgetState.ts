// What is known of one budget: its counters, who waits for it, and how operators see it. Plain objects without rules of
// their own, and the rows that outlive the process; `budgets.ts` changes them.

import type { QuotaPolicy } from '../src/catalog/quotas.ts';
import { IntegrationError } from '../src/core/errors.ts';
import {
  BUDGET_CHUNK_MAX,
  BUDGET_CHUNK_SHARE,
  CALLER_WAIT_MS_MAX,
  DURABLE_WINDOW_MS_MIN,
  HELD_SHARE,
  LEARNED_LIMIT_KEPT_MS,
  PLACE_RETRY_MS,
} from '../src/core/limits.ts';
import type { Kept } from '../src/core/lookUp.ts';
import type { Ms, Timer } from '../src/core/time.ts';
import { type CallPriority, FairQueue } from '../src/limits/fairQueue.ts';
import { limitOf, roomAt } from '../src/limits/meter.ts';
import { hadBy, newShares, type Shares } from '../src/limits/parts.ts';
import { type Places, wholePlaces } from '../src/limits/places.ts';
import {
  earliestFor,
  newQuota,
  paceOf,
  type QuotaState,
  reservedOf,
  restoreQuota,
  roomFor,
  type StoredQuota,
  spendFor,
  storedQuota,
} from '../src/limits/quota.ts';
import type { Meter } from '../src/limits/slices.ts';
import type { Reads, RowWrite } from '../src/store/port.ts';
import { putBudget, readBudget } from '../src/store/tables/budgets.ts';

/** A limit with the key of those who share it. `windowMs` is 0 for a number of calls at the same time. */
export interface BudgetKey extends QuotaPolicy {
  readonly key: string;
  /** Of the limit, as its provider is declared. */
  readonly name: string;
  readonly limit: number;
  readonly windowMs: Ms;
  /** What it counts the calls of, where each path has a limit of its own. */
  readonly path?: string;
  /** Nothing is declared: limit and length of the window are found out. */
  readonly isGuessed?: boolean;
  /** Of customers who know nothing of each other, and too long to queue for. */
  readonly isShared?: boolean;
  /** Of calls at the same time whose limit is looked for: see `ConcurrencyLimit`. */
  readonly startsAt?: number;
}

/** Why a call cannot go now, and when it may at the earliest; null where nobody knows (a call must end first). */
export interface Full {
  readonly budget: BudgetKey;
  readonly atMs: Ms | null;
  /** There is room, but the one who asks has had its part. */
  readonly isPart?: boolean;
}

/** Permission to try once more, before those who wait behind. `end` it, whatever came of the try. */
export interface Turn {
  /** A call was taken; of one that ends without, the owner is the next again. */
  isUsed: boolean;
  end(): void;
}

/** A budget as operators see it. */
export interface BudgetView {
  readonly key: string;
  readonly name: string;
  /** Where each path has a limit of its own. */
  readonly path?: string;
  readonly limit: number;
  readonly windowMs: Ms;
  /** Calls made in the window or under way at the moment, and those that are held for edge threads. */
  readonly spent: number;
  /** The latter. */
  readonly held: number;
  readonly isLearned: boolean;
  readonly reservedForPeople: number;
  /** Calls an hour that reads and backfills get of what is left; null where they are not spread. */
  readonly pacePerHour: number | null;
  readonly blockedUntilMs: Ms | null;
  readonly waiting: Readonly<Partial<Record<CallPriority | 'refresh', number>>>;
  /** Of them, those of the connection that was asked for. */
  readonly ownWaiting: number;
  /** Of those spent, the ones of that connection; null where they are not counted by connection. */
  readonly ownSpent: number | null;
}

/** Somebody who waits for a turn. */
export interface Waiter {
  readonly priority: CallPriority;
  readonly owner: string;
  readonly go: (turn: Turn) => void;
  readonly fail: (error: IntegrationError) => void;
}

interface Shared extends Kept {
  readonly key: BudgetKey;
  readonly queue: FairQueue<Waiter>;
  /** Turns that were given and not ended. */
  turns: number;
  timer: Timer | null;
}

/** Calls in a stretch of time. */
export interface Window extends Shared, QuotaState {
  readonly kind: 'window';
  /** Calls that are on disk as spent and may be made; Infinity where nothing is kept on disk. */
  chunkLeft: number;
  /** The chunk that is on its way to the disk. */
  reserving: number;
  /** Calls that were made and that ended since this process has known the window. */
  sent: number;
  ended: number;
  /** Calls of others that a crash would forget. */
  foreignUnkept: number;
  /** Null where one customer may have all of it. */
  readonly shares: Shares | null;
}

/** Calls at the same time. */
export interface Seats extends Shared {
  readonly kind: 'seats';
  taken: number;
  /** Of those taken, the ones that no call sits on yet. */
  held: number;
  /** Where it is found out how many there are. */
  readonly places: Places | null;
}

/** What is counted under one key. Who holds one asks for it again once it is not kept. */
export type Budget = Window | Seats;

/** Calls taken ahead, for a holder that makes them later; Infinity where the provider declares no such limit. */
export interface Held {
  readonly calls: number;
  readonly seats: number;
}

/** What a holder did with what it holds. */
export interface HeldReport {
  /** Calls that were made. */
  readonly used: number;
  /** Of those that were made, now or told before, the ones that have ended. */
  readonly ended: number;
  /** Calls that will not be made. */
  readonly returned: number;
  /** Seats that are given back. */
  readonly seats: number;
}

/**
 * To be asked when a call was just taken, and handed to `Budgets.learn` with its answer: how many calls of each budget
 * that answer counts for sure, because they had ended before, or are the call itself.
 */
export function marksOf(budgets: readonly Budget[]): readonly number[] {
  return budgets.map((budget) => (budget.kind === 'window' ? budget.ended + 1 : 0));
}

/** Nobody sits on them, waits for them or is about to take one. */
export function isIdle({ taken, queue, turns }: Seats): boolean {
  return taken === 0 && queue.size === 0 && turns === 0;
}

/** As a row. */
interface StoredBudget extends StoredQuota {
  /** Calls that were reserved or held when it was written; absent: none, or counted as made then (earlier versions). */
  readonly unspent?: number;
}

/** For calls, or ahead of them. */
export function takeSeats(seats: Seats, count: number, isHeld: boolean): void {
  seats.taken += count;
  if (isHeld) seats.held += count;
}

/** As the disk has it, or new. */
export function openWindow(reads: Reads, key: BudgetKey, nowMs: Ms): Window {
  const quota = newQuota(key.limit, key.windowMs, key);
  const row = readBudget(reads, key.key);
  if (row !== undefined) {
    const { unspent = 0, ...stored } = JSON.parse(row) as StoredBudget;
    restoreQuota(quota, stored);
    // Each may have been made at any time since the row was written: all count as the last of them can have been.
    if (unspent > 0) spendFor(quota, 'interactive', nowMs, unspent);
  }
  const chunkLeft = key.windowMs >= DURABLE_WINDOW_MS_MIN ? 0 : Number.POSITIVE_INFINITY;
  const shares = key.isShared === true ? newShares() : null;
  const own = { ...quota, chunkLeft, reserving: 0, sent: 0, ended: 0, foreignUnkept: 0, shares };
  return { kind: 'window', key, isKept: true, queue: new FairQueue(), turns: 0, timer: null, ...own };
}

/** Nobody on them yet. */
export function openSeats(key: BudgetKey, places: Places | null): Seats {
  return { kind: 'seats', key, isKept: true, queue: new FairQueue(), turns: 0, timer: null, taken: 0, held: 0, places };
}

/** With what is reserved and held: whatever becomes of this process, nobody spends it twice. */
export function rowOf(window: Window, nowMs: Ms): RowWrite {
  const { key, meter } = window;
  const unspent = unspentOf(window);
  const row: StoredBudget = { ...storedQuota(window, nowMs), ...(unspent > 0 ? { unspent } : {}) };
  const endsAtMs = nowMs + (meter.isLearned || meter.careful !== null ? LEARNED_LIMIT_KEPT_MS : 2 * meter.windowMs);
  return putBudget(key.key, row, endsAtMs);
}

/** Calls that may be made without another word to the disk. */
function unspentOf({ meter, chunkLeft, reserving }: Window): number {
  return (Number.isFinite(chunkLeft) ? Math.max(0, chunkLeft) : 0) + reserving + meter.held;
}

/**
 * Whether a row that was written long ago may go: calls of its chunk may have been made just now, and no other row
 * tells of them. Of a chunk that nobody spent of late nothing is reserved any more.
 */
export function isOver(window: Window, nowMs: Ms): boolean {
  const { meter, chunkLeft, reserving } = window;
  if (chunkLeft === Number.POSITIVE_INFINITY) return true;
  roomAt(meter, nowMs);
  if (meter.total + meter.held + reserving > 0) return false;
  window.chunkLeft = 0;
  return true;
}

/** Calls of a window that are put on disk at a time. */
export function chunkOf({ limit }: Meter): number {
  return Math.min(BUDGET_CHUNK_MAX, Math.max(1, Math.ceil(limit * BUDGET_CHUNK_SHARE)));
}

/** Of them, what is to be put on disk now; less than 1: nothing. */
export function nextChunkOf(window: Window, nowMs: Ms): number {
  const { meter, reserving, chunkLeft } = window;
  if (reserving > 0 || chunkLeft === Number.POSITIVE_INFINITY) return 0;
  return Math.min(chunkOf(meter), Math.floor(roomFor(window, 'interactive', nowMs)) - Math.max(0, chunkLeft));
}

/** Whether what others spent of a long window goes to the disk: as much as a chunk of ours, or the last of it. */
export function isWorthKeeping({ meter, foreignUnkept, chunkLeft }: Window, nowMs: Ms): boolean {
  if (chunkLeft === Number.POSITIVE_INFINITY || foreignUnkept <= 0) return false;
  return foreignUnkept >= chunkOf(meter) || roomAt(meter, nowMs) < 1;
}

/** Turns that could be given now, those that are out included. */
export function openTurns(budget: Budget, priority: CallPriority, nowMs: Ms): number {
  if (budget.kind === 'window') {
    const room = roomFor(budget, priority, nowMs);
    // Whom the count does not stop, a disk that does not take it does not stop either.
    return priority === 'interactive' && budget.policy.isSoft === true ? room : Math.min(room, budget.chunkLeft);
  }
  const limit = seatsOf(budget);
  return limit - reservedOf(limit, priority) - budget.taken;
}

/** Why a call cannot be taken; null where it can. Without a turn it is behind those who wait. */
export function fullnessOf(budget: Budget, priority: CallPriority, turn: Turn | null, nowMs: Ms): Full | null {
  const isFirst = turn !== null;
  if (!isFirst && budget.queue.isAhead(priority)) return { budget: budget.key, atMs: nowMs };
  const open = openTurns(budget, priority, nowMs);
  // Who has waited for one budget takes of all that there is: two who hold turns at two budgets and respect each
  // other's would give them up and ask again for ever.
  if (open - (isFirst ? 0 : budget.turns) >= 1) return null;
  return fullOf(budget, priority, nowMs);
}

/** As many as are known to be there. */
function seatsOf({ key, places }: Seats): number {
  return places === null ? key.limit : wholePlaces(places);
}

/** Why there is no room in a budget, and until when. */
function fullOf(budget: Budget, priority: CallPriority, nowMs: Ms): Full {
  if (budget.kind === 'seats') return { budget: budget.key, atMs: null };
  const isSpent = roomFor(budget, priority, nowMs) < 1;
  return { budget: budget.key, atMs: isSpent ? earliestFor(budget, priority, nowMs) : nowMs };
}

/** For who has waited as long as may be waited, and gets no call before `partAtMs` even if there are some. */
export function latenessOf(budget: Budget, priority: CallPriority, nowMs: Ms, partAtMs = nowMs): IntegrationError {
  if (budget.kind === 'seats') {
    const retryAtMs = nowMs + PLACE_RETRY_MS;
    return new IntegrationError('budget_exhausted', 'as many calls as the provider allows are under way', {
      retryAtMs,
    });
  }
  const retryAtMs = Math.max(partAtMs, earliestFor(budget, priority, nowMs));
  return exhausted(retryAtMs, partAtMs > nowMs);
}

/** Of a window; `isPart`: there are calls for others. */
export function exhausted(retryAtMs: Ms, isPart = false): IntegrationError {
  const whose = isPart ? "this connection's part of the calls" : 'the calls';
  const verb = isPart ? 'is' : 'are';
  return new IntegrationError('budget_exhausted', `${whose} that the provider allows ${verb} spent`, { retryAtMs });
}

/** What may be held of a budget: a share of what is open, and nothing that somebody waits for. */
function spareOf(budget: Budget, nowMs: Ms): number {
  if (budget.queue.size > 0 || budget.turns > 0) return 0;
  return Math.max(0, Math.floor(openTurns(budget, 'interactive', nowMs) * HELD_SHARE));
}

/** What may be held of all of these budgets, at most `want`; Infinity of what is wanted and no budget limits. */
export function sparesOf(budgets: readonly Budget[], want: Held, nowMs: Ms): Held {
  return {
    calls: leastSpare(budgets, 'window', want.calls, nowMs),
    seats: leastSpare(budgets, 'seats', want.seats, nowMs),
  };
}

function leastSpare(budgets: readonly Budget[], kind: Budget['kind'], want: number, nowMs: Ms): number {
  if (want === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const budget of budgets) if (budget.kind === kind) least = Math.min(least, want, spareOf(budget, nowMs));
  return least;
}

/** Whoever waits for a window gives up; unless it is said why, because the disk takes no more of it. */
export function failAll({ queue }: Window, failure?: IntegrationError): void {
  const unkept = new IntegrationError('storage_unavailable', 'the budget of this call could not be kept on disk');
  for (let waiter = queue.next(() => true); waiter !== undefined; waiter = queue.next(() => true)) {
    waiter.fail(failure ?? unkept);
  }
}

/**
 * Whether those who wait were told that there is nothing before `atMs`, which is later than anybody waits: they hoped
 * for calls that were held, and that were made.
 */
export function failedInVain(window: Window, priority: CallPriority, atMs: Ms, nowMs: Ms): boolean {
  if (atMs - nowMs <= CALLER_WAIT_MS_MAX || window.meter.held > 0) return false;
  failAll(window, latenessOf(window, priority, nowMs));
  return true;
}

/** For operators, who may ask for one of those who wait. */
export function viewOf(budget: Budget, nowMs: Ms, owner = ''): BudgetView {
  const { key, queue } = budget;
  const { name, path, windowMs } = key;
  const waits = { waiting: queue.counts(), ownWaiting: queue.countOf(owner) };
  const shared = { key: key.key, name, ...(path === undefined ? {} : { path }), windowMs, ...waits };
  if (budget.kind === 'seats') {
    const limit = seatsOf(budget);
    const { taken: spent, held } = budget;
    const counted = { limit, spent, held, reservedForPeople: reservedOf(limit, 'read') };
    const unknown = { pacePerHour: null, blockedUntilMs: null, ownSpent: null };
    return { ...shared, ...counted, ...unknown, isLearned: budget.places !== null };
  }
  const { meter, policy, shares } = budget;
  const pacePerHour = paceOf(budget, nowMs);
  roomAt(meter, nowMs);
  return {
    ...shared,
    limit: limitOf(meter),
    spent: meter.total + meter.held,
    held: meter.held,
    isLearned: meter.isLearned || limitOf(meter) < meter.limit,
    reservedForPeople: reservedOf(limitOf(meter), 'read', policy.caps),
    pacePerHour,
    blockedUntilMs: meter.blockedUntilMs > nowMs ? meter.blockedUntilMs : null,
    ownSpent: shares === null ? null : hadBy(shares, meter, owner),
  };
}
