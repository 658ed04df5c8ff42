import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR_MS } from '../../../src/core/time.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { type Ask, ask, connectPlain, TestClock, textAt } from './client.ts';

let clock: TestClock;
let sandbox: Sandbox;
let token: string;

beforeEach(async () => {
  clock = new TestClock();
  sandbox = await startSandbox({ clock, autoConsent: true, githubIssues: 7, githubRequestsPerHour: 5 });
  token = textAt(await connectPlain(sandbox, 'github'), 'access_token');
});
afterEach(() => sandbox.close());

const call = (path: string, more: Ask = {}) => ask(sandbox, path, { token, ...more });
const ISSUES = '/repos/acme/widgets/issues';

describe('GitHub refuses', () => {
  test.each<[string, string, Ask, number]>([
    ['nobody', '/user', { token: '' }, 401],
    ['a stranger', '/user', { token: 'gho_made_up' }, 401],
    ['the repository of somebody else', '/repos/globex/widgets', {}, 404],
    ['a repository that is none', '/repos/acme/gadgets/issues', {}, 404],
    ['another id', '/repositories/1/issues', {}, 404],
    ['an issue that is none', `${ISSUES}/8`, {}, 404],
    ['a page that is none', `${ISSUES}?page=0`, {}, 422],
    ['a state that is none', `${ISSUES}?state=ajar`, {}, 422],
    ['an issue without a title', ISSUES, { method: 'POST', body: { body: 'x' } }, 422],
    ['to bring an issue into no state', `${ISSUES}/1`, { method: 'PATCH', body: { state: 'ajar' } }, 422],
  ])('%s', async (_what, path, more, status) => {
    const answer = await call(path, more);
    expect([answer.status, textAt(answer, 'status')]).toEqual([status, String(status)]);
  });

  test('who has spent the hour, until it has passed', async () => {
    for (let n = 0; n < 5; n++) expect((await call('/user')).status).toBe(200);
    const refused = await call('/user');
    expect([refused.status, refused.headers['x-ratelimit-remaining']]).toEqual([403, '0']);
    expect(textAt(await call('/rate_limit'), 'resources.core.remaining')).toBe('0');
    clock.ms += HOUR_MS;
    expect((await call('/user')).status).toBe(200);
  });

  test('a code with 200, as a form unless JSON is asked for', async () => {
    const form = {
      client_id: 'app',
      client_secret: 'secret-for-app',
      code: 'made-up',
      grant_type: 'authorization_code',
    };
    const body = new URLSearchParams(form);
    const answer = await ask(sandbox, '/login/oauth/access_token', { method: 'POST', body });
    expect([answer.status, new URLSearchParams(answer.text).get('error')]).toEqual([200, 'bad_verification_code']);
  });
});

test('a token has no end, and there is none to refresh', async () => {
  const tokens = await connectPlain(sandbox, 'github', 'globex');
  expect(Object.keys(tokens.json ?? {})).toEqual(['access_token', 'token_type', 'scope']);
  expect(sandbox.expireAccessTokens()).toBe(0);
  clock.ms += 1000 * HOUR_MS;
  expect((await call('/user')).status).toBe(200);
});

test('pages are linked in both directions by the id of the repository, with what was asked for', async () => {
  const { id } = (await call('/repos/acme/widgets')).json as { id: number };
  const { headers } = await call(`${ISSUES}?state=all&per_page=2&page=2`);
  const at = (page: number) => `<${sandbox.origin}/repositories/${id}/issues?state=all&per_page=2&page=${page}>`;
  expect(headers.link).toBe(`${at(1)}; rel="prev", ${at(3)}; rel="next", ${at(4)}; rel="last", ${at(1)}; rel="first"`);
});

test('what has not changed is a 304 that costs nothing; a change ends it', async () => {
  const first = await call(`${ISSUES}/1`);
  const headers = { 'if-none-match': String(first.headers.etag) };
  const again = await call(`${ISSUES}/1`, { headers });
  expect([again.status, again.text, again.headers['x-ratelimit-used']]).toEqual([304, '', '1']);
  sandbox.change({ kind: 'modify', provider: 'github', account: 'acme', object: 'issues', count: 1 });
  expect((await call(`${ISSUES}/1`, { headers })).status).toBe(200);
});
