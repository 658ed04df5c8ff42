// The owner thread's end of the writer thread. A thread that dies unexpectedly answers every batch, waiting or
// new, with an `io` failure, which ends the process: without its writer it can promise nothing.

import { Worker } from 'node:worker_threads';
import { ERROR_CODES, type ErrorCode, IntegrationError } from '../core/errors.ts';
import type { BatchFailure, BatchOutcome, Step, Writer } from './port.ts';
import { vacuumError } from './sqliteWriter.ts';
import type { FromWriter, ToWriter } from './writerThread.ts';

const GONE: BatchFailure = { kind: 'io', message: 'the writer thread has ended' };

/** The thread answers in the order it was asked in; whoever asked knows which answer to expect. */
type Answer = Extract<FromWriter, { kind: 'written' | 'vacuumed' }> | typeof GONE;

/** Starts the thread and waits until its database is open. Rejects with what opening it rejected with. */
export async function startThreadWriter(path: string): Promise<Writer> {
  const worker = new Worker(new URL('./writerThread.ts', import.meta.url), { workerData: { path } });
  const waiting: ((answer: Answer) => void)[] = [];
  let isGone = false;
  let onClosed = () => {};
  const failAll = () => {
    isGone = true;
    for (const answer of waiting.splice(0)) answer(GONE);
    onClosed();
  };
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'opened') resolve();
      else if (message.kind === 'written' || message.kind === 'vacuumed') waiting.shift()?.(message);
      else {
        if (message.kind === 'openFailed') reject(openError(message));
        failAll();
        void worker.terminate();
      }
    });
    worker.on('error', (error) => {
      reject(error);
      failAll();
    });
    worker.on('exit', () => {
      reject(new IntegrationError('storage_unavailable', 'the writer thread ended before its database was open'));
      failAll();
    });
  });
  const post = (message: ToWriter) => worker.postMessage(message);
  const ask = (message: readonly Step[] | number): Promise<Answer> => {
    if (isGone) return Promise.resolve(GONE);
    return new Promise((resolve) => {
      post(message);
      waiting.push(resolve);
    });
  };
  return {
    async write(steps: readonly Step[]): Promise<BatchOutcome> {
      const answer = await ask(steps);
      return answer.kind === 'written' ? answer.outcome : { failure: GONE };
    },
    async vacuum(pages: number): Promise<void> {
      const answer = await ask(pages);
      const failure = answer.kind === 'vacuumed' ? answer.failure : GONE;
      if (failure !== null) throw vacuumError(failure);
    },
    close(): Promise<void> {
      if (isGone) return Promise.resolve();
      return new Promise((resolve) => {
        onClosed = resolve;
        post(null);
      });
    },
  };
}

/** As it was thrown there: ours, or SQLite's with its code. */
function openError({ code, message, remedy }: { code: string; message: string; remedy: string | undefined }): Error {
  if (!Object.hasOwn(ERROR_CODES, code)) return Object.assign(new Error(message), { code });
  return new IntegrationError(code as ErrorCode, message, remedy === undefined ? {} : { remedy });
}
