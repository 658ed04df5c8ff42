import { describe, expect, it } from 'vitest';
import { Leases, type LeaseTarget, leaseTarget } from '../../../actors/lease.ts';
import { Supervisor } from '../../../actors/supervisor.ts';
import type { OpenToken, TokenManager } from '../../../actors/tokenManager.ts';
import { provider } from '../../../machines/provider.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { type ConnectionId, parseId } from '../../../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX, CIRCUIT_CALLS_MIN } from '../../../src/core/limits.ts';
import { WaitingList } from '../../../src/core/waitingList.ts';
import { flush } from '../../support/clock.ts';
import { startRuntime } from '../../support/runtime.ts';

const connectionId = parseId<ConnectionId>('c1', 'connection');
const TARGET: LeaseTarget = { connectionId, providerKey: 'hubspot/app', windows: [], concurrency: [] };
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
};

/** Leases over a token that the test gives and takes. */
async function startLeases(token: OpenToken | null = TOKEN) {
  const { runtime, clock } = await startRuntime({ definitions: [provider] });
  const supervisor = new Supervisor(runtime, clock);
  const list = new WaitingList();
  const held = { token };
  const tokens: Pick<TokenManager, 'usableToken' | 'changed' | 'assertNextWithin'> = {
    usableToken: () => held.token,
    changed: (_id, signal, what) => list.wait(signal, what),
    assertNextWithin: () => {},
  };
  const leases = new Leases(tokens as TokenManager, supervisor, clock);
  const give = (next: OpenToken) => {
    held.token = next;
    list.wakeAll();
  };
  return { leases, supervisor, clock, give };
}

const budget = (limit: number, windowMs: number) => ({ key: 'hubspot/app/burst', limit, windowMs });

describe('a lease', () => {
  it('is refused when the budget would not allow the call in time, and says when it will', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, windows: [budget(1, 2 * CALLER_WAIT_MS_MAX)] };
    expect(leases.lease(target)).not.toBeInstanceOf(Promise);
    expect(() => leases.lease(target)).toThrow(
      expect.objectContaining({ code: 'budget_exhausted', retryAtMs: clock.nowMs() + 2 * CALLER_WAIT_MS_MAX }),
    );
  });

  it('is refused while the circuit is open, and spends nothing of the budget', async () => {
    const { leases, supervisor, clock } = await startLeases();
    const target = { ...TARGET, windows: [budget(1, CALLER_WAIT_MS_MAX)] };
    for (let call = 0; call < CIRCUIT_CALLS_MIN; call++) supervisor.report(TARGET.providerKey, 'call', 'answered 500');
    await flush();
    for (const _ of [1, 2])
      expect(() => leases.lease(target)).toThrow(expect.objectContaining({ code: 'circuit_open' }));
    await clock.advance(60_000);
    expect(leases.lease(target)).not.toBeInstanceOf(Promise);
  });

  it('is refused when no token comes in time', async () => {
    const { leases, clock } = await startLeases(null);
    const refused = expect(leases.lease(TARGET)).rejects.toMatchObject({ code: 'timeout' });
    await clock.advance(CALLER_WAIT_MS_MAX);
    await refused;
  });

  it('is refused when no place becomes free in time', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, concurrency: [budget(1, 0)] };
    await leases.lease(target);
    const refused = expect(leases.lease(target)).rejects.toMatchObject({ code: 'timeout' });
    await clock.advance(CALLER_WAIT_MS_MAX);
    await refused;
  });

  it('is given at once, without a promise, when nothing is in its way', async () => {
    const { leases } = await startLeases();
    expect(leases.lease(TARGET)).toMatchObject({ attachment: TOKEN.attachment, generation: 1 });
  });

  it('waits for the next token', async () => {
    const { leases, give } = await startLeases(null);
    const lease = leases.lease(TARGET);
    give({ ...TOKEN, generation: 2 });
    expect(await lease).toMatchObject({ generation: 2 });
  });

  it('waits for its place in the budget, first come first served', async () => {
    const { leases, clock } = await startLeases();
    const target = { ...TARGET, windows: [budget(1, 1000)] };
    const startMs = clock.nowMs();
    const grantedAtMs: number[] = [];
    for (let call = 0; call < 4; call++) {
      Promise.resolve(leases.lease(target)).then(() => grantedAtMs.push(clock.nowMs() - startMs));
    }
    await clock.advance(5000);
    expect(grantedAtMs).toEqual([0, 1000, 2000, 3000]);
  });

  it('that waited for its token spends the window it leaves in, not the one it came in', async () => {
    const { leases, clock, give } = await startLeases(null);
    const target = { ...TARGET, windows: [budget(2, 10_000)] };
    const startMs = clock.nowMs();
    const grantedAtMs: number[] = [];
    const call = () => void Promise.resolve(leases.lease(target)).then(() => grantedAtMs.push(clock.nowMs() - startMs));
    call();
    call();
    await clock.advance(9000);
    give(TOKEN);
    await flush();
    await clock.advance(1000);
    call();
    await clock.advance(20_000);
    // Two at nine seconds; the third would have been the third within ten seconds.
    expect(grantedAtMs).toEqual([9000, 9000, 19_000]);
  });

  it('waits for a free place, which releasing twice frees once', async () => {
    const { leases } = await startLeases();
    const target = { ...TARGET, concurrency: [budget(1, 0)] };
    const first = await leases.lease(target);
    const granted: number[] = [];
    const rest = [2, 3].map(async (call) => {
      const lease = await leases.lease(target);
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
  const facts = { connectionId, providerAppId: 'app', workspaceRef: 'acme' };

  it('shares the limits of its account with other connections to it, and with nobody else', () => {
    const { windows } = leaseTarget(createCatalog().get('freshdesk'), facts);
    const sameAccount = leaseTarget(createCatalog().get('freshdesk'), { ...facts, connectionId: parseId('c2', 'id') });
    const another = leaseTarget(createCatalog().get('freshdesk'), { ...facts, workspaceRef: 'beta' });
    expect(windows).not.toEqual([]);
    expect(sameAccount.windows).toEqual(windows);
    expect(another.windows.map(({ key }) => key)).not.toEqual(windows.map(({ key }) => key));
  });

  it('has the circuit of its provider app, or its own where there is none', () => {
    const keys = ['app', 'other', null].map(
      (providerAppId) => leaseTarget(createCatalog().get('hubspot'), { ...facts, providerAppId }).providerKey,
    );
    expect(keys).toEqual(['hubspot/app', 'hubspot/other', 'hubspot/c1']);
  });
});
