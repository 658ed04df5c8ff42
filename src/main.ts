// Wires the product together and nothing else: store, vault, catalog, egress, runtime, flows, edge. `tenon serve`,
// tests and the demo start it here.

import { Budgets } from '../actors/budgets.ts';
import { Fleets } from '../actors/fleets.ts';
import { Leases } from '../actors/lease.ts';
import { Epochs } from '../actors/remote/epochs.ts';
import { LeaseDesk } from '../actors/remote/leaseDesk.ts';
import { Runtime } from '../actors/runtime.ts';
import { Supervisor } from '../actors/supervisor.ts';
import { TokenManager } from '../actors/tokenManager.ts';
import { type OpenedVault, openVault } from './auth/masterKeys.ts';
import type { Vault } from './auth/vault.ts';
import { LiveCatalog } from './catalog/liveCatalog.ts';
import { addressWarnings, type Config, NO_PROXY_URL } from './config.ts';
import { createConnectors } from './connectors/connectors.ts';
import { newCounts } from './core/counts.ts';
import { collectFullyLessOften, inlineWholeCalls, keepNewObjectsYoung, keepTicksFast } from './core/engine.ts';
import { type IntegrationError, invariant } from './core/errors.ts';
import { newId, type ProjectId, randomToken } from './core/ids.ts';
import type { Log } from './core/log.ts';
import { type Clock, systemClock } from './core/time.ts';
import { createEdge } from './edge/app.ts';
import type { ApiKeys } from './edge/auth.ts';
import { proxyUrlAt } from './edge/plane.ts';
import { targetToKeep } from './edge/proxy.ts';
import { type Listening, listen } from './edge/server.ts';
import { createEgress } from './egress/egress.ts';
import { newApiKey } from './flows/apiKeys.ts';
import { readOverrides } from './flows/catalog/overridesFile.ts';
import { CatalogRefresh } from './flows/catalog/refresh.ts';
import { EndpointBudget } from './flows/connect/endpointBudget.ts';
import { Revocations } from './flows/connect/revocations.ts';
import { openDownloadKey } from './flows/deliver/download.ts';
import { Rollout } from './flows/install/rollout.ts';
import { ensureCanary, KeyRotation } from './flows/operator/keys.ts';
import { Retention } from './flows/operator/retention.ts';
import { registerHandlers } from './flows/register.ts';
import type { Services } from './flows/services.ts';
import { subscriberOf } from './flows/subscribe/tell.ts';
import { Targets } from './flows/targets.ts';
import { Throttle } from './flows/throttle.ts';
import { openTracer } from './flows/tracing/open.ts';
import { RowLanes } from './flows/write/rowLanes.ts';
import { closeInterrupted } from './flows/write/writeNow.ts';
import { announceOwner } from './store/ownerLock.ts';
import type { Step } from './store/port.ts';
import { openStore, type Store } from './store/store.ts';
import { insertApiKey, insertProject, putMeta, readProjects } from './store/tables/accounts.ts';
import { assertThreads, ownerPath } from './threads/ownerPath.ts';
import { Pool } from './threads/pool.ts';

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
  /** What whoever started it should know, a line each. */
  readonly warnings: readonly string[];
  /** Edge threads, if there are any. */
  readonly pool: Pool | null;
  /** Refuses new work, lets open work end within its bounds, closes the store. */
  stop(): Promise<void>;
}

/** Rejects with what kept it from starting; then nothing is left running. */
export async function start(options: StartOptions): Promise<Running> {
  const { config, clock = systemClock } = options;
  if (config.workers > 0) assertThreads();
  inlineWholeCalls();
  keepNewObjectsYoung();
  collectFullyLessOften();
  keepTicksFast();
  const opened: Opened = [];
  const stop = () => closeAll(opened);
  try {
    let listening: Listening | undefined;
    const { services, supervisor, source, warnings } = await assemble(options, opened, async () => {
      const bound = await listen(config.hostname, config.port, clock);
      opened.push(() => bound.close());
      listening = bound;
      return bound.port;
    });
    invariant(listening !== undefined, 'T-4003', 'a server was assembled without a port');
    const { runtime, rollout, rotation, catalogRefresh, store } = services;
    // Last of all that may fail: a key that nobody got to see would be lost.
    const firstKey = await ensureProject(store, clock);
    await closeInterrupted(services);
    runtime.start();
    const retention = new Retention(services);
    opened.push(...[rollout, retention, rotation, catalogRefresh].map((service) => () => service.stop()));
    for (const service of [retention, catalogRefresh, rollout]) service.start();
    const pool = await open(services, supervisor, listening, config, opened);
    const isNewFile = firstKey !== null && source.kind === 'file';
    const told = [...warnings, ...(isNewFile ? [keepCopy(source.path)] : []), ...addressWarnings(config)];
    return { services, port: listening.port, firstKey, warnings: told, pool, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The platform API over a data folder that no server runs on. */
export interface AtRest {
  readonly services: Services;
  /** Below the origin; the caller may do everything. */
  request(path: string, init: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/**
 * Opens a data folder without serving it: what is changed is committed, and what follows from that is performed when a
 * server starts. Rejects as `start`.
 */
export async function openAtRest(options: StartOptions): Promise<AtRest> {
  const opened: Opened = [];
  const stop = () => closeAll(opened);
  try {
    const { services } = await assemble(options, opened, async () => options.config.port);
    await services.runtime.stop();
    const token = randomToken(OPERATOR_TOKEN_BYTES);
    const { app } = createEdge(services, async () => true, { operator: token, metrics: null });
    return {
      services,
      async request(path, init) {
        const headers = new Headers(init.headers);
        headers.set('authorization', `Bearer ${token}`);
        return app.request(path, { ...init, headers }, {});
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What is to be closed again, the last first. */
type Opened = (() => Promise<void>)[];

async function closeAll(opened: Opened): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** Everything but what serves and what works by itself. `bind` answers the port that this is reached at. */
async function assemble(options: StartOptions, opened: Opened, bind: () => Promise<number>) {
  const { config, log, clock = systemClock } = options;
  const catalog = new LiveCatalog(readOverrides(config.catalogFile), config.catalogSource !== null);
  const { store, vault, source, warnings } = await openSealed(options);
  opened.push(() => store.close());
  await ensureCanary(store, vault);
  const rotation = new KeyRotation({ store, vault, log }, source);
  const downloadKey = await openDownloadKey({ store, vault, log });
  const { egressAllow: allowList, providerSilenceMs } = config;
  const egress = createEgress({ allowList, clock, providerSilenceMs });
  opened.push(() => egress.close());
  const catalogRefresh = new CatalogRefresh({ store, egress, clock, log }, catalog, config.catalogSource).load();
  const runtime = new Runtime({ store, clock, log });
  const revocations = new Revocations(clock);
  opened.push(async () => void (await Promise.all([runtime.stop(), revocations.stop()])));
  const port = await bind();
  const budgets = new Budgets(store, clock, log);
  const counts = newCounts();
  const connectors = createConnectors(clock);
  const isAsked = (provider: string) => subscriberOf({ catalog, connectors }, provider) !== undefined;
  const tracer = await openTracer(config.tracing, log);
  opened.push(async () => tracer?.stop());
  const tokens = new TokenManager(runtime, store.reads, vault, catalog, clock, log);
  const supervisor = new Supervisor(runtime, clock);
  const services: Services = {
    store,
    runtime,
    tokens,
    leases: new Leases(tokens, supervisor, budgets, clock, counts.leaseWaits),
    budgets,
    endpointBudget: new EndpointBudget(),
    fleets: new Fleets(runtime, store.reads, clock, log),
    targets: new Targets(store.reads, catalog),
    revocations,
    rollout: new Rollout({ store, runtime, clock, log, isAsked }),
    throttle: new Throttle(),
    rowLanes: new RowLanes(clock),
    egress,
    vault,
    rotation,
    catalog,
    catalogRefresh,
    connectors,
    counts,
    tracer,
    clock,
    log,
    downloadKey,
    eventRelay: config.salesforceEventRelay,
    ...addressesOf(config, port),
  };
  registerHandlers(runtime.dispatcher, services);
  catalog.onChanged(() => forgetDerived(services));
  return { services, supervisor, source, warnings };
}

/**
 * From here on calls are answered, and commands on this machine find the server. With edge threads these take the port
 * and the proxied calls.
 */
async function open(
  services: Services,
  supervisor: Supervisor,
  listening: Listening,
  config: Config,
  opened: (() => Promise<void>)[],
): Promise<Pool | null> {
  const token = randomToken(OPERATOR_TOKEN_BYTES);
  let pool: Pool | null = null;
  const isReadyNow = async () => pool?.isHealthy !== false && (await isReady(services.store));
  const edge = createEdge(services, isReadyNow, { operator: token, metrics: config.metricsToken });
  listening.serve(edge);
  if (config.workers > 0) pool = await startPool(services, supervisor, edge.keys, config, listening, opened);
  announceOwner(config.dataFolder, { url: `http://${localHost(config.hostname)}:${listening.port}`, token });
  return pool;
}

/** Threads that take the port and the proxied calls; they see what changes through the counters of the desk. */
async function startPool(
  services: Services,
  supervisor: Supervisor,
  keys: ApiKeys,
  config: Config,
  listening: Listening,
  opened: (() => Promise<void>)[],
): Promise<Pool> {
  const { leases, tokens, budgets, targets, throttle, counts, clock, log, proxyUrl } = services;
  const { hostname, workers, tracing, logLevel, egressAllow, providerSilenceMs } = config;
  const epochs = new Epochs();
  const forgotten = () => epochs.advance(epochs.targets);
  targets.onForgotten(forgotten);
  keys.onForgotten(forgotten);
  const desk = new LeaseDesk({ leases, tokens, supervisor, budgets }, epochs);
  const parts = { desk, epochs, throttle, counts, find: targetToKeep(services, keys), clock, log };
  const path = ownerPath(config);
  const where = { port: listening.port, ownerPath: path, hostname, proxyUrl };
  const options = { ...where, egressAllow, providerSilenceMs, logLevel, tracing, epochs: epochs.buffer };
  const pool = new Pool(parts, options, workers);
  opened.push(() => pool.stop());
  await pool.start(() => listening.moveTo(path));
  return pool;
}

/** What was made of a catalog that has changed: the next lease makes it anew. */
function forgetDerived({ targets, tokens }: Services): void {
  targets.forgetAll();
  tokens.forgetAll();
}

/** The store with the vault of what is in it: its keys are looked at before anything is written. */
async function openSealed({ config, writer = 'thread', onFatal }: StartOptions) {
  const parts: { opened?: OpenedVault } = {};
  const store = await openStore({
    folder: config.dataFolder,
    writer,
    onFatal,
    prepare(reads) {
      parts.opened = openVault(config, reads);
    },
    outgoing: (step) => (parts.opened === undefined ? step : renewedStep(step, parts.opened.vault)),
  });
  const { opened } = parts;
  invariant(opened !== undefined, 'T-4001', 'a store was opened without its keys');
  return { ...opened, store };
}

/** The addresses of this server that others are told. */
function addressesOf(
  { hostname, publicUrl, proxyUrl }: Config,
  port: number,
): Pick<Services, 'publicUrl' | 'proxyUrl'> {
  const origin = publicUrl ?? `http://${hostText(hostname)}:${port}`;
  return { publicUrl: origin, proxyUrl: proxyUrl === NO_PROXY_URL ? null : (proxyUrl ?? proxyUrlAt(origin)) };
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

/** See `Vault.renewed`. With one key there is nothing to renew. */
function renewedStep(step: Step, vault: Vault): Step {
  if (!vault.ring.hasOthers) return step;
  return {
    ...step,
    writes: step.writes.map((write) => ({ ...write, params: write.params.map((param) => vault.renewed(param)) })),
  };
}

function keepCopy(path: string): string {
  return `keep a copy of ${path} elsewhere: without it no credential can ever be opened, and backups do not contain it`;
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
