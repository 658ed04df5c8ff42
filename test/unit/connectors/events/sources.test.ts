// Every source of events by a webhook as the provider documents it: what is read out of it, what is rejected, and which
// webhooks tell of the same event.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../../src/catalog/catalog.ts';
import { connectorOf, createConnectors, eventSourceOf } from '../../../../src/connectors/connectors.ts';
import type { ProviderEvent } from '../../../../src/connectors/events.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/json.ts';
import type { HmacScheme } from '../../../../src/webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../../../src/webhook/verify/schemes.ts';
import { TestClock } from '../../sandbox/client.ts';
import { codeOf, expectSoundParsing, NOW_MS, onlyEvent, received } from '../received.ts';
import { SAMPLES, type Sample } from './samples.ts';

const catalog = createCatalog();

/** All that any provider signs with. */
const HEADERS = [
  'stripe-signature',
  'x-hubspot-signature',
  'x-hubspot-signature-v3',
  'x-hubspot-request-timestamp',
  ...Object.values(HMAC_SCHEMES).flatMap((scheme: HmacScheme) => [
    scheme.header,
    scheme.stamp?.header ?? scheme.header,
  ]),
];

const sourceOf = ({ provider, module }: Sample) => {
  const source = eventSourceOf(catalog.get(provider), () => module);
  if (source === undefined) throw new Error(`no source of events for ${provider}`);
  return source;
};
const webhookOf = ({ body, headers = {} }: Sample) => received(body, { headers });

/** The value with what is at a dotted path exchanged. */
function changedAt(value: JsonValue, path: string, by: JsonValue): JsonValue {
  const [key = '', ...rest] = path.split('.');
  if (Array.isArray(value)) {
    const index = Number(key);
    return value.map((inner, at) =>
      at === index ? (rest.length === 0 ? by : changedAt(inner, rest.join('.'), by)) : inner,
    );
  }
  if (!isJsonObject(value)) throw new Error(`nothing at ${path}`);
  return { ...value, [key]: rest.length === 0 ? by : changedAt(value[key] ?? null, rest.join('.'), by) };
}

const named = SAMPLES.map((sample) => [[sample.provider, sample.module].filter(Boolean).join('/'), sample] as const);

describe.each(named)('the webhooks of %s', (_name, sample) => {
  const source = sourceOf(sample);

  it('are rejected where they are not what the provider sends', () => {
    if (sample.isWithoutBody === true) return;
    const bodies = ['', 'hello', '[', '7', 'null', '[]', ...(sample.isAnyObject === true ? [] : ['{}'])];
    for (const body of bodies) {
      expect(
        codeOf(() => source.parse(received(body, { headers: sample.headers ?? {} }))),
        body,
      ).toBe('malformed');
    }
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(codeOf(() => source.parse(received(deep)))).toBe('malformed');
  });

  it('are read or rejected, whatever comes', () => {
    expectSoundParsing(source, sample.body, sample.headers ?? {});
  });

  it('are addressed and proved as the provider can', () => {
    expect([source.addressedTo, source.secretOf]).toEqual([sample.addressedTo, sample.secretOf]);
    if (source.secretOf === 'address') return;
    expect(codeOf(() => source.verify(webhookOf(sample), 'secret', NOW_MS))).toBe('unauthenticated');
  });

  it('prove nothing, whatever stands in body, headers and address', () => {
    if (source.secretOf === 'address') return;
    const names = [...HEADERS, ...Object.keys(sample.headers ?? {})];
    const headers = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.constant(String(NOW_MS / 1000))));
    const body = fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(sample.body)));
    fc.assert(
      fc.property(headers, body, fc.webUrl({ withQueryParameters: true }), (sent, text, url) => {
        const webhook = received(text, { headers: sent, url });
        expect(codeOf(() => source.verify(webhook, 'secret', NOW_MS))).toBe('unauthenticated');
      }),
    );
  });

  it('are read', () => {
    const nothing: Partial<ProviderEvent> = { association: null, record: null, updatedFields: null, workspace: null };
    const facts = { ...nothing, occurredAtMs: null, raw: sample.body as JsonObject, ...sample.event };
    expect(onlyEvent(source, webhookOf(sample))).toEqual({ ...facts, key: expect.any(String) });
  });

  it.each(sample.types)('take %j for %s of %s', (change, type, objectName) => {
    const { headers = {}, ...changes } = change as { headers?: Record<string, string> };
    const body = Object.entries(changes).reduce<JsonValue>(
      (value, [path, by]) => changedAt(value, path, by as JsonValue),
      sample.body,
    );
    const webhook = received(body, { headers: { ...sample.headers, ...headers } });
    expect(onlyEvent(source, webhook)).toMatchObject({ type, objectName });
  });

  it('are the same event when they come again, and another where they tell of something else', () => {
    const keyWith = (changes: JsonObject, headers: Readonly<Record<string, string>> = {}) => {
      const body = Object.entries(changes).reduce<JsonValue>(
        (value, [path, by]) => changedAt(value, path, by ?? null),
        sample.body,
      );
      return onlyEvent(source, received(body, { headers: { ...sample.headers, ...headers } })).key;
    };
    const key = keyWith({});
    for (const { body, headers } of sample.repeated) expect(keyWith(body ?? {}, headers)).toBe(key);
    const others = sample.others.map(({ body, headers }) => keyWith(body ?? {}, headers));
    expect(new Set([key, ...others]).size).toBe(others.length + 1);
  });
});

describe('the source of events', () => {
  it('is none of a provider or module without webhooks', () => {
    expect(eventSourceOf(catalog.get('gustoDemo'))).toBeUndefined();
    expect(eventSourceOf(catalog.get('zoho'), () => 'desk')).toBeUndefined();
    expect(eventSourceOf(catalog.get('google'), () => 'contacts')).toBeUndefined();
  });

  it('is that of the module, in whatever case, or of the default one', () => {
    const crm = eventSourceOf(catalog.get('zoho'), () => 'crm');
    expect(eventSourceOf(catalog.get('zoho'))).toBe(crm);
    expect(eventSourceOf(catalog.get('zoho'), () => 'CRM')).toBe(crm);
    expect(eventSourceOf(catalog.get('zoho'), () => 'mail')).not.toBe(crm);
  });

  it('is that of the provider that one is a variant of', () => {
    for (const [variant, provider] of [
      ['salesforceJWT', 'salesforce'],
      ['microsoftAdminConsent', 'microsoft'],
    ] as const) {
      expect(eventSourceOf(catalog.get(variant))).toBe(eventSourceOf(catalog.get(provider)));
    }
    const calendar = eventSourceOf(catalog.get('google'), () => 'calendar');
    expect(eventSourceOf(catalog.get('googleWorkspaceDelegation'), () => 'calendar')).toBe(calendar);
  });

  it('of one address for all accounts is of a provider that names the account which is connected', () => {
    const connectors = createConnectors(new TestClock());
    const unnamed = catalog.list().flatMap((provider) => {
      const modules = [undefined, ...Object.keys(provider.modules)];
      const isShared = modules.some((name) => eventSourceOf(provider, () => name)?.addressedTo === 'integration');
      const isNamed =
        provider.accountLookup?.workspaceRefPath !== undefined ||
        connectorOf(connectors, provider)?.identifyAccount !== undefined;
      return isShared && !isNamed ? [provider.name] : [];
    });
    expect(unnamed).toEqual([]);
  });

  it('is known of each provider and module that the catalog says can be subscribed to', () => {
    const missing = catalog.list().flatMap((provider) => {
      const modules = Object.entries(provider.modules).filter(([, { support }]) => support.subscribe);
      const names = modules.length > 0 ? modules.map(([name]) => name) : provider.support.subscribe ? [undefined] : [];
      return names
        .filter((name) => eventSourceOf(provider, () => name) === undefined)
        .map((name) => `${provider.name}/${name}`);
    });
    expect(missing).toEqual([]);
  });
});

describe('a handshake', () => {
  const source = (provider: string, module?: string) => sourceOf({ provider, module } as Sample);

  it('is none where nothing asks for it', () => {
    for (const [, sample] of named) {
      expect(sourceOf(sample).handshake?.(webhookOf(sample)) ?? null).toBeNull();
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), fc.string()), (body) => {
          const webhook = received(body as JsonValue, { url: 'nowhere' });
          expect(sourceOf(sample).handshake?.(webhook) ?? null).toBeNull();
        }),
        { numRuns: 20 },
      );
    }
  });

  const answer = (body: string, headers = {}) => ({
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
    body,
  });

  it('of Slack repeats the challenge, and is no event', () => {
    const webhook = received({ type: 'url_verification', challenge: '3eZbrw1aB', token: 'old' });
    expect(source('slack').handshake?.(webhook)).toEqual(answer('3eZbrw1aB'));
    expect(source('slack').parse(webhook)).toEqual([]);
  });

  it('of Microsoft repeats the token of the address', () => {
    const url = 'https://tenon.example/webhooks/address?validationToken=Validation%3A%20a%2Bb';
    expect(source('microsoft').handshake?.(received('', { url }))).toEqual(answer('Validation: a+b'));
  });

  it('of Zoho Mail repeats the secret', () => {
    const webhook = received({}, { headers: { 'x-hook-secret': 'abc' } });
    expect(source('zoho', 'mail').handshake?.(webhook)).toEqual(answer('', { 'x-hook-secret': 'abc' }));
  });
});
