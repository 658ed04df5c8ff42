// What a whole upstream file would change. The refresh takes it over, `tenon catalog check` and `diff` only say it.
// Invariant: nothing is changed here, and entries that upstream no longer has stay as they are.

import { CATALOG_ENTRIES_MAX } from '../core/limits.ts';
import { type EntryChange, entryChange } from './differences.ts';
import type { AcceptedEntry, LiveCatalog, RefusedEntry } from './liveCatalog.ts';
import type { UpstreamFile } from './upstream.ts';
import { structureProblem } from './upstreamRules.ts';

export interface Verdict {
  /** All upstream entries as they then are: for a refused or missing one the last good version, if there is one. */
  readonly entries: ReadonlyMap<string, AcceptedEntry>;
  /** Those among them that are new or say something else than before. */
  readonly changed: readonly AcceptedEntry[];
  readonly refused: readonly RefusedEntry[];
  /** Upstream had them, no longer has, and they stay. */
  readonly missing: readonly string[];
  /** An earlier source had them, this one has not, and they go back to what is built in. */
  readonly dropped: readonly string[];
}

/**
 * Yields after each entry that took time, so that a server can let others go first. `isOfOtherSource`: the entries
 * that are there come from somewhere else than the file.
 */
export function* judgeFile(
  catalog: LiveCatalog,
  file: UpstreamFile,
  isOfOtherSource = false,
): Generator<undefined, Verdict> {
  const entries = new Map(catalog.upstream);
  const changed: AcceptedEntry[] = [];
  const refused: RefusedEntry[] = [];
  for (const [name, raw] of file.entries) {
    const known = entries.get(name);
    // The same text was judged before, under the same built-in declarations and overrides. What is nested too deep to
    // be written as text is not the same as anything.
    if (known !== undefined && structureProblem(raw) === null && known.text === JSON.stringify(raw)) continue;
    const judged = catalog.judge(name, raw);
    if ('reason' in judged) {
      refused.push(judged);
    } else if (known === undefined && entries.size >= CATALOG_ENTRIES_MAX) {
      refused.push({ name, field: '', reason: `there are ${CATALOG_ENTRIES_MAX} providers from upstream already` });
    } else {
      entries.set(name, judged);
      changed.push(judged);
    }
    yield;
  }
  const named = new Set(file.entries.map(([name]) => name));
  const gone = [...entries.keys()].filter((name) => !named.has(name));
  // Whoever replaces a source may no longer trust it. Providers that nobody else declares stay for their customers.
  const isDropped = (name: string) => isOfOtherSource && catalog.originOf(name).isBuiltIn;
  const dropped = gone.filter(isDropped);
  for (const name of dropped) entries.delete(name);
  return { entries, changed, refused, missing: gone.filter((name) => !isDropped(name)), dropped };
}

/** What a verdict changes of the catalog as it is, provider by provider. */
export function changesOf(catalog: LiveCatalog, { changed, dropped }: Verdict): readonly EntryChange[] {
  const reverted = dropped.flatMap((name) => catalog.withoutUpstream(name) ?? []);
  const after = [...changed.map(({ declaration }) => declaration), ...reverted];
  return after.flatMap((declaration) => entryChange(catalog.find(declaration.name), declaration) ?? []);
}

/** All at once, where nobody waits. */
export function verdictOf(catalog: LiveCatalog, file: UpstreamFile): Verdict {
  const judging = judgeFile(catalog, file);
  let step = judging.next();
  while (step.done !== true) step = judging.next();
  return step.value;
}
