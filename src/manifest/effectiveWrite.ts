// What is really written for an installation: the manifest's write object with the mappings it inherits from the read
// object of the same name, overlaid with the config. Called when a write comes in. Invariant: plain data that depends
// on nothing else, as with reads.

import type { JsonValue } from '../core/json.ts';
import type { ConfigContent, ValueDefault, WriteConfig, WriteFieldSettings } from './config.ts';
import { type EffectiveMapping, effectiveReads } from './effective.ts';
import type { IntegrationSpec, ReadObjectSpec, WriteObjectSpec } from './manifest.ts';

export interface EffectiveWrite {
  /** The provider's name, as the manifest writes it. */
  readonly objectName: string;
  /** From the builder's names to the provider's fields; none unless they are inherited. */
  readonly mappings: readonly EffectiveMapping[];
  /** The builder's names that this customer mapped to nothing: what is written under them goes nowhere. */
  readonly blankNames: readonly string[];
  /** By provider field. */
  readonly fieldRules: readonly FieldRule[];
  readonly isDeletionEnabled: boolean;
}

/** What the config says of writing one field. */
export interface FieldRule {
  readonly fieldName: string;
  /** Written where the record has no value, on create and on update; null is no default. */
  readonly onCreate: JsonValue;
  readonly onUpdate: JsonValue;
  readonly writeOnCreate: 'always' | 'never';
  readonly writeOnUpdate: 'always' | 'never' | 'ifEmpty';
}

/**
 * The write of the object that the builder calls `name`: the provider's name or, where the mapping is inherited, the
 * one it is mapped to; case is ignored. Null if the manifest has none.
 */
export function effectiveWrite(
  integration: IntegrationSpec,
  config: ConfigContent,
  name: string,
): EffectiveWrite | null {
  const objects = integration.write?.objects ?? [];
  const spec =
    objects.find(({ objectName }) => isSame(objectName, name)) ??
    objects.find((object) => isSame(inheritedFrom(integration, object)?.mapToName, name));
  if (spec === undefined) return null;
  const { objectName } = spec;
  const chosen = Object.entries(config.write?.objects ?? {}).find(([key]) => isSame(key, objectName))?.[1] ?? {};
  const source = inheritedFrom(integration, spec);
  const mappings = source === undefined ? [] : inheritedMappings(integration, config, source);
  return {
    objectName,
    mappings,
    blankNames: source === undefined ? [] : blankNamesOf(source, mappings),
    fieldRules: fieldRulesOf(chosen, mappings),
    isDeletionEnabled: chosen.deletionSettings?.enabled === true,
  };
}

function inheritedFrom({ read }: IntegrationSpec, write: WriteObjectSpec): ReadObjectSpec | undefined {
  if (write.inheritMapping !== true) return undefined;
  return read?.objects.find(({ objectName }) => isSame(objectName, write.objectName));
}

/** Also where this customer does not have the object or the field read: the builder's names mean the same. */
function inheritedMappings(
  integration: IntegrationSpec,
  config: ConfigContent,
  source: ReadObjectSpec,
): readonly EffectiveMapping[] {
  const fixed = (source.optionalFields ?? []).filter(
    ({ fieldName, mapToName }) => fieldName !== undefined && mapToName !== undefined,
  );
  const whole: ReadObjectSpec = {
    ...source,
    enabled: 'always',
    requiredFields: [...(source.requiredFields ?? []), ...fixed],
  };
  const [read] = effectiveReads({ ...integration, read: { objects: [whole] } }, config);
  return read?.mappings ?? [];
}

function blankNamesOf(source: ReadObjectSpec, mappings: readonly EffectiveMapping[]): readonly string[] {
  const mapped = new Set(mappings.map(({ mapToName }) => mapToName));
  const offered = [...(source.requiredFields ?? []), ...(source.optionalFields ?? [])];
  return offered.flatMap(({ fieldName, mapToName }) =>
    fieldName !== undefined || mapToName === undefined || mapped.has(mapToName) ? [] : mapToName,
  );
}

/** The older form first, so that the newer one replaces it. A builder's name stands for the field it is mapped to. */
function fieldRulesOf(config: WriteConfig, mappings: readonly EffectiveMapping[]): readonly FieldRule[] {
  const fields = new Map(mappings.map(({ mapToName, fieldName }) => [mapToName, fieldName]));
  const rules = new Map<string, FieldRule>();
  const add = (name: string, rule: Omit<FieldRule, 'fieldName'>) => {
    const fieldName = fields.get(name) ?? name;
    rules.set(fieldName.toLowerCase(), { fieldName, ...rule });
  };
  for (const [name, value] of Object.entries(config.selectedValueDefaults ?? {})) add(name, ruleOfDefault(value));
  for (const [name, settings] of Object.entries(config.selectedFieldSettings ?? {})) add(name, ruleOf(settings));
  return [...rules.values()];
}

function ruleOfDefault(value: ValueDefault): Omit<FieldRule, 'fieldName'> {
  const { value: given, applyOnUpdate = 'always' } = typeof value === 'string' ? { value } : value;
  const onUpdate = applyOnUpdate === 'never' ? null : given;
  return { onCreate: given, onUpdate, writeOnCreate: 'always', writeOnUpdate: 'always' };
}

function ruleOf(settings: WriteFieldSettings): Omit<FieldRule, 'fieldName'> {
  const { stringValue, integerValue, booleanValue } = settings.default ?? {};
  const given = stringValue ?? integerValue ?? booleanValue ?? null;
  const { writeOnCreate = 'always', writeOnUpdate = 'always' } = settings;
  return { onCreate: given, onUpdate: given, writeOnCreate, writeOnUpdate };
}

function isSame(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
