// An org whose day is nearly spent, over real HTTP and with a clock that is driven: reads stop at their share, people
// go on, and what an org refused is left alone until it may be asked again, over a restart too.

import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import type { BudgetLine } from '../../src/flows/operator/budgets.ts';
import { budgetsOf } from '../../src/flows/operator/budgets.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';

const QUERY = '/services/data/v60.0/query?q=SELECT%20Id%20FROM%20Lead%20LIMIT%201';
/** Ten pages. */
const ACCOUNTS = 20_000;

/** An org of which others have spent so many calls, and an installation that begins to read it. */
async function orgWith(spent: number, perDay: number): Promise<{ driven: Driven; installationId: string }> {
  const driven = await startDriven({
    sandbox: { salesforceAccounts: ACCOUNTS, salesforceRequestsPerDay: perDay, salesforceUsageLagMs: 30 * SECOND_MS },
  });
  const { tenon } = driven;
  tenon.sandbox.spendSalesforceDay('acme', spent);
  await tenon.addWebhook('hook');
  const noSchedule = { schedule: '0 0 1 1 *' };
  await tenon.deploy(manifest(integration('salesforce', readObject('Account', noSchedule))));
  const { id } = await installed(driven, 'salesforce', { Account: {} });
  await settled(driven);
  return { driven, installationId: id };
}

function delivered({ tenon }: Driven): number {
  return tenon.receiver.state().recordsByObject.get('Account') ?? 0;
}

function refusals({ tenon }: Driven): number {
  return tenon.sandbox.stats().rateLimited;
}

function dailyOf({ tenon }: Driven, installationId: string): BudgetLine | undefined {
  return budgetsOf(tenon.running.services, installationId).budgets.find(({ name }) => name === 'daily');
}

describe('a backfill of an org whose day is nearly spent', () => {
  it('stops at its share, leaves the rest to people, and goes on when there is room, restarts included', async () => {
    const { driven, installationId } = await orgWith(11_995, 15_000);
    await using _ = driven;
    const { tenon } = driven;
    const atFirst = delivered(driven);
    expect(atFirst).toBeLessThanOrEqual(4000);
    expect(dailyOf(driven, installationId)).toMatchObject({ limit: 15_000, isLearned: false, reservedForPeople: 3000 });
    expect(dailyOf(driven, installationId)?.spent).toBeGreaterThanOrEqual(11_996);

    await pass(driven, 6 * HOUR_MS);
    await tenon.halt();
    await tenon.resume();
    await pass(driven, 6 * HOUR_MS);
    expect(delivered(driven)).toBeLessThanOrEqual(5 * 2000);
    expect(dailyOf(driven, installationId)?.spent).toBeGreaterThanOrEqual(12_000);
    expect((await tenon.proxy(installationId, QUERY)).status).toBe(200);

    await pass(driven, 14 * HOUR_MS);
    expect(delivered(driven)).toBe(ACCOUNTS);
    expect(tenon.receiver.state().recordsRepeated).toBe(0);
  });

  it('goes on where the org cannot be asked what is left', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon } = driven;
    tenon.sandbox.faults.next({ pathPrefix: '/services/data/v60.0/limits' }, { kind: 'html200' });
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('salesforce', readObject('Account'))));
    const { id } = await installed(driven, 'salesforce', { Account: {} });
    await settled(driven);
    expect(delivered(driven)).toBe(250);
    expect(dailyOf(driven, id)).toMatchObject({ limit: 100_000, isLearned: true });
  });

  it('is spread over the hours where there is room', async () => {
    const { driven, installationId } = await orgWith(11_900, 15_000);
    await using _ = driven;
    // A hundred calls in a day: four at once, then one in a quarter of an hour.
    const atFirst = delivered(driven);
    expect(atFirst).toBeGreaterThanOrEqual(2 * 2000);
    expect(atFirst).toBeLessThanOrEqual(5 * 2000);
    expect(dailyOf(driven, installationId)?.pacePerHour).toBeCloseTo(4, 0);
    await pass(driven, 20 * MINUTE_MS);
    expect(delivered(driven)).toBeGreaterThan(atFirst);
    expect(delivered(driven)).toBeLessThan(ACCOUNTS);
    await pass(driven, 4 * HOUR_MS);
    expect(delivered(driven)).toBe(ACCOUNTS);
  });
});

describe('an org whose day is spent', () => {
  it('is asked once and then left alone, also after a restart; callers are told when to come back', async () => {
    const { driven, installationId } = await orgWith(200, 200);
    await using _ = driven;
    const { tenon } = driven;
    expect(delivered(driven)).toBe(0);
    expect(refusals(driven)).toBe(1);
    const answer = await tenon.proxy(installationId, QUERY);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe(String((15 * MINUTE_MS) / SECOND_MS));
    await tenon.halt();
    await tenon.resume();
    await settled(driven);
    expect((await tenon.proxy(installationId, QUERY)).status).toBe(429);
    expect(refusals(driven)).toBe(1);

    // The next refusal holds for half an hour, the others for an hour each.
    await pass(driven, 4 * HOUR_MS);
    expect(refusals(driven)).toBe(6);
    expect(delivered(driven)).toBe(0);

    await pass(driven, 22 * HOUR_MS);
    expect((await tenon.proxy(installationId, QUERY)).status).toBe(200);
    expect(delivered(driven)).toBe(ACCOUNTS);
  });

  it('holds back no other org of the same provider app', async () => {
    const { driven, installationId } = await orgWith(200, 200);
    await using _ = driven;
    const { id } = await installed(driven, 'salesforce', { Account: {} }, 'beta');
    expect((await driven.tenon.proxy(installationId, QUERY)).status).toBe(429);
    expect((await driven.tenon.proxy(id, QUERY)).status).toBe(200);
  });
});

describe('a proxied call that an org refuses', () => {
  const orgThatRefuses = async (perDay: number, atOnce: number | null) => {
    const driven = await startDriven({
      sandbox: { salesforceRequestsPerDay: perDay, salesforceRequestsAtOnce: atOnce },
    });
    await driven.tenon.deploy(manifest({ name: 'salesforce', provider: 'salesforce', proxy: { enabled: true } }));
    const { id } = await installed(driven, 'salesforce', {});
    return { driven, id };
  };

  it('is passed on as it is, and ends further calls of the org until it may be asked again', async () => {
    const { driven, id } = await orgThatRefuses(0, null);
    await using _ = driven;
    const answer = await driven.tenon.proxy(id, QUERY);
    expect([answer.status, await answer.json()]).toEqual([
      403,
      [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
    ]);
    const next = await driven.tenon.proxy(id, QUERY);
    expect([next.status, next.headers.get('retry-after')]).toEqual([429, '900']);
    expect(refusals(driven)).toBe(1);
  });

  it('for too many at once leaves fewer places, and spends nothing of the day', async () => {
    const { driven, id } = await orgThatRefuses(1000, 0);
    await using _ = driven;
    const answer = await driven.tenon.proxy(id, QUERY);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('ConcurrentRequests')]);
    const { budgets } = budgetsOf(driven.tenon.running.services, id);
    expect(budgets.find(({ name }) => name === 'longRunning')?.limit).toBe(2);
    expect(dailyOf(driven, id)?.blockedUntil).toBeNull();
    expect((await driven.tenon.proxy(id, QUERY)).status).toBe(403);
  });
});
