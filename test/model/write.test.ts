import { describe, expect, it } from 'vitest';
import { type WriteContext, write } from '../../machines/write.ts';
import { type WriteBatchContext, writeBatch } from '../../machines/writeBatch.ts';
import { WRITE_BATCH_BYTES_MAX, WRITE_LAST_TRY_LEAD_MS, WRITE_RECORDS_MAX } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const DEADLINE_MS = 600_000;
const LAST_TRY_AT_MS = NOW_MS + DEADLINE_MS - WRITE_LAST_TRY_LEAD_MS;
const OF = { installationId: 'i1', objectName: 'contacts', writeType: 'create' } as const;

const model: Model<WriteContext> = {
  definition: write,
  events: ({ attempt, wakeAtMs }) => [
    { type: 'write.requested', ...OF, operationId: 'op1', deadlineMs: DEADLINE_MS },
    ...[attempt, attempt - 1, attempt + 1].flatMap((answered) => [
      { type: 'write.ended', attempt: answered },
      ...[null, NOW_MS + 5000, NOW_MS + DEADLINE_MS, NOW_MS + DEADLINE_MS + 1].flatMap((retryAtMs) =>
        [NOW_MS, LAST_TRY_AT_MS - 1, LAST_TRY_AT_MS].map((nowMs) => ({
          type: 'write.failed',
          attempt: answered,
          message: 'no',
          retryAtMs,
          nowMs,
        })),
      ),
    ]),
    ...[wakeAtMs ?? NOW_MS, (wakeAtMs ?? NOW_MS) - 1, (wakeAtMs ?? NOW_MS) + 86_400_000].map((nowMs) => ({
      type: 'alarm.fired',
      nowMs,
    })),
    { type: 'something.else' },
  ],
  isFarEnough: ({ attempt }) => attempt >= 3,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the write machine', () => {
  it('reaches every state and takes every transition', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(write));
    expect(missedTransitions(write, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'absent + write.requested → sending: write',
      'sending + write.ended → ended',
      'sending + write.failed → ended: closeWrite',
      'sending + write.failed → waiting',
      'waiting + alarm.fired → ended: closeWrite',
      'waiting + alarm.fired → sending: write',
    ]);
  });

  it('has one attempt outstanding while it sends, always a new one', () => {
    for (const { from, to, effects } of accepted) {
      const { attempt, deadlineAtMs } = to.context;
      if (to.name === 'sending') {
        expect(attempt).toBe(from.context.attempt + 1);
        expect(effects).toEqual([{ type: 'effect.write', ...OF, operationId: 'op1', attempt, deadlineAtMs }]);
        expect(to.context.wakeAtMs).toBeNull();
      } else {
        expect(attempt).toBe(from.context.attempt);
      }
    }
  });

  it('ignores answers to another attempt, and any answer while it waits', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'write.ended' && event.type !== 'write.failed') continue;
      expect(isAccepted).toBe(from.name === 'sending' && event['attempt'] === from.context.attempt);
    }
  });

  it('waits until when it was told, and no attempt begins after the deadline', () => {
    for (const { event, to } of accepted) {
      if (to.name === 'sending') expect(event.nowMs).toBeLessThanOrEqual(to.context.deadlineAtMs ?? 0);
      if (to.name !== 'waiting') continue;
      expect([event['retryAtMs'], LAST_TRY_AT_MS]).toContain(to.context.wakeAtMs);
      expect(to.context.wakeAtMs ?? Infinity).toBeLessThanOrEqual(to.context.deadlineAtMs ?? 0);
    }
  });

  it('that was to wait beyond the deadline is tried once more shortly before, and not after that', () => {
    const late = accepted.filter(({ event }) => Number(event['retryAtMs'] ?? 0) > NOW_MS + DEADLINE_MS);
    for (const { event, to, effects } of late) {
      const isInTime = event.nowMs < LAST_TRY_AT_MS;
      const waits = { name: 'waiting', context: expect.objectContaining({ wakeAtMs: LAST_TRY_AT_MS }) };
      expect(to).toEqual(isInTime ? waits : { name: 'ended', context: expect.objectContaining({ wakeAtMs: null }) });
      expect(effects.length).toBe(isInTime ? 0 : 1);
    }
    expect(late.length).toBeGreaterThan(0);
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(from.name === 'waiting' && wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('is the same after each step whether it was stored or not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 30);
      expect(seenRestored).toEqual(seen);
    }
  });
});

const batchModel: Model<WriteBatchContext> = {
  definition: writeBatch,
  events: ({ wakeAtMs }) => [
    ...['op1', 'op2'].flatMap((operationId) =>
      [true, false].flatMap((isFirst) =>
        [10, WRITE_BATCH_BYTES_MAX].map((bytes) => ({
          type: 'record.added',
          ...OF,
          operationId,
          isFirst,
          bytes,
          delayMs: 60_000,
          deadlineMs: operationId === 'op1' ? 1000 : 2000,
        })),
      ),
    ),
    { type: 'batch.full', operationId: 'op1' },
    { type: 'batch.full', operationId: 'op2' },
    ...[wakeAtMs ?? NOW_MS, (wakeAtMs ?? NOW_MS) - 1].map((nowMs) => ({ type: 'alarm.fired', nowMs })),
    { type: 'something.else' },
  ],
  isFarEnough: () => false,
};

const batchEdges = edgesOf(batchModel);

describe('the machine that collects batches', () => {
  it('reaches every state and takes every transition', () => {
    const names = [...new Set(batchEdges.flatMap(({ from, to }) => [from.name, to.name]))];
    expect(names.toSorted()).toEqual(namesOf(writeBatch));
    expect(missedTransitions(writeBatch, batchEdges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(batchEdges)).toEqual([
      'collecting + alarm.fired → gone: send [object Object]',
      'collecting + batch.full → gone: send [object Object]',
      'collecting + record.added → collecting',
      'collecting + record.added → gone: send [object Object]',
      'empty + record.added → collecting',
    ]);
  });

  it('takes a record only into the batch that it names, while there is room', () => {
    for (const { from, event, isAccepted } of batchEdges) {
      if (event.type !== 'record.added') continue;
      const { operationId, bytes } = from.context;
      const fits = event['operationId'] === operationId && bytes + Number(event['bytes']) <= WRITE_BATCH_BYTES_MAX;
      expect(isAccepted).toBe(from.name === 'empty' ? event['isFirst'] : fits);
    }
  });

  it('lets a batch go when it is full, when room is needed, and when the delay of its first record is over', () => {
    for (const { from, to, effects } of batchEdges) {
      expect(to.context.count).toBeLessThanOrEqual(WRITE_RECORDS_MAX);
      if (from.name === 'collecting') expect(to.context.wakeAtMs).toBe(from.context.wakeAtMs);
      if (to.name !== 'gone' || from.name === 'gone') continue;
      const { operationId, deadlineMs } = to.context;
      const event = { type: 'write.requested', ...OF, operationId, deadlineMs };
      expect(effects).toEqual([{ type: 'effect.send', to: `write:i1/${operationId}`, event }]);
    }
  });

  it('is the same after each step whether it was stored or not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { seen, seenRestored } = randomWalk(batchModel, seed, 30);
      expect(seenRestored).toEqual(seen);
    }
  });
});
