// Pages of an installation's operations: all of them once, whatever began at the same moment, and each page found by an
// index, so that the last one costs what the first did.

import { describe, expect, it } from 'vitest';
import type { InstallationId, IntegrationId, OperationId, ProjectId } from '../../../src/core/ids.ts';
import type { Reads, SqlValue } from '../../../src/store/port.ts';
import { insertOperation, readOperations } from '../../../src/store/tables/installations.ts';
import { withStore } from '../../support/store.ts';

const INSTALLATION = { projectId: 'p' as ProjectId, installationId: 'one' as InstallationId };

function row(id: string, createdAtMs: number, of = INSTALLATION) {
  return insertOperation({
    operationId: id as OperationId,
    ...of,
    integrationId: 'i' as IntegrationId,
    configId: 'c',
    actionType: 'read',
    status: 'success',
    result: null,
    metadata: '{}',
    createdAtMs,
  });
}

describe('pages of operations', () => {
  it('have each operation once, newest first, also of the same moment', async () => {
    const { store } = await withStore();
    const ids = Array.from({ length: 25 }, (_, index) => `id-${String(index).padStart(2, '0')}`);
    await store.commit(ids.map((id, index) => row(id, Math.floor(index / 10))));
    await store.commit([row('another', 1, { ...INSTALLATION, installationId: 'two' as InstallationId })]);
    // As a file may claim that is imported into another project.
    await store.commit([row('claimed', 1, { ...INSTALLATION, projectId: 'q' as ProjectId })]);
    const seen: string[] = [];
    let before: { beforeMs: number | null; beforeId: string | null } = { beforeMs: null, beforeId: null };
    for (;;) {
      const page = readOperations(store.reads, INSTALLATION, { limit: 4, ...before });
      seen.push(...page.map(({ operationId }) => operationId));
      const last = page.at(-1);
      if (last === undefined) break;
      before = { beforeMs: last.createdAtMs, beforeId: last.operationId };
    }
    expect(seen).toEqual(ids.toReversed());
  });

  it('are found by an index, without sorting', async () => {
    const { store } = await withStore();
    const asked: { sql: string; params: readonly SqlValue[] }[] = [];
    const reads = {
      all: (sql: string, ...params: readonly SqlValue[]) => {
        asked.push({ sql, params });
        return [];
      },
    } as unknown as Reads;
    readOperations(reads, INSTALLATION, { limit: 4, beforeMs: 1, beforeId: 'x' });
    const [{ sql, params } = { sql: '', params: [] }] = asked;
    const plan = store.reads.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^SEARCH operations USING INDEX operations_installation .*createdAtMs,operationId/),
    ]);
  });
});
