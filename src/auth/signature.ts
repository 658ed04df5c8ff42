// Signed addresses: what a link says is signed with a key of the server, so that nothing is stored for each link.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA-256 of a text, as base64url. */
export function signatureOf(key: Buffer, text: string): string {
  return digestOf(key, text).toString('base64url');
}

/** Whether `signature`, as base64url, is that of the text; takes as long whichever byte is wrong. */
export function isSigned(key: Buffer, text: string, signature: string): boolean {
  const expected = digestOf(key, text);
  const given = Buffer.from(signature, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function digestOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
