// Numbers in the operations guide are promises: those that are limits must be the limits, and those that were measured
// are held against a database that this test fills through the product.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DEAD_MESSAGE_DAYS_KEPT,
  OAUTH_STATE_TTL_MS,
  OPERATION_DAYS_KEPT,
  OUTBOX_BYTES_PER_LANE_MAX,
  QUARANTINE_DAYS_KEPT,
  RETENTION_ROWS_PER_STEP,
  REVISIONS_KEPT,
  WAL_AUTOCHECKPOINT_PAGES,
  WAL_BYTES_KEPT,
} from '../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { startDestination } from '../support/destination.ts';
import { integration, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const CUSTOMERS = 12;

/** The first number of the row of a table that begins with these words. */
function inGuide(row: string): number {
  const line = GUIDE.split('\n').find((candidate) => candidate.startsWith(`| ${row}`)) ?? '';
  const [, digits = ''] = /^\|[^|]*\| [^\d|]*([\d,]+)/.exec(line) ?? [];
  return Number(digits.replaceAll(',', ''));
}

describe('the operations guide', () => {
  it.each([
    ['finished operations', OPERATION_DAYS_KEPT],
    ['dead letters', DEAD_MESSAGE_DAYS_KEPT],
    ['events that were set aside', QUARANTINE_DAYS_KEPT],
    ['manifest revisions', REVISIONS_KEPT],
    ['authorization requests', OAUTH_STATE_TTL_MS / MINUTE_MS],
  ])('says how long %s are kept', (row, limit) => {
    expect(inGuide(row)).toBe(limit);
  });

  it.each([
    [`steps of ${RETENTION_ROWS_PER_STEP} rows`],
    [`at ${OUTBOX_BYTES_PER_LANE_MAX / 1_048_576} MB of waiting messages`],
    [`every ${Math.round((WAL_AUTOCHECKPOINT_PAGES * 4096) / 1_000_000)} MB`],
    [`cut back to ${WAL_BYTES_KEPT / 1_048_576} MB`],
  ])('names the limit: %s', (words) => {
    expect(GUIDE.replaceAll('\n', ' ')).toContain(words);
  });

  it('foretells the size of a database within a fifth', async () => {
    await using driven = await startDriven({ sandbox: { hubspotContacts: 30 } });
    await using destination = await startDestination();
    const { tenon } = driven;
    const body = { name: 'hook', type: 'webhook', metadata: { url: destination.origin } };
    await tenon.ok('POST', tenon.inProject('/destinations'), body);
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'), readObject('companies'))));
    const objects = { contacts: {}, companies: {} };
    for (let n = 0; n < CUSTOMERS; n++) {
      await tenon.connect('hubspot', { groupRef: `customer-${n}`, consumerRef: `user-${n}` });
      await tenon.install('hubspot', { provider: 'hubspot', read: { objects } }, `customer-${n}`);
    }
    // Long enough that every history is as long as it becomes.
    await pass(driven, 8 * HOUR_MS);
    destination.answer = () => ({ status: 503 });
    for (let n = 1; n <= CUSTOMERS; n++) {
      const at = { provider: 'hubspot', account: `portal-${n}`, object: 'contacts' } as const;
      tenon.sandbox.change({ kind: 'modify', ...at, count: 30, values: { email: 'x'.repeat(30 * n) } });
    }
    await pass(driven, 12 * MINUTE_MS);
    await settled(driven);

    const { store } = tenon.running.services;
    const one = (sql: string) => store.reads.get<{ n: number }>(`SELECT ${sql} AS n`)?.n ?? 0;
    const messages = one('(SELECT count(*) FROM outbox)');
    const operations = one('(SELECT count(*) FROM operations)');
    expect([messages >= CUSTOMERS, operations > 40 * CUSTOMERS]).toEqual([true, true]);
    const foretold =
      inGuide('empty database') +
      CUSTOMERS * (inGuide('connection') + inGuide('installation') + 2 * inGuide('read (one')) +
      operations * inGuide('operation that') +
      messages * inGuide('message that') +
      one('(SELECT sum(bytes) FROM outbox)');
    await store.vacuum(100_000);
    const { size } = statSync(join(tenon.folder, 'data', 'tenon.db'));
    expect(Math.abs(size / foretold - 1)).toBeLessThan(0.2);
  });
});
