// The Slack objects of the simulator: ids, channels, users and messages as the Web API shows them. Called by the Slack
// routes. Pure. Source: https://docs.slack.dev/reference/objects

import type { JsonObject, JsonValue } from '../core/json.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';
import type { Account } from './context.ts';
import * as make from './generate.ts';
import type { RecordRow } from './records.ts';

const ID_DIGITS = 9;
/** Digits of a message's `ts` after the point: its index. */
const TS_DIGITS = 6;
const TOPICS = ['announcements', 'design', 'engineering', 'help', 'incidents', 'random', 'sales', 'support'];

/** The user that an app posts as. */
export const SLACK_BOT_ID = 'U0SANDBOXB';

export function slackTeamIdOf(team: Account): string {
  return idOf('T', team.number);
}

export function slackUserIdOf(index: number): string {
  return idOf('U', index);
}

export function slackChannelIdOf(index: number): string {
  return idOf('C', index);
}

/** The index of a channel's or a user's id, NaN where the text is no such id. */
export function slackIndexOf(kind: 'C' | 'U', id: string): number {
  return id.startsWith(kind) && /^[CU][0-9A-Z]{9}$/.test(id) ? Number.parseInt(id.slice(1), 36) : Number.NaN;
}

function idOf(kind: 'C' | 'T' | 'U', number: number): string {
  return kind + number.toString(36).toUpperCase().padStart(ID_DIGITS, '0');
}

/** A message's name within its channel: when it was posted, and its index so that two never share it. */
function slackTsOf(row: Pick<RecordRow, 'index' | 'createdMs'>): string {
  return `${Math.floor(row.createdMs / SECOND_MS)}.${String(row.index).padStart(TS_DIGITS, '0')}`;
}

export function slackTsIndex(ts: string): number {
  return /^\d+\.\d{6}$/.test(ts) ? Number(ts.slice(ts.indexOf('.') + 1)) : Number.NaN;
}

export function slackChannel(row: RecordRow): JsonObject {
  const created = seconds(row.createdMs);
  const name = `${make.pick(TOPICS, row, make.SALT.subject)}-${row.index}`;
  return {
    id: slackChannelIdOf(row.index),
    name,
    name_normalized: name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_archived: row.isRemoved,
    is_general: row.index === 0,
    is_member: true,
    created,
    creator: slackUserIdOf(0),
    topic: { value: make.subject(row), creator: slackUserIdOf(0), last_set: created },
    purpose: { value: '', creator: '', last_set: 0 },
    num_members: make.numberBetween(2, 400, row, make.SALT.amount),
  };
}

export function slackUser(team: Account, row: RecordRow): JsonObject {
  const name = make.email(row).split('@')[0] ?? '';
  const realName = `${make.firstName(row)} ${make.lastName(row)}`;
  return {
    id: slackUserIdOf(row.index),
    team_id: slackTeamIdOf(team),
    name,
    deleted: row.isRemoved,
    real_name: realName,
    tz: 'Etc/UTC',
    profile: { real_name: realName, display_name: name, email: make.email(row), title: make.jobTitle(row) },
    is_admin: row.index === 0,
    is_bot: false,
    updated: seconds(row.modifiedMs),
  };
}

export function slackMessage(row: RecordRow): JsonObject {
  const written = (name: string): JsonValue => row.written.get(name) ?? null;
  const isEdited = row.modifiedMs !== row.createdMs || written('isEdited') === true;
  return {
    type: 'message',
    user: SLACK_BOT_ID,
    text: written('text'),
    ts: slackTsOf(row),
    ...(isEdited ? { edited: { user: SLACK_BOT_ID, ts: `${seconds(row.modifiedMs)}.000000` } } : {}),
  };
}

function seconds(atMs: Ms): number {
  return Math.floor(atMs / SECOND_MS);
}
