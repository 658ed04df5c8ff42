// The commands about the things of a project: list, show, create and delete, and what else each of them can do. They
// work over the API of the server on the data folder, of one elsewhere (--url), or on the folder itself.

import process from 'node:process';
import type { Command } from 'commander';
import type { KeyOptions } from './key.ts';
import { addRotation, withServer } from './operatorCommands.ts';
import type { PlatformOptions } from './platform.ts';
import type { AuthorizeOptions, DeleteOptions, InstallOptions, ListOptions, PauseOptions } from './resourceActions.ts';
import { RESOURCES, type Resource } from './resources.ts';
import type { RotateOptions, WebhookSecretOptions, WebhooksOptions } from './webhooks.ts';

// Loaded when it is used: to read all of the product takes longer than most commands do.
const actions = () => import('./resourceActions.ts');
const { env } = process;

/** What every one of them takes. */
export function withProjectOptions(command: Command): Command {
  return withServer(command)
    .option('--project <project>', 'id or name of the project, where there are several')
    .option('--json', 'print everything as JSON');
}

export function addResourceCommands(program: Command): void {
  const groups = new Map<Resource, Command>();
  for (const resource of Object.values<Resource>(RESOURCES)) groups.set(resource, addGroup(program, resource));
  const group = (resource: Resource): Command => groups.get(resource) ?? program;
  addProjects(group(RESOURCES.projects));
  addInstallations(group(RESOURCES.installations));
  addConnections(group(RESOURCES.connections));
  addDestinations(group(RESOURCES.destinations), group(RESOURCES['provider-apps']));
  addTopics(group(RESOURCES.topics), group(RESOURCES['event-routes']), group(RESOURCES['destination-routes']));
  addKeys(group(RESOURCES.keys));
  addWebhooks(program, group(RESOURCES['provider-apps']), group(RESOURCES.installations));
}

/** Those that have flags of their own for it are shown by them. */
const SHOWN_OTHERWISE: readonly Resource[] = [RESOURCES.connections, RESOURCES.destinations];

function addGroup(program: Command, resource: Resource): Command {
  const { name, one, description, filters = [] } = resource;
  const group = program.command(name).description(description);
  const list = withProjectOptions(group.command('list').description(`all ${name.replaceAll('-', ' ')}`));
  for (const [option, , what] of filters) list.option(`--${option} <${option}>`, `only those ${what}`);
  list.action(async (options: ListOptions) => (await actions()).listThings(env, resource, options));
  if (!SHOWN_OTHERWISE.includes(resource)) {
    withProjectOptions(group.command('show').description(one))
      .argument('<id or name>', MEANT)
      .action(async (meant: string, options: PlatformOptions) =>
        (await actions()).showThing(env, resource, meant, options),
      );
  }
  if (resource.isKept === true) return group;
  withProjectOptions(group.command('delete').description(`delete ${one}`))
    .argument('<id or name>', MEANT)
    .option('--yes', 'do not ask')
    .action(async (meant: string, options: DeleteOptions) =>
      (await actions()).deleteThing(env, resource, meant, options),
    );
  return group;
}

const MEANT = 'its name, its id, or how the id begins where that is clear';

function addProjects(projects: Command): void {
  withProjectOptions(projects.command('create').description('make a project'))
    .argument('<name>', 'letters, digits and dashes')
    .option('--app <name>', 'what customers know your product by (default: the name)')
    .action(async (name: string, options: PlatformOptions & { readonly app?: string }) =>
      (await actions()).createProject(env, name, options),
    );
}

function addInstallations(installations: Command): void {
  withProjectOptions(installations.command('create').description('install an integration for a customer'))
    .argument('<integration>', 'its name or id')
    .requiredOption('--group <group>', 'the customer, as your product calls them')
    .option('--connection <connection>', "one of theirs (default: the group's connection to the provider)")
    .option('--config <file>', 'what is read and written, as JSON; - for what is piped in')
    .action(async (integration: string, options: InstallOptions) =>
      (await actions()).installIntegration(env, integration, options),
    );
  for (const verb of ['pause', 'unpause'] as const) {
    const what = verb === 'pause' ? 'start no further scheduled reads' : 'let scheduled reads start again';
    withProjectOptions(installations.command(verb).description(what))
      .argument('<id or group>', MEANT)
      .option('--object <name...>', 'only of these objects')
      .action(async (meant: string, options: PauseOptions) => (await actions()).switchReads(env, meant, verb, options));
  }
}

function addConnections(connections: Command): void {
  withProjectOptions(connections.command('show').description('a connection'))
    .argument('<id or group>', MEANT)
    .option('--with-credentials', 'print its tokens too: whoever sees them can use them')
    .action(async (meant: string, options: PlatformOptions & { readonly withCredentials?: boolean }) => {
      const extra =
        options.withCredentials === true ? { includeCreds: 'true', includeRefreshToken: 'true' } : undefined;
      await (await actions()).showThing(env, RESOURCES.connections, meant, options, extra);
    });
  withProjectOptions(connections.command('create').description('connect with an API key, a password or other secrets'))
    .argument('<file>', 'the body of POST connections:generate as JSON; - for what is piped in')
    .action(async (file: string, options: PlatformOptions) => {
      const { createThing, jsonFrom } = await actions();
      const resource = { ...RESOURCES.connections, path: '/connections:generate' };
      await createThing(env, resource, options, () => jsonFrom(file));
    });
  withProjectOptions(connections.command('authorize').description('print the address to open for a customer'))
    .argument('<provider>', 'its name in the catalog')
    .requiredOption('--group <group>', 'the customer, as your product calls them')
    .requiredOption('--consumer <consumer>', 'the person who agrees')
    .option('--workspace <workspace>', 'where the provider asks for one, such as a subdomain')
    .option('--provider-app <app>', 'which one, where there are several')
    .action(async (provider: string, options: AuthorizeOptions) =>
      (await actions()).authorizeConnection(env, provider, options),
    );
  withProjectOptions(connections.command('refresh').description('renew the token now, and wait for it'))
    .argument('<id or group>', MEANT)
    .action(async (meant: string, options: PlatformOptions) =>
      (await actions()).refreshConnection(env, meant, options),
    );
}

interface DestinationOptions extends PlatformOptions {
  readonly to: string;
  readonly header?: readonly string[];
}

interface ProviderAppOptions extends PlatformOptions {
  readonly clientId: string;
  readonly secretFile: string;
  readonly scope?: readonly string[];
}

function addDestinations(destinations: Command, providerApps: Command): void {
  withProjectOptions(destinations.command('show').description('a destination'))
    .argument('<id or name>', MEANT)
    .option('--secret', 'print the key that its messages are signed with')
    .action(async (meant: string, options: PlatformOptions & { readonly secret?: boolean }) => {
      const extra = options.secret === true ? { includeSecrets: 'true' } : undefined;
      await (await actions()).showThing(env, RESOURCES.destinations, meant, options, extra);
    });
  withProjectOptions(destinations.command('rotate').description('another signing key; both sign for a day'))
    .argument('<id or name>', MEANT)
    .option('--secret', 'print the new key')
    .action(async (meant: string, options: PlatformOptions & { readonly secret?: boolean }) => {
      const extra = { rotate: 'true', ...(options.secret === true ? { includeSecrets: 'true' } : {}) };
      await (await actions()).showThing(env, RESOURCES.destinations, meant, options, extra);
    });
  withProjectOptions(destinations.command('create').description('make a webhook destination'))
    .argument('<name>', 'letters, digits, - and _')
    .requiredOption('--to <address>', 'where messages are posted')
    .option('--header <name:value...>', 'sent along with each message')
    .action(async (name: string, options: DestinationOptions) => {
      const { createThing } = await actions();
      const headers = Object.fromEntries((options.header ?? []).map(headerOf));
      const metadata = options.header === undefined ? { url: options.to } : { url: options.to, headers };
      await createThing(env, RESOURCES.destinations, options, () => ({ name, type: 'webhook', metadata }));
    });
  withProjectOptions(providerApps.command('create').description('register your OAuth client at a provider'))
    .argument('<provider>', 'its name in the catalog')
    .requiredOption('--client-id <id>', 'as the provider shows it')
    .requiredOption('--secret-file <file>', 'has the client secret; - for what is piped in')
    .option('--scope <scope...>', 'what customers are asked to agree to')
    .action(async (provider: string, options: ProviderAppOptions) => {
      const { createThing, secretFrom } = await actions();
      const { clientId, secretFile, scope: scopes = [] } = options;
      await createThing(env, RESOURCES['provider-apps'], options, async () => {
        return { provider, clientId, clientSecret: await secretFrom(secretFile), scopes };
      });
    });
}

function addWebhooks(program: Command, apps: Command, installations: Command): void {
  const webhooks = program.command('webhooks').description('what to enter at a provider so that its webhooks come');
  withProjectOptions(webhooks.helpCommand(false))
    .argument('<integration>', MEANT)
    .option('--installation <id or group>', 'of one customer, where each has an address of its own')
    .action(async (integration: string, options: WebhooksOptions) =>
      (await import('./webhooks.ts')).showWebhook(env, integration, options),
    );
  withProjectOptions(webhooks.command('rotate').description('another address for an installation, e.g. after a leak'))
    .argument('<installation>', MEANT)
    .option('--grace <hours>', 'how long the address before is taken as well, up to 168', '24')
    .option('--finish', 'make no other: refuse the address before from now on')
    // Options that both commands have are taken by the outer one, wherever they stand.
    .action(async (installation: string, _: RotateOptions, command: Command) =>
      (await import('./webhooks.ts')).rotateWebhook(env, installation, command.optsWithGlobals<RotateOptions>()),
    );
  for (const [group, resource] of [
    [apps, RESOURCES['provider-apps']],
    [installations, RESOURCES.installations],
  ] as const) {
    withProjectOptions(group.command('webhook-secret').description('set what its webhooks are signed with'))
      .argument('<id or name>', MEANT)
      .option('--secret-file <file>', 'has the secret (default: what is piped in)')
      .option('--clear', 'forget it')
      .action(async (meant: string, options: WebhookSecretOptions) =>
        (await import('./webhooks.ts')).setWebhookSecret(env, resource, meant, options),
      );
  }
}

function headerOf(text: string): [string, string] {
  const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(text) ?? ['', text];
  return [name.trim(), value];
}

function addTopics(topics: Command, eventRoutes: Command, destinationRoutes: Command): void {
  withProjectOptions(topics.command('create').description('make a topic'))
    .argument('<name>', 'what it is called')
    .action(async (name: string, options: PlatformOptions) =>
      (await actions()).createThing(env, RESOURCES.topics, options, () => ({ name })),
    );
  withProjectOptions(eventRoutes.command('create').description('tell a topic of an event'))
    .argument('<event>', 'its type, such as connection.error')
    .requiredOption('--topic <topic>', 'name or id')
    .action(async (eventType: string, options: PlatformOptions & { readonly topic: string }) => {
      const { createThing, topicIdOf } = await actions();
      await createThing(env, RESOURCES['event-routes'], options, async (api) => {
        return { eventType, topicId: await topicIdOf(api, options.topic) };
      });
    });
  withProjectOptions(destinationRoutes.command('create').description('send a topic to a destination'))
    .argument('<topic>', 'name or id')
    .argument('<destination>', 'name or id')
    .action(async (topic: string, destination: string, options: PlatformOptions) =>
      (await actions()).routeTopic(env, topic, destination, options),
    );
}

interface NewKeyOptions extends PlatformOptions {
  readonly label: string;
  readonly scope: string;
  readonly expires?: string;
}

function addKeys(keys: Command): void {
  addRotation(keys, true);
  withProjectOptions(keys.command('create').description('make an API key and show it once'))
    .option('--label <label>', 'what it is for', 'made on the command line')
    .option('--scope <scope>', 'full, frontend (for browsers), builder (all projects) or operator', 'full')
    .option('--expires <days>', 'when it ends by itself (default: never); on a folder that no server runs on')
    .action(async (options: NewKeyOptions) => {
      const { label, scope, project, expires } = options;
      // No project can give these: they are made by whoever has the data folder.
      const isForAll = scope === 'builder' || scope === 'operator' || (scope === 'full' && expires !== undefined);
      if (!isForAll) return (await import('./key.ts')).createProjectKey(env, options);
      const asked: KeyOptions = { label, project, expires, [scope]: true };
      return (await import('./key.ts')).createKey(env, asked);
    });
  for (const [verb, isActive] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    const what = isActive ? 'let a key work again' : 'let a key open nothing until it is enabled';
    withProjectOptions(keys.command(verb).description(what))
      .argument('<key or label>', 'its label, or how it is listed')
      .action(async (meant: string, options: PlatformOptions) =>
        (await actions()).switchKey(env, meant, isActive, options),
      );
  }
}
