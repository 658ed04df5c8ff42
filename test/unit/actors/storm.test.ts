// Many actors, many events and a disk that is full, slow or refuses rows, in an order that a seed decides. Whatever
// was acknowledged is on disk, whatever was refused is not, and no host ever meets a revision it does not expect.

import { describe, expect, it } from 'vitest';
import type { Message } from '../../../actors/host.ts';
import { deleteEffect } from '../../../src/store/tables/effects.ts';
import { flush } from '../../support/clock.ts';
import { dice } from '../../support/dice.ts';
import { answer, type Harness, id, startRuntime } from '../../support/runtime.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const ROUNDS = 150;

interface Told {
  readonly acknowledged: string[];
  readonly refused: string[];
}

/** Sends note `text` to `key`; some carry a row that the store refuses, some a message to another actor. */
function tell({ runtime }: Harness, roll: (sides: number) => number, key: string, text: string, told: Told): void {
  const isPoisoned = roll(8) === 0;
  const messages: Message[] =
    roll(4) === 0 ? [{ to: id(KEYS[roll(KEYS.length)] ?? 'a'), event: { type: 'note', text: `m${text}` } }] : [];
  const writes = isPoisoned ? [deleteEffect('no such effect')] : [];
  runtime.send(id(key), { type: 'note', text }, { writes, messages }).then(
    () => told.acknowledged.push(text, ...messages.map(() => `m${text}`)),
    () => told.refused.push(text, ...messages.map(() => `m${text}`)),
  );
}

async function storm(seed: number) {
  const roll = dice(seed);
  const handlers = {
    deliver: {
      perform: async ({ round }: { round: number }) => {
        await flush(roll(4));
        return answer(round, 'done');
      },
    },
  };
  const harness = await startRuntime({ liveHostsMax: 2, handlers });
  const { runtime, writer, clock } = harness;
  const told: Told = { acknowledged: [], refused: [] };
  let release = () => {};
  for (let round = 0; round < ROUNDS; round++) {
    const key = KEYS[roll(KEYS.length)] ?? 'a';
    const choice = roll(20);
    if (choice === 0) writer.failure = { kind: 'full', message: 'full' };
    else if (choice <= 3) writer.failure = null;
    else if (choice === 4) {
      release();
      release = writer.hold();
    } else if (choice <= 6) release();
    else if (choice === 7) await flush(roll(3));
    else if (choice === 8) runtime.peek(id(key));
    else if (choice === 9) runtime.send(id('sick'), { type: 'boom' }).catch(() => {});
    else if (choice <= 11) runtime.send(id(key), { type: 'ask.replayable' }).catch(() => {});
    else tell(harness, roll, key, `${round}`, told);
  }
  release();
  writer.failure = null;
  await clock.advance(60_000);
  await runtime.send(id('last'), { type: 'bump' });
  await clock.advance(60_000);
  return { harness, told };
}

describe('a storm', () => {
  it.each(Array.from({ length: 25 }, (_, n) => n + 1))(
    'leaves exactly what it acknowledged (seed %i)',
    async (seed) => {
      const { harness, told } = await storm(seed);
      const notes = KEYS.flatMap((key) => harness.stored(key)?.notes ?? []).filter((note) => note !== 'done');
      expect(harness.fatal).toEqual([]);
      expect(notes.toSorted()).toEqual(told.acknowledged.toSorted());
      expect(told.acknowledged.length).toBeGreaterThan(10);
      expect(notes.filter((note) => told.refused.includes(note))).toEqual([]);
      expect(harness.effects()).toEqual([]);
    },
  );
});
