// What is promised of effects: performed at least once, never twice at the same time, answered exactly once.

import { expect, it } from 'vitest';
import { EFFECTS_IN_FLIGHT_MAX } from '../../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { putMeta } from '../../../src/store/tables/accounts.ts';
import { answer, type Handlers, id } from '../../support/runtime.ts';
import type { CrashPoint } from '../../support/writer.ts';
import {
  ask,
  askReconcile,
  bump,
  type HostUnderTest,
  note,
  notes,
  type OpenHost,
  poison,
  restarter,
  starter,
  stored,
} from './underTest.ts';

const never = () => new Promise<never>(() => {});

/** Performs nothing until it is let go, and counts. */
function gated(outcome: (round: number) => object = (round) => answer(round, 'done')) {
  const gate = Promise.withResolvers<void>();
  const began: number[] = [];
  const perform = async ({ round }: { round: number }) => {
    began.push(round);
    await gate.promise;
    return outcome(round) as never;
  };
  return { began, handlers: { deliver: { perform } } satisfies Handlers, open: gate.resolve };
}

export function testEffects(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  it('is not performed before its decision is on disk', async () => {
    const host = await start();
    const release = host.disk.hold();
    const sent = host.send(id('a'), ask);
    await host.quiet();
    expect(host.did).toEqual([]);
    release();
    await sent;
    await host.quiet();
    expect(host.did).toEqual(['deliver a 1']);
  });

  it('is performed again after a crash in the middle of it', async () => {
    const first = await start({ handlers: { deliver: { perform: never } } });
    await first.send(id('a'), ask);
    await first.quiet();
    await first.crash();
    const second = await startAgain(first);
    await second.quiet();
    expect(second.did).toEqual(['deliver a 1']);
    expect([notes(second, 'a'), second.effects()]).toEqual([['delivered'], []]);
  });

  it('is not performed a second time while the first goes on, whatever happens meanwhile', async () => {
    const { handlers, began, open: letGo } = gated();
    const first = await start({ handlers });
    await first.send(id('a'), ask);
    await first.crash();
    const host = await startAgain(first, { handlers });
    await host.quiet();
    began.length = 0;
    host.disk.isFull = true;
    await expect(host.send(id('b'), bump)).rejects.toMatchObject({ code: 'storage_unavailable' });
    host.disk.isFull = false;
    // The disk has recovered: what it held up is taken up again.
    await host.send(id('b'), bump);
    await expect(host.send(id('a'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    await host.resume(id('a'));
    await host.quiet();
    expect(began).toEqual([]);
    letGo();
    await host.quiet();
    expect([began, notes(host, 'a'), host.effects()]).toEqual([[], ['done'], []]);
  });

  it('waits for room among its own type only, and is forgotten by nobody, crash or not', async () => {
    const { handlers, began } = gated();
    const first = await start({ handlers });
    const keys = Array.from({ length: EFFECTS_IN_FLIGHT_MAX + 50 }, (_, n) => `k${n}`);
    await Promise.all(keys.map((key) => first.send(id(key), ask)));
    await first.send(id('other'), askReconcile);
    await first.quiet();
    expect(began).toHaveLength(EFFECTS_IN_FLIGHT_MAX);
    expect(first.did).toEqual(['send other 1']);
    await first.crash();
    const second = await startAgain(first);
    await second.quiet();
    await second.quiet();
    expect(second.did.toSorted()).toEqual(keys.map((key) => `deliver ${key} 1`).toSorted());
    expect(keys.map((key) => notes(second, key))).toEqual(keys.map(() => ['delivered']));
    expect(second.effects()).toEqual([]);
  });
}

export function testAnswers(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);
  const tellB = [{ to: id('b'), event: note('from a') }];

  it.each([
    ['of a replayable effect', ask, 'failed invalid_input'],
    ['of a reconcile effect', askReconcile, 'unknown invalid_input'],
  ])('%s with a row that is refused becomes a failure', async (_name, event, text) => {
    const poisoned = async () => ({ ...answer(1, 'good'), writes: [putMeta('x', '1'), poison], messages: tellB });
    const host = await start({ handlers: { deliver: { perform: poisoned }, refresh: { process: poisoned } } });
    await host.send(id('a'), event);
    await host.quiet();
    expect([notes(host, 'a'), stored(host, 'b'), host.row('x')]).toEqual([[text], null, undefined]);
    expect(host.effects()).toEqual([]);
  });

  it('that becomes a failure does so also when the disk is full just then', async () => {
    const failed = () => {
      host.disk.isFull = true;
      return answer(1, 'failed');
    };
    const perform = async () => ({ ...answer(1, 'good'), writes: [poison] });
    const host = await start({ handlers: { deliver: { perform, failed } } });
    await host.send(id('a'), ask);
    await host.clock.advance(MINUTE_MS);
    host.disk.isFull = false;
    await host.clock.advance(MINUTE_MS);
    expect([notes(host, 'a'), host.effects()]).toEqual([['failed'], []]);
  });

  it('that is stale ends its effect and does nothing else', async () => {
    let isTold = false;
    const onCommitted = () => {
      isTold = true;
    };
    const stale = async () => ({ ...answer(99, 'stale'), writes: [putMeta('x', '1')], messages: tellB, onCommitted });
    const host = await start({ handlers: { deliver: { perform: stale } } });
    await host.send(id('a'), ask);
    await host.quiet();
    expect([notes(host, 'a'), stored(host, 'b'), host.row('x'), isTold]).toEqual([[], null, undefined, false]);
    expect([host.effects(), host.quarantined()]).toEqual([[], []]);
  });

  it('commits with its rows and messages, and is told to caches after that', async () => {
    const seen: unknown[] = [];
    const perform = async ({ round }: { round: number }) => ({
      ...answer(round, 'done'),
      writes: [putMeta('x', '1')],
      messages: tellB,
      onCommitted: () => seen.push(host.row('x'), notes(host, 'a')),
    });
    const host = await start({ handlers: { deliver: { perform } } });
    await host.send(id('a'), ask);
    await host.quiet();
    expect(seen).toEqual(['1', ['done']]);
    expect([notes(host, 'b'), host.effects()]).toEqual([['from a'], []]);
  });

  it('that asks nobody commits its rows and messages and steps nobody', async () => {
    const seen: unknown[] = [];
    const perform = async () => ({
      event: null,
      writes: [putMeta('x', '1')],
      messages: ['1', '2', '3'].map((text) => ({ to: id('b'), event: note(text) })),
      onCommitted: () => seen.push(host.row('x')),
    });
    const host = await start({ handlers: { closeRun: { perform } } });
    await host.send(id('a'), { type: 'tell' });
    await host.quiet();
    expect([seen, stored(host, 'a')?.revision, notes(host, 'b')]).toEqual([['1'], 1, ['1', '2', '3']]);
    expect(host.effects()).toEqual([]);
  });

  it('finds an actor that was passivated meanwhile', async () => {
    const { handlers, open: letGo } = gated();
    const host = await start({ handlers, liveHostsMax: 1 });
    await host.send(id('a'), ask);
    await host.send(id('b'), bump);
    letGo();
    await host.quiet();
    expect([notes(host, 'a'), host.effects()]).toEqual([['done'], []]);
  });

  it('follows an event of its actor that was refused just before', async () => {
    const { handlers, open: letGo } = gated();
    const host = await start({ handlers });
    await host.send(id('a'), ask);
    const refused = host.send(id('a'), bump, { writes: [poison] });
    letGo();
    await expect(refused).rejects.toMatchObject({ code: 'invalid_input' });
    await host.clock.advance(SECOND_MS);
    expect(stored(host, 'a')).toMatchObject({ count: 0, notes: ['done'], revision: 2 });
  });

  it('waits for as long as the disk is full', async () => {
    const { handlers, open: letGo } = gated();
    const host = await start({ handlers });
    await host.send(id('a'), ask);
    host.disk.isFull = true;
    letGo();
    await host.clock.advance(10 * MINUTE_MS);
    expect(notes(host, 'a')).toEqual([]);
    host.disk.isFull = false;
    await host.clock.advance(10 * SECOND_MS);
    expect([notes(host, 'a'), host.effects()]).toEqual([['done'], []]);
  });

  it('that was lost with the process is asked for again, and counts once', async () => {
    const first = await start();
    // The second commit is that of the answer.
    first.disk.crashAt(2, 'beforeCommit');
    void first.send(id('a'), ask);
    await first.quiet();
    await first.crash();
    const second = await startAgain(first);
    await second.quiet();
    expect([...first.did, ...second.did]).toEqual(['deliver a 1', 'deliver a 1']);
    expect([notes(second, 'a'), second.effects()]).toEqual([['delivered'], []]);
  });
}

export function testReconciling(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  /** Crashes in the middle of one part of a refresh; answers what the next host makes of it. */
  async function after(refresh: Handlers['refresh']): Promise<HostUnderTest> {
    const first = await start({ handlers: { refresh: refresh ?? {} } });
    await first.send(id('a'), askReconcile);
    await first.quiet();
    await first.crash();
    const second = await startAgain(first);
    await second.quiet();
    expect(second.effects()).toEqual([]);
    return second;
  }

  it('is sent by the next host if nothing was sent', async () => {
    const second = await after({ prepare: never });
    expect([second.did, notes(second, 'a')]).toEqual([['send a 1'], ['sealed']]);
  });

  it('is not sent again if it may have been sent: its actor hears that the outcome is unknown', async () => {
    const second = await after({ send: never });
    expect([second.did, notes(second, 'a')]).toEqual([[], ['unknown outcome_unknown']]);
  });

  it('is not sent again if the answer is there: that counts', async () => {
    const second = await after({ send: async () => Buffer.from('the only copy'), process: never });
    expect([second.did, notes(second, 'a')]).toEqual([[], ['the only copy']]);
  });

  it('that gets no answer in time may have happened all the same, and a late answer changes nothing', async () => {
    const late = Promise.withResolvers<Uint8Array>();
    const host = await start({ handlers: { refresh: { send: () => late.promise } } });
    await host.send(id('a'), askReconcile);
    await host.clock.advance(MINUTE_MS);
    late.resolve(Buffer.from('late'));
    await host.quiet();
    expect([notes(host, 'a'), host.effects()]).toEqual([['unknown timeout'], []]);
  });

  it('is marked as attempted before its first byte', async () => {
    const seen: unknown[] = [];
    const send = async () => {
      seen.push(...host.effects());
      return Buffer.from('sealed');
    };
    const host = await start({ handlers: { refresh: { send } } });
    await host.send(id('a'), askReconcile);
    await host.quiet();
    expect(seen).toMatchObject([{ effectId: 'probe:a:1:0', isAttempted: 1 }]);
  });

  it('sends nothing while that cannot be recorded', async () => {
    const gate = Promise.withResolvers<void>();
    const prepare = async <T>(effect: T) => {
      await gate.promise;
      return effect;
    };
    const host = await start({ handlers: { refresh: { prepare } } });
    await host.send(id('a'), askReconcile);
    host.disk.isFull = true;
    gate.resolve();
    await host.clock.advance(MINUTE_MS);
    expect(host.did).toEqual([]);
    host.disk.isFull = false;
    await host.clock.advance(MINUTE_MS);
    expect([host.did, notes(host, 'a')]).toEqual([['send a 1'], ['sealed']]);
  });

  it('does not lose an answer that comes while the disk is full', async () => {
    const gate = Promise.withResolvers<void>();
    let sent = 0;
    const send = async () => {
      sent += 1;
      await gate.promise;
      return Buffer.from('the only copy');
    };
    const host = await start({ handlers: { refresh: { send } } });
    await host.send(id('a'), askReconcile);
    await host.quiet();
    host.disk.isFull = true;
    gate.resolve();
    await host.clock.advance(10 * MINUTE_MS);
    host.disk.isFull = false;
    await host.send(id('b'), bump);
    await host.clock.advance(10 * SECOND_MS);
    expect([sent, notes(host, 'a'), host.effects()]).toEqual([1, ['the only copy'], []]);
  });
}

type Story = 'ask.replayable' | 'ask.reconcile';

/** `a` asks for an effect; its answer carries a message to `b`. */
function tellers(sent: string[]): Handlers {
  const messages = [{ to: id('b'), event: note('from a') }];
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

/** True if the client heard that its event is on disk. */
async function play(host: HostUnderTest, story: Story): Promise<boolean> {
  let isAcknowledged = false;
  host.send(id('a'), { type: story }).then(
    () => {
      isAcknowledged = true;
    },
    () => {},
  );
  await host.quiet();
  return isAcknowledged;
}

const points = (commits: number): [number, CrashPoint][] =>
  Array.from({ length: commits }, (_, n) => n + 1).flatMap((commit): [number, CrashPoint][] => [
    [commit, 'beforeCommit'],
    [commit, 'afterCommit'],
  ]);

/**
 * The host crashes around each commit of a story, the next one starts on what it left, and the client repeats what was
 * not acknowledged. However it went, the story must end the same.
 */
export function testCrashes(open: OpenHost): void {
  const start = starter(open);
  const startAgain = restarter(open);

  async function storyWithCrash(story: Story, commit: number, at: CrashPoint) {
    const sent: string[] = [];
    const first = await start({ handlers: tellers(sent) });
    first.disk.crashAt(commit, at);
    const isAcknowledged = await play(first, story);
    expect(first.disk.hasCrashed).toBe(true);
    await first.crash();
    const second = await startAgain(first, { handlers: tellers(sent) });
    await second.quiet();
    if (!isAcknowledged && stored(second, 'a') === null) await play(second, story);
    return { second, sent };
  }

  it.each<[Story, number]>([
    ['ask.replayable', 3],
    ['ask.reconcile', 5],
  ])('of %s has as many places as the sweeps below cover', async (story, commits) => {
    const host = await start({ handlers: tellers([]) });
    await play(host, story);
    expect([host.effects(), host.disk.commits]).toEqual([[], commits]);
  });

  it.each(points(3))('of a replayable effect ends the same with a crash at commit %i, %s', async (commit, at) => {
    const { second } = await storyWithCrash('ask.replayable', commit, at);
    expect([notes(second, 'a'), notes(second, 'b'), second.effects()]).toEqual([['done'], ['from a'], []]);
  });

  // The commits: the decision, "attempted", the sealed answer, its processing, the message.
  const unknown = new Set(['2 afterCommit', '3 beforeCommit']);

  it.each(points(5))('of a reconcile effect sends at most once with a crash at commit %i, %s', async (commit, at) => {
    const { second, sent } = await storyWithCrash('ask.reconcile', commit, at);
    const text = unknown.has(`${commit} ${at}`) ? 'unknown' : 'sealed';
    expect([notes(second, 'a'), notes(second, 'b'), second.effects()]).toEqual([[text], ['from a'], []]);
    expect(sent).toEqual(`${commit} ${at}` === '2 afterCommit' ? [] : ['attempt 1']);
  });
}
