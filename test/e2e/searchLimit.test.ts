// HubSpot counts searches apart from all other calls, five in a second for an account: whoever searches (reads,
// searches over the API, proxied calls) keeps to it with the others, nobody is refused by HubSpot, other calls go on.

import { describe, expect, it } from 'vitest';
import type { BudgetLine } from '../../src/flows/operator/budgets.ts';
import { budgetsOf } from '../../src/flows/operator/budgets.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { scrapeOf, totalOf } from '../support/metrics.ts';
import { startVendor, type Vendor } from '../support/vendor.ts';

const TOKEN = 'metrics-token-0123456789';
const CONTACTS = 2000;
const SEARCHES = 12;
const PATH = '/crm/v3/objects/contacts/search';

/** An account with a proxied integration, and one whose backfill is a search. */
async function startAccount(): Promise<{ vendor: Vendor; readId: string }> {
  const vendor = await startVendor('hubspot', {
    sandbox: { hubspotContacts: CONTACTS },
    env: { TENON_METRICS_TOKEN: TOKEN },
  });
  const { tenon } = vendor;
  await tenon.addWebhook('hook');
  const recent = { schedule: '0 0 1 1 *', backfill: { defaultPeriod: { days: 5000 } } };
  const vendorToo = { name: 'vendor', provider: 'hubspot', proxy: { enabled: true } };
  await tenon.deploy(manifest(vendorToo, integration('hubspot', readObject('contacts', recent))));
  const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  return { vendor, readId: id };
}

async function proxied({ through }: Vendor, method: 'GET' | 'POST', path: string): Promise<number> {
  const headers = { ...through.headers, 'content-type': 'application/json' };
  const body = method === 'POST' ? JSON.stringify({ filterGroups: [], limit: 1 }) : null;
  const answer = await fetch(`${through.url}${path}`, { method, headers, body });
  await answer.text();
  return answer.status;
}

async function searched({ tenon }: Vendor): Promise<number> {
  const path = tenon.inProject('/integrations/hubspot?groupRef=acme');
  const fieldFilters = [{ fieldName: 'email', operator: 'eq', value: 'nobody@example.com' }];
  return (await tenon.api('POST', path, { objectName: 'contacts', fieldFilters })).status;
}

function budgetsBy({ tenon }: Vendor, installationId: string): Readonly<Record<string, BudgetLine>> {
  const { budgets } = budgetsOf(tenon.running.services, installationId);
  return Object.fromEntries(budgets.map((budget) => [budget.name, budget]));
}

describe('the searches of an account', () => {
  it('keep to five in a second together, whoever makes them', async () => {
    const { vendor } = await startAccount();
    await using _ = vendor;
    const { tenon } = vendor;
    const people = Array.from({ length: SEARCHES }, (_, index) =>
      index % 2 === 0 ? proxied(vendor, 'POST', `${PATH}?n=${index}`) : searched(vendor),
    );
    const all = Promise.all([
      ...people,
      tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS).then(() => 200),
    ]);
    const { result, ms } = await vendor.passing(all);
    expect(new Set(result)).toEqual(new Set([200]));
    expect(tenon.sandbox.stats().rateLimited).toBe(0);
    // Ten pages and twelve searches, of which no second takes more than five.
    expect(ms).toBeGreaterThanOrEqual(4000);
  });

  it('are counted apart: other calls neither wait for them nor spend what they have', async () => {
    const { vendor, readId } = await startAccount();
    await using _ = vendor;
    const { tenon, clock } = vendor;
    await vendor.passing(tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS));
    await clock.advance(60_000);
    // The clock stands still: whoever had to wait would never be answered.
    const searches = await Promise.all(Array.from({ length: 5 }, () => proxied(vendor, 'POST', PATH)));
    const others = await Promise.all([
      proxied(vendor, 'GET', '/crm/v3/objects/contacts?limit=1'),
      proxied(vendor, 'POST', `${PATH}/not`),
    ]);
    expect([searches, others]).toEqual([
      [200, 200, 200, 200, 200],
      [200, 404],
    ]);
    const budgets = budgetsBy(vendor, readId);
    expect(Object.keys(budgets)).toEqual(['burst', 'search']);
    expect(budgets['search']).toMatchObject({ limit: 5, spent: 5, windowMs: 1000, isLearned: false, waiting: {} });
    expect(budgets['burst']).toMatchObject({ limit: 110, spent: 2 });

    const waiting = proxied(vendor, 'POST', PATH);
    await expect.poll(() => budgetsBy(vendor, readId)['search']?.waiting).toEqual({ interactive: 1 });
    expect(budgetsBy(vendor, readId)['search']).toMatchObject({ counts: 'calls', ownWaiting: 1 });
    const samples = await scrapeOf(tenon, TOKEN);
    const labels = { provider: 'hubspot', limit: 'search' };
    expect(totalOf(samples, 'tenon_limit_spent_sum', labels)).toBe(5);
    expect(totalOf(samples, 'tenon_limit_waiting_calls', labels)).toBe(1);
    expect((await vendor.passing(waiting)).result).toBe(200);
  });

  it('that HubSpot refuses, since other apps search too, hold back searches and nothing else', async () => {
    const { vendor, readId } = await startAccount();
    await using _ = vendor;
    const { tenon } = vendor;
    await vendor.passing(tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === CONTACTS));
    await vendor.clock.advance(60_000);
    const match = { provider: 'hubspot', pathPrefix: PATH } as const;
    tenon.sandbox.faults.next(match, { kind: 'status', status: 429, retryAfterSeconds: 3 });
    const { status } = await tenon.api('POST', tenon.inProject('/integrations/hubspot?groupRef=acme'), {
      objectName: 'contacts',
      fieldFilters: [{ fieldName: 'email', operator: 'eq', value: 'a' }],
    });
    expect(status).toBe(429);
    expect(await proxied(vendor, 'GET', '/crm/v3/objects/contacts?limit=1')).toBe(200);
    expect(budgetsBy(vendor, readId)['burst']).toMatchObject({ blockedUntil: null });
  });
});
