// Records as HubSpot answers them, wherever they are asked for: listed, searched or read by their ids.
// Source: https://developers.hubspot.com/docs/api/crm/contacts (batch/read is the same for all objects)

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import { type ProviderRequest, type ReadRow, selectFields } from '../contract.ts';

/** Vendor maximum of a batch. */
export const HUBSPOT_IDS_MAX = 100;

/** Answers 207 with those that are there, where some are not. */
export function byIdsRequest(
  objectName: string,
  recordIds: readonly string[],
  fields: readonly string[],
): ProviderRequest {
  const path = `/crm/v3/objects/${encodeURIComponent(objectName)}/batch/read`;
  return { method: 'POST', path, body: { inputs: recordIds.map((id) => ({ id })), properties: fields } };
}

/** Rejects with `provider_malformed` what is no list of records. */
export function rowsOf(fields: readonly string[], body: JsonValue): ReadRow[] {
  const results = jsonAt(body, 'results');
  if (!Array.isArray(results)) throw malformed('a list of records');
  return results.map((record: JsonValue) => {
    const id = jsonAt(record, 'id');
    if (!isJsonObject(record) || typeof id !== 'string') throw malformed('a record with an id');
    const properties = record['properties'];
    return { id, fields: selectFields(fields, isJsonObject(properties) ? properties : {}, record), raw: record };
  });
}

export function malformed(expected: string): IntegrationError {
  return new IntegrationError('provider_malformed', `HubSpot answered without ${expected}`);
}
