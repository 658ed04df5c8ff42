// What the queue of a budget costs while many wait: a call comes, another goes, and one gives up, so that as many wait
// afterwards as before. Baseline: the same with a plain list, first come, first served, in which whoever gives up is
// looked for.

import { Bench as Tinybench } from 'tinybench';
import { FairQueue } from '../../src/limits/fairQueue.ts';

const NS_PER_MS = 1e6;
const MEASURED_MS = 300;

interface Caller {
  readonly owner: string;
}

export interface QueueOutcome {
  readonly waiting: number;
  /** Nanoseconds for a call that comes, one that goes and one that comes and gives up; a value per round. */
  readonly fair: readonly number[];
  readonly list: readonly number[];
}

export async function measureQueue(waiting: number, rounds: number): Promise<QueueOutcome> {
  const outcome = { waiting, fair: [] as number[], list: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    outcome.list.push(await nanosOf(listTurn(waiting)));
    outcome.fair.push(await nanosOf(fairTurn(waiting)));
  }
  return outcome;
}

function fairTurn(waiting: number): () => void {
  const owners = Array.from({ length: waiting }, (_, index) => `connection-${index}`);
  const queue = new FairQueue<Caller>();
  for (const owner of owners) queue.push('interactive', owner, { owner });
  let at = 0;
  return () => {
    const gone = queue.next(() => true);
    const owner = gone?.owner ?? '';
    queue.push('interactive', owner, { owner });
    const other = owners[at++ % waiting] ?? '';
    const impatient = { owner: other };
    queue.push('interactive', other, impatient);
    queue.remove('interactive', other, impatient);
  };
}

function listTurn(waiting: number): () => void {
  const list: Caller[] = Array.from({ length: waiting }, (_, index) => ({ owner: `connection-${index}` }));
  return () => {
    const gone = list.shift();
    list.push({ owner: gone?.owner ?? '' });
    const impatient = { owner: 'other' };
    list.push(impatient);
    list.splice(list.indexOf(impatient), 1);
  };
}

async function nanosOf(turn: () => void): Promise<number> {
  const suite = new Tinybench({ time: MEASURED_MS, warmupTime: MEASURED_MS / 3 }).add('turn', turn);
  const [task] = await suite.run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error('the queue bench measured nothing');
  return result.latency.p50 * NS_PER_MS;
}
