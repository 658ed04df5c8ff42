// Slack's Web API of one workspace: who may call, the tiers of its methods, channels, users and messages, and from
// `slackFiles.ts` uploads. Mounted by `sandbox.ts`. Invariant: an error is a 200 with `ok: false`, except a spent tier.
// Source: https://docs.slack.dev/apis/web-api/

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { jsonAnswer, slackError } from './answers.ts';
import type { Account, RequestContext, SandboxApp, SandboxContext, SandboxEnv } from './context.ts';
import { bearerOf } from './hubspot.ts';
import type { ObjectRows, RecordRow } from './records.ts';
import { EVERY_ROW, filtered, select } from './selection.ts';
import { SlackFiles } from './slackFiles.ts';
import {
  SLACK_BOT_ID,
  slackChannel,
  slackChannelIdOf,
  slackIndexOf,
  slackMessage,
  slackTeamIdOf,
  slackTsIndex,
  slackUser,
} from './slackObjects.ts';

/** One call of a method: its arguments are text, whether they came as JSON, a form or a query. */
export interface SlackCall {
  readonly c: RequestContext;
  readonly team: Account;
  readonly args: Readonly<Record<string, string>>;
}

/** The answer without its `ok: true`, or the error. */
export type SlackResult = JsonObject | { readonly error: string };
type Method = (call: SlackCall) => SlackResult;

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;
/** Calls per minute of a method and workspace, by tier; what no tier names is special. */
const TIER_LIMITS = { 2: 20, 3: 50, 4: 100, special: 600 } as const;
const TIERS: Readonly<Record<string, keyof typeof TIER_LIMITS>> = {
  'conversations.list': 2,
  'users.list': 2,
  'conversations.info': 3,
  'conversations.history': 3,
  'chat.update': 3,
  'chat.delete': 3,
  'users.info': 4,
};

export function buildSlack(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const files = new SlackFiles();
  const methods = new Map<string, Method>([...methodsOf(context), ...files.methods()]);
  app.post('/upload/v1/:ticket', (c) => files.receive(c));
  app.on(['GET', 'POST'], '/api/:method', async (c) => {
    const name = c.req.param('method');
    const args = await argumentsOf(c);
    if (name === 'api.test') return jsonAnswer(c, 200, { ok: true, args });
    const method = methods.get(name);
    if (method === undefined) return slackError(c, 'unknown_method', { req_method: name });
    const team = teamOf(context, c);
    if (typeof team === 'string') return slackError(c, team);
    const limited = tierRefusal(context, c, team, name);
    if (limited !== null) return limited;
    const result = method({ c, team, args });
    return typeof result['error'] === 'string'
      ? slackError(c, result['error'])
      : jsonAnswer(c, 200, { ok: true, ...result });
  });
  return app;
}

/** Answers with an error unless the bearer token is a live Slack one; sets `account` to its workspace. */
export function slackAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const team = teamOf(context, c);
    if (typeof team === 'string') return slackError(c, team);
    c.set('account', team);
    return next();
  });
}

/** The workspace of a call's token, or the error. */
function teamOf(context: SandboxContext, c: RequestContext): Account | string {
  const token = bearerOf(c);
  if (token === '') return 'not_authed';
  const check = context.grants.check(token);
  if (check.kind === 'expired') return 'token_expired';
  if (check.kind !== 'valid' || check.grant.provider !== 'slack') return 'invalid_auth';
  c.header('x-oauth-scopes', check.grant.scope);
  return context.accounts.of('slack', check.grant.account);
}

function tierRefusal(context: SandboxContext, c: RequestContext, team: Account, method: string): Response | null {
  const limit = TIER_LIMITS[TIERS[method] ?? 'special'];
  const window = team.window(method, { limit, windowMs: MINUTE_MS });
  if (window.take()) return null;
  context.counts.rateLimited += 1;
  const waitMs = window.freeAtMs() - context.clock.nowMs();
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / SECOND_MS)));
  return jsonAnswer(c, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': retryAfter });
}

async function argumentsOf(c: RequestContext): Promise<Readonly<Record<string, string>>> {
  const query = c.req.query();
  if (c.req.method === 'GET') return query;
  const text = await c.req.text();
  if ((c.req.header('content-type') ?? '').includes('json')) {
    const body = text === '' ? {} : parseJson(text, 'the body');
    const entries = isJsonObject(body) ? Object.entries(body) : [];
    return Object.fromEntries(entries.map(([name, value]) => [name, textOf(value ?? null)]));
  }
  return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function methodsOf(context: SandboxContext): readonly (readonly [string, Method])[] {
  const nowMs = () => context.clock.nowMs();
  return [
    ['auth.test', ({ team }) => identity(team)],
    ['conversations.list', (call) => listChannels(context, call)],
    ['conversations.info', (call) => withChannel(call, (row) => ({ channel: slackChannel(row) }))],
    [
      'conversations.history',
      (call) => withChannel(call, (row) => history(context, call, slackChannelIdOf(row.index))),
    ],
    ['users.list', (call) => listUsers(context, call)],
    ['users.info', userInfo],
    ['chat.postMessage', (call) => withChannel(call, (row) => post(call, slackChannelIdOf(row.index), nowMs()))],
    ['chat.update', (call) => withMessage(call, (rows, row) => update(call, rows, row, nowMs()))],
    ['chat.delete', (call) => withMessage(call, (rows, row) => remove(call, rows, row, nowMs()))],
  ];
}

function identity(team: Account): JsonObject {
  return {
    url: `https://${team.name}.slack.com/`,
    team: team.name,
    user: 'sandbox_app',
    team_id: slackTeamIdOf(team),
    user_id: SLACK_BOT_ID,
    bot_id: 'B0SANDBOXB',
    is_enterprise_install: false,
  };
}

/** One page by `limit` and `cursor`: the items, and the cursor of the next page, '' at the end. */
function page(
  context: SandboxContext,
  { args }: SlackCall,
  rows: ObjectRows | null,
  show: (row: RecordRow) => JsonObject,
): { readonly items: JsonObject[]; readonly next: string } | null {
  const limit = Math.min(PAGE_MAX, Number(args['limit'] ?? PAGE_DEFAULT) || PAGE_DEFAULT);
  const from = cursorIndex(args['cursor'] ?? '');
  if (Number.isNaN(from) || rows === null) return null;
  const selection = select(rows, { ...EVERY_ROW, indexFrom: from });
  const indexes = selection?.indexes(0, limit) ?? [];
  const items = indexes.flatMap((index) => {
    const row = rows.at(index);
    return row === null ? [] : [show(row)];
  });
  context.counts.recordsServed += items.length;
  const last = indexes.at(-1);
  const hasMore = last !== undefined && (selection?.total ?? 0) > limit;
  return { items, next: hasMore ? Buffer.from(`next:${last + 1}`).toString('base64') : '' };
}

function cursorIndex(cursor: string): number {
  if (cursor === '') return 0;
  const [, index] = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? [];
  return index === undefined ? Number.NaN : Number(index);
}

function listChannels(context: SandboxContext, call: SlackCall): SlackResult {
  const found = page(context, call, call.team.rows('channels'), slackChannel);
  if (found === null) return { error: 'invalid_cursor' };
  return { channels: found.items, response_metadata: { next_cursor: found.next } };
}

function listUsers(context: SandboxContext, call: SlackCall): SlackResult {
  const found = page(context, call, call.team.rows('users'), (row) => slackUser(call.team, row));
  if (found === null) return { error: 'invalid_cursor' };
  const cacheTs = Math.floor(context.clock.nowMs() / SECOND_MS);
  return { members: found.items, cache_ts: cacheTs, response_metadata: { next_cursor: found.next } };
}

function userInfo({ team, args }: SlackCall): SlackResult {
  const row = team.rows('users')?.at(slackIndexOf('U', args['user'] ?? '')) ?? null;
  return row === null ? { error: 'user_not_found' } : { user: slackUser(team, row) };
}

function withChannel({ team, args }: SlackCall, handle: (row: RecordRow) => SlackResult): SlackResult {
  const row = team.rows('channels')?.at(slackIndexOf('C', args['channel'] ?? '')) ?? null;
  return row === null ? { error: 'channel_not_found' } : handle(row);
}

function withMessage(call: SlackCall, handle: (rows: ObjectRows, row: RecordRow) => SlackResult): SlackResult {
  return withChannel(call, (channel) => {
    const rows = call.team.rows('messages');
    const row = rows?.at(slackTsIndex(call.args['ts'] ?? '')) ?? null;
    const isThere = row?.isRemoved === false && row.written.get('channel') === slackChannelIdOf(channel.index);
    return rows === null || !isThere ? { error: 'message_not_found' } : handle(rows, row);
  });
}

function post({ team, args }: SlackCall, channel: string, nowMs: number): SlackResult {
  const { text = '', blocks = '' } = args;
  if (text === '' && blocks === '') return { error: 'no_text' };
  const row = team.rows('messages')?.create(nowMs, { channel, text });
  if (row === undefined) return { error: 'internal_error' };
  const message = slackMessage(row);
  return { channel, ts: message['ts'] ?? null, message };
}

function update({ args }: SlackCall, rows: ObjectRows, row: RecordRow, nowMs: number): SlackResult {
  const text = args['text'] ?? '';
  if (text === '') return { error: 'no_text' };
  const changed = rows.modify(row.index, nowMs, { text, isEdited: true });
  if (changed === null) return { error: 'message_not_found' };
  const message = slackMessage(changed);
  return { channel: args['channel'] ?? '', ts: message['ts'] ?? null, text, message };
}

function remove({ args }: SlackCall, rows: ObjectRows, row: RecordRow, nowMs: number): SlackResult {
  rows.remove(row.index, nowMs);
  return { channel: args['channel'] ?? '', ts: args['ts'] ?? '' };
}

/** Newest first. */
function history(context: SandboxContext, { team, args }: SlackCall, channel: string): SlackResult {
  const rows = team.rows('messages');
  const limit = Math.min(PAGE_MAX, Number(args['limit'] ?? PAGE_DEFAULT) || PAGE_DEFAULT);
  const ofChannel = filtered({ ...EVERY_ROW, order: { by: 'index', isDescending: true } }, (row) => {
    return row.written.get('channel') === channel;
  });
  const selection = rows === null ? null : select(rows, ofChannel);
  const messages = (selection?.indexes(0, limit) ?? []).flatMap((index) => {
    const row = rows?.at(index) ?? null;
    return row === null ? [] : [slackMessage(row)];
  });
  context.counts.recordsServed += messages.length;
  return { messages, has_more: (selection?.total ?? 0) > limit };
}
