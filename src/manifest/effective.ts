// What is really read for an installation: the manifest's defaults overlaid with the config. Called when an
// installation changes and when a read starts. Invariant: the result is plain data that depends on nothing else, so
// it can be stored with the operation it belongs to.

import type { ConfigContent, FieldFilter, ReadConfig } from './config.ts';
import { fieldSteps } from './fieldPath.ts';
import type { BackfillSpec, FieldSpec, IntegrationSpec, ReadObjectSpec } from './manifest.ts';
import { schemaWatchOf } from './schemaWatch.ts';

export interface EffectiveRead {
  /** The provider's name, as the manifest writes it. */
  readonly objectName: string;
  /** The name in messages. */
  readonly deliveredName: string;
  readonly destination: string | null;
  readonly schedule: string | null;
  /** Switched off in the config: neither scheduled nor on request. */
  readonly isDisabled: boolean;
  readonly backfill: EffectiveBackfill;
  /** Provider fields to request, without repetition (case ignored); a path is requested by its first step. */
  readonly fields: readonly string[];
  /** Every field is requested and delivered, whatever `fields` says. */
  readonly wantsAllFields: boolean;
  /** Delivered in `fields`. */
  readonly selectedFields: readonly string[];
  /** Delivered in `mappedFields`; no `mapToName` twice. */
  readonly mappings: readonly EffectiveMapping[];
  /** For scheduled and requested reads. */
  readonly fieldFilters: readonly FieldFilter[];
  /** For the backfill: its own filters where it has any, else those above. */
  readonly backfillFilters: readonly FieldFilter[];
}

export interface EffectiveMapping {
  readonly mapToName: string;
  readonly fieldName: string;
  /** `[provider value, delivered value]`; values without an entry pass unchanged. */
  readonly values: readonly (readonly [string, string])[];
}

export type EffectiveBackfill =
  | { readonly kind: 'none' }
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'fullHistory' };

/**
 * The reads of an installation in the manifest's order: objects the config names (case ignored) and those the
 * manifest enables always. An object the manifest does not list is not read.
 */
export function effectiveReads(integration: IntegrationSpec, config: ConfigContent): readonly EffectiveRead[] {
  const configs = new Map(
    Object.entries(config.read?.objects ?? {}).map(([name, object]) => [name.toLowerCase(), object]),
  );
  return (integration.read?.objects ?? []).flatMap((spec) => {
    const chosen = configs.get(spec.objectName.toLowerCase());
    if (chosen === undefined && spec.enabled !== 'always') return [];
    return [effectiveRead(spec, chosen ?? {})];
  });
}

/** What an actor has to be told of its read; everything else it looks up when it reads. */
export interface Agenda {
  readonly objectName: string;
  /** Null: never by itself. */
  readonly schedule: string | null;
  readonly hasBackfill: boolean;
}

export function agendaOf({ objectName, schedule, isDisabled, backfill }: EffectiveRead): Agenda {
  return { objectName, schedule: isDisabled ? null : schedule, hasBackfill: backfill.kind !== 'none' && !isDisabled };
}

/** Whether a config asks the same of its reads under two revisions, in any order, and fields are looked at as often. */
export function isSameAgenda(before: IntegrationSpec, after: IntegrationSpec, config: ConfigContent): boolean {
  const agenda = (integration: IntegrationSpec) =>
    effectiveReads(integration, config)
      .map((read) => JSON.stringify(agendaOf(read)))
      .toSorted();
  const watched = (integration: IntegrationSpec) => schemaWatchOf(integration)?.schedule;
  return watched(before) === watched(after) && agenda(before).join() === agenda(after).join();
}

/** The manifest must offer the proxy; a config can only switch it off, because clients often send none. */
export function isProxyEnabled(integration: IntegrationSpec, config: ConfigContent): boolean {
  return integration.proxy?.enabled === true && config.proxy?.enabled !== false;
}

function effectiveRead(spec: ReadObjectSpec, config: ReadConfig): EffectiveRead {
  const wantsAllFields = config.selectedFieldsAuto === 'all';
  const chosen = chosenFields(spec, config, wantsAllFields);
  const mappings = effectiveMappings(spec, config, chosen);
  const selectedFields = withoutRepetition(
    chosen.flatMap((field) => (field.fieldName === undefined || field.mapToName !== undefined ? [] : field.fieldName)),
  );
  const sources = [...selectedFields, ...mappings.map(({ fieldName }) => fieldName)];
  const fieldFilters = config.fieldFilters ?? [];
  return {
    objectName: spec.objectName,
    deliveredName: spec.mapToName ?? spec.objectName,
    destination: config.destination || spec.destination || null,
    schedule: config.schedule || spec.schedule || null,
    isDisabled: config.disabled === true,
    backfill: effectiveBackfill(config.backfill ?? spec.backfill),
    fields: withoutRepetition(sources.map((source) => fieldSteps(source)[0] ?? source)),
    wantsAllFields,
    selectedFields,
    mappings,
    fieldFilters,
    backfillFilters: config.backfill?.fieldFilters ?? fieldFilters,
  };
}

/** Required fields, then optional ones the config selects; a selected field the manifest does not list counts too. */
function chosenFields(spec: ReadObjectSpec, config: ReadConfig, wantsAllFields: boolean): readonly FieldSpec[] {
  const required = spec.requiredFields ?? [];
  const optional = spec.optionalFields ?? [];
  const selected = Object.entries(config.selectedFields ?? {}).flatMap(([name, isSelected]) =>
    isSelected ? name : [],
  );
  const selectedKeys = new Set(selected.map((name) => name.toLowerCase()));
  const offered = optional.filter(
    ({ fieldName }) => fieldName !== undefined && (wantsAllFields || selectedKeys.has(fieldName.toLowerCase())),
  );
  const offeredKeys = new Set(optional.flatMap(({ fieldName }) => fieldName?.toLowerCase() ?? []));
  const unlisted = selected.filter((name) => !offeredKeys.has(name.toLowerCase())).map((fieldName) => ({ fieldName }));
  return [...required, ...offered, ...unlisted];
}

/**
 * Fixed mappings of the manifest first, then what the customer mapped, then fixed ones the builder's page passed in;
 * the first to use a name keeps it, so that an echoed fixed mapping changes nothing.
 */
function effectiveMappings(
  spec: ReadObjectSpec,
  config: ReadConfig,
  chosen: readonly FieldSpec[],
): readonly EffectiveMapping[] {
  const byName = new Map<string, string>();
  const add = (mapToName: string | undefined, fieldName: string | undefined) => {
    if (mapToName && fieldName && !byName.has(mapToName)) byName.set(mapToName, fieldName);
  };
  for (const field of chosen) add(field.mapToName, field.fieldName);
  for (const [mapToName, fieldName] of Object.entries(config.selectedFieldMappings ?? {})) add(mapToName, fieldName);
  for (const field of config.dynamicMappingsInput ?? []) add(field.mapToName, field.fieldName);
  for (const field of spec.requiredFields ?? []) add(field.mapToName, defaultOf(field));
  // Once the customer has mapped anything, an optional mapping without a choice was left blank on purpose.
  const isUntouched = config.selectedFieldMappings === undefined;
  for (const field of isUntouched ? (spec.optionalFields ?? []) : []) add(field.mapToName, defaultOf(field));
  return Array.from(byName, ([mapToName, fieldName]) => ({
    mapToName,
    fieldName,
    values: valueMappings(config, fieldName),
  }));
}

function defaultOf(field: FieldSpec): string | undefined {
  return field.fieldName === undefined ? field.default : undefined;
}

function valueMappings(config: ReadConfig, fieldName: string): EffectiveMapping['values'] {
  const maps = Object.entries(config.selectedValueMappings ?? {});
  const map = maps.find(([name]) => name.toLowerCase() === fieldName.toLowerCase())?.[1] ?? {};
  return Object.entries(map).map(([delivered, provided]) => [provided, delivered] as const);
}

function effectiveBackfill(backfill: BackfillSpec | undefined): EffectiveBackfill {
  const { days = 0, fullHistory = false } = backfill?.defaultPeriod ?? {};
  if (fullHistory) return { kind: 'fullHistory' };
  return days > 0 ? { kind: 'days', days } : { kind: 'none' };
}

/** The first spelling of each name. */
function withoutRepetition(names: readonly string[]): readonly string[] {
  const byKey = new Map<string, string>();
  for (const name of names) if (!byKey.has(name.toLowerCase())) byKey.set(name.toLowerCase(), name);
  return [...byKey.values()];
}
