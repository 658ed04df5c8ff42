// What a call of the platform API costs in a project with 100,000 installations: one of them, a page of them at the
// front and far behind, those of one group, and all of them, which is one array. The baseline is a bare Hono handler
// over the same SQL on the same database, called in the same rounds; its answers are compared by their ids first.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Pool } from 'undici';
import type { ProjectId } from '../src/core/ids.ts';
import { systemClock } from '../src/core/time.ts';
import { newApiKey } from '../src/flows/apiKeys.ts';
import { openStore } from '../src/store/store.ts';
import { insertApiKey, readProjects } from '../src/store/tables/accounts.ts';
import { Population } from './actors/population.ts';
import { machine } from './harness/machine.ts';
import { Child } from './harness/processes.ts';
import { type Bench, type Findings, percentile, type Row, ratioOf, rowOf, type Spread } from './harness/result.ts';
import { freePort, Server } from './harness/server.ts';

const INSTALLATIONS = Number(env['BENCH_INSTALLATIONS'] ?? 100_000);
const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 9);
const PAGE_SIZE = 100;
const DEEP_PAGE = 500;
const CONCURRENCY = 4;
const MICROS_PER_TICK = 10_000;
const CALLS = { 'get one': 2000, 'page 1': 300, [`page ${DEEP_PAGE}`]: 300, 'one group': 2000, all: 2 } as const;

type Case = keyof typeof CALLS;

/** A server, and where it has what each case asks for. */
interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly pool: Pool;
  readonly headers: Readonly<Record<string, string>>;
  readonly paths: Readonly<Record<Case, string>>;
}

interface Sample {
  readonly p99Ms: number;
  readonly cpuMicros: number;
}

export const bench: Bench = {
  question: 'What does a call of the API cost with 100,000 installations, over a bare Hono handler with the same SQL?',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-api-'));
    try {
      return await measured(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measured(folder: string): Promise<Findings> {
  const population = await Population.begin(folder);
  population.grow(INSTALLATIONS);
  const { projectId, apiKey, integrationId, deep, some } = await prepared(population);
  const port = await freePort();
  const tenon = await Server.start(port, { TENON_DATA_DIR: population.folder });
  const floorEnv = { BENCH_DATABASE: population.path, BENCH_PROJECT: projectId };
  const floor = await Child.start<{ port: number }>(new URL('api/floor.ts', import.meta.url), {
    core: 'any',
    env: floorEnv,
  });
  const own = `/tenon/v1/projects/${projectId}/installations?pageSize=${PAGE_SIZE}`;
  const one = `/v1/projects/${projectId}/integrations/${integrationId}/installations/${some.installationId}`;
  const subjects: readonly Subject[] = [
    {
      name: 'Tenon',
      pid: tenon.pid,
      pool: new Pool(`http://127.0.0.1:${port}`, { connections: CONCURRENCY }),
      headers: { 'x-api-key': apiKey },
      paths: pathsOf(
        one,
        `/v1/projects/${projectId}/installations`,
        own,
        `&pageToken=${deep.createdAtMs}.${deep.installationId}`,
        `&groupRef=${some.groupRef}`,
      ),
    },
    {
      name: 'Hono',
      pid: floor.child.pid,
      pool: new Pool(`http://127.0.0.1:${floor.ready.port}`, { connections: CONCURRENCY }),
      headers: {},
      paths: pathsOf(
        `/installations/${some.installationId}`,
        '/installations',
        `/installations?limit=${PAGE_SIZE}`,
        `&time=${deep.createdAtMs}&id=${deep.installationId}`,
        `&group=${some.groupRef}`,
      ),
    },
  ];
  try {
    await assertSame(subjects);
    return findingsOf(await roundsOf(subjects));
  } finally {
    await Promise.all(subjects.map(({ pool }) => pool.close()));
    await floor.child.stop();
    await tenon.end('SIGTERM');
  }
}

function pathsOf(one: string, all: string, list: string, deep: string, group: string): Subject['paths'] {
  const pages = { 'page 1': list, [`page ${DEEP_PAGE}`]: `${list}${deep}`, 'one group': `${list}${group}` };
  return { 'get one': one, ...pages, all };
}

/** A key, an installation somewhere, and the last one before the deep page. */
async function prepared(population: Population) {
  const onFatal = (error: Error) => {
    throw error;
  };
  const store = await openStore({ folder: population.folder, writer: 'inThread', onFatal });
  const [project] = readProjects(store.reads);
  if (project === undefined) throw new Error('the population has no project');
  const { apiKey, row } = newApiKey(project.projectId, 'bench', systemClock.nowMs());
  await store.commit([insertApiKey(row)]);
  const at = (offset: number) => {
    const sql = `SELECT installationId, integrationId, groupRef, createdAtMs FROM installations
      WHERE projectId = ? ORDER BY createdAtMs, installationId LIMIT 1 OFFSET ?`;
    const found = store.reads.get<Found>(sql, project.projectId, offset);
    if (found === undefined) throw new Error(`there is no installation ${offset}`);
    return found;
  };
  const deep = at((DEEP_PAGE - 1) * PAGE_SIZE - 1);
  const some = at(Math.floor(INSTALLATIONS / 3));
  await store.close();
  return { projectId: project.projectId as ProjectId, apiKey, integrationId: some.integrationId, deep, some };
}

interface Found {
  readonly installationId: string;
  readonly integrationId: string;
  readonly groupRef: string;
  readonly createdAtMs: number;
}

async function textOf({ pool, paths, headers }: Subject, which: Case): Promise<string> {
  const { statusCode, body } = await pool.request({ method: 'GET', path: paths[which], headers });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${paths[which]} answered ${statusCode}: ${text}`);
  return text;
}

/** Both answer the same installations, and as many as there should be. */
async function assertSame(subjects: readonly Subject[]): Promise<void> {
  for (const which of Object.keys(CALLS) as Case[]) {
    const ids = await Promise.all(subjects.map(async (subject) => idsIn(JSON.parse(await textOf(subject, which)))));
    const [first = [], second = []] = ids;
    // All are one more: the population is copied from one that is there too.
    const counts: Readonly<Record<string, number>> = { 'get one': 1, 'one group': 1, all: INSTALLATIONS + 1 };
    const count = counts[which] ?? PAGE_SIZE;
    if (first.length !== count || first.join() !== second.join()) throw new Error(`${which}: the answers differ`);
  }
}

type Answered = { readonly id?: string; readonly installationId?: string; readonly results?: readonly Answered[] };

function idsIn(answer: Answered | readonly Answered[]): readonly string[] {
  const list = Array.isArray(answer) ? answer : ((answer as Answered).results ?? [answer as Answered]);
  return list.map(({ id, installationId }: Answered) => installationId ?? id ?? '');
}

async function roundsOf(subjects: readonly Subject[]): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>();
  // One round more than is counted: the first one is for the compiler.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const which of Object.keys(CALLS) as Case[]) {
      const order = round % 2 === 0 ? subjects : subjects.toReversed();
      for (const subject of order) {
        const sample = await sampleOf(subject, which);
        const key = `${subject.name}, ${which}`;
        if (round > 0) samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  return samples;
}

async function sampleOf(subject: Subject, which: Case): Promise<Sample> {
  const latencies: number[] = [];
  const count = CALLS[which];
  const cpuBefore = cpuMicrosOf(subject.pid);
  let next = 0;
  const caller = async () => {
    while (next < count) {
      next += 1;
      const startedMs = performance.now();
      await textOf(subject, which);
      latencies.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  const cpuMicros = (cpuMicrosOf(subject.pid) - cpuBefore) / count;
  return { p99Ms: percentile(latencies, 0.99), cpuMicros };
}

/** User and system time of all threads: the 14th and 15th field of `stat` (proc_pid_stat(5)). */
function cpuMicrosOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

function findingsOf(samples: ReadonlyMap<string, readonly Sample[]>): Findings {
  const of = (name: string, which: string, part: keyof Sample) =>
    (samples.get(`${name}, ${which}`) ?? []).map((sample) => sample[part]);
  const cases = Object.keys(CALLS);
  const rows: Row[] = cases.flatMap((which) =>
    ['Tenon', 'Hono'].flatMap((name) => [
      rowOf(`${name}, ${which}: p99`, 'ms', of(name, which, 'p99Ms')),
      rowOf(`${name}, ${which}: cpu`, 'µs', of(name, which, 'cpuMicros')),
    ]),
  );
  const ratios: Record<string, Spread> = {};
  for (const which of cases) {
    ratios[`Hono, ${which}: cpu`] = ratioOf(of('Tenon', which, 'cpuMicros'), of('Hono', which, 'cpuMicros'));
    ratios[`Hono, ${which}: p99`] = ratioOf(of('Tenon', which, 'p99Ms'), of('Hono', which, 'p99Ms'));
  }
  const deep = `page ${DEEP_PAGE}`;
  ratios[`page 1, of ${deep}: cpu`] = ratioOf(of('Tenon', deep, 'cpuMicros'), of('Tenon', 'page 1', 'cpuMicros'));
  return {
    rows,
    ratios,
    notes: [
      `${INSTALLATIONS} installations of one project; pages of ${PAGE_SIZE}; ${ROUNDS} rounds, alternating`,
      `${CONCURRENCY} connections, one call at a time each; the load generator is the third process, nothing is pinned`,
      machine(),
    ],
  };
}
