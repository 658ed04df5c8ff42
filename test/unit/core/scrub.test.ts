import { describe, expect, it } from 'vitest';
import { errorFacts } from '../../../src/core/errors.ts';
import { scrubbed, without, withoutEscaped } from '../../../src/core/scrub.ts';

const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c';

describe('what looks like a credential', () => {
  it.each([
    ['a JWT', `token ${JWT} has expired`, JWT.slice(0, 30)],
    ['an opaque token', 'unknown refresh token 5Aep861KIwKdekr90I4iHdZkm9Yy3Vk2Q', '5Aep861KIwKdekr90I4iHdZkm9Yy3Vk2Q'],
    ['a session id', 'INVALID_SESSION 00D5g000004qXYZ!AQcAQH8x7ZkQmF', 'AQcAQH8x7ZkQmF'],
    ['a secret key', 'Invalid API Key provided: sk_live_51H8x7ZkQmFabcdEFGH12345', '51H8x7ZkQmFabcdEFGH12345'],
    ['a private app token', 'pat-na1-0b7e2f51-3b2a-4c1d-9e8f-1234567890ab is revoked', '1234567890ab'],
    ['a header', 'sent Authorization: Bearer abc.def-ghi', 'abc.def-ghi'],
    ['a scheme and its value', 'refused "Basic dXNlcjpwYXNz"', 'dXNlcjpwYXNz'],
    ['an address', 'GET https://a.example/x?access_token=short&b=1 failed', 'short'],
    ['a form', 'client_secret=hunter2&grant_type=refresh_token', 'hunter2'],
    ['JSON', '{"refresh_token": "tiny", "password":"p@ss"}', 'tiny'],
    ['JSON inside JSON', String.raw`body "{\"access_token\":\"tiny-1\",\"x\":1}"`, 'tiny-1'],
    ['a header for keys', 'sent X-Api-Key: 12ab-34cd', '12ab-34cd'],
    ["a vendor's scheme", 'Authorization: Zoho-oauthtoken 1000.ab12.cd34', 'cd34'],
    ['the password of an address', 'POST https://hook:pa-55@a.example/x failed', 'pa-55'],
  ])('%s is taken out', (_what, text, secret) => {
    expect(scrubbed(text)).not.toContain(secret);
    expect(scrubbed(text)).toContain('[removed]');
    expect(errorFacts(new Error(text)).message).not.toContain(secret);
  });

  it('is taken out once, and what stands around it stays', () => {
    expect(scrubbed('GET https://a.example/x?access_token=short&b=1 failed')).toBe(
      'GET https://a.example/x?access_token=[removed]&b=1 failed',
    );
    expect(scrubbed(scrubbed(`key ${JWT}`))).toBe(scrubbed(`key ${JWT}`));
    expect(scrubbed(scrubbed('client_secret=tiny'))).toBe('client_secret=[removed]');
  });
});

describe('what helps to find a fault', () => {
  it.each([
    'read:0b7e2f51-3b2a-4c1d-9e8f-1234567890ab/contacts failed on page.failed: T-2002',
    'the token endpoint answered 503 (unavailable)',
    'No such column My_Custom_Field_2024_Name__c on entity Opportunity',
    'connect ECONNREFUSED 127.0.0.1:44321 to https://na139.my-long-company-name.salesforce.com/services/data/v59.0',
    'expired at 2026-01-05T09:00:00.000Z, retry after 1767603600000',
    'invalid_grant expired access/refresh token',
    'connect ECONNREFUSED https://a.example:8443/x',
    'property "hs_v2_date_entered_appointmentscheduled" does not exist',
  ])('stays: %s', (text) => {
    expect(scrubbed(text)).toBe(text);
  });
});

describe('a secret that is known', () => {
  it('is taken out however short and however it stands, and a word that it could be is not', () => {
    const text = 'rt-2-0 of "rt-2-0" (rt-2-0-abc) by me';
    expect(without(text, ['rt-2-0', 'me', ''])).toBe('[removed] of "[removed]" ([removed]-abc) by me');
  });

  it.each([
    ['as it is', 'ab/cd+ef ü1.34'],
    ['escaped', 'ab%2Fcd%2Bef%20%C3%BC1.34'],
    ['escaped in the other case', 'ab%2fcd%2bef%20%c3%bc1.34'],
    ['escaped in part, and where it need not be', '%61b/cd%2bef+ü1%2e34'],
    ['escaped twice', 'ab%252Fcd%252bef%2520%25C3%25BC1.34'],
  ])('is taken out of an address where it stands %s', (_how, form) => {
    const secrets = ['ab/cd+ef ü1.34', 'me'];
    const around = (value: string) => `/me?next=${value}&b=%zz#${value}`;
    expect(withoutEscaped(around(form), secrets)).toBe(around('[removed]'));
    const other = around(form.replace('34', '35'));
    expect(withoutEscaped(other, secrets)).toBe(other);
  });
});
