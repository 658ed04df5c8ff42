// Opened credentials, sharded by connection. A lease asks here and is answered without a commit or an await: from
// memory, or from the sealed row on disk. When a token is due it asks the credential actor for the next one, and
// those who cannot go on without it wait here. Invariant: an opened credential never leaves as text, only as the
// headers and query that one call needs.

import { LRUCache } from 'lru-cache';
import xxhash from 'xxhash-wasm';
import type { CredentialContext } from '../machines/credential.ts';
import { type Attachment, attachmentOf } from '../src/auth/attach.ts';
import { parseCredential } from '../src/auth/credential.ts';
import type { Vault } from '../src/auth/vault.ts';
import type { Catalog } from '../src/catalog/catalog.ts';
import { IntegrationError } from '../src/core/errors.ts';
import { actorIdOf, type ConnectionId } from '../src/core/ids.ts';
import {
  CALLER_WAIT_MS_MAX,
  FUTILE_REFRESH_PAUSE_MS,
  OPEN_TOKENS_PER_SHARD_MAX,
  REFRESH_REQUEST_INTERVAL_MS,
  TOKEN_LEEWAY_MS,
  TOKEN_SHARDS,
  YOUNG_TOKEN_MS,
} from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import type { Clock, Ms } from '../src/core/time.ts';
import { WaitingList } from '../src/core/waitingList.ts';
import type { Reads } from '../src/store/port.ts';
import { type ConnectionRow, readConnectionWithCredential } from '../src/store/tables/connections.ts';
import type { Runtime } from './runtime.ts';

/** A credential ready to be attached to a call. */
export interface OpenToken {
  readonly attachment: Attachment;
  readonly generation: number;
  readonly issuedAtMs: Ms;
  /** Null: as far as is known it does not expire. */
  readonly usableUntilMs: Ms | null;
  /** When the next one should be asked for; null if there can be none. */
  readonly refreshAtMs: Ms | null;
  readonly canRefresh: boolean;
  requestedAtMs: Ms;
  refusedAtMs: Ms;
  /** Until then a 401 does not ask for another token. */
  futileUntilMs: Ms;
}

/** The purpose that a stored credential is sealed with (see `Vault`). */
export const CREDENTIAL_PURPOSE = 'credential';

const { h64 } = await xxhash();

/** The virtual shard of a connection; fixed for ever, whoever owns the shard. */
export function shardOf(connectionId: ConnectionId): number {
  return Number(h64(connectionId) % BigInt(TOKEN_SHARDS));
}

interface Shard {
  readonly tokens: LRUCache<ConnectionId, OpenToken>;
  readonly waiting: Map<ConnectionId, WaitingList>;
}

/** Opened credentials of all connections; one for the process. */
export class TokenManager {
  readonly #runtime: Runtime;
  readonly #reads: Reads;
  readonly #vault: Vault;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #shards: readonly Shard[];
  /** Where a connection's shard was computed before: the hash costs more than the lookup. */
  readonly #shardIndex = new LRUCache<ConnectionId, Shard>({ max: TOKEN_SHARDS * OPEN_TOKENS_PER_SHARD_MAX });

  constructor(runtime: Runtime, reads: Reads, vault: Vault, catalog: Catalog, clock: Clock, log: Log) {
    this.#runtime = runtime;
    this.#reads = reads;
    this.#vault = vault;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
    this.#shards = Array.from({ length: TOKEN_SHARDS }, () => ({
      tokens: new LRUCache<ConnectionId, OpenToken>({ max: OPEN_TOKENS_PER_SHARD_MAX }),
      waiting: new Map(),
    }));
  }

  /**
   * The current token, or null if it has ended and the next one is on its way (then `changed` tells). Asks for the
   * next one when it is due. Rejects with `auth_invalidated` if the customer must connect again, `not_found`.
   */
  usableToken(connectionId: ConnectionId): OpenToken | null {
    const token = this.#token(connectionId);
    const nowMs = this.#clock.nowMs();
    if (token.refreshAtMs !== null && nowMs >= token.refreshAtMs) this.#requestNext(connectionId, token, nowMs);
    if (token.usableUntilMs === null || nowMs < token.usableUntilMs) return token;
    if (!token.canRefresh) {
      throw new IntegrationError('auth_invalidated', 'the access token has expired and cannot be refreshed');
    }
    this.#requestNext(connectionId, token, nowMs);
    return null;
  }

  /**
   * A provider answered 401 to a call with this generation. `newer`: another token is there; `coming`: it is on its
   * way; `none`: no token can help, the answer belongs to the caller. Never throws: a provider's answer must reach
   * its caller also when the connection has gone meanwhile.
   */
  refused(connectionId: ConnectionId, generation: number): 'newer' | 'coming' | 'none' {
    try {
      const token = this.#token(connectionId);
      if (token.generation !== generation) return 'newer';
      const nowMs = this.#clock.nowMs();
      const isYoung = nowMs - token.issuedAtMs < YOUNG_TOKEN_MS;
      if (!token.canRefresh || isYoung || nowMs < token.futileUntilMs) return 'none';
      this.#requestNext(connectionId, token, nowMs, true);
      return this.#isNextWithin(connectionId, nowMs + CALLER_WAIT_MS_MAX) ? 'coming' : 'none';
    } catch {
      return 'none';
    }
  }

  /**
   * A call that was refused with one token was refused with the next one too: the 401 means a missing permission, and
   * none asks for another token for a while.
   */
  refusedAgain(connectionId: ConnectionId, generation: number): void {
    const token = this.#shard(connectionId).tokens.get(connectionId);
    if (token?.generation === generation) token.futileUntilMs = this.#clock.nowMs() + FUTILE_REFRESH_PAUSE_MS;
  }

  /** Rejects with `timeout` and `retryAtMs` if the next token is not even tried for before `deadlineMs`. */
  assertNextWithin(connectionId: ConnectionId, deadlineMs: Ms): void {
    if (this.#isNextWithin(connectionId, deadlineMs)) return;
    const { wakeAtMs } = this.#credential(connectionId);
    throw new IntegrationError('timeout', 'the access token has ended and the provider does not renew it just now', {
      ...(wakeAtMs === null ? {} : { retryAtMs: wakeAtMs }),
    });
  }

  #isNextWithin(connectionId: ConnectionId, deadlineMs: Ms): boolean {
    const { wakeAtMs } = this.#credential(connectionId);
    return wakeAtMs === null || wakeAtMs <= deadlineMs;
  }

  #credential(connectionId: ConnectionId): CredentialContext {
    return this.#runtime.peek(actorIdOf('credential', connectionId)).context as CredentialContext;
  }

  /** Resolves at the next change of this connection's credential, or when `signal` aborts. See `WaitingList.wait`. */
  changed(connectionId: ConnectionId, signal: AbortSignal, what: string): Promise<void> {
    const { waiting } = this.#shard(connectionId);
    let list = waiting.get(connectionId);
    if (list === undefined) {
      list = new WaitingList();
      waiting.set(connectionId, list);
    }
    return list.wait(signal, what).finally(() => {
      if (list.isEmpty && waiting.get(connectionId) === list) waiting.delete(connectionId);
    });
  }

  /** Another credential, or another fate of it, is on disk: forgets the opened one and wakes who waits. */
  forget(connectionId: ConnectionId): void {
    const shard = this.#shard(connectionId);
    shard.tokens.delete(connectionId);
    shard.waiting.get(connectionId)?.wakeAll();
    shard.waiting.delete(connectionId);
  }

  #shard(connectionId: ConnectionId): Shard {
    let shard = this.#shardIndex.get(connectionId);
    if (shard === undefined) {
      shard = this.#shards[shardOf(connectionId)] as Shard;
      this.#shardIndex.set(connectionId, shard);
    }
    return shard;
  }

  #token(connectionId: ConnectionId): OpenToken {
    const { tokens } = this.#shard(connectionId);
    let token = tokens.get(connectionId);
    if (token === undefined) {
      token = this.#open(connectionId);
      tokens.set(connectionId, token);
    }
    return token;
  }

  #open(connectionId: ConnectionId): OpenToken {
    const row = readConnectionWithCredential(this.#reads, connectionId);
    if (row === undefined) throw new IntegrationError('not_found', 'no such connection');
    if (row.status === 'bad_credentials') {
      throw new IntegrationError('auth_invalidated', `connection ${connectionId} was refused by ${row.provider}`, {
        publicDetail: 'the provider no longer accepts this connection',
        remedy: 'Ask the customer to connect again.',
      });
    }
    return this.#openRow(row, row.sealed);
  }

  #openRow(row: ConnectionRow, sealed: Uint8Array): OpenToken {
    const { connectionId, generation } = row;
    const plain = this.#vault.open(sealed, { connectionId, generation, purpose: CREDENTIAL_PURPOSE });
    const credential = parseCredential(plain.toString());
    return {
      attachment: attachmentOf(this.#catalog.get(row.provider), credential),
      generation,
      issuedAtMs: row.issuedAtMs,
      usableUntilMs: row.expiresAtMs === null ? null : row.expiresAtMs - TOKEN_LEEWAY_MS,
      refreshAtMs: row.refreshAtMs,
      canRefresh: credential.scheme === 'oauth2' && credential.refreshToken !== undefined,
      requestedAtMs: Number.NEGATIVE_INFINITY,
      refusedAtMs: Number.NEGATIVE_INFINITY,
      futileUntilMs: Number.NEGATIVE_INFINITY,
    };
  }

  #requestNext(connectionId: ConnectionId, token: OpenToken, nowMs: Ms, isRefused = false): void {
    // That a token is refused is news also right after it was asked for because it is due.
    const askedAtMs = isRefused ? token.refusedAtMs : token.requestedAtMs;
    if (nowMs - askedAtMs < REFRESH_REQUEST_INTERVAL_MS) return;
    token.requestedAtMs = nowMs;
    if (isRefused) token.refusedAtMs = nowMs;
    const event = { type: 'refresh.requested', generation: token.generation, isRefused };
    this.#runtime.send(actorIdOf('credential', connectionId), event).catch((error: unknown) => {
      this.#log.warn({ connectionId, err: String(error) }, 'a refresh could not be asked for');
    });
  }
}
