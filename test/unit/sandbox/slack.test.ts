import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/time.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { ask, connectPlain, listAt, TestClock, textAt } from './client.ts';

let clock: TestClock;
let sandbox: Sandbox;
let token: string;
let refreshToken: string;

beforeEach(async () => {
  clock = new TestClock();
  sandbox = await startSandbox({ clock, autoConsent: true, slackChannels: 5 });
  const tokens = await connectPlain(sandbox, 'slack');
  [token, refreshToken] = [textAt(tokens, 'access_token'), textAt(tokens, 'refresh_token')];
});
afterEach(() => sandbox.close());

const call = (method: string, body = {}, as: string | undefined = token) =>
  ask(sandbox, `/api/${method}`, { method: 'POST', body, ...(as === undefined ? {} : { token: as }) });

function refresh(secret = 'secret-for-app') {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'app', client_secret: secret };
  return ask(sandbox, '/api/oauth.v2.access', { method: 'POST', body: new URLSearchParams(form) });
}

describe('Slack says no with 200', () => {
  test.each<[string, string, object, string | undefined, string]>([
    ['to nobody', 'auth.test', {}, '', 'not_authed'],
    ['to a stranger', 'auth.test', {}, 'xoxb-made-up', 'invalid_auth'],
    ['to a method that is none', 'chat.shout', {}, undefined, 'unknown_method'],
    ['to a channel that is none', 'chat.postMessage', { channel: 'C1', text: 'x' }, undefined, 'channel_not_found'],
    ['to a message without words', 'chat.postMessage', { channel: 'C000000000' }, undefined, 'no_text'],
    [
      'to a message that is none',
      'chat.update',
      { channel: 'C000000000', ts: '1.000001' },
      undefined,
      'message_not_found',
    ],
    ['to a cursor that is none', 'conversations.list', { cursor: 'x' }, undefined, 'invalid_cursor'],
    ['to a user that is none', 'users.info', { user: 'U1' }, undefined, 'user_not_found'],
    [
      'to a file that never came',
      'files.completeUploadExternal',
      { files: [{ id: 'F1' }] },
      undefined,
      'file_not_found',
    ],
  ])('%s', async (_what, method, body, as, error) => {
    const answer = await call(method, body, as ?? token);
    expect([answer.status, answer.json]).toMatchObject([200, { ok: false, error }]);
  });

  test('to a token that ended, and to a wrong secret', async () => {
    clock.ms += 12 * HOUR_MS;
    expect(textAt(await call('auth.test'), 'error')).toBe('token_expired');
    const answer = await refresh('wrong');
    expect([answer.status, answer.json]).toEqual([200, { ok: false, error: 'bad_client_secret' }]);
  });

  test('to a message of another channel', async () => {
    const ts = textAt(await call('chat.postMessage', { channel: 'C000000000', text: 'x' }), 'ts');
    expect(textAt(await call('chat.delete', { channel: 'C000000001', ts }), 'error')).toBe('message_not_found');
  });
});

test('a refresh token works once; its second use ends the grant', async () => {
  const first = await refresh();
  expect(textAt(first, 'access_token')).toMatch(/^xoxe\.xoxb-1-/);
  expect(textAt(await refresh(), 'error')).toBe('invalid_refresh_token');
  expect(textAt(await call('auth.test', {}, textAt(first, 'access_token')), 'error')).toBe('invalid_auth');
});

test('a tier is spent for one method alone, and says when it is free again', async () => {
  for (let n = 0; n < 20; n++) expect((await call('conversations.list')).status).toBe(200);
  const refused = await call('conversations.list');
  expect([refused.status, refused.json]).toEqual([429, { ok: false, error: 'ratelimited' }]);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await call('users.list')).status).toBe(200);
  clock.ms += MINUTE_MS;
  expect((await call('conversations.list')).status).toBe(200);
});

test('workspaces share nothing', async () => {
  await call('chat.postMessage', { channel: 'C000000000', text: 'of acme' });
  const other = textAt(await connectPlain(sandbox, 'slack', 'globex'), 'access_token');
  expect(listAt(await call('conversations.history', { channel: 'C000000000' }), 'messages')).toHaveLength(1);
  expect(listAt(await call('conversations.history', { channel: 'C000000000' }, other), 'messages')).toEqual([]);
});

test('an upload of another length is refused', async () => {
  const opened = await call('files.getUploadURLExternal', { filename: 'a.txt', length: 3 });
  const path = new URL(textAt(opened, 'upload_url')).pathname;
  expect((await ask(sandbox, path, { method: 'POST', body: 'four' })).status).toBe(400);
  expect((await ask(sandbox, path, { method: 'POST', body: 'abc' })).text).toBe('OK - 3');
});
