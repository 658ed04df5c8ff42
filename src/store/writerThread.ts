// Entry of the writer thread: owns the only read-write connection and answers batches in the order they came.
// A slow fsync blocks this thread alone, never the one that proxies calls. It ends when the owner thread says so:
// Deno's port cannot be closed from here.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { BatchFailure, BatchOutcome, Step } from './port.ts';
import { SqliteWriter } from './sqliteWriter.ts';

/** From the owner thread: a batch to commit, a number of pages to give back, or null to close. */
export type ToWriter = readonly Step[] | number | null;
/** To the owner thread: opened, the outcome of a batch or a vacuum, or closed. */
export type FromWriter =
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'openFailed';
      readonly code: string;
      readonly message: string;
      readonly remedy: string | undefined;
    }
  | { readonly kind: 'written'; readonly outcome: BatchOutcome }
  | { readonly kind: 'vacuumed'; readonly failure: BatchFailure | null }
  | { readonly kind: 'closed' };

function answerTo(message: ToWriter, writer: SqliteWriter): FromWriter {
  if (typeof message === 'number') return { kind: 'vacuumed', failure: writer.vacuumNow(message) };
  if (message !== null) return { kind: 'written', outcome: writer.writeNow(message) };
  void writer.close();
  return { kind: 'closed' };
}

function serve(port: MessagePort, writer: SqliteWriter): void {
  port.on('message', (message: ToWriter) => {
    port.postMessage(answerTo(message, writer));
  });
  port.postMessage({ kind: 'opened' } satisfies FromWriter);
}

if (parentPort !== null) {
  try {
    serve(parentPort, new SqliteWriter((workerData as { path: string }).path));
  } catch (error) {
    const facts = error as { code?: string; message: string; remedy?: string };
    parentPort.postMessage({
      kind: 'openFailed',
      code: facts.code ?? '',
      message: facts.message,
      remedy: facts.remedy,
    } satisfies FromWriter);
  }
}
