// Who is calling: the API key of a request, checked against its stored hash. A key belongs to one project; a path
// that names another one is answered as if that did not exist.

import { hash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { LRUCache } from 'lru-cache';
import { IntegrationError } from '../core/errors.ts';
import { API_KEY_CHARS_MAX, API_KEYS_CACHED_MAX } from '../core/limits.ts';
import type { Reads } from '../store/port.ts';
import { type ProjectRow, readApiKey, readProject } from '../store/tables/accounts.ts';
import type { Caller, EdgeEnv, EdgeServices } from './context.ts';

/** May do everything in its project. */
const FULL_SCOPE = 'full';

export class ApiKeys {
  readonly #reads: Reads;
  readonly #callers = new LRUCache<string, Caller>({ max: API_KEYS_CACHED_MAX });

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  /** Rejects with `unauthenticated` for a missing, unknown or inactive key. */
  caller(key: string | undefined): Caller {
    const caller = this.find(key);
    if (caller !== undefined) return caller;
    throw new IntegrationError('unauthenticated', 'the API key is missing or not valid', {
      remedy: 'Send a key of the project in the X-Api-Key header.',
    });
  }

  /** Undefined for a missing, unknown or inactive key. */
  find(key: string | undefined): Caller | undefined {
    if (key === undefined || key === '' || key.length > API_KEY_CHARS_MAX) return undefined;
    // Looked up by hash: how long that takes says nothing about the key. `crypto.hash` costs a sixth of `createHash`.
    const keyHash = hash('sha256', key, 'base64url');
    const cached = this.#callers.get(keyHash);
    if (cached !== undefined) return cached;
    const row = readApiKey(this.#reads, keyHash);
    if (row === undefined || row.isActive === 0) return undefined;
    const caller = { projectId: row.projectId, scopes: new Set(JSON.parse(row.scopes) as string[]) };
    this.#callers.set(keyHash, caller);
    return caller;
  }
}

/** Rejects with `forbidden` for a key that may not do everything. */
export function requireFull(caller: Caller): void {
  if (!caller.scopes.has(FULL_SCOPE)) throw new IntegrationError('forbidden', 'this API key does not allow that');
}

/** Puts the caller into the context. */
export function authenticate(keys: ApiKeys): MiddlewareHandler<EdgeEnv> {
  return async function authenticateCaller(context, next) {
    const caller = keys.caller(context.req.header('x-api-key'));
    requireFull(caller);
    context.set('caller', caller);
    await next();
  };
}

/** The project that the path names, by id or name. Rejects with `not_found` unless it is the caller's. */
export function projectOf({ store }: EdgeServices, context: Context<EdgeEnv>): ProjectRow {
  const { projectId } = context.get('caller');
  const row = readProject(store.reads, context.req.param('project') ?? '');
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such project');
  return row;
}
