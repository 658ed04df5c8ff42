// One seed: a world with everything in it, faults for a while, then calm until all is at rest, and the invariants. The
// same seed always does the same: time, chance and the order of events come from it and from nowhere else.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Rotation } from '../../machines/credentialEvents.ts';
import { drawFrom } from '../../src/core/chance.ts';
import { GRANT_STORM_MIN } from '../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';
import type { ConnectionRow } from '../../src/store/tables/connections.ts';
import { Account } from './accounts.ts';
import { AT_ONCE, BURST, catalogFor, type ProviderName } from './catalog.ts';
import { Customer, type CustomerFacts, type CustomerParts, deployNowAndThen, sendNeedlessEvents } from './customers.ts';
import { Destinations } from './destination.ts';
import { Disk } from './disk.ts';
import { Grants } from './grants.ts';
import { Incidents, operate } from './incidents.ts';
import {
  type AccountOf,
  everyEndHasItsReason,
  everyMessageHasItsTurn,
  everyRecordIsTold,
  everyWaitingActorHasAWakeOrAnEffect,
  lanesCountTheirMessages,
  noActorIsSetAside,
  noAlarmIsForgotten,
  nobodySeesAnothersRecords,
  noReceivedRotationIsLost,
  noSecretIsStoredOpenly,
  nothingAcknowledgedIsLost,
  nothingIsLeftToDo,
  readsKeepTheirSchedule,
  storedRefreshToken,
} from './invariants.ts';
import { MUTANTS, type Mutant, type MutantName } from './mutants.ts';
import { Network, type SimRequest } from './network.ts';
import { Process } from './process.ts';
import { hubspotServer, type ProviderParts, salesforceServer } from './provider.ts';
import { Rolls } from './rolls.ts';
import { PROJECTS, vault } from './template.ts';
import { Weather } from './weather.ts';
import { type CallLimit, Witness } from './witness.ts';
import { type Violation, World } from './world.ts';

/** Calm that is long enough for everything: token lifetimes, delivery attempts and schedules are far shorter. */
const REST_WITHIN_MS = 8 * HOUR_MS;
const LOOK_EVERY_MS = MINUTE_MS;
/** With the lag of searches less than the overlap of two reads, which makes up for both. */
const SKEW_MS_MAX = 8 * SECOND_MS;
/** Alarms ring in batches and timers are late; a minute is far more than both. */
const ALARM_GRACE_MS = MINUTE_MS;

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly traceHash: string;
  readonly trace: readonly string[];
  readonly events: number;
}

export interface SeedOptions {
  readonly mutant?: MutantName;
  /** Keeps the whole trace. */
  readonly isVerbose?: boolean;
}

/** Runs one seed on a copy of the template. Rejects only for a fault of the simulation itself. */
export async function simulate(seed: number, template: string, options: SeedOptions = {}): Promise<SeedResult> {
  const folder = mkdtempSync(join(dirname(template), 'seed-'));
  const path = join(folder, 'tenon.db');
  copyFileSync(template, path);
  drawFrom(new Rolls(seed, 'product'));
  try {
    const simulation = new Simulation(seed, path, options);
    return await simulation.run();
  } finally {
    drawFrom(null);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For a template and its copies: in memory where the machine has such a folder, so that no real disk is waited for. */
export function scratchFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tenon-simulation-'));
}

class Simulation {
  readonly #seed: number;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #rolls: Rolls;
  readonly #destinations: Destinations;
  readonly #witness: Witness;
  readonly #disk: Disk;
  readonly #process: Process;
  readonly #accounts = new Map<string, Account>();
  readonly #grants: Readonly<Record<ProviderName, Grants>>;
  readonly #customers: readonly Customer[];
  readonly #promised = new Map<string, boolean>();
  readonly #incidents = new Incidents();
  readonly #durationMs: Ms;
  #calmFromMs: Ms = 0;
  #isAtRest = false;

  constructor(seed: number, path: string, { mutant: mutantName = 'none', isVerbose = false }: SeedOptions) {
    const mutant: Mutant = MUTANTS[mutantName];
    const world = new World(seed, isVerbose);
    const rolls = new Rolls(seed, 'people');
    this.#seed = seed;
    this.#world = world;
    this.#rolls = rolls;
    this.#durationMs = rolls.between(4, 24) * MINUTE_MS;
    const weather = new Weather(world, new Rolls(seed, 'weather'), new Rolls(seed, 'incident'), this.#durationMs);
    this.#weather = weather;
    world.note(`weather: ${weather.forecast}`);
    const lifetimes = [2 * MINUTE_MS, 6 * MINUTE_MS, 30 * MINUTE_MS, null];
    const grants = (name: string, rotation: Rotation) => {
      const rolled = rolls.pick(lifetimes);
      // An incident that is over before tokens end is none.
      const lifetimeMs = weather.incident?.endpoint === name ? rolls.pick([2 * MINUTE_MS, 6 * MINUTE_MS]) : rolled;
      return new Grants(world, weather, { name, rotation, lifetimeMs });
    };
    this.#grants = {
      hubspot: grants('hub', rolls.pick(['stable', 'stable', 'singleUseGrace'])),
      salesforce: grants('sf', 'singleUseRevoking'),
    };
    this.#destinations = new Destinations(world, weather);
    this.#witness = new Witness({
      world,
      destinations: this.#destinations,
      reads: () => this.#disk.reads,
      connectionOf: (token) => this.#connectionOf(token),
      onRefresh: (connectionId) => this.#onRefresh(connectionId),
      onCommitted: (write) => this.#incidents.committed(write, this.#disk.reads),
      limitsOf: (request) => this.#limitsOf(request),
    });
    const kill: Process['kill'] = (life, why) => this.#process.kill(life, why);
    const parts = { world, weather, observer: this.#witness, kill };
    this.#disk = new Disk({ ...parts, path, rolls: new Rolls(seed, 'disk') });
    const network = new Network({ ...parts, rolls: new Rolls(seed, 'network'), serverOf: this.#serverOf() });
    this.#process = new Process({
      ...parts,
      rolls: new Rolls(seed, 'process'),
      disk: this.#disk,
      network,
      catalog: catalogFor(this.#grants),
      vault,
      mutant,
      onEnded: (life) => {
        this.#witness.ended(life);
        this.#checkWhatIsOnDisk();
      },
      onStarted: () => this.#checkPromises(),
    });
    this.#customers = this.#populate();
  }

  async run(): Promise<SeedResult> {
    const world = this.#world;
    try {
      this.#process.start();
      const stories = this.#customers.map((customer) => customer.live());
      const parts = this.#partsFor('hubspot');
      const projectIds = new Set(this.#customers.map(({ facts }) => facts.projectId));
      for (const projectId of projectIds) stories.push(deployNowAndThen(parts, projectId));
      stories.push(sendNeedlessEvents(parts), this.#misfortunes());
      world.after(this.#durationMs, () => {
        world.note('the weather becomes calm');
        this.#weather.isCalm = true;
        this.#calmFromMs = world.nowMs;
      });
      const told = Promise.all(stories).then(() => this.#comeToRest());
      told.catch((error: Error) => world.violate('theSimulationWorks', error.stack ?? error.message));
      await world.run(() => this.#isAtRest);
      if (world.violation === null && !this.#isAtRest)
        world.violate('everythingComesToRest', 'nothing happens any more');
      const { violation, traceHash, trace, eventCount } = world;
      return { seed: this.#seed, violation, traceHash, trace, events: eventCount };
    } finally {
      this.#process.close();
      this.#disk.close();
    }
  }

  /** Ends and pauses that have nothing to do with what the process is doing. */
  async #misfortunes(): Promise<void> {
    const world = this.#world;
    const weather = this.#weather;
    for (;;) {
      await world.sleep(this.#rolls.between(10 * SECOND_MS, 6 * MINUTE_MS));
      if (weather.isCalm) return;
      if (weather.kills('crash')) this.#process.killNow('at any time');
      else if (weather.kills('stop')) this.#process.stop();
      else if (weather.strikes('suspend')) {
        world.suspend(this.#rolls.between(SECOND_MS, 2 * MINUTE_MS));
        this.#witness.disturbed();
      } else if (weather.strikes('clockStep')) {
        world.setSkew(this.#rolls.between(-SKEW_MS_MAX, SKEW_MS_MAX));
        this.#witness.disturbed();
      }
    }
  }

  /** Lets time pass, and people repair what asks for it, until nothing is left to do; then asks everything. */
  async #comeToRest(): Promise<void> {
    const world = this.#world;
    const untilMs = world.nowMs + REST_WITHIN_MS;
    for (let look = 0; ; look++) {
      await world.sleep(LOOK_EVERY_MS);
      if (look % 3 === 0) await this.#repair();
      const unrest = this.#unrest();
      if (unrest === null) break;
      if (world.nowMs > untilMs) return world.violate('everythingComesToRest', unrest);
    }
    this.#checkWhatIsOnDisk();
    this.#checkPromises();
    const { reads } = this.#disk;
    this.#check('noAlarmIsForgotten', noAlarmIsForgotten(reads, world.nowMs + world.skewMs, ALARM_GRACE_MS));
    this.#check('noReceivedRotationIsLost', noReceivedRotationIsLost(reads, vault, this.#witness.newestOf));
    this.#check('everyRecordIsTold', everyRecordIsTold(reads, this.#destinations, this.#accountOf));
    this.#check('nobodySeesAnothersRecords', nobodySeesAnothersRecords(reads, this.#destinations, this.#accountOf));
    this.#check('noSecretIsStoredOpenly', noSecretIsStoredOpenly(reads));
    this.#check('everyEndHasItsReason', everyEndHasItsReason(reads));
    this.#isAtRest = true;
  }

  /** Before anybody connects again: who is asked to must be asked rightly. */
  async #repair(): Promise<void> {
    const { reads } = this.#disk;
    const nowMs = this.#world.nowMs + this.#world.skewMs;
    const wronged = this.#incidents.wronged(reads, nowMs, ({ connectionId }) => this.#isHonoured(connectionId));
    this.#check('noCustomerIsMarkedBadInAnIncident', wronged);
    this.#check('nobodyIsHeldForNothing', this.#incidents.forgotten(reads, nowMs));
    await this.#process.call('the operator decides', (services) =>
      operate(services, (connectionId) => this.#isHonoured(connectionId)),
    );
    for (const customer of this.#customers) await customer.repair();
  }

  #isHonoured(connectionId: string): boolean {
    const { reads } = this.#disk;
    const token = storedRefreshToken(reads, vault, connectionId) ?? '';
    return Object.values(this.#grants).some((grants) => grants.isHonoured(token));
  }

  #unrest(): string | null {
    const { running } = this.#process;
    if (running === null) return 'there is no process';
    const lacking = this.#customers.map(({ lacks }) => lacks).find((lack) => lack !== null);
    if (lacking !== undefined) return lacking;
    return (
      nothingIsLeftToDo(this.#disk.reads) ??
      readsKeepTheirSchedule(running.services, this.#calmFromMs + this.#world.skewMs)
    );
  }

  #checkWhatIsOnDisk(): void {
    const { reads } = this.#disk;
    this.#check('everyWaitingActorHasAWakeOrAnEffect', everyWaitingActorHasAWakeOrAnEffect(reads));
    this.#check('everyMessageHasItsTurn', everyMessageHasItsTurn(reads));
    this.#check('lanesCountTheirMessages', lanesCountTheirMessages(reads));
    this.#check('noActorIsSetAside', noActorIsSetAside(reads));
  }

  #checkPromises(): void {
    this.#check('nothingAcknowledgedIsLost', nothingAcknowledgedIsLost(this.#disk.reads, this.#promised));
  }

  #check(invariant: string, broken: string | null): void {
    if (broken !== null) this.#world.violate(invariant, broken);
  }

  #partsFor(provider: ProviderName): CustomerParts {
    return {
      world: this.#world,
      weather: this.#weather,
      rolls: this.#rolls,
      process: this.#process,
      promised: this.#promised,
      grants: this.#grants[provider],
    };
  }

  #populate(): Customer[] {
    const rolls = this.#rolls;
    const { incident } = this.#weather;
    const storied = incident?.endpoint === 'hub' ? 'hubspot' : 'salesforce';
    // Fewer than a handful are no fleet.
    const count = incident === null ? rolls.between(1, 3) : rolls.between(GRANT_STORM_MIN + 1, GRANT_STORM_MIN + 3);
    return Array.from({ length: count }, (_, index) => {
      const provider = incident === null ? rolls.pick(['hubspot', 'salesforce'] as const) : storied;
      const groupRef = `g${index}`;
      const objects =
        provider === 'hubspot'
          ? { contacts: rolls.below(14), companies: rolls.below(8) }
          : { account: rolls.below(14), contact: rolls.below(8) };
      const account = new Account(this.#world, rolls, `${provider}-${groupRef}`, 1000 * (index + 1), objects);
      this.#accounts.set(account.name, account);
      const integrations = provider === 'salesforce' ? ['org'] : rolls.pick([['crm'], ['second'], ['crm', 'second']]);
      // One provider app for all of them.
      const own = incident === null ? rolls.pick(PROJECTS) : PROJECTS[0];
      const facts: CustomerFacts = { projectId: own, provider, groupRef, account, integrations };
      return new Customer(this.#partsFor(provider), facts);
    });
  }

  #serverOf() {
    const parts = (provider: ProviderName): ProviderParts => ({
      world: this.#world,
      weather: this.#weather,
      rolls: new Rolls(this.#seed, provider),
      grants: this.#grants[provider],
      accounts: this.#accounts,
    });
    const hubspot = hubspotServer(parts('hubspot'));
    const salesforce = salesforceServer(parts('salesforce'));
    return (host: string) => {
      if (host === 'api.hubapi.com') return hubspot;
      return host.endsWith('.my.salesforce.com') ? salesforce : this.#destinations.server;
    };
  }

  #onRefresh(connectionId: string): void {
    if (!this.#weather.strikes('impatient')) return;
    const row = this.#disk.reads.get<ConnectionRow>('SELECT * FROM connections WHERE connectionId = ?', connectionId);
    const customer = this.#customers.find(({ facts }) => facts.groupRef === row?.groupRef);
    void customer?.connectInHaste(connectionId);
  }

  #connectionOf(refreshToken: string): string | null {
    const { reads } = this.#disk;
    const rows = reads.all<ConnectionRow>('SELECT * FROM connections');
    const found = rows.find(({ connectionId }) => storedRefreshToken(reads, vault, connectionId) === refreshToken);
    return found?.connectionId ?? null;
  }

  readonly #accountOf: AccountOf = ({ connectionId }) => {
    const row = this.#disk.reads.get<ConnectionRow>('SELECT * FROM connections WHERE connectionId = ?', connectionId);
    return this.#accounts.get(`${row?.provider}-${row?.groupRef}`);
  };

  /** An account that could not be identified when it was connected has a budget under its connection's name. */
  #ownerOfBudget(account: string): string {
    const customer = this.#customers.find(({ facts }) => facts.account.name === account);
    const sql = 'SELECT workspaceRef FROM connections WHERE groupRef = ?';
    const row = this.#disk.reads.get<ConnectionRow>(sql, customer?.facts.groupRef ?? '');
    return `${account} known as ${row?.workspaceRef ?? 'our own'}`;
  }

  #limitsOf({ host, path, headers }: SimRequest): readonly CallLimit[] {
    if (host === 'api.hubapi.com') {
      const grantId = /at-(.+)-\d+$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
      const isCounted = path !== '/oauth/v1/token' && !path.startsWith('/account-info/');
      const account = this.#grants.hubspot.accountOfGrant(grantId);
      return isCounted && account !== null ? [{ key: this.#ownerOfBudget(account), ...BURST }] : [];
    }
    const isApi = host.endsWith('.my.salesforce.com') && path !== '/services/oauth2/token';
    return isApi ? [{ key: host, limit: AT_ONCE, windowMs: 0 }] : [];
  }
}
