// The catalog: every provider the process knows, by name. Built-in declarations come from `providers/`; an
// operator's file (TENON_CATALOG_FILE) may replace single facts of them, in the published form, to point a
// provider at a sandbox or a gateway. Invariant: a catalog that is made here never changes, and every entry in
// it has passed the published schema. `liveCatalog.ts` puts one in the place of another.

import type { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { nearNames } from '../core/nearNames.ts';
import { BUILT_IN } from './builtIn.ts';
import { OWN_FACTS_KEY, ownFactsSchema } from './ownFacts.ts';
import { type ProviderInfo, providerInfoSchema } from './providerInfo.ts';
import type { ProviderDeclaration } from './schema.ts';
import { isAddressTemplate } from './template.ts';
import { fromProviderInfo, ownFactsOf, toProviderInfo } from './wire.ts';

/** How many near names an unknown one is answered with. */
const NEAR_NAMES_MAX = 3;

/** Provider name → partial published entry; facts of our own are under `tenon` (see `ownFacts.ts`). */
export type CatalogOverrides = Readonly<Record<string, JsonObject>>;

export interface Catalog {
  /** Rejects with `not_found`, naming up to three near names. */
  get(name: string): ProviderDeclaration;
  find(name: string): ProviderDeclaration | undefined;
  /** Sorted by name. */
  list(): readonly ProviderDeclaration[];
}

/**
 * Parses a file of overrides. Rejects with `malformed` when it is not JSON, and with `invalid_input` when it is not
 * an object of objects; what the entries say is checked by `createCatalog`.
 */
export function readCatalogOverrides(text: string, fileName: string): CatalogOverrides {
  const parsed = parseJson(text, `catalog file ${fileName}`);
  if (!isJsonObject(parsed)) {
    throw new IntegrationError('invalid_input', `catalog file ${fileName} must be an object of providers`);
  }
  const entries = Object.entries(parsed).map(([name, entry]): [string, JsonObject] => {
    if (isJsonObject(entry)) return [name, entry];
    throw new IntegrationError('invalid_input', `catalog file ${fileName}: the entry of "${name}" must be an object`);
  });
  return Object.fromEntries(entries);
}

/**
 * The catalog of the built-in providers with the given facts replaced: objects are merged, other values and lists
 * replaced. Rejects with `invalid_input` naming provider and field.
 */
export function createCatalog(overrides: CatalogOverrides = {}): Catalog {
  const byName = new Map<string, ProviderDeclaration>(BUILT_IN.map((declaration) => [declaration.name, declaration]));
  for (const [name, override] of Object.entries(overrides)) {
    const declaration = byName.get(name);
    if (declaration === undefined) throw refusedOverride(name, 'name', `no such provider${nearText(byName, name)}`);
    byName.set(name, overridden(declaration, override));
  }
  return catalogOf(byName);
}

/** A catalog of these declarations, which are under their own names. */
export function catalogOf(byName: ReadonlyMap<string, ProviderDeclaration>): Catalog {
  const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    get(name) {
      const declaration = byName.get(name);
      if (declaration !== undefined) return declaration;
      throw new IntegrationError('not_found', `provider "${name}" is not in the catalog${nearText(byName, name)}`);
    },
    find: (name) => byName.get(name),
    list: () => sorted,
  };
}

/** A declaration with an operator's facts in place of its own. Rejects with `invalid_input` naming the field. */
export function overridden(declaration: ProviderDeclaration, override: JsonObject): ProviderDeclaration {
  const { [OWN_FACTS_KEY]: ownOverride = {}, ...published } = override;
  const base = toProviderInfo(declaration);
  const info: ProviderInfo = parsed(declaration.name, '', providerInfoSchema, merge({ ...base }, published));
  for (const fixed of ['name', 'authType'] as const) {
    if (info[fixed] !== base[fixed]) throw refusedOverride(declaration.name, fixed, 'cannot be replaced');
  }
  if (!isJsonObject(ownOverride)) throw refusedOverride(declaration.name, OWN_FACTS_KEY, 'must be an object');
  const ownFacts = ownFactsOf(declaration) as unknown as JsonObject;
  const own = parsed(declaration.name, OWN_FACTS_KEY, ownFactsSchema, merge(ownFacts, ownOverride));
  // After the shape: a key that is not known is the plainer mistake.
  checkAddresses(declaration.name, override, '');
  return fromProviderInfo(info, own);
}

function parsed<Schema extends z.ZodType>(
  name: string,
  place: string,
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [...(place === '' ? [] : [place]), ...(issue?.path ?? [])];
  throw refusedOverride(name, path.join('.'), issue?.message ?? 'invalid');
}

/**
 * Objects are merged, other values and lists replaced, and so are objects under the keys of `whole`.
 * `Object.fromEntries` defines keys, so that `__proto__` in a file is a plain (and unknown) key.
 */
export function merge(base: JsonObject, override: JsonObject, whole: ReadonlySet<string> = new Set()): JsonObject {
  const entries = Object.entries(override).map(([key, value]): [string, JsonValue | undefined] => {
    const current = Object.hasOwn(base, key) ? base[key] : undefined;
    const isMerged = isJsonObject(current) && isJsonObject(value) && !whole.has(key);
    return [key, isMerged ? merge(current, value, whole) : value];
  });
  return Object.fromEntries([...Object.entries(base), ...entries]);
}

/** A misspelt address must fail when the file is read, not on a customer's first call. */
function checkAddresses(provider: string, value: JsonObject, path: string): void {
  for (const [key, child] of Object.entries(value)) {
    const childPath = path === '' ? key : `${path}.${key}`;
    if (isJsonObject(child)) checkAddresses(provider, child, childPath);
    const isAddress = /(^url|URL|Url)$/.test(key);
    if (isAddress && typeof child === 'string' && !isAddressTemplate(child)) {
      throw refusedOverride(provider, childPath, 'must be an http or https address, with {{.name}} for variables');
    }
  }
}

function refusedOverride(provider: string, field: string, reason: string): IntegrationError {
  const place = field === '' ? '' : `${field}: `;
  return new IntegrationError('invalid_input', `catalog override of "${provider}": ${place}${reason}`, {
    remedy: 'Correct the entry in the file that TENON_CATALOG_FILE names.',
  });
}

function nearText(byName: ReadonlyMap<string, unknown>, name: string): string {
  const near = nearNames(name, byName.keys(), NEAR_NAMES_MAX);
  return near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
}
