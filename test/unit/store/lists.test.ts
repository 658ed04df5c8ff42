// Lists of installations and connections: pages have each row once, and what a list asks for is found by an index, so
// that neither the last page nor one group of a large project costs more than the first.

import { describe, expect, it } from 'vitest';
import type { ConnectionId, InstallationId, IntegrationId, ProjectId } from '../../../src/core/ids.ts';
import { MOVED_TABLES } from '../../../src/store/moving.ts';
import type { Reads, SqlValue } from '../../../src/store/port.ts';
import { openForWriting } from '../../../src/store/sqlite.ts';
import { readConnections } from '../../../src/store/tables/connections.ts';
import { readInstallations } from '../../../src/store/tables/installations.ts';
import { readIntegrations } from '../../../src/store/tables/integrations.ts';
import { tempFolder, withStore } from '../../support/store.ts';

const PROJECT = 'p' as ProjectId;

/** How SQLite would find what `read` asks for. */
async function planOf(read: (reads: Reads) => unknown): Promise<string> {
  const { store } = await withStore();
  const asked: { sql: string; params: readonly SqlValue[] }[] = [];
  const reads = {
    all(sql: string, ...params: readonly SqlValue[]) {
      asked.push({ sql, params });
      return [];
    },
  } as unknown as Reads;
  read(reads);
  const [{ sql, params } = { sql: '', params: [] }] = asked;
  const plan = store.reads.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
  return plan.map(({ detail }) => detail).join('; ');
}

const after = { createdAtMs: 1, installationId: 'x' };

describe('a page of installations', () => {
  it.each([
    ['of a project', {}, /^SEARCH installations USING INDEX installations_projectList \(projectId=\?\)$/],
    ['of a project, far behind', { after }, /installations_projectList .*\(createdAtMs,installationId\)>/],
    ['of an integration', { integrationId: 'i' }, /USING INDEX installations_integrationList \(integrationId=\?\)$/],
    [
      'of an integration, far behind',
      { integrationId: 'i', after },
      /_integrationList .*createdAtMs,installationId\)>/,
    ],
  ])('%s is found by its index, without sorting', async (_what, filter, plan) => {
    expect(await planOf((reads) => readInstallations(reads, PROJECT, { ...filter, limit: 10 }))).toMatch(plan);
  });

  it.each([
    ['of a group', { groupRef: 'g' }, /USING INDEX installations_project \(projectId=\? AND groupRef=\?\)/],
    ['of a group in an integration', { integrationId: 'i', groupRef: 'g' }, /\(integrationId=\? AND groupRef=\?\)/],
  ])('%s looks at that group alone', async (_what, filter, plan) => {
    expect(await planOf((reads) => readInstallations(reads, PROJECT, filter))).toMatch(plan);
  });

  it('has each installation once, oldest first, also of the same moment', async () => {
    const { store, folder } = await withStore();
    const writer = openForWriting(`${folder}/tenon.db`);
    const insert = writer.prepare(`INSERT INTO installations (installationId, projectId, integrationId, connectionId,
      groupRef, healthStatus, configId, revisionId, config, createdBy, configuredAtMs, createdAtMs)
      VALUES (?, 'p', 'i', ?, 'g', 'healthy', 'c', 'r', '{}', 't', 0, ?)`);
    const ids = Array.from({ length: 25 }, (_, index) => `id-${String(index).padStart(2, '0')}`);
    for (const [index, id] of ids.entries()) insert.run(id, `connection-${id}`, Math.floor(index / 10));
    writer.close();
    const seen: string[] = [];
    let last: { createdAtMs: number; installationId: string } | undefined;
    for (;;) {
      const page = readInstallations(store.reads, PROJECT, {
        integrationId: 'i' as IntegrationId,
        after: last,
        limit: 4,
      });
      seen.push(...page.map(({ installationId }) => installationId));
      last = page.at(-1);
      if (last === undefined) break;
    }
    expect(seen).toEqual(ids as InstallationId[]);
  });
});

describe('integrations', () => {
  it('are found by their index a page at a time, without sorting', async () => {
    const behind = { createdAtMs: 1, integrationId: 'x' as IntegrationId };
    const plan = await planOf((reads) => readIntegrations(reads, PROJECT, behind, 10));
    expect(plan).toMatch(/^SEARCH integrations USING INDEX integrations_projectList \(projectId=\? AND \(.*\)$/);
  });
});

describe('connections', () => {
  it.each([
    ['of a project', {}, /^SEARCH connections USING INDEX connections_projectList \(projectId=\?\)$/],
    [
      'of a project, far behind',
      { after: { createdAtMs: 1, connectionId: 'x' as ConnectionId } },
      /^SEARCH connections USING INDEX connections_projectList .*createdAtMs,connectionId\)<\(\?,\?\)\)$/,
    ],
    [
      'to a provider, far behind',
      { provider: 'x', after: { createdAtMs: 1, connectionId: 'x' as ConnectionId } },
      /^SEARCH connections USING INDEX connections_providerList .*createdAtMs,connectionId\)<\(\?,\?\)\)$/,
    ],
  ])('%s are found by their index a page at a time, without sorting', async (_what, filter, plan) => {
    expect(await planOf((reads) => readConnections(reads, PROJECT, { ...filter, limit: 10 }))).toMatch(plan);
  });

  it.each([
    ['of a group', { groupRef: 'g' }, /\(projectId=\? AND groupRef=\?\)/],
    [
      'of a group to a provider',
      { provider: 'x', groupRef: 'g' },
      /\(projectId=\? AND (provider=\? AND )?groupRef=\?\)/,
    ],
    ['of a consumer', { consumerRef: 'c' }, /\(projectId=\? AND consumerRef=\?\)/],
    [
      'of one customer',
      { provider: 'x', groupRef: 'g', consumerRef: 'c' as ConnectionId },
      /\(projectId=\? AND provider=\? AND groupRef=\? AND consumerRef=\?\)/,
    ],
  ])('%s are found by an index', async (_what, filter, plan) => {
    expect(await planOf((reads) => readConnections(reads, PROJECT, filter))).toMatch(plan);
  });
});

/** What an export leaves out, and why: `tenon export` in docs/operations.md. */
const NOT_MOVED = ['meta', 'oauthStates', 'uploads', 'budgets', 'catalogEntries', 'receivers'];

describe('an export', () => {
  it('has every table, or it is known why not', () => {
    const database = openForWriting(`${tempFolder()}/tenon.db`);
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    const names = tables.pluck().all() as string[];
    database.close();
    expect([...MOVED_TABLES, ...NOT_MOVED].toSorted()).toEqual(names.toSorted());
  });
});
