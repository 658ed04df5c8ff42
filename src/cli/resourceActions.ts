// What the commands about the things of a project do: `tenon installations list` and its like. Each asks the API once
// or twice and prints what it said. Secrets come from files and pipes, never from the command line, which others can
// read; they are printed only where that is asked for by name.

import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { type PlatformOptions, type ProjectApi, withPlatform, withProject } from './platform.ts';
import { printLine, printWarning, styled } from './print.ts';
import { addressOf, findOne, labelOf, memberOf, RESOURCES, type Resource, readPages } from './resources.ts';
import { jsonLines, memberLines, tableLines } from './table.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface DeleteOptions extends PlatformOptions {
  /** Do not ask. */
  readonly yes?: boolean | undefined;
}

/** Options of a list besides the usual: the filters of the resource. */
export type ListOptions = PlatformOptions & Readonly<Record<string, unknown>>;

/** The project's own list; projects are listed without naming one. */
export async function listThings(env: Env, resource: Resource, options: ListOptions): Promise<void> {
  const query: Record<string, string> = {};
  for (const [option, parameter] of resource.filters ?? []) {
    const value = options[option];
    if (typeof value === 'string') query[parameter] = value;
  }
  const linesOf = options.json === true ? jsonLines() : tableLines(resource.columns);
  const count = await within(env, resource, options, async (api) => {
    let printed = 0;
    for await (const items of readPages(api, resource, query)) {
      if (items.length > 0) for (const line of linesOf(items)) printLine(line);
      printed += items.length;
    }
    return printed;
  });
  if (options.json === true) printLine(count === 0 ? '[]' : ']');
  else if (count > 0) return;
  else if (Object.keys(query).length > 0) printLine(`none of the ${resource.name} is like that`);
  else printLine(`no ${resource.name.replaceAll('-', ' ')} yet. ${resource.next}`);
}

/** `extra` is asked of the API besides. */
export async function showThing(
  env: Env,
  resource: Resource,
  meant: string,
  options: PlatformOptions,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const thing = await within(env, resource, options, async (api) => {
    const found = await findOne(api, resource, meant);
    if (resource.isListOnly === true) return found;
    const search = new URLSearchParams(extra).toString();
    const address = addressOf(api, resource, found);
    return objectOf(await api.call('GET', search === '' ? address : `${address}?${search}`));
  });
  printThing(thing, options);
}

/** Asks on a terminal; elsewhere it must be said that it is meant. */
export async function deleteThing(env: Env, resource: Resource, meant: string, options: DeleteOptions): Promise<void> {
  await withProject(env, options, async (api) => {
    const found = await findOne(api, resource, meant);
    const label = labelOf(resource, found);
    if (options.yes !== true && !(await isMeant(`Delete ${resource.one.replace(/^an? /, '')} ${label}?`))) {
      printLine('nothing was deleted');
      return;
    }
    await api.call('DELETE', addressOf(api, resource, found));
    done(api, options, 'deleted', label, { id: resource.idOf(found) });
  });
}

async function isMeant(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new IntegrationError('invalid_input', 'deleting cannot be undone', {
      remedy: 'Say that it is meant: --yes.',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

/** Makes one of `body` and prints it. */
export async function createThing(
  env: Env,
  resource: Resource,
  options: PlatformOptions,
  bodyOf: (api: ProjectApi) => JsonObject | Promise<JsonObject>,
): Promise<void> {
  await withProject(env, options, async (api) => {
    const made = await api.call('POST', `${api.base}${resource.path}`, await bodyOf(api));
    printMade(api, resource, made, options);
  });
}

export async function createProject(
  env: Env,
  name: string,
  options: PlatformOptions & { readonly app?: string | undefined },
): Promise<void> {
  await withPlatform(env, options, async (api) => {
    const orgId = memberOf((await readProjects(api))[0] ?? null, 'orgId');
    const body = { name, appName: options.app ?? name, orgId: orgId === '' ? 'self-hosted' : orgId };
    const made = objectOf(await api.call('POST', '/v1/projects', body));
    if (options.json === true) printLine(JSON.stringify(made, null, 2));
    else {
      printLine(`${styled('green', 'created')}  ${labelOf(RESOURCES.projects, made)}`);
      printLine(`Its first key: tenon keys create --project ${memberOf(made, 'name')} --label first`);
    }
  });
}

async function readProjects(api: { call: ProjectApi['call'] }): Promise<readonly JsonObject[]> {
  const answer = await api.call('GET', '/v1/projects');
  return Array.isArray(answer) ? (answer as readonly JsonObject[]) : [];
}

export interface InstallOptions extends PlatformOptions {
  readonly group: string;
  readonly connection?: string | undefined;
  /** A file with the config as JSON. */
  readonly config?: string | undefined;
}

/** The config is what the file has, else everything that the manifest reads with its defaults is left out. */
export async function installIntegration(env: Env, meant: string, options: InstallOptions): Promise<void> {
  await withProject(env, options, async (api) => {
    const integration = await findOne(api, RESOURCES.integrations, meant);
    const connection =
      options.connection === undefined ? undefined : await findOne(api, RESOURCES.connections, options.connection);
    const given = options.config === undefined ? {} : await jsonFrom(options.config);
    const content = { provider: memberOf(integration, 'provider'), ...given };
    const body: JsonObject = {
      groupRef: options.group,
      ...(connection === undefined ? {} : { connectionId: memberOf(connection, 'id') }),
      config: { content, createdBy: 'cli:create-installation' },
    };
    const path = `${api.base}/integrations/${encodeURIComponent(memberOf(integration, 'id'))}/installations`;
    printMade(api, RESOURCES.installations, await api.call('POST', path, body), options);
  });
}

export interface PauseOptions extends PlatformOptions {
  /** Names of objects; all of them if absent. */
  readonly object?: readonly string[] | undefined;
}

export async function switchReads(
  env: Env,
  meant: string,
  verb: 'pause' | 'unpause',
  options: PauseOptions,
): Promise<void> {
  await withProject(env, options, async (api) => {
    const found = await findOne(api, RESOURCES.installations, meant);
    const body = options.object === undefined ? {} : { objects: options.object };
    await api.call('POST', `${addressOf(api, RESOURCES.installations, found)}:${verb}`, body);
    done(api, options, `${verb}d`, labelOf(RESOURCES.installations, found), { id: memberOf(found, 'id') });
  });
}

/** Rejects with `conflict` where no server runs: only one has what renewing takes. */
export async function refreshConnection(env: Env, meant: string, options: PlatformOptions): Promise<void> {
  await withProject(env, options, async (api) => {
    requireServer(api, 'renewing a token');
    const found = await findOne(api, RESOURCES.connections, meant);
    const answer = objectOf(await api.call('GET', `${addressOf(api, RESOURCES.connections, found)}?refresh=force`));
    if (options.json === true) printLine(JSON.stringify(answer, null, 2));
    else printLine(`${styled('green', 'renewed')}  ${labelOf(RESOURCES.connections, found)}`);
  });
}

export interface AuthorizeOptions extends PlatformOptions {
  readonly group: string;
  readonly consumer: string;
  readonly workspace?: string | undefined;
  readonly providerApp?: string | undefined;
}

/** Prints the address of the consent page. */
export async function authorizeConnection(env: Env, provider: string, options: AuthorizeOptions): Promise<void> {
  await withProject(env, options, async (api) => {
    requireServer(api, "a provider's answer");
    const { group: groupRef, consumer: consumerRef, workspace } = options;
    const app =
      options.providerApp === undefined
        ? undefined
        : await findOne(api, RESOURCES['provider-apps'], options.providerApp);
    const url = await api.call('POST', '/v1/oauth-connect', {
      projectIdOrName: api.projectId,
      ...{ provider, groupRef, consumerRef },
      ...(workspace === undefined ? {} : { providerWorkspaceRef: workspace }),
      ...(app === undefined ? {} : { providerAppId: memberOf(app, 'id') }),
    });
    printLine(options.json === true ? JSON.stringify({ url }) : String(url));
  });
}

function requireServer({ isServing }: ProjectApi, what: string): void {
  if (isServing) return;
  throw new IntegrationError('conflict', `no server runs on the data folder, and ${what} needs one`, {
    remedy: 'Start it with `tenon serve`, or name another with --url.',
  });
}

/** Switches a key on or off. */
export async function switchKey(env: Env, meant: string, active: boolean, options: PlatformOptions): Promise<void> {
  await withProject(env, options, async (api) => {
    const found = await findOne(api, RESOURCES.keys, meant);
    const body = { updateMask: ['active'], apiKey: { active } };
    const edited = await api.call('PATCH', addressOf(api, RESOURCES.keys, found), body);
    done(api, options, active ? 'enabled' : 'disabled', labelOf(RESOURCES.keys, found), edited);
  });
}

export async function routeTopic(
  env: Env,
  topic: string,
  destination: string,
  options: PlatformOptions,
): Promise<void> {
  await createThing(env, RESOURCES['destination-routes'], options, async (api) => ({
    topicId: memberOf(await findOne(api, RESOURCES.topics, topic), 'id'),
    destinationId: memberOf(await findOne(api, RESOURCES.destinations, destination), 'id'),
  }));
}

/** The id of a topic that is meant. */
export async function topicIdOf(api: ProjectApi, meant: string): Promise<string> {
  return memberOf(await findOne(api, RESOURCES.topics, meant), 'id');
}

/** A JSON object in a file, or piped in for `-`. Rejects with `invalid_input`, never with what is in it. */
export async function jsonFrom(path: string): Promise<JsonObject> {
  const json = parseJson(await textFrom(path), path === '-' ? 'what is piped in' : path);
  if (isJsonObject(json)) return json;
  throw new IntegrationError('invalid_input', `${path} is not a JSON object`);
}

/** A secret in a file, or piped in for `-`, without the line break at its end. */
export async function secretFrom(path: string): Promise<string> {
  const secret = (await textFrom(path)).replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  throw new IntegrationError('invalid_input', `there is no secret in ${path === '-' ? 'what is piped in' : path}`);
}

async function textFrom(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IntegrationError('invalid_input', `${path} cannot be read`, { cause });
  }
}

function within<Result>(
  env: Env,
  resource: Resource,
  options: PlatformOptions,
  work: (api: ProjectApi) => Promise<Result>,
): Promise<Result> {
  if (resource !== RESOURCES.projects) return withProject(env, options, work);
  return withPlatform(env, options, (api) => work({ ...api, projectId: '', base: '/v1' }));
}

function objectOf(answer: JsonValue): JsonObject {
  return isJsonObject(answer) ? answer : {};
}

function printThing(thing: JsonObject, { json }: PlatformOptions): void {
  if (json === true) printLine(JSON.stringify(thing, null, 2));
  else for (const line of memberLines(thing)) printLine(line);
}

function printMade(api: ProjectApi, resource: Resource, made: JsonValue, options: PlatformOptions): void {
  const thing = objectOf(made);
  if (options.json === true) printLine(JSON.stringify(thing, null, 2));
  else printLine(`${styled('green', 'created')}  ${labelOf(resource, thing)}`);
  notYet(api);
}

function done(api: ProjectApi, options: PlatformOptions, what: string, label: string, json: JsonValue): void {
  if (options.json === true) printLine(JSON.stringify(json, null, 2));
  else printLine(`${styled('green', what)}  ${label}`);
  notYet(api);
}

/** On standard error, so that what reads the output is not disturbed. */
function notYet({ isServing }: ProjectApi): void {
  if (!isServing) printWarning('no server runs on the data folder: what follows from this happens when one starts');
}
