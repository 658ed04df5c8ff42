#!/usr/bin/env node
// The command line. A failed command prints one line and exits with 1 (2 for wrong usage); a server that must end
// because its data is not safe exits with 70. What a command needs is loaded when it is used.

import process from 'node:process';
import { Command } from 'commander';
import { IntegrationError } from '../core/errors.ts';
import { addCatalogCommands } from './catalogCommands.ts';
import { keepCompiled } from './compiled.ts';
import type { KeyOptions } from './key.ts';
import { addManifestCommands } from './manifestCommands.ts';
import { addMovingCommands } from './movingCommands.ts';
import { addOperatorCommands } from './operatorCommands.ts';
import { printError } from './print.ts';
import { addResourceCommands } from './resourceCommands.ts';

const EXIT_FAILED = 1;

// Everything written here holds customers' data, whoever may look into the folder.
process.umask(0o077);
keepCompiled(process.env);

const program = new Command('tenon')
  .description('A self-hosted runtime for product integrations.')
  .showHelpAfterError('(add --help for usage)')
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program
  .command('serve')
  .description('start the server (configured by TENON_* variables)')
  .option('--workers <threads>', 'threads that proxy calls besides the one that decides (default: TENON_WORKERS, or 0)')
  .action(async ({ workers = process.env['TENON_WORKERS'] }: { workers?: string }) => {
    await (await import('./serve.ts')).serve({ ...process.env, TENON_WORKERS: workers });
  });

program
  .command('key', { hidden: true })
  .description('as `tenon keys create`, on a data folder that no server runs on')
  .command('create')
  .description('make an API key and show it once')
  .option('--label <label>', 'what it is for', 'made on the command line')
  .option('--project <project>', 'id or name of the project, where there are several')
  .option('--expires <days>', 'when it ends by itself (default: never)')
  .option('--builder', 'for the API of every project, as a Bearer token')
  .option('--operator', 'for the operator plane (`tenon actor`, `why`, `quarantine`) instead of the API')
  .action(async (options: KeyOptions) => (await import('./key.ts')).createKey(process.env, options));

addManifestCommands(program);
addResourceCommands(program);
addOperatorCommands(program);
addMovingCommands(program);
addCatalogCommands(program);

// Whoever reads the output may have seen enough (`| head`). Commands that have servers to end do it in their own way.
program.hook('preAction', (_program, command) => {
  if (command.name() === 'serve' || command.name() === 'demo') return;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
});

program
  .command('demo')
  .description('show the whole product on simulated providers')
  .option('--keep', 'leave everything running and print how to reach it')
  .option('--json', 'print the summary as JSON on the last line')
  .action(async (options: { keep?: boolean; json?: boolean }) => {
    const { demo } = await import('./demo/demo.ts');
    process.exitCode = await demo({ isKept: options.keep === true, isJson: options.json === true });
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof IntegrationError)) throw error;
  printError(error);
  process.exitCode = EXIT_FAILED;
}
