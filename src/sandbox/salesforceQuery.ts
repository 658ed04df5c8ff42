// SOQL over one org's rows: from a parsed query to a fixed selection, and from a selection to pages with locators.
// Called by the Salesforce routes. Invariant: a cursor's rows are chosen when the query runs, and an org keeps at
// most SANDBOX_LOCATORS_PER_ORG_MAX of them, dropping the oldest.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm

import { randomToken } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { SANDBOX_LOCATORS_PER_ORG_MAX } from '../core/limits.ts';
import type { Account, Cursor } from './context.ts';
import { comparableNumber, compareValues, type FieldSpec, fieldValue, isMatch } from './fields.ts';
import type { RecordRow } from './records.ts';
import { type SalesforceObject, salesforceIndexOf } from './salesforceObjects.ts';
import { EVERY_ROW, filtered, narrowed, type RowOrder, type RowQuery, select } from './selection.ts';
import { type Condition, type Literal, parseSoql, type SoqlQuery } from './soql.ts';

const QUERY_PATH = '/services/data/v60.0/query';
const PAGE_MAX = 2000;
const PAGE_MIN = 200;

export type Objects = ReadonlyMap<string, SalesforceObject>;

export type QueryAnswer =
  | { readonly kind: 'page'; readonly body: JsonObject; readonly records: number }
  | { readonly kind: 'refused'; readonly errorCode: string; readonly message: string };

/** Why a query cannot run; never leaves this file. */
class RefusedQuery extends Error {
  readonly errorCode: string;
  constructor(errorCode: string, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

/** The batch size of a `Sforce-Query-Options` header, within the vendor's bounds. */
export function batchSizeOf(header: string | undefined): number {
  const asked = /batchSize\s*=\s*(\d+)/i.exec(header ?? '')?.[1];
  return asked === undefined ? PAGE_MAX : Math.min(PAGE_MAX, Math.max(PAGE_MIN, Number(asked)));
}

/** The first page of a query. `isAll` is `queryAll`, which shows removed rows too. */
export function runQuery(
  account: Account,
  objects: Objects,
  soql: string,
  pageSize: number,
  isAll: boolean,
): QueryAnswer {
  const parse = parseSoql(soql);
  if (parse.kind === 'malformed') return { kind: 'refused', errorCode: 'MALFORMED_QUERY', message: parse.message };
  try {
    return firstPage(account, objects, parse.query, pageSize, isAll);
  } catch (thrown) {
    if (!(thrown instanceof RefusedQuery)) throw thrown;
    return { kind: 'refused', errorCode: thrown.errorCode, message: thrown.message };
  }
}

/** A later page, by the last part of `nextRecordsUrl`: `<locator>-<offset>`. */
export function nextPage(account: Account, objects: Objects, name: string, pageSize: number): QueryAnswer {
  const dash = name.lastIndexOf('-');
  const locator = name.slice(0, dash);
  const offset = Number(name.slice(dash + 1));
  const cursor = account.cursors.get(locator);
  if (cursor === undefined || !Number.isSafeInteger(offset) || offset < 0) {
    return { kind: 'refused', errorCode: 'INVALID_QUERY_LOCATOR', message: 'invalid query locator' };
  }
  return pageOf(account, objects, cursor, locator, offset, pageSize);
}

function firstPage(account: Account, objects: Objects, soql: SoqlQuery, pageSize: number, isAll: boolean): QueryAnswer {
  const object = objects.get(soql.object.toLowerCase());
  const rows = object === undefined ? null : account.rows(object.name);
  if (object === undefined || rows === null) {
    throw new RefusedQuery('INVALID_TYPE', `sObject type '${soql.object}' is not supported.`);
  }
  const specs = fieldsOf(object, soql.fields);
  const selection = select(rows, queryOf(object, soql, isAll));
  if (selection === null) {
    throw new RefusedQuery('QUERY_TOO_COMPLICATED', 'The query sorts too many rows by a field without an index');
  }
  const total = Math.min(selection.total, soql.limit ?? selection.total);
  if (soql.fields === 'count') {
    return { kind: 'page', records: 0, body: { totalSize: total, done: true, records: [] } };
  }
  const fieldNames = specs.map((spec) => spec.name);
  const cursor = { objectName: object.name, fieldNames, selection, total };
  if (total <= pageSize) return pageOf(account, objects, cursor, '', 0, pageSize);
  const locator = `01g5g0${randomToken(9).replaceAll('-', 'x')}`;
  if (account.cursors.size >= SANDBOX_LOCATORS_PER_ORG_MAX) {
    const oldest = account.cursors.keys().next();
    if (!oldest.done) account.cursors.delete(oldest.value);
  }
  account.cursors.set(locator, cursor);
  return pageOf(account, objects, cursor, locator, 0, pageSize);
}

function pageOf(
  account: Account,
  objects: Objects,
  cursor: Cursor,
  locator: string,
  offset: number,
  pageSize: number,
): QueryAnswer {
  const object = objects.get(cursor.objectName.toLowerCase());
  const rows = account.rows(cursor.objectName);
  const records: JsonObject[] = [];
  const specs = object === undefined ? [] : fieldsOf(object, cursor.fieldNames);
  for (const index of cursor.selection.indexes(offset, Math.min(pageSize, cursor.total - offset))) {
    const row = rows?.at(index) ?? null;
    if (object !== undefined && row !== null) records.push(salesforceRecord(object, row, specs));
  }
  const next = offset + pageSize;
  const page = { totalSize: cursor.total, done: next >= cursor.total };
  const body = page.done
    ? { ...page, records }
    : { ...page, nextRecordsUrl: `${QUERY_PATH}/${locator}-${next}`, records };
  return { kind: 'page', body, records: records.length };
}

/** One record as every answer shows it. */
export function salesforceRecord(object: SalesforceObject, row: RecordRow, specs: Iterable<FieldSpec>): JsonObject {
  const record: Record<string, JsonValue> = { attributes: null };
  let id = '';
  for (const spec of specs) {
    const value = fieldValue(spec, row);
    if (spec.type === 'id') id = String(value);
    record[spec.name] = value;
  }
  const url = `/services/data/v60.0/sobjects/${object.name}/${id}`;
  record['attributes'] = id === '' ? { type: object.name } : { type: object.name, url };
  return record;
}

function fieldsOf(object: SalesforceObject, fields: SoqlQuery['fields']): readonly FieldSpec[] {
  if (fields === 'count') return [];
  return fields === 'all' ? [...object.fields.values()] : fields.map((name) => fieldOf(object, name));
}

function fieldOf(object: SalesforceObject, name: string): FieldSpec {
  const spec = object.fields.get(name.toLowerCase());
  if (spec === undefined)
    throw new RefusedQuery('INVALID_FIELD', `No such column '${name}' on entity '${object.name}'`);
  return spec;
}

function queryOf(object: SalesforceObject, soql: SoqlQuery, isAll: boolean): RowQuery {
  const start: RowQuery = { ...EVERY_ROW, rows: isAll ? 'all' : 'live', order: orderOf(object, soql.order) };
  return soql.conditions.reduce((query, condition) => withCondition(object, query, condition), start);
}

function withCondition(object: SalesforceObject, query: RowQuery, condition: Condition): RowQuery {
  const spec = fieldOf(object, condition.field);
  const values = condition.literals.map((literal) => literalValue(spec, literal));
  const { comparison } = condition;
  if (spec.type === 'id' && (comparison === 'IN' || comparison === 'EQ')) {
    const indexes = values.map((id) => salesforceIndexOf(object.keyPrefix, String(id))).filter(Number.isSafeInteger);
    return { ...query, indexes: [...new Set(indexes)].sort((a, b) => a - b) };
  }
  if (comparison === 'IN') {
    return filtered(query, (row) => values.some((value) => isMatch(spec, fieldValue(spec, row), 'EQ', value)));
  }
  const [value = null] = values;
  if (comparison !== 'NEQ' && spec.type === 'id') {
    const index = salesforceIndexOf(object.keyPrefix, String(value));
    if (Number.isNaN(index))
      throw new RefusedQuery('INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${String(value)}`);
    return narrowed(query, 'index', comparison, index);
  }
  const isModified = spec.name === 'SystemModstamp' || spec.name === 'LastModifiedDate';
  if (comparison !== 'NEQ' && isModified && value !== null) {
    return narrowed(query, 'modified', comparison, comparableNumber(value));
  }
  return filtered(query, (row) => isMatch(spec, fieldValue(spec, row), comparison, value));
}

/** The value of a literal, if it is of the field's kind. */
function literalValue(spec: FieldSpec, literal: Literal): JsonValue {
  const kinds: Readonly<Partial<Record<FieldSpec['type'], Literal['kind']>>> = {
    number: 'number',
    boolean: 'boolean',
    datetime: 'datetime',
    date: 'datetime',
  };
  const kind = kinds[spec.type] ?? 'text';
  if (literal.kind === 'null') return null;
  if (literal.kind !== kind) {
    const quotes = kind === 'text' ? 'should be enclosed in quotes' : 'should not be enclosed in quotes';
    const message = `value of filter criterion for field '${spec.name}' must be of type ${spec.type} and ${quotes}`;
    throw new RefusedQuery('INVALID_FIELD', message);
  }
  if (literal.kind === 'number') return literal.number;
  return literal.kind === 'boolean' ? literal.isTrue : literal.text;
}

function orderOf(object: SalesforceObject, order: SoqlQuery['order']): RowOrder {
  if (order === null) return EVERY_ROW.order;
  const spec = fieldOf(object, order.field);
  const { isDescending } = order;
  if (spec.type === 'id' || spec.name === 'CreatedDate') return { by: 'index', isDescending };
  if (spec.name === 'SystemModstamp' || spec.name === 'LastModifiedDate') return { by: 'modified', isDescending };
  const sign = isDescending ? -1 : 1;
  return { by: 'value', compare: (a, b) => sign * compareValues(spec, fieldValue(spec, a), fieldValue(spec, b)) };
}
