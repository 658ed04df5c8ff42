// The GitHub objects of the simulator: a user, one repository and its issues as the REST API shows them. Called by the
// GitHub routes. Pure. Source: https://docs.github.com/en/rest/issues/issues

import type { JsonObject, JsonValue } from '../core/json.ts';
import { toRfc3339 } from '../core/time.ts';
import type { Account } from './context.ts';
import * as make from './generate.ts';
import type { RecordRow } from './records.ts';

/** The one repository of each user, and the name it had before. */
export const REPOSITORY = 'widgets';
export const REPOSITORY_BEFORE = 'widgets-old';

const LABELS = ['bug', 'documentation', 'enhancement', 'question'];

/** An issue's number within its repository. */
export function issueNumberOf(index: number): number {
  return index + 1;
}

export function issueIndexOf(number: string): number {
  return /^\d{1,9}$/.test(number) ? Number(number) - 1 : Number.NaN;
}

export function repositoryIdOf(user: Account): number {
  return user.number + 1;
}

export function githubUser(origin: string, user: Account): JsonObject {
  return {
    login: user.name,
    id: user.number,
    node_id: Buffer.from(`04:User${user.number}`).toString('base64'),
    url: `${origin}/users/${user.name}`,
    type: 'User',
    site_admin: false,
    name: user.name,
    public_repos: 1,
  };
}

export function githubRepository(origin: string, user: Account): JsonObject {
  const fullName = `${user.name}/${REPOSITORY}`;
  return {
    id: repositoryIdOf(user),
    name: REPOSITORY,
    full_name: fullName,
    private: true,
    owner: githubUser(origin, user),
    url: `${origin}/repos/${fullName}`,
    default_branch: 'main',
    has_issues: true,
  };
}

export function isIssueOpen(row: RecordRow): boolean {
  const state = row.written.get('state');
  return state === undefined ? make.numberBetween(0, 3, row, make.SALT.stage) > 0 : state === 'open';
}

export function githubIssue(origin: string, user: Account, row: RecordRow): JsonObject {
  const number = issueNumberOf(row.index);
  const isOpen = isIssueOpen(row);
  const written = (name: string): JsonValue | undefined => row.written.get(name);
  return {
    id: user.number * 100 + number,
    number,
    url: `${origin}/repos/${user.name}/${REPOSITORY}/issues/${number}`,
    repository_url: `${origin}/repos/${user.name}/${REPOSITORY}`,
    title: written('title') ?? make.subject(row),
    body: written('body') ?? null,
    state: isOpen ? 'open' : 'closed',
    state_reason: isOpen ? null : 'completed',
    user: githubUser(origin, user),
    labels: labelsOf(row).map((name) => ({ name, default: true })),
    comments: 0,
    locked: false,
    created_at: toRfc3339(row.createdMs),
    updated_at: toRfc3339(row.modifiedMs),
    closed_at: isOpen ? null : toRfc3339(row.modifiedMs),
  };
}

function labelsOf(row: RecordRow): readonly string[] {
  const labels = row.written.get('labels');
  return Array.isArray(labels) ? labels.map(String) : [make.pick(LABELS, row, make.SALT.industry)];
}
