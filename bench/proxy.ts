// What Tenon adds to a proxied call. The same calls go alternately through the floor (`proxy/floor.ts`, bare node:http
// and undici) and through Tenon (`proxy/tenon.ts`, everything on), each in a process of its own, before one upstream.
// Invariant: a run with one wrong answer, one call without a credential or one lost log line has no result.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { machine } from './harness/machine.ts';
import { Child, type CpuMicros, PLACEMENT } from './harness/processes.ts';
import { type Bench, type Findings, type Row, ratioOf, rowOf, type Spread } from './harness/result.ts';
import { type Customers, connectCustomers, SALESFORCE_ORGS } from './proxy/customers.ts';
import type { TenonReady } from './proxy/tenon.ts';
import { CONNECTIONS, type Load, type LoadOutcome, requestText } from './proxy/traffic.ts';
import type { UpstreamCounts } from './proxy/upstream.ts';

const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 15);
const MEASURED_MS = Number(env['BENCH_MS'] ?? 1000);
/** Once, until the compiler has seen everything. */
const FIRST_WARM_UP_MS = 4000;
/** Before each measurement: connections open, caches of the core filled again. */
const WARM_UP_MS = 300;

/** One system under test with the calls that it gets. */
interface Subject {
  readonly child: Child;
  readonly port: number;
  readonly requests: readonly string[];
}

/** One kind of call, with a floor and a Tenon that take it. */
interface Scenario {
  /** Empty for the one that the requirement is about. */
  readonly suffix: string;
  readonly floor: Subject;
  readonly tenon: Subject;
}

interface Sample {
  readonly perSecond: number;
  /** CPU microseconds per call, all threads, and the part of it that was not spent in the kernel. */
  readonly cpu: number;
  readonly userCpu: number;
  readonly drivingCpu: number;
}

interface Driving {
  readonly load: Child;
  readonly upstream: Child;
}

export const bench: Bench = {
  question: 'What does Tenon add to a proxied call, over bare node:http with undici?',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-'));
    try {
      return await runIn(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function runIn(folder: string): Promise<Findings> {
  const { child: upstream, ready } = await Child.start<{ port: number }>(script('upstream'), { core: 1 });
  const { child: load } = await Child.start(script('load'), { core: 1 });
  const tenon = await startTenon(folder, ready.port);
  const accounts = SALESFORCE_ORGS.map(() => `http://127.0.0.1:${ready.port}`);
  const floors = await Promise.all([startFloor(accounts.slice(0, 1)), startFloor(accounts)]);
  const scenarios = scenariosOf(tenon, floors);
  let logged = 0;
  const rows: Row[] = [];
  const ratios: Record<string, Spread> = {};
  for (const scenario of scenarios) {
    const outcome = await measure({ load, upstream }, scenario);
    rows.push(...outcome.rows);
    ratios[`floor${scenario.suffix}`] = outcome.ratio;
    logged += outcome.tenonCalls;
  }
  const { requests, withoutCredential } = await upstream.ask<UpstreamCounts>({ kind: 'counts' });
  await tenon.child.ask({ kind: 'flush' });
  for (const child of [tenon.child, ...floors.map((floor) => floor.child), load, upstream]) await child.stop();
  check(withoutCredential === 0, `${withoutCredential} of ${requests} calls came without a credential`);
  const lines = logLinesIn(tenon.logPath);
  check(lines === logged, `${logged} calls wrote ${lines} log lines`);
  return { rows, ratios, notes: notesOf(requests, logged) };
}

function notesOf(calls: number, logged: number): readonly string[] {
  return [
    `${ROUNDS} rounds of ${MEASURED_MS} ms each, alternating; ${CONNECTIONS} connections, 1 KB answers`,
    PLACEMENT,
    machine(),
    `${calls} calls in all, each sent with a credential and answered 200 with its whole body`,
    `each of the ${logged} calls through Tenon has its log line`,
    'CPU is that of the whole process under test: all threads, user and system',
  ];
}

function scenariosOf(
  tenon: TenonSubject,
  [one, several]: readonly (Omit<Subject, 'requests'> | undefined)[],
): Scenario[] {
  const scenario = (
    suffix: string,
    floor: typeof one,
    customers: readonly string[],
    method: 'GET' | 'POST',
  ): Scenario => {
    if (floor === undefined) throw new Error('a scenario needs a floor');
    const requests = customers.map((installationId) =>
      requestText(method, '/v1/customers?limit=10', {
        'x-api-key': tenon.ready.apiKey,
        'x-amp-proxy-version': '1',
        'x-amp-project-id': tenon.ready.projectId,
        'x-amp-installation-id': installationId,
      }),
    );
    return { suffix, floor: { ...floor, requests }, tenon: { child: tenon.child, port: tenon.ready.port, requests } };
  };
  return [
    scenario('', one, tenon.customers.stripe, 'GET'),
    scenario(', POST 1 KB', one, tenon.customers.stripe, 'POST'),
    scenario(', OAuth', several, tenon.customers.salesforce, 'GET'),
  ];
}

interface TenonSubject {
  readonly child: Child;
  readonly ready: TenonReady;
  readonly customers: Customers;
  readonly logPath: string;
}

/** Tenon with its customers connected; its log goes to a file. */
async function startTenon(folder: string, upstreamPort: number): Promise<TenonSubject> {
  const sandbox = await startSandbox({ autoConsent: true });
  const overrides = sandbox.catalogOverrides();
  const account = `http://{{.workspace}}.localhost:${upstreamPort}`;
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(
    catalogFile,
    JSON.stringify({
      stripe: { baseURL: `http://127.0.0.1:${upstreamPort}` },
      salesforce: { ...(overrides['salesforce'] as object), baseURL: account, modules: { crm: { baseURL: account } } },
    }),
  );
  const logPath = join(folder, 'log');
  const stdout = openSync(logPath, 'a');
  const { child, ready } = await Child.start<TenonReady>(script('tenon'), {
    core: 0,
    stdout,
    env: {
      TENON_DATA_DIR: join(folder, 'data'),
      TENON_PORT: '0',
      TENON_EGRESS_ALLOW: '127.0.0.1/32',
      TENON_CATALOG_FILE: catalogFile,
      TENON_LOG_LEVEL: 'info',
    },
  });
  closeSync(stdout);
  const customers = await connectCustomers(ready);
  await sandbox.close();
  return { child, ready, customers, logPath };
}

async function startFloor(origins: readonly string[]): Promise<Omit<Subject, 'requests'>> {
  const options = { core: 0, env: { BENCH_ORIGINS: origins.join(',') } } as const;
  const { child, ready } = await Child.start<{ port: number }>(script('floor'), options);
  return { child, port: ready.port };
}

async function measure(driving: Driving, { suffix, floor, tenon }: Scenario) {
  let tenonCalls = 0;
  const samples: { floor: Sample; tenon: Sample }[] = [];
  for (const subject of [floor, tenon]) {
    const { completed } = await drive(driving, subject, FIRST_WARM_UP_MS);
    if (subject === tenon) tenonCalls += completed;
  }
  for (let round = 0; round < ROUNDS; round++) {
    const ofFloor = await sample(driving, floor);
    const ofTenon = await sample(driving, tenon);
    tenonCalls += ofTenon.calls;
    samples.push({ floor: ofFloor.sample, tenon: ofTenon.sample });
  }
  const column = (subject: 'floor' | 'tenon', key: keyof Sample) => samples.map((pair) => pair[subject][key]);
  const rows = [
    rowOf(`floor${suffix}`, 'requests/s', column('floor', 'perSecond')),
    rowOf(`Tenon${suffix}`, 'requests/s', column('tenon', 'perSecond')),
    rowOf(`floor cpu${suffix}`, 'µs/request', column('floor', 'cpu')),
    rowOf(`Tenon cpu${suffix}`, 'µs/request', column('tenon', 'cpu')),
    rowOf(
      `added cpu${suffix}`,
      'µs/request',
      samples.map((pair) => pair.tenon.cpu - pair.floor.cpu),
    ),
    rowOf(
      `added cpu, outside the kernel${suffix}`,
      'µs/request',
      samples.map((pair) => pair.tenon.userCpu - pair.floor.userCpu),
    ),
    rowOf(`load and upstream cpu${suffix}`, 'µs/request', [
      ...column('floor', 'drivingCpu'),
      ...column('tenon', 'drivingCpu'),
    ]),
  ];
  return { rows, ratio: ratioOf(column('tenon', 'perSecond'), column('floor', 'perSecond')), tenonCalls };
}

/** One measurement after a short warm-up. */
async function sample(driving: Driving, subject: Subject): Promise<{ sample: Sample; calls: number }> {
  const { load, upstream } = driving;
  const warm = await drive(driving, subject, WARM_UP_MS);
  const cpuOf = async () => ({
    subject: await subject.child.cpu(),
    driving: totalOf(await load.cpu()) + totalOf(await upstream.cpu()),
  });
  const before = await cpuOf();
  const { completed, elapsedMs } = await drive(driving, subject, MEASURED_MS);
  const after = await cpuOf();
  return {
    sample: {
      perSecond: (completed / elapsedMs) * 1000,
      cpu: (totalOf(after.subject) - totalOf(before.subject)) / completed,
      userCpu: (after.subject.user - before.subject.user) / completed,
      drivingCpu: (after.driving - before.driving) / completed,
    },
    calls: warm.completed + completed,
  };
}

function totalOf({ user, system }: CpuMicros): number {
  return user + system;
}

async function drive({ load }: Driving, { port, requests }: Subject, durationMs: number): Promise<LoadOutcome> {
  const question: Load = { kind: 'run', port, requests, durationMs };
  const outcome = await load.ask<LoadOutcome>(question);
  check(outcome.failed === 0, `${outcome.failed} calls failed, the first with: ${outcome.firstFailure}`);
  return outcome;
}

function logLinesIn(path: string): number {
  return readFileSync(path, 'latin1').split('"plane":"proxy"').length - 1;
}

function check(isFine: boolean, message: string): void {
  if (!isFine) throw new Error(message);
}

function script(name: string): URL {
  return new URL(`./proxy/${name}.ts`, import.meta.url);
}
