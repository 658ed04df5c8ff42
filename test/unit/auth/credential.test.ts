import { describe, expect, it } from 'vitest';
import { type Credential, parseCredential } from '../../../src/auth/credential.ts';

describe('parseCredential', () => {
  it.each([
    '',
    'canary-token',
    'null',
    '[]',
    '{}',
    '{"scheme":"magic","token":"canary-token"}',
    '{"scheme":"oauth2","tokenType":"Bearer"}',
    '{"scheme":"oauth2","accessToken":"","tokenType":"Bearer"}',
    '{"scheme":"oauth2","accessToken":"canary-token","tokenType":"Bearer","refreshToken":null}',
    '{"scheme":"oauth2","accessToken":"canary-token","tokenType":"Bearer","source":{"grant":"magic"}}',
    '{"scheme":"oauth2","accessToken":"canary-token","tokenType":"Bearer","client":{"clientId":"a"}}',
    '{"scheme":"apiKey","apiKey":""}',
    '{"scheme":"apiKey","apiKey":"canary-token","more":1}',
    '{"scheme":"basic","username":"canary-token"}',
    '{"scheme":"custom","values":{"a":1}}',
  ])('refuses %j without repeating it', (json) => {
    expect(() => parseCredential(json)).toThrow(/^T-CREDENTIAL: a sealed credential has an unknown shape$/);
  });

  it.each<Credential>([
    { scheme: 'oauth2', accessToken: 'a', tokenType: 'Bearer' },
    { scheme: 'oauth2', accessToken: 'a', refreshToken: 'r', tokenType: 'bot', scopes: ['x'] },
    {
      scheme: 'oauth2',
      accessToken: 'a',
      tokenType: 'Bearer',
      source: { grant: 'clientCredentials', client: { clientId: 'i', clientSecret: 's' }, scopes: ['x'] },
    },
    {
      scheme: 'oauth2',
      accessToken: 'a',
      tokenType: 'Bearer',
      source: {
        grant: 'password',
        client: { clientId: 'i', clientSecret: '' },
        username: 'u',
        password: 'p',
        scopes: [],
      },
    },
    {
      scheme: 'oauth2',
      accessToken: 'a',
      tokenType: 'Bearer',
      source: { grant: 'exchange', values: { privateKey: 'k' }, scopes: [] },
    },
    { scheme: 'apiKey', apiKey: 'k' },
    { scheme: 'basic', username: '', password: '' },
    { scheme: 'custom', values: { a: 'b' } },
    { scheme: 'none' },
  ])('reads back %j', (credential) => {
    expect(parseCredential(JSON.stringify(credential))).toEqual(credential);
  });
});
