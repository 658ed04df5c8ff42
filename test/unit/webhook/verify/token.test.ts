import { describe, expect, it } from 'vitest';
import type { ReceivedWebhook } from '../../../../src/webhook/received.ts';
import { knowing, type TokenScheme } from '../../../../src/webhook/verify/token.ts';
import { codeOf, received } from '../../connectors/received.ts';

const SECRET = 'a+secret/with=signs';

const CASES: readonly (readonly [scheme: TokenScheme, sent: (token: string) => ReceivedWebhook])[] = [
  [{ in: 'header', name: 'x-token' }, (token) => received('', { headers: { 'x-token': token } })],
  [
    { in: 'query', name: 'token' },
    (token) => received('', { url: `https://t.example/x?token=${encodeURIComponent(token)}` }),
  ],
  [{ in: 'body', name: 'token' }, (token) => received({ token, a: 1 })],
];

describe.each(CASES)('a secret that is sent along, %o', (scheme, sent) => {
  const codeWith = (webhook: ReceivedWebhook, secret = SECRET) => codeOf(() => knowing(scheme)(webhook, secret));

  it.each([
    ['another', 'other'],
    ['a part', SECRET.slice(0, -1)],
    ['a longer one', `${SECRET}.`],
    ['an empty one', ''],
    ['one that is not ASCII', 'é'.repeat(SECRET.length)],
    ['a huge one', 'a'.repeat(1_000_000)],
  ])('is refused when it is %s', (_what, token) => {
    expect(codeWith(sent(token))).toBe('unauthenticated');
  });

  it.each([
    ['nothing', received('')],
    ['no JSON', received('token')],
    ['JSON without it', received({ other: SECRET })],
    ['something else than a text', received({ token: [SECRET] })],
    ['an address that is none', received('', { url: 'nowhere' })],
  ])('is refused with %s', (_what, webhook) => {
    expect(codeWith(webhook)).toBe('unauthenticated');
  });

  it('is refused where there is no secret', () => {
    expect(codeWith(sent(''), '')).toBe('unauthenticated');
    expect(codeWith(received(''), '')).toBe('unauthenticated');
  });

  it('is believed', () => {
    expect(codeWith(sent(SECRET))).toBeNull();
  });
});
