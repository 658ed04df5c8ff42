// Each scheme against signatures that are made here by hand from what the provider documents.

import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ReceivedWebhook } from '../../../../src/webhook/received.ts';
import { type HmacScheme, signedBy } from '../../../../src/webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../../../src/webhook/verify/schemes.ts';
import { codeOf, NOW_MS, received } from '../../connectors/received.ts';

const SECRET = 'a secret';
/** Not UTF-8, because what is signed is bytes. */
const BODY = Buffer.from([0x7b, 0x22, 0xc3, 0xa9, 0xff, 0x22, 0x7d]);
const SECONDS = String(NOW_MS / 1000);
const MINUTE_MS = 60_000;

const hmac = (algorithm: string, encoding: 'hex' | 'base64', ...parts: (string | Buffer)[]) =>
  createHmac(algorithm, SECRET)
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest(encoding);

interface Signed {
  readonly header: string;
  readonly signature: string;
  readonly stamp?: readonly [header: string, value: string];
  /** Whether an old stamp is refused. */
  readonly isDated?: boolean;
}

const SIGNED: Readonly<Record<keyof typeof HMAC_SCHEMES, Signed>> = {
  attio: { header: 'attio-signature', signature: hmac('sha256', 'hex', BODY) },
  github: { header: 'x-hub-signature-256', signature: `sha256=${hmac('sha256', 'hex', BODY)}` },
  housecallPro: {
    header: 'api-signature',
    signature: hmac('sha256', 'hex', `${SECONDS}.`, BODY),
    stamp: ['api-timestamp', SECONDS],
  },
  jobber: { header: 'x-jobber-hmac-sha256', signature: hmac('sha256', 'base64', BODY) },
  outreach: { header: 'outreach-webhook-signature', signature: hmac('sha256', 'hex', BODY) },
  salesloft: { header: 'x-salesloft-signature', signature: hmac('sha1', 'hex', BODY) },
  slack: {
    header: 'x-slack-signature',
    signature: `v0=${hmac('sha256', 'hex', `v0:${SECONDS}:`, BODY)}`,
    stamp: ['x-slack-request-timestamp', SECONDS],
    isDated: true,
  },
  xero: { header: 'x-xero-signature', signature: hmac('sha256', 'base64', BODY) },
  zendeskSupport: {
    header: 'x-zendesk-webhook-signature',
    signature: hmac('sha256', 'base64', '2026-01-15T12:00:00Z', BODY),
    stamp: ['x-zendesk-webhook-signature-timestamp', '2026-01-15T12:00:00Z'],
  },
  zohoMail: { header: 'x-hook-signature', signature: hmac('sha256', 'base64', BODY) },
};

describe.each(Object.entries(SIGNED))(
  'the signature of %s',
  (provider, { header, signature, stamp, isDated = false }) => {
    const scheme: HmacScheme = HMAC_SCHEMES[provider as keyof typeof HMAC_SCHEMES];
    const verify = signedBy(scheme);
    const headers = { [header]: signature, ...(stamp === undefined ? {} : { [stamp[0]]: stamp[1] }) };
    const good = received('', { body: BODY, headers });
    const isBelieved = (webhook: ReceivedWebhook, secret = SECRET, nowMs = NOW_MS) => {
      const code = codeOf(() => verify(webhook, secret, nowMs));
      expect([null, 'unauthenticated']).toContain(code);
      return code === null;
    };
    const withHeaders = (changed: Readonly<Record<string, string>>) => ({
      ...good,
      headers: { ...headers, ...changed },
    });

    it('is refused with another secret, and with none', () => {
      expect(isBelieved(good, `${SECRET}.`)).toBe(false);
      const empty = createHmac(scheme.algorithm, '').update(BODY).digest(scheme.encoding);
      expect(isBelieved(withHeaders({ [header]: `${scheme.prefix ?? ''}${empty}` }), '')).toBe(false);
    });

    it.each([0, BODY.length - 1])('is refused where byte %i of the body is another', (at) => {
      const body = Buffer.from(BODY);
      body[at] = (body[at] ?? 0) ^ 1;
      expect(isBelieved({ ...good, body })).toBe(false);
      expect(isBelieved({ ...good, body: Buffer.concat([BODY, Buffer.from(' ')]) })).toBe(false);
    });

    it.each([
      ['missing', ''],
      ['cut', signature.slice(0, -1)],
      ['longer', `${signature}0`],
      ['one character off', `${signature.slice(0, -2)}${signature.at(-2) === '0' ? '1' : '0'}${signature.at(-1)}`],
      ['of another case', signature.toUpperCase()],
      ['with another prefix', `v1=${signature.replace(/^(?:v0|sha256)=/, '')}`],
      ['not ASCII', 'é'.repeat(signature.length)],
      ['not ASCII, and as many bytes', 'é'.repeat(signature.length / 2)],
      ['huge', 'a'.repeat(1_000_000)],
    ])('is refused when it is %s', (_what, given) => {
      expect(isBelieved(withHeaders({ [header]: given }))).toBe(false);
    });

    it('is refused without any header', () => {
      expect(isBelieved({ ...good, headers: Object.create(null) })).toBe(false);
    });

    if (stamp !== undefined) {
      it('is refused without its time, and with another', () => {
        for (const value of ['', 'now', '-1', '1e3', '9'.repeat(20), String(NOW_MS / 1000 + 1)]) {
          expect(isBelieved(withHeaders({ [stamp[0]]: value }))).toBe(false);
        }
      });
    }

    if (isDated) {
      it('is refused more than five minutes from now, on either side', () => {
        expect(isBelieved(good, SECRET, NOW_MS + 5 * MINUTE_MS + 1)).toBe(false);
        expect(isBelieved(good, SECRET, NOW_MS - 5 * MINUTE_MS - 1)).toBe(false);
        expect(isBelieved(good, SECRET, NOW_MS + 5 * MINUTE_MS)).toBe(true);
      });
    }

    it('is believed', () => {
      expect(isBelieved(good)).toBe(true);
    });
  },
);

describe('the example that is published by', () => {
  it('Slack', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
      '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
      '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
      '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const verify = signedBy(HMAC_SCHEMES.slack);
    verify(received(body, { headers }), '8f742231b10e8888abcd99yyyzzz85a5', 1531420618_000);
  });

  it('GitHub', () => {
    const headers = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    };
    signedBy(HMAC_SCHEMES.github)(received('Hello, World!', { headers }), "It's a Secret to Everybody", NOW_MS);
  });
});
