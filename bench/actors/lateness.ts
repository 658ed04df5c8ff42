// Asks two processes (`latenessChild.ts`) how late timers fire on the main thread: one with the writer thread,
// at rest and under load, and one with the writer on the main thread. They take turns.

import { inFolder } from '../harness/commits.ts';
import { Child } from '../harness/processes.ts';
import { percentile } from '../harness/result.ts';
import type { LatenessAnswer, LatenessQuestion } from './latenessChild.ts';

/** A disk of a cloud provider; ours synchronises in a tenth of that. */
export const FSYNC_MS = 3;
const SAMPLE_MS = 1500;
const WARM_UP_MS = 2000;
const MS_PER_S = 1000;

/** One value per round. */
export interface Lateness {
  readonly p50: number[];
  readonly p99: number[];
  /** The main thread's own CPU time while a timer was waited for. */
  readonly busyP99: number[];
  readonly loopDelayP99: number[];
  readonly eventsPerSecond: number[];
}

export interface LatenessOutcome {
  readonly rest: Lateness;
  readonly thread: Lateness;
  readonly inThread: Lateness;
}

export function measureLateness(rounds: number): Promise<LatenessOutcome> {
  return inFolder(async (folder) => {
    const [thread, inThread] = [await startChild(folder, 'thread'), await startChild(folder, 'inThread')];
    const outcome: LatenessOutcome = { rest: nothing(), thread: nothing(), inThread: nothing() };
    for (const child of [thread, inThread]) await ask(child, true, WARM_UP_MS);
    for (let round = 0; round < rounds; round++) {
      note(outcome.rest, await ask(thread, false, SAMPLE_MS));
      note(outcome.thread, await ask(thread, true, SAMPLE_MS));
      note(outcome.inThread, await ask(inThread, true, SAMPLE_MS));
    }
    for (const child of [thread, inThread]) await child.stop();
    return outcome;
  });
}

function nothing(): Lateness {
  return { p50: [], p99: [], busyP99: [], loopDelayP99: [], eventsPerSecond: [] };
}

async function startChild(folder: string, writer: 'thread' | 'inThread'): Promise<Child> {
  const { child } = await Child.start(new URL('./latenessChild.ts', import.meta.url), {
    core: 'any',
    env: { BENCH_FOLDER: folder, BENCH_WRITER: writer, BENCH_FSYNC_MS: String(FSYNC_MS) },
    nodeOptions: ['--import', new URL('./slowDisk.ts', import.meta.url).href],
  });
  return child;
}

async function ask(child: Child, isLoaded: boolean, durationMs: number): Promise<LatenessAnswer> {
  const question: LatenessQuestion = { kind: 'sample', isLoaded, durationMs };
  const answer = await child.ask<LatenessAnswer>(question);
  const commitsMax = (1.5 * durationMs) / FSYNC_MS;
  if (isLoaded !== answer.commits > 0 || answer.commits > commitsMax) {
    throw new Error(`${answer.commits} commits within ${durationMs} ms: the disk was not slow`);
  }
  return answer;
}

function note(lateness: Lateness, { latenessMs, busyMs, loopDelayP99Ms, events }: LatenessAnswer): void {
  lateness.p50.push(percentile(latenessMs, 0.5));
  lateness.p99.push(percentile(latenessMs, 0.99));
  lateness.busyP99.push(percentile(busyMs, 0.99));
  lateness.loopDelayP99.push(loopDelayP99Ms);
  lateness.eventsPerSecond.push((events / SAMPLE_MS) * MS_PER_S);
}
