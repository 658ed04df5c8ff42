// A trial: Tenon as a process of its own, under load, killed again and again on the same folder, and audited after each
// kill: first what the dead process left, then what its successor says. At the end everything must drain. Run by
// `npm run crash` and, with few kills, by the tests. Invariant: no process and, after a good trial, no file is left.

import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { delay, monotonicMs, SECOND_MS, systemClock } from '../../src/core/time.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { dice } from '../support/dice.ts';
import { type ServeProcess, spawnServe } from '../support/process.ts';
import { type Customer, recordIdsOfAccount } from './builder.ts';
import { auditDead, copyDatabase } from './dead.ts';
import { KINDS } from './ledger.ts';
import { MOMENTS, type Moment } from './moments.ts';
import { openStage, type Stage } from './stage.ts';

/** A start that takes longer is a finding. */
const RESTART_MS_MAX = 10 * SECOND_MS;
/** What is left when the load ends must have arrived by then; messages that were refused wait five seconds. */
const DRAIN_MS_MAX = 90 * SECOND_MS;
const POLL_INTERVAL_MS = 50;
/** How long a process is under load at most, whatever it is that is waited for. */
const LOAD_MS_MAX = 1500;
/** A process is killed at most so long after its start, or after it was asked to end. */
const START_MS_MAX = 400;
const STOP_MS_MAX = 300;
/** A process that is asked to end has as long as container runtimes wait. */
const END_MS_MAX = 10 * SECOND_MS;

/** Five seconds: one window of the rollout is more than all customers of a trial. */
const ROLLOUT_POLLS_MAX = 100;
/** Installations that have not taken over the latest revision of their integration. */
const STALE_SQL = `SELECT count(*) AS count FROM installations JOIN integrations USING (integrationId)
  WHERE installations.revisionId <> integrations.revisionId`;

export interface Kill {
  readonly number: number;
  readonly moment: Moment;
  /** How long the process had been under load. */
  readonly loadMs: number;
  /** Until its successor was ready. */
  readonly restartMs: number;
  /** Objects that had to be there. */
  readonly objects: number;
  readonly violations: readonly string[];
}

export interface TrialOptions {
  readonly kills: number;
  readonly seed: number;
  readonly onKill?: (kill: Kill) => void;
  /** Comes when the stage is set and nothing runs yet. */
  readonly onSet?: (stage: Stage) => Promise<void>;
  /** Spoils what a dead process left, to see that the audit sees it. */
  readonly spoil?: (dataFolder: string) => void;
}

/** Also the JSON of `--json`. */
export interface TrialReport {
  readonly seed: number;
  readonly kills: readonly Kill[];
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly customers: number;
  readonly records: number;
  readonly messages: number;
  /** Under the same id. */
  readonly messagesRepeated: number;
  readonly messagesRefused: number;
  readonly refreshes: number;
  /** Answers to a refresh that died with a process before they were on disk. */
  readonly rotationsLost: number;
  readonly reconnects: number;
  /** Calls through the proxy by status. */
  readonly proxied: Readonly<Record<string, number>>;
  readonly drainMs: number;
  readonly totalMs: number;
  /** Kept for a look if something was wrong, else null. */
  readonly folder: string | null;
}

/** What Tenon does wrong is in the report; rejects only if the stage cannot be set. */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  await using opened = new AsyncDisposableStack();
  const roll = dice(options.seed);
  const lives = { count: 0 };
  const stage = await openStage(opened, roll, () => lives.count);
  const trial = new Trial(stage, options, roll, lives);
  opened.defer(() => trial.end());
  const report = await trial.run();
  if (report.folder === null) rmSync(stage.folder, { recursive: true, force: true });
  return report;
}

class Trial {
  readonly #stage: Stage;
  readonly #options: TrialOptions;
  readonly #roll: (sides: number) => number;
  readonly #lives: { count: number };
  readonly #kills: Kill[] = [];
  /** Found outside of the books that the stage keeps. */
  readonly #violations: string[] = [];
  #process: ServeProcess | null = null;
  #key: { apiKey: string; projectId: string } | null = null;
  readonly #told = new Set<string>();

  constructor(stage: Stage, options: TrialOptions, roll: (sides: number) => number, lives: { count: number }) {
    this.#stage = stage;
    this.#options = options;
    this.#roll = roll;
    this.#lives = lives;
  }

  async run(): Promise<TrialReport> {
    const startedMs = monotonicMs();
    const drained: { customers: readonly Customer[]; drainMs: number } = { customers: [], drainMs: 0 };
    try {
      await this.#boot();
      await this.#stage.builder.setUp(this.#stage.inbox);
      await this.#options.onSet?.(this.#stage);
      while (this.#kills.length < this.#options.kills && !this.#isSpoilt()) await this.#killOnce();
      const drainStartedMs = monotonicMs();
      if (!this.#isSpoilt()) drained.customers = await this.#drain();
      drained.drainMs = monotonicMs() - drainStartedMs;
      await this.#stop();
      this.#auditDead();
    } catch (error) {
      // A Tenon that does not start again, or does not answer when nobody has touched it.
      this.#violations.push(`the trial could not go on: ${String(error)}`);
    }
    return this.#report(drained.customers, drained.drainMs, monotonicMs() - startedMs);
  }

  /** Leaves no process behind. */
  async end(): Promise<void> {
    this.#process?.child.kill('SIGKILL');
    await this.#process?.ended;
  }

  /** Starts Tenon and waits until it is ready; how long that took. */
  async #boot(): Promise<number> {
    const startedMs = monotonicMs();
    const serve = this.#spawn();
    const origin = await serve.printed(/serves (http:\S+)/);
    this.#key ??= {
      projectId: await serve.printed(/project {3}(\S+)/),
      apiKey: await serve.printed(/API key {3}(\S+)/),
    };
    const { builder } = this.#stage;
    builder.meets({ origin, ...this.#key });
    while (!(await builder.isReady())) await delay(systemClock, POLL_INTERVAL_MS);
    const restartMs = monotonicMs() - startedMs;
    if (restartMs > RESTART_MS_MAX) this.#violations.push(`a start took ${Math.round(restartMs)} ms`);
    return restartMs;
  }

  #spawn(): ServeProcess {
    this.#lives.count += 1;
    this.#process = spawnServe(this.#stage.env);
    return this.#process;
  }

  async #killOnce(): Promise<void> {
    const number = this.#kills.length + 1;
    const moment = MOMENTS[(number - 1) % MOMENTS.length] ?? 'time';
    const loadMs = await this.#loadUntil(moment);
    if (moment === 'starting') await this.#killWhileStarting();
    this.#options.spoil?.(this.#stage.dataFolder);
    this.#auditDead();
    const restartMs = await this.#boot();
    const objects = await this.#compare();
    const kill = { number, moment, loadMs, restartMs, objects, violations: this.#newViolations() };
    this.#kills.push(kill);
    this.#options.onKill?.(kill);
  }

  /** Load until the moment comes, or its time is up; then SIGKILL. How long that was. */
  async #loadUntil(moment: Moment): Promise<number> {
    const { builder, load, trigger } = this.#stage;
    const { customers } = await builder.lists();
    const untouched = new AbortController();
    const kill = async () => {
      if (untouched.signal.aborted) return;
      untouched.abort();
      if (moment === 'stopped') return this.#stop();
      if (moment === 'stopping') await this.#stopHalf();
      this.#process?.child.kill('SIGKILL');
    };
    const startedMs = monotonicMs();
    trigger.arm(moment, () => void kill());
    const working = load.run(customers, untouched.signal);
    await delay(systemClock, moment === 'time' ? this.#roll(LOAD_MS_MAX) : LOAD_MS_MAX, untouched.signal);
    await kill();
    await this.#ended('SIGKILL');
    trigger.disarm();
    await working;
    return monotonicMs() - startedMs;
  }

  /** Asks it to end and gives it some of the time it may take. */
  async #stopHalf(): Promise<void> {
    this.#process?.child.kill('SIGTERM');
    await delay(systemClock, this.#roll(STOP_MS_MAX));
  }

  async #killWhileStarting(): Promise<void> {
    const { child } = this.#spawn();
    await delay(systemClock, this.#roll(START_MS_MAX));
    child.kill('SIGKILL');
    await this.#ended('SIGKILL');
  }

  /** A process that ends otherwise than it was made to is a finding; one that is asked to must end with 0. */
  async #ended(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ended = await this.#process?.ended;
    this.#process = null;
    if (ended === undefined) return;
    appendFileSync(join(this.#stage.folder, 'tenon.log'), ended.stdout + ended.stderr);
    const isClean = ended.code === 0 || (signal === 'SIGKILL' && ended.signal === signal);
    if (!isClean || ended.stderr !== '') {
      this.#violations.push(`Tenon ended with ${ended.code ?? ended.signal}: ${ended.stderr.slice(0, 500)}`);
    }
  }

  /** What the successor lists against what was acknowledged; how much had to be there. */
  async #compare(): Promise<number> {
    const { builder, ledger, load, dataFolder } = this.#stage;
    const objects = ledger.liveCount;
    const { listed, customers } = await builder.lists();
    for (const kind of KINDS) ledger.compare(kind, listed.get(kind) ?? []);
    ledger.compareDeployed(await builder.deployedVersion());
    const reads = openForReading(join(dataFolder, 'tenon.db'));
    const stale = () => reads.get<{ count: number }>(STALE_SQL)?.count ?? 0;
    // The rollout begins with the start and does not hold it up.
    for (let polls = 0; stale() > 0 && polls < ROLLOUT_POLLS_MAX; polls += 1)
      await delay(systemClock, POLL_INTERVAL_MS);
    const isStale = stale() > 0;
    reads.close();
    if (isStale) this.#violations.push('an installation has not taken over the deployed version');
    await load.repair(customers);
    return objects;
  }

  /** Without load everything that was begun must end well. */
  async #drain(): Promise<readonly Customer[]> {
    const { builder, load } = this.#stage;
    const endAtMs = monotonicMs() + DRAIN_MS_MAX;
    for (;;) {
      const { customers } = await builder.lists();
      await load.repair(customers);
      const missing = await this.#missing(customers);
      if (missing.length === 0) return customers;
      if (monotonicMs() > endAtMs) {
        this.#violations.push(...missing);
        return customers;
      }
      await delay(systemClock, POLL_INTERVAL_MS * 4);
    }
  }

  async #missing(customers: readonly Customer[]): Promise<string[]> {
    const { builder, inbox, dataFolder } = this.#stage;
    const reads = openForReading(join(dataFolder, 'tenon.db'));
    const waiting = reads.get<{ n: number }>('SELECT count(*) AS n FROM outbox')?.n ?? 0;
    reads.close();
    const missing = waiting === 0 ? [] : [`${waiting} messages never arrived`];
    for (const customer of customers) {
      const came = inbox.recordsFor(customer.installationId ?? '');
      const lost = recordIdsOfAccount(customer.provider).filter((id) => !came.has(id)).length;
      if (lost > 0) missing.push(`${customer.name} misses ${lost} records`);
      const statuses = customer.installationId === null ? [] : await builder.operations(customer);
      if (!statuses.every((status) => status === 'success'))
        missing.push(`${customer.name} has ${statuses.join(', ')}`);
    }
    return missing;
  }

  /** Ends it as an operator does: it must end by itself and in time. */
  async #stop(): Promise<void> {
    const startedMs = monotonicMs();
    this.#process?.child.kill('SIGTERM');
    await this.#ended('SIGTERM');
    const endMs = monotonicMs() - startedMs;
    if (endMs > END_MS_MAX) this.#violations.push(`it took ${Math.round(endMs)} ms to end`);
  }

  #auditDead(): void {
    const { folder, dataFolder, inbox, front } = this.#stage;
    const copy = join(folder, 'dead');
    copyDatabase(dataFolder, copy);
    this.#violations.push(...auditDead(copy, inbox, front.grants));
  }

  #all(): readonly string[] {
    const { front, inbox, ledger, load } = this.#stage;
    const books = [front.grants.violations, inbox.violations, ledger.violations, load.violations];
    return [...this.#violations, ...books.flat()];
  }

  #newViolations(): readonly string[] {
    const fresh = this.#all().filter((violation) => !this.#told.has(violation));
    for (const violation of fresh) this.#told.add(violation);
    return fresh;
  }

  #isSpoilt(): boolean {
    return this.#all().length > 0;
  }

  #report(customers: readonly Customer[], drainMs: number, totalMs: number): TrialReport {
    const { front, inbox, ledger, load, folder } = this.#stage;
    const violations = this.#all();
    return {
      seed: this.#options.seed,
      kills: this.#kills,
      violations,
      acknowledged: ledger.acknowledged,
      customers: customers.length,
      records: customers.reduce((sum, { installationId }) => sum + inbox.recordsFor(installationId ?? '').size, 0),
      messages: inbox.counts.messages,
      messagesRepeated: inbox.counts.repeats,
      messagesRefused: inbox.counts.refused,
      refreshes: front.grants.refreshes,
      rotationsLost: front.grants.lostAnswers,
      reconnects: load.counts.reconnects,
      proxied: Object.fromEntries(load.counts.proxied),
      drainMs: Math.round(drainMs),
      totalMs: Math.round(totalMs),
      folder: violations.length === 0 ? null : folder,
    };
  }
}
