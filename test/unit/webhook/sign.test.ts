import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { SECOND_MS, systemClock } from '../../../src/core/time.ts';
import { deliveryHeaders, newSigningSecret, signMessage } from '../../../src/webhook/sign.ts';

const body = JSON.stringify({ text: 'grüße 💥' });
const nowS = Math.floor(systemClock.nowMs() / SECOND_MS);

describe('signMessage', () => {
  const message = { id: 'msg_1', timestampS: nowS, body };

  it('refuses to sign with no secret', () => {
    expect(() => signMessage(message, [])).toThrow('T-SIGN-NO-SECRET');
  });

  it.each(['', 'whsec_', 'canary', 'sk_canary'])('refuses the secret %j without repeating it', (secret) => {
    expect(() => signMessage(message, [secret])).toThrow(/^T-SIGN-SECRET: (?!.*canary)/);
  });

  it.each([1.5, Number.NaN])('refuses the timestamp %d', (timestampS) => {
    expect(() => signMessage({ ...message, timestampS }, [newSigningSecret()])).toThrow('T-SIGN-TIMESTAMP');
  });

  it('gives the signature of the published example', () => {
    // https://github.com/standard-webhooks/standard-webhooks, libraries: the test vector of every implementation.
    const vector = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampS: 1_614_265_330, body: '{"test": 2432232314}' };
    const signature = signMessage(vector, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']);
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('signs bytes and their text alike', () => {
    const secret = newSigningSecret();
    const signature = signMessage(message, [secret]);
    expect(signMessage({ ...message, body: Buffer.from(body) }, [secret])).toBe(signature);
    expect(signMessage({ ...message, body: new TextEncoder().encode(body) }, [secret])).toBe(signature);
  });
});

describe('deliveryHeaders', () => {
  const current = newSigningSecret();
  const previous = newSigningSecret();
  const headers = deliveryHeaders({ id: 'msg_1', timestampS: nowS, body }, [current, previous]);

  it('fails verification with another secret, body, id or time', () => {
    const verifier = new Webhook(current);
    expect(() => new Webhook(newSigningSecret()).verify(body, headers)).toThrow('No matching signature');
    expect(() => verifier.verify(`${body} `, headers)).toThrow('No matching signature');
    expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow('No matching signature');
    const later = { ...headers, 'webhook-timestamp': String(nowS + 1) };
    expect(() => verifier.verify(body, later)).toThrow('No matching signature');
  });

  it.each([current, previous])('verifies with each of the valid secrets (%#)', (secret) => {
    expect(new Webhook(secret).verify(body, headers)).toEqual({ text: 'grüße 💥' });
  });

  it('says the same under both names', () => {
    expect(Object.keys(headers)).toEqual([
      'svix-id',
      'svix-timestamp',
      'svix-signature',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ]);
    for (const part of ['id', 'timestamp', 'signature'])
      expect(headers[`svix-${part}`]).toBe(headers[`webhook-${part}`]);
    expect(headers['svix-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  });
});

describe('newSigningSecret', () => {
  it('is whsec_ and 32 bytes of base64, never twice the same', () => {
    expect(newSigningSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSigningSecret()).not.toBe(newSigningSecret());
  });
});
