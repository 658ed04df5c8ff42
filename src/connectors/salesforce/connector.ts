// Salesforce CRM objects by SOQL over REST. Pages are 2,000 records; the cursor is the path that the org gives for
// the next page, checked to stay on the query resource.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { jsonBody, type ReadConnector, type ReadPage, type ReadRow, selectFields, textsByName } from '../contract.ts';
import { salesforceField } from './describe.ts';
import { salesforceFailure } from './errors.ts';
import { createSalesforceFieldWriter } from './fieldWriter.ts';
import { buildIdsQuery, buildQuery, checkName, SALESFORCE_ID } from './soql.ts';
import { createSalesforceSubscriber } from './subscriber.ts';
import { createSalesforceWriter } from './writer.ts';

const API = '/services/data/v60.0';
/** Of an id, the rest is a check of their case. */
const ID_CHARS = 15;
/** Encoded, so many are 2,300 characters of an address; URIs with headers may have 16,384. */
const IDS_MAX = 100;
const NEXT_PAGE = /^\/services\/data\/v\d+\.\d+\/query\/[A-Za-z0-9_-]+$/;

export function createSalesforceConnector(nowMs: () => number): ReadConnector {
  const ok = (response: BufferedResponse, objectName: string): JsonValue => {
    if (response.status >= 300) throw salesforceFailure(response, objectName, nowMs());
    return jsonBody(response, 'Salesforce');
  };
  return {
    async read(params, call) {
      const path = params.cursor ?? queryPath(buildQuery(params));
      return pageOf(params.fields, ok(await call({ method: 'GET', path }), params.objectName));
    },
    async readByIds(objectName, recordIds, fields, call) {
      const ids = recordIds.filter((id) => SALESFORCE_ID.test(id));
      if (ids.length === 0) return new Map();
      const found = new Map<string, ReadRow>();
      let path: string | null = queryPath(buildIdsQuery(objectName, ids, fields));
      while (path !== null) {
        const page = pageOf(fields, ok(await call({ method: 'GET', path }), objectName));
        for (const row of page.rows) found.set(row.id.slice(0, ID_CHARS), row);
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
