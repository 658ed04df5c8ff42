// Webhooks for tests, and what their sources make of them.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { EventSource, ProviderEvent, ReceivedWebhook } from '../../../src/connectors/events.ts';
import { IntegrationError } from '../../../src/core/errors.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import { toRfc3339 } from '../../../src/core/time.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12);

/** A webhook with a JSON body, or with a text as it is. */
export function received(body: JsonValue, rest: Partial<ReceivedWebhook> = {}): ReceivedWebhook {
  return {
    method: 'POST',
    url: 'https://tenon.example/webhooks/address',
    headers: {},
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    ...rest,
  };
}

/** The only event of a webhook. */
export function onlyEvent(source: EventSource, webhook: ReceivedWebhook): ProviderEvent {
  const [event, ...others] = source.parse(webhook);
  expect(others).toEqual([]);
  if (event === undefined) throw new Error('no event');
  return event;
}

/** The code of what `attempt` throws; anything but an error of ours fails the test. */
export function codeOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(IntegrationError);
    return (error as IntegrationError).code;
  }
}

/** Whatever JSON comes, also where fields have names that the source knows, it is read or rejected as `malformed`. */
export function expectSoundParsing(source: EventSource, sample: JsonValue, headers: Readonly<Record<string, string>>) {
  const broken = fc
    .record({ path: fc.array(fc.nat(20), { maxLength: 6 }), value: fc.jsonValue() })
    .map(({ path, value }) => replaced(sample, path, value as JsonValue));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), broken), (body) => {
      const webhook = received(JSON.stringify(body), { headers });
      const code = codeOf(() => source.parse(webhook).forEach(expectStorable));
      expect([null, 'malformed']).toContain(code);
    }),
  );
}

/** Whoever takes an event further may write all of it down. */
function expectStorable(event: ProviderEvent): void {
  expect(event.key).not.toBe('');
  if (event.occurredAtMs !== null) expect(toRfc3339(event.occurredAtMs)).toMatch(/^\d{4}-/);
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
}

/** The value with what is at a place, counted in members of each level, exchanged. */
function replaced(value: JsonValue, [place, ...rest]: readonly number[], by: JsonValue): JsonValue {
  if (place === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const chosen = keys[place % Math.max(keys.length, 1)];
  if (chosen === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === chosen ? replaced(inner, rest, by) : inner));
  const object = value as { readonly [key: string]: JsonValue };
  return { ...object, [chosen]: replaced(object[chosen] ?? null, rest, by) };
}
