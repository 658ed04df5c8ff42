import { describe, expect, it } from 'vitest';
import type { BudgetKey } from '../../../../actors/budgetState.ts';
import type { Lease } from '../../../../actors/lease.ts';
import { IntegrationError } from '../../../../src/core/errors.ts';
import {
  CAREFUL_PORTIONS,
  CEILING_SHARE,
  CIRCUIT_CALLS_MIN,
  CIRCUIT_OPEN_MS,
  HELD_CALLS_MIN,
  HELD_IDLE_MS,
  HELD_SHARE,
  REPORT_INTERVAL_MS,
} from '../../../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { flush } from '../../../support/clock.ts';
import { exchanged, isHeld, leased, posted, startDesk, TOKEN, targetOf } from '../../../support/remote.ts';

const BURST: BudgetKey = { key: 'h/burst', name: 'burst', limit: 80, windowMs: 10 * SECOND_MS };
const SEATS: BudgetKey = { key: 'h/seats', name: 'seats', limit: 16, windowMs: 0 };
const FREE = targetOf('free');
const LIMITED = targetOf('limited', [BURST]);
const WIDE = targetOf('wide', [{ ...BURST, limit: 800 }]);
const SEATED = targetOf('seated', [SEATS]);

describe('a call in an edge thread is asked for', () => {
  it('when nothing is known of its connection', async () => {
    const { thread } = await startDesk();
    const one = thread();
    const lease = one.remote.lease(FREE, 'interactive');
    expect(isHeld(lease)).toBe(false);
    await exchanged(one);
    expect(await lease).toMatchObject({ attachment: TOKEN.attachment, generation: 1 });
  });

  it('and refused as the owner refuses it', async () => {
    const { thread, supervisor, clock } = await startDesk();
    for (let call = 0; call < CIRCUIT_CALLS_MIN; call++)
      supervisor.report(supervisor.circuit(FREE.providerKey), 'call', 'answered 500');
    await flush();
    const one = thread();
    const refused = expect(one.remote.lease(FREE, 'interactive')).rejects.toMatchObject({
      name: 'IntegrationError',
      code: 'circuit_open',
      status: 503,
      publicDetail: 'the provider is failing; calls are held back for a moment',
      retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS,
    });
    await exchanged(one);
    await refused;
  });

  it('and spends nothing where what it is answered cannot be made', async () => {
    const { thread, budgets, tokens } = await startDesk();
    tokens.factsOf = () => {
      throw new IntegrationError('actor_paused', 'credential:both is paused');
    };
    const one = thread();
    const lease = one.remote.lease(targetOf('both', [BURST, SEATS]), 'interactive');
    const refused = expect(lease).rejects.toMatchObject({ code: 'actor_paused' });
    await exchanged(one);
    await refused;
    expect(budgets.view([BURST, SEATS]).map(({ spent }) => spent)).toEqual([0, 0]);
  });

  it('after its credential has changed, and gets the next one', async () => {
    const { thread, give } = await startDesk();
    const one = thread();
    await leased(one, FREE);
    expect(isHeld(one.remote.lease(FREE, 'interactive'))).toBe(true);
    give({ ...TOKEN, generation: 2 }, FREE.connectionId);
    const next = one.remote.lease(FREE, 'interactive');
    expect(isHeld(next)).toBe(false);
    await exchanged(one);
    expect((await next).generation).toBe(2);
  });

  it('when its token has ended, and waits with the owner for the next one', async () => {
    const { thread, give, clock } = await startDesk();
    give({ ...TOKEN, usableUntilMs: clock.nowMs() + SECOND_MS });
    const one = thread();
    await leased(one, FREE);
    expect(isHeld(one.remote.lease(FREE, 'interactive'))).toBe(true);
    await clock.advance(SECOND_MS);
    give(null);
    const next = one.remote.lease(FREE, 'interactive');
    await exchanged(one);
    give({ ...TOKEN, generation: 2 });
    await exchanged(one);
    expect((await next).generation).toBe(2);
  });

  it('once the circuit has been tripped by what another thread saw, and one probe goes at a time', async () => {
    const { thread, clock } = await startDesk();
    const [one, two] = [thread(), thread()];
    await leased(one, FREE);
    await leased(two, FREE);
    for (let call = 0; call < CIRCUIT_CALLS_MIN; call++) {
      (one.remote.lease(FREE, 'interactive') as Lease).answered('answered 500');
    }
    await clock.advance(REPORT_INTERVAL_MS);
    one.toOwner();
    const refused = two.remote.lease(FREE, 'interactive');
    expect(isHeld(refused)).toBe(false);
    const failed = expect(refused).rejects.toMatchObject({ code: 'circuit_open' });
    await exchanged(one, two);
    await failed;
    await clock.advance(CIRCUIT_OPEN_MS);
    const probe = await leased(one, FREE);
    const second = expect(two.remote.lease(FREE, 'interactive')).rejects.toMatchObject({ code: 'circuit_open' });
    await exchanged(one, two);
    await second;
    // It was not sent, or its client left: another goes at once, and so it does when a thread ends with one.
    probe.release();
    await exchanged(one, two);
    await leased(one, FREE);
    one.end();
    const last = await leased(two, FREE);
    last.answered(null);
    await exchanged(two);
    await flush();
    await leased(two, FREE);
    expect(isHeld(two.remote.lease(FREE, 'interactive'))).toBe(true);
  });

  it('and leaves the queue of the owner when its caller has gone', async () => {
    const { thread, budgets, clock } = await startDesk();
    const one = thread();
    while (budgets.tryTake(budgets.opened([SEATS]), 'interactive', null) === null);
    const leaving = new AbortController();
    const lease = one.remote.lease(SEATED, 'interactive', { gone: () => leaving.signal });
    const gone = expect(lease).rejects.toMatchObject({ code: 'timeout' });
    await exchanged(one);
    expect(budgets.view([SEATS])[0]?.waiting.interactive).toBe(1);
    leaving.abort();
    await exchanged(one);
    await gone;
    expect(budgets.view([SEATS])[0]?.waiting.interactive).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });
});

describe('a call of a kind that is counted apart', () => {
  const SEARCH: BudgetKey = { key: 'h/search', name: 'search', limit: 5, windowMs: SECOND_MS };
  const SEARCHES = { ...targetOf('limited', [SEARCH]), isOfKind: true };

  it('is asked for each time, and spends nothing of what is held for others', async () => {
    const { thread, budgets, clock } = await startDesk();
    const one = thread();
    await leased(one, LIMITED);
    const spent = () => budgets.view([BURST, SEARCH]).map((budget) => budget.spent);
    const [heldAtFirst] = spent();
    for (let search = 1; search <= 5; search++) {
      const lease = await leased(one, SEARCHES);
      expect(lease.marks).toHaveLength(1);
      lease.release();
      await exchanged(one);
      expect(spent()).toEqual([heldAtFirst, search]);
    }
    const sixth = one.remote.lease(SEARCHES, 'interactive');
    await exchanged(one);
    expect(budgets.view([SEARCH])[0]?.waiting.interactive).toBe(1);
    expect(isHeld(one.remote.lease(LIMITED, 'interactive'))).toBe(true);
    await clock.advance(2 * SECOND_MS);
    await exchanged(one);
    (await sixth).release();
  });

  it('says what it has to say of its own limit, and leaves the counts of others alone', async () => {
    const { thread, budgets } = await startDesk();
    const one = thread();
    const before = await leased(one, LIMITED);
    for (const mark of [1, 2]) {
      const search = await leased(one, SEARCHES);
      expect(search.marks).toEqual([mark]);
      search.release();
      await exchanged(one);
    }
    const lease = one.remote.lease(LIMITED, 'interactive') as Lease;
    expect(before.marks).toEqual([1]);
    expect(lease.marks).toEqual([1]);
    one.remote.learn(SEARCHES.budgets, [1], 'search', { remaining: 0, limit: 5 });
    one.remote.close();
    await exchanged(one);
    expect(budgets.view([SEARCH])[0]).toMatchObject({ spent: 5 });
  });
});

describe('calls that are handed out ahead', () => {
  it('go back when they are not used for a while', async () => {
    const { thread, budgets, clock } = await startDesk();
    const one = thread();
    (await leased(one, LIMITED)).release();
    expect(budgets.view([BURST])[0]?.spent).toBe(1 + HELD_CALLS_MIN);
    await clock.advance(2 * HELD_IDLE_MS);
    await exchanged(one);
    expect(budgets.view([BURST])[0]?.spent).toBe(1);
    expect(clock.pendingCount).toBe(0);
  });

  it('come back when somebody else waits, also on their way here', async () => {
    const { thread, budgets } = await startDesk();
    const one = thread();
    const first = one.remote.lease(LIMITED, 'interactive');
    await posted();
    one.toOwner();
    while (budgets.tryTake(budgets.opened([BURST]), 'interactive', null) === null);
    const turn = budgets.turn(BURST, 'interactive', 'x', Number.MAX_SAFE_INTEGER);
    await exchanged(one);
    (await first).release();
    (await turn).end();
    let calls = 0;
    while (budgets.tryTake(budgets.opened([BURST]), 'interactive', null) === null) calls += 1;
    expect(calls).toBe(HELD_CALLS_MIN);
  });

  it('are not made any more once the provider has closed the limit, whichever thread was told', async () => {
    const { thread, clock } = await startDesk();
    const [one, two] = [thread(), thread()];
    const { marks } = await leased(one, LIMITED);
    await leased(two, LIMITED);
    expect(isHeld(two.remote.lease(LIMITED, 'interactive'))).toBe(true);
    one.remote.learn([BURST], marks, 'burst', { remaining: 0 });
    one.remote.block([BURST], 'burst', clock.nowMs() + MINUTE_MS);
    await posted();
    one.toOwner();
    const refused = expect(two.remote.lease(LIMITED, 'interactive')).rejects.toMatchObject({
      code: 'budget_exhausted',
      retryAtMs: clock.nowMs() + MINUTE_MS,
    });
    await exchanged(one, two);
    await refused;
  });

  it('go in portions once one thread was refused and nobody said for which limit, whoever asks next', async () => {
    const { thread, budgets, clock } = await startDesk();
    const [one, two] = [thread(), thread()];
    const [wide] = WIDE.budgets as [BudgetKey];
    for (let call = 0; call < 200; call++) budgets.tryTake(budgets.opened([wide]), 'interactive', null);
    for (let call = 0; call < 200; call++) budgets.release(budgets.opened([wide]));
    const refused = await leased(one, WIDE);
    one.remote.unexplained([wide], refused.marks, null);
    refused.release();
    one.remote.close();
    await exchanged(one);
    // What was accepted, a little less.
    const limit = Math.floor(200 * CEILING_SHARE);
    expect(budgets.view([wide])).toMatchObject([{ limit, blockedUntilMs: null }]);
    await clock.advance(2 * wide.windowMs);
    (await leased(two, WIDE)).release();
    const portion = Math.ceil(limit / CAREFUL_PORTIONS);
    expect(budgets.view([wide])[0]?.spent).toBe(1 + Math.floor(portion * HELD_SHARE));
    let calls = 0;
    while (budgets.tryTake(budgets.opened([wide]), 'interactive', null) === null) calls += 1;
    expect(calls).toBe(portion - 1 - Math.floor(portion * HELD_SHARE));
  });

  it('hold their places until they end, also when the rest has gone back', async () => {
    const { thread, budgets, clock } = await startDesk();
    const one = thread();
    (await leased(one, SEATED)).release();
    const call = one.remote.lease(SEATED, 'interactive') as Lease;
    await clock.advance(4 * HELD_IDLE_MS);
    await exchanged(one);
    // Twice as many as calls are under way.
    expect(budgets.view([SEATS])[0]?.spent).toBe(2);
    one.remote.close();
    await exchanged(one);
    expect(budgets.view([SEATS])[0]?.spent).toBe(1);
    call.release();
    call.release();
    await exchanged(one);
    expect(budgets.view([SEATS])[0]?.spent).toBe(0);
  });

  it('count as made when their thread ends, and its places are free', async () => {
    const { thread, budgets } = await startDesk();
    const [one, two] = [thread(), thread()];
    const both = targetOf('both', [BURST, SEATS]);
    await leased(one, both);
    one.remote.lease(both, 'interactive');
    const waiting = one.remote.lease(both, 'interactive');
    expect(isHeld(waiting)).toBe(true);
    one.end();
    const [burst, seats] = budgets.view([BURST, SEATS]);
    expect([burst?.spent, seats?.spent]).toEqual([1 + HELD_CALLS_MIN, 0]);
    await leased(two, both);
    expect(isHeld(two.remote.lease(both, 'interactive'))).toBe(true);
  });

  it.each([
    ['before the thread notices that it runs', false],
    ['after that', true],
  ])('go back whole when an owner that hung answers a call that was told so: %s', async (_when, isNoticed) => {
    const { thread, budgets, clock } = await startDesk();
    const one = thread();
    const silence = new IntegrationError('overloaded', 'the owner thread has not answered');
    const told = expect(one.remote.lease(targetOf('both', [BURST, SEATS]), 'interactive')).rejects.toBe(silence);
    await posted();
    one.channel.silence(silence);
    await told;
    if (isNoticed) one.channel.resume();
    one.toOwner();
    expect(budgets.view([BURST, SEATS]).map(({ spent }) => spent)).toEqual([1 + HELD_CALLS_MIN, 4]);
    await exchanged(one);
    expect(budgets.view([BURST, SEATS]).map(({ spent }) => spent)).toEqual([0, 0]);
    expect(clock.pendingCount).toBe(0);
  });

  it('are asked for once, however many calls come at the same time', async () => {
    const { thread, budgets } = await startDesk();
    const one = thread();
    const calls = Array.from({ length: 10 }, () => one.remote.lease(LIMITED, 'interactive'));
    await exchanged(one);
    for (const lease of await Promise.all(calls)) lease.release();
    expect(budgets.view([BURST])[0]?.spent).toBe(10 + HELD_CALLS_MIN);
  });
});

describe('a credential in an edge thread', () => {
  it('that can be renewed is asked for when it is due, once a second', async () => {
    const { thread, give, told, clock } = await startDesk();
    give({ ...TOKEN, refreshAtMs: clock.nowMs() + SECOND_MS });
    const one = thread();
    await leased(one, FREE);
    await clock.advance(SECOND_MS);
    for (let call = 0; call < 5; call++) expect(isHeld(one.remote.lease(FREE, 'interactive'))).toBe(true);
    await exchanged(one);
    expect(told).toEqual(['due']);
  });

  it('that is refused is renewed by the owner, and whoever waits goes on with the next one', async () => {
    const { thread, give, told, clock } = await startDesk();
    const one = thread();
    await leased(one, FREE);
    expect(one.remote.refused(FREE.connectionId, 1)).toBe('coming');
    const next = one.remote.next(FREE.connectionId, 1, clock.nowMs() + SECOND_MS);
    await exchanged(one);
    expect(told).toContain('refused free 1');
    give({ ...TOKEN, generation: 2 }, FREE.connectionId);
    await exchanged(one);
    await next;
    await leased(one, FREE);
    expect(one.remote.refused(FREE.connectionId, 1)).toBe('newer');
  });

  it('that was renewed unseen is not waited for', async () => {
    const { thread, give, clock } = await startDesk();
    const one = thread();
    await leased(one, FREE);
    give({ ...TOKEN, generation: 2 }, FREE.connectionId);
    expect(one.remote.refused(FREE.connectionId, 1)).toBe('coming');
    const next = one.remote.next(FREE.connectionId, 1, clock.nowMs() + SECOND_MS);
    await exchanged(one);
    await next;
  });

  it('that was refused for a missing permission, is young or cannot be renewed is not waited for', async () => {
    const { thread, give, clock, told } = await startDesk();
    const one = thread();
    await leased(one, FREE);
    one.remote.refusedAgain(FREE.connectionId, 1);
    expect(one.remote.refused(FREE.connectionId, 1)).toBe('none');
    for (const token of [{ issuedAtMs: clock.nowMs() }, { canRefresh: false }]) {
      give({ ...TOKEN, ...token, generation: 2 });
      await leased(one, FREE);
      expect(one.remote.refused(FREE.connectionId, 2)).toBe('none');
    }
    expect(told).toEqual(['refusedAgain free 1']);
  });

  it('is told once to work, and each time that it is doubted', async () => {
    const { thread, give, told } = await startDesk();
    give({ ...TOKEN, isProven: false, canRefresh: false });
    const one = thread();
    await leased(one, FREE);
    for (const _ of [1, 2]) one.remote.worked(FREE.connectionId, 1);
    one.remote.doubted(FREE.connectionId, 1);
    await exchanged(one);
    expect(told).toEqual(['worked free 1', 'doubted free 1']);
  });
});
