// Wires the product together and nothing else: store, vault, catalog, egress, runtime, flows, edge. `tenon serve`,
// tests and the demo start it here.

import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fleets } from '../actors/fleets.ts';
import { Leases } from '../actors/lease.ts';
import { Runtime } from '../actors/runtime.ts';
import { Supervisor } from '../actors/supervisor.ts';
import { TokenManager } from '../actors/tokenManager.ts';
import { createVault, type MasterKey, parseMasterKey, type Vault } from './auth/vault.ts';
import { createCatalog, readCatalogOverrides } from './catalog/catalog.ts';
import type { Config } from './config.ts';
import { createConnectors } from './connectors/connectors.ts';
import { IntegrationError, invariant } from './core/errors.ts';
import { newId, type ProjectId, randomToken } from './core/ids.ts';
import type { Log } from './core/log.ts';
import { type Clock, systemClock } from './core/time.ts';
import { createApp } from './edge/app.ts';
import { listen } from './edge/server.ts';
import { createEgress } from './egress/egress.ts';
import { newApiKey } from './flows/apiKeys.ts';
import { takeOverRevisions } from './flows/install/deploy.ts';
import { Retention } from './flows/operator/retention.ts';
import { registerHandlers } from './flows/register.ts';
import type { Services } from './flows/services.ts';
import { Targets } from './flows/targets.ts';
import { announceOwner } from './store/ownerLock.ts';
import { folderError, openStore, type Store } from './store/store.ts';
import { insertApiKey, insertProject, putMeta, readMeta, readProjects } from './store/tables/accounts.ts';

/** Not to be guessed; told to nobody but through the data folder. */
const OPERATOR_TOKEN_BYTES = 32;

export interface StartOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  /** Where the store's writer runs; `inThread` is for tests. */
  readonly writer?: 'thread' | 'inThread';
  /** The process must end: another owner has the data folder, or its disk cannot be trusted. */
  readonly onFatal: (error: IntegrationError) => void;
}

export interface Running {
  readonly services: Services;
  readonly port: number;
  /** Only on the first start of a data folder: its key is nowhere else. */
  readonly firstKey: { readonly projectId: ProjectId; readonly apiKey: string } | null;
  /** Refuses new work, lets open work end within its bounds, closes the store. */
  stop(): Promise<void>;
}

/** Rejects with what kept it from starting; then nothing is left running. */
export async function start(options: StartOptions): Promise<Running> {
  const { config, log, clock = systemClock } = options;
  const catalog = createCatalog(readOverrides(config));
  const opened: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const writer = options.writer ?? 'thread';
    const store = await openStore({ folder: config.dataFolder, writer, onFatal: options.onFatal });
    opened.push(() => store.close());
    const egress = createEgress({ allowList: config.egressAllow, clock });
    opened.push(() => egress.close());
    const keys = masterKeysOf(config).map(parseMasterKey);
    const vault = createVault(keys);
    await checkCanary(store, vault);
    const listening = await listen(config.hostname, config.port, clock);
    const runtime = new Runtime({ store, clock, log });
    opened.push(
      () => runtime.stop(),
      () => listening.close(),
    );
    const tokens = new TokenManager(runtime, store.reads, vault, catalog, clock, log);
    const services: Services = {
      store,
      runtime,
      tokens,
      leases: new Leases(tokens, new Supervisor(runtime, clock), clock),
      fleets: new Fleets(runtime, clock, log),
      targets: new Targets(store.reads, catalog),
      egress,
      vault,
      catalog,
      connectors: createConnectors(clock),
      clock,
      log,
      downloadKey: downloadKeyOf(keys),
      publicUrl: config.publicUrl ?? `http://${hostText(config.hostname)}:${listening.port}`,
    };
    registerHandlers(runtime.dispatcher, services);
    // Last of all that may fail: a key that nobody got to see would be lost.
    const firstKey = await ensureProject(store, clock);
    runtime.start();
    const retention = new Retention(services);
    opened.push(() => retention.stop());
    retention.start();
    await takeOverRevisions(services);
    // What a full disk kept from taking over a deployed manifest.
    store.onRecovered(() => void takeOverRevisions(services));
    const operatorToken = randomToken(OPERATOR_TOKEN_BYTES);
    listening.serve(createApp(services, () => isReady(store), operatorToken));
    announceOwner(config.dataFolder, {
      url: `http://${localHost(config.hostname)}:${listening.port}`,
      token: operatorToken,
    });
    return { services, port: listening.port, firstKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function downloadKeyOf(keys: readonly MasterKey[]): Buffer {
  const [current] = keys;
  invariant(current !== undefined, 'T-4001', 'there is no master key');
  return createHmac('sha256', current.bytes).update('downloads').digest();
}

function hostText(hostname: string): string {
  const reachable = hostname === '0.0.0.0' || hostname === '::' ? 'localhost' : hostname;
  return reachable.includes(':') ? `[${reachable}]` : reachable;
}

/** The address that this machine reaches itself by: a name might lead elsewhere. */
function localHost(hostname: string): string {
  if (hostname === '0.0.0.0') return '127.0.0.1';
  return hostname === '::' ? '[::1]' : hostText(hostname);
}

function readOverrides({ catalogFile }: Config) {
  if (catalogFile === null) return {};
  let text: string;
  try {
    text = readFileSync(catalogFile, 'utf8');
  } catch (cause) {
    throw new IntegrationError('invalid_input', `TENON_CATALOG_FILE: ${catalogFile} cannot be read`, { cause });
  }
  return readCatalogOverrides(text, catalogFile);
}

/** From the environment, else from a file beside the database that only its owner can read; none without either. */
export function givenMasterKeys({ masterKeys, dataFolder }: Config): readonly string[] {
  if (masterKeys.length > 0) return masterKeys;
  const path = join(dataFolder, 'master.key');
  return existsSync(path) ? [readFileSync(path, 'utf8')] : [];
}

/** The first start without one makes the file. */
function masterKeysOf(config: Config): readonly string[] {
  const given = givenMasterKeys(config);
  if (given.length > 0) return given;
  const key = randomBytes(32).toString('base64');
  try {
    writeDurably(join(config.dataFolder, 'master.key'), `${key}\n`);
  } catch (error) {
    throw folderError(config.dataFolder, error);
  }
  return [key];
}

/** On disk before the first row that is sealed with it: without this file those rows can never be opened again. */
function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** A wrong master key is found at the start and not with the first customer. */
async function checkCanary(store: Store, vault: Vault): Promise<void> {
  const stored = readMeta(store.reads, 'canary');
  if (stored !== undefined) vault.checkCanary(Buffer.from(stored, 'base64'));
  else await store.commit([putMeta('canary', vault.sealCanary().toString('base64'))]);
}

/** The first start makes a project and a key; the key is shown once and stored as a hash. */
async function ensureProject(store: Store, clock: Clock): Promise<Running['firstKey']> {
  if (readProjects(store.reads).length > 0) return null;
  const projectId = newId<ProjectId>();
  const createdAtMs = clock.nowMs();
  const { apiKey, row } = newApiKey(projectId, 'first key', createdAtMs);
  await store.commit([
    insertProject({ projectId, name: 'default', appName: 'Default', orgId: newId<string>(), createdAtMs }),
    insertApiKey(row),
  ]);
  return { projectId, apiKey };
}

/** While the disk was full a small write tells whether it still is. */
async function isReady(store: Store): Promise<boolean> {
  if (store.isHealthy) return true;
  return store.commit([putMeta('probe', '')]).then(
    () => true,
    () => false,
  );
}
