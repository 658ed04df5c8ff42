// The config of an installation: what a customer chose for one integration. Called by the installation endpoints on
// the whole content, after an update mask was applied. Invariant: what is returned is what came (unknown keys
// included, null values dropped), never enriched from the manifest: clients compare it with what they sent.

import { type InputIssue, IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, HUBSPOT_FIELD_FILTERS_MAX, MANIFEST_FIELDS_MAX } from '../core/limits.ts';
import { didYouMean } from '../core/nearNames.ts';
import { configSchema } from './configSchema.ts';
import { type Finding, findingsOf, formatPath } from './issues.ts';
import type { IntegrationSpec } from './manifest.ts';

/** Content of an installation config; the maps are keyed by object name. Everything may be absent. */
export interface ConfigContent {
  readonly provider?: string;
  readonly read?: { readonly objects: Readonly<Record<string, ReadConfig>> };
  readonly write?: { readonly objects?: Readonly<Record<string, WriteConfig>> };
  readonly subscribe?: { readonly objects: Readonly<Record<string, SubscribeConfig>> };
  readonly proxy?: { readonly enabled?: boolean };
}

export interface ReadConfig {
  readonly objectName?: string;
  /** Overrides the manifest; empty means not set. */
  readonly schedule?: string;
  readonly destination?: string;
  readonly disabled?: boolean;
  readonly selectedFields?: Readonly<Record<string, boolean>>;
  /** From the builder's name to the provider field. */
  readonly selectedFieldMappings?: Readonly<Record<string, string>>;
  /** By provider field: from the value delivered to the provider's value. */
  readonly selectedValueMappings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly selectedFieldsAuto?: 'all';
  readonly dynamicMappingsInput?: readonly { readonly mapToName?: string; readonly fieldName?: string }[];
  readonly backfill?: {
    readonly defaultPeriod: { readonly days?: number; readonly fullHistory?: boolean };
    readonly fieldFilters?: readonly FieldFilter[];
  };
  readonly fieldFilters?: readonly FieldFilter[];
}

/** Filters are joined by AND. */
export interface FieldFilter {
  readonly fieldName: string;
  readonly operator: 'eq';
  readonly value?: string | number | boolean;
}

export interface WriteConfig {
  readonly objectName?: string;
  readonly deletionSettings?: { readonly enabled: boolean };
  readonly selectedFieldSettings?: Readonly<Record<string, WriteFieldSettings>>;
  /** The older form of `selectedFieldSettings`. */
  readonly selectedValueDefaults?: Readonly<Record<string, ValueDefault>>;
}

/** Plain text, or a value with the moment it applies; absent `applyOnUpdate` means always. */
export type ValueDefault =
  | string
  | { readonly value: string | number | boolean; readonly applyOnUpdate?: 'always' | 'never' };

export interface WriteFieldSettings {
  readonly default?: {
    readonly stringValue?: string;
    readonly integerValue?: number;
    readonly booleanValue?: boolean;
  };
  /** Absent means always. */
  readonly writeOnCreate?: 'always' | 'never';
  readonly writeOnUpdate?: 'always' | 'never' | 'ifEmpty';
}

interface EventConfig {
  readonly enabled: 'always' | 'never';
}

export interface SubscribeConfig {
  readonly objectName?: string;
  readonly destination?: string;
  readonly inheritFieldsAndMappings?: boolean;
  /** The manifest's spelling of the same. */
  readonly inheritFieldsAndMapping?: boolean;
  readonly createEvent?: EventConfig;
  readonly updateEvent?: EventConfig & {
    readonly watchFieldsAuto?: 'all' | 'selected';
    readonly requiredWatchFields?: readonly string[];
  };
  readonly deleteEvent?: EventConfig;
  readonly otherEvents?: readonly string[];
  readonly providerOptions?: { readonly quotaOptimization?: { readonly enabled: boolean } };
  /** What the published screen still calls `providerOptions.quotaOptimization`. */
  readonly salesforceQuotaOptimization?: { readonly enabled: boolean };
}

const ACTIONS = ['read', 'write', 'subscribe'] as const;

/** The actions whose objects a config names. */
export type ConfigAction = (typeof ACTIONS)[number];

/**
 * How many filters an object may have. The published contract offers them for these only; elsewhere they would silently
 * deliver everything.
 */
const FILTERS_MAX: ReadonlyMap<string, number> = new Map([
  ['salesforce', MANIFEST_FIELDS_MAX],
  ['salesforceSandbox', MANIFEST_FIELDS_MAX],
  ['hubspot', HUBSPOT_FIELD_FILTERS_MAX],
]);
const QUOTA_OPTIMIZING_PROVIDERS: ReadonlySet<string> = new Set(['salesforce', 'salesforceSandbox']);

/**
 * Validates a whole config content for an integration. `installed` is the content the installation already has:
 * objects a later manifest no longer lists stay valid there. Rejects with `bad_request` and one issue per wrong
 * value, named like `config.content.read.objects.contacts.schedule`. Nothing but `objects` is required, since the
 * published clients leave out what the manifest says.
 */
export function parseConfig(json: JsonValue, integration: IntegrationSpec, installed?: ConfigContent): ConfigContent {
  if (!isJsonObject(json)) throw configError([{ path: [], message: 'must be an object' }]);
  if (depthOf(json, CONFIG_DEPTH_MAX) > CONFIG_DEPTH_MAX) {
    throw configError([{ path: [], message: `is nested deeper than ${CONFIG_DEPTH_MAX} levels` }]);
  }
  if (Buffer.byteLength(JSON.stringify(json)) > CONFIG_BYTES_MAX) {
    throw configError([{ path: [], message: `is larger than ${CONFIG_BYTES_MAX} bytes` }]);
  }
  const result = configSchema.safeParse(withoutNulls(json), { reportInput: true });
  if (!result.success) throw configError(findingsOf(result.error));
  const content: ConfigContent = result.data;
  const findings = [
    ...providerFindings(content, integration),
    ...ACTIONS.flatMap((action) => objectFindings(action, content, integration, installed)),
    ...filterFindings(content, integration, installed),
    ...quotaFindings(content, integration),
  ];
  if (findings.length > 0) throw configError(findings);
  return content;
}

function configError(findings: readonly Finding[]): IntegrationError {
  const issues = findings.map(({ path, message, remedy }): InputIssue => {
    const name = formatPath(['config', 'content', ...path]);
    return { in: 'body', name, detail: remedy === undefined ? message : `${message} (${remedy})` };
  });
  const [first] = issues;
  const more = issues.length > 1 ? ` and ${issues.length - 1} more` : '';
  return new IntegrationError('bad_request', `${first?.name} ${first?.detail}${more}`, { issues });
}

function providerFindings(content: ConfigContent, { provider }: IntegrationSpec): readonly Finding[] {
  if (content.provider === undefined || content.provider === provider) return [];
  return [{ path: ['provider'], message: `must be the provider of the integration, "${provider}"` }];
}

function objectFindings(
  action: ConfigAction,
  content: ConfigContent,
  integration: IntegrationSpec,
  installed: ConfigContent | undefined,
): readonly Finding[] {
  const listed = (integration[action]?.objects ?? []).map(({ objectName }) => objectName);
  const known = new Set(
    [...listed, ...Object.keys(installed?.[action]?.objects ?? {})].map((name) => name.toLowerCase()),
  );
  return Object.entries(content[action]?.objects ?? {}).flatMap(([key, { objectName }]): readonly Finding[] => {
    const path = [action, 'objects', key];
    if (!known.has(key.toLowerCase())) {
      const remedy = didYouMean(key, listed);
      const message = `is not an object of the manifest's ${action} action`;
      return [{ path, message, ...(remedy === undefined ? {} : { remedy }) }];
    }
    if (objectName === undefined || objectName.toLowerCase() === key.toLowerCase()) return [];
    return [{ path: [...path, 'objectName'], message: 'differs from the key it stands under' }];
  });
}

function filterFindings(
  content: ConfigContent,
  { provider }: IntegrationSpec,
  installed: ConfigContent | undefined,
): readonly Finding[] {
  const before = Object.entries(installed?.read?.objects ?? {});
  return Object.entries(content.read?.objects ?? {}).flatMap(([key, object]) => {
    const path = ['read', 'objects', key];
    const former = before.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
    return [
      ...filterListFindings(object.fieldFilters, former?.fieldFilters, [...path, 'fieldFilters'], provider),
      ...filterListFindings(
        object.backfill?.fieldFilters,
        former?.backfill?.fieldFilters,
        [...path, 'backfill', 'fieldFilters'],
        provider,
      ),
    ];
  });
}

/** An installation that has more filters than there may be, from before there was a bound, may keep as many. */
function filterListFindings(
  filters: readonly FieldFilter[] = [],
  former: readonly FieldFilter[] = [],
  path: readonly string[],
  provider: string,
): readonly Finding[] {
  if (filters.length === 0) return [];
  const filtersMax = FILTERS_MAX.get(provider);
  if (filtersMax === undefined) return [{ path, message: `is not supported by ${provider}` }];
  if (filters.length > Math.max(filtersMax, former.length)) {
    return [{ path, message: `can have at most ${filtersMax} filters of ${provider}` }];
  }
  const seen = new Set<string>();
  return filters.flatMap(({ fieldName }, index) => {
    const isRepeated = seen.has(fieldName.toLowerCase());
    seen.add(fieldName.toLowerCase());
    return isRepeated ? [{ path: [...path, index, 'fieldName'], message: 'a field may have one filter only' }] : [];
  });
}

/** The newer spelling wins. */
export function isQuotaOptimized({ providerOptions, salesforceQuotaOptimization }: SubscribeConfig): boolean {
  return (providerOptions?.quotaOptimization ?? salesforceQuotaOptimization)?.enabled === true;
}

function quotaFindings(content: ConfigContent, { provider }: IntegrationSpec): readonly Finding[] {
  return Object.entries(content.subscribe?.objects ?? {}).flatMap(([key, object]) => {
    if (!isQuotaOptimized(object)) return [];
    const isNew = object.providerOptions?.quotaOptimization !== undefined;
    const member = isNew ? ['providerOptions', 'quotaOptimization'] : ['salesforceQuotaOptimization'];
    const path = ['subscribe', 'objects', key, ...member];
    if (!QUOTA_OPTIMIZING_PROVIDERS.has(provider)) return [{ path, message: `is not supported by ${provider}` }];
    const { watchFieldsAuto, requiredWatchFields = [] } = object.updateEvent ?? {};
    if (watchFieldsAuto !== 'all' && requiredWatchFields.length > 0) return [];
    return [{ path, message: 'needs updateEvent.requiredWatchFields and excludes watchFieldsAuto: all' }];
  });
}

/** Levels of nesting, counted up to one more than `limit`, so that a hostile value cannot exhaust the stack. */
function depthOf(value: JsonValue | undefined, limit: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (limit < 0) return 1;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, depthOf(child, limit - 1));
  return deepest + 1;
}

/** Published clients send null for "not set". */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept: [string, JsonValue][] = [];
  for (const [key, child] of Object.entries(value)) {
    if (child !== null && child !== undefined) kept.push([key, withoutNulls(child)]);
  }
  return Object.fromEntries(kept) satisfies JsonObject;
}
