// Edge threads against every order of calls, messages, pauses and deaths that fast-check thinks of: whatever happens,
// the provider sees no more calls in any window, and no more at the same time, than it allows.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { BudgetKey } from '../../actors/budgetState.ts';
import type { Lease, LeaseTarget } from '../../actors/lease.ts';
import { IntegrationError } from '../../src/core/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { type Desk, exchanged, posted, startDesk, type Thread, TOKEN, targetOf } from '../support/remote.ts';

const BURST: BudgetKey = { key: 'h/burst', name: 'burst', limit: 40, windowMs: 10 * SECOND_MS };
/** Kept on disk, in chunks. */
const LONG: BudgetKey = { key: 'h/long', name: 'long', limit: 100, windowMs: MINUTE_MS };
const SEATS: BudgetKey = { key: 'h/seats', name: 'seats', limit: 16, windowMs: 0 };
/** Connections share what is declared. */
const CONNECTIONS = 2;
const THREADS = 2;
const RUNS = 25;
/** What calls are told while the owner hangs. */
const SILENCE = new IntegrationError('overloaded', 'the owner thread has not answered');

type Step =
  | { readonly kind: 'calls'; readonly thread: number; readonly target: number; readonly count: number }
  | { readonly kind: 'ownerCall'; readonly target: number }
  | { readonly kind: 'end'; readonly thread: number; readonly count: number }
  | { readonly kind: 'toOwner' | 'toThread'; readonly thread: number; readonly count: number }
  | { readonly kind: 'die'; readonly thread: number }
  | { readonly kind: 'renew' }
  | { readonly kind: 'silence'; readonly thread: number }
  | { readonly kind: 'resume'; readonly thread: number }
  | { readonly kind: 'wait'; readonly ms: number };

const thread = fc.nat({ max: THREADS - 1 });
const target = fc.nat({ max: CONNECTIONS - 1 });
/** Schedules with at most so many calls and milliseconds in a step; `often` as many messages. */
const stepsOf = (countMax: number, msMax: number, often: number) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('calls'), thread, target, count: fc.nat(countMax) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('ownerCall'), target }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('end'), thread, count: fc.nat(countMax) }) },
      { weight: often, arbitrary: fc.record({ kind: fc.constant('toOwner'), thread, count: fc.nat(3) }) },
      { weight: often, arbitrary: fc.record({ kind: fc.constant('toThread'), thread, count: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('die'), thread }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew') }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('silence'), thread }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume'), thread }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: msMax }) }) },
    ) as fc.Arbitrary<Step>,
    { minLength: 60, maxLength: 20 * often, size: 'max' },
  );
/** More calls than there are, so that they wait and all is called back. */
const HASTE = stepsOf(20, 6000, 8);
/** As many as there are, so that more is handed out ahead of them. */
const CALM = stepsOf(5, 1000, 12);

/** What the provider sees. */
class World {
  readonly sentAtMs: number[] = [];
  open = 0;
  openMost = 0;
  readonly #desk: Desk;
  /** Calls under way, by thread; the last are the owner's. */
  readonly #calls: Lease[][] = Array.from({ length: THREADS + 1 }, () => []);
  readonly #threads: Thread[];
  readonly #generations: number[] = Array.from({ length: THREADS }, () => 0);
  readonly #targets: LeaseTarget[];
  #generation = TOKEN.generation;

  constructor(desk: Desk, budgets: readonly BudgetKey[]) {
    this.#desk = desk;
    this.#targets = Array.from({ length: CONNECTIONS }, (_, index) => targetOf(`c${index}`, budgets));
    this.#threads = Array.from({ length: THREADS }, () => desk.thread());
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'calls') {
      for (let call = 0; call < step.count; call++) this.#call(step.thread, step.target);
    } else if (step.kind === 'ownerCall') {
      this.#begin(THREADS, () => this.#desk.leases.lease(this.#targets[step.target] as LeaseTarget, 'read'));
    } else if (step.kind === 'end') this.#end(step.thread, step.count);
    else if (step.kind === 'die') this.#die(step.thread);
    else if (step.kind === 'renew') this.#desk.give({ ...TOKEN, generation: ++this.#generation });
    else if (step.kind === 'silence') this.#threads[step.thread]?.channel.silence(SILENCE);
    else if (step.kind === 'resume') this.#threads[step.thread]?.channel.resume();
    else if (step.kind === 'wait') await this.#desk.clock.advance(step.ms);
    else this.#threads[step.thread]?.[step.kind](step.count);
    await posted();
  }

  /** Everything that waits is answered and ended, so that what is held must have come back. */
  async settle(): Promise<void> {
    for (const { channel } of this.#threads) channel.resume();
    for (let round = 0; round < 3; round++) {
      for (const [place] of this.#calls.entries()) this.#end(place, Number.POSITIVE_INFINITY);
      await exchanged(...this.#threads);
      await this.#desk.clock.advance(20 * SECOND_MS);
    }
    for (const [place] of this.#calls.entries()) this.#end(place, Number.POSITIVE_INFINITY);
    await exchanged(...this.#threads);
    // What nobody uses goes back by itself.
    await this.#desk.clock.advance(SECOND_MS);
    await exchanged(...this.#threads);
  }

  /** The most calls in any stretch of that length. */
  mostWithin(windowMs: number): number {
    return Math.max(
      0,
      ...this.sentAtMs.map((fromMs) => this.sentAtMs.filter((ms) => ms >= fromMs && ms < fromMs + windowMs).length),
    );
  }

  #call(place: number, target: number): void {
    const { remote } = this.#threads[place] as Thread;
    this.#begin(place, () => remote.lease(this.#targets[target] as LeaseTarget, 'interactive'));
  }

  #begin(place: number, lease: () => Lease | Promise<Lease>): void {
    const generation = this.#generations[place];
    const send = (lease: Lease) => {
      // Whoever died sends nothing.
      if (this.#generations[place] !== generation) return;
      this.sentAtMs.push(this.#desk.clock.nowMs());
      this.open += 1;
      this.openMost = Math.max(this.openMost, this.open);
      this.#calls[place]?.push(lease);
    };
    try {
      const leased = lease();
      if (leased instanceof Promise) leased.then(send, () => {});
      else send(leased);
    } catch {
      // The owner says no at once.
    }
  }

  #end(place: number, count: number): void {
    const calls = this.#calls[place] ?? [];
    for (const lease of calls.splice(0, Math.min(count, calls.length))) {
      this.open -= 1;
      lease.answered(null);
      lease.release();
    }
  }

  #die(place: number): void {
    this.#threads[place]?.end();
    this.#generations[place] = (this.#generations[place] ?? 0) + 1;
    this.open -= this.#calls[place]?.length ?? 0;
    this.#calls[place] = [];
    this.#threads[place] = this.#desk.thread();
  }
}

describe.each<[string, fc.Arbitrary<Step[]>, number]>([
  ['in haste', HASTE, 1],
  ['calmly', CALM, 3],
])('whatever threads and messages do, %s', (_pace, steps, share) => {
  it.each<[string, BudgetKey[]]>([
    ['a short window', [BURST]],
    ['a window that is kept on disk', [LONG]],
    ['a number of places', [SEATS]],
    ['all of them together', [BURST, LONG, SEATS]],
  ])(
    'the provider sees no more than it allows, and nothing stays held: %s',
    async (_name, declared) => {
      const budgets = declared.map((budget) => ({
        ...budget,
        limit: budget.limit * (budget.windowMs === 0 ? (1 + share) / 2 : share),
      }));
      let calls = 0;
      let refills = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (schedule) => {
          const desk = await startDesk();
          const more = vi.spyOn(desk.budgets, 'holdMore');
          const world = new World(desk, budgets);
          for (const step of schedule) await world.take(step);
          await world.settle();
          for (const { limit, windowMs } of budgets) {
            expect(windowMs === 0 ? world.openMost : world.mostWithin(windowMs)).toBeLessThanOrEqual(limit);
          }
          await desk.clock.advance(2 * LONG.windowMs);
          expect(desk.budgets.view(budgets).map(({ spent, held }) => spent + held)).toEqual(budgets.map(() => 0));
          calls += world.sentAtMs.length;
          refills += more.mock.results.filter(({ value }) => value.calls > 0 || value.seats > 0).length;
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      // Schedules in which nothing happens would prove nothing.
      expect(calls).toBeGreaterThan(20 * RUNS);
      if (steps === CALM && declared[0] !== SEATS) expect(refills).toBeGreaterThan(RUNS / 5);
    },
    120_000,
  );
});
