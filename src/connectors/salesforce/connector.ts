// Salesforce CRM objects by SOQL over REST. Pages are 2,000 records; the cursor is the path that the org gives for
// the next page, checked to stay on the query resource.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import {
  jsonBody,
  type ReadConnector,
  type ReadPage,
  type ReadParams,
  type ReadRow,
  selectFields,
} from '../contract.ts';
import { salesforceField } from './describe.ts';
import { salesforceFailure } from './errors.ts';
import { createSalesforceFieldWriter } from './fieldWriter.ts';
import { buildQuery, checkName } from './soql.ts';

const API = '/services/data/v60.0';
const NEXT_PAGE = /^\/services\/data\/v\d+\.\d+\/query\/[A-Za-z0-9_-]+$/;

export function createSalesforceConnector(nowMs: () => number): ReadConnector {
  const ok = (response: BufferedResponse, objectName: string): JsonValue => {
    if (response.status >= 300) throw salesforceFailure(response, objectName, nowMs());
    return jsonBody(response, 'Salesforce');
  };
  return {
    async read(params, call) {
      const path = params.cursor ?? `${API}/query?q=${encodeURIComponent(buildQuery(params))}`;
      return pageOf(params, ok(await call({ method: 'GET', path }), params.objectName));
    },
    async listFields(objectName, call) {
      const fields = fieldsOf(ok(await call({ method: 'GET', path: describePath(objectName) }), objectName));
      return fields.flatMap(salesforceField).map(({ fieldName }) => fieldName);
    },
    async describe(objectName, call) {
      const body = ok(await call({ method: 'GET', path: describePath(objectName) }), objectName);
      const label = jsonAt(body, 'label');
      const fields = fieldsOf(body).flatMap(salesforceField);
      return typeof label === 'string' ? { displayName: label, fields } : { fields };
    },
    fieldWriter: createSalesforceFieldWriter(nowMs),
  };
}

function describePath(objectName: string): string {
  return `${API}/sobjects/${checkName(objectName, 'object')}/describe`;
}

function fieldsOf(body: JsonValue): readonly JsonValue[] {
  const fields = jsonAt(body, 'fields');
  if (!Array.isArray(fields)) throw malformed('a list of fields');
  return fields;
}

function pageOf(params: ReadParams, body: JsonValue): ReadPage {
  const records = jsonAt(body, 'records');
  if (!Array.isArray(records)) throw malformed('a list of records');
  const next = jsonAt(body, 'nextRecordsUrl');
  if (next !== undefined && (typeof next !== 'string' || !NEXT_PAGE.test(next))) throw malformed('a usable next page');
  const isDone = jsonAt(body, 'done') !== false;
  if (!isDone && next === undefined) throw malformed('the next page of an unfinished result');
  return {
    rows: records.map((record: JsonValue) => rowOf(params, record)),
    nextCursor: isDone ? null : (next ?? null),
  };
}

function rowOf({ fields }: ReadParams, record: JsonValue): ReadRow {
  const selected = isJsonObject(record) ? selectFields([...fields, 'id'], record) : {};
  const id = selected['id'];
  if (!isJsonObject(record) || typeof id !== 'string') throw malformed('a record with an id');
  return { id, fields: selected, raw: record };
}

function malformed(expected: string): IntegrationError {
  return new IntegrationError('provider_malformed', `Salesforce answered without ${expected}`);
}
