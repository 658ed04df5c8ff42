// The commands that bring customers in from elsewhere and take everything out again.

import process from 'node:process';
import type { Command } from 'commander';
import type { ImportOptions } from './importGrants.ts';
import { withProjectOptions } from './resourceCommands.ts';

export function addMovingCommands(program: Command): void {
  withProjectOptions(program.command('import').description('bring in grants that another system holds'))
    .argument('<file>', 'a grant as JSON on each line; - for what is piped in')
    .option('--dry-run', 'ask the providers, store nothing')
    .action(async (file: string, options: ImportOptions) =>
      (await import('./import.ts')).importFile(process.env, file, options),
    );
}
