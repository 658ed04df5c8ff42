// Plays many hours on as many threads as there are cores: their clocks are driven, so that none makes another late.

import { availableParallelism } from 'node:os';
import { stderr } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { Ms } from '../../src/core/time.ts';
import type { HourOutcome } from './hour.ts';

/** One hour; pattern and policy by name. */
export interface HourAsked {
  readonly index: number;
  readonly pattern: string;
  readonly policy: string;
  readonly seed: number;
  readonly lengthMs: Ms;
}

export interface HourTold {
  readonly index: number;
  readonly hour: HourOutcome;
  readonly tookMs: Ms;
}

/** In the order in which they are asked for. Rejects if one fails. */
export async function playHours(asked: readonly HourAsked[]): Promise<readonly HourOutcome[]> {
  const hours: HourOutcome[] = [];
  const open = [...asked];
  const threads = Array.from({ length: Math.min(asked.length, availableParallelism()) }, async () => {
    const thread = new Worker(new URL('./hourThread.ts', import.meta.url));
    try {
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        const { index, hour, tookMs } = await answerOf(thread, next);
        hours[index] = hour;
        stderr.write(`${(tookMs / 1000).toFixed(0).padStart(4)} s  ${next.pattern}, ${next.policy}, ${next.seed}\n`);
      }
    } finally {
      await thread.terminate();
    }
  });
  await Promise.all(threads);
  return hours;
}

function answerOf(thread: Worker, asked: HourAsked): Promise<HourTold> {
  return new Promise((resolve, reject) => {
    thread.removeAllListeners();
    thread.once('message', resolve).once('error', reject);
    thread.postMessage(asked);
  });
}
