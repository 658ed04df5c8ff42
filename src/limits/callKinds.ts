// Calls that a provider counts apart from others, e.g. searches: which quotas they spend, and how such a call is told
// from its address. Pure. Called when a target is made; only the test of a call runs per call, and only for providers
// that declare such quotas.

import type { CallKind, Quota } from '../catalog/quotas.ts';

/** A kind with what tells its calls. */
export interface KnownKind {
  readonly kind: CallKind;
  /** Of the kinds of its provider. */
  readonly id: number;
  /** See patternOf. */
  readonly pattern: RegExp;
  /** The same of each of its paths; empty where it counts them together, or none has a `*`. */
  readonly patterns: readonly RegExp[];
}

/** By the quotas of a declaration, of which there is one for all customers. */
const known = new WeakMap<readonly Quota[], readonly KnownKind[]>();

/** Some kinds have a hundred paths. */
const words = new WeakMap<CallKind, string>();

/** The kinds that quotas are declared for, ready to be asked about a call. */
export function knownKinds(quotas: readonly Quota[]): readonly KnownKind[] {
  const before = known.get(quotas);
  if (before !== undefined) return before;
  const kinds = kindsOf(quotas).map((kind, id) => ({ kind, id, pattern: patternOf(kind), patterns: patternsOf(kind) }));
  known.set(quotas, kinds);
  return kinds;
}

/** What of a kind a call with this path and query is counted as, '' for all of it; undefined if it is of another. */
export function pathCounted({ kind, pattern, patterns }: KnownKind, address: string): string | undefined {
  const path = pattern.exec(address)?.[1];
  if (path === undefined) return undefined;
  if (kind.isEach !== true) return '';
  return patterns.length === 0 ? path : kind.paths.find((_, index) => patterns[index]?.test(path) === true);
}

/** The kinds that quotas are declared for, each once, in their order. */
export function kindsOf(quotas: readonly Quota[]): readonly CallKind[] {
  const byWords = new Map<string, CallKind>();
  for (const { only } of quotas)
    if (only !== undefined && !byWords.has(wordsOf(only))) byWords.set(wordsOf(only), only);
  return [...byWords.values()];
}

/** What a call of a kind spends; null: of none. */
export function quotasSpent(quotas: readonly Quota[], kind: CallKind | null): readonly Quota[] {
  return quotas.filter(({ only }) => {
    if (only === undefined) return kind?.isApart !== true;
    return kind !== null && wordsOf(only) === wordsOf(kind);
  });
}

/** Matches path and query below the provider's base address; its group is the path. */
export function patternOf({ paths }: CallKind): RegExp {
  const alternatives = paths.map((path) => path.split('*').map(literal).join('[^/?#]+'));
  return new RegExp(`^(${alternatives.join('|')})/?(?:[?#]|$)`);
}

function patternsOf({ paths, isEach }: CallKind): readonly RegExp[] {
  const isTold = isEach === true && paths.some((path) => path.includes('*'));
  return isTold ? paths.map((path) => patternOf({ paths: [path] })) : [];
}

function literal(text: string): string {
  return text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&');
}

/** Kinds with the same words are one. */
function wordsOf(kind: CallKind): string {
  const known = words.get(kind);
  if (known !== undefined) return known;
  const { method = '', paths, isApart = false, isEach = false } = kind;
  const made = JSON.stringify([method, paths, isApart, isEach]);
  words.set(kind, made);
  return made;
}
