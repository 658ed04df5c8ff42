// The process dies around each commit of a story, another one starts over the same folder, and the client repeats
// what was not acknowledged. However it went, the story must end the same.

import { describe, expect, it } from 'vitest';
import { flush } from '../../support/clock.ts';
import { answer, type Handlers, type Harness, id, startRuntime } from '../../support/runtime.ts';
import type { CrashPoint } from '../../support/writer.ts';

type Event = 'ask.replayable' | 'ask.reconcile';

/** `a` asks for an effect; its answer carries a message to `b`. */
function handlers(sent: string[]): Handlers {
  const messages = [{ to: id('b'), event: { type: 'note', text: 'from a' } }];
  return {
    deliver: { perform: async ({ round }) => ({ ...answer(round, 'done'), messages }) },
    refresh: {
      send: async ({ attempt }) => {
        sent.push(`attempt ${attempt}`);
        return Buffer.from('sealed');
      },
      process: async ({ attempt }, result) => ({ ...answer(attempt, Buffer.from(result).toString()), messages }),
      outcomeUnknown: ({ attempt }) => ({ ...answer(attempt, 'unknown'), messages }),
    },
  };
}

/** Plays the story; true if the client heard that its event is on disk. */
async function play({ runtime }: Harness, event: Event): Promise<boolean> {
  let isAcknowledged = false;
  runtime.send(id('a'), { type: event }).then(
    () => {
      isAcknowledged = true;
    },
    () => {},
  );
  await flush();
  return isAcknowledged;
}

async function storyWithCrash(event: Event, commit: number, at: CrashPoint) {
  const sent: string[] = [];
  const first = await startRuntime({ handlers: handlers(sent) });
  first.writer.crash = { commit, at };
  const isAcknowledged = await play(first, event);
  expect(first.writer.isDead).toBe(true);
  const second = await startRuntime({ folder: first.folder, handlers: handlers(sent), nowMs: first.clock.nowMs() });
  await flush();
  if (!isAcknowledged && second.stored('a') === null) await play(second, event);
  return { second, sent };
}

async function commitsOf(event: Event): Promise<number> {
  const harness = await startRuntime({ handlers: handlers([]) });
  await play(harness, event);
  expect(harness.effects()).toEqual([]);
  return harness.writer.commits;
}

const points = (commits: number): [number, CrashPoint][] =>
  Array.from({ length: commits }, (_, n) => n + 1).flatMap((commit): [number, CrashPoint][] => [
    [commit, 'beforeCommit'],
    [commit, 'afterCommit'],
  ]);

describe('a crash in the story of a replayable effect', () => {
  it('has as many places as the sweep below covers', async () => {
    expect(await commitsOf('ask.replayable')).toBe(3);
  });

  it.each(points(3))('at commit %i, %s, changes nothing of its end', async (commit, at) => {
    const { second } = await storyWithCrash('ask.replayable', commit, at);
    expect(second.stored('a')?.notes).toEqual(['done']);
    expect(second.stored('b')?.notes).toEqual(['from a']);
    expect(second.effects()).toEqual([]);
  });
});

describe('a crash in the story of a reconcile effect', () => {
  it('has as many places as the sweep below covers', async () => {
    expect(await commitsOf('ask.reconcile')).toBe(5);
  });

  // The commits: the decision, "attempted", the sealed answer, its processing, the message.
  const unknown = new Set(['2 afterCommit', '3 beforeCommit']);

  it.each(points(5))('at commit %i, %s, sends at most once and knows what it does not know', async (commit, at) => {
    const { second, sent } = await storyWithCrash('ask.reconcile', commit, at);
    const isUnknown = unknown.has(`${commit} ${at}`);
    expect(second.stored('a')?.notes).toEqual([isUnknown ? 'unknown' : 'sealed']);
    expect(second.stored('b')?.notes).toEqual(['from a']);
    expect(sent).toEqual(`${commit} ${at}` === '2 afterCommit' ? [] : ['attempt 1']);
    expect(second.effects()).toEqual([]);
  });
});

describe('a start', () => {
  it('takes up more effects than are performed at once, each exactly once', async () => {
    const performed: string[] = [];
    const first = await startRuntime({ handlers: { deliver: { perform: () => new Promise(() => {}) } } });
    const keys = Array.from({ length: 600 }, (_, n) => `k${n}`);
    await Promise.all(keys.map((key) => first.runtime.send(id(key), { type: 'ask.replayable' })));
    void first.writer.die();
    const second = await startRuntime({
      folder: first.folder,
      handlers: {
        deliver: {
          perform: async ({ laneId, round }) => {
            performed.push(laneId);
            return answer(round, 'done');
          },
        },
      },
    });
    await flush(80);
    expect(performed.toSorted()).toEqual(keys.toSorted());
    expect(second.effects()).toEqual([]);
    expect(keys.every((key) => second.stored(key)?.notes.length === 1)).toBe(true);
  });
});
