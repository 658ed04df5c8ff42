import { describe, expect, it, vi } from 'vitest';
import { Budgets } from '../../../actors/budgets.ts';
import { type Lease, Leases, type LeaseTarget } from '../../../actors/lease.ts';
import { leaseTarget } from '../../../actors/leaseTarget.ts';
import { Supervisor } from '../../../actors/supervisor.ts';
import type { OpenToken, TokenManager } from '../../../actors/tokenManager.ts';
import { provider } from '../../../machines/provider.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { IntegrationError } from '../../../src/core/errors.ts';
import { type ConnectionId, type ProjectId, parseId } from '../../../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX, CIRCUIT_CALLS_MIN, USES_PER_MOVE } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { WaitingList } from '../../../src/core/waitingList.ts';
import { kindsOf } from '../../../src/limits/callKinds.ts';
import { flush } from '../../support/clock.ts';
import { startRuntime } from '../../support/runtime.ts';

const connectionId = parseId<ConnectionId>('c1', 'connection');
const TARGET: LeaseTarget = { connectionId, providerKey: 'hubspot/app', budgets: [] };
const TOKEN: OpenToken = {
  attachment: { headers: ['Authorization', 'Bearer t'], query: '' },
  generation: 1,
  issuedAtMs: 0,
  usableUntilMs: null,
  refreshAtMs: null,
  canRefresh: true,
  requestedAtMs: 0,
  refusedAtMs: 0,
  isProven: false,
  doubtedAtMs: Number.NEGATIVE_INFINITY,
  futileAtMs: 0,
  holder: { token: null },
};

/** Leases over a token that the test gives and takes. */
async function startLeases(token: OpenToken | null = TOKEN) {
  const { runtime, clock, store } = await startRuntime({ definitions: [provider] });
  const budgets = new Budgets(store, clock, silentLog());
  const supervisor = new Supervisor(runtime, clock);
  const list = new WaitingList();
  const held = { token };
  const asked: Parameters<TokenManager['usableToken']>[1][] = [];
  const tokens: Pick<TokenManager, 'usableToken' | 'changed' | 'assertNextWithin'> = {
    usableToken: (_id, holder) => {
      asked.push(holder);
      return held.token;
    },
    changed: (_id, signal, what) => list.wait(signal, what),
    assertNextWithin: () => {},
  };
  const leases = new Leases(tokens as TokenManager, supervisor, budgets, clock);
  const give = (next: OpenToken) => {
    held.token = next;
    list.wakeAll();
  };
  return { leases, budgets, supervisor, clock, give, asked };
}

const budget = (limit: number, windowMs: number) => ({ key: 'hubspot/app/burst', name: 'burst', limit, windowMs });

describe('what is in use', () => {
  it('is asked for where it is kept, now and then, so that others are dropped first', async () => {
    const { leases, supervisor, asked } = await startLeases();
    const circuits = vi.spyOn(supervisor, 'circuit');
    const target = { ...TARGET };
    for (let call = 0; call < 10 * USES_PER_MOVE; call++) await leases.lease(target, 'interactive');
    // For the first call, and with each USES_PER_MOVE-th from wherever the count of this process stands.
    const least = 10;
    expect(asked.filter((holder) => holder === null).length).toBeGreaterThanOrEqual(least);
    expect(circuits.mock.calls.length).toBeGreaterThanOrEqual(least);
    expect(circuits.mock.calls.length).toBeLessThanOrEqual(least + 1);
  });

  it('is that of a target and not of one that was made from it', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, budgets: [budget(5, 10_000)] };
    await leases.lease(target, 'interactive');
    const narrow = { ...target, budgets: [{ ...budget(1, 10_000), key: 'hubspot/app/narrow' }] };
    await leases.lease(narrow, 'interactive');
    const waiting = leases.lease(narrow, 'interactive');
    expect(waiting).toBeInstanceOf(Promise);
    expect(leases.lease(target, 'interactive')).not.toBeInstanceOf(Promise);
    await clock.advance(CALLER_WAIT_MS_MAX);
    expect(await waiting).toMatchObject({ generation: 1 });
  });
});

describe('a lease', () => {
  it('is refused when the budget would not allow the call in time, and says when it will', async () => {
    const { leases, clock } = await startLeases();
    const windowMs = 2 * CALLER_WAIT_MS_MAX;
    const target = { ...TARGET, budgets: [budget(1, windowMs)] };
    // It outlives the process, so that the first call waits for its row.
    const first = leases.lease(target, 'interactive');
    await flush();
    expect(await first).toMatchObject({ generation: 1 });
    const startMs = clock.nowMs();
    const refused = (): Partial<Pick<IntegrationError, 'code' | 'retryAtMs'>> => {
      try {
        void leases.lease(target, 'interactive');
        return {};
      } catch (error) {
        return error as IntegrationError;
      }
    };
    expect(refused().code).toBe('budget_exhausted');
    expect((refused().retryAtMs ?? 0) - startMs).toBeGreaterThanOrEqual(windowMs * 0.98);
    expect((refused().retryAtMs ?? 0) - startMs).toBeLessThanOrEqual(windowMs * 1.02);
  });

  it('is refused while the circuit is open, and spends nothing of the budget', async () => {
    const { leases, supervisor, clock } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 10_000)] };
    for (let call = 0; call < CIRCUIT_CALLS_MIN; call++)
      supervisor.report(supervisor.circuit(TARGET.providerKey), 'call', 'answered 500');
    await flush();
    for (const _ of [1, 2])
      expect(() => leases.lease(target, 'interactive')).toThrow(expect.objectContaining({ code: 'circuit_open' }));
    await clock.advance(60_000);
    expect(leases.lease(target, 'interactive')).not.toBeInstanceOf(Promise);
  });

  it('may probe after one that was not sent, or whose client left, at once', async () => {
    const { leases, supervisor, clock } = await startLeases();
    for (let call = 0; call < CIRCUIT_CALLS_MIN; call++)
      supervisor.report(supervisor.circuit(TARGET.providerKey), 'call', 'answered 500');
    await flush();
    await clock.advance(60_000);
    const probe = (await leases.lease(TARGET, 'interactive')) as Lease;
    expect(probe.isProbe).toBe(true);
    expect(() => leases.lease(TARGET, 'interactive')).toThrow(expect.objectContaining({ code: 'circuit_open' }));
    probe.release();
    expect(await leases.lease(TARGET, 'interactive')).toMatchObject({ isProbe: true });
  });

  it('is refused when no token comes in time', async () => {
    const { leases, clock } = await startLeases(null);
    const refused = expect(leases.lease(TARGET, 'interactive')).rejects.toMatchObject({ code: 'timeout' });
    await clock.advance(CALLER_WAIT_MS_MAX);
    await refused;
  });

  it('is refused when no place becomes free in time', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 0)] };
    await leases.lease(target, 'interactive');
    const refused = expect(leases.lease(target, 'interactive')).rejects.toMatchObject({ code: 'budget_exhausted' });
    await clock.advance(CALLER_WAIT_MS_MAX);
    await refused;
  });

  it('counts its place with those of others who share the account, also after it was empty', async () => {
    const { leases, clock } = await startLeases();
    const one = { ...TARGET, budgets: [budget(1, 0)] };
    const another = { ...TARGET, budgets: [budget(1, 0)] };
    for (const target of [one, another, one]) {
      const lease = await leases.lease(target, 'interactive');
      const waiting = leases.lease(target === one ? another : one, 'interactive');
      expect(waiting).toBeInstanceOf(Promise);
      lease.release();
      await clock.advance(0);
      (await waiting).release();
    }
  });

  it('is refused as soon as its caller leaves, whatever it waits for', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 1000)] };
    leases.lease(target, 'interactive');
    const gone = new AbortController();
    const waiting = leases.lease(target, 'interactive', { gone: () => gone.signal });
    const next = leases.lease(target, 'interactive');
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    await clock.advance(1100);
    expect(await next).toMatchObject({ generation: 1 });
    const tokenless = await startLeases(null);
    const late = tokenless.leases.lease(TARGET, 'interactive', { gone: () => AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });

  it('gives its place back where the circuit cannot be asked', async () => {
    const { leases, supervisor } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 0)] };
    vi.spyOn(supervisor, 'admit').mockImplementationOnce(() => {
      throw new Error('the provider actor is unreadable');
    });
    expect(() => leases.lease(target, 'interactive')).toThrow('unreadable');
    expect(leases.lease(target, 'interactive')).toMatchObject({ generation: 1 });
  });

  it('is given at once, without a promise, when nothing is in its way', async () => {
    const { leases } = await startLeases();
    expect(leases.lease(TARGET, 'interactive')).toMatchObject({ attachment: TOKEN.attachment, generation: 1 });
  });

  it('is given without a promise also where a millisecond ends meanwhile', async () => {
    const { leases, clock } = await startLeases();
    let nowMs = clock.nowMs();
    vi.spyOn(clock, 'nowMs').mockImplementation(() => nowMs++);
    expect(leases.lease({ ...TARGET, budgets: [budget(2, 1000)] }, 'interactive')).toMatchObject({ generation: 1 });
  });

  it('waits for the next token', async () => {
    const { leases, give } = await startLeases(null);
    const lease = leases.lease(TARGET, 'interactive');
    give({ ...TOKEN, generation: 2 });
    expect(await lease).toMatchObject({ generation: 2 });
  });

  it('waits for its place in the budget, first come first served', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 1000)] };
    const startMs = clock.nowMs();
    const grantedAtMs: number[] = [];
    for (let call = 0; call < 4; call++) {
      Promise.resolve(leases.lease(target, 'interactive')).then(() => grantedAtMs.push(clock.nowMs() - startMs));
    }
    await clock.advance(5000);
    // A window gives away one slice of its own at most.
    expect(grantedAtMs).toEqual([0, 1020, 2040, 3060]);
  });

  it('that waited for its token spends the window it leaves in, not the one it came in', async () => {
    const { leases, clock, give } = await startLeases(null);
    const target = { ...TARGET, budgets: [budget(2, 10_000)] };
    const startMs = clock.nowMs();
    const grantedAtMs: number[] = [];
    const call = () =>
      void Promise.resolve(leases.lease(target, 'interactive')).then(() => grantedAtMs.push(clock.nowMs() - startMs));
    call();
    call();
    await clock.advance(9000);
    give(TOKEN);
    await flush();
    await clock.advance(1000);
    call();
    await clock.advance(20_000);
    // Two at nine seconds; the third would have been the third within ten seconds.
    expect(grantedAtMs.slice(0, 2)).toEqual([9000, 9000]);
    expect(grantedAtMs[2]).toBeGreaterThanOrEqual(19_000);
    expect(grantedAtMs[2]).toBeLessThanOrEqual(19_200);
  });

  it('waits for a free place, which releasing twice frees once', async () => {
    const { leases } = await startLeases();
    const target = { ...TARGET, budgets: [budget(1, 0)] };
    const first = await leases.lease(target, 'interactive');
    const granted: number[] = [];
    const rest = [2, 3].map(async (call) => {
      const lease = await leases.lease(target, 'interactive');
      granted.push(call);
      return lease;
    });
    first.release();
    first.release();
    await flush();
    expect(granted).toEqual([2]);
    (await rest[0])?.release();
    await flush();
    expect(granted).toEqual([2, 3]);
  });
});

describe('the target of a connection', () => {
  const projectId = parseId<ProjectId>('p1', 'project');
  const facts = { connectionId, projectId, providerAppId: 'app', workspaceRef: 'acme' };

  it('shares the limits of its account with other connections to it, and with nobody else', () => {
    const { budgets } = leaseTarget(createCatalog().get('freshdesk'), facts);
    const sameAccount = leaseTarget(createCatalog().get('freshdesk'), { ...facts, connectionId: parseId('c2', 'id') });
    const another = leaseTarget(createCatalog().get('freshdesk'), { ...facts, workspaceRef: 'beta' });
    expect(budgets).not.toEqual([]);
    expect(sameAccount.budgets).toEqual(budgets);
    expect(another.budgets.map(({ key }) => key)).not.toEqual(budgets.map(({ key }) => key));
  });

  it('shares them with whoever signed in to the same account another way, where an account has its own host', () => {
    const keysOf = (name: string, baseUrl: string, project = projectId) =>
      leaseTarget(createCatalog().get(name), {
        ...facts,
        projectId: project,
        connectionId: parseId(name, 'id'),
        baseUrl,
      })
        .budgets.map(({ key }) => key)
        .filter((key) => key.includes('/externalAccount/'));
    const acme = 'https://acme.my.salesforce.com';
    const keys = keysOf('salesforce', acme);
    expect(keys).not.toEqual([]);
    expect(keysOf('salesforceJWT', 'https://beta.my.salesforce.com')).not.toEqual(keys);
    expect(keysOf('salesforceJWT', acme, parseId<ProjectId>('p2', 'project'))).not.toEqual(keys);
    expect(keysOf('squareSandbox', 'https://connect.squareupsandbox.com')).not.toEqual(
      keysOf('square', 'https://connect.squareup.com'),
    );
    expect(keysOf('salesforceJWT', acme)).toEqual(keys);
  });

  it('shares what one app may do in an account with that app alone, and what all may do with every app', async () => {
    const targetOf = (providerAppId: string, workspaceRef = 'acme') =>
      leaseTarget(createCatalog().get('salesforce'), {
        ...facts,
        connectionId: parseId(`${providerAppId}-${workspaceRef}`, 'id'),
        providerAppId,
        workspaceRef,
        baseUrl: `https://${workspaceRef}.my.salesforce.com`,
      });
    const keyOf = ({ budgets }: LeaseTarget, name: string) => budgets.find((budget) => budget.name === name)?.key;
    const [first, second] = [targetOf('app-a'), targetOf('app-b')];
    expect(keyOf(second, 'daily')).toBe(keyOf(first, 'daily'));
    expect(keyOf(second, 'longRunning')).toBe(keyOf(first, 'longRunning'));
    expect(keyOf(second, 'perApp')).not.toBe(keyOf(first, 'perApp'));
    expect(keyOf(targetOf('app-a', 'beta'), 'perApp')).not.toBe(keyOf(first, 'perApp'));
    expect(keyOf(targetOf('app-a'), 'perApp')).toBe(keyOf(first, 'perApp'));
  });

  it('does not wait for what another app of its account has spent, only for what all have', async () => {
    const { leases, budgets } = await startLeases();
    const targetOf = (providerAppId: string) =>
      leaseTarget(createCatalog().get('salesforce'), {
        ...facts,
        providerAppId,
        baseUrl: 'https://acme.my.salesforce.com',
      });
    const attempt = async (target: LeaseTarget) => {
      const leased = (async () => leases.lease(target, 'interactive'))();
      const outcome = leased.then(
        (lease) => lease.release(),
        (error: IntegrationError) => error.code,
      );
      await flush();
      return await outcome;
    };
    const [first, second] = [targetOf('app-a'), targetOf('app-b')];
    budgets.learn(first.budgets, null, 'perApp', { limit: 250, remaining: 0 });
    expect(await attempt(first)).toBe('budget_exhausted');
    expect(await attempt(second)).toBeUndefined();
    budgets.learn(first.budgets, null, 'daily', { limit: 15_000, remaining: 0 });
    budgets.block(first.budgets, 'daily', null);
    expect(await attempt(second)).toBe('budget_exhausted');
  });

  it('of a kind of calls has the limits of that kind, and of all calls unless they are counted apart', () => {
    const hubspot = createCatalog().get('hubspot');
    const namesOf = (target: LeaseTarget) => [target.isOfKind ?? false, ...target.budgets.map(({ name }) => name)];
    const [search] = kindsOf(hubspot.quotas);
    expect(namesOf(leaseTarget(hubspot, facts))).toEqual([false, 'burst']);
    expect(namesOf(leaseTarget(hubspot, facts, search))).toEqual([true, 'search']);
  });

  it('has the circuit of its provider app, or its own where there is none', () => {
    const keys = ['app', 'other', null].map(
      (providerAppId) => leaseTarget(createCatalog().get('hubspot'), { ...facts, providerAppId }).providerKey,
    );
    expect(keys).toEqual(['hubspot/app', 'hubspot/other', 'hubspot/c1']);
  });
});
