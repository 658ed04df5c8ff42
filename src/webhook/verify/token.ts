// Secrets that a provider only repeats: it was told one with the subscription, or with the address, and sends it along.
// They prove less than signatures, since whoever sees one webhook can make others; hence they are compared like any
// other secret and never published.

import { jsonAt, jsonOrNull } from '../../core/json.ts';
import { isSameText } from '../../core/sameText.ts';
import type { ReceivedWebhook } from '../received.ts';
import { refusal } from './refusal.ts';

/** Where the secret is: a header in lower case, a parameter of the address, or a member of a JSON body. */
export interface TokenScheme {
  readonly in: 'header' | 'query' | 'body';
  readonly name: string;
}

/** What verifies by a secret that is sent along. Rejects with `unauthenticated`. */
export function knowing(scheme: TokenScheme): (webhook: ReceivedWebhook, secret: string) => void {
  return (webhook, secret) => checkToken(givenIn(scheme, webhook), secret, scheme.name);
}

/** Rejects with `unauthenticated` what is not the secret; an empty secret is none. */
export function checkToken(given: unknown, secret: string, name: string): void {
  if (typeof given !== 'string' || given === '') throw refusal(`${name} is missing`);
  if (secret === '' || !isSameText(given, secret)) throw refusal(`${name} is not the secret`);
}

function givenIn({ in: where, name }: TokenScheme, { headers, url, body }: ReceivedWebhook): unknown {
  if (where === 'header') return headers[name];
  if (where === 'query') return URL.parse(url)?.searchParams.get(name);
  return jsonAt(jsonOrNull(body.toString()), name);
}
