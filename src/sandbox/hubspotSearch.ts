// HubSpot's search request as a row query. Called by the HubSpot routes. Invariant: filters on the record id and the
// modification time become ranges, so that paging a million rows by `hs_object_id` seeks instead of walking.
// Source: https://developers.hubspot.com/docs/api/crm/search

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { type Comparison, comparableNumber, compareValues, type FieldSpec, fieldValue, isMatch } from './fields.ts';
import { type HubspotObject, hubspotIdOf } from './hubspotObjects.ts';
import type { RecordRow } from './records.ts';
import { EVERY_ROW, filtered, narrowed, type RowOrder, type RowQuery } from './selection.ts';

/** Documented caps of one search request. */
const HUBSPOT_SEARCH_PAGE_MAX = 200;
export const HUBSPOT_SEARCH_WINDOW = 10_000;
const FILTER_GROUPS_MAX = 5;
const FILTERS_PER_GROUP_MAX = 6;

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['EQ', 'NEQ', 'GT', 'GTE', 'LT', 'LTE']);

interface Filter {
  readonly spec: FieldSpec;
  readonly comparison: Comparison;
  readonly value: JsonValue;
}

export interface Search {
  readonly query: RowQuery;
  readonly properties: readonly string[];
  readonly limit: number;
  readonly offset: number;
}

export type SearchParse =
  | { readonly kind: 'search'; readonly search: Search }
  | { readonly kind: 'invalid'; readonly message: string };

/** Why a request cannot be answered; never leaves this file. */
class InvalidSearch extends Error {}

export function parseSearch(object: HubspotObject, body: JsonValue): SearchParse {
  try {
    if (!isJsonObject(body)) throw new InvalidSearch('Invalid input JSON: expected an object');
    const limit = numberOf(body['limit'] ?? 10, 'limit');
    const offset = numberOf(body['after'] === undefined || body['after'] === '' ? 0 : body['after'], 'after');
    if (limit > HUBSPOT_SEARCH_PAGE_MAX) throw new InvalidSearch(`limit must be at most ${HUBSPOT_SEARCH_PAGE_MAX}`);
    if (offset + limit > HUBSPOT_SEARCH_WINDOW) {
      throw new InvalidSearch(`Paging past ${HUBSPOT_SEARCH_WINDOW} results is not supported by search`);
    }
    const query = { ...queryOf(object, listOf(body['filterGroups'])), order: orderOf(object, body) };
    const properties = listOf(body['properties']).map(String);
    return { kind: 'search', search: { query, properties, limit, offset } };
  } catch (thrown) {
    if (thrown instanceof InvalidSearch) return { kind: 'invalid', message: thrown.message };
    throw thrown;
  }
}

function queryOf(object: HubspotObject, groups: readonly JsonValue[]): RowQuery {
  if (groups.length > FILTER_GROUPS_MAX) throw new InvalidSearch(`at most ${FILTER_GROUPS_MAX} filterGroups`);
  const parsed = groups.map((group) => filtersOf(object, group));
  const [only, ...others] = parsed;
  if (only === undefined) return EVERY_ROW;
  if (others.length > 0) {
    return filtered(EVERY_ROW, (row) =>
      parsed.some((filters) => filters.every((filter) => isFilterMatch(filter, row))),
    );
  }
  return only.reduce((query, filter) => withFilter(object, query, filter), EVERY_ROW);
}

function withFilter(object: HubspotObject, query: RowQuery, filter: Filter): RowQuery {
  const { comparison, spec, value } = filter;
  if (comparison !== 'NEQ' && spec.name === 'hs_object_id') {
    return narrowed(query, 'index', comparison, comparableNumber(value) - Number(hubspotIdOf(0)));
  }
  if (comparison !== 'NEQ' && spec.name === object.modifiedProperty) {
    return narrowed(query, 'modified', comparison, comparableNumber(value));
  }
  return filtered(query, (row) => isFilterMatch(filter, row));
}

function isFilterMatch({ spec, comparison, value }: Filter, row: RecordRow): boolean {
  return isMatch(spec, fieldValue(spec, row), comparison, value);
}

function filtersOf(object: HubspotObject, group: JsonValue): readonly Filter[] {
  const filters = listOf(isJsonObject(group) ? group['filters'] : undefined);
  if (filters.length > FILTERS_PER_GROUP_MAX) throw new InvalidSearch(`at most ${FILTERS_PER_GROUP_MAX} filters`);
  return filters.flatMap((filter) => {
    if (!isJsonObject(filter)) throw new InvalidSearch('a filter must be an object');
    const spec = fieldOf(object, filter['propertyName']);
    const { operator, value, highValue } = filter;
    if (operator === 'BETWEEN') return [filterOf(spec, 'GTE', value), filterOf(spec, 'LTE', highValue)];
    return [filterOf(spec, comparisonOf(operator), value)];
  });
}

function filterOf(spec: FieldSpec, comparison: Comparison, value: JsonValue = null): Filter {
  const isOrdered = spec.type === 'number' || spec.type === 'datetime';
  if (isOrdered && Number.isNaN(comparableNumber(value))) {
    throw new InvalidSearch(`${String(value)} was not a valid ${spec.type} for ${spec.name}`);
  }
  return { spec, comparison, value };
}

function orderOf(object: HubspotObject, body: JsonObject): RowOrder {
  const [sort] = listOf(body['sorts']);
  if (sort === undefined) return EVERY_ROW.order;
  if (!isJsonObject(sort)) throw new InvalidSearch('a sort must be an object');
  const spec = fieldOf(object, sort['propertyName']);
  const isDescending = sort['direction'] === 'DESCENDING';
  if (spec.name === 'hs_object_id' || spec.name === 'createdate') return { by: 'index', isDescending };
  if (spec.name === object.modifiedProperty) return { by: 'modified', isDescending };
  const sign = isDescending ? -1 : 1;
  return { by: 'value', compare: (a, b) => sign * compareValues(spec, fieldValue(spec, a), fieldValue(spec, b)) };
}

function fieldOf(object: HubspotObject, name: JsonValue | undefined): FieldSpec {
  const spec = typeof name === 'string' ? object.fields.get(name.toLowerCase()) : undefined;
  if (spec === undefined) throw new InvalidSearch(`Property ${String(name)} does not exist on ${object.name}`);
  return spec;
}

function comparisonOf(operator: JsonValue | undefined): Comparison {
  if (typeof operator !== 'string' || !COMPARISONS.has(operator)) {
    throw new InvalidSearch(`Operator ${String(operator)} is not supported`);
  }
  return operator as Comparison;
}

/** The reference client sends `limit` as text; the API takes both. */
function numberOf(value: JsonValue | undefined, name: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new InvalidSearch(`Cannot deserialize value of type \`int\` for ${name}`);
  }
  return number;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidSearch('expected an array');
  return value as readonly JsonValue[];
}
