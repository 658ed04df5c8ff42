// Writes HubSpot CRM objects, one by one or in batches. Where only some records of a batch can be made, each carries a
// trace id, so that the answer can say of which record an error is; a changed record is told by its own id.
// Associations are part of a record that is made and follow a change of one in calls of their own (`associations.ts`).
// Source: https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide and /batch/create-contacts

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt, jsonOrNull } from '../../core/json.ts';
import type { Ms } from '../../core/time.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import {
  type BatchOutcome,
  jsonBody,
  notWritten,
  type ProviderCall,
  type RecordOutcome,
  type WriteConnector,
  type WriteParams,
  type WriteRecord,
  written,
} from '../contract.ts';
import { associateAll } from './associations.ts';
import { hubspotFailure } from './errors.ts';
import { byIdsRequest, rowsOf } from './records.ts';

const UNPROCESSED = 'the record was not processed, because others failed';

export function createHubspotWriter(nowMs: () => number): WriteConnector {
  const ok = (response: BufferedResponse): BufferedResponse => {
    if (response.status >= 300) throw writeFailure(response, nowMs());
    return response;
  };
  return {
    hasAssociations: true,
    acceptsHeader: () => false,
    rowsLockedBy: ({ recordId }) => (recordId === null ? [] : [recordId]),
    async write(params, record, call) {
      if (isNoChange(params, record)) {
        const warnings = await associated(params, [record], [unchanged(record)], call, nowMs);
        return { ...unchanged(record), warnings };
      }
      const answered = ok(await call(record.recordId === null ? creation(params, record) : change(params, record)));
      const body = answered.body.length === 0 ? null : jsonBody(answered, 'HubSpot');
      const outcome = written(idOf(body) ?? record.recordId, isJsonObject(body) ? body : null);
      return { ...outcome, warnings: await associated(params, [record], [outcome], call, nowMs) };
    },
    async writeBatch(params, records, isAllOrNone, call) {
      const path = `${datedPath(params.objectName)}/batch/${params.type}`;
      const isTraced = params.type === 'create' && !isAllOrNone;
      const sent = records.filter((record) => !isNoChange(params, record));
      const inputs = sent.map((record, index) => ({
        ...inputOf(params, record),
        ...(isTraced ? { objectWriteTraceId: `${params.writeId}:${index}` } : {}),
      }));
      let outcome: BatchOutcome = { results: [], errors: [] };
      if (inputs.length > 0) {
        const response = await call({ method: 'POST', path, body: { inputs } });
        if (isRefusedBatch(response)) return refusedBatch(response);
        outcome = batchOutcome(params, sent, jsonBody(ok(response), 'HubSpot'));
      }
      const judged = outcome.results.values();
      const results = records.map((record) =>
        isNoChange(params, record) ? unchanged(record) : (judged.next().value ?? notWritten([UNPROCESSED])),
      );
      return { ...outcome, results, warnings: await associated(params, records, results, call, nowMs) };
    },
    async remove({ objectName }, recordId, call) {
      ok(await call({ method: 'DELETE', path: `${datedPath(objectName)}/${encodeURIComponent(recordId)}` }));
    },
    async current(objectName, recordIds, fields, call) {
      const body = jsonBody(ok(await call(byIdsRequest(objectName, recordIds, fields))), 'HubSpot');
      return new Map(rowsOf(fields, body).map((row) => [row.id, row.fields]));
    },
  };
}

/** Other writes have the record, for a moment; nothing was changed. */
const STATUS_LOCKED = 423;

/** Words that are about a position where a list is read are about a value here. */
function writeFailure(response: BufferedResponse, nowMs: Ms): IntegrationError {
  const failure = hubspotFailure(response, nowMs);
  if (response.status === STATUS_LOCKED) {
    const facts = { upstreamStatus: STATUS_LOCKED, isRetryable: true };
    return new IntegrationError('conflict_upstream', failure.message, facts);
  }
  if (failure.code !== 'cursor_gone') return failure;
  return new IntegrationError('bad_request', failure.message, { upstreamStatus: response.status });
}

function objectPath(objectName: string): string {
  return `/crm/v3/objects/${encodeURIComponent(objectName)}`;
}

function datedPath(objectName: string): string {
  return `/crm/objects/2026-03/${encodeURIComponent(objectName)}`;
}

function creation(params: WriteParams, record: WriteRecord) {
  const body = { ...inputOf(params, record), objectWriteTraceId: `${params.writeId}:0` };
  return { method: 'POST', path: objectPath(params.objectName), body } as const;
}

function change(params: WriteParams, record: WriteRecord) {
  const path = `${objectPath(params.objectName)}/${encodeURIComponent(record.recordId ?? '')}`;
  return { method: 'PATCH', path, body: { properties: propertiesOf(record.fields) } } as const;
}

/** HubSpot refuses a change of no properties, and with it the batch; there is nothing to be done but to associate. */
function isNoChange({ type }: WriteParams, { fields }: WriteRecord): boolean {
  return type === 'update' && Object.keys(fields).length === 0;
}

function unchanged({ recordId }: WriteRecord): RecordOutcome {
  return written(recordId, null);
}

function inputOf({ type }: WriteParams, { recordId, fields, associations }: WriteRecord): JsonObject {
  return {
    ...(recordId === null ? {} : { id: recordId }),
    properties: propertiesOf(fields),
    ...(type === 'create' && associations.length > 0 ? { associations } : {}),
  };
}

/** Values of HubSpot are text: an empty one clears a property, and several choices are told apart by semicolons. */
function propertiesOf(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: JsonValue | undefined): JsonValue {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(String).join(';');
  return isJsonObject(value) ? value : String(value);
}

/** What is wrong with records is told with these. */
function isRefusedBatch({ status }: BufferedResponse): boolean {
  return status === 400 || status === 409;
}

function refusedBatch(response: BufferedResponse): BatchOutcome {
  const body = jsonOrNull(response.body.toString());
  const errors = listAt(body, 'errors').map(told);
  if (errors.length > 0) return { results: [], errors };
  const message = jsonAt(body, 'message');
  return { results: [], errors: [typeof message === 'string' ? message : `HubSpot answered ${response.status}`] };
}

function batchOutcome(params: WriteParams, records: readonly WriteRecord[], body: JsonValue): BatchOutcome {
  const errors = listAt(body, 'errors');
  // Such an answer does not even say that none was written: HubSpot may still be at it.
  if (errors.length === 0 && !Array.isArray(jsonAt(body, 'results'))) {
    throw new IntegrationError('provider_malformed', 'HubSpot did not say what became of the records');
  }
  const successes = listAt(body, 'results');
  const failed = failuresByIndex(params, records, errors);
  const results = params.type === 'update' ? byId(records, successes) : inOrder(records, successes, failed);
  return {
    results: results.map((result, index) => {
      if (result !== null) return written(idOf(result), propertiesIn(result));
      return { ...notWritten(failed.get(index) ?? [UNPROCESSED]), recordId: records[index]?.recordId ?? null };
    }),
    errors: errors.map(told),
  };
}

/** The errors of each record, by its index. One may be of several, and one of the batch is of none. */
function failuresByIndex(
  { type }: WriteParams,
  records: readonly WriteRecord[],
  errors: readonly JsonValue[],
): ReadonlyMap<number, readonly JsonValue[]> {
  const failed = new Map<number, JsonValue[]>();
  for (const error of errors) {
    const ids = [jsonAt(error, type === 'create' ? 'context.objectWriteTraceId' : 'context.ids')].flat();
    for (const id of ids) {
      const index = type === 'create' ? indexOfTrace(id) : records.findIndex(({ recordId }) => recordId === String(id));
      failed.set(index, [...(failed.get(index) ?? []), told(error)]);
    }
  }
  return failed;
}

function indexOfTrace(traceId: JsonValue | undefined): number {
  return Number(
    String(traceId ?? '')
      .split(':')
      .at(-1) || -1,
  );
}

function byId(records: readonly WriteRecord[], successes: readonly JsonValue[]): readonly (JsonValue | null)[] {
  const found = new Map(successes.map((success) => [idOf(success), success]));
  return records.map(({ recordId }) => found.get(recordId) ?? null);
}

/** Records that were made come in their order, those that failed left out, unless they say which they are. */
function inOrder(
  records: readonly WriteRecord[],
  successes: readonly JsonValue[],
  failed: ReadonlyMap<number, unknown>,
): readonly (JsonValue | null)[] {
  const traced = new Map<number, JsonValue>();
  const untraced: JsonValue[] = [];
  for (const success of successes) {
    const traceId = jsonAt(success, 'objectWriteTraceId');
    if (traceId === undefined || traceId === null) untraced.push(success);
    else traced.set(indexOfTrace(traceId), success);
  }
  return records.map((_, index) => traced.get(index) ?? (failed.has(index) ? null : (untraced.shift() ?? null)));
}

/** Without what the builder did not send. */
function told(error: JsonValue): JsonValue {
  if (!isJsonObject(error) || !isJsonObject(error['context'])) return error;
  const { objectWriteTraceId: _trace, ids: _ids, ...context } = error['context'];
  const { context: _context, ...rest } = error;
  return Object.keys(context).length === 0 ? rest : { ...rest, context };
}

/** After a change, and what was not done of it: associations of records that were made came with them. */
async function associated(
  { objectName, type }: WriteParams,
  records: readonly WriteRecord[],
  outcomes: readonly RecordOutcome[],
  call: ProviderCall,
  nowMs: () => number,
): Promise<readonly string[]> {
  const wanted = records.flatMap(({ associations }, index) => {
    const { isWritten = false, recordId = null } = outcomes[index] ?? {};
    return type === 'update' && isWritten && recordId !== null ? [{ fromId: recordId, associations }] : [];
  });
  return await associateAll(objectName, wanted, call, nowMs);
}

function idOf(record: JsonValue): string | null {
  const id = jsonAt(record, 'id');
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}

function propertiesIn(record: JsonValue): JsonObject | null {
  const properties = jsonAt(record, 'properties');
  return isJsonObject(properties) ? properties : null;
}

function listAt(body: JsonValue, path: string): readonly JsonValue[] {
  const list = jsonAt(body, path);
  return Array.isArray(list) ? list : [];
}
