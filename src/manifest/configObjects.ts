// Objects of a config content by name. The maps are keyed by what clients call the object, in whatever case, so an
// object that is set again under another spelling must replace the first.

import type { JsonObject, JsonValue } from '../core/json.ts';
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
