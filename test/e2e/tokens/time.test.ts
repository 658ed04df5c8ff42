// Rows 10, 11, 12, 13, 15 and 17 of the table of failure modes: clocks, margins, idleness and limits.

import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { buildAssertionRequest } from '../../../src/auth/assertion.ts';
import { refreshAtMs } from '../../../src/auth/lifetime.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { newId } from '../../../src/core/ids.ts';
import {
  METER_SLICES,
  REFRESH_JITTER_SHARE,
  REFRESH_MARGIN_MS_MAX,
  TOKEN_LEEWAY_MS,
} from '../../../src/core/limits.ts';
import { createLog } from '../../../src/core/log.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { limitFamilies } from '../../../src/flows/metrics/state.ts';
import { type BudgetLine, budgetsOf } from '../../../src/flows/operator/budgets.ts';
import { pass, settled, until } from '../../support/drive.ts';
import {
  askForNext,
  type Customer,
  call,
  connectionRow,
  credentialOf,
  customer,
  customers,
  refreshAll,
  startWorld,
  statesOf,
  type World,
} from './world.ts';

/** The limit of the token endpoint as the operator of an installation sees it. */
function renewalsOf({ tenon }: World, { installationId }: Customer): BudgetLine | undefined {
  return budgetsOf(tenon.running.services, installationId).budgets.find(({ name }) => name === 'tokens');
}

describe('row 10: a clock that is wrong', () => {
  it('put forward renews a token too early, and that is all', async () => {
    const world = await startWorld();
    const whom = await customers(world, 3);
    world.clock.jump(3 * HOUR_MS);
    for (const one of whom) expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.refreshes()).toHaveLength(3);
    expect(statesOf(world, whom)).toEqual(['fresh', 'fresh', 'fresh']);
  });

  it('put back does not keep an ended token in use: what the provider says counts', async () => {
    const world = await startWorld();
    const one = await customer(world);
    await world.clock.advance(10 * MINUTE_MS);
    // Asked for a moment ago, refused a moment ago: nothing of that may last until the clock is there again.
    await call(world, one);
    world.clock.jump(-3 * HOUR_MS);
    for (const generation of [2, 3]) {
      world.server.expireAccessTokens();
      await world.clock.advance(2 * SECOND_MS);
      expect(await call(world, one)).toEqual([200, '']);
      expect(connectionRow(world, one).generation).toBe(generation);
    }
  });

  it('put back does not make a missing permission last longer', async () => {
    const world = await startWorld();
    const one = await customer(world);
    await world.clock.advance(10 * MINUTE_MS);
    world.server.api = () => 401;
    expect((await call(world, one))[0]).toBe(401);
    world.server.api = () => null;
    world.clock.jump(-HOUR_MS);
    world.server.expireAccessTokens();
    expect(await call(world, one)).toEqual([200, '']);
  });

  it('of the provider is not asked: a token lives from its receipt', async () => {
    const world = await startWorld();
    const one = await customer(world);
    world.server.answering = (request) => {
      const headers = { date: 'Thu, 01 Jan 1970 00:00:00 GMT', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' };
      return { ...world.server.usual(request), headers };
    };
    await world.clock.advance(HOUR_MS);
    expect(await call(world, one)).toEqual([200, '']);
    const nowMs = world.clock.nowMs();
    expect(connectionRow(world, one)).toMatchObject({ issuedAtMs: nowMs, expiresAtMs: nowMs + HOUR_MS });
  });

  it('by half a minute does not make a signed assertion one of the future, nor an ended one', async () => {
    const { auth } = createCatalog().get('salesforceJWT');
    const exchange = auth.scheme === 'custom' && auth.exchange?.kind === 'assertion' ? auth.exchange : null;
    if (exchange === null) throw new Error('salesforceJWT signs assertions');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const nowMs = Date.UTC(2026, 0, 5, 9);
    const inputs = auth.scheme === 'custom' ? auth.inputs.map(({ name }) => [name, 'x']) : [];
    const values = { ...Object.fromEntries(inputs), [exchange.key.input]: pem };
    const variables = { workspace: 'acme' };
    const { body } = await buildAssertionRequest(exchange, { values, variables, scopes: [], nowMs });
    const { iat = 0, exp = 0 } = decodeJwt(new URLSearchParams(String(body)).get('assertion') ?? '');
    expect(iat * SECOND_MS).toBe(nowMs - 30 * SECOND_MS);
    expect(exp * SECOND_MS).toBeGreaterThanOrEqual(nowMs + MINUTE_MS);
  });
});

describe('row 11: the margin of short tokens', () => {
  it('is a fifth of a minute: no refresh on each call, and no call with what has a second left', async () => {
    const world = await startWorld({ lifetimeMs: MINUTE_MS });
    const one = await customer(world);
    for (let second = 0; second < 47; second++) {
      expect(await call(world, one)).toEqual([200, '']);
      await world.clock.advance(SECOND_MS);
    }
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(0);
    await world.clock.advance(7 * SECOND_MS);
    expect(await call(world, one)).toEqual([200, '']);
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(1);

    const seen: string[] = [];
    world.server.api = ({ token }) => {
      seen.push(token);
      return null;
    };
    const { expiresAtMs } = connectionRow(world, one);
    world.server.answering = () => ({ status: 503, body: '' });
    await world.clock.advanceTo((expiresAtMs ?? 0) - TOKEN_LEEWAY_MS - 1);
    await call(world, one);
    expect(seen.splice(0)).toHaveLength(1);
    world.server.answering = () => null;
    await world.clock.advanceTo((expiresAtMs ?? 0) - TOKEN_LEEWAY_MS);
    // Another one, or none in time; never this one.
    const waiting = call(world, one);
    await world.clock.advance(30 * SECOND_MS);
    await waiting;
    expect(seen).not.toContain(`at-1-1-c4n4ry`);
  });

  it.each([1, 2, 5])('never reaches the whole of a lifetime: a token of %i seconds is used', async (seconds) => {
    const world = await startWorld({ lifetimeMs: seconds * SECOND_MS });
    const one = await customer(world);
    for (let calls = 0; calls < 10; calls++) expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.refreshes()).toHaveLength(0);
    await world.clock.advance(seconds * SECOND_MS);
    expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.refreshes()).toHaveLength(1);
  });
});

describe('row 12: idle expiry', () => {
  it('does not come: a grant that nobody uses is used well before, for as long as it lives', async () => {
    const idleMs = 30 * DAY_MS;
    const world = await startWorld({ facts: { idleLifetimeMs: idleMs } });
    const whom = await customers(world, 3);
    const lastUse = new Map(whom.map(({ account }) => [account, world.clock.nowMs()]));
    const gaps: number[] = [];
    world.server.answering = ({ account, atMs }) => {
      gaps.push(atMs - (lastUse.get(account ?? '') ?? 0));
      lastUse.set(account ?? '', atMs);
      return null;
    };
    await pass(world, 120 * DAY_MS);
    expect(Math.max(...gaps)).toBeLessThan(idleMs / 2);
    expect(gaps.length).toBeLessThan(whom.length * 20);
    expect(statesOf(world, whom)).toEqual(whom.map(() => 'fresh'));
  });

  it('leaves time for a provider that is down when it is due', async () => {
    const world = await startWorld({ facts: { idleLifetimeMs: 30 * DAY_MS } });
    const one = await customer(world);
    await until(world, 'the first use', () => world.server.refreshes().length === 1, 30 * DAY_MS);
    const usedAtMs = world.clock.nowMs();
    world.server.answering = () => ({ status: 503, body: '' });
    await until(world, 'the next try', () => world.server.refreshes().length > 1, 30 * DAY_MS);
    await pass(world, 2 * HOUR_MS);
    world.server.answering = () => null;
    await pass(world, HOUR_MS);
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 3 });
    expect(world.clock.nowMs() - usedAtMs).toBeLessThan(15 * DAY_MS);
  });
});

describe('row 13: an account that may have only so many grants', () => {
  it('is told of at connect time, before its oldest are dropped', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', stream: { write: (line: string) => void lines.push(line) } });
    const world = await startWorld({
      log,
      facts: { grantsPerAccountMax: 5 },
      metadataFields: { consumerRefField: 'user' },
    });
    world.server.extra = { user: 'u1' };
    const warned = () => lines.filter((line) => line.includes('about to lose its oldest grants'));
    await customers(world, 3);
    expect(warned()).toEqual([]);
    await customers(world, 1);
    expect(warned()).toEqual([expect.stringMatching(/"grants":4,"grantsMax":5/)]);
    world.server.extra = { user: 'u2' };
    await customers(world, 1);
    expect(warned()).toHaveLength(1);
  });
});

describe('row 15: a token endpoint with a limit of its own', () => {
  it('of one request a minute and user is asked once; the next one waits here and goes on', async () => {
    const endpointQuota = { name: 'tokens', scope: 'user', limit: 1, windowMs: MINUTE_MS };
    const world = await startWorld({ facts: { endpointQuota } });
    const [one, other] = await customers(world, 2);
    if (one === undefined || other === undefined) throw new Error('two customers');
    await askForNext(world, one);
    await settled(world);
    const firstAtMs = world.clock.nowMs();
    await world.clock.advance(10 * SECOND_MS);
    await askForNext(world, one);
    await settled(world);
    expect(world.server.refreshes(one.account)).toHaveLength(1);
    // A call leaves its window with the slice that it was made in.
    const wakeAtMs = firstAtMs + MINUTE_MS + MINUTE_MS / METER_SLICES;
    expect(credentialOf(world, one)).toMatchObject({ state: 'backingOff', wakeAtMs });
    expect(await call(world, one)).toEqual([200, '']);
    expect(renewalsOf(world, one)).toMatchObject({ limit: 1, windowMs: MINUTE_MS, spent: 1, waiting: { refresh: 1 } });
    expect(renewalsOf(world, other)).toMatchObject({ limit: 1, spent: 0, waiting: {}, ownWaiting: 0 });
    // Somebody else has a limit of their own.
    await askForNext(world, other);
    await settled(world);
    expect(world.server.refreshes(other.account)).toHaveLength(1);
    await pass(world, MINUTE_MS);
    expect(world.server.refreshes(one.account)).toHaveLength(2);
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 3 });
    expect(renewalsOf(world, one)).toMatchObject({ spent: 1, waiting: {} });
  });

  it('shows who waits for it, in all and of an installation, and forgets who is gone', async () => {
    const endpointQuota = { name: 'tokens', scope: 'providerApp', limit: 1, windowMs: MINUTE_MS };
    const world = await startWorld({ facts: { endpointQuota } });
    const [first, second, third] = (await customers(world, 3)) as [Customer, Customer, Customer];
    await refreshAll(world, [first, second, third]);
    const { services } = world.tenon.running;
    const waitingInAll = () =>
      limitFamilies(services)
        .find(({ name }) => name === 'tenon_limit_waiting_calls')
        ?.samples.find(({ labels }) => labels['limit'] === 'tokens');
    const of = { provider: 'hubspot', limit: 'tokens', priority: 'refresh' };
    expect(renewalsOf(world, first)).toMatchObject({ counts: 'renewals', waiting: { refresh: 2 }, ownWaiting: 0 });
    expect(renewalsOf(world, third)).toMatchObject({ spent: 1, waiting: { refresh: 2 }, ownWaiting: 1 });
    expect(waitingInAll()).toMatchObject({ labels: of, value: 2 });
    // Its connection goes with it.
    const installation = `/integrations/hubspot/installations/${third.installationId}`;
    await world.tenon.ok('DELETE', world.tenon.inProject(installation));
    await pass(world, 20 * MINUTE_MS);
    expect(world.server.refreshes(second.account)).toHaveLength(1);
    expect(renewalsOf(world, second)).toMatchObject({ waiting: {}, ownWaiting: 0 });
    expect(waitingInAll()).toMatchObject({ labels: of, value: 0 });
  });

  it('counts failures: they are spread as well', async () => {
    const endpointQuota = { name: 'tokens', scope: 'providerApp', limit: 1, windowMs: MINUTE_MS };
    const world = await startWorld({ facts: { rotation: 'stable', endpointQuota } });
    const whom = await customers(world, 4);
    world.server.answering = () => ({ status: 503, body: '' });
    for (const one of whom) await askForNext(world, one, false);
    await pass(world, 20 * MINUTE_MS);
    const times = world.server.refreshes().map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(5);
    for (const [index, atMs] of times.slice(1).entries())
      expect(atMs - (times[index] ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS);
    world.server.answering = () => null;
    await pass(world, HOUR_MS);
    expect(statesOf(world, whom)).toEqual(whom.map(() => 'fresh'));
  });
});

describe('row 17: a herd of tokens that were issued together', () => {
  it('spreads over half of the margin, each connection always at its own instant', () => {
    const ids = Array.from({ length: 10_000 }, () => newId<string & { readonly brand: 'any' }>());
    const spreadMs = REFRESH_MARGIN_MS_MAX * REFRESH_JITTER_SHARE;
    const startMs = HOUR_MS - REFRESH_MARGIN_MS_MAX;
    const times = ids.map((id) => refreshAtMs(0, HOUR_MS, id));
    expect(times).toEqual(ids.map((id) => refreshAtMs(0, HOUR_MS, id)));
    expect([Math.min(...times) >= startMs, Math.max(...times) <= startMs + spreadMs]).toEqual([true, true]);
    const perSecond = Map.groupBy(times, (atMs) => Math.floor(atMs / SECOND_MS));
    const mean = ids.length / (spreadMs / SECOND_MS);
    // Four standard deviations of an even spread are half of the mean here.
    expect(perSecond.size).toBeGreaterThanOrEqual(spreadMs / SECOND_MS);
    expect(Math.max(...[...perSecond.values()].map(({ length }) => length))).toBeLessThan(1.8 * mean);
  });

  it('that was idle together is not renewed together after a restart either', async () => {
    const world = await startWorld({ facts: { idleLifetimeMs: 30 * DAY_MS } });
    await customers(world, 12);
    await world.tenon.halt();
    await world.tenon.resume();
    await pass(world, 10 * DAY_MS);
    const times = world.server.refreshes().map(({ atMs }) => atMs);
    expect(times).toHaveLength(12);
    expect(new Set(times.map((atMs) => Math.floor(atMs / MINUTE_MS))).size).toBeGreaterThan(9);
  });
});
