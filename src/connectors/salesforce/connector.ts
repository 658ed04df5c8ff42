// Salesforce CRM objects by SOQL over REST. Pages are 2,000 records; the cursor is the path that the org gives for
// the next page, checked to stay on the query resource.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import { ADDRESS_CHARS_MAX } from '../../core/limits.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import {
  jsonBody,
  type ProviderRequest,
  type ReadConnector,
  type ReadPage,
  type ReadRow,
  selectFields,
  textsByName,
} from '../contract.ts';
import { salesforceField } from './describe.ts';
import { salesforceFailure } from './errors.ts';
import { createSalesforceFieldWriter } from './fieldWriter.ts';
import { buildIdsQuery, buildQuery, checkName, SALESFORCE_ID } from './soql.ts';
import { createSalesforceSubscriber } from './subscriber.ts';
import { createSalesforceWriter } from './writer.ts';

const API = '/services/data/v60.0';
/** Of an id, the rest is a check of their case. */
const ID_CHARS = 15;
/** Encoded, so many are 2,300 characters of an address: most of ADDRESS_CHARS_MAX is left for fields. */
const IDS_MAX = 100;
/** Begins the cursor of a read whose query does not have all of its fields. */
const WIDE = 'wide:';
/** Salesforce reads up to 2,000 by their ids; of these wide ones fewer, so that an answer stays below 10 MB. */
const WIDE_ROWS_MAX = 500;
const NEXT_PAGE = /^\/services\/data\/v\d+\.\d+\/query\/[A-Za-z0-9_-]+$/;

export function createSalesforceConnector(nowMs: () => number): ReadConnector {
  const ok = (response: BufferedResponse, objectName: string): JsonValue => {
    if (response.status >= 300) throw salesforceFailure(response, objectName, nowMs());
    return jsonBody(response, 'Salesforce');
  };
  return {
    async read(params, call) {
      const { objectName, fields, cursor } = params;
      const fitting = fittingFields(fields, (some) => queryPath(buildQuery({ ...params, fields: some })));
      const isWide = cursor?.startsWith(WIDE) ?? fitting.length < fields.length;
      const path = cursor?.replace(WIDE, '') ?? queryPath(buildQuery({ ...params, fields: fitting }));
      const page = pageOf(fields, ok(await call({ method: 'GET', path }), objectName));
      if (!isWide) return page;
      const rows = await widened(page.rows, objectName, fields, async (request) => ok(await call(request), objectName));
      return { rows, nextCursor: page.nextCursor === null ? null : `${WIDE}${page.nextCursor}` };
    },
    async readByIds(objectName, recordIds, fields, call) {
      const ids = recordIds.filter((id) => SALESFORCE_ID.test(id));
      if (ids.length === 0) return new Map();
      const found = new Map<string, ReadRow>();
      const ask = async (request: ProviderRequest) => ok(await call(request), objectName);
      const fitting = fittingFields(fields, (some) => queryPath(buildIdsQuery(objectName, ids, some)));
      let path: string | null = queryPath(buildIdsQuery(objectName, ids, fitting));
      while (path !== null) {
        const page = pageOf(fields, await ask({ method: 'GET', path }));
        const isWide = fitting.length < fields.length;
        const rows = isWide ? await widened(page.rows, objectName, fields, ask) : page.rows;
        for (const row of rows) found.set(row.id.slice(0, ID_CHARS), row);
        path = page.nextCursor;
      }
      return new Map(
        ids.flatMap((id): [string, ReadRow][] => {
          const row = found.get(id.slice(0, ID_CHARS));
          return row === undefined ? [] : [[id, row]];
        }),
      );
    },
    recordsByIdMax: IDS_MAX,
    async listFields(objectName, call) {
      const fields = fieldsOf(ok(await call({ method: 'GET', path: describePath(objectName) }), objectName));
      return fields.flatMap(salesforceField).map(({ fieldName }) => fieldName);
    },
    async describe(objectName, call) {
      const body = ok(await call({ method: 'GET', path: describePath(objectName) }), objectName);
      const label = jsonAt(body, 'label');
      const described = fieldsOf(body);
      // The description proper is for administrators, and only the Tooling API has it.
      const descriptions = textsByName(described, 'inlineHelpText');
      const displayName = typeof label === 'string' ? { displayName: label } : {};
      return { ...displayName, fields: described.flatMap(salesforceField), descriptions };
    },
    fieldWriter: createSalesforceFieldWriter(nowMs),
    subscriber: createSalesforceSubscriber(nowMs),
    writer: createSalesforceWriter(nowMs),
  };
}

function queryPath(soql: string): string {
  return `${API}/query?q=${encodeURIComponent(soql)}`;
}

/** As many fields as an address takes. Those of parents come first: only a query has them. */
function fittingFields(fields: readonly string[], pathOf: (fields: readonly string[]) => string): readonly string[] {
  if (pathOf(fields).length <= ADDRESS_CHARS_MAX) return fields;
  const ofParents = fields.filter((field) => field.includes('.'));
  const own = fields.filter((field) => !field.includes('.'));
  const queried = [...ofParents];
  let room = ADDRESS_CHARS_MAX - pathOf(ofParents).length;
  for (const field of own) {
    room -= encodeURIComponent(`,${field}`).length;
    if (room < 0) break;
    queried.push(field);
  }
  return queried;
}

/** Rows with the fields that their query did not have room for, read by their ids; one that is gone is left out. */
async function widened(
  rows: readonly ReadRow[],
  objectName: string,
  fields: readonly string[],
  ask: (request: ProviderRequest) => Promise<JsonValue>,
): Promise<readonly ReadRow[]> {
  const [first] = rows;
  if (first === undefined) return rows;
  // What was asked for is what is there: the fields of an object may have changed since the first page.
  const asked = new Set(Object.keys(first.raw).map((name) => name.toLowerCase()));
  const rest = fields.filter((field) => !asked.has((field.split('.')[0] ?? '').toLowerCase()));
  if (rest.length === 0) return rows;
  const path = `${API}/composite/sobjects/${checkName(objectName, 'object')}`;
  const wide: ReadRow[] = [];
  for (let from = 0; from < rows.length; from += WIDE_ROWS_MAX) {
    const some = rows.slice(from, from + WIDE_ROWS_MAX);
    const body = { ids: some.map(({ id }) => id), fields: ['Id', ...rest.map((field) => checkName(field, 'field'))] };
    const answered = await ask({ method: 'POST', path, body });
    if (!Array.isArray(answered) || answered.length !== some.length) throw malformed('a record for each id');
    for (const [index, { raw }] of some.entries()) {
      const more: JsonValue = answered[index] ?? null;
      if (isJsonObject(more)) wide.push(rowOf(fields, { ...raw, ...more }));
    }
  }
  return wide;
}

function describePath(objectName: string): string {
  return `${API}/sobjects/${checkName(objectName, 'object')}/describe`;
}

function fieldsOf(body: JsonValue): readonly JsonValue[] {
  const fields = jsonAt(body, 'fields');
  if (!Array.isArray(fields)) throw malformed('a list of fields');
  return fields;
}

function pageOf(wanted: readonly string[], body: JsonValue): ReadPage {
  const records = jsonAt(body, 'records');
  if (!Array.isArray(records)) throw malformed('a list of records');
  const next = jsonAt(body, 'nextRecordsUrl');
  if (next !== undefined && (typeof next !== 'string' || !NEXT_PAGE.test(next))) throw malformed('a usable next page');
  const isDone = jsonAt(body, 'done') !== false;
  if (!isDone && next === undefined) throw malformed('the next page of an unfinished result');
  return {
    rows: records.map((record: JsonValue) => rowOf(wanted, record)),
    nextCursor: isDone ? null : (next ?? null),
  };
}

function rowOf(fields: readonly string[], record: JsonValue): ReadRow {
  const selected = isJsonObject(record) ? selectFields([...fields, 'id'], record) : {};
  const id = selected['id'];
  if (!isJsonObject(record) || typeof id !== 'string') throw malformed('a record with an id');
  return { id, fields: selected, raw: record };
}

function malformed(expected: string): IntegrationError {
  return new IntegrationError('provider_malformed', `Salesforce answered without ${expected}`);
}
