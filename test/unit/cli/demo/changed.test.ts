import { describe, expect, test } from 'vitest';
import { NEW_SURNAME, ToldChanges } from '../../../../src/cli/demo/changed.ts';
import type { JsonObject } from '../../../../src/core/json.ts';

const entryOf = (id: string, surname = NEW_SURNAME): JsonObject => ({ mappedFields: { surname }, raw: { id } });

function told(...messages: readonly JsonObject[]): ToldChanges {
  const changes = new ToldChanges();
  for (const message of messages) changes.take(message);
  return changes;
}

const events = (...result: readonly JsonObject[]): JsonObject => ({ action: 'subscribe', result });

describe('changes that the receiver was told of', () => {
  test.each<[string, JsonObject]>([
    ['was never told', { notificationType: 'read.backfill.done', data: {} }],
    ['came by a read', { action: 'read', result: [entryOf('1')] }],
    ['came with the old value', events(entryOf('1', 'Dubois'))],
    ['came under the name of the provider', events({ fields: { lastname: NEW_SURNAME }, raw: { id: '1' } })],
    ['came without its record', events({ id: '1' })],
    ['came without an id', events({ mappedFields: { surname: NEW_SURNAME } })],
    ['came in a message without a list', { action: 'subscribe', resultInfo: {} }],
  ])('lack one that %s', (_case, message) => {
    const changes = told(events(entryOf('2')), message);
    expect(changes.arrived).toBe(1);
    expect(changes.audit(['1', '2'])).toEqual({ lost: 1, doubled: 0 });
  });

  test('have one too often that came in another message, with whatever value', () => {
    const changes = told(events(entryOf('1'), entryOf('2')), events(entryOf('1')), events({ id: '2' }, entryOf('1')));
    expect(changes.arrived).toBe(2);
    expect(changes.audit(['1', '2'])).toEqual({ lost: 0, doubled: 3 });
  });

  test('are complete when each came once', () => {
    expect(told(events(entryOf('1')), events(entryOf('2'))).audit(['1', '2'])).toEqual({ lost: 0, doubled: 0 });
    expect(told().audit([])).toEqual({ lost: 0, doubled: 0 });
  });
});
