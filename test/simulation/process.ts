// The process under test: built as `src/main.ts` builds it, over simulated time, network and disk. It ends without
// notice and starts again on what the disk kept.

import { Budgets } from '../../actors/budgets.ts';
import { Fleets } from '../../actors/fleets.ts';
import { Leases } from '../../actors/lease.ts';
import { Runtime } from '../../actors/runtime.ts';
import { Supervisor } from '../../actors/supervisor.ts';
import { TokenManager } from '../../actors/tokenManager.ts';
import type { Vault } from '../../src/auth/vault.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { LiveCatalog } from '../../src/catalog/liveCatalog.ts';
import { createConnectors } from '../../src/connectors/connectors.ts';
import { newCounts } from '../../src/core/counts.ts';
import { type ErrorCode, errorFacts, type IntegrationError } from '../../src/core/errors.ts';
import type { Log } from '../../src/core/log.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { CatalogRefresh } from '../../src/flows/catalog/refresh.ts';
import { EndpointBudget } from '../../src/flows/connect/endpointBudget.ts';
import { Revocations } from '../../src/flows/connect/revocations.ts';
import { Rollout } from '../../src/flows/install/rollout.ts';
import { KeyRotation } from '../../src/flows/operator/keys.ts';
import { Retention } from '../../src/flows/operator/retention.ts';
import { registerHandlers } from '../../src/flows/register.ts';
import type { Services } from '../../src/flows/services.ts';
import { Targets } from '../../src/flows/targets.ts';
import { Throttle } from '../../src/flows/throttle.ts';
import { RowLanes } from '../../src/flows/write/rowLanes.ts';
import type { Reads } from '../../src/store/port.ts';
import { storeOver } from '../../src/store/store.ts';
import type { Disk } from './disk.ts';
import { noSecretIsLogged } from './invariants.ts';
import type { Mutant } from './mutants.ts';
import type { Network } from './network.ts';
import type { Rolls } from './rolls.ts';
import type { Weather } from './weather.ts';
import { clockOf, Life, type World } from './world.ts';

/** A caller that hears nothing for so long has been forgotten. */
const CALLER_PATIENCE_MS = 10 * MINUTE_MS;
/** Codes that no caller is ever answered with. */
const BUGS: ReadonlySet<ErrorCode> = new Set(['invariant', 'actor_paused', 'snapshot_unreadable']);
/** A container runtime ends a process that does not stop by itself. */
const STOP_PATIENCE_MS = 10 * SECOND_MS;

export interface ProcessParts {
  readonly world: World;
  readonly weather: Weather;
  readonly rolls: Rolls;
  readonly disk: Disk;
  readonly network: Network;
  readonly catalog: Catalog;
  readonly vault: Vault;
  readonly mutant: Mutant;
  /** What must hold whenever a process has ended. */
  readonly onEnded: (life: Life) => void;
  /** What must hold whenever one has started. */
  readonly onStarted: (services: Services) => void;
}

/** What came of a call from outside. */
export type Outcome<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  /** There was no process, or it ended before it answered. */
  | { readonly kind: 'gone' };

interface Running {
  readonly life: Life;
  readonly services: Services;
  readonly retention: Retention;
}

export class Process {
  running: Running | null = null;
  readonly #parts: ProcessParts;
  #lives = 0;
  /** Of processes that ended: closed when nothing of them can run any more. */
  readonly #leftReads: Reads[] = [];

  constructor(parts: ProcessParts) {
    this.#parts = parts;
  }

  /** Starts a process; it may end before it is up. */
  start(): void {
    for (const reads of this.#leftReads.splice(0)) reads.close();
    this.#lives += 1;
    const life = new Life(this.#lives);
    const { world } = this.#parts;
    world.note(`process ${life.number} starts`);
    this.#boot(life).then(
      () => world.note(`process ${life.number} is up`),
      (error: unknown) => {
        // What a full disk refuses at the start is tried again, as a service manager would.
        world.note(`process ${life.number} did not start: ${errorFacts(error).message}`);
        if (errorFacts(error).code === 'storage_unavailable') this.kill(life, 'because it could not start');
        else world.violate('everyStartSucceeds', String(error));
      },
    );
  }

  /** Ends the process at once, wherever it is; another one starts some time later. */
  kill(life: Life, why: string): void {
    if (!life.isAlive) return;
    const { world, rolls, weather, onEnded } = this.#parts;
    world.note(`process ${life.number} ends ${why}`);
    this.running = null;
    life.end();
    // When everything that its last event set off has come to nothing.
    world.after(0, () => onEnded(life));
    world.after(weather.isCalm ? SECOND_MS : rolls.between(1, 90_000), () => this.start());
  }

  killNow(why: string): void {
    if (this.running !== null) this.kill(this.running.life, why);
  }

  /** Asks the process to end, as a deployment does. */
  stop(): void {
    const { running } = this;
    if (running === null) return;
    const { life, services, retention } = running;
    const { world } = this.#parts;
    // It takes no more calls; those that are open may end.
    this.running = null;
    world.note(`process ${life.number} is asked to stop`);
    const patience = world.after(STOP_PATIENCE_MS, () => this.kill(life, 'because it does not stop'));
    const stopped = async () => {
      await services.rollout.stop();
      await retention.stop();
      await services.runtime.stop();
      await services.store.close();
      patience.cancel();
      this.kill(life, 'as it was asked to');
    };
    void stopped();
  }

  /** A call from outside. Answered within CALLER_PATIENCE_MS, or a promise was broken. */
  async call<Value>(what: string, work: (services: Services) => Promise<Value>): Promise<Outcome<Value>> {
    const { running } = this;
    if (running === null) return { kind: 'gone' };
    const { life, services } = running;
    const { world } = this.#parts;
    const patience = world.after(CALLER_PATIENCE_MS, () => {
      if (life.isAlive) world.violate('everyCallerIsAnswered', `${what} was not`);
    });
    const answered = work(services).then(
      (value): Outcome<Value> => ({ kind: 'ok', value }),
      (error: unknown): Outcome<Value> => {
        const { code, message } = errorFacts(error);
        world.note(`${what} failed with ${code}: ${message}`);
        if (BUGS.has(code) && life.isAlive) world.violate('noCallerMeetsABug', `${what}: ${message}`);
        return { kind: 'failed', code };
      },
    );
    const outcome = await Promise.race([answered, life.ended.then((): Outcome<Value> => ({ kind: 'gone' }))]);
    patience.cancel();
    const isHeard = life.isAlive;
    if (outcome.kind !== 'failed') world.note(`${what}: ${isHeard ? outcome.kind : 'gone'}`);
    return isHeard ? outcome : { kind: 'gone' };
  }

  close(): void {
    const { running } = this;
    this.running = null;
    running?.life.end();
    for (const reads of this.#leftReads) reads.close();
  }

  async #boot(life: Life): Promise<void> {
    const { world, rolls, disk, network, catalog, vault, mutant, onStarted } = this.#parts;
    const clock = clockOf(world, life, rolls);
    const log = logOf(world, life);
    const writer = mutant.writer?.(disk.writerOf(life), life) ?? disk.writerOf(life);
    const store = await storeOver(
      disk.path,
      writer,
      (error) => this.#fatal(life, error),
      () => {},
    );
    if (!life.isAlive) return store.reads.close();
    life.onEnd(() => this.#leftReads.push(store.reads));
    const definitions = mutant.definitions;
    const runtime = new Runtime({ store, clock, log, ...(definitions === undefined ? {} : { definitions }) });
    const tokens = new TokenManager(runtime, store.reads, vault, catalog, clock, log);
    const budgets = new Budgets(store, clock, log);
    const counts = newCounts();
    const leases = new Leases(tokens, new Supervisor(runtime, clock), budgets, clock, counts.leaseWaits);
    const fleets = new Fleets(runtime, store.reads, clock, log);
    const own = { tokens, budgets, leases, fleets, counts, tracer: null };
    const egress = network.egressOf(life, clock);
    const whole: Services = {
      ...own,
      targets: new Targets(store.reads, catalog),
      endpointBudget: new EndpointBudget(),
      revocations: new Revocations(clock),
      throttle: new Throttle(),
      rowLanes: new RowLanes(clock),
      store,
      runtime,
      rollout: new Rollout({ store, runtime, clock, log, isAsked: () => false }),
      egress,
      vault,
      rotation: new KeyRotation({ store, vault, log }, { kind: 'environment' }),
      catalog,
      catalogRefresh: new CatalogRefresh({ store, egress, clock, log }, new LiveCatalog(), null),
      connectors: createConnectors(clock),
      clock,
      log,
      downloadKey: Buffer.alloc(32),
      publicUrl: 'https://tenon.example',
      eventRelay: null,
      proxyUrl: null,
    };
    const services = mutant.services?.(whole) ?? whole;
    registerHandlers(mutant.dispatcher?.(runtime.dispatcher, services) ?? runtime.dispatcher, services);
    runtime.start();
    const retention = new Retention(services);
    retention.start();
    // Its first effects may have been its end.
    if (!life.isAlive) return;
    this.running = { life, services, retention };
    services.rollout.start();
    if (life.isAlive) onStarted(services);
  }

  /** The product says that it must end. Only a broken disk is a reason here. */
  #fatal(life: Life, error: IntegrationError): void {
    if (error.code !== 'storage_unavailable') {
      this.#parts.world.violate('oneOwner', `the store refused a step of its only owner: ${error.message}`);
    }
    this.kill(life, `because of ${error.message}`);
  }
}

function logOf(world: World, life: Life): Log {
  const line = (level: string) => (facts: unknown, message?: string) => {
    if (!life.isAlive) return;
    const text = `${level}: ${message ?? ''} ${JSON.stringify(facts)}`;
    const broken = noSecretIsLogged(text);
    if (broken !== null) world.violate('noSecretIsLogged', broken);
    world.note(text);
  };
  const quiet = () => {};
  const log = {
    debug: quiet,
    info: quiet,
    warn: line('warn'),
    error: line('error'),
    fatal: line('fatal'),
    flush: quiet,
  };
  return log as unknown as Log;
}
