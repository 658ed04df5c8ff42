// Signatures that are a keyed hash of the request, described as data: what is signed, how, and in which header the
// result stands. The event sources of connectors call it. Invariants: the body is hashed as it came; a stamp that is
// signed is looked at before the signature is; comparing takes as long whichever byte is wrong; nothing is proved by an
// empty secret.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { WEBHOOK_AGE_MS_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { ReceivedWebhook } from '../received.ts';
import { refusal } from './refusal.ts';

/** How a provider signs. Names of headers are in lower case. */
export interface HmacScheme {
  readonly algorithm: 'sha1' | 'sha256';
  readonly encoding: 'hex' | 'base64';
  readonly header: string;
  /** What stands before the signature in its header. */
  readonly prefix?: string;
  /**
   * When it was signed, as digits: no webhook is believed that is far from now. Null: signed like the rest, but the
   * provider does not document its form, or repeats it unchanged when it tries again.
   */
  readonly stamp?: { readonly header: string; readonly unit: StampUnit | null };
  /** What is signed, with `{method}`, `{url}`, `{stamp}` and `{body}` for what the request says. */
  readonly signedText: string;
}

type StampUnit = 's' | 'ms';

const UNIT_MS = { s: 1000, ms: 1 } as const;
/** Milliseconds have 13 digits until the year 2286. */
const STAMP = /^\d{1,13}$/;

/** Rejects with `unauthenticated` what `secret` has not signed, or has signed at another time. */
export function verifyHmac(scheme: HmacScheme, webhook: ReceivedWebhook, secret: string, nowMs: Ms): void {
  const stamp = scheme.stamp === undefined ? '' : headerOf(webhook, scheme.stamp.header);
  const unit = scheme.stamp?.unit ?? null;
  if (scheme.stamp !== undefined && unit !== null) checkStamp(stamp, unit, scheme.stamp.header, nowMs);
  const given = headerOf(webhook, scheme.header);
  const prefix = scheme.prefix ?? '';
  const expected = `${prefix}${digestOf(scheme, webhook, stamp, secret)}`;
  if (!isSameSignature(given, expected)) throw refusal(`${scheme.header} is not its signature`);
}

/** What verifies by a scheme, as event sources have it. */
export function signedBy(scheme: HmacScheme): (webhook: ReceivedWebhook, secret: string, nowMs: Ms) => void {
  return (webhook, secret, nowMs) => verifyHmac(scheme, webhook, secret, nowMs);
}

/** A header of the request; rejects with `unauthenticated` where it is missing. */
export function headerOf({ headers }: ReceivedWebhook, name: string): string {
  const value = headers[name];
  if (value === undefined || value === '') throw refusal(`${name} is missing`);
  return value;
}

/** Rejects with `unauthenticated` a stamp that is none, or too far from now on either side. */
export function checkStamp(stamp: string, unit: StampUnit, name: string, nowMs: Ms): void {
  if (!STAMP.test(stamp)) throw refusal(`${name} is no time`);
  const awayMs = Math.abs(nowMs - Number(stamp) * UNIT_MS[unit]);
  if (awayMs > WEBHOOK_AGE_MS_MAX) throw refusal(`${name} is too far from now`);
}

/** Whether two signatures are the same text; the length of one is no secret. */
export function isSameSignature(given: string, expected: string): boolean {
  if (given.length !== expected.length) return false;
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function digestOf(
  { algorithm, encoding, signedText }: HmacScheme,
  { method, url, body }: ReceivedWebhook,
  stamp: string,
  secret: string,
): string {
  if (secret === '') throw refusal('there is no secret to prove it with');
  const parts: Readonly<Record<string, string | Buffer>> = {
    '{method}': method,
    '{url}': url,
    '{stamp}': stamp,
    '{body}': body,
  };
  const hmac = createHmac(algorithm, secret);
  for (const part of signedText.split(/(\{\w+\})/)) hmac.update(parts[part] ?? part);
  return hmac.digest(encoding);
}
