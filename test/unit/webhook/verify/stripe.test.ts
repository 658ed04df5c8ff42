// Stripe's own client is the witness.

import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { ReceivedWebhook } from '../../../../src/webhook/received.ts';
import { verifyStripe } from '../../../../src/webhook/verify/stripe.ts';
import { codeOf, NOW_MS, received } from '../../connectors/received.ts';

const SECRET = 'whsec_test';
const BODY = JSON.stringify({ id: 'evt_1', type: 'customer.created', name: 'Zoë' });
const MINUTE_MS = 60_000;

const stripe = new Stripe('sk_test');
const headerOf = (options: { secret?: string; timestamp?: number; payload?: string } = {}) =>
  stripe.webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: NOW_MS / 1000, ...options });
const signed = (header: string) => received(BODY, { headers: { 'stripe-signature': header } });
const isBelieved = (webhook: ReceivedWebhook, secret = SECRET, nowMs = NOW_MS) => {
  const code = codeOf(() => verifyStripe(webhook, secret, nowMs));
  expect([null, 'unauthenticated']).toContain(code);
  return code === null;
};

describe("Stripe's signature", () => {
  const good = headerOf();
  const [time = '', signature = ''] = good.split(',');

  it('is refused with another secret, none, or another body', () => {
    expect(isBelieved(signed(headerOf({ secret: 'whsec_other' })))).toBe(false);
    expect(isBelieved(signed(headerOf({ secret: '' })), '')).toBe(false);
    expect(isBelieved({ ...signed(good), body: Buffer.from(`${BODY} `) })).toBe(false);
  });

  it.each([
    ['missing', ''],
    ['without a time', signature],
    ['without a signature', time],
    ['only that of test mode', `${time},${signature.replace('v1', 'v0')}`],
    ['cut', good.slice(0, -1)],
    ['not ASCII', `${time},v1=${'é'.repeat(32)}`],
    ['of a time that is none', `t=NaN,${signature}`],
    ['of another time', `t=${NOW_MS / 1000 + 1},${signature}`],
    ['of two times, the first of them wrong', `t=${NOW_MS / 1000 + 1},${good}`],
    ['huge', `${time},${'v1=a,'.repeat(200_000)}`],
  ])('is refused when it is %s', (_what, header) => {
    expect(isBelieved(signed(header))).toBe(false);
  });

  it('is refused more than five minutes from now, on either side', () => {
    expect(isBelieved(signed(good), SECRET, NOW_MS + 5 * MINUTE_MS + 1)).toBe(false);
    expect(isBelieved(signed(good), SECRET, NOW_MS - 5 * MINUTE_MS - 1)).toBe(false);
    expect(isBelieved(signed(good), SECRET, NOW_MS + 5 * MINUTE_MS)).toBe(true);
  });

  it('is believed, alone or among others while the secret is being rolled', () => {
    expect(isBelieved(signed(good))).toBe(true);
    const [, other = ''] = headerOf({ secret: 'whsec_other' }).split(',');
    expect(isBelieved(signed(`${time},${other},${signature},v0=abc`))).toBe(true);
  });
});
