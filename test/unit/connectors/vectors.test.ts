// The read and search cases of a public connector library, run against ours: what a provider is asked and what comes
// of its answer. They repeat that library's behaviour with its oddities, so where we differ on purpose the reason is
// listed, and a case that begins to agree must leave the list.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EqualityFilter, ProviderCall, ReadConnector, ReadPage } from '../../../src/connectors/contract.ts';
import { createHubspotConnector } from '../../../src/connectors/hubspot/connector.ts';
import { createSalesforceConnector } from '../../../src/connectors/salesforce/connector.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { parseTimestamp } from '../../../src/core/time.ts';
import { type Condition, expectErrors, isMet } from './exchanges.ts';
import { answer, readParams } from './provider.ts';

const FOLDER = '../shared/reference/vectors';
const FILES = [
  'hubspot/read',
  'hubspot/read-using-search-api',
  'hubspot/search',
  'salesforce/read',
  'salesforce/search',
] as const;

interface Vector {
  readonly name: string;
  readonly connector: { readonly module?: string };
  readonly input: {
    readonly [key: string]: string | string[] | undefined | object;
    readonly filter?: { readonly fieldFilters: readonly EqualityFilter[] };
  };
  readonly exchanges: readonly {
    readonly when: Condition;
    readonly respond: { readonly status?: number; readonly bodyJson?: JsonValue; readonly bodyText?: string };
  }[];
  readonly comparator: string;
  readonly expect: { readonly result?: ExpectedPage; readonly errors?: readonly (string | JsonObject)[] };
}

interface ExpectedPage {
  readonly rows: number;
  readonly done: boolean;
  readonly nextPage: string;
  readonly data?: readonly { readonly fields?: JsonObject; readonly raw?: JsonObject; readonly id?: string }[];
}

const NOT_CHECKED_HERE = 'the contract asks for an object and a field; manifest and fieldsOf see to both';
const SHORT_PAGE = 'search pages by id, not by offset, so a page that is not full is the last one';
const NOT_CRM = 'an endpoint beside the CRM objects, which ours does not read';
const ASSOCIATIONS = 'associations are not read yet';
const CHECKED_AT_THE_EDGE = 'a search takes one filter at least and no limit';
const PARDOT = 'a module that ours does not read';

/** Why a case is not expected to pass. */
const DIFFERENCES: readonly (readonly [file: string, name: RegExp, reason: string])[] = [
  ['hubspot/read', /must be included|At least one field/, NOT_CHECKED_HERE],
  ['hubspot/read', /since|until/, SHORT_PAGE],
  ['hubspot/read', /Lists|marketing|meeting-links/, NOT_CRM],
  ['hubspot/read-using-search-api', /marketing/, NOT_CRM],
  ['hubspot/search', /At least one search filter/, CHECKED_AT_THE_EDGE],
  ['hubspot/search', /associations/, ASSOCIATIONS],
  ['salesforce/search', /must be included|At least one field/, NOT_CHECKED_HERE],
  ['salesforce/search', /limit is not supported/, CHECKED_AT_THE_EDGE],
  ['salesforce/search', /association/, ASSOCIATIONS],
  ['salesforce/read', /must be included|At least one field/, NOT_CHECKED_HERE],
  ['salesforce/read', /association/, ASSOCIATIONS],
  ['salesforce/read', /Missing Header|mails/, PARDOT],
  ['salesforce/read', /Next page URL is resolved/, 'done: true ends a read, whatever stands beside it'],
];

/** Sentinels of the library and the codes that say the same. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  ErrBadRequest: ['bad_request', 'schema_drift_missing_object', 'schema_drift_missing_field'],
  ErrKeyNotFound: ['provider_malformed'],
  ErrNotArray: ['provider_malformed'],
};

function connectorOf(file: string): ReadConnector {
  return file.startsWith('hubspot') ? createHubspotConnector(() => 0) : createSalesforceConnector(() => 0);
}

async function run(file: string, vector: Vector): Promise<void> {
  const { objectName = '', fields = [], since, until, nextPage } = vector.input;
  const call: ProviderCall = (request) => {
    const exchange = vector.exchanges.find(({ when }) => isMet(when, request));
    if (exchange === undefined) return Promise.resolve(answer(500, { error: { message: 'condition failed' } }));
    const { status = 200, bodyJson, bodyText } = exchange.respond;
    return Promise.resolve(answer(status, bodyText ?? bodyJson ?? null));
  };
  const params = readParams({
    objectName: String(objectName),
    fields: [fields].flat().map(String),
    sinceMs: since === undefined ? null : parseTimestamp(String(since)),
    untilMs: until === undefined ? null : parseTimestamp(String(until)),
    cursor: nextPage === undefined ? null : String(nextPage),
    filters: vector.input.filter?.fieldFilters.map(({ fieldName, value }) => ({ fieldName, value })) ?? [],
  });
  const read = connectorOf(file).read(params, call);
  const { result, errors = [] } = vector.expect;
  if (result !== undefined) return comparePage(await read, result, vector.comparator);
  await expectErrors(read, errors, CODES);
}

function comparePage(page: ReadPage, expected: ExpectedPage, comparator: string): void {
  const { rows, nextCursor } = page;
  expect({ rows: rows.length, nextPage: nextCursor ?? '', done: nextCursor === null }).toEqual({
    rows: expected.rows,
    nextPage: cursorIn(expected.nextPage),
    done: expected.done,
  });
  if (comparator === 'pagination') return;
  for (const [index, { fields = {}, raw = {}, id }] of (expected.data ?? []).entries()) {
    expect({ ...rows[index]?.fields }).toMatchObject(fields);
    expect(rows[index]?.raw).toMatchObject(raw);
    if (id !== undefined && id !== '') expect(rows[index]?.id).toBe(id);
  }
}

/** The library hands on HubSpot's whole link; ours keeps the position in it. */
function cursorIn(nextPage: string): string {
  return URL.parse(nextPage)?.searchParams.get('after') ?? nextPage;
}

for (const file of FILES) {
  const path = `${FOLDER}/${file}.json`;
  describe.skipIf(!existsSync(path))(`${file} (skipped where the vectors are missing)`, () => {
    const { cases = [] } = existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Vector[] })
      : {};
    it.each(cases)('$name', async (vector) => {
      const difference = DIFFERENCES.find(([of, name]) => of === file && name.test(vector.name));
      if (difference === undefined) return run(file, vector);
      const [, , reason] = difference;
      const isSame = await run(file, vector).then(
        () => true,
        () => false,
      );
      expect(isSame, `no longer different: ${reason}`).toBe(false);
    });
  });
}
