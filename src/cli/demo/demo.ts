// `tenon demo`: the whole product on one machine in a quarter of a minute, nothing canned. Real processes, real HTTP,
// real OAuth; only the providers are simulated. Told step by step in `run`, top to bottom. Invariant: whatever ends it
// (success, failure, Ctrl-C, its own deadline), the Tenon process and the folder are gone afterwards.

import process from 'node:process';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { DEMO_MS_MAX } from '../../core/limits.ts';
import { delay, MINUTE_MS, monotonicMs, systemClock } from '../../core/time.ts';
import { countLost, type Summary, shortcomingsOf, summaryLines, summaryOf } from './audit.ts';
import { backfill } from './backfill.ts';
import { CHANGES, changeContacts } from './changed.ts';
import { CUSTOMERS, RECORDS_EACH } from './customers.ts';
import { countText, secondsText } from './format.ts';
import { showKept } from './kept.ts';
import { proxyCalls } from './proxied.ts';
import { Screen } from './screen.ts';
import { connect, deployManifest, type Installation, install, prepare, readProjectId } from './setup.ts';
import { openStage, type Stage } from './stage.ts';
import { readLanes, settled } from './state.ts';

/** As shells report a process that Ctrl-C ended: 128 and the number of the signal. */
const EXIT_INTERRUPTED = 130;
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface DemoOptions {
  /** Leaves everything running until Ctrl-C. */
  readonly isKept: boolean;
  /** The summary as JSON goes to standard output; all that is for people goes to standard error then. */
  readonly isJson: boolean;
}

interface Finished {
  readonly summary: Summary;
  readonly installations: readonly Installation[];
  readonly failures: ReadonlyMap<string, number>;
}

/** The exit code: 0 if nothing was lost, 1 if something was or the demo could not go on, 130 if it was interrupted. */
export async function demo(options: DemoOptions): Promise<number> {
  const screen = new Screen(options.isJson ? process.stderr : process.stdout);
  const opened = new AsyncDisposableStack();
  const interrupted = Promise.withResolvers<null>();
  const interrupt = () => interrupted.resolve(null);
  for (const signal of ENDING_SIGNALS) process.on(signal, interrupt);
  try {
    return await perform(options, screen, opened, interrupted.promise);
  } finally {
    screen.close();
    await opened.disposeAsync();
    for (const signal of ENDING_SIGNALS) process.off(signal, interrupt);
  }
}

async function perform(
  { isKept, isJson }: DemoOptions,
  screen: Screen,
  opened: AsyncDisposableStack,
  interrupted: Promise<null>,
): Promise<number> {
  screen.line();
  screen.line(`  ${screen.style('bold', 'Tenon demo')}   real processes, HTTP, OAuth and signatures`);
  screen.line();
  const startedMs = monotonicMs();
  const opening = screen.step('HubSpot and Salesforce (simulated) and a webhook receiver');
  const stage = await openStage(opened);
  opening.done();
  try {
    const finished = await Promise.race([run(stage, screen, startedMs), stage.server.died, interrupted, late()]);
    if (finished === null) return stopped(screen);
    const exitCode = conclude(screen, finished);
    if (isJson) process.stdout.write(`${JSON.stringify(finished.summary)}\n`);
    if (isKept) {
      showKept(screen, stage, finished.installations);
      await Promise.race([interrupted, stage.server.died]);
    }
    return exitCode;
  } catch (error) {
    return failed(screen, stage, error);
  }
}

async function run(stage: Stage, screen: Screen, startedMs: number): Promise<Finished> {
  const { server, receiver, sandbox } = stage;
  const customers = Object.values(CUSTOMERS);

  const starting = screen.step('Tenon, as a process of its own on an empty folder');
  await server.start();
  starting.done();

  const deploying = screen.step('Provider apps, webhooks and amp.yaml deployed');
  const projectId = await readProjectId(stage);
  const builders = await Promise.all(customers.map((customer) => prepare(stage, projectId, customer)));
  await deployManifest(stage);
  deploying.done();

  const connecting = screen.step('A customer of each connected by OAuth');
  await Promise.all(builders.map((builder) => connect(stage, builder)));
  connecting.done();

  const total = countText(RECORDS_EACH * customers.length);
  const reading = screen.step(`${total} records backfilled, Tenon killed in the middle`);
  const installed = () => Promise.all(builders.map((builder) => install(stage, builder)));
  const { installations, ...backfilled } = await backfill(stage, installed, screen, reading);

  const calling = screen.step('1,000 calls proxied while access tokens end every 3 s');
  const proxy = await proxyCalls(stage, installations, screen, calling);

  const changing = screen.step(`${countText(CHANGES)} contacts changed at HubSpot, their webhooks sent twice`);
  const changed = await changeContacts(stage, installations, screen, changing);

  const auditing = screen.step('Every record looked for, every signature checked');
  await settled(stage, installations);
  const lost = countLost(receiver);
  const lanes = readLanes(stage, installations);
  const summary = summaryOf({
    backfill: backfilled,
    proxy,
    changes: { ...changed, ...stage.toldChanges.audit(changed.ids) },
    lanes,
    received: receiver.state(),
    sandbox: sandbox.stats(),
    lost,
    totalMs: monotonicMs() - startedMs,
  });
  auditing.done([], shortcomingsOf(summary).length === 0);
  return { summary, installations, failures: proxy.failures };
}

/** The table and the verdict. */
function conclude(screen: Screen, { summary, failures }: Finished): number {
  screen.line();
  const [head = '', rule = '', ...rows] = summaryLines(summary);
  for (const line of [screen.style('dim', head), screen.style('dim', rule), ...rows]) screen.line(`  ${line}`);
  screen.line();
  const shortcomings = shortcomingsOf(summary);
  for (const shortcoming of shortcomings) screen.line(`  ${screen.style('red', `✘ ${shortcoming}`)}`);
  for (const [failure, times] of failures) screen.line(`    ${countText(times)} × ${failure}`);
  if (shortcomings.length === 0) {
    const verdict = screen.style('green', '✔ Nothing was lost.');
    screen.line(`  ${verdict} ${screen.style('dim', `${secondsText(summary.totalMs)} in all`)}`);
  }
  screen.line();
  return shortcomings.length === 0 ? 0 : 1;
}

function stopped(screen: Screen): number {
  screen.fail();
  screen.line('  interrupted');
  return EXIT_INTERRUPTED;
}

function failed(screen: Screen, { server }: Stage, error: unknown): number {
  screen.fail();
  screen.line();
  screen.line(`  ${screen.style('red', '✘')} ${errorFacts(error).message}`);
  if (server.hasDied) {
    screen.line(`  ${screen.style('dim', 'the last lines it wrote:')}`);
    for (const line of server.lastLines) screen.line(`    ${screen.style('dim', line)}`);
  }
  screen.line();
  return 1;
}

/** Every wait of the demo ends here at the latest. */
async function late(): Promise<never> {
  await delay(systemClock, DEMO_MS_MAX);
  throw new IntegrationError('timeout', `the demo did not finish within ${DEMO_MS_MAX / MINUTE_MS} minutes`);
}
