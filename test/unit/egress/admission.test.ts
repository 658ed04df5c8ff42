import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALLS_PER_ORIGIN_MAX, CONNECTIONS_PER_ORIGIN_MAX, OWNERS_PER_ORIGIN_MAX } from '../../../src/core/limits.ts';
import { Admission } from '../../../src/egress/admission.ts';

const BOUNDS = { openMax: CONNECTIONS_PER_ORIGIN_MAX, callsMax: CALLS_PER_ORIGIN_MAX };

/** As many connections as this owner gets, and all of them are kept. */
function takenBy(admission: Admission<string>, owner: string): number {
  let count = 0;
  while (admission.open(admission.shareOf(owner))) count += 1;
  return count;
}

/** Whoever waits and may go. */
function turn(admission: Admission<string>): string[] {
  const gone: string[] = [];
  for (let next = admission.next(); next !== undefined; next = admission.next()) gone.push(next);
  return gone;
}

describe('connections of an origin', () => {
  it('go to whoever is alone, but for a third; and whoever comes next finds some', () => {
    const admission = new Admission<string>(BOUNDS);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((owner) => takenBy(admission, owner))).toEqual([64, 22, 7, 2, 1, 0]);
  });

  it('are all used where many want one', () => {
    const admission = new Admission<string>(BOUNDS);
    const owners = Array.from({ length: CONNECTIONS_PER_ORIGIN_MAX + 1 }, (_, index) => `${index}`);
    const opened = owners.filter((owner) => admission.open(admission.shareOf(owner)));
    expect(opened).toEqual(owners.slice(0, -1));
  });

  it('go to a call that waits before one that comes, but only if the first may have one', () => {
    const admission = new Admission<string>(BOUNDS);
    const [a, b] = [admission.shareOf('a'), admission.shareOf('b')];
    takenBy(admission, 'a');
    admission.wait(a, 'a1');
    expect(admission.open(b)).toBe(true);
    expect(admission.close(b)).toBe(true);
    expect(admission.open(b)).toBe(false);
    admission.wait(b, 'b1');
    expect(turn(admission)).toEqual(['b1']);
    expect(admission.open(b)).toBe(true);
  });

  it('are taken in order of arrival by one owner, and in turn by several', () => {
    const admission = new Admission<string>({ openMax: 2, callsMax: 100 });
    const [a, b, c] = [admission.shareOf('a'), admission.shareOf('b'), admission.shareOf('c')];
    expect([admission.open(c), admission.open(c)]).toEqual([true, true]);
    for (const call of ['a1', 'a2', 'a3']) admission.wait(a, call);
    for (const call of ['b1', 'b2']) admission.wait(b, call);
    const order = [c, c, a, b, a].map((ends) => {
      expect(admission.close(ends)).toBe(true);
      return turn(admission);
    });
    expect(order).toEqual([['a1'], ['b1'], ['a2'], ['b2'], ['a3']]);
    expect([admission.close(a), admission.isAnyWaiting]).toEqual([false, false]);
  });

  it('are not waited for by one that gave up, which may do so twice', () => {
    const admission = new Admission<string>({ openMax: 1, callsMax: 100 });
    const [a, b] = [admission.shareOf('a'), admission.shareOf('b')];
    admission.open(a);
    for (const call of ['b1', 'b2', 'b3']) admission.wait(b, call);
    admission.leave(b, 'b1');
    admission.leave(b, 'b1');
    expect(admission.waiters()).toEqual(['b2', 'b3']);
    admission.close(a);
    expect(turn(admission)).toEqual(['b2']);
    admission.leave(b, 'b3');
    expect(admission.close(b)).toBe(false);
  });
});

describe('calls that wait for an origin', () => {
  it('are as many of one owner as leave room for those of others', () => {
    const admission = new Admission<string>(BOUNDS);
    const waiting = (owner: string) => {
      const open = takenBy(admission, owner);
      let count = 0;
      while (admission.wait(admission.shareOf(owner), `${owner}${count}`)) count += 1;
      return open + count;
    };
    expect(waiting('a')).toBe((CALLS_PER_ORIGIN_MAX * 2) / 3);
    expect(waiting('b')).toBeGreaterThan(CALLS_PER_ORIGIN_MAX / 5);
    expect(waiting('c')).toBeGreaterThan(CALLS_PER_ORIGIN_MAX / 20);
  });
});

describe('owners', () => {
  it('are forgotten when they have no calls and many others came; those that have some are not', () => {
    const admission = new Admission<string>({ openMax: 1, callsMax: 100 });
    const [open, waiting, idle] = ['open', 'waiting', 'idle'].map((owner) => admission.shareOf(owner));
    if (open === undefined || waiting === undefined) throw new Error('no share');
    admission.open(open);
    admission.wait(waiting, 'w');
    for (let count = 0; count < OWNERS_PER_ORIGIN_MAX; count++) admission.shareOf(`${count}`);
    expect(admission.shareOf('open')).toBe(open);
    expect(admission.shareOf('waiting')).toBe(waiting);
    expect(admission.shareOf('idle')).not.toBe(idle);
  });
});

type Step =
  | { readonly kind: 'come'; readonly owner: number }
  | { readonly kind: 'end' | 'leave'; readonly which: number }
  | { readonly kind: 'turn' };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('come' as const), owner: fc.nat(5) }),
    fc.record({ kind: fc.constantFrom('end' as const, 'leave' as const), which: fc.nat(99) }),
    fc.record({ kind: fc.constant('turn' as const) }),
  ),
  { maxLength: 300 },
);

interface Call {
  readonly owner: number;
  readonly number: number;
}

/** An origin and what its calls do, with the books kept a second time. */
class Trial {
  readonly openMax: number;
  readonly admission: Admission<Call>;
  readonly open: Call[] = [];
  readonly waiting: Call[] = [];
  isTurnDue = false;
  #numbers = 0;

  constructor(openMax: number) {
    this.openMax = openMax;
    this.admission = new Admission({ openMax, callsMax: 3 * openMax });
  }

  shareOf({ owner }: Pick<Call, 'owner'>) {
    return this.admission.shareOf(`${owner}`);
  }

  countOf(owner: number): number {
    return this.open.filter((call) => call.owner === owner).length;
  }

  mayOpen(owner: number): boolean {
    return this.countOf(owner) < 2 * (this.openMax - this.open.length);
  }

  step(step: Step): void {
    if (step.kind === 'come') this.#come(step.owner);
    else if (step.kind === 'turn') this.turn();
    else if (step.kind === 'end') this.#end(step.which);
    else this.#leave(step.which);
    expect(this.open.length).toBeLessThanOrEqual(this.openMax);
    expect(new Set(this.admission.waiters())).toEqual(new Set(this.waiting));
    // Whoever waits may not go, or its turn is due.
    if (!this.isTurnDue) expect(this.waiting.filter(({ owner }) => this.mayOpen(owner))).toEqual([]);
  }

  turn(): void {
    for (let next = this.admission.next(); next !== undefined; next = this.admission.next()) {
      const { owner } = next;
      expect(this.mayOpen(owner)).toBe(true);
      expect(this.waiting.find((call) => call.owner === owner)).toBe(next);
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.open.push(next);
    }
    this.isTurnDue = false;
  }

  #come(owner: number): void {
    const call = { owner, number: this.#numbers++ };
    const share = this.shareOf(call);
    const isAtOnce = this.admission.open(share);
    expect(isAtOnce).toBe(!this.isTurnDue && this.mayOpen(owner));
    if (isAtOnce) this.open.push(call);
    else if (this.admission.wait(share, call)) this.waiting.push(call);
  }

  #end(which: number): void {
    const [call] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (call === undefined) return;
    const isSomebodyWaiting = this.admission.close(this.shareOf(call));
    expect(isSomebodyWaiting).toBe(this.waiting.length > 0);
    if (isSomebodyWaiting) this.isTurnDue = true;
  }

  #leave(which: number): void {
    const [call] = this.waiting.splice(which % Math.max(1, this.waiting.length), 1);
    if (call !== undefined) this.admission.leave(this.shareOf(call), call);
  }

  /** All end, and those that wait as well when they have gone. */
  runDry(): void {
    for (let rounds = 0; this.open.length + this.waiting.length > 0 && rounds < 10_000; rounds++) {
      this.step({ kind: 'end', which: 0 });
      this.step({ kind: 'turn' });
    }
    // One may be due for somebody who has left meanwhile.
    this.step({ kind: 'turn' });
    expect([this.open, this.waiting, this.admission.isAnyWaiting]).toEqual([[], [], false]);
  }
}

describe('whatever calls do', () => {
  it('no more are open than may be, nobody waits who may go, and in the end all is as at first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), steps, (openMax, taken) => {
        const trial = new Trial(openMax);
        for (const step of taken) trial.step(step);
        trial.runDry();
        expect([0, 1, 2, 3, 4, 5].map((owner) => trial.shareOf({ owner }).open)).toEqual([0, 0, 0, 0, 0, 0]);
        const fresh = new Admission<string>({ openMax, callsMax: 3 * openMax });
        let [count, asFresh] = [0, 0];
        while (trial.admission.open(trial.shareOf({ owner: 0 }))) count += 1;
        while (fresh.open(fresh.shareOf('0'))) asFresh += 1;
        expect(count).toBe(asFresh);
      }),
    );
  });
});
