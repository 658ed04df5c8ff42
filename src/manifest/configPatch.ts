// Changes of one object's config in the published form of JSON Patch (RFC 6902 with add, remove and replace; paths are
// JSON Pointers, RFC 6901, below that object). Called by the endpoint for it. Invariant: either all changes are applied
// and the whole config is valid, or nothing is.

import { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { CONFIG_CHANGES_MAX, MASK_PATH_CHARS_MAX } from '../core/limits.ts';
import { didYouMean } from '../core/nearNames.ts';
import { type ConfigAction, type ConfigContent, parseConfig } from './config.ts';
import { withObject, withoutObject, withUnmapped } from './configObjects.ts';
import { findingsOf, formatPath } from './issues.ts';
import type { IntegrationSpec } from './manifest.ts';

const changesSchema = z
  .array(
    z.looseObject({
      op: z.enum(['add', 'remove', 'replace']),
      path: z
        .string()
        .max(MASK_PATH_CHARS_MAX)
        .regex(/^(?:\/(?:[^~]|~[01])*)?$/, 'must be a JSON Pointer such as /selectedFields/phone'),
      value: z.custom<JsonValue>().optional(),
    }),
  )
  .min(1)
  .max(CONFIG_CHANGES_MAX);

type Change = z.infer<typeof changesSchema>[number];
type Mutable = Record<string, JsonValue | undefined> | JsonValue[];

/** The published schema requires these maps, so a client may add to them without asking whether they are there. */
const REQUIRED_MAPS: ReadonlySet<string> = new Set(['selectedFields', 'selectedFieldMappings']);

/**
 * The content with the changes made to `objectName` of `action`. Rejects with `not_found` for an object that neither
 * the manifest nor the content has, `bad_request` for changes that cannot be made or make the config invalid. Removing
 * the path "" removes the object.
 */
export function patchObjectConfig(
  content: ConfigContent,
  { action, objectName, changes }: { action: ConfigAction; objectName: string; changes: JsonValue },
  integration: IntegrationSpec,
): ConfigContent {
  const parsed = changesSchema.safeParse(changes, { reportInput: true });
  if (!parsed.success) {
    const issues = findingsOf(parsed.error, ['changes']).map(({ path, message, remedy }) => ({
      in: 'body' as const,
      name: formatPath(path),
      detail: remedy === undefined ? message : `${message} (${remedy})`,
    }));
    throw new IntegrationError('bad_request', `${issues[0]?.name} ${issues[0]?.detail}`, { issues });
  }
  const listed = (integration[action]?.objects ?? []).map((object) => object.objectName);
  const installed = Object.entries(content[action]?.objects ?? {});
  const sameName = (name: string) => name.toLowerCase() === objectName.toLowerCase();
  const known = listed.find(sameName);
  const stored = installed.find(([name]) => sameName(name));
  const [key, config] = stored ?? [known, { objectName: known }];
  if (key === undefined) {
    const remedy = didYouMean(objectName, listed);
    const message = `"${objectName}" is not an object of the manifest's ${action} action`;
    throw new IntegrationError('not_found', message, remedy === undefined ? {} : { remedy });
  }
  const before = stored?.[1] as JsonObject | undefined;
  const changesToMake = parsed.data.map((change) => {
    const { path, value } = change;
    return path === '' && value !== undefined ? { ...change, value: withUnmapped(before, value) } : change;
  });
  const patched = patchedConfig(config as JsonObject, changesToMake);
  const next = patched === undefined ? withoutObject(content, action, key) : withObject(content, action, key, patched);
  return parseConfig(next as JsonObject, integration, content);
}

/** Undefined if the object was removed. */
function patchedConfig(config: JsonObject, changes: readonly Change[]): JsonValue | undefined {
  // The changes are made in a holder, so that the path "" needs no case of its own.
  const holder = structuredClone({ config }) as Record<string, JsonValue | undefined>;
  for (const [index, change] of changes.entries()) {
    const steps = ['config', ...change.path.split('/').slice(1).map(unescaped)];
    applyChange(holder, steps, change, (reason, member) => {
      const name = `changes[${index}].${member}`;
      const issues = [{ in: 'body' as const, name, detail: reason }];
      throw new IntegrationError('bad_request', `${name} ${reason}`, { issues });
    });
  }
  return holder['config'];
}

type Refuse = (reason: string, member: 'path' | 'value') => never;

function applyChange(root: Mutable, steps: readonly string[], { op, value }: Change, refuse: Refuse): void {
  if (op !== 'remove' && value === undefined) refuse(`is required with ${op}`, 'value');
  const last = steps.at(-1) ?? '';
  let parent: Mutable = root;
  for (const [index, step] of steps.slice(0, -1).entries()) {
    let child = memberOf(parent, step);
    if (child === undefined && op === 'add' && index === 1 && REQUIRED_MAPS.has(step)) {
      child = {};
      setOwn(parent as Record<string, JsonValue>, step, child);
    }
    if (typeof child !== 'object' || child === null)
      refuse(`leads through ${quoted(step)}, which is not there`, 'path');
    parent = child as Mutable;
  }
  if (Array.isArray(parent)) {
    changeList(parent, last, op, value, refuse);
    return;
  }
  if (op !== 'add' && !Object.hasOwn(parent, last)) refuse('names nothing that is there', 'path');
  if (op === 'remove') delete parent[last];
  else setOwn(parent, last, value ?? null);
}

function changeList(list: JsonValue[], step: string, op: Change['op'], value: JsonValue | undefined, refuse: Refuse) {
  const isEnd = op === 'add' && (step === '-' || step === String(list.length));
  const index = isEnd ? list.length : Number(step);
  if (!isEnd && (!/^(?:0|[1-9]\d{0,5})$/.test(step) || index >= list.length))
    refuse('names no entry of the list', 'path');
  if (op === 'remove') list.splice(index, 1);
  else list.splice(index, op === 'add' ? 0 : 1, value ?? null);
}

function memberOf(parent: Mutable, step: string): JsonValue | undefined {
  if (Array.isArray(parent)) return /^(?:0|[1-9]\d{0,5})$/.test(step) ? parent[Number(step)] : undefined;
  return isJsonObject(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
}

/** Assignment to `__proto__` would replace the prototype. */
function setOwn(parent: Record<string, JsonValue | undefined>, step: string, value: JsonValue): void {
  Object.defineProperty(parent, step, { value, enumerable: true, writable: true, configurable: true });
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function quoted(step: string): string {
  return JSON.stringify(step);
}
