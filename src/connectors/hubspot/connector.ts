// HubSpot CRM objects. A full read lists; a read with a time or a filter searches. The search API serves at most
// 10,000 results of one query, so this never pages by offset: it sorts by `hs_object_id` and asks for ids above the
// last one seen, which has no end.
// Source: https://developers.hubspot.com/docs/api/crm/search and /docs/api/crm/contacts

import { type JsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import { ADDRESS_CHARS_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import {
  jsonBody,
  type ProviderRequest,
  type ReadConnector,
  type ReadPage,
  type ReadParams,
  textsByName,
} from '../contract.ts';
import { hubspotField } from './describe.ts';
import { hubspotFailure } from './errors.ts';
import { createHubspotFieldWriter } from './fieldWriter.ts';
import { byIdsRequest, HUBSPOT_IDS_MAX, malformed, rowsOf } from './records.ts';
import { createHubspotWriter } from './writer.ts';

/** Vendor maxima per page. */
const LIST_LIMIT = 100;
const SEARCH_LIMIT = 200;
/** Of a group, and of ours: those of a config, two times and the position. */
const SEARCH_FILTERS_MAX = 6;

export function createHubspotConnector(nowMs: () => number): ReadConnector {
  const ok = (response: BufferedResponse): JsonValue => {
    if (response.status >= 300) throw hubspotFailure(response, nowMs());
    return jsonBody(response, 'HubSpot');
  };
  return {
    async read(params, call) {
      if (isFullRead(params)) {
        const path = listPath(params, params.fields);
        if (path.length > ADDRESS_CHARS_MAX) return widePage(params, async (request) => ok(await call(request)));
        return listPage(params, ok(await call({ method: 'GET', path })));
      }
      const path = `/crm/v3/objects/${encodeURIComponent(params.objectName)}/search`;
      return searchPage(params, ok(await call({ method: 'POST', path, body: searchBody(params) })));
    },
    async listFields(objectName, call) {
      const properties = propertiesOf(ok(await call({ method: 'GET', path: propertiesPath(objectName) })));
      return properties.flatMap(hubspotField).map(({ fieldName }) => fieldName);
    },
    async describe(objectName, call) {
      const properties = propertiesOf(ok(await call({ method: 'GET', path: propertiesPath(objectName) })));
      return { fields: properties.flatMap(hubspotField), descriptions: textsByName(properties, 'description') };
    },
    async readByIds(objectName, recordIds, fields, call) {
      const rows = rowsOf(fields, ok(await call(byIdsRequest(objectName, recordIds, fields))));
      return new Map(rows.map((row) => [row.id, row]));
    },
    recordsByIdMax: HUBSPOT_IDS_MAX,
    fieldWriter: createHubspotFieldWriter(nowMs),
    writer: createHubspotWriter(nowMs),
    async identifyAccount(call) {
      const portalId = jsonAt(ok(await call({ method: 'GET', path: '/account-info/2026-03/details' })), 'portalId');
      if (typeof portalId !== 'number' && typeof portalId !== 'string') throw malformed('a portal id');
      return String(portalId);
    },
  };
}

function propertiesPath(objectName: string): string {
  return `/crm/v3/properties/${encodeURIComponent(objectName)}`;
}

function propertiesOf(body: JsonValue): readonly JsonValue[] {
  const results = jsonAt(body, 'results');
  if (!Array.isArray(results)) throw malformed('a list of properties');
  return results;
}

function isFullRead({ sinceMs, filters }: ReadParams): boolean {
  return sinceMs === null && filters.length === 0;
}

function listPath({ objectName, cursor, rowsMax = LIST_LIMIT }: ReadParams, fields: readonly string[]): string {
  const query = new URLSearchParams({ properties: fields.join(','), limit: String(rowsMax) });
  if (cursor !== null) query.set('after', cursor);
  return `/crm/v3/objects/${encodeURIComponent(objectName)}?${query}`;
}

function listPage(params: ReadParams, body: JsonValue): ReadPage {
  const after = jsonAt(body, 'paging.next.after');
  const rows = rowsOf(params.fields, body);
  return { rows, nextCursor: typeof after === 'string' && rows.length > 0 ? after : null };
}

/** A list has its properties in the address, where all of an object may not fit: their values are read by the ids. */
async function widePage(params: ReadParams, ask: (request: ProviderRequest) => Promise<JsonValue>): Promise<ReadPage> {
  const { objectName, fields } = params;
  const listed = listPage(params, await ask({ method: 'GET', path: listPath(params, ['hs_object_id']) }));
  if (listed.rows.length === 0) return listed;
  const ids = listed.rows.map(({ id }) => id);
  const rows = rowsOf(fields, await ask(byIdsRequest(objectName, ids, fields)));
  return { ...listed, rows };
}

function searchBody({
  objectName,
  fields,
  sinceMs,
  untilMs,
  filters,
  cursor,
  rowsMax = SEARCH_LIMIT,
}: ReadParams): JsonObject {
  const modified = objectName.toLowerCase() === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
  const conditions: JsonObject[] = filters.map(({ fieldName, value }) => ({
    propertyName: fieldName,
    operator: 'EQ',
    value: String(value),
  }));
  conditions.push(...timesOf(modified, sinceMs, untilMs, filters.length + 3 > SEARCH_FILTERS_MAX));
  if (cursor !== null) conditions.push({ propertyName: 'hs_object_id', operator: 'GT', value: cursor });
  return {
    limit: String(rowsMax),
    filterGroups: [{ filters: conditions }],
    sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    properties: fields,
  };
}

/** Both in one where not all of the conditions have room; both bounds are part of the range either way. */
function timesOf(
  propertyName: string,
  sinceMs: number | null,
  untilMs: number | null,
  isTight: boolean,
): readonly JsonObject[] {
  const since = sinceMs === null ? null : { propertyName, operator: 'GTE', value: toRfc3339(sinceMs) };
  const until = untilMs === null ? null : { propertyName, operator: 'LTE', value: toRfc3339(untilMs) };
  if (!isTight || since === null || until === null) return [since, until].filter((time) => time !== null);
  return [{ propertyName, operator: 'BETWEEN', value: since.value, highValue: until.value }];
}

/** Goes on while the vendor says that there is more, or the page was full; the cursor is the id of the last record. */
function searchPage(params: ReadParams, body: JsonValue): ReadPage {
  const rows = rowsOf(params.fields, body);
  const isMore = rows.length >= SEARCH_LIMIT || jsonAt(body, 'paging.next') !== undefined;
  return { rows, nextCursor: isMore ? (rows.at(-1)?.id ?? null) : null };
}
