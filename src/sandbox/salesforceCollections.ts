// Salesforce's collections: up to 200 records written, read or removed in one call, each with a result of its own.
// Called by `salesforce.ts` and, for single records, by `salesforceBulk.ts`. Invariant: with `allOrNone` nothing is
// written unless everything can be.
// Source: "Use sObject Collections" in https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import type { Ms } from '../core/time.ts';
import { jsonAnswer, salesforceError } from './answers.ts';
import type { Account, RequestContext, SandboxApp, SandboxContext } from './context.ts';
import { withCustomFields } from './customFields.ts';
import { checkWrite } from './fields.ts';
import { type SalesforceObject, salesforceIdOf, salesforceIndexOf } from './salesforceObjects.ts';
import { type Objects, salesforceRecord } from './salesforceQuery.ts';

const RECORDS_MAX = 200;

/** A write that can be done, or the result that says why not. */
type Planned = { readonly perform: () => JsonObject } | { readonly refused: JsonObject };

export function mountSalesforceCollections(
  app: SandboxApp,
  path: string,
  context: SandboxContext,
  objects: Objects,
): void {
  const nowMs = () => context.clock.nowMs();
  app.post(path, (c) => writeAll(c, (org, record) => planCreate(org, objects, record, nowMs())));
  app.patch(path, (c) => writeAll(c, (org, record) => planModify(org, objects, record, nowMs())));
  app.delete(path, (c) => {
    const ids = (c.req.query('ids') ?? '').split(',').filter((id) => id !== '');
    const plan = ids.map((id) => planRemove(c.get('account'), objects, id, nowMs()));
    return answer(c, plan, c.req.query('allOrNone') === 'true');
  });
  app.post(`${path}/:name`, (c) => readAll(context, c, objects));
}

/** A record that is to be made, checked as a single one would be. */
export function planCreate(org: Account, objects: Objects, record: JsonObject, nowMs: Ms): Planned {
  const { object, values } = typed(objects, record);
  const rows = object === undefined ? null : org.rows(object.name);
  if (object === undefined || rows === null) return refused('INVALID_TYPE', 'sObject type is not supported.');
  const check = checkWrite(object, values);
  if (check.kind !== 'accepted') return refused('INVALID_FIELD', `No such column '${check.name}'`, [check.name]);
  const missing = object.requiredFields.filter((name) => (check.values[name] ?? '') === '');
  if (missing.length > 0) {
    return refused('REQUIRED_FIELD_MISSING', `Required fields are missing: [${missing.join(', ')}]`, missing);
  }
  return { perform: () => done(salesforceIdOf(object.keyPrefix, rows.create(nowMs, check.values).index)) };
}

function planModify(org: Account, objects: Objects, record: JsonObject, nowMs: Ms): Planned {
  const { object, values } = typed(objects, record);
  const rows = object === undefined ? null : org.rows(object.name);
  if (object === undefined || rows === null) return refused('INVALID_TYPE', 'sObject type is not supported.');
  const { id, ...fields } = values;
  const check = checkWrite(object, fields);
  if (check.kind !== 'accepted') return refused('INVALID_FIELD', `No such column '${check.name}'`, [check.name]);
  const index = salesforceIndexOf(object.keyPrefix, String(id));
  if (rows.at(index)?.isRemoved !== false) return refused('ENTITY_IS_DELETED', 'entity is deleted');
  return {
    perform: () => {
      rows.modify(index, nowMs, check.values);
      return done(String(id));
    },
  };
}

function planRemove(org: Account, objects: Objects, id: string, nowMs: Ms): Planned {
  const object = [...objects.values()].find(({ keyPrefix }) => id.startsWith(keyPrefix));
  const rows = object === undefined ? null : org.rows(object.name);
  const index = object === undefined ? Number.NaN : salesforceIndexOf(object.keyPrefix, id);
  if (rows?.at(index)?.isRemoved !== false) return refused('ENTITY_IS_DELETED', 'entity is deleted');
  return {
    perform: () => {
      rows.remove(index, nowMs);
      return done(id);
    },
  };
}

function typed(
  objects: Objects,
  record: JsonObject,
): { readonly object: SalesforceObject | undefined; values: JsonObject } {
  const { attributes, ...values } = record;
  const type = isJsonObject(attributes) ? String(attributes['type']) : '';
  return { object: objects.get(type.toLowerCase()), values };
}

async function writeAll(c: RequestContext, plan: (org: Account, record: JsonObject) => Planned): Promise<Response> {
  const body = parseJson(await c.req.text(), 'the body');
  const records = isJsonObject(body) && Array.isArray(body['records']) ? body['records'].filter(isJsonObject) : [];
  const isAllOrNone = isJsonObject(body) && body['allOrNone'] === true;
  return answer(
    c,
    records.map((record) => plan(c.get('account'), record)),
    isAllOrNone,
  );
}

function answer(c: RequestContext, plan: readonly Planned[], isAllOrNone: boolean): Response {
  if (plan.length === 0 || plan.length > RECORDS_MAX) {
    return salesforceError(c, 400, 'EXCEEDED_ID_LIMIT', `record limit reached. cannot submit more than ${RECORDS_MAX}`);
  }
  const isHalted = isAllOrNone && plan.some((planned) => 'refused' in planned);
  const results = plan.map((planned): JsonObject => {
    if ('refused' in planned) return planned.refused;
    return isHalted ? failure('ALL_OR_NONE_OPERATION_ROLLED_BACK', 'Record rolled back') : planned.perform();
  });
  return jsonAnswer(c, 200, results);
}

async function readAll(context: SandboxContext, c: RequestContext, objects: Objects): Promise<Response> {
  const found = objects.get((c.req.param('name') ?? '').toLowerCase());
  const account = c.get('account');
  const rows = found === undefined ? null : account.rows(found.name);
  const body = parseJson(await c.req.text(), 'the body');
  if (found === undefined || rows === null) return salesforceError(c, 404, 'NOT_FOUND', 'no such object');
  const list = (name: string): readonly JsonValue[] => {
    const value = isJsonObject(body) ? body[name] : undefined;
    return Array.isArray(value) ? value : [];
  };
  const object = withCustomFields(found, account.customFields);
  const specs = list('fields').flatMap((name) => object.fields.get(String(name).toLowerCase()) ?? []);
  const records = list('ids').map((id): JsonValue => {
    const row = rows.at(salesforceIndexOf(object.keyPrefix, String(id)));
    return row === null || row.isRemoved ? null : salesforceRecord(object, row, specs);
  });
  context.counts.recordsServed += records.length;
  return jsonAnswer(c, 200, records);
}

function done(id: string): JsonObject {
  return { id, success: true, errors: [] };
}

function failure(statusCode: string, message: string, fields: readonly string[] = []): JsonObject {
  return { success: false, errors: [{ statusCode, message, fields }] };
}

function refused(statusCode: string, message: string, fields: readonly string[] = []): Planned {
  return { refused: failure(statusCode, message, fields) };
}
