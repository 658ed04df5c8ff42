// Windows that outlive a process which ends without a word: calls of a chunk may be made long after the chunk was put
// on disk, and no row tells when.

import { describe, expect, it } from 'vitest';
import type { BudgetKey } from '../../../actors/budgetState.ts';
import { Budgets } from '../../../actors/budgets.ts';
import { silentLog } from '../../../src/core/log.ts';
import { MINUTE_MS, type Ms, SECOND_MS } from '../../../src/core/time.ts';
import type { Store } from '../../../src/store/store.ts';
import { expireBudgets, putBudget, readExpiredBudgets } from '../../../src/store/tables/budgets.ts';
import { type FakeClock, fakeClock, flush } from '../../support/clock.ts';
import { dice } from '../../support/dice.ts';
import { withStore } from '../../support/store.ts';

const MINUTE: BudgetKey = { key: 'p/minute', name: 'minute', limit: 1000, windowMs: MINUTE_MS };
const NOTHING = { used: 0, ended: 0, returned: 0, seats: 0 };

/** A process; without a word to the one before, which is gone. */
const live = (store: Store, clock: FakeClock) => new Budgets(store, clock, silentLog());

/** Calls that go at once, at most so many. */
function callsOf(budgets: Budgets, key: BudgetKey, most = Number.POSITIVE_INFINITY): number {
  let calls = 0;
  while (calls < most && budgets.tryTake(budgets.opened([key]), 'interactive', null) === null) calls += 1;
  return calls;
}

/** The first call finds nothing reserved, and waits until there is. */
async function reserve(budgets: Budgets, clock: FakeClock, key: BudgetKey): Promise<void> {
  (await budgets.turn(key, 'interactive', 'a', clock.nowMs() + SECOND_MS)).end();
  await flush();
}

/** What is removed once an hour. */
async function sweep(budgets: Budgets, store: Store, clock: FakeClock): Promise<readonly string[]> {
  const keys = readExpiredBudgets(store.reads, clock.nowMs(), 10);
  const over = budgets.over(keys);
  await store.commit([expireBudgets(keys, clock.nowMs())]);
  expect(readExpiredBudgets(store.reads, clock.nowMs(), 10)).toEqual([]);
  return over;
}

const spentOf = (budgets: Budgets, key: BudgetKey) => budgets.view([key])[0]?.spent;

describe('calls of a chunk that was reserved long before', () => {
  it('count as made at the restart', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const budgets = live(store, clock);
    await reserve(budgets, clock, MINUTE);
    await clock.advance(58 * SECOND_MS);
    // Less than half of a chunk, so that nothing of them is written.
    expect(callsOf(budgets, MINUTE, 24)).toBe(24);
    await clock.advance(4 * SECOND_MS);
    const next = live(store, clock);
    expect(spentOf(next, MINUTE)).toBe(50);
    await clock.advance(MINUTE_MS - SECOND_MS);
    expect(spentOf(next, MINUTE)).toBe(50);
    await clock.advance(3 * SECOND_MS);
    expect(spentOf(next, MINUTE)).toBe(0);
  });

  it('count as made at the restart when they were held, and returned in part', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const budgets = live(store, clock);
    await reserve(budgets, clock, MINUTE);
    const { calls } = budgets.hold(budgets.opened([MINUTE]), 8) ?? { calls: 0 };
    expect(calls).toBe(8);
    await clock.advance(58 * SECOND_MS);
    budgets.settle(budgets.opened([MINUTE]), { ...NOTHING, used: 5, ended: 5, returned: 3 });
    await clock.advance(4 * SECOND_MS);
    expect(spentOf(live(store, clock), MINUTE)).toBe(50);
  });

  it('count as made at the restart when the clock was put back by hours', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const budgets = live(store, clock);
    await reserve(budgets, clock, MINUTE);
    await clock.advance(30 * SECOND_MS);
    clock.jump(-5 * 60 * MINUTE_MS);
    expect(callsOf(budgets, MINUTE, 24)).toBe(24);
    const next = live(store, clock);
    expect(spentOf(next, MINUTE)).toBe(50);
    await clock.advance(MINUTE_MS - SECOND_MS);
    expect(spentOf(next, MINUTE)).toBe(50);
    // The newest slice may lie one ahead.
    await clock.advance(4 * SECOND_MS);
    expect(spentOf(next, MINUTE)).toBe(0);
  });

  it('outlive its row, which has had its time and is written anew', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const budgets = live(store, clock);
    await reserve(budgets, clock, MINUTE);
    await clock.advance(10 * MINUTE_MS);
    expect(callsOf(budgets, MINUTE, 24)).toBe(24);
    expect(await sweep(budgets, store, clock)).toEqual([]);
    expect(spentOf(live(store, clock), MINUTE)).toBe(50);
    // Nobody is there any more who could make them.
    await clock.advance(10 * MINUTE_MS);
    expect(await sweep(live(store, clock), store, clock)).toEqual([MINUTE.key]);
  });

  it('are reserved anew where none was made until its row had had its time', async () => {
    const { store } = await withStore();
    const clock = fakeClock();
    const budgets = live(store, clock);
    await reserve(budgets, clock, MINUTE);
    await clock.advance(10 * MINUTE_MS);
    expect(await sweep(budgets, store, clock)).toEqual([MINUTE.key]);
    expect(callsOf(budgets, MINUTE)).toBe(0);
    await reserve(budgets, clock, MINUTE);
    expect(callsOf(budgets, MINUTE, 24)).toBe(24);
    expect(spentOf(live(store, clock), MINUTE)).toBe(50);
  });
});

it('a row of an earlier version has what was reserved among what was made', async () => {
  const { store } = await withStore();
  const clock = fakeClock();
  const slice = Math.floor(clock.nowMs() / (MINUTE_MS / 50));
  const state = { atMs: clock.nowMs(), limit: null, blockedUntilMs: 0, counts: [slice - 1, 7, slice, 50] };
  await store.commit([putBudget(MINUTE.key, state, clock.nowMs() + 2 * MINUTE_MS)]);
  expect(spentOf(live(store, clock), MINUTE)).toBe(57);
});

/** A process that ends by chance, and whoever calls through it. Real time goes on where its clock goes back. */
class Chances {
  readonly made: Ms[] = [];
  readonly #store: Store;
  readonly #clock = fakeClock();
  readonly #key: BudgetKey;
  readonly #roll: (sides: number) => number;
  #budgets: Budgets;
  #held = 0;
  #atMs = 0;

  constructor(store: Store, key: BudgetKey, seed: number) {
    this.#store = store;
    this.#key = key;
    this.#roll = dice(seed);
    this.#budgets = live(store, this.#clock);
  }

  async step(): Promise<void> {
    const roll = this.#roll;
    // Either everybody asks for as much as there is, or nobody for about a window.
    const isQuiet = roll(60) === 0;
    const passesMs = isQuiet ? 55 * SECOND_MS + roll(15 * SECOND_MS) : roll(SECOND_MS / 5);
    this.#atMs += passesMs;
    await this.#clock.advance(passesMs);
    if (roll(400) === 0) this.#clock.jump(-roll(20 * SECOND_MS));
    const what = roll(6);
    if (what === 0) this.#hold();
    else if (what === 1) this.#settle();
    else this.#call(roll(isQuiet ? 8 : 30));
    if (roll(20) === 0) await sweep(this.#budgets, this.#store, this.#clock);
    if (roll(isQuiet ? 2 : 80) === 0) this.#crash();
  }

  #call(most: number): void {
    const budgets = this.#budgets;
    const calls = callsOf(budgets, this.#key, most);
    this.#note(calls);
    if (calls === most) return;
    const turn = budgets.turn(this.#key, 'interactive', 'a', this.#clock.nowMs() + 1);
    turn.then((given) => given.end()).catch(() => {});
  }

  #hold(): void {
    this.#held += this.#budgets.hold(this.#budgets.opened([this.#key]), 1 + this.#roll(4))?.calls ?? 0;
  }

  #settle(): void {
    const used = this.#roll(this.#held + 1);
    this.#note(used);
    const report = { ...NOTHING, used, ended: used, returned: this.#held - used };
    this.#budgets.settle(this.#budgets.opened([this.#key]), report);
    this.#held = 0;
  }

  #crash(): void {
    // All that was held may just have been made.
    this.#note(this.#held);
    this.#held = 0;
    this.#budgets = live(this.#store, this.#clock);
  }

  #note(calls: number): void {
    for (let call = 0; call < calls; call++) this.made.push(this.#atMs);
  }
}

describe('no window of a minute has more calls than the limit', () => {
  it.each([1, 2, 3, 4, 5, 6])('over crashes, with a clock that is put back at times: %i', async (seed) => {
    const { store } = await withStore();
    const limit = 200;
    const chances = new Chances(store, { ...MINUTE, limit }, seed);
    for (let step = 0; step < 1000; step++) await chances.step();
    const { made } = chances;
    const counts = made.map((fromMs) => made.filter((ms) => ms >= fromMs && ms < fromMs + MINUTE_MS).length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(limit);
    // Not for want of trying.
    expect(Math.max(...counts)).toBeGreaterThan(limit * 0.9);
    expect(made.length).toBeGreaterThan(5 * limit);
  });
});
