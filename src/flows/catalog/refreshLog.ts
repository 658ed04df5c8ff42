// What a refresh says in the log: what changed in one line, what was refused and which hosts are new in a line each, of
// which there are few.

import type { EntryChange } from '../../catalog/differences.ts';
import type { Verdict } from '../../catalog/judgeFile.ts';
import type { RefusedEntry } from '../../catalog/liveCatalog.ts';
import { CATALOG_LOGGED_MAX } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';

export function logRefused(log: Log, refused: readonly RefusedEntry[], message: string): void {
  for (const { name, field, reason } of refused.slice(0, CATALOG_LOGGED_MAX)) {
    log.warn({ provider: name, field, reason }, message);
  }
  const more = refused.length - CATALOG_LOGGED_MAX;
  if (more > 0) log.warn({ more }, `${message}, and so are more`);
}

export function logTakenOver(log: Log, catalog: string, verdict: Verdict, changes: readonly EntryChange[]): void {
  // Credentials of running installations go there from now on. The operator chose who decides that, and should know.
  for (const { name, hosts } of changes) {
    for (const { field, from, to } of hosts) {
      log.warn({ provider: name, field, from, to }, 'the catalog sends credentials of a provider to another host');
    }
  }
  const unknown = new Set(verdict.changed.flatMap(({ unknownKeys }) => unknownKeys));
  if (unknown.size > 0) {
    log.warn({ catalog, keys: firstOf([...unknown]) }, 'the catalog has keys that this version does not know');
  }
  if (changes.length === 0) return;
  const named = (kind: EntryChange['kind']) =>
    firstOf(changes.flatMap((change) => (change.kind === kind ? change.name : [])));
  const { refused, missing } = verdict;
  const counts = { changes: changes.length, refused: refused.length, missing: missing.length };
  log.info({ catalog, ...counts, added: named('added'), changed: named('changed') }, 'the catalog has changed');
}

/** What would be a misspelling without an upstream; now that it has answered it is one. */
export function logOverridesWaiting(log: Log, names: readonly string[]): void {
  if (names.length > 0)
    log.warn({ providers: firstOf(names) }, 'TENON_CATALOG_FILE names providers that nobody declares');
}

function firstOf(names: readonly string[]): readonly string[] {
  return names.slice(0, CATALOG_LOGGED_MAX);
}
