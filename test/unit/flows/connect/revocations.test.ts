// Grants that are given back behind the back of whoever deletes: how many at a time, how many wait, and how long a stop
// waits for them.

import { describe, expect, it } from 'vitest';
import { REVOCATIONS_IN_FLIGHT_MAX, REVOCATIONS_WAITING_MAX, STOP_DRAIN_MS } from '../../../../src/core/limits.ts';
import { Revocations } from '../../../../src/flows/connect/revocations.ts';
import { fakeClock, flush } from '../../../support/clock.ts';

/** Sends that end when they are told to. */
function begin() {
  const clock = fakeClock();
  const revocations = new Revocations(clock);
  const open: (() => void)[] = [];
  const add = () => revocations.add(() => new Promise((resolve) => open.push(resolve)));
  return { clock, revocations, open, add };
}

describe('revocations', () => {
  it('are refused when too many wait', () => {
    const { add, open } = begin();
    const room = REVOCATIONS_IN_FLIGHT_MAX + REVOCATIONS_WAITING_MAX;
    expect(Array.from({ length: room + 1 }, add).lastIndexOf(true)).toBe(room - 1);
    expect(open).toHaveLength(REVOCATIONS_IN_FLIGHT_MAX);
  });

  it('are sent a few at a time, each in its turn', async () => {
    const { add, open } = begin();
    for (let n = 0; n < REVOCATIONS_IN_FLIGHT_MAX + 2; n++) expect(add()).toBe(true);
    expect(open).toHaveLength(REVOCATIONS_IN_FLIGHT_MAX);
    open[3]?.();
    await flush();
    expect(open).toHaveLength(REVOCATIONS_IN_FLIGHT_MAX + 1);
  });

  it('are waited for by a stop, those that wait too, for a while', async () => {
    const { clock, revocations, add, open } = begin();
    await revocations.stop();
    for (let n = 0; n < REVOCATIONS_IN_FLIGHT_MAX + 1; n++) add();
    let isStopped = false;
    const stopped = revocations.stop().then(() => {
      isStopped = true;
    });
    for (const end of open) end();
    await flush();
    expect([isStopped, open.length]).toEqual([false, REVOCATIONS_IN_FLIGHT_MAX + 1]);
    open.at(-1)?.();
    await stopped;
    add();
    const late = revocations.stop();
    await clock.advance(STOP_DRAIN_MS);
    await late;
    expect(clock.pendingCount).toBe(0);
  });
});
