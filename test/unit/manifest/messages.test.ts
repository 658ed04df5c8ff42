// The size rule of messages: what is cut where, byte for byte.

import { describe, expect, test } from 'vitest';
import { MESSAGE_BYTES_MAX } from '../../../src/core/limits.ts';
import { splitIntoMessages, urlMessageBody } from '../../../src/manifest/messages.ts';

const ENVELOPE = { action: 'read', objectName: 'contact' };
const entry = (text: string) => ({ fields: { t: text }, mappedFields: {}, raw: { t: text } });

function bodiesOf(messages: ReturnType<typeof splitIntoMessages>) {
  return messages.map((message) => (message.kind === 'inline' ? JSON.parse(message.body) : message.resultJson));
}

test('no entries make no messages', () => {
  expect(splitIntoMessages([], ENVELOPE)).toEqual([]);
});

test('the envelope comes first, resultInfo and result last', () => {
  const [message] = splitIntoMessages([entry('a')], ENVELOPE);
  const result = JSON.stringify([entry('a')]);
  expect(message).toMatchObject({
    kind: 'inline',
    numRecords: 1,
    body: `{"action":"read","objectName":"contact","resultInfo":{"type":"inline","numRecords":1},"result":${result}}`,
  });
});

test('an empty envelope is still an object', () => {
  expect(bodiesOf(splitIntoMessages([entry('a')], {}))).toEqual([
    { resultInfo: { type: 'inline', numRecords: 1 }, result: [entry('a')] },
  ]);
  expect(JSON.parse(urlMessageBody({}, 'https://x/1', 1))).toEqual({
    resultInfo: { type: 'url', numRecords: 1, downloadUrl: 'https://x/1' },
  });
});

test('the link form has the envelope first and no result', () => {
  expect(urlMessageBody(ENVELOPE, 'https://x/1', 1)).toBe(
    '{"action":"read","objectName":"contact","resultInfo":{"type":"url","numRecords":1,"downloadUrl":"https://x/1"}}',
  );
});

describe('cutting', () => {
  test.each([
    ['ASCII', 'a'],
    ['two-byte', 'é'],
    ['three-byte', '漢'],
    ['four-byte', '🙂'],
    ['escaped', '"\n'],
  ])('%s text: every body fits, counts right and loses nothing', (_name, unit) => {
    const entries = Array.from({ length: 500 }, (_, index) => entry(unit.repeat((index * 37) % 90)));
    const messages = splitIntoMessages(entries, ENVELOPE, 2000);
    expect(messages.length).toBeGreaterThan(10);
    for (const message of messages) {
      if (message.kind !== 'inline') throw new Error('nothing here is oversized');
      expect(Buffer.byteLength(message.body)).toBe(message.bodyBytes);
      expect(message.bodyBytes).toBeLessThanOrEqual(2000);
      expect(JSON.parse(message.body).resultInfo.numRecords).toBe(message.numRecords);
    }
    expect(bodiesOf(messages).flatMap((body) => body.result)).toEqual(entries);
  });

  test('a body of exactly the limit is not cut, one byte less cuts it', () => {
    const entries = [entry('a'), entry('b')];
    const [whole] = splitIntoMessages(entries, ENVELOPE);
    const bytes = whole?.kind === 'inline' ? whole.bodyBytes : 0;
    expect(splitIntoMessages(entries, ENVELOPE, bytes)).toHaveLength(1);
    expect(splitIntoMessages(entries, ENVELOPE, bytes - 1)).toHaveLength(2);
  });

  test('an entry that fits no message stands alone, in its place', () => {
    const large = entry('x'.repeat(MESSAGE_BYTES_MAX));
    const messages = splitIntoMessages([entry('a'), large, entry('b')], ENVELOPE);
    expect(messages.map(({ kind, numRecords }) => `${kind} ${numRecords}`)).toEqual([
      'inline 1',
      'oversized 1',
      'inline 1',
    ]);
    const oversized = messages[1];
    expect(oversized).toEqual({
      kind: 'oversized',
      resultJson: JSON.stringify([large]),
      resultBytes: Buffer.byteLength(JSON.stringify([large])),
      numRecords: 1,
    });
  });

  test('each entry becomes text exactly once', () => {
    let calls = 0;
    const counted = Array.from({ length: 50 }, () => ({
      ...entry('a'.repeat(100)),
      toJSON() {
        calls++;
        return entry('a'.repeat(100));
      },
    }));
    splitIntoMessages(counted, ENVELOPE, 1000);
    expect(calls).toBe(50);
  });
});
