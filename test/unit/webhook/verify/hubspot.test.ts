// HubSpot's own client is the witness: what it signs is believed, and what it would not sign is not.

import { Signature } from '@hubspot/api-client';
import { describe, expect, it } from 'vitest';
import type { ReceivedWebhook } from '../../../../src/webhook/received.ts';
import { verifyHubspot } from '../../../../src/webhook/verify/hubspot.ts';
import { codeOf, NOW_MS, received } from '../../connectors/received.ts';

const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const BODY = JSON.stringify([{ eventId: 1, subscriptionType: 'contact.creation', name: 'Zoë' }]);
const URL_CALLED = 'https://tenon.example/webhooks/address?a=b';
const MINUTE_MS = 60_000;

const isBelieved = (webhook: ReceivedWebhook, secret = SECRET, nowMs = NOW_MS) => {
  const code = codeOf(() => verifyHubspot(webhook, secret, nowMs));
  expect([null, 'unauthenticated']).toContain(code);
  return code === null;
};

interface Signed {
  readonly method?: string;
  readonly signedUrl?: string;
  readonly url?: string;
  readonly body?: string;
  readonly timestamp?: number;
}

function v3({ method = 'POST', url = URL_CALLED, signedUrl = url, body = BODY, timestamp = NOW_MS }: Signed = {}) {
  const options = { clientSecret: SECRET, requestBody: body, url: signedUrl, timestamp };
  const headers = {
    'x-hubspot-signature-v3': Signature.getSignature(method, 'v3', { ...options, signature: '' }),
    'x-hubspot-request-timestamp': String(timestamp),
  };
  return received(body, { method, url, headers });
}

function older(version: 'v1' | 'v2', body = BODY) {
  const options = { clientSecret: SECRET, requestBody: body, url: URL_CALLED, signature: '' };
  const headers = {
    'x-hubspot-signature': Signature.getSignature('POST', version, options),
    'x-hubspot-signature-version': version,
  };
  return received(body, { url: URL_CALLED, headers });
}

const changed = (webhook: ReceivedWebhook, headers: Readonly<Record<string, string | undefined>>) => ({
  ...webhook,
  headers: { ...webhook.headers, ...headers } as Readonly<Record<string, string>>,
});

describe("HubSpot's signature v3", () => {
  it.each<[string, Partial<ReceivedWebhook>]>([
    ['another body', { body: Buffer.from(BODY.replace('contact', 'kontact')) }],
    ['another method', { method: 'PUT' }],
    ['another address', { url: `${URL_CALLED}&c=d` }],
  ])('is not that of %s', (_what, part) => {
    expect(isBelieved({ ...v3(), ...part })).toBe(false);
  });

  it.each([
    ['a missing signature', { 'x-hubspot-signature-v3': '' }],
    ['a short one', { 'x-hubspot-signature-v3': 'abc=' }],
    ['one of the right length that is not ASCII', { 'x-hubspot-signature-v3': 'é'.repeat(44) }],
    ['a huge one', { 'x-hubspot-signature-v3': 'A'.repeat(1_000_000) }],
    ['a missing time', { 'x-hubspot-request-timestamp': undefined }],
    ['a time that is none', { 'x-hubspot-request-timestamp': 'NaN' }],
    ['another time', { 'x-hubspot-request-timestamp': String(NOW_MS + 1) }],
  ])('is refused with %s', (_what, headers) => {
    expect(isBelieved(changed(v3(), headers))).toBe(false);
  });

  it('is refused with another secret, and with none', () => {
    expect(isBelieved(v3(), 'other')).toBe(false);
    expect(isBelieved(v3(), '')).toBe(false);
  });

  it('is refused more than five minutes from now, on either side', () => {
    const signed = v3();
    expect(isBelieved(signed, SECRET, NOW_MS + 5 * MINUTE_MS + 1)).toBe(false);
    expect(isBelieved(signed, SECRET, NOW_MS - 5 * MINUTE_MS - 1)).toBe(false);
    expect(isBelieved(signed, SECRET, NOW_MS + 5 * MINUTE_MS)).toBe(true);
  });

  it('counts where there is an older one too, which is good', () => {
    const both = changed(older('v1'), {
      'x-hubspot-signature-v3': 'no',
      'x-hubspot-request-timestamp': String(NOW_MS),
    });
    expect(isBelieved(both)).toBe(false);
  });

  it('is believed, also over an empty body', () => {
    expect(isBelieved(v3())).toBe(true);
    expect(isBelieved(v3({ body: '' }))).toBe(true);
  });

  it('is over the address with the characters decoded that HubSpot decodes, and no others', () => {
    const url = 'https://tenon.example/webhooks/a%3Ab%2fc?x=%40%21%24%27%28%29%2A%2C%3B%3F&y=%20%25%C3%A9';
    const signedUrl = "https://tenon.example/webhooks/a:b/c?x=@!$'()*,;?&y=%20%25%C3%A9";
    expect(isBelieved(v3({ url, signedUrl: url }))).toBe(false);
    expect(isBelieved(v3({ url, signedUrl }))).toBe(true);
  });
});

describe.each(['v1', 'v2'] as const)("HubSpot's signature %s", (version) => {
  it('is refused with another secret, none, another body, and where it is cut or missing', () => {
    const signed = older(version);
    expect(isBelieved(signed, 'other')).toBe(false);
    expect(isBelieved(signed, '')).toBe(false);
    expect(isBelieved({ ...signed, body: Buffer.from(`${BODY} `) })).toBe(false);
    expect(
      isBelieved(changed(signed, { 'x-hubspot-signature': signed.headers['x-hubspot-signature']?.slice(1) })),
    ).toBe(false);
    expect(isBelieved(changed(signed, { 'x-hubspot-signature': undefined }))).toBe(false);
    expect(isBelieved(changed(signed, { 'x-hubspot-signature-version': 'v4' }))).toBe(false);
    expect(isBelieved(changed(signed, { 'x-hubspot-signature-version': undefined }))).toBe(false);
  });

  it('is believed', () => {
    expect(isBelieved(older(version))).toBe(true);
  });
});

it('v2 is over the address', () => {
  expect(isBelieved({ ...older('v2'), url: 'https://tenon.example/' })).toBe(false);
});

it("takes the example of HubSpot's documentation for v2", () => {
  const headers = {
    'x-hubspot-signature-version': 'v2',
    'x-hubspot-signature': 'eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e',
  };
  const url = 'https://www.example.com/webhook_uri';
  expect(isBelieved(received('', { method: 'GET', url, headers }))).toBe(true);
});

it("takes the example of HubSpot's documentation for v1", () => {
  const body =
    '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,' +
    '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",' +
    '"changeFlag":"NEW","appId":54321}]';
  const headers = {
    'x-hubspot-signature-version': 'v1',
    'x-hubspot-signature': '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de',
  };
  expect(isBelieved(received(body, { headers }))).toBe(true);
});
