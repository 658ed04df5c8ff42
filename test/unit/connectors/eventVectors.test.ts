// The cases of webhooks of a public connector library, run against ours. Its times are nanoseconds, and it has errors
// where ours has null; where we differ otherwise the reason is listed, and a case that begins to agree must leave the
// list.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { eventSourceOf } from '../../../src/connectors/connectors.ts';
import type { EventSource, ProviderEvent } from '../../../src/connectors/events.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { parseTimestamp } from '../../../src/core/time.ts';
import { codeOf, onlyEvent, received } from './received.ts';

const FOLDER = '../shared/reference/vectors';
const NANOSECONDS = 1_000_000;

interface EventVector {
  readonly name: string;
  readonly input: { readonly event: JsonObject };
  readonly expect: { readonly result: readonly { readonly data: JsonObject }[] };
}

interface VerifyVector {
  readonly name: string;
  readonly connector: { readonly constructorArgs?: readonly [secret: string] };
  readonly input: {
    readonly request?: { readonly headers: Readonly<Record<string, readonly string[]>>; readonly body: string };
    readonly params?: { readonly param: { readonly secret: string } };
  };
  readonly clock: string;
  readonly expect: { readonly result?: boolean };
}

const EMPTY_TYPE = 'an event without a type is malformed';
const ANY_OBJECT = 'objects that are not in a table are named as the event names them';

/** Why a case is not expected to agree. */
const DIFFERENCES: readonly (readonly [file: string, name: RegExp, reason: string])[] = [
  ['hubspot/events', /Empty object name/, EMPTY_TYPE],
  ['hubspot/events', /Unsupported event/, ANY_OBJECT],
  [
    'stripe/verify-webhook',
    /tolerance \(negative\)|Custom tolerance/,
    'the tolerance is the one that Stripe recommends',
  ],
];

const catalog = createCatalog();

function sourceOf(file: string): EventSource {
  const source = eventSourceOf(catalog.get(file.split('/')[0] ?? ''));
  if (source === undefined) throw new Error(`no source of events for ${file}`);
  return source;
}

function casesOf<Vector>(file: string): readonly Vector[] {
  const path = `${FOLDER}/${file}.json`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cases : [];
}

/** HubSpot sends a list; the other cases are whole webhooks. */
const bodyOf = (file: string, event: JsonObject) => (file.startsWith('hubspot/') ? [event] : event);

/** What the library says of an event, in our words. */
function expected({ data }: { readonly data: JsonObject }, event: ProviderEvent): Partial<ProviderEvent> {
  const { eventTimeStampNano, workspace, recordId, objectName, eventType, rawEventName } = data;
  return {
    type: eventType,
    providerEventType: rawEventName,
    objectName: objectName ?? null,
    recordId: recordId ?? null,
    workspace: workspace === '' || workspace === undefined ? event.workspace : workspace,
    occurredAtMs: typeof eventTimeStampNano === 'number' ? eventTimeStampNano / NANOSECONDS : null,
  } as Partial<ProviderEvent>;
}

function expectSame(isSame: () => void, file: string, name: string): void {
  const difference = DIFFERENCES.find(([of, pattern]) => of === file && pattern.test(name));
  if (difference === undefined) isSame();
  else expect(isSame, `${difference[2]}: this is no difference any more`).toThrow();
}

describe.each(['hubspot', 'slack', 'stripe', 'microsoft'].map((provider) => `${provider}/events`))('%s', (file) => {
  const cases = casesOf<EventVector>(file);
  it.skipIf(cases.length === 0)('is read alike (skipped where the vectors are missing)', () => {
    for (const { name, input, expect: wanted } of cases) {
      const isSame = () => {
        const event = onlyEvent(sourceOf(file), received(bodyOf(file, input.event)));
        const [first = { data: {} }] = wanted.result;
        expect(event, name).toMatchObject(expected(first, event));
      };
      expectSame(isSame, file, name);
    }
  });
});

describe.each(['slack/verify-webhook', 'stripe/verify-webhook'])('%s', (file) => {
  const cases = casesOf<VerifyVector>(file);
  it.skipIf(cases.length === 0)('is believed alike (skipped where the vectors are missing)', () => {
    for (const { name, connector, input, clock, expect: wanted } of cases) {
      const isSame = () => {
        const { headers = {}, body = '' } = input.request ?? { headers: { none: [] } };
        const named = Object.entries(headers).map(([key, [value = '']]) => [key.toLowerCase(), value] as const);
        const webhook = received('', { headers: Object.fromEntries(named), body: Buffer.from(body) });
        const secret = connector.constructorArgs?.[0] ?? input.params?.param.secret ?? '';
        const code = codeOf(() => sourceOf(file).verify(webhook, secret, parseTimestamp(clock) ?? Number.NaN));
        expect(code, name).toBe(wanted.result === true ? null : 'unauthenticated');
      };
      expectSame(isSame, file, name);
    }
  });
});
