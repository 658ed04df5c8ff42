// HubSpot's object endpoints: list, read, write, remove, batch and search over one portal's rows. Mounted by
// `hubspot.ts` behind its authentication. Invariant: a list pages by record id and a search by offset, as the vendor's
// do. Source: https://developers.hubspot.com/docs/api/crm/understanding-the-crm

import { Hono } from 'hono';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { toRfc3339 } from '../core/time.ts';
import { hubspotError, jsonAnswer } from './answers.ts';
import type { RequestContext, SandboxApp, SandboxContext } from './context.ts';
import { withCustomFields } from './customFields.ts';
import { checkWrite, type FieldSpec, fieldValue } from './fields.ts';
import { associate } from './hubspotAssociations.ts';
import { HUBSPOT_OBJECTS, type HubspotObject, hubspotIdOf, hubspotIndexOf } from './hubspotObjects.ts';
import { HUBSPOT_SEARCH_WINDOW, parseSearch, type Search } from './hubspotSearch.ts';
import type { ObjectRows, RecordRow } from './records.ts';
import { EVERY_ROW, select } from './selection.ts';

/** Documented caps of a list page and of a batch. */
const PAGE_MAX = 100;
const PAGE_DEFAULT = 10;
const BATCH_MAX = 100;

/** An object of the portal the request is about. */
interface Target {
  readonly object: HubspotObject;
  readonly rows: ObjectRows;
}

type Handler = (c: RequestContext, target: Target) => Response | Promise<Response>;

export function buildHubspotRecords(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  app.get('/:object', withTarget(list(context)));
  app.post('/:object', withTarget(create(context)));
  app.post('/:object/search', withTarget(search(context)));
  app.post('/:object/batch/read', withTarget(readBatch(context)));
  app.post('/:object/batch/create', withTarget(createBatch(context)));
  app.post('/:object/batch/update', withTarget(modifyBatch(context)));
  app.post('/:object/batch/archive', withTarget(removeBatch(context)));
  app.get('/:object/:id', withTarget(readOne(context)));
  app.patch('/:object/:id', withTarget(modify(context)));
  app.delete('/:object/:id', withTarget(remove(context)));
  return app;
}

function withTarget(handler: Handler) {
  return (c: RequestContext): Response | Promise<Response> => {
    const found = HUBSPOT_OBJECTS.get(c.req.param('object') ?? '');
    const rows = found === undefined ? null : c.get('account').rows(found.name);
    if (found === undefined || rows === null) return unknownObject(c);
    return handler(c, { object: withCustomFields(found, c.get('account').customFields), rows });
  };
}

const list =
  (context: SandboxContext): Handler =>
  (c, { object, rows }) => {
    const limit = Number(c.req.query('limit') ?? PAGE_DEFAULT);
    const after = c.req.query('after');
    const indexFrom = after === undefined ? 0 : hubspotIndexOf(after) + 1;
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE_MAX || Number.isNaN(indexFrom)) {
      return invalid(c, `Cannot deserialize value of type \`int\`: limit must be 1 to ${PAGE_MAX}, after a cursor`);
    }
    const isArchived = c.req.query('archived') === 'true';
    const selection = select(rows, { ...EVERY_ROW, indexFrom, rows: isArchived ? 'removed' : 'live' });
    const indexes = selection?.indexes(0, limit) ?? [];
    const results = recordsOf({ object, rows }, indexes, askedProperties(c));
    context.counts.recordsServed += results.length;
    const last = indexes.at(-1);
    if (last === undefined || (selection?.total ?? 0) <= limit) return jsonAnswer(c, 200, { results });
    const next = hubspotIdOf(last);
    const link = new URL(c.req.url);
    link.searchParams.set('after', next);
    return jsonAnswer(c, 200, { results, paging: { next: { after: next, link: link.href } } });
  };

const search =
  (context: SandboxContext): Handler =>
  async (c, target) => {
    const parse = parseSearch(target.object, await bodyOf(c));
    if (parse.kind === 'invalid') return invalid(c, parse.message);
    const { query, properties, limit, offset }: Search = parse.search;
    const selection = select(target.rows, query);
    if (selection === null) return invalid(c, 'The search matches too many records for a sort by this property');
    const results = recordsOf(target, selection.indexes(offset, limit), properties);
    context.counts.recordsServed += results.length;
    const next = offset + limit;
    const { total } = selection;
    // At the end of the window the vendor still names the next offset and refuses it when it is asked for.
    const hasNext = next < total && next <= HUBSPOT_SEARCH_WINDOW;
    return jsonAnswer(c, 200, { total, results, ...(hasNext ? { paging: { next: { after: String(next) } } } : {}) });
  };

const readOne =
  (context: SandboxContext): Handler =>
  (c, { object, rows }) => {
    const row = rows.at(hubspotIndexOf(c.req.param('id') ?? ''));
    if (row === null || row.isRemoved !== (c.req.query('archived') === 'true')) return noSuchRecord(c);
    context.counts.recordsServed += 1;
    return jsonAnswer(c, 200, hubspotRecord(object, row, specsOf(object, askedProperties(c))));
  };

const readBatch =
  (context: SandboxContext): Handler =>
  async (c, { object, rows }) => {
    const body = await bodyOf(c);
    const inputs = isJsonObject(body) && Array.isArray(body['inputs']) ? (body['inputs'] as readonly JsonValue[]) : [];
    if (inputs.length === 0 || inputs.length > BATCH_MAX) return invalid(c, `inputs must hold 1 to ${BATCH_MAX} ids`);
    const asked = isJsonObject(body) && Array.isArray(body['properties']) ? body['properties'].map(String) : [];
    const ids = inputs.map((input) => (isJsonObject(input) ? String(input['id']) : ''));
    const found = ids.filter((id) => rows.at(hubspotIndexOf(id))?.isRemoved === false);
    const results = recordsOf({ object, rows }, found.map(hubspotIndexOf), asked);
    context.counts.recordsServed += results.length;
    const missing = ids.filter((id) => !found.includes(id));
    const errors = { numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: missing } }] };
    const status = missing.length === 0 ? 200 : 207;
    return jsonAnswer(c, status, { status: 'COMPLETE', results, ...(missing.length === 0 ? {} : errors) });
  };

/** The inputs of a batch, or what is wrong with them. */
async function inputsOf(c: RequestContext): Promise<readonly JsonObject[] | string> {
  const body = await bodyOf(c);
  const inputs = isJsonObject(body) && Array.isArray(body['inputs']) ? body['inputs'].filter(isJsonObject) : [];
  return inputs.length === 0 || inputs.length > BATCH_MAX ? `inputs must hold 1 to ${BATCH_MAX} records` : inputs;
}

/** All or nothing, unless each record can be told by its trace id: then those that can be made are. */
const createBatch =
  (context: SandboxContext): Handler =>
  async (c, target) => {
    const inputs = await inputsOf(c);
    if (typeof inputs === 'string') return invalid(c, inputs);
    const checks = inputs.map((input) => checkWrite(target.object, propertiesOf(input)));
    const refusal = checks.find((check) => check.kind !== 'accepted');
    const isTraced = inputs.every(({ objectWriteTraceId }) => typeof objectWriteTraceId === 'string');
    if (refusal !== undefined && !isTraced) return refusedProperty(c, refusal);
    const results: JsonObject[] = [];
    const errors: JsonObject[] = [];
    for (const [index, input] of inputs.entries()) {
      const check = checks[index];
      const traceId = input['objectWriteTraceId'];
      const made = check?.kind === 'accepted' ? makeRecord(context, c, target, check.values, input) : wordsOf(check);
      if (typeof made === 'object') results.push(isTraced ? { ...made, objectWriteTraceId: traceId } : made);
      else errors.push(batchError(made, { objectWriteTraceId: [traceId ?? ''] }));
    }
    if (errors.length === 0) return jsonAnswer(c, 201, batchAnswer(context, results));
    return jsonAnswer(c, 207, { ...batchAnswer(context, results), numErrors: errors.length, errors });
  };

/** The record, or what is wrong with its associations; then it is not made. */
function makeRecord(
  context: SandboxContext,
  c: RequestContext,
  { object, rows }: Target,
  values: JsonObject,
  input: JsonValue,
): JsonObject | string {
  const row = rows.create(context.clock.nowMs(), asHubspotValues(values));
  const associations = (isJsonObject(input) ? input['associations'] : undefined) ?? [];
  const wrong = associate(c.get('account'), object.typeId, hubspotIdOf(row.index), associations);
  if (wrong === null) return hubspotRecord(object, row, [...object.fields.values()]);
  rows.remove(row.index, context.clock.nowMs());
  return wrong;
}

function batchError(message: string, context: JsonObject): JsonObject {
  return { status: 'error', category: 'VALIDATION_ERROR', message, context };
}

const modifyBatch =
  (context: SandboxContext): Handler =>
  async (c, { object, rows }) => {
    const inputs = await inputsOf(c);
    if (typeof inputs === 'string') return invalid(c, inputs);
    const results: JsonObject[] = [];
    const missing: string[] = [];
    if (inputs.some(isNoChange)) return invalid(c, NO_PROPERTIES);
    for (const input of inputs) {
      const write = checkWrite(object, propertiesOf(input));
      if (write.kind !== 'accepted') return refusedProperty(c, write);
      const id = String(input['id']);
      const row = rows.modify(hubspotIndexOf(id), context.clock.nowMs(), asHubspotValues(write.values));
      if (row === null) missing.push(id);
      else results.push(hubspotRecord(object, row, [...object.fields.values()]));
    }
    if (missing.length === 0) return jsonAnswer(c, 200, batchAnswer(context, results));
    const errors = [{ status: 'error', category: 'OBJECT_NOT_FOUND', message: 'Not found', context: { ids: missing } }];
    return jsonAnswer(c, 207, { ...batchAnswer(context, results), numErrors: errors.length, errors });
  };

const removeBatch =
  (context: SandboxContext): Handler =>
  async (c, { rows }) => {
    const inputs = await inputsOf(c);
    if (typeof inputs === 'string') return invalid(c, inputs);
    for (const input of inputs) rows.remove(hubspotIndexOf(String(input['id'])), context.clock.nowMs());
    return c.body(null, 204);
  };

function batchAnswer(context: SandboxContext, results: readonly JsonObject[]): JsonObject {
  const at = toRfc3339(context.clock.nowMs());
  return { status: 'COMPLETE', results, startedAt: at, completedAt: at };
}

const create =
  (context: SandboxContext): Handler =>
  async (c, target) => {
    const body = await bodyOf(c);
    const write = checkWrite(target.object, propertiesOf(body));
    if (write.kind !== 'accepted') return refusedProperty(c, write);
    const made = makeRecord(context, c, target, write.values, body);
    return typeof made === 'string' ? invalid(c, made) : jsonAnswer(c, 201, made);
  };

const modify =
  (context: SandboxContext): Handler =>
  async (c, { object, rows }) => {
    const body = await bodyOf(c);
    if (isNoChange(body)) return invalid(c, NO_PROPERTIES);
    const write = checkWrite(object, propertiesOf(body));
    if (write.kind !== 'accepted') return refusedProperty(c, write);
    const index = hubspotIndexOf(c.req.param('id') ?? '');
    const row = rows.modify(index, context.clock.nowMs(), asHubspotValues(write.values));
    if (row === null) return noSuchRecord(c);
    return jsonAnswer(c, 200, hubspotRecord(object, row, [...object.fields.values()]));
  };

/** Removing a record that is not there is a success too, as at the vendor. */
const remove =
  (context: SandboxContext): Handler =>
  (c, { rows }) => {
    rows.remove(hubspotIndexOf(c.req.param('id') ?? ''), context.clock.nowMs());
    return c.body(null, 204);
  };

function recordsOf(target: Target, indexes: readonly number[], asked: readonly string[]): JsonObject[] {
  const specs = specsOf(target.object, asked);
  const records: JsonObject[] = [];
  for (const index of indexes) {
    const row = target.rows.at(index);
    if (row !== null) records.push(hubspotRecord(target.object, row, specs));
  }
  return records;
}

function hubspotRecord(object: HubspotObject, row: RecordRow, specs: readonly FieldSpec[]): JsonObject {
  const id = hubspotIdOf(row.index);
  const createdAt = toRfc3339(row.createdMs);
  const updatedAt = toRfc3339(row.modifiedMs);
  const properties: Record<string, JsonValue> = { createdate: createdAt, hs_object_id: id };
  properties[object.modifiedProperty] = updatedAt;
  for (const spec of specs) if (!spec.isReadOnly) properties[spec.name] = fieldValue(spec, row);
  const record = { id, properties, createdAt, updatedAt, archived: row.isRemoved };
  return row.isRemoved ? { ...record, archivedAt: updatedAt } : record;
}

/** Unknown names are passed over, as the vendor does. The system properties are in every record anyway. */
function specsOf(object: HubspotObject, asked: readonly string[]): readonly FieldSpec[] {
  const names = asked.length === 0 ? object.defaultProperties : asked;
  return names.flatMap((name) => object.fields.get(name.toLowerCase()) ?? []);
}

/** `properties=a,b` and `properties=a&properties=b` mean the same. */
function askedProperties(c: RequestContext): readonly string[] {
  return (c.req.queries('properties') ?? []).flatMap((names) => names.split(',')).filter((name) => name !== '');
}

async function bodyOf(c: RequestContext): Promise<JsonValue> {
  return parseJson(await c.req.text(), 'the body');
}

function propertiesOf(body: JsonValue): JsonObject {
  const properties = isJsonObject(body) ? body['properties'] : undefined;
  return isJsonObject(properties) ? properties : {};
}

/** The vendor's words. */
const NO_PROPERTIES = 'No properties found to update, please provide at least one.';

function isNoChange(body: JsonValue): boolean {
  return Object.keys(propertiesOf(body)).length === 0;
}

/** Every property is text; an empty text clears it. */
function asHubspotValues(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null || value === '' ? null : String(value)]),
  );
}

type Refusal = Exclude<ReturnType<typeof checkWrite>, { readonly kind: 'accepted' }>;

function refusedProperty(c: RequestContext, write: Refusal): Response {
  return invalid(c, wordsOf(write));
}

function wordsOf(write: Refusal | undefined): string {
  if (write === undefined) return 'Property values were not valid';
  const error = write.kind === 'unknownField' ? 'PROPERTY_DOESNT_EXIST' : 'READ_ONLY_VALUE';
  const message = write.kind === 'unknownField' ? 'does not exist' : 'is read only';
  const details = [{ isValid: false, message: `Property "${write.name}" ${message}`, error, name: write.name }];
  return `Property values were not valid: ${JSON.stringify(details)}`;
}

function invalid(c: RequestContext, message: string): Response {
  return hubspotError(c, 400, 'VALIDATION_ERROR', message);
}

function unknownObject(c: RequestContext): Response {
  return invalid(c, 'Unable to infer object type from the path');
}

function noSuchRecord(c: RequestContext): Response {
  return hubspotError(c, 404, 'OBJECT_NOT_FOUND', 'Object not found. objectId are usually numeric.');
}
