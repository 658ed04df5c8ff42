// Entry of the writer thread: owns the only read-write connection and answers batches in the order they came.
// A slow fsync blocks this thread alone, never the one that proxies calls. It ends when the owner thread says so:
// Deno's port cannot be closed from here.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { BatchOutcome, Step } from './port.ts';
import { SqliteWriter } from './sqliteWriter.ts';

/** From the owner thread: a batch to commit, or null to close. */
export type ToWriter = readonly Step[] | null;
/** To the owner thread: opened, the outcome of a batch, or closed. */
export type FromWriter =
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'openFailed';
      readonly code: string;
      readonly message: string;
      readonly remedy: string | undefined;
    }
  | { readonly kind: 'written'; readonly outcome: BatchOutcome }
  | { readonly kind: 'closed' };

function serve(port: MessagePort, writer: SqliteWriter): void {
  port.on('message', (message: ToWriter) => {
    if (message !== null) {
      port.postMessage({ kind: 'written', outcome: writer.writeNow(message) } satisfies FromWriter);
      return;
    }
    void writer.close();
    port.postMessage({ kind: 'closed' } satisfies FromWriter);
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
