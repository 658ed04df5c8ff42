// A manifest integration as the connect screen needs it: names for people everywhere, and with each object all fields
// that the customer's account has. Called with what the provider said of its objects. Invariant: every field that is
// shown has a name that is not empty, and what is wrong with one object is said at that object.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { fieldSteps } from './fieldPath.ts';
import type { FieldSpec, IntegrationSpec, MappingFieldSpec, ReadObjectSpec, WriteObjectSpec } from './manifest.ts';

/** A field of an object in the published form. */
export interface FieldMetadata {
  readonly fieldName: string;
  readonly displayName: string;
  readonly valueType?:
    | 'string'
    | 'boolean'
    | 'singleSelect'
    | 'multiSelect'
    | 'date'
    | 'datetime'
    | 'int'
    | 'float'
    | 'reference'
    | 'other';
  readonly providerType?: string;
  readonly readOnly?: boolean;
  readonly isCustom?: boolean;
  readonly isRequired?: boolean;
  readonly referenceTo?: readonly string[];
  readonly values?: readonly { readonly value: string; readonly displayValue: string }[];
}

/** What a provider said of one object of a customer's account. */
export type ObjectDescription =
  | { readonly kind: 'described'; readonly displayName?: string; readonly fields: readonly FieldMetadata[] }
  | { readonly kind: 'failed'; readonly error: string };

interface HydratedExistentField {
  readonly fieldName: string;
  readonly displayName: string;
  readonly mapToName?: string;
  readonly mapToDisplayName?: string;
}

type HydratedField = HydratedExistentField | MappingFieldSpec;

interface HydratedReadObject {
  readonly objectName: string;
  readonly displayName: string;
  /** Empty where the manifest has none: published clients need a text. */
  readonly destination: string;
  readonly schedule: string;
  readonly mapToName?: string;
  readonly mapToDisplayName?: string;
  readonly requiredFields?: readonly HydratedField[];
  readonly optionalFields?: readonly HydratedField[];
  readonly optionalFieldsAuto?: 'all';
  readonly allFieldsMetadata?: Readonly<Record<string, FieldMetadata>>;
  readonly allFields?: readonly HydratedExistentField[];
  readonly backfill?: ReadObjectSpec['backfill'];
  readonly error?: string;
}

/** The published content of a hydrated revision: without subscriptions, which nobody chooses in the screen. */
export interface HydratedIntegration {
  readonly name: string;
  readonly provider: string;
  readonly displayName?: string;
  readonly module?: string;
  readonly read?: { readonly objects: readonly HydratedReadObject[] };
  readonly write?: { readonly objects: readonly (WriteObjectSpec & { readonly displayName: string })[] };
  readonly proxy?: IntegrationSpec['proxy'];
}

/** The objects that `hydrateIntegration` would ask a description of, each once. */
export function objectsToDescribe({ read, write }: IntegrationSpec): readonly string[] {
  return [...new Set([...(read?.objects ?? []), ...(write?.objects ?? [])].map(({ objectName }) => objectName))];
}

/** `describe` answers undefined where the provider cannot be asked; then the fields are those the manifest names. */
export function hydrateIntegration(
  spec: IntegrationSpec,
  describe: (objectName: string) => ObjectDescription | undefined,
): HydratedIntegration {
  const { name, provider, read, write } = spec;
  return {
    name,
    provider,
    ...present(spec, ['displayName', 'module']),
    ...(read === undefined
      ? {}
      : { read: { objects: read.objects.map((object) => readObject(object, describe(object.objectName))) } }),
    ...(write === undefined
      ? {}
      : { write: { objects: write.objects.map((object) => writeObject(object, describe(object.objectName))) } }),
    ...(spec.proxy === undefined ? {} : { proxy: present(spec.proxy, ['enabled', 'useModule']) }),
  };
}

/**
 * The content of a revision with an empty destination and schedule where a read object has none: published clients
 * reject a whole list over one that is missing.
 */
export function withTextsForClients(content: JsonObject): JsonObject {
  const { read } = content;
  if (!isJsonObject(read) || !Array.isArray(read['objects'])) return content;
  const objects = (read['objects'] as readonly JsonValue[]).map((object) =>
    isJsonObject(object)
      ? { ...object, destination: object['destination'] ?? '', schedule: object['schedule'] ?? '' }
      : object,
  );
  return { ...content, read: { ...read, objects } };
}

/** A name for people made of a provider's: `billing_city`, `billingCity` and `$['billing']['city']` alike. */
export function titleOf(name: string): string {
  const words = fieldSteps(name)
    .join(' ')
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[\s_\-./]+/)
    .filter((word) => word !== '');
  return words.length === 0 ? name : words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join(' ');
}

function readObject(spec: ReadObjectSpec, description: ObjectDescription | undefined): HydratedReadObject {
  const known = description?.kind === 'described' ? description.fields : fieldsNamedIn(spec);
  const all = new Map(known.map((field) => [field.fieldName.toLowerCase(), named(field)]));
  const hydrated = (fields: readonly FieldSpec[] = []) => fields.map((field) => hydratedField(field, all));
  const optionalFields = [...hydrated(spec.optionalFields), ...offeredFields(spec, [...all.values()])];
  const fields = [...all.values()];
  return {
    objectName: spec.objectName,
    displayName: displayNameOf(spec.objectName, description),
    destination: spec.destination ?? '',
    schedule: spec.schedule ?? '',
    ...present(spec, ['mapToName', 'mapToDisplayName', 'optionalFieldsAuto', 'backfill']),
    ...(spec.requiredFields === undefined ? {} : { requiredFields: hydrated(spec.requiredFields) }),
    ...(spec.optionalFields === undefined && optionalFields.length === 0 ? {} : { optionalFields }),
    allFieldsMetadata: Object.fromEntries(fields.map((field) => [field.fieldName, field])),
    allFields: fields.map(({ fieldName, displayName }) => ({ fieldName, displayName })),
    ...(description?.kind === 'failed' ? { error: description.error } : {}),
  };
}

function writeObject(spec: WriteObjectSpec, description: ObjectDescription | undefined) {
  const { objectName } = spec;
  return { objectName, displayName: displayNameOf(objectName, description), ...present(spec, ['valueDefaults']) };
}

function hydratedField(field: FieldSpec, all: ReadonlyMap<string, FieldMetadata>): HydratedField {
  if (field.fieldName === undefined) {
    const { mapToName } = field;
    return { mapToName, ...present(field, ['mapToDisplayName', 'default', 'prompt']) };
  }
  const { fieldName } = field;
  const displayName = all.get(fieldName.toLowerCase())?.displayName ?? titleOf(fieldName);
  return { fieldName, displayName, ...present(field, ['mapToName', 'mapToDisplayName']) };
}

/** `optionalFieldsAuto: all` offers every field that the manifest does not name itself. */
function offeredFields(spec: ReadObjectSpec, all: readonly FieldMetadata[]): readonly HydratedExistentField[] {
  if (spec.optionalFieldsAuto !== 'all') return [];
  const listed = [...(spec.requiredFields ?? []), ...(spec.optionalFields ?? [])];
  const listedKeys = new Set(listed.flatMap(({ fieldName }) => fieldName?.toLowerCase() ?? []));
  return all
    .filter(({ fieldName }) => !listedKeys.has(fieldName.toLowerCase()))
    .map(({ fieldName, displayName }) => ({ fieldName, displayName }));
}

/** What is known of an object without its provider: the fields that the manifest names, and its defaults. */
function fieldsNamedIn(spec: ReadObjectSpec): readonly FieldMetadata[] {
  const names = [...(spec.requiredFields ?? []), ...(spec.optionalFields ?? [])].flatMap(
    (field) => (field.fieldName === undefined ? field.default : field.fieldName) ?? [],
  );
  return names.map((fieldName) => ({ fieldName, displayName: titleOf(fieldName) }));
}

function named(field: FieldMetadata): FieldMetadata {
  return field.displayName.trim() === '' ? { ...field, displayName: titleOf(field.fieldName) } : field;
}

function displayNameOf(objectName: string, description: ObjectDescription | undefined): string {
  const said = description?.kind === 'described' ? (description.displayName?.trim() ?? '') : '';
  return said === '' ? titleOf(objectName) : said;
}

/** The named members that `source` has. */
function present<Source extends object, Key extends keyof Source>(source: Source, keys: readonly Key[]) {
  const entries = keys.flatMap((key) => (source[key] === undefined ? [] : [[key, source[key]] as const]));
  return Object.fromEntries(entries) as Pick<Source, Key>;
}
