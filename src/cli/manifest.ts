// `tenon manifest check FILE…`: says of each manifest whether it could be deployed, without a server. One line a file;
// what is wrong follows below its file, with the place, as compilers print it.

import process from 'node:process';
import type { LiveCatalog } from '../catalog/liveCatalog.ts';
import { counted } from '../flows/operator/times.ts';
import { knownProviders } from '../manifest/knownProviders.ts';
import { formatProblem, type ManifestProblem, type ManifestResult, parseManifest } from '../manifest/parse.ts';
import { openCatalog } from './catalog.ts';
import { widthOf } from './layout.ts';
import { readManifest } from './manifestFile.ts';
import { printLine, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface ManifestCheckOptions {
  readonly json?: boolean | undefined;
  /** Warnings are errors. */
  readonly strict?: boolean | undefined;
}

interface Checked {
  readonly file: string;
  readonly integrations: number;
  readonly errors: readonly ManifestProblem[];
  readonly warnings: readonly ManifestProblem[];
}

const EXIT_WRONG = 1;

/** Sets the exit code to 1 if any file is wrong, or with `strict` worth a warning. */
export async function checkManifests(env: Env, files: readonly string[], options: ManifestCheckOptions): Promise<void> {
  const { catalog } = openCatalog(env);
  const checked: Checked[] = [];
  // One after the other: a folder may hold hundreds.
  for (const file of files) checked.push(await checkOne(file, catalog));
  const isStrict = options.strict === true;
  const isWrong = ({ errors, warnings }: Checked) => errors.length > 0 || (isStrict && warnings.length > 0);
  if (options.json === true) printJson(checked, isWrong);
  else printText(checked, isWrong, isStrict);
  if (checked.some(isWrong)) process.exitCode = EXIT_WRONG;
}

async function checkOne(path: string, catalog: LiveCatalog): Promise<Checked> {
  const read = await readManifest(path);
  if (read.kind === 'unreadable') return { file: read.file, integrations: 0, errors: [read.problem], warnings: [] };
  const result: ManifestResult = parseManifest(read.text, { fileName: read.file, ...knownProviders(catalog) });
  return {
    file: read.file,
    integrations: result.kind === 'ok' ? result.manifest.integrations.length : 0,
    errors: result.kind === 'ok' ? [] : result.problems,
    warnings: result.warnings,
  };
}

function printJson(checked: readonly Checked[], isWrong: (one: Checked) => boolean): void {
  const withoutFile = ({ file: _file, ...problem }: ManifestProblem) => problem;
  const files = checked.map((one) => ({
    file: one.file,
    ok: !isWrong(one),
    integrations: one.integrations,
    errors: one.errors.map(withoutFile),
    warnings: one.warnings.map(withoutFile),
  }));
  printLine(JSON.stringify({ ok: !checked.some(isWrong), files }, null, 2));
}

/** Warnings are printed where they decide, or where there is one file to look at. */
function printText(checked: readonly Checked[], isWrong: (one: Checked) => boolean, isStrict: boolean): void {
  const fileWidth = widthOf(checked.map(({ file }) => file));
  const saysWarnings = isStrict || checked.length === 1;
  for (const one of checked) {
    const { file, errors, warnings } = one;
    const verdict = isWrong(one) ? styled('red', 'wrong') : styled('green', 'ok   ');
    printLine(`${verdict}  ${file.padEnd(fileWidth)}  ${summaryOf(one)}`.trimEnd());
    for (const problem of errors) printLine(`  ${styled('red', 'error:')} ${formatProblem(problem)}`);
    for (const problem of saysWarnings ? warnings : []) {
      printLine(`  ${styled('yellow', 'warning:')} ${formatProblem(problem)}`);
    }
  }
  if (checked.length === 1) return;
  const sum = (list: 'errors' | 'warnings') => checked.reduce((count, one) => count + one[list].length, 0);
  printLine(
    `${counted(checked.length, 'file')}, ${counted(sum('errors'), 'error')}, ${counted(sum('warnings'), 'warning')}`,
  );
}

function summaryOf({ integrations, errors, warnings }: Checked): string {
  const parts = [
    ...(errors.length > 0 ? [counted(errors.length, 'error')] : [counted(integrations, 'integration')]),
    ...(warnings.length > 0 ? [counted(warnings.length, 'warning')] : []),
  ];
  return parts.join(', ');
}
