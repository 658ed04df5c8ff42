// The commands that bring customers in from elsewhere and take everything out again.

import process from 'node:process';
import type { Command } from 'commander';
import type { ExportOptions } from './export.ts';
import type { ImportExportOptions } from './importExport.ts';
import type { ImportOptions } from './importGrants.ts';
import { withProjectOptions } from './resourceCommands.ts';

export function addMovingCommands(program: Command): void {
  withProjectOptions(program.command('import').description('bring in grants of another system, or an export'))
    .argument('<file>', 'a grant as JSON on each line, or made by `tenon export`; - for what is piped in')
    .option('--dry-run', 'of grants: ask the providers, store nothing')
    .option('--as <name>', 'of an export: another name for the project')
    .option('--passphrase-file <file>', 'of an export with secrets (default: TENON_PASSPHRASE, or asked for)')
    .action(async (file: string, options: ImportOptions & ImportExportOptions) =>
      (await import('./import.ts')).importFile(process.env, file, options),
    );
  program
    .command('export')
    .description('write a project to a file: what it is made of, and with --with-secrets all that it needs to go on')
    .argument('<file>', 'to write; - for standard output')
    .option('--project <project>', 'id or name, where there are several')
    .option('--with-secrets', 'credentials, cursors and waiting messages too; no server may be running')
    .option('--passphrase-file <file>', 'what secrets are sealed with (default: TENON_PASSPHRASE, or asked for)')
    .action(async (file: string, options: ExportOptions) =>
      (await import('./export.ts')).exportProject(process.env, file, options),
    );
}
