// The catalog of a running Tenon: what upstream says reaches customers' calls without a restart, providers are
// published as the wire has them, and the commands say the same with and without a server.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { toProviderInfo } from '../../src/catalog/wire.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { integration, manifest, readObject, settled, startDriven } from '../support/drive.ts';
import { publishedIsMissing } from '../support/published.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';
import { FIXTURES } from '../unit/catalog/mutations.ts';

const REFERENCE = '../shared/reference/upstream-catalog.json';
const SUPPORT = FIXTURES['fixtureCustom']?.['support'] ?? {};

const folder = mkdtempSync(join(tmpdir(), 'tenon-catalog-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** A file of its own; nothing is in it yet. */
const newFile = () => join(folder, `catalog-${++files}.json`);

function write(file: string, entries: Readonly<Record<string, JsonValue>>): string {
  writeFileSync(file, JSON.stringify({ catalog: entries, timestamp: '2026-08-21T18:26:09Z' }));
  return file;
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A provider that only upstream knows, with an API key in a header. */
const acme = (baseURL: string, header: string): JsonObject => ({
  name: 'acme',
  displayName: 'Acme',
  authType: 'apiKey',
  apiKeyOpts: { attachmentType: 'header', header: { name: header } },
  baseURL,
  defaultModule: '',
  support: SUPPORT,
});

async function operatorCall(tenon: Tenon, method: string, path: string): Promise<JsonObject> {
  const { token } = JSON.parse(readFileSync(join(tenon.folder, 'data', 'owner.json'), 'utf8')) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  return (await (await fetch(`${tenon.origin}/operator/v1${path}`, { method, headers })).json()) as JsonObject;
}

const refreshed = (tenon: Tenon) => operatorCall(tenon, 'POST', '/catalog/refresh');

describe('a running Tenon', () => {
  it('sends calls where upstream says from the next one on, with the credential where upstream says', async () => {
    const arrived: string[] = [];
    const show = (name: string) => (incoming: IncomingMessage) =>
      `${name} ${incoming.url} ${incoming.headers['x-key'] ?? '-'} ${incoming.headers['x-other'] ?? '-'}`;
    const serve = (name: string) =>
      listening((incoming, outgoing) => {
        arrived.push(show(name)(incoming));
        outgoing.end('ok');
      });
    const [first, second] = [await serve('first'), await serve('second')];
    const file = write(newFile(), { acme: acme(first, 'X-Key') });
    await using tenon = await startTenon({ env: { TENON_CATALOG_URL: file } });
    expect(await refreshed(tenon)).toMatchObject({ url: file, lastError: null, entries: 1, refused: [] });
    await tenon.deploy(manifest({ name: 'acme', provider: 'acme', proxy: { enabled: true } }));
    await tenon.ok('POST', tenon.inProject('/connections:generate'), {
      ...{ provider: 'acme', groupRef: 'g', consumerRef: 'c', apiKey: 'k3y' },
    });
    const { id } = await tenon.install('acme', { provider: 'acme' }, 'g');
    expect((await tenon.proxy(id, '/a')).status).toBe(200);
    write(file, { acme: acme(`${second}/v2`, 'X-Other') });
    expect((await tenon.proxy(id, '/b')).status).toBe(200);
    await refreshed(tenon);
    expect((await tenon.proxy(id, '/c')).status).toBe(200);
    write(file, { acme: acme('ftp://nowhere', 'X-Other') });
    expect(await refreshed(tenon)).toMatchObject({ refused: [{ name: 'acme', field: 'baseURL' }] });
    // The last good copy is in the data folder: upstream may be gone when it starts again.
    rmSync(file);
    await tenon.halt();
    await tenon.resume();
    expect((await tenon.proxy(id, '/d')).status).toBe(200);
    expect(arrived).toEqual(['first /a k3y -', 'first /b k3y -', 'second /v2/c - k3y', 'second /v2/d - k3y']);
  });

  it('reads the next page of a running read where upstream says by then', async () => {
    let sandbox = '';
    const pages: string[] = [];
    /** Passes calls on to the simulated HubSpot; `before` may take its time. */
    const forwarder = (name: string, before: () => Promise<void>) =>
      listening((incoming, outgoing) => {
        if (incoming.url?.includes('/objects/contacts')) pages.push(name);
        const { method, headers, url } = incoming;
        const body = incoming.toArray();
        void before().then(async () => {
          const onward = request(`${sandbox}${url}`, { method, headers }, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(outgoing);
          });
          onward.end(Buffer.concat((await body) as Buffer[]));
        });
      });
    const file = newFile();
    const driven = await startDriven({ env: { TENON_CATALOG_URL: file, TENON_CATALOG_FILE: '' } });
    await using _ = driven;
    const { tenon } = driven;
    const simulated = tenon.sandbox.catalogOverrides()['hubspot'] as JsonObject;
    sandbox = String(simulated['baseURL']);
    const published = JSON.parse(JSON.stringify(toProviderInfo(createCatalog().get('hubspot')))) as JsonObject;
    const at = (baseURL: string) => ({ ...laidOver(published, simulated), baseURL });
    const second = await forwarder('second', async () => {});
    const first = await forwarder('first', async () => {
      if (!pages.includes('first') || JSON.parse(readFileSync(file, 'utf8')).catalog.hubspot.baseURL === second) return;
      write(file, { hubspot: at(second) });
      await refreshed(tenon);
    });
    write(file, { hubspot: at(first) });
    expect(await refreshed(tenon)).toMatchObject({ lastError: null, refused: [] });
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    expect(pages[0]).toBe('first');
    expect(new Set(pages.slice(1))).toEqual(new Set(['second']));
    expect(Object.fromEntries(tenon.receiver.state().recordsByObject)).toEqual({ contacts: 250 });
  });
});

function laidOver(below: JsonObject, above: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isJsonObject(under) && isJsonObject(value) ? laidOver(under, value) : value;
  }
  return merged;
}

describe.skipIf(publishedIsMissing !== null)(`providers are as published (${publishedIsMissing ?? 'checked'})`, () => {
  it.each([
    ['built in', null],
    ['of an upstream catalog', REFERENCE],
  ])('every one that is %s, in the list and alone', async (_what, source) => {
    if (source !== null) expect(existsSync(source)).toBe(true);
    await using tenon = await startTenon({ env: source === null ? {} : { TENON_CATALOG_URL: source } });
    if (source !== null) expect(await refreshed(tenon)).toMatchObject({ entries: 238, refused: [] });
    const list = await tenon.api('GET', '/providers');
    const names = tenon.running.services.catalog.list().map(({ name }) => name);
    expect(list.status).toBe(200);
    expect(Object.keys(list.json as JsonObject)).toEqual(names);
    for (const name of names) {
      const one = await tenon.api('GET', `/providers/${name}`);
      expect([name, one.status]).toEqual([name, 200]);
      expect(one.json).toEqual((list.json as JsonObject)[name]);
    }
  });
});
