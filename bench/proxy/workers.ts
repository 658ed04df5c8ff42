// Two edge threads against one: what a call costs then, and, where the machine has cores for it, how many more go
// through. Where this build has no edge threads there is nothing to measure.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { type Row, ratioOf, rowOf, type Spread } from '../harness/result.ts';
import { type Driving, sampleOf, warmUp } from './calls.ts';
import { requestsOf, startTenon } from './subjects.ts';

/** Two threads, the owner, the load generator and the upstream, each with a core of its own. */
const CORES_MIN = 5;

export interface WorkersOutcome {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** CPU per call with two threads over that with one. */
  readonly cpuRatio: Spread | null;
}

export async function measureWorkers(
  driving: Driving,
  folder: string,
  upstreamPort: number,
  rounds: number,
  roundMs: number,
): Promise<WorkersOutcome> {
  if (!('workers' in readConfig({ TENON_WORKERS: '2' }))) {
    return { rows: [], notes: ['edge threads: not measured, this build has none'], cpuRatio: null };
  }
  const start = (workers: 1 | 2) =>
    startTenon(join(folder, `workers-${workers}`), upstreamPort, {
      name: workers === 1 ? 'one thread' : 'two threads',
      core: 'any',
      env: { TENON_WORKERS: String(workers) },
    });
  const [one, two] = [await start(1), await start(2)];
  const subjects = [
    { name: 'one', tenon: one, requests: requestsOf(one, one.customers.stripe, 'GET') },
    { name: 'two', tenon: two, requests: requestsOf(two, two.customers.stripe, 'GET') },
  ] as const;
  const cpu = { one: [] as number[], two: [] as number[] };
  const perSecond = { one: [] as number[], two: [] as number[] };
  for (const { tenon, requests } of subjects) await warmUp(driving, tenon, requests);
  for (let round = 0; round < rounds; round++) {
    for (const { name, tenon, requests } of subjects) {
      const { sample } = await sampleOf(driving, tenon, requests, roundMs);
      perSecond[name].push(sample.perSecond);
      cpu[name].push(sample.cpu);
    }
  }
  await one.stop();
  await two.stop();
  const cpuRatio = ratioOf(cpu.two, cpu.one);
  const rows = [
    rowOf('cpu, one thread', 'µs/request', cpu.one),
    rowOf('cpu, two threads', 'µs/request', cpu.two),
    { label: 'cpu, two threads over one', unit: '×', ...cpuRatio },
  ];
  const placement = 'with edge threads, the process under test is on whatever core there is';
  if (availableParallelism() < CORES_MIN) {
    const note = `throughput of two threads: not measured, it takes ${CORES_MIN} cores`;
    return { rows, notes: [placement, note], cpuRatio };
  }
  const gain = { label: 'requests/s, two threads over one', unit: '×', ...ratioOf(perSecond.two, perSecond.one) };
  return { rows: [...rows, gain], notes: [placement], cpuRatio };
}
