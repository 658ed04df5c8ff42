// Rules between the values of one integration: known provider, at least one action, no object twice, what a
// subscription needs from the read action. Called by parse.ts on values that may still break the schema, so that a
// file's problems come out together; hence every look at a value checks its kind.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { MANIFEST_DISPLAY_NAME_CHARS_MAX } from '../core/limits.ts';
import { didYouMean } from '../core/nearNames.ts';
import type { Finding, Path } from './issues.ts';

export interface KnownProviders {
  readonly hasProvider: (name: string) => boolean;
  /** For suggestions; without it an unknown provider is reported without one. */
  readonly providerNames?: Iterable<string>;
  /** The modules of a provider; without it a module is not judged. */
  readonly modulesOf?: (provider: string) => readonly string[];
}

export interface RuleFindings {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

interface Entry {
  readonly value: JsonObject;
  readonly path: Path;
}

const ACTIONS = ['read', 'write', 'proxy', 'subscribe'] as const;
const LISTS = ['read', 'write', 'subscribe'] as const;
const EVENTS_OF_RECORDS = ['createEvent', 'updateEvent', 'deleteEvent', 'associationChangeEvent'] as const;

/** Findings of one integration; paths are relative to it. */
export function integrationFindings(integration: JsonObject, providers: KnownProviders): RuleFindings {
  const errors = [
    ...providerErrors(integration, providers),
    ...actionErrors(integration),
    ...LISTS.flatMap((action) => repeatedObjects(entriesOf(integration, action))),
    ...entriesOf(integration, 'read').flatMap(clashingMappedNames),
    ...entriesOf(integration, 'subscribe').flatMap((entry) => subscribeErrors(entry, integration)),
  ];
  const warnings = [
    ...displayNameWarnings(integration),
    ...moduleWarnings(integration, providers),
    ...proxyWarnings(integration),
    ...entriesOf(integration, 'read').flatMap(readWarnings),
    ...entriesOf(integration, 'subscribe').flatMap(subscribeWarnings),
  ];
  return { errors, warnings };
}

/** Names that an earlier integration of the file already has; paths start at the file. */
export function repeatedNames(integrations: readonly JsonValue[]): readonly Finding[] {
  const seen = new Set<string>();
  return integrations.flatMap((integration, index) => {
    const name = isJsonObject(integration) ? textOf(integration, 'name') : null;
    if (name === null || !seen.has(name)) {
      if (name !== null) seen.add(name);
      return [];
    }
    return [{ path: ['integrations', index, 'name'], message: 'another integration of this file has the same name' }];
  });
}

function providerErrors(integration: JsonObject, providers: KnownProviders): readonly Finding[] {
  const name = textOf(integration, 'provider');
  if (name === null || name.trim() === '' || providers.hasProvider(name)) return [];
  const remedy = didYouMean(name, providers.providerNames ?? []);
  const message = 'is not a provider of the catalog';
  return [{ path: ['provider'], message, ...(remedy === undefined ? {} : { remedy }) }];
}

function actionErrors(integration: JsonObject): readonly Finding[] {
  if (ACTIONS.some((action) => Object.hasOwn(integration, action))) return [];
  return [{ path: [], message: 'needs at least one action: read, write, proxy or subscribe' }];
}

function repeatedObjects(entries: readonly Entry[]): readonly Finding[] {
  const seen = new Set<string>();
  return entries.flatMap(({ value, path }) => {
    const name = textOf(value, 'objectName')?.toLowerCase();
    if (name === undefined || !seen.has(name)) {
      if (name !== undefined) seen.add(name);
      return [];
    }
    return [{ path: [...path, 'objectName'], message: 'the same object is listed above (case is ignored)' }];
  });
}

/** Two fields delivered under one name would overwrite each other in `mappedFields`. */
function clashingMappedNames({ value, path }: Entry): readonly Finding[] {
  const seen = new Set<string>();
  return ['requiredFields', 'optionalFields'].flatMap((list) => {
    const fields = Object.hasOwn(value, list) ? value[list] : undefined;
    if (!Array.isArray(fields)) return [];
    return fields.flatMap((field: JsonValue, index) => {
      const name = isJsonObject(field) ? textOf(field, 'mapToName') : null;
      if (name === null || !seen.has(name)) {
        if (name !== null) seen.add(name);
        return [];
      }
      const message = 'another field of this object is mapped to the same name';
      return [{ path: [...path, list, index, 'mapToName'], message }];
    });
  });
}

function subscribeErrors({ value, path }: Entry, integration: JsonObject): readonly Finding[] {
  const events = EVENTS_OF_RECORDS.filter((event) => isEventEnabled(value, event));
  const inherits = value['inheritFieldsAndMapping'];
  if (inherits === false) {
    return [{ path: [...path, 'inheritFieldsAndMapping'], message: 'only true is supported' }];
  }
  if (events.length === 0) return [];
  const findings: Finding[] = [];
  if (inherits === undefined) {
    const message = `is required with ${events.join(', ')}`;
    const remedy = 'add inheritFieldsAndMapping: true';
    findings.push({ path: [...path, 'inheritFieldsAndMapping'], message, remedy });
  }
  const objectName = textOf(value, 'objectName');
  const readNames = entriesOf(integration, 'read').flatMap((entry) => textOf(entry.value, 'objectName') ?? []);
  if (objectName === null || readNames.some((name) => name.toLowerCase() === objectName.toLowerCase())) return findings;
  const message = 'needs a read object of the same name';
  const remedy = didYouMean(objectName, readNames) ?? 'list it under read.objects';
  return [...findings, { path: [...path, 'objectName'], message, remedy }];
}

function displayNameWarnings(integration: JsonObject): readonly Finding[] {
  const length = textOf(integration, 'displayName')?.length ?? 0;
  if (length <= MANIFEST_DISPLAY_NAME_CHARS_MAX) return [];
  return [{ path: ['displayName'], message: `is longer than ${MANIFEST_DISPLAY_NAME_CHARS_MAX} characters` }];
}

function moduleWarnings(integration: JsonObject, { hasProvider, modulesOf }: KnownProviders): readonly Finding[] {
  const [provider, module] = [textOf(integration, 'provider'), textOf(integration, 'module')];
  if (modulesOf === undefined || provider === null || module === null || !hasProvider(provider)) return [];
  const modules = modulesOf(provider);
  if (modules.some((name) => name.toLowerCase() === module.toLowerCase())) return [];
  const remedy = didYouMean(module, modules);
  const message = `is not a module of ${provider} and is ignored`;
  return [{ path: ['module'], message, ...(remedy === undefined ? {} : { remedy }) }];
}

function proxyWarnings(integration: JsonObject): readonly Finding[] {
  const proxy = integration['proxy'];
  if (!isJsonObject(proxy) || Object.hasOwn(proxy, 'enabled')) return [];
  return [{ path: ['proxy', 'enabled'], message: 'is missing, so the proxy is off', remedy: 'add enabled: true' }];
}

function readWarnings({ value, path }: Entry): readonly Finding[] {
  const destination = value['destination'];
  if (destination !== undefined && destination !== '') return [];
  const message = 'is missing: nothing can be delivered until an installation config names one';
  return [{ path: [...path, 'destination'], message }];
}

function subscribeWarnings({ value, path }: Entry): readonly Finding[] {
  const disabled = EVENTS_OF_RECORDS.filter((name) => isJsonObject(value[name]) && !isEventEnabled(value, name));
  const findings = disabled.map((event): Finding => {
    const message = 'is missing, so the event is not subscribed to';
    return { path: [...path, event, 'enabled'], message, remedy: 'add enabled: always' };
  });
  const hasEvents = EVENTS_OF_RECORDS.some((event) => Object.hasOwn(value, event));
  if (hasEvents || Object.hasOwn(value, 'otherEvents')) return findings;
  return [...findings, { path, message: 'subscribes to no event' }];
}

function isEventEnabled(object: JsonObject, event: string): boolean {
  const settings = object[event];
  return isJsonObject(settings) && Object.hasOwn(settings, 'enabled');
}

/** The objects of an action that are mappings at all; others are the schema's problem. */
function entriesOf(integration: JsonObject, action: 'read' | 'write' | 'subscribe'): readonly Entry[] {
  const block = integration[action];
  const objects = isJsonObject(block) ? block['objects'] : undefined;
  if (!Array.isArray(objects)) return [];
  return objects.flatMap((value: JsonValue, index) =>
    isJsonObject(value) ? [{ value, path: [action, 'objects', index] }] : [],
  );
}

function textOf(object: JsonObject, key: string): string | null {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' ? value : null;
}
