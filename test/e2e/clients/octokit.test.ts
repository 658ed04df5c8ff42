// GitHub's own client, unchanged, through the proxy: what it must be told, then a developer's first day.

import type { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { githubThrough } from '../../support/clients/octokit.ts';
import { startVendor, type Vendor } from '../../support/vendor.ts';

/** The client's error, of a package that it brings along. */
interface RequestError {
  readonly name: string;
  readonly status: number;
  readonly message: string;
  readonly response?: { readonly data: unknown; readonly headers: Readonly<Record<string, unknown>> };
}

let vendor: Vendor;
let github: Octokit;
const repo = { owner: 'user-1', repo: 'widgets' };

beforeAll(async () => {
  vendor = await startVendor('github', { scopes: ['repo'], sandbox: { githubIssues: 250 } });
  github = githubThrough(vendor.through);
});

beforeEach(() => vendor.clock.advance(MINUTE_MS));

afterAll(() => vendor[Symbol.asyncDispose]());

const failureOf = (call: Promise<unknown>): Promise<RequestError> =>
  call.then(
    () => Promise.reject(new Error('the call must fail')),
    (error) => error as RequestError,
  );

describe('octokit is told', () => {
  it('that an issue is not there, as its own error', async () => {
    const error = await failureOf(github.rest.issues.get({ ...repo, issue_number: 9999 }));
    expect([error.name, error.status, error.message]).toEqual(['HttpError', 404, expect.stringContaining('Not Found')]);
  });

  it('what was wrong with a body, field by field', async () => {
    const error = await failureOf(github.rest.issues.create({ ...repo, title: '' }));
    expect(error.status).toBe(422);
    expect(error.response?.data).toMatchObject({ errors: [{ field: 'title', code: 'missing_field' }] });
  });

  it('that nothing has changed, which costs nothing of the limit', async () => {
    const first = await github.rest.issues.get({ ...repo, issue_number: 1 });
    const again = github.rest.issues.get({
      ...repo,
      issue_number: 1,
      headers: { 'if-none-match': first.headers.etag },
    });
    const error = await failureOf(again);
    const used = [first.headers, error.response?.headers].map((headers) => headers?.['x-ratelimit-used']);
    expect([error.status, used[1]]).toEqual([304, used[0]]);
  });

  it('of a secondary limit with the time to come back, at once: the call is not repeated for it', async () => {
    const titles = Array.from({ length: 80 }, (_, n) => `issue ${n}`);
    await Promise.all(titles.map((title) => github.rest.issues.create({ ...repo, title })));
    let error: RequestError | undefined;
    const asked = await vendor.asked(async () => {
      error = await failureOf(github.rest.issues.create({ ...repo, title: 'one too many' }));
    });
    expect([error?.status, error?.response?.headers['retry-after'], asked]).toEqual([
      403,
      expect.stringMatching(/^\d+$/),
      1,
    ]);
    expect(error?.message).toContain('secondary rate limit');
  });

  it('by Tenon that a key is wrong, in words that it shows', async () => {
    const { url, headers } = vendor.through;
    const stranger = githubThrough({ url, headers: { ...headers, 'x-api-key': 'tnn_wrong' } });
    const error = await failureOf(stranger.rest.users.getAuthenticated());
    expect([error.status, error.message]).toEqual([401, expect.stringContaining('the API key is missing')]);
  });
});

describe('octokit', () => {
  it('knows who it is', async () => {
    const { data, headers } = await github.rest.users.getAuthenticated();
    expect([data.login, headers['x-oauth-scopes']]).toEqual(['user-1', 'repo']);
  });

  it('lists, creates, reads, changes and closes', async () => {
    const { data: made } = await github.rest.issues.create({ ...repo, title: 'Proxy', body: 'ü', labels: ['bug'] });
    expect(made).toMatchObject({ title: 'Proxy', body: 'ü', state: 'open', labels: [{ name: 'bug' }] });
    const at = { ...repo, issue_number: made.number };
    const { data: closed } = await github.rest.issues.update({ ...at, state: 'closed', body: 'done' });
    expect([closed.state, closed.body, closed.closed_at === null]).toEqual(['closed', 'done', false]);
    expect((await github.rest.issues.get(at)).data).toEqual(closed);
    const { data: newest } = await github.rest.issues.listForRepo({ ...repo, state: 'all', per_page: 1 });
    expect(newest.map(({ number }) => number)).toEqual([made.number]);
  });

  it('pages to the end through Tenon, although GitHub links its own address', async () => {
    const { data: repository } = await github.rest.repos.get(repo);
    const pages: (string | undefined)[] = [];
    let issues: { number: number }[] = [];
    const asked = await vendor.asked(async () => {
      issues = await github.paginate(
        github.rest.issues.listForRepo,
        { ...repo, state: 'all', per_page: 100 },
        (page) => {
          pages.push(page.headers.link);
          return page.data;
        },
      );
    });
    expect(asked).toBe(pages.length);
    expect(new Set(issues.map(({ number }) => number)).size).toBe(issues.length);
    expect(issues.at(-1)?.number).toBe(1);
    const at = `${vendor.through.url}/proxy/repositories/${repository.id}/issues?state=all&per_page=100&page=2`;
    expect(pages[0]).toContain(`<${at}>; rel="next"`);
    expect(pages.join()).not.toContain(vendor.tenon.sandbox.origin);
  });

  it('follows a repository that was renamed, through Tenon', async () => {
    const { data } = await github.rest.issues.get({ ...repo, repo: 'widgets-old', issue_number: 1 });
    expect(data.number).toBe(1);
  });

  it('waits once for a limit that passes soon, and Tenon does the waiting', async () => {
    vendor.fail({ kind: 'status', status: 429, retryAfterSeconds: 3 });
    let ms = 0;
    const asked = await vendor.asked(async () => {
      ({ ms } = await vendor.passing(github.rest.users.getAuthenticated()));
    });
    expect([asked, ms >= 3 * SECOND_MS]).toEqual([2, true]);
  });

  it('makes fifty calls at once, each answered with its own', async () => {
    const numbers = Array.from({ length: 50 }, (_, n) => n + 1);
    const answers = await Promise.all(numbers.map((n) => github.rest.issues.get({ ...repo, issue_number: n })));
    expect(answers.map(({ data }) => data.number)).toEqual(numbers);
  });

  it('may be sent to the path of the proxy instead of its root, and pages there', async () => {
    const under = githubThrough({ ...vendor.through, url: `${vendor.through.url}/proxy` });
    const issues = await under.paginate(under.rest.issues.listForRepo, { ...repo, state: 'all', per_page: 100 });
    expect(issues.at(-1)?.number).toBe(1);
  });

  it('goes to the provider itself where the operator wants links as they are', async () => {
    await using kept = await startVendor('github', { scopes: ['repo'], env: { TENON_PROXY_URL: 'none' } });
    const { headers } = await githubThrough(kept.through).rest.issues.listForRepo({ ...repo, per_page: 10 });
    expect(headers.link).toContain(`<${kept.tenon.sandbox.origin}/repositories/`);
  });

  it('reads compressed answers', async () => {
    const { data, headers } = await github.rest.issues.listForRepo({ ...repo, per_page: 100 });
    expect([headers['content-encoding'], data.length]).toEqual(['gzip', 100]);
  });
});
