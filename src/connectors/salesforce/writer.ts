// Writes Salesforce objects, one by one or as a collection. A collection is answered record by record in its order,
// also with status 400; a list with an `errorCode` in it is a refusal of the whole.
// Source: "sObject Rows" and "Use sObject Collections" in
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt, jsonOrNull } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import {
  type BatchOutcome,
  jsonBody,
  notWritten,
  type RecordOutcome,
  selectFields,
  type WriteConnector,
  type WriteRecord,
  written,
} from '../contract.ts';
import { salesforceFailure } from './errors.ts';
import { checkName } from './soql.ts';

const API = '/services/data/v60.0';
const COLLECTION = `${API}/composite/sobjects`;

/** Conditions and options of one call; everything else, and so whatever says who calls, is not the builder's to set. */
const HEADERS = /^(sforce-[a-z0-9-]+|if-match|if-none-match|if-modified-since|if-unmodified-since|accept-language)$/;

/** With or without the three characters that tell upper from lower case; the key prefix begins with a digit or `a`. */
const ID = /^[0-9a][0-9A-Za-z]{14}(?:[0-9A-Za-z]{3})?$/;

/** Another transaction holds the record or its parent for a moment, or that of another record of all or none. */
const LOCKED = 'UNABLE_TO_LOCK_ROW';
const PASSING: ReadonlySet<string> = new Set([LOCKED, 'ALL_OR_NONE_OPERATION_ROLLED_BACK']);

export function createSalesforceWriter(nowMs: () => number): WriteConnector {
  const ok = (response: BufferedResponse, objectName: string): BufferedResponse => {
    if (response.status >= 300) throw salesforceFailure(response, objectName, nowMs());
    return response;
  };
  return {
    hasAssociations: false,
    acceptsHeader: (name) => HEADERS.test(name),
    rowsLockedBy: ({ recordId, fields }) => idsIn([recordId, ...Object.values(fields)]),
    async write({ objectName, headers }, { recordId, fields }, call) {
      // Gateways that know no PATCH let this pass.
      const path = recordId === null ? '' : `/${encodeURIComponent(recordId)}?_HttpMethod=PATCH`;
      const body = valuesOf(fields);
      const request = { method: 'POST', path: `${rowsPath(objectName)}${path}`, headers, body } as const;
      const response = ok(await call(request), objectName);
      if (response.body.length === 0) return written(recordId, null);
      const id = jsonAt(jsonBody(response, 'Salesforce'), 'id');
      return written(typeof id === 'string' ? id : recordId, null);
    },
    async writeBatch({ objectName, type, headers }, records, allOrNone, call) {
      checkName(objectName, 'object');
      const method = type === 'create' ? 'POST' : 'PATCH';
      const body = { allOrNone, records: records.map((record) => rowOf(objectName, record)) };
      const response = await call({ method, path: COLLECTION, headers, body });
      const isJudged = response.status < 300 || (response.status === 400 && !isLock(response));
      return batchOutcome(isJudged ? response : ok(response, objectName), records);
    },
    async remove({ objectName, headers }, recordId, call) {
      const path = `${rowsPath(objectName)}/${encodeURIComponent(recordId)}`;
      ok(await call({ method: 'DELETE', path, headers }), objectName);
    },
    async current(objectName, recordIds, fields, call) {
      const path = `${COLLECTION}/${checkName(objectName, 'object')}`;
      const asked = { ids: recordIds, fields: ['Id', ...fields.map((field) => checkName(field, 'field'))] };
      const body = jsonBody(ok(await call({ method: 'POST', path, body: asked }), objectName), 'Salesforce');
      const rows = Array.isArray(body) ? body : [];
      return new Map(
        recordIds.flatMap((id, index): [string, JsonObject][] => {
          const row: JsonValue = rows[index] ?? null;
          return isJsonObject(row) ? [[id, selectFields(fields, row)]] : [];
        }),
      );
    },
  };
}

/** A record locks itself and its parents, which are the fields that hold an id; three characters of 18 say nothing. */
function idsIn(values: readonly (JsonValue | undefined)[]): readonly string[] {
  return values.flatMap((value) => (typeof value === 'string' && ID.test(value) ? value.slice(0, 15) : []));
}

function rowsPath(objectName: string): string {
  return `${API}/sobjects/${checkName(objectName, 'object')}`;
}

/** The type is ours to say: a record that brings its own could be written to another object. */
function rowOf(objectName: string, { recordId, fields }: WriteRecord): JsonObject {
  return { ...valuesOf(fields), ...(recordId === null ? {} : { id: recordId }), attributes: { type: objectName } };
}

/** A multi-select picklist is one text, its choices told apart by semicolons; no field takes a list. */
function valuesOf(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, joined(value ?? null)]));
}

function joined(value: JsonValue): JsonValue {
  if (!Array.isArray(value) || value.some((choice) => typeof choice === 'object')) return value;
  return value.length === 0 ? null : value.join(';');
}

/** Of the whole, as opposed to one of its records. */
function isLock(response: BufferedResponse): boolean {
  const body = jsonOrNull(response.body.toString());
  return Array.isArray(body) && jsonAt(body[0] as JsonValue, 'errorCode') === LOCKED;
}

function batchOutcome(response: BufferedResponse, records: readonly WriteRecord[]): BatchOutcome {
  const body = jsonOrNull(response.body.toString());
  const entries = Array.isArray(body) ? (body as readonly JsonValue[]) : [];
  const refusals = entries.filter((entry) => jsonAt(entry, 'errorCode') !== undefined);
  if (refusals.length > 0) return { results: [], errors: refusals };
  if (response.status === 400 && entries.length === 0) return { results: [], errors: ['Salesforce answered 400'] };
  // An answer that does not say of each record what became of it says nothing.
  if (entries.length !== records.length) {
    const { status: upstreamStatus } = response;
    const message = 'Salesforce did not say of each record what became of it';
    throw new IntegrationError('provider_malformed', message, { upstreamStatus });
  }
  return { results: entries.map(resultOf), errors: [] };
}

function resultOf(entry: JsonValue): RecordOutcome {
  const id = jsonAt(entry, 'id');
  if (jsonAt(entry, 'success') === true) return written(typeof id === 'string' ? id : null, null);
  const errors = jsonAt(entry, 'errors');
  const list: readonly JsonValue[] = Array.isArray(errors) ? errors : [];
  const isPassing = list.length > 0 && list.every((error) => PASSING.has(String(jsonAt(error, 'statusCode'))));
  return notWritten(list, isPassing);
}
