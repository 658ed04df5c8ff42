// HubSpot's associations of one portal: made with a record or by themselves, and read of a record. Mounted by
// `hubspot.ts` behind its authentication. Only the default types between the simulated objects exist.
// Source: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide

import { isJsonObject, type JsonObject, type JsonValue, jsonAt, parseJson } from '../core/json.ts';
import { toRfc3339 } from '../core/time.ts';
import { hubspotError, jsonAnswer } from './answers.ts';
import type { Account, RequestContext, SandboxApp, SandboxContext } from './context.ts';
import { HUBSPOT_OBJECTS, hubspotIndexOf } from './hubspotObjects.ts';

/** The vendor's ids of the unlabelled associations, from an object to another. */
const TYPES: readonly (readonly [typeId: number, from: string, to: string])[] = [
  [279, '0-1', '0-2'],
  [280, '0-2', '0-1'],
  [4, '0-1', '0-3'],
  [3, '0-3', '0-1'],
  [342, '0-2', '0-3'],
  [341, '0-3', '0-2'],
  [15, '0-1', '0-5'],
  [16, '0-5', '0-1'],
];

/** Those of one portal, each as `<from object>/<from id>/<type>/<to id>`. */
export class HubspotAssociations {
  readonly #links = new Set<string>();

  add(fromType: string, fromId: string, typeId: number, toId: string): void {
    this.#links.add(`${fromType}/${fromId}/${typeId}/${toId}`);
  }

  /** Ids of what a record is associated with, by one type. */
  of(fromType: string, fromId: string, typeId: number): readonly string[] {
    const prefix = `${fromType}/${fromId}/${typeId}/`;
    return [...this.#links].filter((link) => link.startsWith(prefix)).map((link) => link.slice(prefix.length));
  }
}

/** Associates a record that is being made; answers what is wrong, or null. */
export function associate(account: Account, fromType: string, fromId: string, associations: JsonValue): string | null {
  const links: (readonly [number, string])[] = [];
  for (const association of Array.isArray(associations) ? associations : []) {
    const toId = String(jsonAt(association, 'to.id') ?? '');
    const types = jsonAt(association, 'types');
    for (const type of Array.isArray(types) ? types : []) {
      const typeId = Number(jsonAt(type, 'associationTypeId'));
      const found = TYPES.find(([id, from]) => id === typeId && from === fromType);
      if (found === undefined) return `association type ${typeId} is not of this object`;
      if (!isRecord(account, found[2], toId)) return `no record ${toId} to associate with`;
      links.push([typeId, toId]);
    }
  }
  for (const [typeId, toId] of links) account.associations.add(fromType, fromId, typeId, toId);
  return null;
}

function isRecord(account: Account, typeId: string, id: string): boolean {
  const name = HUBSPOT_OBJECTS.get(typeId)?.name ?? '';
  return account.rows(name)?.at(hubspotIndexOf(id))?.isRemoved === false;
}

export function mountHubspotAssociations(app: SandboxApp, context: SandboxContext): void {
  app.get('/crm-object-schemas/2026-03/schemas/:object', (c) => schema(c));
  app.post('/crm/associations/2026-03/:from/:to/batch/create', (c) => createBatch(context, c));
  app.get('/crm/v4/objects/:from/:id/associations/:to', (c) => list(c));
}

function schema(c: RequestContext): Response {
  const object = HUBSPOT_OBJECTS.get(c.req.param('object') ?? '');
  if (object === undefined) return hubspotError(c, 404, 'OBJECT_NOT_FOUND', 'Unable to infer object type');
  const associations = TYPES.filter(([, from]) => from === object.typeId).map(([id, from, to]) => ({
    id: String(id),
    fromObjectTypeId: from,
    toObjectTypeId: to,
  }));
  return jsonAnswer(c, 200, { objectTypeId: object.typeId, name: object.name, associations });
}

async function createBatch(context: SandboxContext, c: RequestContext): Promise<Response> {
  const body = parseJson(await c.req.text(), 'the body');
  const inputs = jsonAt(body, 'inputs');
  const from = HUBSPOT_OBJECTS.get(c.req.param('from') ?? '')?.typeId ?? '';
  const errors: JsonObject[] = [];
  const results: JsonObject[] = [];
  for (const input of Array.isArray(inputs) ? inputs.filter(isJsonObject) : []) {
    const fromId = String(jsonAt(input, 'from.id') ?? '');
    const wrong = associate(c.get('account'), from, fromId, [input]);
    if (wrong === null) results.push({ fromObjectId: fromId, toObjectId: jsonAt(input, 'to.id') ?? null });
    else errors.push({ status: 'error', category: 'VALIDATION_ERROR', message: wrong });
  }
  const at = toRfc3339(context.clock.nowMs());
  const answer = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  if (errors.length === 0) return jsonAnswer(c, 201, answer);
  return jsonAnswer(c, 207, { ...answer, numErrors: errors.length, errors });
}

function list(c: RequestContext): Response {
  const from = HUBSPOT_OBJECTS.get(c.req.param('from') ?? '')?.typeId ?? '';
  const to = HUBSPOT_OBJECTS.get(c.req.param('to') ?? '')?.typeId ?? '';
  const found = TYPES.filter((type) => type[1] === from && type[2] === to);
  const results = found.flatMap(([typeId]) =>
    c
      .get('account')
      .associations.of(from, c.req.param('id') ?? '', typeId)
      .map((toObjectId) => ({ toObjectId, associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId, label: null }] })),
  );
  return jsonAnswer(c, 200, { results });
}
