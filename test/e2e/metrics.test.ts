// A scrape over HTTP: who may, what it says after calls whose numbers are known, and that nobody makes it grow.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { budgetsOf } from '../../src/flows/operator/budgets.ts';
import { readOwner } from '../../src/store/ownerLock.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { scrapeOf, totalOf } from '../support/metrics.ts';
import { answerWith, startProxied } from '../support/proxied.ts';
import { startTenon } from '../support/tenon.ts';
import { ask, writing } from '../support/writes.ts';

const TOKEN = 'a-token-for-scrapers';
const env = { TENON_METRICS_TOKEN: TOKEN };

describe('who may scrape', () => {
  it('is nobody without a token, with a wrong one, with a key of a project, or in a browser', async () => {
    await using tenon = await startTenon({ env });
    const scrape = async (headers: Record<string, string>) =>
      (await fetch(`${tenon.origin}/metrics`, { headers })).status;
    expect(await scrape({})).toBe(401);
    expect(await scrape({ authorization: 'Bearer another-token-of-somebody' })).toBe(401);
    expect(await scrape({ 'x-api-key': tenon.apiKey })).toBe(403);
    expect(await scrape({ authorization: `Bearer ${TOKEN}`, origin: 'https://page.example' })).toBe(403);
  });

  it('is nobody but operators where no token is set', async () => {
    await using tenon = await startTenon();
    const owner = readOwner(`${tenon.folder}/data`);
    expect((await fetch(`${tenon.origin}/metrics`, { headers: { authorization: 'Bearer null' } })).status).toBe(401);
    expect((await scrapeOf(tenon, owner?.reach?.token ?? '')).get('tenon_store_healthy')).toBe(1);
  });

  it('is whoever has the token, which opens nothing else', async () => {
    await using tenon = await startTenon({ env });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await fetch(`${tenon.origin}/metrics`, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await fetch(`${tenon.origin}/operator/v1/quarantine`, { headers })).status).toBe(401);
  });
});

describe('metrics', () => {
  it('count proxied calls by what they do and how they end, and what their provider does', async () => {
    await using proxied = await startProxied({}, { env });
    const { tenon, answer, call } = proxied;
    answer(answerWith(200, {}, 'four'));
    await (await call('node:http', '/a', { method: 'POST', body: 'three' })).text();
    answer(answerWith(404));
    await (await call('node:http', '/b')).text();
    answer(answerWith(429, { 'retry-after': '3600' }));
    await (await call('node:http', '/c', { headers: { 'x-amp-rate-limiter-mode': 'throttle' } })).text();
    await (await call('node:http', '/d', { headers: { 'x-amp-rate-limiter-mode': 'throttle' } })).text();
    await (await tenon.proxy('0b7e1d5c-9a4f-4c1e-8f57-3a2b1c0d9e8f', '/e')).text();
    const samples = await scrapeOf(tenon, TOKEN);
    const requests = (labels: Record<string, string>) => totalOf(samples, 'tenon_requests_total', labels);
    expect(requests({ plane: 'proxy', provider: 'stripe', method: 'write', status: '2xx' })).toBe(1);
    expect(requests({ plane: 'proxy', provider: 'stripe', method: 'read', status: '4xx' })).toBe(3);
    expect(requests({ plane: 'proxy', provider: 'none', status: '4xx' })).toBe(1);
    expect(requests({ plane: 'platform' })).toBeGreaterThan(2);
    const bytes = (direction: string) =>
      totalOf(samples, 'tenon_request_bytes_total', { plane: 'proxy', provider: 'stripe', direction });
    expect([bytes('in'), bytes('out')]).toEqual([5, 4 + 3 + 3]);
    expect(totalOf(samples, 'tenon_request_seconds_count', { plane: 'proxy', provider: 'stripe' })).toBe(4);
    expect(totalOf(samples, 'tenon_upstream_seconds_count', { provider: 'stripe' })).toBe(3);
    expect(totalOf(samples, 'tenon_upstream_requests_total', { provider: 'stripe', status: '4xx' })).toBe(2);
    expect(samples.get('tenon_upstream_rate_limited_total{provider="stripe"}')).toBe(1);
    expect(samples.get('tenon_throttled_calls_total{provider="stripe"}')).toBe(1);
    expect(samples.get('nodejs_heap_size_used_bytes')).toBeGreaterThan(0);
  });

  it('do not grow by methods, paths, hosts or providers that somebody makes up', async () => {
    await using proxied = await startProxied({}, { env });
    const { tenon, answer, call } = proxied;
    answer(answerWith(200));
    const flood = async () => {
      for (const method of ['GET', 'PROPFIND', 'QUERY', 'M-SEARCH', 'DELETE']) {
        for (let index = 0; index < 5; index++) {
          const odd = Math.random().toString(36).slice(2);
          await (await call('node:http', `/${odd}?${odd}=${odd}`, { method })).text();
          await (await tenon.proxy(odd, `/${odd}`, { method })).text();
          await (await fetch(`${tenon.origin}/${odd}`, { method })).text();
          await tenon.api(method, `/projects/${odd}/${odd}?x=${odd}`);
          await tenon.api('GET', `/providers/${odd}`);
          await fetch(`${tenon.origin}/operator/v1/${odd}`, { headers: { authorization: `Bearer ${odd}` } });
          await withHost(tenon.running.port, `${odd}.example`);
        }
      }
    };
    await scrapeOf(tenon, TOKEN);
    await flood();
    const before = await scrapeOf(tenon, TOKEN);
    await flood();
    const after = await scrapeOf(tenon, TOKEN);
    const ours = (samples: ReadonlyMap<string, number>) =>
      [...samples.keys()].filter((name) => name.startsWith('tenon'));
    expect(ours(after)).toEqual(ours(before));
    expect(ours(after).length).toBeLessThan(400);
  });

  it('say of limits what `tenon budgets` says', async () => {
    const tenonFacts = {
      quotas: [{ name: 'minute', limit: 10, windowMs: MINUTE_MS, scope: 'externalAccount' }],
      concurrency: [{ name: 'atOnce', limit: 3, scope: 'externalAccount' }],
      rateHeaders: { family: 'generic', quotas: {} },
    };
    await using proxied = await startProxied(tenonFacts, { env });
    const { tenon, answer, call, installationId, passing } = proxied;
    answer(answerWith(200));
    for (let index = 0; index < 4; index++) await (await passing(call('node:http', '/x'))).text();
    const { budgets } = budgetsOf(tenon.running.services, installationId);
    const samples = await scrapeOf(tenon, TOKEN);
    expect(budgets.map(({ name }) => name)).toEqual(['minute', 'atOnce']);
    for (const budget of budgets) {
      const labels = { provider: 'stripe', limit: budget.name };
      const of = (name: string) => totalOf(samples, name, labels);
      expect(of('tenon_limit')).toBe(budget.limit);
      expect(of('tenon_limit_sum')).toBe(budget.limit);
      expect(of('tenon_limit_spent_sum')).toBe(budget.spent);
      expect(of('tenon_limit_remaining')).toBe(budget.limit - budget.spent);
      expect(of('tenon_limit_reserved')).toBe(budget.reservedForPeople);
      expect(of('tenon_limit_window_seconds')).toBe(budget.windowMs / SECOND_MS);
      expect(of('tenon_limit_blocked_keys')).toBe(0);
      expect(totalOf(samples, 'tenon_limit_keys', { ...labels, source: 'declared' })).toBe(1);
      expect(totalOf(samples, 'tenon_limit_waiting_calls', labels)).toBe(0);
    }
    expect(budgets[0]).toMatchObject({ spent: 4, reservedForPeople: 2, windowMs: MINUTE_MS });
  });

  it('count writes by what they came to', async () => {
    const { driven } = await writing('hubspot', {}, { env });
    await using _ = driven;
    const { tenon } = driven;
    const [good, bad] = [{ email: 'ada@b' }, { shoesize: 44 }];
    await ask(tenon, 'hubspot', { type: 'create', record: bad });
    await ask(tenon, 'hubspot', { type: 'create', record: good });
    await ask(tenon, 'hubspot', { type: 'create', batch: [{ record: { email: 'bob@b' } }, { record: bad }] });
    const samples = await scrapeOf(tenon, TOKEN);
    const writes = (outcome: string) => totalOf(samples, 'tenon_writes_total', { provider: 'hubspot', outcome });
    expect(['written', 'partly', 'failed'].map(writes)).toEqual([1, 1, 1]);
    expect(samples.get('tenon_written_records_total{provider="hubspot"}')).toBe(2);
  });

  it('count reads with their records, deliveries, commits and token renewals', async () => {
    await using tenon = await startTenon({ env, sandbox: { hubspotContacts: 250 } });
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === 250);
    const samples = await scrapeOf(tenon, TOKEN);
    expect(samples.get('tenon_read_records_total{provider="hubspot"}')).toBe(250);
    expect(totalOf(samples, 'tenon_read_pages_total', { provider: 'hubspot', outcome: 'ended' })).toBe(1);
    expect(totalOf(samples, 'tenon_upstream_requests_total', { provider: 'hubspot', status: '2xx' })).toBeGreaterThan(
      0,
    );
    expect(samples.get('tenon_store_commit_seconds_count')).toBeGreaterThan(5);
    expect(samples.get('tenon_store_wal_bytes')).toBeGreaterThan(100_000);
    expect(samples.get('tenon_actors_paused')).toBe(0);
    expect(samples.get('tenon_actors_live')).toBeGreaterThan(2);
  });
});

describe('the guide for operators', () => {
  it('names metrics that exist', async () => {
    const guide = readFileSync('docs/operations.md', 'utf8');
    const named = new Set([...guide.matchAll(/\b(?:tenon|nodejs|process)_[a-z_]+[a-z]/g)].map(([name]) => name));
    await using tenon = await startTenon({ env });
    const response = await fetch(`${tenon.origin}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const families = [...(await response.text()).matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    expect(named.size).toBeGreaterThan(12);
    expect([...named].filter((name) => !families.includes(name))).toEqual([]);
  });
});

function withHost(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path: '/v1/providers', headers: { host } }, (response) => {
      response.resume();
      response.once('end', resolve);
    });
    call.once('error', reject);
    call.end();
  });
}
