// Creates and changes custom fields of Salesforce, ten at a time, all of the ten or none. A field that is not required
// is seen by nobody until a permission set grants it: one of ours does, and is assigned to the user that Tenon is.
// Every step is safe to be made again.

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt, jsonOrNull } from '../../core/json.ts';
import { childrenOf, textOf, type XmlElement } from '../../core/xml.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { jsonBody, type ProviderCall } from '../contract.ts';
import { FieldOutcomes, type FieldWish, type FieldWriter, valuesLost } from '../fieldWriter.ts';
import { checkCustomField, customFieldOf, fullNameOf, isAsSent, isRequired, valuesOf } from './customField.ts';
import { salesforceFailure } from './errors.ts';
import { COMPONENTS_PER_CALL, MetadataApi, type Sent } from './metadataApi.ts';

const API = '/services/data/v60.0';
const PERMISSION_SET = 'IntegrationCustomFieldVisibility';
const PERMISSION_SET_LABEL = 'Custom Field Visibility for Integration';

export function createSalesforceFieldWriter(nowMs: () => number): FieldWriter {
  return {
    check: checkCustomField,
    async upsert(wishes, call) {
      const outcomes = new FieldOutcomes(wishes.length);
      const api = new MetadataApi(call, nowMs);
      const all = wishes.map((_, index) => index);
      try {
        const existing = await existingFields(api, wishes);
        const changing = all.filter((index) => !isAlready(outcomes, index, wishes[index], existing));
        for (const indexes of inBatches(changing)) {
          if (!(await upsertBatch(api, wishes, indexes, existing, outcomes))) break;
        }
      } catch (error) {
        outcomes.fail(all, error);
      }
      await showFields(new Permissions(api, call, nowMs), wishes, outcomes);
      return outcomes.done();
    },
  };
}

type Existing = ReadonlyMap<string, XmlElement>;

/** Names are the same in any case. */
function keyOf(fullName: string): string {
  return fullName.toLowerCase();
}

function inBatches<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / COMPONENTS_PER_CALL);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * COMPONENTS_PER_CALL, (at + 1) * COMPONENTS_PER_CALL),
  );
}

async function existingFields(api: MetadataApi, wishes: readonly FieldWish[]): Promise<Existing> {
  const fields = new Map<string, XmlElement>();
  for (const names of inBatches(wishes.map(fullNameOf))) {
    for (const field of await api.read('CustomField', names)) fields.set(keyOf(textOf(field, 'fullName')), field);
  }
  return fields;
}

function isAlready(outcomes: FieldOutcomes, index: number, wish: FieldWish | undefined, existing: Existing): boolean {
  if (wish === undefined) return true;
  const field = existing.get(keyOf(fullNameOf(wish)));
  const [, ...sent] = customFieldOf(wish);
  if (field === undefined || !isAsSent(sent, field)) return false;
  outcomes.set(index, 'none', { metadata: metadataOf(customFieldOf(wish)) });
  return true;
}

/** False where it was refused: then nothing of the batch was done. */
async function upsertBatch(
  api: MetadataApi,
  wishes: readonly FieldWish[],
  indexes: readonly number[],
  existing: Existing,
  outcomes: FieldOutcomes,
): Promise<boolean> {
  const own = indexes.flatMap((index) => wishes[index] ?? []);
  const results = await api.upsert(own.map((wish) => ({ type: 'CustomField', elements: customFieldOf(wish) })));
  const byName = new Map(results.map((result) => [keyOf(result.fullName), result]));
  const isRefused = results.some(({ failure }) => failure !== null);
  for (const [at, index] of indexes.entries()) {
    const wish = own[at];
    const result = wish === undefined ? undefined : byName.get(keyOf(fullNameOf(wish)));
    if (wish === undefined || result === undefined || isRefused) {
      outcomes.fail([index], result?.failure ?? new IntegrationError('bad_request', 'not made: another was refused'));
      continue;
    }
    const elements = customFieldOf(wish);
    const lost = valuesLost(
      valuesOf(existing.get(keyOf(fullNameOf(wish)))),
      wish.definition.stringOptions?.values ?? [],
    );
    const metadata = metadataOf(elements);
    outcomes.set(index, result.isCreated ? 'create' : 'update', { metadata, warnings: lost });
  }
  return !isRefused;
}

/** What was sent, as JSON; the org answers names only. */
function metadataOf(elements: readonly Sent[]): JsonObject {
  const metadata: Record<string, JsonValue> = {};
  for (const [name, content] of elements) {
    const value = typeof content === 'string' ? content : metadataOf(content);
    const before = metadata[name];
    if (name === 'value') metadata[name] = [...(Array.isArray(before) ? before : []), value];
    else metadata[name] = value;
  }
  return metadata;
}

/** Grants the fields that there are now. A failure is one of each of them: what nobody sees is of no use. */
async function showFields(
  permissions: Permissions,
  wishes: readonly FieldWish[],
  outcomes: FieldOutcomes,
): Promise<void> {
  const hidden = wishes.flatMap((wish, index) => {
    const outcome = outcomes.get(index);
    return outcome?.failure === null && !isRequired(wish.definition) ? [{ index, name: fullNameOf(wish) }] : [];
  });
  if (hidden.length === 0) return;
  try {
    await permissions.grant(hidden.map(({ name }) => name));
  } catch (error) {
    if (!(error instanceof IntegrationError) || error.code === 'invariant') throw error;
    const { code, publicDetail, retryAtMs } = error;
    const said = `the field is there, but the permission set ${PERMISSION_SET} does not show it yet: ${publicDetail}`;
    const failure = new IntegrationError(code, said, retryAtMs === undefined ? {} : { retryAtMs });
    for (const { index } of hidden) {
      const { action = 'none', ...outcome } = outcomes.get(index) ?? {};
      outcomes.set(index, action, { ...outcome, failure });
    }
  }
}

class Permissions {
  readonly #api: MetadataApi;
  readonly #call: ProviderCall;
  readonly #nowMs: () => number;

  constructor(api: MetadataApi, call: ProviderCall, nowMs: () => number) {
    this.#api = api;
    this.#call = call;
    this.#nowMs = nowMs;
  }

  async grant(fields: readonly string[]): Promise<void> {
    const [set] = await this.#api.read('PermissionSet', [PERMISSION_SET]);
    const granted = childrenOf(set, 'fieldPermissions').map((one) => ({
      field: textOf(one, 'field'),
      isReadable: textOf(one, 'readable') === 'true',
      isEditable: textOf(one, 'editable') === 'true',
    }));
    const keys = new Set(fields.map(keyOf));
    const full = new Set(granted.filter((one) => one.isReadable && one.isEditable).map(({ field }) => keyOf(field)));
    if (fields.some((field) => !full.has(keyOf(field)))) {
      const kept = granted.filter(({ field }) => !keys.has(keyOf(field)));
      const added = fields.map((field) => ({ field, isReadable: true, isEditable: true }));
      await this.#save([...kept, ...added]);
    }
    await this.#assign();
  }

  async #save(permissions: readonly { field: string; isReadable: boolean; isEditable: boolean }[]): Promise<void> {
    const elements: readonly Sent[] = [
      ['fullName', PERMISSION_SET],
      ['label', PERMISSION_SET_LABEL],
      ...permissions.map(
        ({ field, isReadable, isEditable }): Sent => [
          'fieldPermissions',
          [
            ['field', field],
            ['readable', String(isReadable)],
            ['editable', String(isEditable)],
          ],
        ],
      ),
    ];
    for (const { failure } of await this.#api.upsert([{ type: 'PermissionSet', elements }])) {
      if (failure !== null) throw failure;
    }
  }

  async #assign(): Promise<void> {
    const soql = `SELECT Id,Name FROM PermissionSet WHERE Name='${PERMISSION_SET}'`;
    const found = this.#ok(await this.#call({ method: 'GET', path: `${API}/query?q=${encodeURIComponent(soql)}` }));
    const user = this.#ok(await this.#call({ method: 'GET', path: '/services/oauth2/userinfo' }));
    const PermissionSetId = jsonAt(found, 'records.0.Id');
    const AssigneeId = jsonAt(user, 'user_id');
    if (typeof PermissionSetId !== 'string' || typeof AssigneeId !== 'string') {
      throw new IntegrationError(
        'provider_malformed',
        'Salesforce answered without the ids of its user and permission set',
      );
    }
    const path = `${API}/sobjects/PermissionSetAssignment`;
    const made = await this.#call({ method: 'POST', path, body: { AssigneeId, PermissionSetId } });
    if (!isAssignedAlready(made)) this.#ok(made);
  }

  #ok(response: BufferedResponse): JsonValue {
    if (response.status >= 300) throw salesforceFailure(response, 'PermissionSet', this.#nowMs());
    return jsonBody(response, 'Salesforce');
  }
}

function isAssignedAlready({ status, body }: BufferedResponse): boolean {
  if (status !== 400) return false;
  const errors = jsonOrNull(body.toString());
  return Array.isArray(errors) && errors.some((one) => isJsonObject(one) && one['errorCode'] === 'DUPLICATE_VALUE');
}
