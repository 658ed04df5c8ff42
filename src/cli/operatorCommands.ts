// The commands for whoever runs Tenon and looks into it. Each works on the data folder of this machine, whether a
// server runs on it or not, and with --url and --api-key on a server elsewhere.

import process from 'node:process';
import type { Command } from 'commander';
import type { ViewOptions } from './actor.ts';
import type { BackupOptions } from './backup.ts';
import type { ResendOptions } from './deliveries.ts';
import type { EraseCommandOptions } from './erase.ts';
import type { OperatorOptions } from './operator.ts';
import type { ListOptions } from './quarantine.ts';
import type { RestoreCommandOptions } from './restore.ts';

// Loaded when it is used: to read all of the product takes longer than most commands do.
const actorCommands = () => import('./actor.ts');
const quarantineCommands = () => import('./quarantine.ts');
const deliveryCommands = () => import('./deliveries.ts');
const grantCommands = () => import('./grants.ts');

export function addOperatorCommands(program: Command): void {
  const actor = program.command('actor').description('look into one actor');
  withServer(actor.command('show').description('its state, context, what it waits for and its last events'))
    .argument('<id>', 'its id, or the id of an installation')
    .option('--json', 'print everything as JSON')
    .action(async (id: string, options: ViewOptions) => (await actorCommands()).showOneActor(process.env, id, options));
  withServer(actor.command('replay').description('run its last events again and compare with what is stored'))
    .argument('<id>', 'its id, or the id of an installation')
    .option('--json', 'print everything as JSON')
    .action(async (id: string, options: ViewOptions) =>
      (await actorCommands()).replayOneActor(process.env, id, options),
    );
  withServer(program.command('why').description('say what an installation waits for, whose fault it is and what to do'))
    .argument('<installation>', 'its id')
    .option('--json', 'print the facts as JSON')
    .action(async (id: string, options: ViewOptions) =>
      (await import('./why.ts')).explainInstallation(process.env, id, options),
    );
  withServer(program.command('budgets').description("what of the provider's limits is spent, and who waits"))
    .argument('<installation>', 'its id')
    .option('--json', 'print everything as JSON')
    .action(async (id: string, options: ViewOptions) =>
      (await import('./budgets.ts')).showBudgets(process.env, id, options),
    );
  const quarantine = program.command('quarantine').description('events that an actor could not handle');
  withServer(quarantine.command('list').description('paused actors with what was set aside'))
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--json', 'print everything as JSON')
    .action(async (options: ListOptions) => (await quarantineCommands()).listPaused(process.env, options));
  withServer(quarantine.command('retry').description('let a paused actor try again'))
    .argument('<actor>', 'its id')
    .action(async (id: string, options: OperatorOptions) =>
      (await quarantineCommands()).retryActor(process.env, id, options),
    );
  withServer(quarantine.command('discard').description('give up one event and let its actor go on'))
    .argument('<number>', 'of the event, from the list')
    .action(async (seq: string, options: OperatorOptions) =>
      (await quarantineCommands()).discardEvent(process.env, seq, options),
    );
  addDeliveryCommands(program);
  addGrantCommands(program);
  addDoctor(program);
  withServer(program.command('backup').description('copy all data into one file, while the server goes on'))
    .argument('<file>', 'to write')
    .option('--force', 'replace it if it exists')
    .action(async (file: string, options: BackupOptions) =>
      (await import('./backup.ts')).backup(process.env, file, options),
    );
  program
    .command('restore')
    .description('put a backup in the place of the data of a folder that no server runs on')
    .argument('<file>', 'made by `tenon backup`')
    .option('--force', 'move the data that is there aside')
    .action(async (file: string, options: RestoreCommandOptions) =>
      (await import('./restore.ts')).restore(process.env, file, options),
    );
  const masterKeys = program.command('master-keys').description('what stored credentials are sealed with');
  withServer(masterKeys.command('list').description('how much is sealed with which key'))
    .option('--json', 'print everything as JSON')
    .action(async (options: ViewOptions) => (await import('./keys.ts')).listMasterKeys(process.env, options));
  addRotation(masterKeys, false);
  const erasing = program.command('erase').description('remove all data of one customer');
  withServer(erasing.command('installation').description('and everything that it made, and its connection'))
    .argument('<id>', 'its id')
    .option('--keep-connection', 'keep the connection also if nothing else uses it')
    .action(async (id: string, options: EraseCommandOptions) =>
      (await import('./erase.ts')).erase(process.env, id, options),
    );
}

/** `tenon keys rotate` is what it was called before API keys had commands. */
export function addRotation(group: Command, isHidden: boolean): void {
  withServer(group.command('rotate', { hidden: isHidden }))
    .description('seal everything with a new key, while the server goes on')
    .option('--json', 'print everything as JSON')
    .action(async (options: ViewOptions) => (await import('./keys.ts')).rotateMasterKeys(process.env, options));
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at settings, keys, data and network, and say what to do')
    .option('--json', 'print everything as JSON')
    .action(async (options: { readonly json?: boolean }) =>
      (await import('./doctor/doctor.ts')).doctor(process.env, options),
    );
}

function addDeliveryCommands(program: Command): void {
  const deliveries = program.command('deliveries').description('what waits for destinations, and what they refused');
  withServer(deliveries.command('list').description('destinations with something waiting or refused for good'))
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--json', 'print everything as JSON')
    .action(async (options: ListOptions) => (await deliveryCommands()).listWaiting(process.env, options));
  withServer(deliveries.command('show').description('one destination, with what it refused last and why'))
    .argument('<destination>', 'its id, from the list')
    .option('--json', 'print everything as JSON')
    .action(async (id: string, options: ViewOptions) =>
      (await deliveryCommands()).showDeliveries(process.env, id, options),
    );
  withServer(deliveries.command('resend').description('send what it refused for good again, under the same ids'))
    .argument('<destination>', 'its id, from the list')
    .option('--message <id>', 'this one only')
    .action(async (id: string, options: ResendOptions) =>
      (await deliveryCommands()).resendDead(process.env, id, options),
    );
}

function addGrantCommands(program: Command): void {
  const grants = program.command('grants').description('customers that are held back because of their provider app');
  withServer(
    grants.command('list').description('provider apps that are not trusted, and how many customers that holds'),
  )
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--json', 'print everything as JSON')
    .action(async (options: ListOptions) => (await grantCommands()).listGrants(process.env, options));
  const decisions = [
    ['release', 'let everybody who is held try again'],
    ['confirm', 'take the refused grants for gone: their customers must connect again'],
  ] as const;
  for (const [decision, description] of decisions) {
    withServer(grants.command(decision).description(description))
      .argument('<provider app>', 'its id, from the list')
      .action(async (id: string, options: OperatorOptions) =>
        (await grantCommands()).decideAboutGrants(process.env, id, decision, options),
      );
  }
}

/** What every operator's command takes. */
export function withServer(command: Command): Command {
  return command
    .option('--url <url>', 'a server elsewhere (default: the one on TENON_DATA_DIR)')
    .option('--api-key <key>', 'an operator key for it (default: TENON_API_KEY)');
}
