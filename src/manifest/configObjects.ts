// Objects of a config content by name. The maps are keyed by what clients call the object, in whatever case, so an
// object that is set again under another spelling must replace the first.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { ConfigAction, ConfigContent } from './config.ts';

/** The content with `config` as the object `key` of `action`; not validated. */
export function withObject(content: ConfigContent, action: ConfigAction, key: string, config: JsonValue): JsonObject {
  const objects = objectsOf(content, action);
  const index = objects.findIndex(([name]) => isSame(name, key));
  return withObjects(content, action, objects.toSpliced(index === -1 ? objects.length : index, 1, [key, config]));
}

/** The content without the object. */
export function withoutObject(content: ConfigContent, action: ConfigAction, key: string): JsonObject {
  return withObjects(
    content,
    action,
    objectsOf(content, action).filter(([name]) => !isSame(name, key)),
  );
}

/**
 * A read object that is put in the place of `before`. Clients are shown an empty `selectedFieldMappings` where none is
 * stored (`publishedConfig`), and an empty map that is stored means that all mappings were left blank on purpose: sent
 * back as it was shown, it must not switch the manifest's defaults off.
 */
export function withUnmapped(before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isJsonObject(before) || !isJsonObject(value)) return value;
  const { selectedFieldMappings: mappings, ...rest } = value;
  const isAsShown = isJsonObject(mappings) && Object.keys(mappings).length === 0;
  return isAsShown && (before['selectedFieldMappings'] ?? null) === null ? rest : value;
}

function objectsOf(content: ConfigContent, action: ConfigAction): [string, JsonValue][] {
  return Object.entries(content[action]?.objects ?? {}) as [string, JsonValue][];
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

function withObjects(content: ConfigContent, action: ConfigAction, objects: [string, JsonValue][]): JsonObject {
  const whole = content as JsonObject;
  return { ...whole, [action]: { ...(whole[action] as JsonObject | undefined), objects: Object.fromEntries(objects) } };
}
