// Associates HubSpot records with others after they were changed. An association is given by its type, and the endpoint
// wants the two kinds of objects that it is between, which only the schema of the object says. What cannot be done is a
// warning: the records are written.
// Source: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide and /crm-schemas-v3/guide

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import { WRITE_WARNINGS_MAX } from '../../core/limits.ts';
import { jsonBody, type ProviderCall } from '../contract.ts';
import { hubspotFailure } from './errors.ts';

/** What one record is to be associated with, each `{to: {id}, types: [{associationCategory, associationTypeId}]}`. */
export interface Associating {
  readonly fromId: string;
  readonly associations: readonly JsonObject[];
}

interface Pair {
  readonly typeId: string;
  readonly category: JsonValue;
  readonly fromId: string;
  readonly toId: string;
}

/** Inputs of one call, as documented for batches. */
const INPUTS_MAX = 100;

/** Why some of it was not done, of many reasons the first; empty if all was. Never rejects for what HubSpot says. */
export async function associateAll(
  objectName: string,
  wanted: readonly Associating[],
  call: ProviderCall,
  nowMs: () => number,
): Promise<readonly string[]> {
  const pairs: Pair[] = [];
  const warnings: string[] = [];
  const warn = (words: readonly string[]) => warnings.push(...words.slice(0, WRITE_WARNINGS_MAX - warnings.length));
  for (const { fromId, associations } of wanted) {
    for (const association of associations) {
      const found = pairsOf(fromId, association);
      if (found.length === 0) warn([`an association of ${fromId} was not written: it needs a to.id, and types`]);
      pairs.push(...found);
    }
  }
  if (pairs.length === 0) return warnings;
  try {
    const kinds = await kindsOf(objectName, call, nowMs);
    const unknown = [...new Set(pairs.map(({ typeId }) => typeId))].filter((typeId) => !kinds.has(typeId));
    warn(unknown.map((typeId) => `association type ${typeId} is none of ${objectName}`));
    for (const [typeId, path] of kinds) {
      const inputs = pairs.filter((pair) => pair.typeId === typeId).map(inputOf);
      for (let from = 0; from < inputs.length; from += INPUTS_MAX) {
        const response = await call({ method: 'POST', path, body: { inputs: inputs.slice(from, from + INPUTS_MAX) } });
        if (response.status >= 300) throw hubspotFailure(response, nowMs());
        warn(warningsOf(jsonBody(response, 'HubSpot')));
      }
    }
    return warnings;
  } catch (error) {
    if (!(error instanceof IntegrationError) || error.code === 'invariant') throw error;
    const failure = `associations were not written: ${errorFacts(error).message}`;
    return [failure, ...warnings].slice(0, WRITE_WARNINGS_MAX);
  }
}

/** One for each of its types; none where it lacks a part. */
function pairsOf(fromId: string, association: JsonObject): readonly Pair[] {
  const types = association['types'];
  const toId = jsonAt(association, 'to.id');
  if (!Array.isArray(types) || (typeof toId !== 'string' && typeof toId !== 'number')) return [];
  return types.filter(isJsonObject).map((type) => ({
    typeId: String(type['associationTypeId'] ?? ''),
    category: type['associationCategory'] ?? '',
    fromId,
    toId: String(toId),
  }));
}

/** The address for each type of association that the object has. */
async function kindsOf(
  objectName: string,
  call: ProviderCall,
  nowMs: () => number,
): Promise<ReadonlyMap<string, string>> {
  const path = `/crm-object-schemas/2026-03/schemas/${encodeURIComponent(objectName)}`;
  const response = await call({ method: 'GET', path });
  if (response.status >= 300) throw hubspotFailure(response, nowMs());
  const associations = jsonAt(jsonBody(response, 'HubSpot'), 'associations');
  const known = Array.isArray(associations) ? associations.filter(isJsonObject) : [];
  return new Map(
    known.map(({ id, fromObjectTypeId, toObjectTypeId }) => {
      const ends = [fromObjectTypeId, toObjectTypeId].map((end) => encodeURIComponent(String(end)));
      return [String(id), `/crm/associations/2026-03/${ends.join('/')}/batch/create`];
    }),
  );
}

function inputOf({ typeId, category, fromId, toId }: Pair): JsonObject {
  const types = [{ associationTypeId: Number(typeId), associationCategory: category }];
  return { from: { id: fromId }, to: { id: toId }, types };
}

/** Of an answer that tells of some that failed. */
function warningsOf(body: JsonValue): readonly string[] {
  const errors = jsonAt(body, 'errors');
  if (!Array.isArray(errors)) return [];
  const first = errors.slice(0, WRITE_WARNINGS_MAX);
  return first.map((error: JsonValue) => `an association was not written: ${String(jsonAt(error, 'message') ?? '')}`);
}
