import { describe, expect, it, vi } from 'vitest';
import { OWNERS_ASKED_MAX } from '../../../src/core/limits.ts';
import { type CallPriority, FairQueue } from '../../../src/limits/fairQueue.ts';
import { dice } from '../../support/dice.ts';

const anyone = () => true;

function drained(queue: FairQueue<string>): string[] {
  const order: string[] = [];
  for (let next = queue.next(anyone); next !== undefined; next = queue.next(anyone)) order.push(next);
  return order;
}

describe('a fair queue', () => {
  it('has nobody for nobody', () => {
    const queue = new FairQueue<string>();
    expect([queue.next(anyone), queue.size, queue.isAhead('backfill')]).toEqual([undefined, 0, false]);
  });

  it('takes owners in turn, whoever came with more', () => {
    const queue = new FairQueue<string>();
    for (const call of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push('read', call.slice(0, 1), call);
    expect(drained(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  it('does not count a call that was not had after all: its owner is next again', () => {
    const queue = new FairQueue<string>();
    for (let turns = 0; turns < 3; turns++) {
      for (const owner of ['a', 'b']) queue.push('read', owner, owner);
      expect(drained(queue)).toEqual(['a', 'b']);
      queue.giveBack('read', 'a');
    }
    for (const call of ['b1', 'b2', 'a1', 'a2', 'a3']) queue.push('read', call.slice(0, 1), call);
    expect(drained(queue)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2']);
  });

  it('takes what a person waits for first, and a backfill last', () => {
    const queue = new FairQueue<string>();
    queue.push('backfill', 'a', 'backfill');
    queue.push('read', 'a', 'read');
    queue.push('interactive', 'b', 'call');
    queue.push('write', 'b', 'write');
    expect(queue.isAhead('interactive')).toBe(true);
    expect(drained(queue)).toEqual(['call', 'write', 'read', 'backfill']);
  });

  it('passes over a priority that may not go now, without losing its place', () => {
    const queue = new FairQueue<string>();
    queue.push('read', 'a', 'read');
    expect(queue.next((priority) => priority === 'interactive')).toBeUndefined();
    expect(drained(queue)).toEqual(['read']);
  });

  it('passes over an owner that may not go now, without losing its place', () => {
    const queue = new FairQueue<string>();
    for (const call of ['a1', 'a2', 'b1', 'c1']) queue.push('read', call.slice(0, 1), call);
    const mayGo = (_: CallPriority, owner: string) => owner !== 'a';
    expect([queue.next(anyone, mayGo), queue.size]).toEqual(['b1', 3]);
    queue.push('read', 'b', 'b2');
    expect(drained(queue)).toEqual(['a1', 'c1', 'b2', 'a2']);
  });

  it('asks only the first of a long line, and those of lower priorities', () => {
    const queue = new FairQueue<string>();
    for (let owner = 0; owner <= OWNERS_ASKED_MAX; owner++) queue.push('read', `${owner}`, `${owner}`);
    queue.push('backfill', 'a', 'a');
    const asked = vi.fn((priority: CallPriority) => priority === 'backfill');
    expect([queue.next(anyone, asked), queue.next(anyone, asked)]).toEqual(['a', undefined]);
    expect(asked).toHaveBeenCalledTimes(2 * OWNERS_ASKED_MAX + 1);
    expect(drained(queue)).toEqual(Array.from({ length: OWNERS_ASKED_MAX + 1 }, (_, owner) => `${owner}`));
  });

  it('says who is ahead: the same priority and higher ones', () => {
    const queue = new FairQueue<string>();
    queue.push('read', 'a', 'r');
    expect([queue.isAhead('interactive'), queue.isAhead('read'), queue.isAhead('backfill')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('forgets one that gave up, once', () => {
    const queue = new FairQueue<string>();
    queue.push('read', 'a', 'a1');
    queue.push('read', 'a', 'a2');
    queue.remove('read', 'a', 'a1');
    queue.remove('read', 'a', 'a1');
    queue.remove('read', 'b', 'a2');
    expect([queue.size, queue.countOf('a'), queue.counts().read]).toEqual([1, 1, 1]);
    expect(drained(queue)).toEqual(['a2']);
  });

  it('gives equal shares where most give up before their turn and ask again', () => {
    const queue = new FairQueue<{ readonly owner: number }>();
    const roll = dice(5);
    const had = new Uint32Array(300);
    const waiting: { readonly owner: number }[] = [];
    for (let round = 0; round < 40_000; round++) {
      const waiter = { owner: roll(had.length) };
      queue.push('read', String(waiter.owner), waiter);
      waiting.push(waiter);
      const late = waiting.length > 400 ? waiting.shift() : undefined;
      if (late !== undefined) queue.remove('read', String(late.owner), late);
      const next = round % 10 === 0 ? queue.next(anyone) : undefined;
      if (next !== undefined) had[next.owner] = (had[next.owner] ?? 0) + 1;
    }
    expect(Math.min(...had)).toBeGreaterThan(10);
    expect(Math.max(...had) - Math.min(...had)).toBeLessThanOrEqual(3);
  });

  it('lets nobody save up turns, nor pay for having asked alone', () => {
    const queue = new FairQueue<string>();
    for (const owner of ['a', 'b']) queue.push('read', owner, owner);
    drained(queue);
    for (let call = 0; call < 50; call++) {
      queue.push('read', 'a', 'a');
      queue.next(anyone);
    }
    for (let call = 0; call < 4; call++) {
      for (const owner of ['a', 'b', 'new']) queue.push('read', owner, `${owner}${call}`);
    }
    // One that was away catches up one call at most.
    expect(
      drained(queue)
        .slice(0, 6)
        .filter((waiter) => waiter.startsWith('b')).length,
    ).toBeLessThanOrEqual(3);
  });
});
