// Lists in parts: nothing is made before it is asked for, others get their turn, and what fails does not end well.

import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { LIST_PART_BYTES, LIST_ROWS_READ } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { EdgeEnv } from '../../../src/edge/context.ts';
import { listResponse, rowsByPage } from '../../../src/edge/list.ts';

const LARGE = 'x'.repeat(LIST_PART_BYTES);

/** Answered where there is no server below the app. */
async function answerOf(items: Iterable<JsonObject>): Promise<Response> {
  const app = new Hono<EdgeEnv>().onError((error) => new Response(error.message, { status: 500 }));
  app.get('/', (context) => listResponse({ log: silentLog() }, context, items, { 'cache-control': 'no-store' }));
  return app.request('/');
}

function* large(count: number, made: number[] = [], ended: string[] = []): Generator<JsonObject> {
  try {
    for (let index = 0; index < count; index++) {
      made.push(index);
      yield { index, text: LARGE };
    }
  } finally {
    ended.push('ended');
  }
}

function* failing(after: number): Generator<JsonObject> {
  yield* large(after);
  throw new Error('the disk is gone');
}

describe('a list', () => {
  it('that fails before its first part is an error like any other', async () => {
    const response = await answerOf(failing(0));
    expect([response.status, await response.text()]).toEqual([500, 'the disk is gone']);
  });

  it('that fails later cannot be read to its end', async () => {
    const response = await answerOf(failing(3));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('that nobody wants any more is left', async () => {
    const made: number[] = [];
    const ended: string[] = [];
    const response = await answerOf(large(100, made, ended));
    await response.body?.cancel();
    expect(made.length).toBeLessThan(4);
    expect(ended).toEqual(['ended']);
  });

  it('is made as it is read, with a turn for others before each part', async () => {
    const made: number[] = [];
    const reader = (await answerOf(large(10, made))).body?.getReader();
    const turns: number[] = [];
    let wasTaken = false;
    for (let part = 0; ; part++) {
      wasTaken = false;
      setImmediate(() => {
        wasTaken = true;
      });
      const { done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      if (part > 0 && wasTaken) turns.push(part);
      expect(made.length).toBeLessThan(part + 4);
    }
    expect(turns).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([0, 1, 2, 10])('of %i is the array that it is', async (count) => {
    const response = await answerOf(large(count));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    expect(await response.json()).toEqual([...large(count)]);
  });
});

describe('rows by page', () => {
  it.each([0, 1, LIST_ROWS_READ - 1, LIST_ROWS_READ, LIST_ROWS_READ + 1, 3 * LIST_ROWS_READ])(
    'are %i rows, each once',
    (count) => {
      const all = Array.from({ length: count }, (_, index) => ({ index }));
      const rows = rowsByPage<{ index: number }>((last, limit) => {
        const start = last === undefined ? 0 : last.index + 1;
        return all.slice(start, start + limit);
      });
      expect([...rows]).toEqual(all);
    },
  );
});
