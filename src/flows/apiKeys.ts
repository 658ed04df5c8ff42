// API keys: 32 random bytes that are shown once and stored as a hash. Afterwards a key is named by that hash, which
// opens nothing.

import { errorFacts, IntegrationError } from '../core/errors.ts';
import { type ProjectId, randomToken } from '../core/ids.ts';
import { API_KEYS_PER_PROJECT_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { type ApiKeyRow, hashApiKey, insertApiKey, type NewApiKeyRow, readApiKey } from '../store/tables/accounts.ts';
import { deleteApiKey, readApiKeys, updateApiKey } from '../store/tables/keys.ts';
import type { Services } from './services.ts';

const KEY_BYTES = 32;
const HASH_PREFIX = 'sha256:';

/**
 * `full`: everything in its project; `frontend`: what a customer's browser has to do; `operator`: the operator plane,
 * and nothing of any project's API; `builder`: the API of every project, as a Bearer.
 */
type KeyScope = 'full' | 'frontend' | 'operator' | 'builder';

/** The scopes that a project can give: its keys open nothing outside it. */
export const PROJECT_SCOPES = ['full', 'frontend'] as const;

/** What may be changed of a key (wire). */
export const API_KEY_MASKS = ['active', 'label', 'scopes'] as const;

/** A new key, and the row that is to be stored of it. */
export function newApiKey(
  projectId: ProjectId,
  label: string,
  createdAtMs: Ms,
  scopes: readonly KeyScope[] = ['full'],
  expiresAtMs: Ms | null = null,
): { readonly apiKey: string; readonly row: NewApiKeyRow } {
  const apiKey = `tnn_${randomToken(KEY_BYTES)}`;
  return {
    apiKey,
    row: {
      ...{ keyHash: hashApiKey(apiKey), projectId, label, scopes: JSON.stringify(scopes), createdAtMs },
      ...(expiresAtMs === null ? {} : { expiresAtMs }),
    },
  };
}

/** What names a stored key. */
export function apiKeyName({ keyHash }: Pick<ApiKeyRow, 'keyHash'>): string {
  return `${HASH_PREFIX}${keyHash}`;
}

/**
 * Whether a key opens nothing outside its project. Whoever has no more than a key of a project sees and changes only
 * such: a key of an operator that was switched off must not be switched on with it.
 */
export function isKeptToProject({ scopes }: Pick<ApiKeyRow, 'scopes'>): boolean {
  return (JSON.parse(scopes) as readonly string[]).every((scope) => PROJECT_SCOPES.some((one) => one === scope));
}

/**
 * By its name or by the key itself. Rejects with `not_found` unless it is the project's and, for others than builders,
 * kept to it.
 */
export function findApiKey(
  { store }: Services,
  projectId: ProjectId,
  nameOrKey: string,
  isForBuilder: boolean,
): ApiKeyRow {
  const isName = nameOrKey.startsWith(HASH_PREFIX);
  const row = readApiKey(store.reads, isName ? nameOrKey.slice(HASH_PREFIX.length) : hashApiKey(nameOrKey));
  const isTheirs = row?.projectId === projectId && (isForBuilder || isKeptToProject(row));
  if (!isTheirs) throw new IntegrationError('not_found', 'no such API key');
  return row;
}

/** Rejects with `invalid_input` if the project has too many. The key is in this answer and nowhere else. */
export async function createApiKey(
  { store, clock }: Services,
  projectId: ProjectId,
  input: { readonly label: string; readonly scopes: readonly (typeof PROJECT_SCOPES)[number][] },
): Promise<{ readonly apiKey: string; readonly row: ApiKeyRow }> {
  if (readApiKeys(store.reads, projectId).length >= API_KEYS_PER_PROJECT_MAX) {
    throw new IntegrationError('invalid_input', `a project has at most ${API_KEYS_PER_PROJECT_MAX} API keys`);
  }
  const { apiKey, row } = newApiKey(projectId, input.label, clock.nowMs(), input.scopes);
  await store.commit([insertApiKey(row)]);
  return { apiKey, row: { ...row, isActive: 1, updatedAtMs: null, expiresAtMs: null } };
}

/** Rejects with `bad_request` for a masked member without a value, `conflict` if it was changed at the same moment. */
export async function editApiKey(
  { store, clock }: Services,
  before: ApiKeyRow,
  mask: readonly (typeof API_KEY_MASKS)[number][],
  changes: {
    readonly active?: boolean | undefined;
    readonly label?: string | undefined;
    readonly scopes?: readonly string[] | undefined;
  },
): Promise<ApiKeyRow> {
  if (mask.length === 0) return before;
  const missing = mask.find((name) => changes[name] === undefined);
  if (missing !== undefined) throw missingMember('apiKey', missing);
  const row: ApiKeyRow = {
    ...before,
    label: mask.includes('label') ? (changes.label ?? before.label) : before.label,
    scopes: mask.includes('scopes') ? JSON.stringify(changes.scopes) : before.scopes,
    isActive: mask.includes('active') ? (changes.active === true ? 1 : 0) : before.isActive,
    updatedAtMs: Math.max(clock.nowMs(), (before.updatedAtMs ?? 0) + 1),
  };
  await store.commit([updateApiKey(row, before)]).catch(changedMeanwhile);
  return row;
}

/** Rejects with `not_found` if it is gone. */
export async function removeApiKey({ store }: Services, row: ApiKeyRow): Promise<void> {
  await store.commit([deleteApiKey(row)]).catch((error: unknown) => {
    throw errorFacts(error).code === 'invalid_input' ? new IntegrationError('not_found', 'no such API key') : error;
  });
}

/** What a mask names and the body does not have. */
export function missingMember(object: string, name: string): IntegrationError {
  return new IntegrationError('bad_request', `${name} is named in the mask and missing`, {
    issues: [{ in: 'body', name: `${object}.${name}`, detail: 'is required' }],
  });
}

/** Of a row that was changed or deleted between its read and the commit. */
export function changedMeanwhile(error: unknown): never {
  if (errorFacts(error).code !== 'invalid_input') throw error;
  throw new IntegrationError('conflict', 'it was changed at the same moment: try again');
}
