// `tenon catalog list|show|check|diff|status|refresh`: the providers there are, what a file would make of them, and how
// the catalog stands towards upstream. The first four need no server and no data folder; where there is one, they count
// in what upstream said last.

import process from 'node:process';
import { changesOf, verdictOf } from '../catalog/judgeFile.ts';
import { LiveCatalog, type RefusedEntry } from '../catalog/liveCatalog.ts';
import { parseUpstream, type UpstreamFile } from '../catalog/upstream.ts';
import { toProviderInfo } from '../catalog/wire.ts';
import { type Config, readConfig } from '../config.ts';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { type Ms, systemClock, toRfc3339 } from '../core/time.ts';
import { readCatalogFile } from '../flows/catalog/fetchCatalog.ts';
import { readOverrides } from '../flows/catalog/overridesFile.ts';
import { type CatalogStatus, catalogStatus } from '../flows/catalog/status.ts';
import { readStoredCatalog, type StoredCatalog, takeOverStored } from '../flows/catalog/stored.ts';
import { counted } from '../flows/operator/times.ts';
import type { Reads } from '../store/port.ts';
import { changeLines, listItem, listLines, providerLines } from './catalogLayout.ts';
import { notJsonAt } from './jsonPlace.ts';
import { whenText, widthOf, wrapped } from './layout.ts';
import { ask, type OperatorOptions, openReads, withOperator } from './operator.ts';
import { harmless, printLine, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface JsonOption {
  readonly json?: boolean | undefined;
}

export interface CheckOptions {
  /** As a refresh does: a key that this version does not know is told and not refused. */
  readonly lenient?: boolean | undefined;
}

export type StatusOptions = OperatorOptions & JsonOption;

/** What `catalog check` exits with where an entry is refused. */
const EXIT_REFUSED = 1;

/** The catalog as a server on this data folder has it, with this environment. */
export function openCatalog(env: Env): { readonly catalog: LiveCatalog; readonly stored: StoredCatalog | null } {
  const config = readConfig(env);
  const stored = storedIn(config);
  const hasUpstream = config.catalogSource !== null || (stored !== null && stored.rows.length > 0);
  const catalog = new LiveCatalog(readOverrides(config.catalogFile), hasUpstream);
  if (stored !== null) takeOverStored(catalog, stored.rows);
  return { catalog, stored };
}

/** What the last refresh left in the data folder; null where there is nothing to read. */
function storedIn({ dataFolder }: Config): StoredCatalog | null {
  let reads: Reads | null = null;
  try {
    reads = openReads(dataFolder);
    return readStoredCatalog(reads);
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    if (error.code !== 'not_found') tell(`without what upstream said: ${error.publicDetail}`);
    return null;
  } finally {
    reads?.close();
  }
}

export function listProviders(env: Env, options: JsonOption): void {
  const { catalog } = openCatalog(env);
  const items = catalog.list().map((declaration) => listItem(declaration, catalog.originOf(declaration.name)));
  if (options.json === true) printLine(JSON.stringify(items, null, 2));
  else for (const line of listLines(items)) printLine(line);
}

/** Rejects with `not_found`, naming near names. */
export function showProvider(env: Env, name: string, options: JsonOption): void {
  const { catalog, stored } = openCatalog(env);
  const declaration = catalog.get(name);
  if (options.json === true) {
    printLine(JSON.stringify(toProviderInfo(declaration), null, 2));
    return;
  }
  const lines = providerLines(declaration, catalog.originOf(name), upstreamText(stored, name));
  for (const line of lines) printLine(line);
}

function upstreamText(stored: StoredCatalog | null, name: string): string {
  const row = stored?.rows.find((candidate) => candidate.name === name);
  if (row === undefined) return '';
  const missing = row.missingSinceMs === null ? '' : `, which has not had it since ${toRfc3339(row.missingSinceMs)}`;
  return `${stored?.state?.source ?? 'catalog'} of ${toRfc3339(row.acceptedAtMs)}${missing}`;
}

/** Sets the exit code to 1 if any entry is refused. Rejects with what keeps the file from being a catalog. */
export async function checkCatalog(env: Env, file: string, options: CheckOptions): Promise<void> {
  const config = readConfig(env);
  const catalog = new LiveCatalog(readOverrides(config.catalogFile), true);
  const upstream = await readUpstream(file);
  const { refused, changed } = verdictOf(catalog, upstream);
  const unknown = changed.flatMap(({ name, unknownKeys: [field, ...others] }): RefusedEntry[] => {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return field === undefined ? [] : [{ name, field, reason: `is a key that this version does not know${more}` }];
  });
  const isLenient = options.lenient === true;
  const bad = isLenient ? refused : [...refused, ...unknown];
  if (isLenient) for (const entry of unknown) tell(refusalText(entry));
  for (const entry of bad) printLine(refusalText(entry));
  printLine(`${counted(upstream.entries.length, 'entry').replace(/ys$/, 'ies')}, ${bad.length} bad`);
  if (bad.length > 0) process.exitCode = EXIT_REFUSED;
}

function refusalText({ name, field, reason }: RefusedEntry): string {
  return [styled('bold', name), ...(field === '' ? [] : [field]), reason].join(': ');
}

/** Rejects with what keeps the file from being a catalog. */
export async function diffCatalog(env: Env, file: string, options: JsonOption): Promise<void> {
  const { catalog } = openCatalog(env);
  const upstream = await readUpstream(file);
  const verdict = verdictOf(catalog, upstream);
  const changes = changesOf(catalog, verdict);
  const added = changes.filter(({ kind }) => kind === 'added');
  const changed = changes.filter(({ kind }) => kind === 'changed');
  const named = new Set(upstream.entries.map(([name]) => name));
  const removed = catalog.list().flatMap(({ name }) => (named.has(name) ? [] : [name]));
  const { refused } = verdict;
  if (options.json === true) {
    const withoutKind = changed.map(({ name, fields, hosts }) => ({ name, fields, hosts }));
    printLine(
      JSON.stringify({ added: added.map(({ name }) => name), removed, changed: withoutKind, refused }, null, 2),
    );
    return;
  }
  for (const change of [...added, ...changed]) for (const line of changeLines(change)) printLine(line);
  for (const entry of refused) printLine(`${styled('red', 'x')} ${refusalText(entry)}; stays as it is`);
  if (removed.length > 0) {
    printLine(`${styled('dim', '-')} not in the file, stays as it is: ${wrapped(removed.join(', '), '  ')}`);
  }
  const counts = [`${added.length} added`, `${changed.length} changed`, `${removed.length} removed`];
  printLine([...counts, `${refused.length} refused`].join(', '));
}

/** Rejects with `invalid_input` naming the place where the file stops being JSON. */
async function readUpstream(file: string): Promise<UpstreamFile> {
  const text = await readCatalogFile(file);
  const place = notJsonAt(text);
  if (place !== null) throw new IntegrationError('invalid_input', `${file}:${place.line}:${place.column}: is not JSON`);
  try {
    return parseUpstream(text);
  } catch (error) {
    throw new IntegrationError('invalid_input', `${file}: ${errorFacts(error).message}`, { cause: error });
  }
}

/** How the catalog stands towards upstream. */
export async function showStatus(env: Env, options: StatusOptions): Promise<void> {
  const status = await withOperator(env, options, (operator) =>
    ask<CatalogStatus>(operator, { method: 'GET', path: '/catalog', offline: () => storedStatus(env) }),
  );
  if (options.json === true) printLine(JSON.stringify(status, null, 2));
  else printStatus(status, systemClock.nowMs());
}

/** Has the server ask upstream now. Rejects with `conflict` where no server runs, and with what went wrong. */
export async function refreshNow(env: Env, options: StatusOptions): Promise<void> {
  const status = await withOperator(env, options, (operator) =>
    ask<CatalogStatus>(operator, {
      method: 'POST',
      path: '/catalog/refresh',
      offline: () => {
        throw new IntegrationError('conflict', 'no server runs on the data folder', {
          remedy: 'The next one asks upstream when it starts.',
        });
      },
    }),
  );
  if (options.json === true) printLine(JSON.stringify(status, null, 2));
  else printStatus(status, systemClock.nowMs());
  if (status.lastError !== null) process.exitCode = EXIT_REFUSED;
}

function storedStatus(env: Env): CatalogStatus {
  const { catalog, stored } = openCatalog(env);
  const source = readConfig(env).catalogSource?.shown ?? stored?.state?.source ?? null;
  const times = new Map((stored?.rows ?? []).map((row) => [row.name, row]));
  return catalogStatus(source, catalog, stored?.state ?? null, times);
}

function printStatus(status: CatalogStatus, nowMs: Ms): void {
  const rows: (readonly [string, string])[] = [
    ['upstream', status.url ?? 'none: TENON_CATALOG_URL is not set'],
    ['providers', `${status.providers}, ${status.entries} of them from upstream`],
  ];
  if (status.url !== null) {
    rows.push(
      ['last success', whenText(status.lastSuccessAt, nowMs, 'never')],
      ['last change', whenText(status.lastChangeAt, nowMs, 'never')],
      ['last attempt', whenText(status.lastAttemptAt, nowMs, 'no server runs')],
      ['next attempt', whenText(status.nextAttemptAt, nowMs, 'when a server runs again')],
    );
  }
  if (status.copyOf !== null && status.copyOf !== status.url) rows.push(['copy of', status.copyOf]);
  if (status.lastError !== null) rows.push(['failed with', styled('red', status.lastError)]);
  if (status.timestamp !== null) rows.push(['made', whenText(status.timestamp, nowMs, status.timestamp)]);
  if (status.etag !== null) rows.push(['validator', status.etag]);
  const width = widthOf(rows.map(([key]) => key));
  for (const [key, value] of rows) printLine(`${styled('dim', key.padEnd(width))}  ${value}`);
  printSome('refused', status.refusedCount, status.refused.map(refusalText));
  const missing = status.missing.map(({ name, since }) => `${name}, since ${whenText(since, nowMs, '')}`);
  printSome('no longer upstream, and kept', status.missingCount, missing);
  const unknown = status.unknownKeys.map(({ name, field }) => `${name}: ${field}`);
  printSome('keys that this version does not know', unknown.length, unknown);
  printSome('in TENON_CATALOG_FILE and nowhere else', status.overridesWaiting.length, status.overridesWaiting);
}

function printSome(title: string, count: number, lines: readonly string[]): void {
  if (count === 0) return;
  printLine();
  printLine(`${styled('bold', title)} (${count})`);
  for (const line of lines) printLine(`  ${line}`);
  if (lines.length < count) printLine(`  and ${count - lines.length} more`);
}

/** Beside the answer, which may be read by a program. */
function tell(text: string): void {
  process.stderr.write(`${harmless(text)}\n`);
}
