// GitHub's REST API of one user: who may call, the limits, the user, one repository and its issues. Mounted by
// `sandbox.ts`. Invariants: pages are linked by absolute addresses in the Link header, as the vendor's are; an answer
// that has not changed is a 304, which costs nothing. Source: https://docs.github.com/en/rest

import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { HOUR_MS, MINUTE_MS, parseTimestamp, SECOND_MS } from '../core/time.ts';
import { githubError, jsonAnswer } from './answers.ts';
import type { Account, RequestContext, SandboxApp, SandboxContext, SandboxEnv } from './context.ts';
import {
  githubIssue,
  githubRepository,
  githubUser,
  isIssueOpen,
  issueIndexOf,
  REPOSITORY,
  REPOSITORY_BEFORE,
  repositoryIdOf,
} from './githubObjects.ts';
import { bearerOf } from './hubspot.ts';
import type { ObjectRows, RecordRow } from './records.ts';
import { EVERY_ROW, filtered, type RowQuery, select } from './selection.ts';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 30;
/** Content is created at most this often, which nothing tells before it is exceeded. */
const CREATED_PER_MINUTE_MAX = 80;
const STATES: ReadonlySet<string> = new Set(['open', 'closed', 'all']);
const WRITABLE = ['title', 'body', 'state', 'labels'] as const;

export function buildGithub(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const authenticated = githubAuthentication(context);
  const counted = primaryLimit(context);
  for (const path of ['/user/*', '/repos/*', '/repositories/*']) app.use(path, authenticated, counted);
  app.get('/rate_limit', authenticated, (c) => jsonAnswer(c, 200, rateLimit(context, c.get('account'))));
  app.get('/user', (c) => fresh(c, githubUser(originOf(c), c.get('account'))));
  app.get('/user/repos', (c) => fresh(c, [githubRepository(originOf(c), c.get('account'))]));
  for (const repository of ['/repos/:owner/:repo', '/repositories/:id'] as const) {
    app.use(`${repository}/*`, ownRepository);
    app.get(repository, (c) => fresh(c, githubRepository(originOf(c), c.get('account'))));
    app.get(`${repository}/issues`, (c) => list(context, c));
    app.post(`${repository}/issues`, creationLimit(context), (c) => create(context, c));
    app.get(`${repository}/issues/:number`, (c) => withIssue(c, (_rows, row) => fresh(c, issue(c, row))));
    app.patch(`${repository}/issues/:number`, (c) => withIssue(c, (rows, row) => modify(context, c, rows, row)));
  }
  return app;
}

/** Answers 401 unless the bearer token is a live GitHub one; sets `account` to its user. */
export function githubAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const token = bearerOf(c);
    if (token === '') return githubError(c, 401, 'Requires authentication');
    const check = context.grants.check(token);
    if (check.kind !== 'valid' || check.grant.provider !== 'github') return githubError(c, 401, 'Bad credentials');
    c.header('x-oauth-scopes', check.grant.scope.replaceAll(' ', ', '));
    c.header('x-github-api-version-selected', '2022-11-28');
    c.set('account', context.accounts.of('github', check.grant.account));
    return next();
  });
}

function hourly(context: SandboxContext, user: Account) {
  return user.window('requests', { limit: context.limits.githubRequestsPerHour, windowMs: HOUR_MS });
}

function rateLimit(context: SandboxContext, user: Account): JsonObject {
  const window = hourly(context, user);
  const used = window.used();
  const reset = Math.ceil(window.freeAtMs() / SECOND_MS);
  const core = { limit: window.limit, remaining: window.limit - used, reset, used, resource: 'core' };
  return { resources: { core }, rate: core };
}

/** A 304 is not counted, so that asking whether something changed is free. */
function primaryLimit(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const user = c.get('account');
    const window = hourly(context, user);
    const isFree = window.used() < window.limit;
    if (isFree) await next();
    else c.res = githubError(c, 403, `API rate limit exceeded for user ID ${user.number}.`);
    if (isFree && c.res.status !== 304) window.take();
    if (!isFree) context.counts.rateLimited += 1;
    const { rate } = rateLimit(context, user);
    if (!isJsonObject(rate)) return;
    for (const [name, value] of Object.entries(rate)) c.header(`x-ratelimit-${name}`, String(value));
  });
}

function creationLimit(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const window = c.get('account').window('creation', { limit: CREATED_PER_MINUTE_MAX, windowMs: MINUTE_MS });
    if (window.take()) return next();
    context.counts.rateLimited += 1;
    const waitMs = window.freeAtMs() - context.clock.nowMs();
    c.header('retry-after', String(Math.max(1, Math.ceil(waitMs / SECOND_MS))));
    return githubError(c, 403, 'You have exceeded a secondary rate limit. Please wait a few minutes.');
  });
}

/** Lets through what is about the user's repository: by name in any case, or by id. Its old name moved permanently. */
const ownRepository = createMiddleware<SandboxEnv>(async (c, next) => {
  const user = c.get('account');
  const { owner = '', repo = '', id } = c.req.param() as Readonly<Record<string, string | undefined>>;
  if (id !== undefined) return id === String(repositoryIdOf(user)) ? next() : githubError(c, 404, 'Not Found');
  if (owner.toLowerCase() !== user.name) return githubError(c, 404, 'Not Found');
  if (repo.toLowerCase() === REPOSITORY) return next();
  if (repo.toLowerCase() !== REPOSITORY_BEFORE) return githubError(c, 404, 'Not Found');
  const { search } = new URL(c.req.url);
  const rest = c.req.path.split('/').slice(4).join('/');
  const location = `${originOf(c)}/repositories/${repositoryIdOf(user)}${rest === '' ? '' : `/${rest}`}${search}`;
  return jsonAnswer(c, 301, { message: 'Moved Permanently', url: location }, { location });
});

function originOf(c: RequestContext): string {
  return new URL(c.req.url).origin;
}

function issue(c: RequestContext, row: RecordRow): JsonObject {
  return githubIssue(originOf(c), c.get('account'), row);
}

/** The body with a validator, or 304 for who has it already. */
function fresh(c: RequestContext, body: JsonValue, headers: Readonly<Record<string, string>> = {}): Response {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const etag = `W/"${digest}"`;
  const all = { etag, 'cache-control': 'private, max-age=60, s-maxage=60', ...headers };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, all);
  return jsonAnswer(c, 200, body, { 'content-type': 'application/json; charset=utf-8', ...all });
}

/** Newest first, 30 a page. */
function list(context: SandboxContext, c: RequestContext): Response {
  const page = Number(c.req.query('page') ?? 1);
  const perPage = Math.min(PAGE_MAX, Number(c.req.query('per_page') ?? PAGE_DEFAULT));
  const state = c.req.query('state') ?? 'open';
  const since = c.req.query('since');
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : parseTimestamp(since);
  if (!Number.isSafeInteger(page) || page < 1 || !Number.isSafeInteger(perPage) || perPage < 1 || sinceMs === null) {
    return invalid(c, 'page', 'invalid');
  }
  if (!STATES.has(state)) return invalid(c, 'state', 'invalid');
  const rows = c.get('account').rows('issues');
  const every: RowQuery = { ...EVERY_ROW, modifiedFromMs: sinceMs, order: { by: 'index', isDescending: true } };
  const query = state === 'all' ? every : filtered(every, (row) => isIssueOpen(row) === (state === 'open'));
  const selection = rows === null ? null : select(rows, query);
  const issues = (selection?.indexes((page - 1) * perPage, perPage) ?? []).flatMap((index) => {
    const row = rows?.at(index) ?? null;
    return row === null ? [] : [issue(c, row)];
  });
  context.counts.recordsServed += issues.length;
  const link = linkOf(c, page, Math.max(1, Math.ceil((selection?.total ?? 0) / perPage)));
  return fresh(c, issues, link === '' ? {} : { link });
}

/** As the vendor links them: by the repository's id, whatever it was called by. */
function linkOf(c: RequestContext, page: number, last: number): string {
  const address = new URL(`${originOf(c)}/repositories/${repositoryIdOf(c.get('account'))}/issues`);
  address.search = new URL(c.req.url).search;
  const link = (rel: string, number: number) => {
    address.searchParams.set('page', String(number));
    return `<${address.href}>; rel="${rel}"`;
  };
  const before = page > 1 ? [link('prev', page - 1)] : [];
  const after = page < last ? [link('next', page + 1), link('last', last)] : [];
  return [...before, ...after, ...(page > 1 ? [link('first', 1)] : [])].join(', ');
}

function withIssue(
  c: RequestContext,
  handle: (rows: ObjectRows, row: RecordRow) => Response | Promise<Response>,
): Response | Promise<Response> {
  const rows = c.get('account').rows('issues');
  const row = rows?.at(issueIndexOf(c.req.param('number') ?? '')) ?? null;
  return rows === null || row === null ? githubError(c, 404, 'Not Found') : handle(rows, row);
}

async function create(context: SandboxContext, c: RequestContext): Promise<Response> {
  const values = await valuesOf(c);
  if (typeof values['title'] !== 'string' || values['title'] === '') return invalid(c, 'title', 'missing_field');
  const row = c
    .get('account')
    .rows('issues')
    ?.create(context.clock.nowMs(), { state: 'open', ...values });
  if (row === undefined) return githubError(c, 404, 'Not Found');
  const body = issue(c, row);
  return jsonAnswer(c, 201, body, { location: String(body['url']) });
}

async function modify(
  context: SandboxContext,
  c: RequestContext,
  rows: ObjectRows,
  { index }: RecordRow,
): Promise<Response> {
  const values = await valuesOf(c);
  if (values['state'] !== undefined && values['state'] !== 'open' && values['state'] !== 'closed') {
    return invalid(c, 'state', 'invalid');
  }
  const row = rows.modify(index, context.clock.nowMs(), values);
  return row === null ? githubError(c, 404, 'Not Found') : jsonAnswer(c, 200, issue(c, row));
}

/** What an issue's writer may set; other members are passed over, as the vendor does. */
async function valuesOf(c: RequestContext): Promise<JsonObject> {
  const body = parseJson(await c.req.text(), 'the body');
  if (!isJsonObject(body)) return {};
  return Object.fromEntries(WRITABLE.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])));
}

function invalid(c: RequestContext, field: string, code: string): Response {
  return githubError(c, 422, 'Validation Failed', { errors: [{ resource: 'Issue', field, code }] });
}
