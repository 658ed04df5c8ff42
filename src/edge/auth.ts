// Who is calling. API keys are checked against their stored hash and belong to one project; a path that names another
// one is answered as if that did not exist. A Bearer is a customer's token, told by its form, or a builder's: a key of
// the scope `builder`, or the token that this process left in its data folder. Builders work in every project.

import { hash } from 'node:crypto';
import type { HonoRequest } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { API_KEY_CHARS_MAX, API_KEYS_CACHED_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import { isSameText } from '../core/sameText.ts';
import type { Clock } from '../core/time.ts';
import { CustomerTokens, isCustomerToken } from '../flows/customerTokens.ts';
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
  readonly #clock: Clock;
  /** Of keys that are valid, by their text. A look-up hashes it with a seed of this process: its time tells nothing. */
  readonly #callers = recentlyUsed<string, Caller>(API_KEYS_CACHED_MAX);
  #onForgotten: () => void = () => {};

  constructor(reads: Reads, clock: Clock) {
    this.#reads = reads;
    this.#clock = clock;
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
    const caller = this.#callers.get(key) ?? this.#read(key);
    if (caller === undefined) return undefined;
    return caller.expiresAtMs !== null && caller.expiresAtMs <= this.#clock.nowMs() ? undefined : caller;
  }

  /** A key was changed or deleted, which is rare: the next call with any asks the store. */
  forgetAll(): void {
    this.#callers.clear();
    this.#onForgotten();
  }

  /** Calls back whenever a key was changed or deleted, for those who keep what it allowed. */
  onForgotten(forgotten: () => void): void {
    this.#onForgotten = forgotten;
  }

  #read(key: string): Caller | undefined {
    const row = readApiKey(this.#reads, hash('sha256', key, 'base64url'));
    if (row === undefined || row.isActive === 0) return undefined;
    const { projectId, expiresAtMs } = row;
    const caller = { projectId, scopes: new Set(JSON.parse(row.scopes) as string[]), expiresAtMs };
    this.#callers.set(key, caller);
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
  readonly #customers: CustomerTokens;
  readonly #operatorToken: string;

  constructor({ store, clock }: EdgeServices, keys: ApiKeys, operatorToken: string) {
    this.keys = keys;
    this.#customers = new CustomerTokens(store.reads, clock);
    this.#operatorToken = operatorToken;
  }

  /** Rejects with `unauthenticated` for a credential that is missing or not valid. */
  async principalOf(request: HonoRequest): Promise<Principal> {
    const key = request.header('x-api-key') ?? '';
    const bearer = /^Bearer (\S+)$/i.exec(request.header('authorization') ?? '')?.[1];
    if (key !== '' || bearer === undefined) return { kind: 'key', ...this.keys.caller(key) };
    if (!isCustomerToken(bearer)) return this.#builder(bearer);
    return { kind: 'customer', ...(await this.#customers.customerOf(bearer)) };
  }

  #builder(bearer: string): Principal {
    if (isSameText(bearer, this.#operatorToken)) return { kind: 'builder' };
    if (this.keys.find(bearer)?.scopes.has(BUILDER_SCOPE)) return { kind: 'builder' };
    throw new IntegrationError('unauthenticated', 'the Bearer token is not valid', {
      remedy: 'Send a key of the scope `builder`, which `tenon key create --builder` makes while the server is down.',
    });
  }
}

/** Rejects with `forbidden` unless the caller may call what `access` says. */
export function admit(principal: Principal, access: Access): void {
  if (principal.kind === 'builder' || access === 'open') return;
  if (access === 'org') {
    throw new IntegrationError('forbidden', 'that spans projects and is not allowed with the credential of one', {
      remedy: 'Send a key of the scope `builder` as a Bearer token.',
    });
  }
  const isFrontend = access === 'frontend';
  if (principal.kind === 'customer' && isFrontend) return;
  if (principal.kind === 'key' && isFrontend && principal.scopes.has(FRONTEND_SCOPE)) return;
  requireBackend(principal);
}

/** Rejects with `forbidden` what runs in a customer's browser: a token, or a key that is for it. */
export function requireBackend(principal: Principal): void {
  if (principal.kind === 'builder') return;
  if (principal.kind === 'key') requireFull(principal);
  else throw new IntegrationError('forbidden', 'the token of a customer does not allow that');
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
  const isOwn = 'projectId' in principal ? row?.projectId === principal.projectId : principal.kind === 'builder';
  if (row === undefined || !isOwn) throw new IntegrationError('not_found', 'no such project');
  return row;
}

/**
 * Refuses a customer who names another group or consumer than the token is for. Rejects with `forbidden`, and says
 * where.
 */
export function checkRefs(principal: Principal, input: unknown, where: 'body' | 'query'): void {
  if (principal.kind !== 'customer' || typeof input !== 'object' || input === null) return;
  for (const name of ['groupRef', 'consumerRef'] as const) {
    const given = (input as Readonly<Record<string, unknown>>)[name];
    if (given === undefined || given === principal[name]) continue;
    const detail = 'is not the one that the token is for';
    throw new IntegrationError('forbidden', `${name} ${detail}`, { issues: [{ in: where, name, detail }] });
  }
}

/** Whether the caller may see what belongs to a group: a customer sees that of one. */
export function maySee(principal: Principal, groupRef: string): boolean {
  return principal.kind !== 'customer' || principal.groupRef === groupRef;
}

/** The group that a list is for: the one that is asked for, or a customer's own. */
export function groupAsked(principal: Principal, groupRef: string | undefined): string | undefined {
  return principal.kind === 'customer' ? principal.groupRef : groupRef;
}
