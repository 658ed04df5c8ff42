// Builds SOQL. Names are checked, values quoted: nothing that a manifest, a config or a customer wrote can change
// the shape of a query.
// Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm

import { IntegrationError } from '../../core/errors.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import type { EqualityFilter, ReadParams } from '../contract.ts';

/** API names, with dots for parent fields (`Owner.Name`). */
const NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/;

export function checkName(name: string, what: 'object' | 'field'): string {
  if (NAME.test(name)) return name;
  throw new IntegrationError('bad_request', `"${name.slice(0, 80)}" is not the API name of a Salesforce ${what}`);
}

/** Ids, in both their forms. */
export const SALESFORCE_ID = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;

/** The records of these ids; `Id` is always selected, and first. */
export function buildIdsQuery(objectName: string, ids: readonly string[], fields: readonly string[]): string {
  return `${selection(objectName, fields)} WHERE Id IN (${ids.map((id) => `'${id}'`).join(',')})`;
}

/** The first query of a read; `Id` is always selected, and first. */
export function buildQuery({ objectName, fields, sinceMs, untilMs, filters, rowsMax }: ReadParams): string {
  const conditions = [
    ...(sinceMs === null ? [] : [`SystemModstamp > ${dateTime(sinceMs)}`]),
    ...(untilMs === null ? [] : [`SystemModstamp <= ${dateTime(untilMs)}`]),
    ...filters.map(condition),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const limit = rowsMax === undefined ? '' : ` LIMIT ${rowsMax}`;
  return `${selection(objectName, fields)}${where}${limit}`;
}

function selection(objectName: string, fields: readonly string[]): string {
  const others = fields.filter((field) => field.toLowerCase() !== 'id').map((field) => checkName(field, 'field'));
  return `SELECT ${['Id', ...others].join(',')} FROM ${checkName(objectName, 'object')}`;
}

/** SOQL takes seconds; cutting the fraction off moves a bound earlier, so `since` never skips a record. */
function dateTime(atMs: Ms): string {
  return `${toRfc3339(atMs).slice(0, 19)}Z`;
}

function condition({ fieldName, value }: EqualityFilter): string {
  const literal = typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);
  return `${checkName(fieldName, 'field')} = ${literal}`;
}
