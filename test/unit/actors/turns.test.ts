import { describe, expect, it } from 'vitest';
import { ownerOf, Turns } from '../../../actors/turns.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import {
  EVENTS_WAITING_MAX,
  MAILBOX_EVENTS_MAX,
  OWNER_STEPS_OPEN_MAX,
  TURN_STEPS_MAX,
} from '../../../src/core/limits.ts';
import { flush } from '../../support/clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
/** Commits that end when the test says so. */
function disk() {
  const open: (() => void)[] = [];
  const began: string[] = [];
  return {
    began,
    work: (name: string) => () => {
      began.push(name);
      return new Promise<void>((resolve) => open.push(resolve));
    },
    commit: () => {
      for (const resolve of open.splice(0)) resolve();
    },
  };
}

describe('a full mailbox', () => {
  it('refuses further events of its owner alone, and takes answers still', async () => {
    const turns = new Turns();
    const { work, commit, began } = disk();
    const fill = OWNER_STEPS_OPEN_MAX + MAILBOX_EVENTS_MAX;
    const loud = Array.from({ length: fill }, (_, n) => turns.run('loud', false, work(`${n}`)));
    await expect(turns.run('loud', false, work('late'))).rejects.toMatchObject({ code: 'overloaded' });
    void turns.run('loud', true, work('answer'));
    void turns.run('quiet', false, work('quiet'));
    expect(turns.waitingCount).toBe(MAILBOX_EVENTS_MAX + 1);
    expect(began.at(-1)).toBe('quiet');
    for (let round = 0; turns.waitingCount > 0; round++) {
      expect(round).toBeLessThan(fill);
      commit();
      await turn();
    }
    commit();
    await Promise.all(loud);
    expect(began.at(-1)).toBe('answer');
  });

  it('of all owners together is bounded too', async () => {
    const turns = new Turns();
    const never = () => new Promise<void>(() => {});
    const owners = Math.ceil((EVENTS_WAITING_MAX + TURN_STEPS_MAX) / MAILBOX_EVENTS_MAX) + 1;
    for (let owner = 0; owner < owners && turns.waitingCount < EVENTS_WAITING_MAX; owner++) {
      for (let n = 0; n < MAILBOX_EVENTS_MAX; n++) turns.run(`${owner}`, false, never).catch(() => {});
    }
    expect(turns.waitingCount).toBe(EVENTS_WAITING_MAX);
    await expect(turns.run('one more', false, never)).rejects.toMatchObject({ code: 'overloaded' });
  });
});

describe('a turn of the event loop', () => {
  it('steps a bounded number of events, so that others get their turn', async () => {
    const turns = new Turns();
    let begun = 0;
    const work = async () => {
      begun += 1;
    };
    const owners = Array.from({ length: 3 * TURN_STEPS_MAX }, (_, n) => `${n}`);
    for (const owner of owners) void turns.run(owner, false, work);
    expect(begun).toBe(TURN_STEPS_MAX);
    await turn();
    expect(begun).toBe(2 * TURN_STEPS_MAX);
    await flush();
    expect(begun).toBe(owners.length);
    expect(turns.waitingCount).toBe(0);
  });

  it('serves owners round robin: a quiet one waits for one event of the loud one, not for all', async () => {
    const turns = new Turns();
    const began: string[] = [];
    const work = (name: string) => async () => {
      began.push(name);
    };
    for (let n = 0; n < TURN_STEPS_MAX; n++) void turns.run(`filler${n}`, false, work('filler'));
    for (let n = 0; n < 500; n++) void turns.run('loud', false, work(`loud ${n}`));
    void turns.run('quiet', false, work('quiet'));
    await turn();
    const served = began.slice(TURN_STEPS_MAX);
    expect(served.indexOf('quiet')).toBe(1);
    await flush((2 * 500) / OWNER_STEPS_OPEN_MAX);
    const loud = began.filter((name) => name.startsWith('loud'));
    expect(loud).toEqual(Array.from({ length: 500 }, (_, n) => `loud ${n}`));
  });

  it('has room of its own, however many began at once before it', async () => {
    const turns = new Turns();
    let begun = 0;
    const work = async () => {
      begun += 1;
    };
    const most = TURN_STEPS_MAX - 1;
    for (let n = 0; n < most; n++) void turns.run(`first ${n}`, false, work);
    await turn();
    for (let n = 0; n < most; n++) void turns.run(`second ${n}`, false, work);
    expect(begun).toBe(2 * most);
  });

  it('begins at once what nothing stands in the way of', () => {
    const turns = new Turns();
    let hasBegun = false;
    void turns.run('a', false, async () => {
      hasBegun = true;
    });
    expect(hasBegun).toBe(true);
  });
});

describe('an owner', () => {
  it('has few steps at the store at a time, in order, and goes on also when one fails', async () => {
    const turns = new Turns();
    const open: (() => void)[] = [];
    const began: number[] = [];
    const outcomes = Array.from({ length: 3 * OWNER_STEPS_OPEN_MAX }, (_, n) =>
      turns.run('a', false, () => {
        began.push(n);
        return new Promise<void>((resolve, reject) => open.push(n % 2 === 0 ? resolve : () => reject(new Error('no'))));
      }),
    );
    const settled = Promise.allSettled(outcomes);
    while (open.length > 0) {
      await turn();
      expect(open.length).toBeLessThanOrEqual(OWNER_STEPS_OPEN_MAX);
      for (const end of open.splice(0)) end();
      await flush(2);
    }
    expect(began).toEqual(outcomes.map((_, n) => n));
    expect((await settled).map(({ status }) => status).slice(0, 2)).toEqual(['fulfilled', 'rejected']);
  });

  it('is not overtaken by its own next event when a place becomes free', async () => {
    const turns = new Turns();
    const { work, commit, began } = disk();
    const names = Array.from({ length: OWNER_STEPS_OPEN_MAX + 1 }, (_, n) => `${n}`);
    for (const name of names) void turns.run('a', false, work(name));
    commit();
    await Promise.resolve();
    await Promise.resolve();
    void turns.run('a', false, work('last'));
    await turn();
    expect(began).toEqual([...names, 'last']);
  });

  it('is still counted while nothing of it waits', async () => {
    const turns = new Turns();
    const began: number[] = [];
    const first = Promise.withResolvers<void>();
    const run = (n: number, outcome: Promise<void>) =>
      turns.run('a', false, () => {
        began.push(n);
        return outcome;
      });
    const never = new Promise<void>(() => {});
    void run(0, first.promise);
    for (let n = 1; n < OWNER_STEPS_OPEN_MAX; n++) void run(n, never);
    first.resolve();
    await turn();
    void run(100, never);
    void run(101, never);
    await turn();
    expect(began.slice(OWNER_STEPS_OPEN_MAX)).toEqual([100]);
  });

  it.each([
    ['installation', 'i1', 'i1'],
    ['read', 'i1/contacts', 'i1'],
    ['credential', 'c1', 'c1'],
    ['provider', 'hubspot/app', 'hubspot'],
  ])('of %s:%s is %s', (machine, key, owner) => {
    expect(ownerOf(actorIdOf(machine, key))).toBe(owner);
  });
});
