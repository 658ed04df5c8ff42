// Creates and changes HubSpot properties: all of an object in one batch, then one by one those that exist and differ.
// Associations are no properties, and rules for values cannot be set through the API.
// Source: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt, jsonOrNull } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { jsonBody, type ProviderCall } from '../contract.ts';
import {
  contradictionsOf,
  type FieldCheck,
  type FieldDefinition,
  FieldOutcomes,
  type FieldWish,
  type FieldWriter,
  indexesBy,
  isSelect,
  uselessOptions,
  valuesLost,
} from '../fieldWriter.ts';
import { hubspotFailure } from './errors.ts';

/** Where customers find what integrations made. */
const GROUP = { name: 'integrationcreatedproperties', label: 'Integration Created Properties' };
/** Lower case, as HubSpot makes them itself; `hs_` is its own. */
const NAME = /^(?!hs_)[a-z][a-z0-9_]{0,99}$/;
const EXISTS = 'OBJECT_ALREADY_EXISTS';

const TYPES: Readonly<Record<Exclude<FieldDefinition['valueType'], 'reference'>, readonly [string, string]>> = {
  string: ['string', 'text'],
  boolean: ['bool', 'booleancheckbox'],
  date: ['date', 'date'],
  datetime: ['datetime', 'date'],
  singleSelect: ['enumeration', 'radio'],
  // The published platform makes these `select`, of which a customer could choose only one.
  multiSelect: ['enumeration', 'checkbox'],
  int: ['number', 'number'],
  float: ['number', 'number'],
};

export function createHubspotFieldWriter(nowMs: () => number): FieldWriter {
  return {
    check,
    async upsert(wishes, call) {
      const outcomes = new FieldOutcomes(wishes.length);
      for (const [objectName, indexes] of indexesBy(wishes, (wish) => wish.objectName)) {
        if (outcomes.isStopped) break;
        const run = new ObjectRun(objectName, wishes, indexes, outcomes, call, nowMs);
        await run.upsert().catch((error: unknown) => outcomes.fail(indexes, error));
      }
      return outcomes.done();
    },
  };
}

function check({ definition }: FieldWish): FieldCheck {
  const { fieldName: given, valueType, association, numericOptions = {}, stringOptions = {} } = definition;
  const fieldName = given.toLowerCase();
  const problems = [...contradictionsOf(definition)];
  const warnings = [...uselessOptions(definition)];
  if (!NAME.test(fieldName)) {
    problems.push(
      'is no name of a HubSpot property: a letter, then letters, digits and underscores, 100 at most, and not hs_…',
    );
  } else if (fieldName !== given) warnings.push(`HubSpot calls it ${fieldName}`);
  if (association !== undefined || valueType === 'reference') {
    problems.push('refers to another object: associations of HubSpot are no properties and cannot be made here');
  }
  if (definition.unique === true && !['string', 'int', 'float'].includes(valueType)) {
    problems.push(`cannot be unique as a ${valueType}`);
  }
  const { length, pattern, defaultValue } = stringOptions;
  const impossible = {
    required: definition.required === true,
    indexed: definition.indexed === true,
    'stringOptions.length': valueType === 'string' && length !== undefined,
    'stringOptions.pattern': pattern !== undefined,
    'stringOptions.defaultValue': defaultValue !== undefined && valueType !== 'int' && valueType !== 'float',
    'stringOptions.valuesRestricted: false': stringOptions.valuesRestricted === false && isSelect(definition),
    numericOptions:
      ['int', 'float'].includes(valueType) && Object.values(numericOptions).some((one) => one !== undefined),
  };
  for (const [option, isAsked] of Object.entries(impossible)) {
    if (isAsked) warnings.push(`${option} cannot be set through HubSpot's API and was left out`);
  }
  return { fieldName, problems, warnings };
}

function propertyOf(definition: FieldDefinition): JsonObject {
  const { fieldName, displayName, description, valueType, unique } = definition;
  const [type, fieldType] = TYPES[valueType as keyof typeof TYPES];
  const options = optionsOf(definition);
  return {
    name: fieldName.toLowerCase(),
    label: displayName,
    groupName: GROUP.name,
    type,
    fieldType,
    ...(description === undefined ? {} : { description }),
    formField: true,
    dataSensitivity: 'non_sensitive',
    ...(unique === true ? { hasUniqueValue: true } : {}),
    ...(options.length === 0 ? {} : { options }),
  };
}

function optionsOf(definition: FieldDefinition): readonly JsonObject[] {
  const { valueType, stringOptions } = definition;
  if (valueType === 'boolean') {
    return [
      { label: 'True', value: 'true', description: 'True', displayOrder: 0 },
      { label: 'False', value: 'false', description: 'False', displayOrder: 1 },
    ];
  }
  if (!isSelect(definition)) return [];
  const values = stringOptions?.values ?? [];
  return values.map((value, displayOrder) => ({ label: value, value, description: value, displayOrder }));
}

/** The wishes of one object. */
class ObjectRun {
  readonly #path: string;
  readonly #wishes: readonly FieldWish[];
  readonly #indexes: readonly number[];
  readonly #outcomes: FieldOutcomes;
  readonly #call: ProviderCall;
  readonly #nowMs: () => number;

  constructor(
    objectName: string,
    wishes: readonly FieldWish[],
    indexes: readonly number[],
    outcomes: FieldOutcomes,
    call: ProviderCall,
    nowMs: () => number,
  ) {
    this.#path = `/crm/v3/properties/${encodeURIComponent(objectName)}`;
    this.#wishes = wishes;
    this.#indexes = indexes;
    this.#outcomes = outcomes;
    this.#call = call;
    this.#nowMs = nowMs;
  }

  async upsert(): Promise<void> {
    await this.#ensureGroup();
    const existing = await this.#create();
    if (existing.length === 0) return;
    const properties = jsonAt(this.#ok(await this.#call({ method: 'GET', path: this.#path })), 'results');
    const known = new Map(
      (Array.isArray(properties) ? properties.filter(isJsonObject) : []).map((one) => [String(one['name']), one]),
    );
    for (const index of existing) {
      if (this.#outcomes.isStopped) return;
      const property = propertyOf(this.#definition(index));
      const before = known.get(String(property['name']));
      await this.#change(index, property, before).catch((error: unknown) => this.#outcomes.fail([index], error));
    }
  }

  async #ensureGroup(): Promise<void> {
    const found = await this.#call({ method: 'GET', path: `${this.#path}/groups/${GROUP.name}` });
    if (found.status !== 404) {
      this.#ok(found);
      return;
    }
    const made = await this.#call({ method: 'POST', path: `${this.#path}/groups`, body: GROUP });
    // Somebody else made it meanwhile.
    if (made.status !== 409) this.#ok(made);
  }

  /** Creates what does not exist; the indexes of what does. */
  async #create(): Promise<readonly number[]> {
    const inputs = this.#indexes.map((index) => propertyOf(this.#definition(index)));
    const response = await this.#call({ method: 'POST', path: `${this.#path}/batch/create`, body: { inputs } });
    const body = response.status === 409 ? jsonOrNull(response.body.toString()) : this.#ok(response);
    const created = listAt(body, 'results');
    const errors = listAt(body, 'errors');
    const existing: number[] = [];
    for (const [at, index] of this.#indexes.entries()) {
      const name = inputs[at]?.['name'];
      const metadata = created.find((one) => one['name'] === name);
      const error = errors.find((one) => jsonAt(one, 'context.name.0') === name);
      if (metadata !== undefined) this.#outcomes.set(index, 'create', { metadata });
      else if (error === undefined ? response.status === 409 : error['category'] === EXISTS) existing.push(index);
      else this.#outcomes.fail([index], refusalOf(error ?? errors[0]));
    }
    return existing;
  }

  async #change(index: number, property: JsonObject, before: JsonObject | undefined): Promise<void> {
    const { hasUniqueValue = false, ...change } = property;
    const name = String(property['name']);
    if (before?.['hubspotDefined'] === true || jsonAt(before, 'modificationMetadata.readOnlyDefinition') === true) {
      throw new IntegrationError('bad_request', `${name} is a property of HubSpot's own and cannot be defined`);
    }
    const warnings =
      before === undefined || (before['hasUniqueValue'] ?? false) === hasUniqueValue
        ? []
        : ['HubSpot decides when a property is made whether its values are unique; that was left as it is'];
    if (before !== undefined && isSame(change, before)) {
      this.#outcomes.set(index, 'none', { metadata: before, warnings });
      return;
    }
    const path = `${this.#path}/${encodeURIComponent(name)}`;
    const metadata = this.#ok(await this.#call({ method: 'PATCH', path, body: change }));
    const lost = valuesLost(valuesOf(before), valuesOf(change));
    const described = isJsonObject(metadata) ? { metadata } : {};
    this.#outcomes.set(index, 'update', { ...described, warnings: [...warnings, ...lost] });
  }

  #definition(index: number): FieldDefinition {
    const wish = this.#wishes[index];
    if (wish === undefined) throw new IntegrationError('invariant', `T-WISH: there is no wish ${index}`);
    return wish.definition;
  }

  #ok(response: BufferedResponse): JsonValue {
    if (response.status >= 300) throw hubspotFailure(response, this.#nowMs());
    return jsonBody(response, 'HubSpot');
  }
}

function isSame(wished: JsonObject, before: JsonObject): boolean {
  const compared = ['label', 'type', 'fieldType', 'description'].filter((key) => wished[key] !== undefined);
  const textOfOptions = (property: JsonObject) =>
    listAt(property, 'options').map(({ label, value }) => JSON.stringify([label, value]));
  return (
    compared.every((key) => wished[key] === before[key]) &&
    textOfOptions(wished).sort().join() === textOfOptions(before).sort().join()
  );
}

function valuesOf(property: JsonObject | undefined): readonly string[] {
  return listAt(property, 'options').map(({ value }) => String(value));
}

function listAt(value: JsonValue | undefined, path: string): readonly JsonObject[] {
  const list = jsonAt(value, path);
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function refusalOf(error: JsonObject | undefined): IntegrationError {
  const said = String(error?.['message'] ?? 'HubSpot did not say what became of it').slice(0, 300);
  return new IntegrationError('bad_request', `HubSpot refused it: ${said}`);
}
