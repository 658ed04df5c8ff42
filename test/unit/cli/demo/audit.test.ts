import { describe, expect, test } from 'vitest';
import { countLost, type Summary, shortcomingsOf, summaryLines } from '../../../../src/cli/demo/audit.ts';
import { CUSTOMERS, RECORDS_EACH } from '../../../../src/cli/demo/customers.ts';

const GOOD: Summary = {
  recordsRead: 20_100,
  recordsDelivered: 20_000,
  lost: 0,
  messages: 113,
  duplicates: 3,
  recordsRepeated: 0,
  signatureFailures: 0,
  messagesQueued: 0,
  messagesDead: 0,
  proxied: 1000,
  proxyFailures: 0,
  changesDelivered: 300,
  changesLost: 0,
  changesDoubled: 0,
  refreshes: 5,
  rateLimited: 0,
  kills: 1,
  backfillMs: 1100,
  restartMs: 400,
  proxyMs: 11_700,
  changesMs: 400,
  totalMs: 13_600,
};

describe('the audit', () => {
  test.each<[keyof Summary, string]>([
    ['lost', '1,200 records were lost'],
    ['signatureFailures', '1,200 messages had a wrong signature'],
    ['messagesQueued', '1,200 messages were never delivered'],
    ['messagesDead', '1,200 messages were given up'],
    ['proxyFailures', '1,200 proxied calls failed'],
    ['changesLost', '1,200 changes were lost'],
    ['changesDoubled', '1,200 changes were delivered twice'],
  ])('refuses a run with %s', (name, shortcoming) => {
    expect(shortcomingsOf({ ...GOOD, [name]: 1200 })).toEqual([shortcoming]);
  });

  test('accepts repetitions of records, which are what "at least once" means', () => {
    expect(shortcomingsOf({ ...GOOD, duplicates: 32, recordsRepeated: 100, rateLimited: 2 })).toEqual([]);
  });

  test('looks for each record by its id', () => {
    const { hubspot, salesforce } = CUSTOMERS;
    const missing = new Set([`contacts/${hubspot.recordIdOf(0)}`, `companies/${salesforce.recordIdOf(9999)}`]);
    expect(countLost({ hasRecord: (name, id) => !missing.has(`${name}/${id}`) })).toBe(2);
    expect(countLost({ hasRecord: () => true })).toBe(0);
    expect(countLost({ hasRecord: () => false })).toBe(2 * RECORDS_EACH);
  });
});

describe('the table of the summary', () => {
  test('says what was counted, in at most 78 columns', () => {
    const lines = summaryLines(GOOD);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(cells).toContainEqual(['Records delivered, with the kill', '20,000', '1.1 s', '18,182/s']);
    expect(cells).toContainEqual(['read again after the kill', '100']);
    expect(cells).toContainEqual(['Kills, and time until Tenon served again', '1', '0.4 s']);
    expect(cells).toContainEqual(['Proxied calls, at a steady pace', '1,000', '11.7 s', '85/s']);
    expect(cells).toContainEqual(['Changes delivered, webhooks sent twice', '300', '0.4 s', '750/s']);
  });
});
