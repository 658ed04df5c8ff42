// What of the providers' limits is spent, and who waits for what is left. Counters are plain numbers in memory
// (`src/limits/meter.ts`); windows that outlive a process are reserved on disk in chunks before they are spent, so that
// a crash counts a chunk as spent and never spends it twice. Those who wait go by priority, and within one by owners in
// turn (`src/limits/fairQueue.ts`). Invariant: nobody spends what a declared or learned limit does not allow, and
// background work never what is reserved for people.

import { errorFacts } from '../src/core/errors.ts';
import { BUDGETS_CACHED_MAX, SEATS_IDLE_MAX } from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { forgotten } from '../src/core/lookUp.ts';
import { recentlyUsed } from '../src/core/recent.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import type { CallPriority } from '../src/limits/fairQueue.ts';
import { roomAt } from '../src/limits/meter.ts';
import { earliestFor, learnFor, nextProbeAtMs, roomFor } from '../src/limits/quota.ts';
import type { Said } from '../src/limits/told.ts';
import type { RowWrite } from '../src/store/port.ts';
import type { Store } from '../src/store/store.ts';
import {
  type Budget,
  type BudgetKey,
  type BudgetView,
  chunkOf,
  type Full,
  failAll,
  failedInVain,
  fullnessOf,
  type Held,
  type HeldReport,
  isIdle,
  isOver,
  isWorthKeeping,
  nextChunkOf,
  openSeats,
  openTurns,
  openWindow,
  rowOf,
  type Seats,
  sparesOf,
  type Turn,
  takeSeats,
  viewOf,
  type Waiter,
  type Window,
} from './budgetState.ts';
import { PlacesFound } from './placesFound.ts';
import { acceptedAt, type Refused, refusedAt, shortestOf, unexplainedAt } from './refusals.ts';
import { fairly, fairlyFull, holdAs, mayGoOf, nextLookAtMs, type Owner, settleAs, spendAs } from './sharing.ts';
import { newTurn, turnAt } from './waiting.ts';

/** All budgets of the process. */
export class Budgets {
  readonly #store: Pick<Store, 'reads' | 'commit'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #windows = recentlyUsed<string, Window>(BUDGETS_CACHED_MAX, { dispose: forgotten });
  readonly #places: PlacesFound;
  /** Those that somebody sits on or waits for, and idle ones while there are not too many. */
  readonly #seats = new Map<string, Seats>();
  #wanted: (key: string) => void = () => {};

  constructor(store: Pick<Store, 'reads' | 'commit'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#places = new PlacesFound(store.reads, (row) => this.#keepRow(row));
  }

  /** What calls under these keys are counted in, for whoever makes some. What was asked for last is kept longest. */
  opened(keys: readonly BudgetKey[]): readonly Budget[] {
    return keys.map((key) => this.#budgetOf(key, true));
  }

  /** They are in use: of those kept, they are dropped last. */
  used(keys: readonly BudgetKey[]): void {
    for (const key of keys) this.#budgetOf(key, true);
  }

  /**
   * Takes one call of every budget, or nothing: then says which one is full. Without a `turn` those who wait already go
   * first. A call that is held is made later: see `hold`. An owner gets no more than its part of what is shared.
   */
  tryTake(
    budgets: readonly Budget[],
    priority: CallPriority,
    turn: Turn | null,
    isHeld = false,
    owner: Owner = null,
  ): Full | null {
    const nowMs = this.#clock.nowMs();
    for (const budget of budgets) {
      const full = fairlyFull(budget, fullnessOf(budget, priority, turn, nowMs), owner, priority, nowMs);
      if (full === null) continue;
      // What others hold and do not use is wanted back.
      if (full.isPart) this.#wanted(full.budget.key);
      return full;
    }
    for (const budget of budgets) this.#take(budget, isHeld ? null : priority, owner, nowMs);
    if (turn !== null) turn.isUsed = true;
    return null;
  }

  /** Ends a call: its seats are free, and what the provider says from now on has it counted. */
  release(budgets: readonly Budget[]): void {
    for (const budget of budgets) {
      if (budget.kind === 'window') budget.ended = Math.min(budget.ended + 1, budget.sent);
      else {
        budget.taken -= 1;
        if (budget.queue.size > 0) this.#pump(budget);
        this.#dropIdle(budget);
      }
    }
  }

  /**
   * Takes calls ahead for a holder: at most `want` of every budget, less where little is left, nothing while anybody
   * waits. They take room as if they were made, but do not age until `settle` says that they were.
   */
  hold(budgets: readonly Budget[], want: number, owner: Owner = null): Held | null {
    const nowMs = this.#clock.nowMs();
    const held = fairly(budgets, sparesOf(budgets, { calls: want, seats: want }, nowMs), owner, nowMs);
    if (held.calls < 1 || held.seats < 1) return null;
    this.#holdAll(budgets, held, owner, nowMs);
    return held;
  }

  /** As `hold`, for a holder that has some of each: calls and places are taken as far as there are any. */
  holdMore(budgets: readonly Budget[], want: Held, owner: Owner = null): Held {
    const nowMs = this.#clock.nowMs();
    const held = fairly(budgets, sparesOf(budgets, want, nowMs), owner, nowMs);
    this.#holdAll(budgets, held, owner, nowMs);
    return held;
  }

  /** A holder tells what it did. Calls count as made now, which is later than they were and never earlier. */
  settle(held: readonly Budget[], { used, ended, returned, seats }: HeldReport, owner: Owner = null): void {
    const nowMs = this.#clock.nowMs();
    for (const known of held) {
      const budget = known.isKept ? known : this.#budgetOf(known.key);
      if (budget.kind === 'seats') {
        budget.taken -= seats;
        budget.held += ended - used - seats;
      } else {
        settleAs(budget, owner, nowMs, used, returned);
        budget.ended = Math.min(budget.ended + ended, budget.sent);
        budget.chunkLeft += returned;
      }
      if (budget.queue.size > 0) this.#pump(budget);
      this.#dropIdle(budget);
    }
  }

  /** Calls back with a budget of which what is held is wanted back: somebody waits, or there is less than was held. */
  onWanted(wanted: (key: string) => void): void {
    this.#wanted = wanted;
  }

  /**
   * Waits for a turn at a budget that is full. Rejects with `budget_exhausted` at `deadlineMs`, `overloaded` if too
   * many wait, `storage_unavailable` if nothing can be reserved, `timeout` at once when `gone` aborts.
   */
  turn(
    key: BudgetKey,
    priority: CallPriority,
    owner: string,
    deadlineMs: Ms,
    gone?: AbortSignal | undefined,
  ): Promise<Turn> {
    const budget = this.#budgetOf(key);
    const turn = turnAt(budget, { priority, owner, deadlineMs, gone }, this.#clock);
    this.#pump(budget);
    if (budget.queue.size > 0) this.#wanted(key.key);
    return turn;
  }

  /** What an answer said of one of these budgets. Without `marks` whatever is under way may not be counted in it. */
  learn(keys: readonly BudgetKey[], marks: readonly number[] | null, name: string, said: Said): void {
    const nowMs = this.#clock.nowMs();
    for (const [index, key] of keys.entries()) {
      if (key.windowMs === 0 || key.name !== name) continue;
      const window = this.#budgetOf(key) as Window;
      const { limit } = window.meter;
      // An answer may be late: whatever was sent since, or was still under way, may not be in its numbers.
      const most = Math.max(0, window.sent - (marks?.[index] ?? window.ended));
      // The answered call itself is one of those that have not ended.
      const uncounted = { most, likely: Math.max(0, window.sent - window.ended - 1) };
      window.foreignUnkept += learnFor(window, said, uncounted, nowMs);
      if (window.meter.limit !== limit || isWorthKeeping(window, nowMs)) this.#keep(window);
      if (roomAt(window.meter, nowMs) < 1) this.#wanted(key.key);
      if (window.queue.size > 0) this.#pump(window);
    }
  }

  /**
   * The provider refused for the budget of that name and wants no calls of it before `untilMs`; null: as long as is
   * declared. A slip of its clock must not end them for weeks. Who waits is looked at again then.
   */
  block(keys: readonly BudgetKey[], name: string, untilMs: Ms | null): void {
    const nowMs = this.#clock.nowMs();
    for (const key of keys) {
      if (key.name !== name) continue;
      if (key.windowMs === 0) {
        if (this.#places.refused(key, nowMs)) this.#wanted(key.key);
        continue;
      }
      const window = this.#budgetOf(key) as Window;
      this.#rest(window, refusedAt(window, untilMs, nowMs));
    }
  }

  /** A provider that tells no numbers refused, and did not say for which limit: see `unexplainedAt`. */
  unexplained(keys: readonly BudgetKey[], marks: readonly number[], untilMs: Ms | null): void {
    const { key, mark } = shortestOf(keys, marks);
    const window = key === undefined ? undefined : (this.#budgetOf(key) as Window);
    if (window !== undefined) this.#rest(window, unexplainedAt(window, mark, untilMs, this.#clock.nowMs()));
  }

  #rest(window: Window, { isLonger, isNews }: Refused): void {
    if (isNews) this.#keep(window);
    if (isLonger && window.queue.size > 0) this.#pump(window);
    if (isLonger) this.#wanted(window.key.key);
  }

  /** An answer that was no refusal, while its call still has its place. */
  answered(keys: readonly BudgetKey[]): void {
    for (const key of keys) {
      if (key.pause !== undefined) acceptedAt(this.#budgetOf(key) as Window, this.#clock.nowMs());
      if (key.startsAt !== undefined)
        this.#places.answered(key, this.#seats.get(key.key)?.taken ?? 0, this.#clock.nowMs());
    }
  }

  /** When the provider should be asked what is left of a window, not before now. */
  probeAtMs(key: BudgetKey, everyMs: Ms): Ms {
    return nextProbeAtMs(this.#budgetOf(key) as Window, everyMs, this.#clock.nowMs());
  }

  /** It is asked now. */
  probing(key: BudgetKey): void {
    const window = this.#budgetOf(key) as Window;
    window.probedAtMs = this.#clock.nowMs();
    this.#keep(window);
  }

  /** Calls that wait for a window to move on, and for nothing else. */
  get waitingForTimeCount(): number {
    return [...this.#windows.values()].reduce((sum, { timer, queue }) => sum + (timer === null ? 0 : queue.size), 0);
  }

  /** Of rows that have had their time, those that may go; the others are written anew, as they stand. */
  over(keys: readonly string[]): readonly string[] {
    const nowMs = this.#clock.nowMs();
    return keys.filter((key) => {
      const window = this.#windows.peek(key);
      if (window === undefined || isOver(window, nowMs)) return true;
      this.#keep(window);
      return false;
    });
  }

  /** Whether anything was spent of a window lately. */
  isAtHand({ key }: BudgetKey): boolean {
    return this.#windows.peek(key) !== undefined;
  }

  /** Of these keys, and of who waits there; without, of all in memory, whose use it is not. */
  view(keys?: readonly BudgetKey[], owner?: string): BudgetView[] {
    const nowMs = this.#clock.nowMs();
    const seen = keys?.map((key) => this.#budgetOf(key)) ?? [...this.#windows.values(), ...this.#seats.values()];
    return seen.map((budget) => viewOf(budget, nowMs, owner));
  }

  /** Null: a call that is held. */
  #take(budget: Budget, priority: CallPriority | null, owner: Owner, nowMs: Ms): void {
    if (budget.kind === 'seats') takeSeats(budget, 1, priority === null);
    else {
      if (priority === null) holdAs(budget, owner, 1);
      else spendAs(budget, priority, owner, nowMs, 1);
      this.#useChunk(budget, 1, nowMs);
    }
  }

  #holdAll(budgets: readonly Budget[], { calls, seats }: Held, owner: Owner, nowMs: Ms): void {
    for (const budget of budgets) {
      if (budget.kind === 'seats') takeSeats(budget, seats, true);
      else if (calls > 0) {
        holdAs(budget, owner, calls);
        this.#useChunk(budget, calls, nowMs);
      }
    }
  }

  /** The next chunk is asked for ahead, so that calls seldom wait for the disk. */
  #useChunk(window: Window, calls: number, nowMs: Ms): void {
    window.chunkLeft -= calls;
    if (window.chunkLeft < chunkOf(window.meter) / 2) this.#reserve(window, nowMs);
  }

  /** Gives turns to as many as there is room for; the rest is looked at again when there should be some. */
  #pump(budget: Budget): void {
    budget.timer?.cancel();
    budget.timer = null;
    const nowMs = this.#clock.nowMs();
    const mayGo = mayGoOf(budget, nowMs);
    while (budget.queue.size > 0) {
      const waiter = budget.queue.next((priority) => openTurns(budget, priority, nowMs) >= budget.turns + 1, mayGo);
      if (waiter === undefined) break;
      budget.turns += 1;
      waiter.go(this.#turnOf(budget, waiter));
    }
    if (budget.kind === 'window' && budget.queue.size > 0) this.#arm(budget, nowMs);
  }

  #turnOf(budget: Budget, waiter: Waiter): Turn {
    return newTurn(budget, waiter, () => {
      this.#pump(budget);
      this.#dropIdle(budget);
    });
  }

  #arm(window: Window, nowMs: Ms): void {
    const priority = window.queue.highest ?? 'interactive';
    if (window.chunkLeft < 1 && roomFor(window, priority, nowMs) >= 1) {
      this.#reserve(window, nowMs);
      return;
    }
    const atMs = earliestFor(window, priority, nowMs);
    if (atMs > nowMs && failedInVain(window, priority, atMs, nowMs)) return;
    // Turns that are out come back here by themselves; else there is room, but not for those who wait.
    const lookAtMs = atMs > nowMs ? atMs : nextLookAtMs(window, nowMs);
    if (lookAtMs > nowMs) window.timer = this.#clock.timerAt(lookAtMs, () => this.#pump(window));
  }

  /** Puts the next chunk on disk as spent; it may be spent only then, but by people whom the count does not stop. */
  #reserve(window: Window, nowMs: Ms): void {
    const chunk = nextChunkOf(window, nowMs);
    if (chunk < 1) return;
    window.reserving = chunk;
    // What people spent without it is in the row that is written now.
    window.chunkLeft = Math.max(0, window.chunkLeft);
    this.#write(window, nowMs).then(
      () => {
        window.reserving = 0;
        window.chunkLeft += chunk;
        if (window.chunkLeft < 0) this.#reserve(window, this.#clock.nowMs());
        this.#pump(window);
      },
      (error: unknown) => {
        window.reserving = 0;
        this.#log.warn({ budget: window.key.key, err: errorFacts(error).message }, 'a budget could not be reserved');
        failAll(window);
      },
    );
  }

  /** Something was learned that should outlive the process; the disk may have it a little later. */
  #keep(window: Window): void {
    window.foreignUnkept = 0;
    this.#keepRow(rowOf(window, this.#clock.nowMs()));
  }

  #keepRow(row: RowWrite): void {
    this.#store.commit([row]).catch((error: unknown) => {
      this.#log.warn({ budget: row.params[0], err: errorFacts(error).message }, 'a learned limit could not be kept');
    });
  }

  #write(window: Window, nowMs: Ms): Promise<void> {
    window.foreignUnkept = 0;
    return this.#store.commit([rowOf(window, nowMs)]);
  }

  #dropIdle(budget: Budget): void {
    if (budget.kind !== 'seats' || !isIdle(budget)) return;
    // Where places are found out, they are another cache's to keep.
    if (budget.places === null && this.#seats.size <= SEATS_IDLE_MAX) return;
    forgotten(budget);
    this.#seats.delete(budget.key.key);
  }

  #budgetOf(key: BudgetKey, isUsed = false): Budget {
    return key.windowMs === 0 ? this.#seatsOf(key) : this.#windowOf(key, isUsed);
  }

  #seatsOf(key: BudgetKey): Seats {
    const known = this.#seats.get(key.key);
    if (known !== undefined) return known;
    const seats = openSeats(key, this.#places.of(key));
    this.#seats.set(key.key, seats);
    return seats;
  }

  #windowOf(key: BudgetKey, isUsed: boolean): Window {
    const known = isUsed ? this.#windows.get(key.key) : this.#windows.peek(key.key);
    if (known !== undefined) return known;
    const window = openWindow(this.#store.reads, key, this.#clock.nowMs());
    this.#windows.set(key.key, window);
    return window;
  }
}
