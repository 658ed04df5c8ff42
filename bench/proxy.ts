// What Tenon adds to a proxied call. The same calls go in turn through the floor (`proxy/floor.ts`, bare node:http and
// undici), through nginx, through a proxy as one writes it in an afternoon, and through Tenon (`proxy/tenon.ts`,
// everything on), each in a process of its own, before one upstream. Then latency at half load, long bodies, and
// clients that only wait.
// Invariant: a run with one wrong answer, one call without a credential or one lost log line has no result.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, stderr } from 'node:process';
import { inFolder } from './harness/commits.ts';
import { machine } from './harness/machine.ts';
import { barsOf, plotOf } from './harness/plot.ts';
import { Child, PLACEMENT } from './harness/processes.ts';
import { type Bench, type Bound, type Findings, type Row, rowOf, type Spread } from './harness/result.ts';
import { type CallsOutcome, type Driving, measureCalls, type Scenario } from './proxy/calls.ts';
import { SALESFORCE_ORGS } from './proxy/customers.ts';
import { idleBytes } from './proxy/idle.ts';
import { type LatencyOutcome, measureLatency, SHARES } from './proxy/latency.ts';
import { streamDown, streamUp } from './proxy/streams.ts';
import { requestsOf, script, startAfternoon, startFloor, startNginxSubject, startTenon } from './proxy/subjects.ts';
import { CONNECTIONS } from './proxy/traffic.ts';
import type { UpstreamCounts } from './proxy/upstream.ts';
import { measureWorkers } from './proxy/workers.ts';

const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 15);
const MEASURED_MS = Number(env['BENCH_MS'] ?? 1000);
const PARTS = new Set((env['BENCH_PARTS'] ?? 'calls,latency,streams,idle,workers').split(','));
const LATENCY_MS = 4 * MEASURED_MS;
const STREAM_BYTES = 2 ** 30;
const IDLE_CLIENTS = Number(env['BENCH_IDLE_CLIENTS'] ?? 10_000);
const RESULTS = join(import.meta.dirname, 'results');

/** What the requirements allow. */
const ADDED_CPU_MAX = 8;
const ADDED_P99_MS_MAX = 1;
const STREAM_GROWTH_MB_MAX = 50;
const WORKERS_CPU_RATIO_MAX = 1.15;

interface Part {
  readonly rows: readonly Row[];
  readonly ratios?: Readonly<Record<string, Spread>>;
  readonly bounds: readonly Bound[];
  readonly notes: readonly string[];
}

export const bench: Bench = {
  question: 'What does Tenon add to a proxied call, over bare node:http with undici?',
  run: () => inFolder(runIn),
};

async function runIn(folder: string): Promise<Findings> {
  const parts: Part[] = [];
  if (PARTS.has('calls') || PARTS.has('latency')) parts.push(await callsPart(folder));
  if (PARTS.has('streams')) parts.push(await streamsPart(folder));
  if (PARTS.has('idle')) parts.push(await idlePart(folder));
  if (PARTS.has('workers')) parts.push(await workersPart(folder));
  return {
    rows: parts.flatMap(({ rows }) => rows),
    ratios: Object.assign({}, ...parts.map(({ ratios = {} }) => ratios)),
    bounds: parts.flatMap(({ bounds }) => bounds),
    notes: [PLACEMENT, machine(), ...parts.flatMap(({ notes }) => notes)],
  };
}

async function callsPart(folder: string): Promise<Part> {
  const { child: upstream, ready } = await Child.start<{ port: number }>(script('upstream'), { core: 1 });
  const { child: load } = await Child.start(script('load'), { core: 1 });
  const origin = `http://127.0.0.1:${ready.port}`;
  const tenon = await startTenon(join(folder, 'tenon'), ready.port);
  const floor = await startFloor([origin]);
  const severalFloor = await startFloor(SALESFORCE_ORGS.map(() => origin));
  const afternoon = await startAfternoon(origin);
  const nginx = await startNginxSubject(join(folder, 'nginx'), ready.port);
  const subjects = [floor, tenon, ...(nginx === null ? [] : [nginx]), afternoon];
  const { stripe, salesforce } = tenon.customers;
  const scenarios: Scenario[] = [
    { suffix: '', subjects, requests: requestsOf(tenon, stripe, 'GET') },
    { suffix: ', POST 1 KB', subjects: [floor, tenon], requests: requestsOf(tenon, stripe, 'POST') },
    { suffix: ', OAuth', subjects: [severalFloor, tenon], requests: requestsOf(tenon, salesforce, 'GET') },
  ];
  const driving: Driving = { load, upstream };
  const outcomes: CallsOutcome[] = [];
  for (const scenario of scenarios) {
    tell(`calls${scenario.suffix}`);
    outcomes.push(await measureCalls(driving, scenario, ROUNDS, MEASURED_MS));
  }
  tell('latency at half load');
  const latency = PARTS.has('latency')
    ? await measureLatency(driving, [floor, tenon], requestsOf(tenon, stripe, 'GET'), ROUNDS, LATENCY_MS)
    : null;
  const { requests, withoutCredential } = await upstream.ask<UpstreamCounts>({ kind: 'counts' });
  check(withoutCredential === 0, `${withoutCredential} of ${requests} calls came without a credential`);
  const calls = outcomes.reduce((sum, { tenonCalls }) => sum + tenonCalls, latency?.tenonCalls ?? 0);
  const lines = await tenon.logLines();
  check(lines === calls, `${calls} calls wrote ${lines} log lines`);
  await stopAll([...subjects, severalFloor, load, upstream]);
  draw(outcomes[0], latency);
  return {
    rows: [...outcomes.flatMap(({ rows }) => rows), ...(latency?.rows ?? [])],
    ratios: Object.assign({}, ...outcomes.map(({ ratios }) => ratios)),
    bounds: boundsOf(scenarios, outcomes, latency),
    notes: [
      `${ROUNDS} rounds of ${MEASURED_MS} ms each, in turn; ${CONNECTIONS} connections, 1 KB answers`,
      `${requests} calls in all, each sent with a credential and answered 200 with its whole body`,
      `each of the ${calls} calls through Tenon has its log line`,
      'CPU is that of the whole process under test: all threads, user and system',
      nginx === null ? 'nginx: not installed, not measured' : 'nginx has one worker and no master process',
    ],
  };
}

function boundsOf(
  scenarios: readonly Scenario[],
  outcomes: readonly CallsOutcome[],
  latency: LatencyOutcome | null,
): readonly Bound[] {
  const cpu = outcomes.map(({ addedCpu }, index) =>
    boundOf(`added cpu${scenarios[index]?.suffix ?? ''}`, 'µs/request', addedCpu.median, ADDED_CPU_MAX),
  );
  if (latency === null) return cpu;
  return [...cpu, boundOf('added p99 at half load', 'ms', latency.addedP99.median, ADDED_P99_MS_MAX)];
}

async function streamsPart(folder: string): Promise<Part> {
  tell('a long body, each way');
  const { child: provider, ready } = await Child.start<{ port: number }>(script('bulk'), { core: 1 });
  const tenon = await startTenon(join(folder, 'streams'), ready.port, { stripeCustomers: 1 });
  const down = await streamDown(tenon, STREAM_BYTES);
  const up = await streamUp(tenon, STREAM_BYTES);
  await stopAll([tenon, provider]);
  return {
    rows: [
      rowOf('1 GB down, RSS growth', 'MB', [down.grownMb]),
      rowOf('1 GB up, RSS growth', 'MB', [up.grownMb]),
      rowOf('1 GB down', 'MB/s', [down.mbPerSecond]),
      rowOf('1 GB up', 'MB/s', [up.mbPerSecond]),
    ],
    bounds: [
      boundOf('1 GB down, RSS growth', 'MB', down.grownMb, STREAM_GROWTH_MB_MAX, '<'),
      boundOf('1 GB up, RSS growth', 'MB', up.grownMb, STREAM_GROWTH_MB_MAX, '<'),
    ],
    notes: ['a long body arrives whole, although whoever takes it stops reading in its middle'],
  };
}

async function idlePart(folder: string): Promise<Part> {
  tell(`${IDLE_CLIENTS} clients that wait`);
  const { child: upstream, ready } = await Child.start<{ port: number }>(script('upstream'), { core: 1 });
  const tenon = await startTenon(join(folder, 'idle'), ready.port);
  const floor = await startFloor([`http://127.0.0.1:${ready.port}`]);
  const requests = requestsOf(tenon, tenon.customers.stripe, 'GET');
  const ofFloor = await idleBytes(floor, requests, IDLE_CLIENTS);
  const ofTenon = await idleBytes(tenon, requests, IDLE_CLIENTS);
  await stopAll([floor, tenon, upstream]);
  return {
    rows: [rowOf('floor, idle client', 'bytes', [ofFloor]), rowOf('Tenon, idle client', 'bytes', [ofTenon])],
    bounds: [],
    notes: [`${IDLE_CLIENTS} idle clients, each after one call`],
  };
}

async function workersPart(folder: string): Promise<Part> {
  tell('edge threads');
  const { child: upstream, ready } = await Child.start<{ port: number }>(script('upstream'), { core: 1 });
  const { child: load } = await Child.start(script('load'), { core: 1 });
  const driving: Driving = { load, upstream };
  const { rows, notes, cpuRatio } = await measureWorkers(driving, folder, ready.port, ROUNDS, MEASURED_MS);
  await stopAll([load, upstream]);
  const bounds =
    cpuRatio === null ? [] : [boundOf('cpu, two threads over one', '×', cpuRatio.median, WORKERS_CPU_RATIO_MAX)];
  return { rows, bounds, notes };
}

function draw(calls: CallsOutcome | undefined, latency: LatencyOutcome | null): void {
  if (calls !== undefined) {
    const bars = Object.entries(calls.cpu).map(([label, { median, min, max }]) => ({ label, value: median, min, max }));
    writeFileSync(join(RESULTS, 'proxy.svg'), barsOf('CPU of one proxied call', 'µs, all threads', bars));
  }
  if (latency === null) return;
  const reach = Math.max(...Object.values(latency.percentilesMs).flat());
  const series = Object.entries(latency.percentilesMs).map(([title, values]) => ({
    title,
    unit: 'ms',
    reach,
    points: values.map((value, index) => ({ size: Math.round(1 / (1 - (SHARES[index] ?? 0))), value })),
  }));
  const title = `Latency at ${latency.perSecond.toLocaleString('en-US')} calls a second`;
  writeFileSync(join(RESULTS, 'proxy-latency.svg'), plotOf(title, 'one call in … is slower', series));
}

function boundOf(label: string, unit: string, value: number, limit: number, relation: '≤' | '<' = '≤'): Bound {
  return { label, unit, value, relation, limit };
}

async function stopAll(all: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const each of all) await each.stop();
}

function check(isFine: boolean, message: string): void {
  if (!isFine) throw new Error(message);
}

/** A run takes minutes. */
function tell(what: string): void {
  stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what} …\n`);
}
