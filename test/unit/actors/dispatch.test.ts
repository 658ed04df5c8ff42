import { describe, expect, it } from 'vitest';
import type { RefreshEffect } from '../../../machines/effects.ts';
import { IntegrationError } from '../../../src/core/errors.ts';
import {
  COMMIT_QUEUE_STEPS_MAX,
  COMMIT_STEPS_MAX,
  REDISPATCH_BATCH,
  STOP_ANSWER_MS,
  STOP_DRAIN_MS,
} from '../../../src/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { insertEffect } from '../../../src/store/tables/effects.ts';
import { flush } from '../../support/clock.ts';
import { answer, id, startRuntime } from '../../support/runtime.ts';

const ask = { type: 'ask.replayable' };
const askReconcile = { type: 'ask.reconcile' };
const never = () => new Promise<never>(() => {});
const full = { kind: 'full', message: 'full' } as const;

describe('an effect', () => {
  it('that nobody performs stays in the table and harms nobody', async () => {
    const { store, runtime, effects } = await startRuntime();
    const effect = { type: 'effect.applyConfig', installationId: 'x', configRevision: 1 } as const;
    await store.commit([{ statement: 'effects.insert', params: ['e1', id('a'), id('a'), JSON.stringify(effect)] }]);
    runtime.dispatcher.redispatch();
    await flush();
    expect(effects()).toEqual([{ effectId: 'e1', isAttempted: 0 }]);
    expect(runtime.dispatcher.inFlightCount).toBe(0);
  });

  it('that was asked for before a start comes before those asked for after it, however many there were', async () => {
    const { store, runtime, stored } = await startRuntime({ isStarted: false });
    const close = JSON.stringify({ type: 'effect.closeRun', installationId: 'x', run: 1 });
    const older = Array.from({ length: 3 * REDISPATCH_BATCH }, (_, n) =>
      insertEffect(`probe:x:${n}:0`, id(`x/${n}`), id(`x/${n}`), close),
    );
    const note = (text: string) => ({ to: id('b'), event: { type: 'note', text } });
    const send = JSON.stringify({ type: 'effect.send', ...note('older') });
    await store.commit([...older, insertEffect('probe:y:1:0', id('y'), id('b'), send)]);
    runtime.start();
    await runtime.send(id('a'), { type: 'bump' }, { messages: [note('newer')] });
    await flush(200);
    expect(stored('b')?.notes).toEqual(['older', 'newer']);
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
});

describe('an answer', () => {
  it('that comes while too much waits for the disk is handed over later', async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return answer(1, 'done');
    };
    const { runtime, store, writer, clock, stored, effects } = await startRuntime({
      handlers: { deliver: { perform } },
    });
    await runtime.send(id('a'), ask);
    const release = writer.hold();
    for (let n = 0; n < COMMIT_QUEUE_STEPS_MAX + COMMIT_STEPS_MAX; n++) store.commit([]).catch(() => {});
    gate.resolve();
    await flush();
    expect(store.hasRoom).toBe(false);
    release();
    await flush();
    expect([store.hasRoom, stored('a')?.notes]).toEqual([true, []]);
    await clock.advance(SECOND_MS);
    expect(stored('a')?.notes).toEqual(['done']);
    expect(effects()).toEqual([]);
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

describe('the deadline of an effect', () => {
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

  it('settles one that hangs before its first byte as failed', async () => {
    const { runtime, clock, stored, effects } = await startRuntime({ handlers: { refresh: { prepare: never } } });
    await runtime.send(id('a'), askReconcile);
    await clock.advance(10 * SECOND_MS);
    expect(stored('a')?.notes).toEqual(['failed timeout']);
    expect(effects()).toEqual([]);
  });
});

describe('stop', () => {
  it('ends the tries of an effect that cannot even fail, at once', async () => {
    let tries = 0;
    const perform = async () => {
      tries += 1;
      throw new TypeError('a bug');
    };
    const deliver = { perform, failed: undefined } as never;
    const { runtime, clock, effects } = await startRuntime({ handlers: { deliver } });
    await runtime.send(id('a'), ask);
    await flush();
    expect(tries).toBe(1);
    await runtime.stop();
    await flush();
    expect([tries, clock.pendingCount]).toEqual([2, 0]);
    expect(effects()).toMatchObject([{ effectId: 'probe:a:1:0' }]);
  });

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

  it.each([
    ['for one that hangs', 'deliver', ask, STOP_DRAIN_MS],
    ['for an answer that does not come', 'refresh', askReconcile, STOP_ANSWER_MS],
  ] as const)('does not wait longer %s than it may', async (_name, kind, event, waitMs) => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return answer(1, 'late');
    };
    const send = async () => {
      await gate.promise;
      return Buffer.from('late');
    };
    const handlers =
      kind === 'deliver'
        ? { deliver: { perform, deadlineMs: MINUTE_MS } }
        : { refresh: { send, deadlineMs: MINUTE_MS } };
    const { runtime, clock } = await startRuntime({ handlers });
    await runtime.send(id('a'), event);
    await flush();
    let isStopped = false;
    const stopped = runtime.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(waitMs - 1);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    gate.resolve();
    await flush();
  });

  it('waits for an answer that may be the only one there is, and ends when it is on disk', async () => {
    const gate = Promise.withResolvers<void>();
    const send = async () => {
      await gate.promise;
      return Buffer.from('the next token');
    };
    const refresh = { send, deadlineMs: MINUTE_MS };
    const { runtime, clock, stored, effects } = await startRuntime({ handlers: { refresh } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    const stopped = runtime.stop();
    await clock.advance(2 * STOP_DRAIN_MS);
    expect(effects()).toEqual([{ effectId: 'probe:a:1:0', isAttempted: 1 }]);
    gate.resolve();
    await stopped;
    expect([stored('a')?.notes, effects(), clock.pendingCount]).toEqual([['the next token'], [], 0]);
  });

  it('leaves what was not sent to the next start, as if it had not been tried', async () => {
    const gate = Promise.withResolvers<void>();
    const prepare = async () => {
      await gate.promise;
      return {} as RefreshEffect;
    };
    const { runtime, did, effects } = await startRuntime({ handlers: { refresh: { prepare } } });
    await runtime.send(id('a'), askReconcile);
    await flush();
    const stopped = runtime.stop();
    gate.resolve();
    await stopped;
    expect([did, effects()]).toEqual([[], [{ effectId: 'probe:a:1:0', isAttempted: 0 }]]);
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
