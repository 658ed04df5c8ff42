// Calls as fast as they are answered, through all subjects in turn, in short rounds: what each call costs. Invariant: a
// number is made of whole calls only, all of them answered as they should be.

import type { Child, CpuMicros } from '../harness/processes.ts';
import { type Row, ratioOf, rowOf, type Spread } from '../harness/result.ts';
import type { Subject } from './subjects.ts';
import type { Load, LoadOutcome } from './traffic.ts';

/** Once, until the compiler has seen everything. */
const FIRST_WARM_UP_MS = 4000;
/** Before each measurement: connections open, caches of the core filled again. */
const WARM_UP_MS = 300;

/** One kind of call. The first subject is the floor, the second Tenon. */
export interface Scenario {
  /** Empty for the one that the requirement is about. */
  readonly suffix: string;
  readonly subjects: readonly Subject[];
  readonly requests: readonly string[];
}

export interface Driving {
  readonly load: Child;
  readonly upstream: Child;
}

interface Sample {
  readonly perSecond: number;
  /** CPU microseconds per call, all threads, and the part of it that was not spent in the kernel. */
  readonly cpu: number;
  readonly userCpu: number;
  readonly drivingCpu: number;
}

export interface CallsOutcome {
  readonly rows: readonly Row[];
  /** Requests per second of Tenon over those of the others, by name. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** Microseconds that Tenon adds to the floor. */
  readonly addedCpu: Spread;
  readonly cpu: Readonly<Record<string, Spread>>;
  readonly tenonCalls: number;
}

export async function measureCalls(
  driving: Driving,
  { suffix, subjects, requests }: Scenario,
  rounds: number,
  roundMs: number,
): Promise<CallsOutcome> {
  let tenonCalls = 0;
  const samples = new Map<Subject, Sample[]>();
  const [floor, tenon] = subjects;
  for (const subject of subjects) {
    const calls = await warmUp(driving, subject, requests);
    if (subject === tenon) tenonCalls += calls;
    samples.set(subject, []);
  }
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      const { sample, calls } = await sampleOf(driving, subject, requests, roundMs);
      if (subject === tenon) tenonCalls += calls;
      samples.get(subject)?.push(sample);
    }
  }
  const of = (subject: Subject | undefined, key: keyof Sample): number[] =>
    (subject === undefined ? [] : (samples.get(subject) ?? [])).map((sample) => sample[key]);
  const added = (key: 'cpu' | 'userCpu') => of(tenon, key).map((value, round) => value - (of(floor, key)[round] ?? 0));
  const addedCpu = rowOf(`added cpu${suffix}`, 'µs/request', added('cpu'));
  const cpu = subjects.map((subject) => rowOf(`${subject.name} cpu${suffix}`, 'µs/request', of(subject, 'cpu')));
  const rows = [
    ...subjects.map((subject) => rowOf(`${subject.name}${suffix}`, 'requests/s', of(subject, 'perSecond'))),
    ...cpu,
    addedCpu,
    rowOf(`added cpu, outside the kernel${suffix}`, 'µs/request', added('userCpu')),
    { label: `cpu over the floor's${suffix}`, unit: '×', ...ratioOf(of(tenon, 'cpu'), of(floor, 'cpu')) },
    rowOf(
      `load and upstream cpu${suffix}`,
      'µs/request',
      subjects.flatMap((subject) => of(subject, 'drivingCpu')),
    ),
  ];
  const others = subjects.filter((subject) => subject !== tenon);
  const ratio = (subject: Subject) => ratioOf(of(tenon, 'perSecond'), of(subject, 'perSecond'));
  return {
    rows,
    ratios: Object.fromEntries(others.map((subject) => [`${subject.name}${suffix}`, ratio(subject)])),
    addedCpu,
    cpu: Object.fromEntries(subjects.map((subject, index) => [subject.name, cpu[index] as Row])),
    tenonCalls,
  };
}

/** Once for each kind of call. Answers how many were made. */
export async function warmUp(driving: Driving, subject: Subject, requests: readonly string[]): Promise<number> {
  const { completed } = await drive(driving, subject, requests, FIRST_WARM_UP_MS);
  return completed;
}

/** One measurement after a short warm-up. */
export async function sampleOf(driving: Driving, subject: Subject, requests: readonly string[], roundMs: number) {
  const { load, upstream } = driving;
  const warm = await drive(driving, subject, requests, WARM_UP_MS);
  const cpuOf = async () => ({
    subject: await subject.cpu(),
    driving: totalOf(await load.cpu()) + totalOf(await upstream.cpu()),
  });
  const before = await cpuOf();
  const { completed, elapsedMs } = await drive(driving, subject, requests, roundMs);
  const after = await cpuOf();
  const sample: Sample = {
    perSecond: (completed / elapsedMs) * 1000,
    cpu: (totalOf(after.subject) - totalOf(before.subject)) / completed,
    userCpu: (after.subject.user - before.subject.user) / completed,
    drivingCpu: (after.driving - before.driving) / completed,
  };
  return { sample, calls: warm.completed + completed };
}

function totalOf({ user, system }: CpuMicros): number {
  return user + system;
}

/** Calls as fast as they are answered. Rejects if one failed. */
export async function drive({ load }: Driving, { port }: Subject, requests: readonly string[], durationMs: number) {
  const outcome = await load.ask<LoadOutcome>({ kind: 'run', port, requests, durationMs } satisfies Load);
  if (outcome.failed > 0) throw new Error(`${outcome.failed} calls failed, the first with: ${outcome.firstFailure}`);
  return outcome;
}
