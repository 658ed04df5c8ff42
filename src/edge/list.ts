// Lists that the published description has as one array, however long: rows are read by pages and written as they are
// asked for, so that a project with 100,000 installations costs no more memory than one, and other calls get their
// turn in between. Invariant: what could not be written to its end never looks like a list.

import type { Context } from 'hono';
import { errorFacts } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIST_PART_BYTES, LIST_ROWS_READ } from '../core/limits.ts';
import { type EdgeEnv, type EdgeServices, outgoingOf } from './context.ts';

/**
 * The rows of a list by pages, of which only one is held; nothing stays open in the store between two. `read` answers
 * up to `limit` rows behind `last`.
 */
export function* rowsByPage<Row>(read: (last: Row | undefined, limit: number) => readonly Row[]): Generator<Row> {
  let last: Row | undefined;
  for (;;) {
    const rows = read(last, LIST_ROWS_READ);
    yield* rows;
    if (rows.length < LIST_ROWS_READ) return;
    last = rows.at(-1);
  }
}

/** Throws what `items` throws, unless a part has been written: then the connection is cut. */
export function listResponse(
  { log }: Pick<EdgeServices, 'log'>,
  context: Context<EdgeEnv>,
  items: Iterable<JsonObject>,
  headers: Readonly<Record<string, string>>,
): Response {
  const parts = partsOf(items);
  const first = parts.next();
  const head = { ...headers, 'content-type': 'application/json' };
  if (first.value?.isLast !== false) return context.body(first.value?.text ?? '[]', 200, head);
  const outgoing = outgoingOf(context);
  let next: string | null = first.value.text;
  let isLeft = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (next === null) {
            // A client that reads fast would else keep everybody else waiting.
            await new Promise((resolve) => setImmediate(resolve));
            if (isLeft) return;
            next = parts.next().value?.text ?? null;
          }
          if (next === null) controller.close();
          else controller.enqueue(Buffer.from(next));
          next = null;
        } catch (error) {
          log.error({ requestId: context.get('requestId'), err: errorFacts(error).message }, 'a list was cut off');
          context.set('isBroken', true);
          // Without the last chunk of its body, or the answer would be taken for a shorter list.
          if (outgoing === undefined) controller.error(error);
          else outgoing.destroy();
        }
      },
      cancel() {
        isLeft = true;
        parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  // Said on Node, so that the head goes at once and no part of the body is waited for; HTTP/1.0 knows no chunks
  // (RFC 9112 section 6.1), and there the connection ends with the list.
  const isChunked = outgoing !== undefined && outgoing.req.httpVersion !== '1.0';
  const framing = isChunked ? { 'transfer-encoding': 'chunked' } : {};
  return context.body(stream, 200, { ...head, ...framing });
}

interface Part {
  readonly text: string;
  readonly isLast: boolean;
}

/** The text of a JSON array in parts of about LIST_PART_BYTES. */
function* partsOf(items: Iterable<JsonObject>): Generator<Part, undefined> {
  let text = '[';
  let isFirst = true;
  for (const item of items) {
    if (text.length >= LIST_PART_BYTES) {
      yield { text, isLast: false };
      text = '';
    }
    text += isFirst ? JSON.stringify(item) : `,${JSON.stringify(item)}`;
    isFirst = false;
  }
  yield { text: `${text}]`, isLast: true };
}
