// `tenon import FILE` of what `tenon export` wrote, into a folder that no server runs on: all of it or nothing.

import { type OpenedVault, openVault } from '../auth/masterKeys.ts';
import { passphraseSeal } from '../auth/passphrase.ts';
import { readConfig } from '../config.ts';
import { IntegrationError, invariant } from '../core/errors.ts';
import { assertOpens, type BroughtIn, type ExportHeader, rowsOf } from '../flows/operator/exportFile.ts';
import { ensureCanary } from '../flows/operator/keys.ts';
import { bringIn } from '../store/moving.ts';
import { openStore } from '../store/store.ts';
import { widthOf } from './layout.ts';
import type { Line } from './lines.ts';
import { databaseOf } from './operator.ts';
import { passphraseFrom } from './passphrase.ts';
import { printLine, printWarning, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface ImportExportOptions {
  readonly json?: boolean | undefined;
  readonly passphraseFile?: string | undefined;
  /** Another name for the project. */
  readonly as?: string | undefined;
}

/**
 * Rejects with `conflict` while a server runs on the data folder or if something of it is there, `invalid_input` for
 * another passphrase, and for a file that was changed or cut; then nothing was brought in.
 */
export async function importExport(
  env: Env,
  header: ExportHeader,
  lines: AsyncIterable<Line>,
  options: ImportExportOptions,
): Promise<void> {
  const config = readConfig(env);
  const { secrets } = header;
  const seal =
    secrets === null ? null : await passphraseSeal(await passphraseFrom(env, options.passphraseFile, false), secrets);
  if (seal !== null) assertOpens(seal, header);
  const parts: { opened?: OpenedVault } = {};
  const store = await openStore({
    folder: config.dataFolder,
    writer: 'inThread',
    onFatal: () => {},
    prepare(reads) {
      parts.opened = openVault(config, reads);
    },
  });
  const told: BroughtIn = { counts: {}, leftOut: {} };
  try {
    const { opened } = parts;
    invariant(opened !== undefined, 'T-4004', 'a store was opened without its keys');
    for (const warning of opened.warnings) printWarning(warning);
    await ensureCanary(store, opened.vault);
    const rows = rowsOf(textsOf(lines), { vault: opened.vault, seal, as: options.as }, told);
    await bringIn(databaseOf(config.dataFolder), rows);
  } finally {
    await store.close();
  }
  if (options.json === true) printLine(JSON.stringify(told, null, 2));
  else printTold(told);
}

async function* textsOf(lines: AsyncIterable<Line>): AsyncGenerator<string> {
  for await (const { number, text } of lines) {
    if (text === null) throw new IntegrationError('invalid_input', `line ${number} is longer than a line can be`);
    yield text;
  }
}

function printTold({ counts, leftOut }: BroughtIn): void {
  printLine(styled('green', 'brought in'));
  const width = widthOf([...Object.keys(counts), ...Object.keys(leftOut)]);
  for (const [table, count] of Object.entries(counts)) printLine(`  ${table.padEnd(width)}  ${count}`);
  if (Object.keys(leftOut).length === 0) return;
  printLine('left out: the export has no secrets, and these cannot work without');
  for (const [table, count] of Object.entries(leftOut)) printLine(`  ${table.padEnd(width)}  ${count}`);
  printLine('Destinations have signing keys of their own: tenon destinations show NAME --secret.');
}
