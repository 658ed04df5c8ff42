// The refresh over real HTTP on loopback and a store on disk; time stands still unless a test moves it.

import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCatalog } from '../../../../src/catalog/catalog.ts';
import { LiveCatalog } from '../../../../src/catalog/liveCatalog.ts';
import { parseCatalogSource } from '../../../../src/catalog/source.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import {
  CATALOG_BYTES_MAX,
  CATALOG_INTERVAL_JITTER_SHARE,
  CATALOG_INTERVAL_MS,
  CATALOG_LOGGED_MAX,
  CATALOG_RETRY_BASE_MS,
  CATALOG_TIMEOUT_MS,
} from '../../../../src/core/limits.ts';
import { createLog } from '../../../../src/core/log.ts';
import { MINUTE_MS, SECOND_MS } from '../../../../src/core/time.ts';
import { parseAllowList } from '../../../../src/egress/address.ts';
import { createEgress } from '../../../../src/egress/egress.ts';
import { CatalogRefresh } from '../../../../src/flows/catalog/refresh.ts';
import { putMeta } from '../../../../src/store/tables/accounts.ts';
import { putCatalogEntry, readCatalogEntries } from '../../../../src/store/tables/catalog.ts';
import { fakeClock, flush } from '../../../support/clock.ts';
import { tempFolder, withFaultyStore } from '../../../support/store.ts';
import { FIXTURES, ownEntries } from '../../catalog/mutations.ts';
import { reset, startUpstream } from '../../egress/upstream.ts';

const ENTRIES = ownEntries();
const custom = FIXTURES['fixtureCustom'] ?? {};
const T0 = Date.UTC(2026, 0, 5, 9);
const MOVED = 'https://api2.stripe.com';

const catalogOf = (entries: Readonly<Record<string, JsonValue>>) =>
  JSON.stringify({ catalog: entries, timestamp: '2026-08-21T18:26:09Z' });
const stripeAt = (baseURL: string): JsonObject => ({ ...ENTRIES['stripe'], baseURL });

type Answer = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

const say =
  (status: number, body: string | Buffer, headers: OutgoingHttpHeaders = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body);

/** An upstream that answers as it is told, and what it was asked. */
async function startCatalogServer() {
  const asked: IncomingHttpHeaders[] = [];
  const server = {
    answer: say(200, catalogOf({ stripe: stripeAt(MOVED) }), { etag: '"1"' }) as Answer,
    asked,
    origin: '',
  };
  const { origin } = await startUpstream((request, response) => {
    asked.push(request.headers);
    server.answer(response, request.headers);
  });
  return Object.assign(server, { origin });
}

interface World {
  readonly folder?: string;
  readonly allow?: string;
  readonly catalog?: LiveCatalog;
}

async function startRefresh(url: string | null, world: World = {}) {
  const { store, writer, folder } = await withFaultyStore(world.folder);
  const clock = fakeClock(T0);
  const lines: Record<string, JsonValue>[] = [];
  const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(JSON.parse(line)) } });
  const egress = createEgress({ allowList: parseAllowList(world.allow ?? '127.0.0.1'), clock });
  const catalog = world.catalog ?? new LiveCatalog({}, true);
  const source = url === null ? null : parseCatalogSource(url);
  const refresh = new CatalogRefresh({ store, egress, clock, log }, catalog, source);
  let changes = 0;
  refresh.load();
  catalog.onChanged(() => {
    changes += 1;
  });
  const end = async () => {
    await refresh.stop();
    await egress.close();
    expect(clock.pendingCount).toBe(0);
  };
  onTestFinished(end);
  const stored = () => readCatalogEntries(store.reads).map(({ name }) => name);
  const said = (message: string) => lines.filter(({ msg }) => String(msg).includes(message));
  return { refresh, catalog, clock, store, writer, folder, stored, said, changes: () => changes, end };
}

const baseUrl = (catalog: LiveCatalog, name: string) => catalog.find(name)?.baseUrl;

/** The refresh after one success, with what it asked then forgotten. */
async function startRefreshed(world: World = {}) {
  const server = await startCatalogServer();
  const started = await startRefresh(server.origin, world);
  await started.refresh.refresh();
  server.asked.length = 0;
  return { server, ...started };
}

/** Milliseconds from now until the next attempt. */
const waitMs = ({ refresh, clock }: Pick<Awaited<ReturnType<typeof startRefresh>>, 'refresh' | 'clock'>) =>
  Date.parse(refresh.status().nextAttemptAt ?? '') - clock.nowMs();

/** Lets the timer begin the next attempt, and waits until it has ended. */
async function nextAttempt({ refresh, clock }: Pick<Awaited<ReturnType<typeof startRefresh>>, 'refresh' | 'clock'>) {
  await clock.advanceTo(clock.nextAtMs ?? 0);
  while (refresh.status().nextAttemptAt === null) await flush(1);
}

describe('an attempt fails and changes nothing', () => {
  it.each<[string, Answer, RegExp]>([
    ['an error', say(500, 'oops'), /answered 500$/],
    ['nothing there', say(404, ''), /answered 404$/],
    ['a redirect', say(302, '', { location: 'https://x.example/' }), /answered 302, and redirects are not followed/],
    ['a page', say(200, '<html></html>'), /is not valid JSON/],
    ['half a file', say(200, catalogOf(ENTRIES).slice(0, -100)), /is not valid JSON/],
    ['another JSON', say(200, '{"error": "no"}'), /must be \{"catalog"/],
    ['a catalog of nobody', say(200, catalogOf({})), /has no providers/],
    ['another encoding', say(200, Buffer.from(catalogOf({ stripe: 'é' }), 'latin1')), /is not UTF-8/],
    ['too much', say(200, Buffer.alloc(CATALOG_BYTES_MAX + 1, ' ')), /more than 8388608 bytes/],
    ['a broken connection', (response) => reset(response), /127\.0\.0\.1/],
    [
      'a broken answer',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"catalog": {');
        setImmediate(() => reset(response));
      },
      /127\.0\.0\.1/,
    ],
  ])('on %s', async (_what, answer, says) => {
    const { server, refresh, catalog, said, changes, stored } = await startRefreshed();
    const { nextAttemptAt, ...before } = refresh.status();
    server.answer = answer;
    await refresh.refresh();
    expect(nextAttemptAt).not.toBeNull();
    expect(refresh.status()).toMatchObject({ ...before, lastError: expect.stringMatching(says) });
    expect([baseUrl(catalog, 'stripe'), changes(), stored()]).toEqual([MOVED, 1, ['stripe']]);
    expect(said('could not be refreshed')).toMatchObject([{ level: 40, err: expect.stringMatching(says) }]);
  });

  it('on "unchanged" where it was not asked for', async () => {
    const server = await startCatalogServer();
    server.answer = say(304, '');
    const { refresh, changes } = await startRefresh(server.origin);
    await refresh.refresh();
    expect([refresh.status().lastError, changes()]).toEqual([expect.stringMatching(/answered 304$/), 0]);
  });

  it('when upstream never ends its answer', async () => {
    const { server, refresh, clock, changes } = await startRefreshed();
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    server.answer = (response) => {
      response.writeHead(200).write('{"catalog":');
      isAsked();
    };
    const attempt = refresh.refresh();
    await asked;
    await clock.advance(CATALOG_TIMEOUT_MS);
    await attempt;
    expect([refresh.status().lastError, changes()]).toEqual([expect.stringContaining('exceeded its 30000 ms'), 1]);
  });

  it('over plain http to where the operator did not allow it', async () => {
    const server = await startCatalogServer();
    const { refresh } = await startRefresh(server.origin, { allow: '10.0.0.0/8' });
    await refresh.refresh();
    expect(refresh.status().lastError).toContain('not on the allow-list');
    expect(server.asked).toEqual([]);
  });

  it('while the disk is full: what the catalog says is on disk', async () => {
    const { server, refresh, catalog, writer, changes, stored } = await startRefreshed();
    server.answer = say(200, catalogOf({ stripe: stripeAt('https://api3.stripe.com'), fixtureCustom: custom }));
    writer.failure = { kind: 'full', message: 'the disk is full' };
    await refresh.refresh();
    expect([baseUrl(catalog, 'stripe'), catalog.find('fixtureCustom'), changes()]).toEqual([MOVED, undefined, 1]);
    writer.failure = null;
    await refresh.refresh();
    expect([baseUrl(catalog, 'stripe'), changes(), stored()]).toEqual([
      'https://api3.stripe.com',
      2,
      ['fixtureCustom', 'stripe'],
    ]);
  });

  it.each([
    ['is not there', 'none.json', /no such file/],
    ['is a folder', '.', /is not a file/],
    ['is too large', 'large.json', /is larger than 8388608 bytes/],
  ])('from a file that %s', async (_what, name, says) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'large.json'), ' '.repeat(CATALOG_BYTES_MAX + 1));
    const { refresh } = await startRefresh(join(folder, name));
    await refresh.refresh();
    expect(refresh.status().lastError).toMatch(says);
  });

  it('without a source: there is nobody to ask', async () => {
    const { refresh, clock } = await startRefresh(null);
    refresh.start();
    expect(clock.pendingCount).toBe(0);
    await expect(refresh.refresh()).rejects.toMatchObject({ code: 'invalid_input' });
    expect(refresh.status()).toMatchObject({ url: null, entries: 0, providers: createCatalog().list().length });
  });
});

describe('an entry that is refused', () => {
  it('keeps its last good version, is told once, and no other suffers', async () => {
    const { server, refresh, catalog, said } = await startRefreshed();
    const bad = { stripe: stripeAt('ftp://x'), nobody: {}, fixtureCustom: custom };
    server.answer = say(200, catalogOf(bad), { etag: '"2"' });
    await refresh.refresh();
    expect([baseUrl(catalog, 'stripe'), catalog.get('fixtureCustom').name]).toEqual([MOVED, 'fixtureCustom']);
    const refused = [
      { name: 'stripe', field: 'baseURL', reason: expect.stringContaining('must be an https address') },
      { name: 'nobody', field: 'name', reason: expect.any(String) },
    ];
    expect(refresh.status()).toMatchObject({ refusedCount: 2, refused, lastError: null, entries: 2, missing: [] });
    const told = () => said('an entry of the catalog is refused').map(({ provider, level }) => [provider, level]);
    expect(told()).toEqual([
      ['stripe', 40],
      ['nobody', 40],
    ]);
    await refresh.refresh();
    expect(told()).toHaveLength(2);
    server.answer = say(200, catalogOf({ ...bad, stripe: stripeAt('https://api3.stripe.com') }));
    await refresh.refresh();
    expect(baseUrl(catalog, 'stripe')).toBe('https://api3.stripe.com');
    expect(refresh.status()).toMatchObject({ refusedCount: 1, refused: [{ name: 'nobody' }] });
  });

  it('is told where the operator’s own file names a provider that upstream does not bring', async () => {
    const overrides = { fixtureCustom: {}, stirpe: { displayName: 'Stripe' } };
    const { server, refresh, said } = await startRefreshed({ catalog: new LiveCatalog(overrides, true) });
    server.answer = say(200, catalogOf({ fixtureCustom: custom }));
    await refresh.refresh();
    expect(said('names providers that nobody declares')).toMatchObject([
      { level: 40, providers: ['fixtureCustom', 'stirpe'] },
    ]);
    expect(refresh.status().overridesWaiting).toEqual(['stirpe']);
  });

  it('is one of few lines, however many there are', async () => {
    const { server, refresh, said } = await startRefreshed();
    server.answer = say(200, catalogOf(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`p${n}`, {}]))));
    await refresh.refresh();
    expect(said('an entry of the catalog is refused')).toHaveLength(CATALOG_LOGGED_MAX + 1);
    expect(refresh.status()).toMatchObject({ refusedCount: 500, refused: { length: 200 } });
  });
});

describe('upstream is asked', () => {
  it('at the start, then every half hour, give or take a tenth', async () => {
    const server = await startCatalogServer();
    const started = await startRefresh(server.origin);
    started.refresh.start();
    const waits: number[] = [];
    for (let round = 1; round <= 20; round++) {
      await nextAttempt(started);
      expect(server.asked).toHaveLength(round);
      waits.push(waitMs(started));
    }
    const spread = CATALOG_INTERVAL_MS * CATALOG_INTERVAL_JITTER_SHARE;
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(CATALOG_INTERVAL_MS - spread);
    expect(Math.max(...waits)).toBeLessThan(CATALOG_INTERVAL_MS + spread);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });

  it('again sooner after a failure, then later and later, never later than usual', async () => {
    const started = await startRefreshed();
    const { server, refresh } = started;
    server.answer = say(500, '');
    const waits: number[] = [];
    for (let round = 0; round < 15; round++) {
      await nextAttempt(started);
      waits.push(waitMs(started));
    }
    expect(Math.min(...waits)).toBeGreaterThan(CATALOG_RETRY_BASE_MS);
    expect(waits[0]).toBeLessThanOrEqual(3 * CATALOG_RETRY_BASE_MS);
    expect(Math.max(...waits)).toBeLessThanOrEqual(CATALOG_INTERVAL_MS);
    expect(Math.max(...waits.slice(5))).toBeGreaterThan(5 * MINUTE_MS);
    server.answer = say(200, catalogOf({ stripe: stripeAt(MOVED) }));
    await refresh.refresh();
    expect([waitMs(started) > 20 * MINUTE_MS, refresh.status().lastError]).toEqual([true, null]);
  });

  it.each([
    ['600', 600 * SECOND_MS],
    ['86400', CATALOG_INTERVAL_MS],
  ])('not before it says, within reason: %s seconds', async (seconds, leastMs) => {
    const started = await startRefreshed();
    started.server.answer = say(503, '', { 'retry-after': seconds });
    await started.refresh.refresh();
    expect(waitMs(started)).toBe(leastMs);
  });

  it('once, however many want to know', async () => {
    const { server, refresh } = await startRefreshed();
    await Promise.all([refresh.refresh(), refresh.refresh(), refresh.refresh()]);
    expect(server.asked).toHaveLength(1);
  });

  it('with the validator of its last answer, and may say that nothing has changed', async () => {
    const { server, refresh, clock, changes } = await startRefreshed();
    server.answer = (response, headers) =>
      headers['if-none-match'] === '"1"' ? response.writeHead(304).end() : response.writeHead(500).end();
    const before = refresh.status();
    await clock.advance(MINUTE_MS);
    await refresh.refresh();
    expect(server.asked[0]).toMatchObject({ 'if-none-match': '"1"', accept: 'application/json' });
    expect(refresh.status()).toMatchObject({ lastError: null, etag: '"1"', lastChangeAt: before.lastChangeAt });
    expect(refresh.status().lastSuccessAt).not.toBe(before.lastSuccessAt);
    expect(changes()).toBe(1);
  });

  it('without one where it gave none', async () => {
    const { server, refresh } = await startRefreshed();
    server.answer = say(200, catalogOf({ stripe: stripeAt(MOVED) }), { etag: `"${'x'.repeat(1000)}"` });
    await refresh.refresh();
    await refresh.refresh();
    expect(server.asked.map((headers) => headers['if-none-match'])).toEqual(['"1"', undefined]);
  });

  it('no more after a stop, which gives up what is under way', async () => {
    const { server, refresh, clock, said, end } = await startRefreshed();
    const asked = new Promise<void>((resolve) => {
      server.answer = () => resolve();
    });
    const attempt = refresh.refresh();
    await asked;
    await end();
    await attempt;
    expect([clock.pendingCount, said('could not be refreshed')]).toEqual([0, []]);
  });
});

describe('what upstream says', () => {
  it('is there at once, with who listens told only of changes', async () => {
    const { server, refresh, catalog, changes, said } = await startRefreshed();
    expect(said('the catalog has changed')).toMatchObject([{ level: 30, changed: ['stripe'], added: [], changes: 1 }]);
    server.answer = say(200, catalogOf({ stripe: stripeAt(MOVED) }));
    await refresh.refresh();
    expect([changes(), said('the catalog has changed').length]).toEqual([1, 1]);
    server.answer = say(200, catalogOf({ stripe: stripeAt(MOVED), fixtureCustom: custom }));
    await refresh.refresh();
    expect([changes(), catalog.get('fixtureCustom').displayName]).toEqual([2, 'fixtureCustom']);
  });

  it('may come in a compressed answer and with a mark of its encoding', async () => {
    const { server, refresh, catalog } = await startRefreshed();
    const body = gzipSync(`\ufeff${catalogOf({ fixtureCustom: custom })}`);
    server.answer = say(200, body, { 'content-encoding': 'gzip' });
    await refresh.refresh();
    expect([refresh.status().lastError, catalog.find('fixtureCustom')?.name]).toEqual([null, 'fixtureCustom']);
  });

  it('may be in a file, which is read anew each time', async () => {
    const path = join(tempFolder(), 'catalog.json');
    writeFileSync(path, catalogOf({ stripe: stripeAt(MOVED) }));
    const { refresh, catalog } = await startRefresh(pathToFileURL(path).href);
    await refresh.refresh();
    expect(baseUrl(catalog, 'stripe')).toBe(MOVED);
    writeFileSync(path, catalogOf({ stripe: stripeAt('https://api3.stripe.com') }));
    await refresh.refresh();
    expect([baseUrl(catalog, 'stripe'), refresh.status().url]).toEqual(['https://api3.stripe.com', path]);
  });

  it('is a warning where credentials go to another host', async () => {
    const { said } = await startRefreshed();
    expect(said('sends credentials of a provider to another host')).toMatchObject([
      { level: 40, provider: 'stripe', field: 'baseURL', from: 'https://api.stripe.com', to: MOVED },
    ]);
  });

  it('is a warning where this version does not know it', async () => {
    const { server, refresh, said } = await startRefreshed();
    server.answer = say(200, catalogOf({ stripe: { ...stripeAt(MOVED), newFact: 1 } }));
    await refresh.refresh();
    expect(said('keys that this version does not know')).toMatchObject([{ level: 40, keys: ['newFact'] }]);
    expect(refresh.status()).toMatchObject({ refusedCount: 0, unknownKeys: [{ name: 'stripe', field: 'newFact' }] });
  });

  it('may drop a provider, which then stays, and bring it back', async () => {
    const { server, refresh, catalog, clock } = await startRefreshed();
    server.answer = say(200, catalogOf({ fixtureCustom: custom }));
    await refresh.refresh();
    await clock.advance(MINUTE_MS);
    await refresh.refresh();
    const since = new Date(T0).toISOString();
    expect(refresh.status()).toMatchObject({ missingCount: 1, missing: [{ name: 'stripe', since }], entries: 2 });
    expect(baseUrl(catalog, 'stripe')).toBe(MOVED);
    server.answer = say(200, catalogOf({ stripe: stripeAt(MOVED), fixtureCustom: custom }));
    await refresh.refresh();
    expect(refresh.status()).toMatchObject({ missingCount: 0, missing: [] });
  });
});

describe('after a restart', () => {
  /** Ends one process with these entries and begins another, whose upstream is down. */
  async function restarted(entries: Readonly<Record<string, JsonValue>>, catalog?: LiveCatalog) {
    const first = await startRefreshed();
    first.server.answer = say(200, catalogOf(entries), { etag: '"2"' });
    await first.refresh.refresh();
    await first.end();
    first.server.asked.length = 0;
    first.server.answer = say(500, '');
    const next = await startRefresh(first.server.origin, { folder: first.folder, ...(catalog ? { catalog } : {}) });
    return { first, server: first.server, ...next };
  }

  it('the last good copy is there before anybody is asked', async () => {
    const next = await restarted({ stripe: stripeAt('https://api3.stripe.com'), fixtureCustom: custom });
    expect(next.server.asked).toEqual([]);
    expect([baseUrl(next.catalog, 'stripe'), next.catalog.find('fixtureCustom')?.name]).toEqual([
      'https://api3.stripe.com',
      'fixtureCustom',
    ]);
    const { lastAttemptAt: _, nextAttemptAt: __, ...status } = next.first.refresh.status();
    expect(next.refresh.status()).toMatchObject(status);
    await next.refresh.refresh();
    expect([baseUrl(next.catalog, 'stripe'), next.refresh.status().lastError]).toEqual([
      'https://api3.stripe.com',
      expect.stringContaining('500'),
    ]);
  });

  it('upstream is asked with the stored validator', async () => {
    const { server, refresh, changes } = await restarted({ stripe: stripeAt(MOVED) });
    server.answer = (response, headers) => response.writeHead(headers['if-none-match'] === '"2"' ? 304 : 500).end();
    await refresh.refresh();
    expect([refresh.status().lastError, changes()]).toEqual([null, 0]);
  });

  it('upstream is asked for everything where something was refused: it may be taken now', async () => {
    const { server, refresh } = await restarted({ stripe: stripeAt('ftp://x'), fixtureCustom: custom });
    expect(refresh.status()).toMatchObject({ refusedCount: 1, refused: [{ name: 'stripe' }] });
    await refresh.refresh();
    expect(server.asked.map((headers) => headers['if-none-match'])).toEqual([undefined]);
  });

  it('a stored entry that does not fit any more is left out and told', async () => {
    const overrides = { stripe: { displayName: 'Mine' }, fixtureCustom: { authType: 'basic' } };
    const entries = { stripe: stripeAt('https://api3.stripe.com'), fixtureCustom: custom };
    const next = await restarted(entries, new LiveCatalog(overrides, true));
    expect(next.catalog.get('stripe')).toMatchObject({ baseUrl: 'https://api3.stripe.com', displayName: 'Mine' });
    expect(next.catalog.find('fixtureCustom')).toBeUndefined();
    expect(next.said('can no longer be used')).toMatchObject([{ provider: 'fixtureCustom', level: 40 }]);
    await next.refresh.refresh();
    expect(next.server.asked.map((headers) => headers['if-none-match'])).toEqual([undefined]);
  });

  it.each([
    ['no JSON', '{'],
    ['no entry', '[]'],
    ['an entry of a version that knew less', '{"name": "stripe"}'],
  ])('a stored row that is %s keeps nobody from starting', async (_what, entry) => {
    const { store, end, folder, server } = await startRefreshed();
    await store.commit([putCatalogEntry({ name: 'stripe', entry, acceptedAtMs: 1, missingSinceMs: null })]);
    await end();
    const { catalog, refresh, said } = await startRefresh(server.origin, { folder });
    expect(catalog.get('stripe')).toBe(createCatalog().get('stripe'));
    expect(said('can no longer be used')).toMatchObject([{ provider: 'stripe' }]);
    await refresh.refresh();
    expect(baseUrl(catalog, 'stripe')).toBe(MOVED);
  });

  it('with another source the copy serves until that one answers, then what it lacks is as built in', async () => {
    const { server, refresh, folder, end } = await startRefreshed();
    const oauth = FIXTURES['fixtureOAuth'] ?? {};
    const entries = { stripe: stripeAt(MOVED), hubspot: ENTRIES['hubspot'] ?? {}, fixtureOAuth: oauth };
    server.answer = say(200, catalogOf(entries), { etag: '"2"' });
    await refresh.refresh();
    await end();
    server.asked.length = 0;
    const next = await startRefresh(`${server.origin}/other.json`, { folder });
    expect(baseUrl(next.catalog, 'stripe')).toBe(MOVED);
    const { origin } = server;
    expect(next.refresh.status()).toMatchObject({ copyOf: `${origin}/`, entries: 3, lastSuccessAt: null, etag: null });
    server.answer = say(200, catalogOf({ hubspot: ENTRIES['hubspot'] ?? {} }));
    await next.refresh.refresh();
    expect(server.asked[0]?.['if-none-match']).toBeUndefined();
    expect(baseUrl(next.catalog, 'stripe')).toBe('https://api.stripe.com');
    // Nobody else declares it, and it may have customers.
    expect(next.catalog.find('fixtureOAuth')?.name).toBe('fixtureOAuth');
    expect(next.stored()).toEqual(['fixtureOAuth', 'hubspot']);
    expect(next.refresh.status()).toMatchObject({
      copyOf: `${origin}/other.json`,
      missing: [{ name: 'fixtureOAuth' }],
    });
    expect(next.said('to another host')).toMatchObject([{ provider: 'stripe', to: 'https://api.stripe.com' }]);
    expect(next.changes()).toBe(1);
  });

  it('without a source the copy is not used', async () => {
    const { folder, end } = await startRefreshed();
    await end();
    const { catalog, refresh } = await startRefresh(null, { folder });
    expect([baseUrl(catalog, 'stripe'), refresh.status().entries]).toEqual(['https://api.stripe.com', 0]);
  });

  it('what cannot be read of the last refresh is asked for anew', async () => {
    const { store, folder, end, server } = await startRefreshed();
    await store.commit([putMeta('catalog', '{"source": 1}')]);
    await end();
    const { catalog, refresh } = await startRefresh(server.origin, { folder });
    expect([baseUrl(catalog, 'stripe'), refresh.status().lastSuccessAt]).toEqual([MOVED, null]);
    await refresh.refresh();
    expect(server.asked.at(-1)?.['if-none-match']).toBeUndefined();
  });

  it('the same address with another signature is the same source', async () => {
    const { server, folder, end } = await startRefreshed();
    await end();
    const next = await startRefresh(`${server.origin}/?signature=s3cret`, { folder });
    expect(baseUrl(next.catalog, 'stripe')).toBe(MOVED);
    await next.refresh.refresh();
    expect(JSON.stringify([next.refresh.status(), next.said('')])).not.toContain('s3cret');
  });
});
