// Stripe's signature: `t=<seconds>,v1=<hex>` in one header, with a `v1` for each secret while one is being rolled and
// a `v0` of test mode that proves nothing.
// Source: https://docs.stripe.com/webhooks/signature

import { createHmac } from 'node:crypto';
import type { Ms } from '../../core/time.ts';
import type { ReceivedWebhook } from '../received.ts';
import { checkStamp, headerOf, isSameSignature } from './hmac.ts';
import { refusal } from './refusal.ts';

const HEADER = 'stripe-signature';

/** Rejects with `unauthenticated` what the secret of the endpoint has not signed, or has signed at another time. */
export function verifyStripe(webhook: ReceivedWebhook, secret: string, nowMs: Ms): void {
  const parts = headerOf(webhook, HEADER)
    .split(',')
    .map((part) => part.trim());
  const stamp = parts.find((part) => part.startsWith('t='))?.slice('t='.length) ?? '';
  checkStamp(stamp, 's', HEADER, nowMs);
  if (secret === '') throw refusal('there is no secret to prove it with');
  const expected = `v1=${createHmac('sha256', secret).update(`${stamp}.`).update(webhook.body).digest('hex')}`;
  if (!parts.some((part) => isSameSignature(part, expected))) throw refusal(`${HEADER} is not its signature`);
}
