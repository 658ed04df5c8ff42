// The commands about providers. Loaded when one is used.

import process from 'node:process';
import type { Command } from 'commander';
import type { CheckOptions, JsonOption, StatusOptions } from './catalog.ts';
import { withServer } from './operatorCommands.ts';

const commands = () => import('./catalog.ts');

export function addCatalogCommands(program: Command): void {
  const catalog = program.command('catalog').description('the providers, and the upstream catalog they come from');
  catalog
    .command('list')
    .description('every provider with its category, how it signs in and what can be done')
    .option('--json', 'print an array')
    .action(async (options: JsonOption) => (await commands()).listProviders(process.env, options));
  catalog
    .command('show')
    .description('everything about one provider')
    .argument('<name>', 'e.g. salesforce')
    .option('--json', 'print the published entry')
    .action(async (name: string, options: JsonOption) => (await commands()).showProvider(process.env, name, options));
  catalog
    .command('check')
    .description('say which entries of an upstream catalog would be refused; exits with 1 if any')
    .argument('<file>', 'in the published form, {"catalog": {…}}')
    .option('--lenient', 'only tell keys that this version does not know, as a refresh does')
    .action(async (file: string, options: CheckOptions) => (await commands()).checkCatalog(process.env, file, options));
  catalog
    .command('diff')
    .description('say what an upstream catalog would change')
    .argument('<file>', 'in the published form')
    .option('--json', 'print {added, removed, changed, refused}')
    .action(async (file: string, options: JsonOption) => (await commands()).diffCatalog(process.env, file, options));
  withServer(
    catalog.command('status').description('when upstream was asked, what was refused and what it no longer has'),
  )
    .option('--json', 'print everything as JSON')
    .action(async (options: StatusOptions) => (await commands()).showStatus(process.env, options));
  withServer(catalog.command('refresh').description('have the server ask upstream now'))
    .option('--json', 'print the status as JSON')
    .action(async (options: StatusOptions) => (await commands()).refreshNow(process.env, options));
}
