// Lists that are one array on the wire: with many rows they come in parts, whole or visibly cut off.

import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { createLog } from '../../../src/core/log.ts';
import { openForWriting } from '../../../src/store/sqlite.ts';
import { runTenon } from '../../support/cli.ts';
import { type Published, startTenon, type Tenon } from '../../support/tenon.ts';

const COUNT = 1203;
const MANIFEST = 'specVersion: 1.0.0\nintegrations:\n  - {name: crm, provider: hubspot, proxy: {enabled: true}}\n';

let tenon: Tenon;
let integrationId: string;
const logged: JsonObject[] = [];

beforeAll(async () => {
  const write = (lines: string) =>
    void logged.push(
      ...lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as JsonObject),
    );
  tenon = await startTenon({ log: createLog({ level: 'info', stream: { write } }) });
  const [integration] = await tenon.deploy(MANIFEST);
  integrationId = integration?.id ?? '';
  populate(integration as Published & { latestRevision: { id: string } });
});

afterAll(() => tenon.stop());

const idOf = (kind: string, index: number) => `${kind}-${String(index).padStart(5, '0')}`;

/** Customers with a connection and an installation each; several of each moment. */
function populate(integration: Published & { latestRevision: { id: string } }): void {
  const writer = openForWriting(`${tenon.folder}/data/tenon.db`);
  const connection = writer.prepare(`INSERT INTO connections (connectionId, projectId, provider, groupRef, groupName,
    consumerRef, consumerName, authScheme, status, metadata, generation, issuedAtMs, createdAtMs)
    VALUES (?, ?, ?, ?, '', 'ada', '', 'apiKey', 'working', '{}', 1, 0, ?)`);
  const installation = writer.prepare(`INSERT INTO installations (installationId, projectId, integrationId,
    connectionId, groupRef, healthStatus, configId, revisionId, config, createdBy, configuredAtMs, createdAtMs)
    VALUES (?, ?, ?, ?, ?, 'healthy', 'c', ?, ?, 't', 0, ?)`);
  const config = JSON.stringify({ provider: 'hubspot', proxy: { enabled: true }, padding: 'x'.repeat(4000) });
  writer.transaction(() => {
    for (let index = 0; index < COUNT; index++) {
      const atMs = Math.floor(index / 7);
      const connectionId = idOf('connection', index);
      const group = `group-${index}`;
      connection.run(connectionId, tenon.projectId, index % 3 === 0 ? 'slack' : 'hubspot', group, atMs);
      const own = [idOf('installation', index), tenon.projectId, integration.id, connectionId, group] as const;
      installation.run(...own, integration.latestRevision.id, config, atMs);
    }
  })();
  writer.close();
}

/** Runs with the config of one installation broken, which nothing of ours does. */
async function withBroken(index: number, run: () => Promise<void>): Promise<void> {
  const writer = openForWriting(`${tenon.folder}/data/tenon.db`);
  const set = writer.prepare(
    "UPDATE installations SET config = replace(config, '{\"provider', ?) WHERE installationId = ?",
  );
  const undo = writer.prepare(
    "UPDATE installations SET config = replace(config, 'broken', ?) WHERE installationId = ?",
  );
  set.run('broken', idOf('installation', index));
  try {
    await run();
  } finally {
    undo.run('{"provider', idOf('installation', index));
    writer.close();
  }
}

const idsIn = (json: unknown) => (json as readonly Published[]).map(({ id }) => id);
const ids = (kind: string) => Array.from({ length: COUNT }, (_, index) => idOf(kind, index));

describe('a list that cannot be written', () => {
  it('is a problem where nothing has been written yet', () =>
    withBroken(0, async () => {
      const { status, headers } = await tenon.api('GET', tenon.inProject('/installations'));
      expect([status, headers.get('content-type')]).toEqual([500, 'application/problem+json']);
    }));

  it('is cut off where a part has gone, so that nobody takes it for a list', () =>
    withBroken(COUNT - 1, async () => {
      logged.length = 0;
      await expect(tenon.api('GET', tenon.inProject('/installations'))).rejects.toThrow();
      await expect.poll(() => logged.filter(({ outcome }) => outcome === 'broken').length).toBe(1);
      expect(logged.filter(({ msg }) => msg === 'a list was cut off')).toMatchObject([{ level: 50 }]);
      expect(JSON.stringify(logged)).not.toContain('padding');
    }));

  it('is dropped with a client that leaves, and the next is answered', async () => {
    logged.length = 0;
    await new Promise<void>((resolve, reject) => {
      const path = `/v1${tenon.inProject('/installations')}`;
      const asked = request(`${tenon.origin}${path}`, { headers: { 'x-api-key': tenon.apiKey } }, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      asked.once('error', reject);
      asked.end();
    });
    expect(await tenon.ok('GET', tenon.inProject('/integrations'))).toHaveLength(1);
    await expect.poll(() => logged.filter(({ outcome }) => outcome === 'clientGone').length).toBe(1);
    expect(logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});

describe('a long list', () => {
  it('of installations has each once, oldest first', async () => {
    const ofProject = await tenon.api('GET', tenon.inProject('/installations'));
    expect(ofProject.headers.get('content-length')).toBe(null);
    expect(idsIn(ofProject.json)).toEqual(ids('installation'));
    const ofIntegration = await tenon.ok('GET', tenon.inProject(`/integrations/${integrationId}/installations`));
    expect(ofIntegration).toEqual(ofProject.json);
  });

  it('has no chunks for a client of HTTP/1.0, and ends with its connection', async () => {
    const { hostname, port } = new URL(tenon.origin);
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET /v1${tenon.inProject('/installations')} HTTP/1.0\r\nhost: ${hostname}\r\nx-api-key: ${tenon.apiKey}\r\n\r\n`,
    );
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2);
    expect(head.toLowerCase()).not.toContain('transfer-encoding');
    expect(idsIn(JSON.parse(body))).toEqual(ids('installation'));
  });

  it('of connections has each once, newest first, also of one provider', async () => {
    const all = idsIn(await tenon.ok('GET', tenon.inProject('/connections')));
    expect(all).toEqual(ids('connection').toReversed());
    const some = idsIn(await tenon.ok('GET', tenon.inProject('/connections?provider=slack')));
    expect(some).toEqual(all.filter((_, index) => (COUNT - 1 - index) % 3 === 0));
  });

  it('is short where one group is asked for, and then has a length', async () => {
    const { json, headers, text: body } = await tenon.api('GET', tenon.inProject('/installations?groupRef=group-77'));
    expect(idsIn(json)).toEqual([idOf('installation', 77)]);
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect((await tenon.api('GET', tenon.inProject('/connections?groupRef=nobody'))).text).toBe('[]');
  });

  it('is read by pages on the command line', async () => {
    const env = { TENON_DATA_DIR: `${tenon.folder}/data` };
    const list = await runTenon(['installations', 'list', '--json'], env);
    expect(idsIn(JSON.parse(list.out))).toEqual(ids('installation'));
    const table = (await runTenon(['installations', 'list'], env)).out.trimEnd().split('\n');
    expect(table).toHaveLength(COUNT + 1);
    expect(table.filter((line) => line.startsWith('ID'))).toHaveLength(1);
    const shown = await runTenon(['installations', 'show', 'group-1202', '--json'], env);
    expect(JSON.parse(shown.out)).toMatchObject({ id: idOf('installation', 1202) });
    const none = await runTenon(['installations', 'list', '--group', 'nobody', '--json'], env);
    expect(JSON.parse(none.out)).toEqual([]);
  });
});
