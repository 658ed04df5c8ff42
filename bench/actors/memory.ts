// Asks processes of their own (`memoryChild.ts`) how much memory ten thousand live actors take: each process once, so
// that nothing of one measurement is left over in the next.

import { Child } from '../harness/processes.ts';
import { LIVE_CUSTOMERS } from './events.ts';
import type { MemoryAnswer, MemoryQuestion } from './memoryChild.ts';
import type { Population } from './population.ts';

/** The first of them warm up. */
const MEMBERS = LIVE_CUSTOMERS + 200;

export interface MemoryOutcome {
  /** Bytes per live actor, one value per process. */
  readonly hydrated: readonly number[];
  readonly stepped: readonly number[];
}

export async function measureMemory(population: Population, processes: number): Promise<MemoryOutcome> {
  const answers: MemoryAnswer[] = [];
  for (let index = 0; index < processes; index++) {
    const { child } = await Child.start(new URL('./memoryChild.ts', import.meta.url), {
      core: 0,
      env: { BENCH_DATABASE: population.path },
      nodeOptions: ['--expose-gc'],
    });
    const { generation } = population;
    const question: MemoryQuestion = { kind: 'measure', members: population.sample(MEMBERS), generation };
    answers.push(await child.ask<MemoryAnswer>(question));
    await child.stop();
  }
  return { hydrated: answers.map(({ hydrated }) => hydrated), stepped: answers.map(({ stepped }) => stepped) };
}
