// Who is calling. API keys are checked against their stored hash and belong to one project; a path that names another
// one is answered as if that did not exist. A builder works in every project: with a key of the scope `builder`, or
// with the token that this process left in its data folder, as a Bearer.

import { hash, timingSafeEqual } from 'node:crypto';
import type { HonoRequest } from 'hono';
import { LRUCache } from 'lru-cache';
import { IntegrationError } from '../core/errors.ts';
import { API_KEY_CHARS_MAX, API_KEYS_CACHED_MAX } from '../core/limits.ts';
import type { Reads } from '../store/port.ts';
import { type ProjectRow, readApiKey, readProject } from '../store/tables/accounts.ts';
import type { Caller, EdgeServices, Principal } from './context.ts';
import type { Access } from './platform/operation.ts';

/** May do everything in its project. */
const FULL_SCOPE = 'full';
/** May do what a customer's browser has to. */
const FRONTEND_SCOPE = 'frontend';
/** May work in every project, as a Bearer. */
const BUILDER_SCOPE = 'builder';

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

/** Tells the callers of the platform API apart. */
export class Authenticator {
  readonly keys: ApiKeys;
  readonly #operatorToken: string;

  constructor(keys: ApiKeys, operatorToken: string) {
    this.keys = keys;
    this.#operatorToken = operatorToken;
  }

  /** Rejects with `unauthenticated` for a credential that is missing or not valid. */
  async principalOf(request: HonoRequest): Promise<Principal> {
    const key = request.header('x-api-key') ?? '';
    const bearer = /^Bearer (\S+)$/i.exec(request.header('authorization') ?? '')?.[1];
    if (key !== '' || bearer === undefined) return { kind: 'key', ...this.keys.caller(key) };
    return this.#builder(bearer);
  }

  #builder(bearer: string): Principal {
    if (isSame(bearer, this.#operatorToken)) return { kind: 'builder' };
    if (this.keys.find(bearer)?.scopes.has(BUILDER_SCOPE)) return { kind: 'builder' };
    throw new IntegrationError('unauthenticated', 'the Bearer token is not valid', {
      remedy: 'Send a key of the scope `builder`, which `tenon key create --builder` makes while the server is down.',
    });
  }
}

/** Rejects with `forbidden` unless the caller may call what `access` says. */
export function admit(principal: Principal, access: Access): void {
  if (principal.kind === 'builder') return;
  if (access === 'org') {
    throw new IntegrationError('forbidden', 'an API key belongs to one project and does not allow that', {
      remedy: 'Send a key of the scope `builder` as a Bearer token.',
    });
  }
  const { scopes } = principal;
  if (!scopes.has(FULL_SCOPE) && !(access === 'frontend' && scopes.has(FRONTEND_SCOPE))) requireFull(principal);
}

/**
 * The project that a call names, by id or name; null where it names none. Rejects with `not_found` unless the caller
 * may work in it.
 */
export function projectOf(
  { store }: EdgeServices,
  principal: Principal,
  idOrName: string | undefined,
): ProjectRow | null {
  if (idOrName === undefined) return null;
  const row = readProject(store.reads, idOrName);
  const isOwn = principal.kind === 'builder' || row?.projectId === principal.projectId;
  if (row === undefined || !isOwn) throw new IntegrationError('not_found', 'no such project');
  return row;
}

/** In a time that says nothing about where they differ. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}
