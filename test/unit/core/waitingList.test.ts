import { describe, expect, it } from 'vitest';
import { CALLERS_WAITING_MAX } from '../../../src/core/limits.ts';
import { WaitingList } from '../../../src/core/waitingList.ts';

const never = new AbortController().signal;

describe('a waiting list', () => {
  it('refuses one caller too many, and has room again when one gives up', async () => {
    const list = new WaitingList();
    const impatient = new AbortController();
    const waiting = list.wait(impatient.signal, 'a token');
    const others = Array.from({ length: CALLERS_WAITING_MAX - 1 }, () =>
      list.wait(AbortSignal.any([never]), 'a token'),
    );
    await expect(list.wait(never, 'a token')).rejects.toMatchObject({ code: 'overloaded' });
    impatient.abort();
    await waiting;
    const last = list.wait(AbortSignal.any([never]), 'a token');
    list.wakeAll();
    await Promise.all([...others, last]);
    expect(list.isEmpty).toBe(true);
  });

  it('wakes everybody, and not those who come while it wakes', async () => {
    const list = new WaitingList();
    const first = list.wait(AbortSignal.any([never]), 'x').then(() => list.wait(AbortSignal.any([never]), 'x'));
    list.wakeAll();
    await Promise.resolve();
    await Promise.resolve();
    expect(list.isEmpty).toBe(false);
    list.wakeAll();
    await first;
  });
});
