// An upstream catalog: a file in the published form that others keep. Here its text becomes entries, each with the
// reason why it is not taken, and an entry becomes a declaration together with what we know of the provider ourselves.
// Called by the refresh, the commands and `liveCatalog.ts`; nothing here does I/O. Invariant: an entry is taken whole
// or not at all, and none of them can keep another from being taken.

import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { CATALOG_ENTRIES_MAX, CATALOG_ENTRY_CHARS_MAX, CATALOG_NAME_CHARS_MAX } from '../core/limits.ts';
import { merge } from './catalog.ts';
import { type ProviderInfo, providerInfoSchema } from './providerInfo.ts';
import type { CustomAuth, ProviderDeclaration } from './schema.ts';
import { entryProblems, type Problem, structureProblem } from './upstreamRules.ts';
import { fromProviderInfo, type OwnFacts, ownFactsOf, toProviderInfo } from './wire.ts';

/** A name is a part of ids, addresses and file names. */
const PROVIDER_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** RFC 3339, as the published catalog has it. Only shown, hence only its letters matter. */
const TIMESTAMP = /^[\dTZtz:.+-]{1,40}$/;

/**
 * Members that are one fact together: what upstream leaves out of them it means to leave out. With everything else,
 * what it does not say stays as we know it.
 */
const WHOLE: ReadonlySet<string> = new Set(['apiKeyOpts', 'accessTokenOpts', 'customOpts', 'authHealthCheck']);

/** Of a provider that we know nothing of ourselves. */
const UNKNOWN: OwnFacts = { category: 'other', sources: [], quotas: [], concurrency: [], hiddenErrors: [] };

export interface UpstreamFile {
  /** When it was made, as it says itself. */
  readonly timestamp: string | null;
  /** Unchecked, by key. */
  readonly entries: readonly (readonly [name: string, raw: JsonValue])[];
}

/** An entry that passed the published schema and our rules, with the keys that this version does not know. */
export interface KnownEntry {
  readonly info: ProviderInfo;
  /** Dotted paths. They are left out of `info`: a newer catalog must not make a provider unusable. */
  readonly unknownKeys: readonly string[];
}

/** Why an entry is not taken: at least one problem. */
export interface Problems {
  readonly problems: readonly Problem[];
}

/** Rejects with `malformed` what is not JSON, and with `invalid_input` what is no catalog. */
export function parseUpstream(text: string): UpstreamFile {
  const file = parseJson(text, 'the catalog');
  const catalog = isJsonObject(file) ? file['catalog'] : undefined;
  if (!isJsonObject(file) || !isJsonObject(catalog)) {
    throw new IntegrationError('invalid_input', 'a catalog must be {"catalog": {…}} with an entry for each provider');
  }
  const entries = Object.entries(catalog).map(([name, raw]) => [name, raw ?? null] as const);
  if (entries.length === 0) throw new IntegrationError('invalid_input', 'the catalog has no providers');
  if (entries.length > CATALOG_ENTRIES_MAX) {
    throw new IntegrationError('invalid_input', `the catalog has more than ${CATALOG_ENTRIES_MAX} providers`);
  }
  const { timestamp } = file;
  const isTime = typeof timestamp === 'string' && TIMESTAMP.test(timestamp);
  return { timestamp: isTime ? timestamp : null, entries };
}

/** The published facts of one entry by itself, or everything that is wrong with it. */
export function parseEntry(name: string, raw: JsonValue): KnownEntry | Problems {
  if (!PROVIDER_NAME.test(name) || name.length > CATALOG_NAME_CHARS_MAX || name in Object.prototype) {
    return problem('', 'cannot be the name of a provider');
  }
  if (!isJsonObject(raw)) return problem('', 'must be an object');
  const structure = structureProblem(raw);
  if (structure !== null) return { problems: [structure] };
  if (JSON.stringify(raw).length > CATALOG_ENTRY_CHARS_MAX) {
    return problem('', `is longer than ${CATALOG_ENTRY_CHARS_MAX} characters`);
  }
  const known = parseKnown(raw);
  if ('problems' in known) return known;
  if (known.info.name !== name) return problem('name', `is "${known.info.name}" under the key "${name}"`);
  const problems = entryProblems(known.info);
  return problems.length > 0 ? { problems } : known;
}

/**
 * The declaration of a provider that upstream has an entry for: the entry over what we know ourselves, or by itself
 * with careful guesses.
 */
export function withUpstream(own: ProviderDeclaration | undefined, info: ProviderInfo): ProviderDeclaration | Problems {
  if (own === undefined) return fromProviderInfo(info, UNKNOWN);
  const base = toProviderInfo(own);
  if (info.authType !== base.authType) return { problems: [otherScheme(base.authType, info.authType)] };
  // Without modules of its own an entry says nothing about which of ours is the usual one.
  const isWithoutModules = Object.keys(info.modules ?? {}).length === 0;
  const said = isWithoutModules ? { ...info, defaultModule: base.defaultModule } : { ...info };
  // Both passed the schema, so their keys and values do; what they say together still has to.
  const merged = providerInfoSchema.parse(merge({ ...base }, said, WHOLE));
  const problems = entryProblems(merged);
  if (problems.length === 0) return fromProviderInfo(merged, ownFactsOf(own));
  return { problems: problems.map(({ field, reason }) => ({ field, reason: `${reason}, with what is built in` })) };
}

/** Why credentials that customers connected with would be of no use any more; null if they still are. */
export function credentialProblem(
  { auth: before }: ProviderDeclaration,
  { auth }: ProviderDeclaration,
): Problem | null {
  if (auth.scheme !== before.scheme) return otherScheme(before.scheme, auth.scheme);
  if (auth.scheme !== 'custom' || before.scheme !== 'custom') return null;
  if (inputNames(auth) === inputNames(before)) return null;
  const reason = `must be ${inputNames(before)}: stored credentials would not fit others`;
  return { field: 'customOpts.inputs', reason };
}

function inputNames({ inputs, providerInputs }: CustomAuth): string {
  return [...inputs, ...providerInputs]
    .map(({ name }) => name)
    .sort()
    .join(', ');
}

function otherScheme(before: string, after: string): Problem {
  return { field: 'authType', reason: `cannot change from ${before} to ${after}: stored credentials would not fit` };
}

function parseKnown(raw: JsonObject): KnownEntry | Problems {
  const strict = providerInfoSchema.safeParse(raw);
  if (strict.success) return { info: strict.data, unknownKeys: [] };
  const unknown: (readonly PropertyKey[])[] = [];
  const problems: Problem[] = [];
  for (const issue of strict.error.issues) {
    if (issue.code === 'unrecognized_keys') unknown.push(...issue.keys.map((key) => [...issue.path, key]));
    else problems.push({ field: issue.path.join('.'), reason: issue.message });
  }
  if (problems.length > 0) return { problems };
  const paths = new Set(unknown.map((path) => JSON.stringify(path)));
  const info = providerInfoSchema.parse(without(raw, paths, []));
  return { info, unknownKeys: unknown.map((path) => path.join('.')) };
}

/** The value without the members at these paths. */
function without(value: JsonValue, paths: ReadonlySet<string>, at: readonly PropertyKey[]): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue, index) => without(item, paths, [...at, index]));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !paths.has(JSON.stringify([...at, key])));
  return Object.fromEntries(kept.map(([key, child]) => [key, without(child ?? null, paths, [...at, key])]));
}

function problem(field: string, reason: string): Problems {
  return { problems: [{ field, reason }] };
}
