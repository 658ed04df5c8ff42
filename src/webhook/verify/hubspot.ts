// HubSpot's signatures. A webhook carries v3 and, for old receivers, v1 or v2 beside it. Those are plain hashes of
// secret and content without a time, so they count only where there is no v3: whoever strips that from a webhook
// which they saw gains no more than sending it again. Its key undoes that for days; after those, records are read anew
// that did not change.
// Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation

import { createHash } from 'node:crypto';
import type { Ms } from '../../core/time.ts';
import type { ReceivedWebhook } from '../received.ts';
import { type HmacScheme, headerOf, isSameSignature, verifyHmac } from './hmac.ts';
import { refusal } from './refusal.ts';

const V3: HmacScheme = {
  algorithm: 'sha256',
  encoding: 'base64',
  header: 'x-hubspot-signature-v3',
  stamp: { header: 'x-hubspot-request-timestamp', unit: 'ms' },
  signedText: '{method}{url}{body}{stamp}',
};

/** What HubSpot decodes in an address before it signs it: : / ? @ ! $ ' ( ) * , ; and nothing else. */
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

/** Rejects with `unauthenticated` what is not signed with the client secret of the app. */
export function verifyHubspot(webhook: ReceivedWebhook, secret: string, nowMs: Ms): void {
  if (webhook.headers[V3.header] !== undefined) {
    const url = webhook.url.replace(DECODED, (encoded) => decodeURIComponent(encoded));
    verifyHmac(V3, { ...webhook, url }, secret, nowMs);
    return;
  }
  const given = headerOf(webhook, 'x-hubspot-signature');
  const version = headerOf(webhook, 'x-hubspot-signature-version');
  if (secret === '') throw refusal('there is no secret to prove it with');
  if (version !== 'v1' && version !== 'v2') throw refusal('x-hubspot-signature-version is none that we know');
  const head = version === 'v1' ? secret : `${secret}${webhook.method}${webhook.url}`;
  const expected = createHash('sha256').update(head).update(webhook.body).digest('hex');
  if (!isSameSignature(given, expected)) throw refusal('x-hubspot-signature is not its signature');
}
