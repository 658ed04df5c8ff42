import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CEILING_HOLD_WINDOWS, CEILING_SHARE } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import { block, earliestAtMs, limitOf, roomAt, spend } from '../../../src/limits/meter.ts';
import { restore, stored } from '../../../src/limits/meterRow.ts';
import { surprisedUntold } from '../../../src/limits/meterTold.ts';
import { type Meter, newMeter } from '../../../src/limits/slices.ts';
import { isKnown, newTurns, noteTurn } from '../../../src/limits/turns.ts';

const WINDOW_MS = 10 * SECOND_MS;

/** A provider whose windows begin at 3 s past each multiple, and that tells nothing but Retry-After. */
const PHASE_MS = 3000;

class Provider {
  limit = 200;
  othersPerS = 0;
  #taken = 0;
  #turnMs = Number.NEGATIVE_INFINITY;
  othersRefused = 0;

  /** Null: accepted; else its Retry-After as a time. */
  call(nowMs: number): number | null {
    this.#turn(nowMs);
    const endMs = this.#turnMs + WINDOW_MS;
    if (this.#taken >= this.limit) return nowMs + Math.ceil((endMs - nowMs) / SECOND_MS) * SECOND_MS;
    this.#taken += 1;
    return null;
  }

  others(nowMs: number, calls: number): void {
    this.#turn(nowMs);
    const fit = Math.min(calls, this.limit - this.#taken);
    this.#taken += fit;
    this.othersRefused += calls - fit;
  }

  #turn(nowMs: number): void {
    const turnMs = Math.floor((nowMs - PHASE_MS) / WINDOW_MS) * WINDOW_MS + PHASE_MS;
    if (turnMs !== this.#turnMs) this.#taken = 0;
    this.#turnMs = turnMs;
  }
}

/** Somebody who takes all that there is, looked at every 20 ms. */
class Load {
  readonly meter: Meter;
  readonly provider = new Provider();
  readonly refusedAtMs: number[] = [];
  accepted = 0;
  nowMs = 0;

  constructor(meter = newMeter(2000, WINDOW_MS)) {
    this.meter = meter;
  }

  runTo(untilMs: number): void {
    for (; this.nowMs < untilMs; this.nowMs += 20) {
      const { othersPerS } = this.provider;
      if (this.nowMs % SECOND_MS === 0) this.provider.others(this.nowMs, othersPerS);
      while (roomAt(this.meter, this.nowMs) >= 1) this.#send();
    }
  }

  #send(): void {
    spend(this.meter, this.nowMs);
    const untilMs = this.provider.call(this.nowMs);
    if (untilMs === null) this.accepted += 1;
    else {
      this.refusedAtMs.push(this.nowMs);
      surprisedUntold(this.meter, { unsure: 1, untilMs, isGuessed: false }, this.nowMs);
      block(this.meter, untilMs);
    }
  }
}

describe('the turn of a window', () => {
  it('is not believed where refusals tell of another each time', () => {
    const turns = newTurns(WINDOW_MS, 5000, 100);
    expect([noteTurn(turns, 28_000), isKnown(turns)]).toEqual([false, true]);
    expect([noteTurn(turns, 41_000), isKnown(turns)]).toEqual([false, false]);
  });

  it('is not known better than a second, which is nothing of a window of a second', () => {
    expect(isKnown(newTurns(SECOND_MS, 5000, 100))).toBe(false);
  });

  it('becomes narrower with every refusal that tells of it, and is never lost by them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_600_000), { minLength: 1 }), (atMs) => {
        const toldAt = (nowMs: number) => {
          const leftMs = WINDOW_MS - ((((nowMs - PHASE_MS) % WINDOW_MS) + WINDOW_MS) % WINDOW_MS);
          return nowMs + Math.ceil(leftMs / SECOND_MS) * SECOND_MS;
        };
        const [first = 0, ...others] = atMs;
        const turns = newTurns(WINDOW_MS, toldAt(first), 100);
        for (const nowMs of others) expect(noteTurn(turns, toldAt(nowMs))).toBe(true);
        const awayMs = Math.round((turns.highMs - PHASE_MS) / WINDOW_MS) * WINDOW_MS + PHASE_MS;
        expect(turns.lowMs).toBeLessThanOrEqual(awayMs);
        expect(turns.highMs).toBeGreaterThanOrEqual(awayMs);
      }),
    );
  });
});

describe('a limit of which only Retry-After tells', () => {
  it('is refused once in so many windows, and used to nearly all of it', () => {
    const load = new Load();
    load.runTo(40 * WINDOW_MS);
    const spacesMs = load.refusedAtMs.slice(2).map((atMs, index) => atMs - (load.refusedAtMs[index + 1] ?? 0));
    for (const spaceMs of spacesMs) expect(spaceMs).toBeGreaterThanOrEqual(CEILING_HOLD_WINDOWS * WINDOW_MS);
    expect(load.accepted / (40 * load.provider.limit)).toBeGreaterThan(0.95);
  });

  it('is left to others as far as they take it', () => {
    const load = new Load();
    load.provider.othersPerS = 8;
    load.runTo(60 * WINDOW_MS);
    const refusedBefore = load.provider.othersRefused;
    const acceptedBefore = load.accepted;
    load.runTo(120 * WINDOW_MS);
    expect((load.provider.othersRefused - refusedBefore) / (60 * 80)).toBeLessThan(0.05);
    expect((load.accepted - acceptedBefore) / (60 * 120)).toBeGreaterThan(0.93);
  });

  it('is followed down, and up again', () => {
    const load = new Load();
    load.runTo(20 * WINDOW_MS);
    load.provider.othersPerS = 10;
    load.runTo(35 * WINDOW_MS);
    expect(limitOf(load.meter)).toBeLessThanOrEqual(105);
    load.provider.othersPerS = 0;
    load.runTo(50 * WINDOW_MS);
    expect(limitOf(load.meter)).toBeGreaterThan(170);
  });

  it('is found with one trial where others have become far fewer', () => {
    const load = new Load();
    load.provider.othersPerS = 10;
    load.runTo(35 * WINDOW_MS);
    const before = limitOf(load.meter);
    load.provider.othersPerS = 2;
    while (limitOf(load.meter) <= before && load.nowMs < 45 * WINDOW_MS) load.runTo(load.nowMs + SECOND_MS);
    expect(before).toBeLessThanOrEqual(110);
    expect(limitOf(load.meter)).toBeGreaterThan(150);
  });

  it('goes no higher than it was used', () => {
    const load = new Load();
    load.runTo(20 * WINDOW_MS);
    const before = limitOf(load.meter);
    for (let nowMs = load.nowMs; nowMs < 60 * WINDOW_MS; nowMs += SECOND_MS) spend(load.meter, nowMs);
    expect(limitOf(load.meter)).toBeLessThanOrEqual(before);
  });

  it('is waited for until the window turns', () => {
    const load = new Load();
    load.runTo(20 * WINDOW_MS + PHASE_MS + 8 * SECOND_MS);
    expect(roomAt(load.meter, load.nowMs)).toBe(0);
    const atMs = earliestAtMs(load.meter, load.nowMs);
    expect(atMs).toBeGreaterThanOrEqual(21 * WINDOW_MS + PHASE_MS);
    expect(roomAt(load.meter, atMs)).toBeGreaterThan(1);
  });

  it('is known after a restart, as are the turns of its window', () => {
    const load = new Load();
    load.runTo(30 * WINDOW_MS);
    const again = newMeter(2000, WINDOW_MS);
    restore(again, JSON.parse(JSON.stringify(stored(load.meter, load.nowMs))));
    const before = load.refusedAtMs.length;
    const next = new Load(again);
    next.nowMs = load.nowMs + PHASE_MS;
    next.runTo(31 * WINDOW_MS);
    expect(limitOf(again)).toBeGreaterThan(0.9 * CEILING_SHARE * load.provider.limit);
    expect([before > 0, next.refusedAtMs]).toEqual([true, []]);
  });
});

describe('a window of which nothing is declared', () => {
  const guessed = (waitMs: number) => {
    const meter = newMeter(1_000_000, WINDOW_MS);
    spend(meter, 0, 200);
    surprisedUntold(meter, { unsure: 1, untilMs: waitMs, isGuessed: true }, 0);
    return meter;
  };

  it('is as long as Retry-After says, as far as windows go', () => {
    const lengthsMs = [500, SECOND_MS, 4 * SECOND_MS, 40 * SECOND_MS, 3600 * SECOND_MS].map(
      (waitMs) => guessed(waitMs).windowMs,
    );
    expect(lengthsMs).toEqual([SECOND_MS, SECOND_MS, WINDOW_MS, 6 * WINDOW_MS, WINDOW_MS]);
  });

  it('becomes longer and never shorter while refusals come', () => {
    const meter = guessed(4 * SECOND_MS);
    surprisedUntold(meter, { unsure: 1, untilMs: 90 * SECOND_MS, isGuessed: true }, 50 * SECOND_MS);
    surprisedUntold(meter, { unsure: 1, untilMs: 92 * SECOND_MS, isGuessed: true }, 91 * SECOND_MS);
    expect(meter.windowMs).toBe(6 * WINDOW_MS);
  });

  it('keeps what is counted in it', () => {
    const meter = guessed(40 * SECOND_MS);
    expect(meter.total).toBe(200);
  });
});
