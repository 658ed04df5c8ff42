import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SILENCE_CHECK_MS, SILENCE_MS } from '../../../src/core/limits.ts';
import { SilenceWatch, type Watched } from '../../../src/egress/silence.ts';
import { fakeClock } from '../../support/clock.ts';

const LOOKS = SILENCE_MS / SILENCE_CHECK_MS;

/** Counts how often it is told that it is silent. */
class Call implements Watched {
  quietLooks = 0;
  previous: Watched | null = null;
  next: Watched | null = null;
  told = 0;
  looks = 0;

  looked(): void {
    this.looks += 1;
  }

  silent(): void {
    this.told += 1;
  }
}

const settledAtOnce = () => fakeClock(0, async () => {});

describe('SilenceWatch', () => {
  test('sets no timer without calls, and none for long after the last', async () => {
    const clock = settledAtOnce();
    const watch = new SilenceWatch(clock);
    expect(clock.pendingCount).toBe(0);
    const call = new Call();
    watch.add(call);
    watch.remove(call);
    await clock.advance(SILENCE_CHECK_MS);
    expect(clock.pendingCount).toBe(0);
  });

  test('tells a call again for as long as it stays', async () => {
    const clock = settledAtOnce();
    const watch = new SilenceWatch(clock);
    const call = new Call();
    watch.add(call);
    await clock.advance(SILENCE_MS);
    expect(call.told).toBe(0);
    await clock.advance(2 * SILENCE_CHECK_MS);
    expect(call.told).toBe(2);
  });

  test('a call that ends others while it is told loses none', async () => {
    const clock = settledAtOnce();
    const watch = new SilenceWatch(clock);
    const [last, next, first] = [new Call(), new Call(), new Call()];
    first.silent = () => {
      first.told += 1;
      watch.remove(first);
      watch.remove(next);
    };
    for (const call of [last, next, first]) watch.add(call);
    await clock.advance(SILENCE_MS + 2 * SILENCE_CHECK_MS);
    expect([first.told, next.told]).toEqual([1, 0]);
    expect(last.told).toBeGreaterThan(0);
  });

  test('a call that begins another while it is told leaves one timer', async () => {
    const clock = settledAtOnce();
    const watch = new SilenceWatch(clock);
    const [first, again] = [new Call(), new Call()];
    first.silent = () => {
      watch.remove(first);
      watch.add(again);
    };
    watch.add(first);
    await clock.advance(SILENCE_MS + SILENCE_CHECK_MS);
    expect([clock.pendingCount, again.told]).toEqual([1, 0]);
    await clock.advance(SILENCE_MS);
    expect([clock.pendingCount, again.told]).toEqual([1, 0]);
  });

  test('a call that is added again begins anew', async () => {
    const clock = settledAtOnce();
    const watch = new SilenceWatch(clock);
    const [call, other] = [new Call(), new Call()];
    watch.add(other);
    watch.add(call);
    await clock.advance(SILENCE_MS);
    watch.add(call);
    await clock.advance(SILENCE_CHECK_MS);
    expect([call.told, other.told]).toEqual([0, 1]);
    watch.remove(call);
    await clock.advance(SILENCE_MS);
    expect(call.told).toBe(0);
  });

  test('whatever comes and goes, exactly those are told that stayed and were silent', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('add', 'remove', 'heard'), which: fc.nat(7) }),
      fc.constant({ kind: 'look', which: 0 }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
      const clock = settledAtOnce();
      const watch = new SilenceWatch(clock);
      const calls = Array.from({ length: 8 }, () => new Call());
      const looks = new Map<Call, number>();
      const told = new Map<Call, number>(calls.map((call) => [call, 0]));
      for (const { kind, which } of steps) {
        const call = calls[which] as Call;
        if (kind === 'add' && !looks.has(call)) {
          watch.add(call);
          looks.set(call, 0);
        } else if (kind === 'remove') {
          watch.remove(call);
          looks.delete(call);
        } else if (kind === 'heard' && looks.has(call)) {
          call.quietLooks = 0;
          looks.set(call, 0);
        } else if (kind === 'look' && clock.pendingCount > 0) {
          await clock.advanceTo(clock.nextAtMs ?? 0);
          for (const [each, quiet] of looks) {
            looks.set(each, quiet + 1);
            if (quiet + 1 > LOOKS) told.set(each, (told.get(each) ?? 0) + 1);
          }
        }
      }
      expect(calls.map((call) => call.told)).toEqual([...told.values()]);
      const left = calls.filter((call) => !looks.has(call));
      expect(left.every(({ previous, next }) => previous === null && next === null)).toBe(true);
    });
    await fc.assert(property);
  });
});
