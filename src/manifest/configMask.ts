// Updates of an installation by mask: which members of the body replace what the installation has. Called by the
// endpoint for it. Invariants: what no path of the mask names stays as it is; the order of the paths means nothing;
// either the whole result is valid, or nothing of it is used.

import { type InputIssue, IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonValue } from '../core/json.ts';
import { CONFIG_CHANGES_MAX, MASK_PATH_CHARS_MAX, MASK_TRIES_MAX } from '../core/limits.ts';
import { type ConfigAction, type ConfigContent, parseConfig } from './config.ts';
import { ConfigDraft } from './configDraft.ts';
import { withUnmapped } from './configObjects.ts';
import type { IntegrationSpec } from './manifest.ts';

/** What an update may change. */
export interface InstallationChoice {
  readonly connectionId: string;
  readonly createdBy: string;
  readonly content: ConfigContent;
}

/** Members that a page which only picks fields does not know: left out of a whole object, they keep their values. */
const KEPT_READ_MEMBERS = ['schedule', 'destination', 'disabled', 'backfill', 'fieldFilters'] as const;

type Steps = readonly string[];

/**
 * The installation after the update; the body's `installation` is `body`. A path is matched with the keys that the
 * body has, the longest first, because clients write names with dots as they are; `\.` and `\:` are taken too. A read
 * object that is replaced keeps its schedule, destination, backfill, filters and `disabled` unless the body has them,
 * and one that never had mappings is not given an empty map of them; null removes. Rejects with `bad_request`: a path
 * that may not be updated, that the body has no value for, or a result that is not valid.
 */
export function updateByMask(
  current: InstallationChoice,
  { mask, body }: { readonly mask: readonly string[]; readonly body: JsonValue },
  integration: IntegrationSpec,
): InstallationChoice {
  if (mask.length > CONFIG_CHANGES_MAX) throw refused('updateMask', `must have at most ${CONFIG_CHANGES_MAX} entries`);
  const tries: Tries = { left: MASK_TRIES_MAX };
  const paths = mask.map((text, index) => {
    const name = `updateMask[${index}]`;
    if (text.length > MASK_PATH_CHARS_MAX || !UPDATABLE.test(text))
      throw refused(name, `"${text.slice(0, 100)}" is not a path that can be updated`);
    const steps = stepsIn(body, text, tries);
    if (steps === null) throw refused(name, 'names nothing that the installation in the body has');
    return { steps, name };
  });
  if (paths.length === 0) return current;
  let { connectionId, createdBy } = current;
  const draft = new ConfigDraft(current.content);
  // An object before what lies inside it, whatever the order of the mask.
  for (const { steps, name } of paths.toSorted((a, b) => a.steps.length - b.steps.length)) {
    const value = valueAt(body, steps);
    if (steps[0] === 'connectionId') connectionId = textOf(value, name);
    else if (steps[1] === 'createdBy') createdBy = textOf(value, name);
    else change(draft, steps.slice(2), value);
  }
  return { connectionId, createdBy, content: parseConfig(draft.content, integration, current.content) };
}

function change(draft: ConfigDraft, [block = '', second = '', ...rest]: Steps, value: JsonValue): void {
  if (block === 'proxy') {
    draft.put(['proxy', second, ...rest].filter(Boolean), value);
    return;
  }
  const action = block as ConfigAction;
  const [key, ...inside] = rest;
  if (key === undefined)
    draft.put([action, second], action === 'read' ? withEachUnmapped(draft, value) : (value ?? {}));
  else if (inside.length > 0) draft.putIntoObject(action, key, inside, value);
  else if (value === null) draft.removeObject(action, key);
  else draft.setObject(action, key, action === 'read' ? withKept(draft.object(action, key), value) : value);
}

function withKept(before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isJsonObject(before) || !isJsonObject(value)) return value;
  const kept = KEPT_READ_MEMBERS.filter((member) => before[member] !== undefined && !Object.hasOwn(value, member));
  return withUnmapped(before, { ...value, ...Object.fromEntries(kept.map((member) => [member, before[member]])) });
}

/** The same for the objects of a whole map. */
function withEachUnmapped(draft: ConfigDraft, value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value ?? {};
  return Object.fromEntries(
    Object.entries(value).map(([key, object]) => [key, withUnmapped(draft.object('read', key), object ?? null)]),
  );
}

const UPDATABLE =
  /^(?:connectionId|config\.(?:createdBy|content\.(?:proxy\.enabled|(?:read|write|subscribe)\.objects(?:\..+)?)))$/s;

/** Beginnings of paths that may still be looked up, for one update. */
interface Tries {
  left: number;
}

/**
 * The keys of the body that a path names, or null. Goes by the beginnings of the path, however many keys there are;
 * a body that is made for it has a path lead to every one of its members, so that it ends after a number of them.
 */
function stepsIn(value: JsonValue | undefined, path: string, tries: Tries): Steps | null {
  if (!isJsonObject(value)) return null;
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    tries.left -= 1;
    if (tries.left < 0) throw refused('updateMask', 'can be read in too many ways');
    const written = path.slice(0, end);
    for (const key of new Set([written, written.replaceAll(/\\([.:])/g, '$1')])) {
      if (!Object.hasOwn(value, key)) continue;
      const rest = end === path.length ? [] : stepsIn(value[key], path.slice(end + 1), tries);
      if (rest !== null) return [key, ...rest];
    }
  }
  return null;
}

function valueAt(body: JsonValue, steps: Steps): JsonValue {
  let value: JsonValue | undefined = body;
  for (const step of steps) value = isJsonObject(value) ? value[step] : undefined;
  return value ?? null;
}

function textOf(value: JsonValue, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refused(name, 'must name a text that is not empty');
}

function refused(name: string, detail: string): IntegrationError {
  const issues: readonly InputIssue[] = [{ in: 'body', name, detail }];
  return new IntegrationError('bad_request', `${name} ${detail}`, { issues });
}
