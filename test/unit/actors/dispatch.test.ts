import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { EFFECTS_IN_FLIGHT_MAX, STOP_DRAIN_MS } from '../../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { putMeta, readMeta } from '../../../src/store/tables/accounts.ts';
import { deleteEffect } from '../../../src/store/tables/effects.ts';
import { flush } from '../../support/clock.ts';
import { answer, id, startRuntime } from '../../support/runtime.ts';

const ask = { type: 'ask.replayable' };
const askReconcile = { type: 'ask.reconcile' };
const never = () => new Promise<never>(() => {});
const full = { kind: 'full', message: 'full' } as const;

describe('an effect', () => {
  it('is not performed before its decision is on disk', async () => {
    const { runtime, writer, did } = await startRuntime();
    const release = writer.hold();
    const sent = runtime.send(id('a'), ask);
    await flush();
    expect(did).toEqual([]);
    release();
    await sent;
    await flush();
    expect(did).toEqual(['deliver a 1']);
  });

  it('that nobody performs stays in the table and harms nobody', async () => {
    const { store, runtime, effects } = await startRuntime();
    const effect = { type: 'effect.applyConfig', installationId: 'x', configRevision: 1 } as const;
    await store.commit([{ statement: 'effects.insert', params: ['e1', id('a'), id('a'), JSON.stringify(effect)] }]);
    runtime.dispatcher.redispatch();
    await flush();
    expect(effects()).toEqual([{ effectId: 'e1', isAttempted: 0 }]);
    expect(runtime.dispatcher.inFlightCount).toBe(0);
  });

  it('cannot have two handlers', async () => {
    const { runtime } = await startRuntime();
    const handler = { kind: 'replayable', deadlineMs: 1, perform: never, failed: () => ({ event: null }) } as const;
    expect(() => runtime.dispatcher.register('effect.deliver', handler)).toThrow('two handlers');
  });

  it('in flight is not performed again, whatever asks for it', async () => {
    const gate = Promise.withResolvers<void>();
    let performed = 0;
    const perform = async () => {
      performed += 1;
      await gate.promise;
      return answer(1, 'done');
    };
    const { runtime, stored } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    runtime.dispatcher.redispatch();
    runtime.dispatcher.redispatch();
    await flush();
    gate.resolve();
    await flush();
    runtime.dispatcher.redispatch();
    expect({ performed, notes: stored('a')?.notes }).toEqual({ performed: 1, notes: ['done'] });
  });

  it('of one type waits for room among its own, not behind those of another', async () => {
    let performed = 0;
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      performed += 1;
      await gate.promise;
      return answer(1, 'slow');
    };
    const { runtime, did, stored } = await startRuntime({ handlers: { deliver: { perform } } });
    const keys = Array.from({ length: EFFECTS_IN_FLIGHT_MAX + 5 }, (_, n) => `k${n}`);
    await Promise.all(keys.map((key) => runtime.send(id(key), ask)));
    await runtime.send(id('other'), askReconcile);
    await flush();
    expect(performed).toBe(EFFECTS_IN_FLIGHT_MAX);
    expect(did).toEqual(['send other 1']);
    gate.resolve();
    await flush(60);
    expect(keys.map((key) => stored(key)?.notes)).toEqual(keys.map(() => ['slow']));
  });
});

describe('a settlement', () => {
  it('that is stale still deletes its row, and applies neither its writes nor its callback', async () => {
    let isTold = false;
    const { runtime, store, effects } = await startRuntime({
      handlers: {
        deliver: {
          perform: async () => ({
            ...answer(99, 'stale'),
            writes: [putMeta('x', '1')],
            messages: [{ to: id('b'), event: { type: 'bump' } }],
            onCommitted: () => {
              isTold = true;
            },
          }),
        },
      },
    });
    await runtime.send(id('a'), ask);
    await flush();
    expect(effects()).toEqual([]);
    expect(readMeta(store.reads, 'x')).toBeUndefined();
    expect(isTold).toBe(false);
  });

  it('commits its writes and messages with its event, then calls back', async () => {
    const order: string[] = [];
    const { runtime, store, stored, effects } = await startRuntime({
      handlers: {
        deliver: {
          perform: async ({ round }) => ({
            ...answer(round, 'done'),
            writes: [putMeta('x', '1')],
            messages: [{ to: id('b'), event: { type: 'note', text: 'from a' } }],
            onCommitted: () => order.push(readMeta(store.reads, 'x') ?? 'not yet'),
          }),
        },
      },
    });
    await runtime.send(id('a'), ask);
    await flush();
    expect(order).toEqual(['1']);
    expect(stored('b')?.notes).toEqual(['from a']);
    expect(effects()).toEqual([]);
  });

  it('without an event commits its writes and messages and steps nobody', async () => {
    const { runtime, store, stored, effects } = await startRuntime({
      handlers: {
        closeRun: {
          perform: async () => ({
            event: null,
            writes: [putMeta('x', '1')],
            messages: [
              { to: id('b'), event: { type: 'note', text: '1' } },
              { to: id('b'), event: { type: 'note', text: '2' } },
            ],
          }),
        },
      },
    });
    await runtime.send(id('a'), { type: 'tell' });
    await flush();
    expect(readMeta(store.reads, 'x')).toBe('1');
    expect(stored('a')?.revision).toBe(1);
    expect(stored('b')?.notes).toEqual(['1', '2']);
    expect(effects()).toEqual([]);
  });

  it.each([
    ['of a replayable effect', ask, 'failed invalid_input'],
    ['of a reconcile effect', askReconcile, 'unknown invalid_input'],
  ])('%s with a row that is refused tells its actor of a failure instead', async (_name, event, note) => {
    const poisoned = async () => ({ ...answer(1, 'good'), writes: [deleteEffect('no such effect')] });
    const { runtime, stored, effects } = await startRuntime({
      handlers: { deliver: { perform: poisoned }, refresh: { process: poisoned } },
    });
    await runtime.send(id('a'), event);
    await flush();
    expect(stored('a')?.notes).toEqual([note]);
    expect(effects()).toEqual([]);
  });

  it('for a paused actor stays in the table until the next start', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return answer(1, 'late');
    };
    const { runtime, effects } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    await expect(runtime.send(id('a'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    gate.resolve();
    await flush();
    expect(effects()).toMatchObject([{ effectId: 'probe:a:1:0' }]);
    expect(runtime.dispatcher.inFlightCount).toBe(0);
  });

  it('is handed over again for as long as the disk is full', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return answer(1, 'at last');
    };
    const { runtime, writer, clock, stored, effects } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    writer.failure = full;
    gate.resolve();
    await clock.advance(10 * MINUTE_MS);
    expect(stored('a')?.notes).toEqual([]);
    writer.failure = null;
    await clock.advance(10 * SECOND_MS);
    expect(stored('a')?.notes).toEqual(['at last']);
    expect(effects()).toEqual([]);
  });

  it('follows an event of the same actor that was refused meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return answer(1, 'done');
    };
    const { runtime, clock, stored } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    const refused = runtime.send(id('a'), { type: 'bump' }, { writes: [deleteEffect('no such effect')] });
    gate.resolve();
    await expect(refused).rejects.toMatchObject({ code: 'invalid_input' });
    await clock.advance(SECOND_MS);
    expect(stored('a')?.notes).toEqual(['done']);
  });
});

describe('a handler that breaks', () => {
  const broken = async () => {
    throw new IntegrationError('provider_5xx', 'the provider is down');
  };
  const bug = () => {
    throw new TypeError('a bug');
  };

  it.each<[string, object, { type: string }, string[]]>([
    ['perform rejects', { deliver: { perform: broken } }, ask, ['failed provider_5xx']],
    ['perform throws', { deliver: { perform: bug } }, ask, ['failed invariant']],
    ['prepare rejects', { refresh: { prepare: broken } }, askReconcile, ['failed provider_5xx']],
    ['send rejects with nothing sent', { refresh: { send: broken } }, askReconcile, ['failed provider_5xx']],
    ['send throws a bug', { refresh: { send: bug } }, askReconcile, ['unknown invariant']],
  ])('settles when %s', async (_name, handlers, event, notes) => {
    const { runtime, stored, effects } = await startRuntime({ handlers });
    await runtime.send(id('a'), event);
    await flush();
    expect(stored('a')?.notes).toEqual(notes);
    expect(effects()).toEqual([]);
  });

  it.each([
    ['network', 'failed network'],
    ['outcome_unknown', 'unknown outcome_unknown'],
    ['timeout', 'failed timeout'],
    ['provider_malformed', 'unknown provider_malformed'],
    ['auth_invalidated', 'failed auth_invalidated'],
  ] as const)('in send with %s settles as it should', async (code, note) => {
    const send = async () => {
      throw new IntegrationError(code, 'x');
    };
    const { runtime, stored } = await startRuntime({ handlers: { refresh: { send } } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    expect(stored('a')?.notes).toEqual([note]);
  });

  it('even where it should answer for a failure leaves the effect behind and ends nothing', async () => {
    const { runtime, did, effects } = await startRuntime({ handlers: { deliver: { perform: bug, failed: bug } } });
    await runtime.send(id('a'), ask);
    await runtime.send(id('b'), askReconcile);
    await flush();
    expect(effects()).toEqual([{ effectId: 'probe:a:1:0', isAttempted: 0 }]);
    expect(did).toEqual(['send b 1']);
    expect(runtime.dispatcher.inFlightCount).toBe(0);
  });
});

describe('the deadline of a replayable effect', () => {
  it('settles one that hangs, tells it to stop and ignores its late answer', async () => {
    let isAborted = false;
    const late = Promise.withResolvers<void>();
    const perform = async (_: unknown, signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
      });
      await late.promise;
      throw new Error('too late to matter');
    };
    const { runtime, clock, stored, effects } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    await clock.advance(10 * SECOND_MS - 1);
    expect(stored('a')?.notes).toEqual([]);
    await clock.advance(1);
    expect(isAborted).toBe(true);
    late.resolve();
    await flush();
    expect(stored('a')?.notes).toEqual(['failed timeout']);
    expect(effects()).toEqual([]);
  });
});

describe('a reconcile effect', () => {
  it('is marked as attempted before its first byte', async () => {
    const seen: unknown[] = [];
    const { runtime, effects } = await startRuntime({
      handlers: {
        refresh: {
          send: async () => {
            seen.push(effects());
            return Buffer.from('sealed');
          },
        },
      },
    });
    await runtime.send(id('a'), askReconcile);
    await flush();
    expect(seen).toEqual([[{ effectId: 'probe:a:1:0', isAttempted: 1 }]]);
  });

  it('sends nothing while that cannot be recorded, and is taken up when the disk has room', async () => {
    const gate = Promise.withResolvers<void>();
    const prepare = async <T>(effect: T) => {
      await gate.promise;
      return effect;
    };
    const { runtime, writer, did, stored, clock } = await startRuntime({ handlers: { refresh: { prepare } } });
    await runtime.send(id('a'), askReconcile);
    writer.failure = full;
    gate.resolve();
    await clock.advance(MINUTE_MS);
    expect(did).toEqual([]);
    writer.failure = null;
    await clock.advance(MINUTE_MS);
    expect(did).toEqual(['send a 1']);
    expect(stored('a')?.notes).toEqual(['sealed']);
  });

  it('does not lose an answer that comes while the disk is full', async () => {
    const gate = Promise.withResolvers<void>();
    let sent = 0;
    const send = async () => {
      sent += 1;
      await gate.promise;
      return Buffer.from('the only copy');
    };
    const { runtime, writer, clock, stored } = await startRuntime({ handlers: { refresh: { send } } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    writer.failure = full;
    gate.resolve();
    await clock.advance(10 * MINUTE_MS);
    writer.failure = null;
    await runtime.send(id('b'), { type: 'bump' });
    await clock.advance(10 * SECOND_MS);
    expect(stored('a')?.notes).toEqual(['the only copy']);
    expect(sent).toBe(1);
  });
});

describe('stop', () => {
  it('lets what is in flight settle, and takes up nothing new', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return { ...answer(1, 'done'), messages: [{ to: id('b'), event: { type: 'bump' } }] };
    };
    const { runtime, stored, effects } = await startRuntime({ handlers: { deliver: { perform } } });
    await runtime.send(id('a'), ask);
    const stopped = runtime.stop();
    gate.resolve();
    await stopped;
    await runtime.send(id('c'), ask);
    await flush();
    expect(stored('a')?.notes).toEqual(['done']);
    expect(effects().map(({ effectId }) => effectId)).toEqual(['probe:a:2:0', 'probe:c:1:0']);
    expect(stored('b')).toBeNull();
  });

  it('does not wait for one that hangs', async () => {
    const gate = Promise.withResolvers<void>();
    const send = async () => {
      await gate.promise;
      return Buffer.from('late');
    };
    const { runtime, clock } = await startRuntime({ handlers: { refresh: { send } } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    let isStopped = false;
    const stopped = runtime.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(STOP_DRAIN_MS - 1);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    gate.resolve();
    await flush();
  });

  it('ends the waiting for a full disk at once', async () => {
    const { runtime, writer, clock, effects } = await startRuntime({
      handlers: {
        deliver: {
          perform: async () => {
            writer.failure = full;
            return answer(1, 'lost for now');
          },
        },
      },
    });
    await runtime.send(id('a'), ask);
    await flush();
    await runtime.stop();
    expect(clock.pendingCount).toBe(0);
    expect(effects()).toMatchObject([{ effectId: 'probe:a:1:0' }]);
    writer.failure = null;
  });
});
