// Signs what is delivered to destinations, as Standard Webhooks and Svix do, so that their verifiers work as they
// are. The messenger calls it for every attempt: verifiers refuse stamps older than five minutes. Invariant: the
// bytes that are signed are the bytes that are sent.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createHmac, randomBytes } from 'node:crypto';
import { invariant } from '../core/errors.ts';

const SECRET_PREFIX = 'whsec_';
/** The specification asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

export interface MessageToSign {
  /** The same on every attempt: receivers drop repetitions by it. */
  readonly id: string;
  /** Seconds since the epoch, of this attempt. */
  readonly timestampS: number;
  readonly body: Uint8Array | string;
}

/** A new signing secret, `whsec_` and 32 random bytes as base64. */
export function newSigningSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The signature header: one `v1,<base64>` per secret, separated by spaces, so that during a rotation receivers with
 * either secret accept the message. Rejects with `invariant` when there is no secret or one is not of our form.
 */
export function signMessage(message: MessageToSign, secrets: readonly string[]): string {
  invariant(secrets.length > 0, 'T-SIGN-NO-SECRET', 'a message must be signed with at least one secret');
  invariant(Number.isSafeInteger(message.timestampS), 'T-SIGN-TIMESTAMP', 'the timestamp must be whole seconds');
  const head = `${message.id}.${message.timestampS}.`;
  return secrets
    .map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(head).update(message.body).digest('base64')}`)
    .join(' ');
}

/** The six headers of a delivery: Svix's names, and the same under the names of Standard Webhooks. */
export function deliveryHeaders(message: MessageToSign, secrets: readonly string[]): Readonly<Record<string, string>> {
  const signature = signMessage(message, secrets);
  const timestamp = String(message.timestampS);
  return {
    'svix-id': message.id,
    'svix-timestamp': timestamp,
    'svix-signature': signature,
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '', 'base64');
  invariant(key.length > 0, 'T-SIGN-SECRET', 'a signing secret must be whsec_ and base64');
  return key;
}
