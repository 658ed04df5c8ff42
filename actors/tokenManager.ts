// Opened credentials, sharded by connection. A lease asks here and is answered without a commit or an await: from
// memory, or from the sealed row on disk. When a token is due it asks the credential actor for the next one, and
// those who cannot go on without it wait here. A shard belongs to one owner, a part of this process today and a machine
// tomorrow; shards never change, owners may grow. Invariant: an opened credential never leaves as text, only as the
// headers and query that one call needs.

import xxhash from 'xxhash-wasm';
import type { CredentialContext } from '../machines/credentialEvents.ts';
import type { MachineEvent } from '../machines/effects.ts';
import { type Attachment, attachmentOf } from '../src/auth/attach.ts';
import { canRenew, parseCredential } from '../src/auth/credential.ts';
import type { Vault } from '../src/auth/vault.ts';
import type { Catalog } from '../src/catalog/catalog.ts';
import { IntegrationError } from '../src/core/errors.ts';
import { actorIdOf, type ConnectionId } from '../src/core/ids.ts';
import { jumpHash } from '../src/core/jumpHash.ts';
import {
  CALLER_WAIT_MS_MAX,
  CREDENTIAL_DOUBT_PAUSE_MS,
  FUTILE_REFRESH_PAUSE_MS,
  OPEN_TOKEN_OVERHEAD_BYTES,
  OPEN_TOKENS_BYTES_PER_SHARD_MAX,
  OPEN_TOKENS_PER_SHARD_MAX,
  REFRESH_MARGIN_SHARE,
  REFRESH_REQUEST_INTERVAL_MS,
  TOKEN_LEEWAY_MS,
  TOKEN_SHARDS,
  YOUNG_TOKEN_MS,
} from '../src/core/limits.ts';
import type { Log } from '../src/core/log.ts';
import { type Recent, recentlyUsed } from '../src/core/recent.ts';
import { type Clock, isWithin, type Ms } from '../src/core/time.ts';
import { WaitingList } from '../src/core/waitingList.ts';
import type { Reads, RowWrite } from '../src/store/port.ts';
import {
  type ConnectionRow,
  readConnectionWithCredential,
  setConnectionStatus,
} from '../src/store/tables/connections.ts';
import type { TokenFacts } from './remote/messages.ts';
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
  /** The connection's status says that a call with it has worked. */
  isProven: boolean;
  requestedAtMs: Ms;
  refusedAtMs: Ms;
  /** Since then a 401 does not ask for another token, for a while. */
  futileAtMs: Ms;
  /** Since then a 401 does not have the credential checked, for a while. */
  doubtedAtMs: Ms;
  readonly holder: TokenHolder;
}

/**
 * What stands for an opened credential elsewhere, to spare the look-up. Empty as soon as it is forgotten, for whatever
 * reason: nothing else keeps it in memory.
 */
export interface TokenHolder {
  token: OpenToken | null;
}

/** The purpose that a stored credential is sealed with (see `Vault`). */
export const CREDENTIAL_PURPOSE = 'credential';

const { h64 } = await xxhash();

/** The virtual shard of a connection; fixed for ever, whoever owns the shard. */
export function shardOf(connectionId: ConnectionId): number {
  return Number(h64(connectionId) % BigInt(TOKEN_SHARDS));
}

interface Shard {
  readonly tokens: Recent<ConnectionId, OpenToken>;
  readonly waiting: Map<ConnectionId, WaitingList>;
}

function isOwner({ index, of }: { readonly index: number; readonly of: number }, shard: number): boolean {
  return jumpHash(shard, of) === index;
}

/** Never the whole of a lifetime, or a token of a second would be renewed for each call and used for none. */
function leewayMs(lifetimeMs: number): number {
  return Math.min(TOKEN_LEEWAY_MS, Math.max(0, lifetimeMs) * REFRESH_MARGIN_SHARE);
}

function newShard(): Shard {
  return {
    tokens: recentlyUsed(OPEN_TOKENS_BYTES_PER_SHARD_MAX, {
      weightOf,
      dispose: ({ holder }) => {
        holder.token = null;
      },
    }),
    waiting: new Map(),
  };
}

/** Bytes in memory, as an estimate: the text is most of them. None has less than its share, so none is one too many. */
function weightOf({ attachment }: OpenToken): number {
  const characters = attachment.headers.reduce((sum, { length }) => sum + length, attachment.query.length);
  const bytes = OPEN_TOKEN_OVERHEAD_BYTES + 2 * characters;
  return Math.max(bytes, Math.ceil(OPEN_TOKENS_BYTES_PER_SHARD_MAX / OPEN_TOKENS_PER_SHARD_MAX));
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
  /** This one among those who share the shards. */
  #owner = { index: 0, of: 1 };
  #onChanged: (connectionId: ConnectionId | null) => void = () => {};
  /** Where a connection's shard was computed before: the hash costs more than the lookup. */
  readonly #shardIndex = recentlyUsed<ConnectionId, Shard>(TOKEN_SHARDS * OPEN_TOKENS_PER_SHARD_MAX);

  constructor(runtime: Runtime, reads: Reads, vault: Vault, catalog: Catalog, clock: Clock, log: Log) {
    this.#runtime = runtime;
    this.#reads = reads;
    this.#vault = vault;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#log = log;
    this.#shards = Array.from({ length: TOKEN_SHARDS }, newShard);
  }

  /**
   * Takes the shards of owner `index` of `of`; without a call there is one owner, who has all. Answers the shards that
   * are no longer ours: what is open of them is forgotten, and who waits for them is woken to ask their new owner. When
   * owners are added, no shard moves but to them.
   */
  assign(index: number, of: number): readonly number[] {
    const before = this.#owner;
    this.#owner = { index, of };
    const left = [...this.#shards.keys()].filter((shard) => isOwner(before, shard) && !isOwner(this.#owner, shard));
    for (const number of left) {
      const shard = this.#shards[number] as Shard;
      shard.tokens.clear();
      for (const list of shard.waiting.values()) list.wakeAll();
      shard.waiting.clear();
    }
    this.#shardIndex.clear();
    this.#onChanged(null);
    return left;
  }

  /**
   * The current token, or null if it has ended and the next one is on its way (then `changed` tells). Asks for the
   * next one when it is due. Rejects with `auth_invalidated` if the customer must connect again, `not_found`. `holder`
   * is that of the token that this connection had before, if any.
   */
  usableToken(connectionId: ConnectionId, holder?: TokenHolder | null): OpenToken | null {
    const token = holder?.token ?? this.#token(connectionId);
    const nowMs = this.#clock.nowMs();
    if (token.refreshAtMs !== null && nowMs >= token.refreshAtMs) this.#requestNext(connectionId, token, nowMs);
    if (token.usableUntilMs === null || nowMs < token.usableUntilMs) return token;
    if (!token.canRefresh) {
      throw new IntegrationError('auth_invalidated', 'the access token has expired and cannot be refreshed');
    }
    this.#requestNext(connectionId, token, nowMs);
    return null;
  }

  /** What edge threads should know of the token of this generation; null if a call would get another. */
  factsOf(connectionId: ConnectionId, generation: number): TokenFacts | null {
    const token = this.#shard(connectionId).tokens.get(connectionId);
    if (token?.generation !== generation) return null;
    const { issuedAtMs, usableUntilMs, refreshAtMs, canRefresh, isProven, futileAtMs } = token;
    const isNextSoon = !canRefresh || this.#isNextWithin(connectionId, this.#clock.nowMs() + CALLER_WAIT_MS_MAX);
    return { issuedAtMs, usableUntilMs, refreshAtMs, canRefresh, isProven, futileAtMs, isNextSoon };
  }

  /** Calls back with a connection whose credential, or the outlook for its next one, has changed; null: all have. */
  onChanged(changed: (connectionId: ConnectionId | null) => void): void {
    this.#onChanged = changed;
  }

  /** Of the token that a call would get. Rejects with `auth_invalidated`, `not_found`. */
  generationOf(connectionId: ConnectionId): number {
    return this.#token(connectionId).generation;
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
      const isYoung = isWithin(nowMs, token.issuedAtMs, YOUNG_TOKEN_MS);
      const isFutile = isWithin(nowMs, token.futileAtMs, FUTILE_REFRESH_PAUSE_MS);
      if (!token.canRefresh || isYoung || isFutile) return 'none';
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
    if (token?.generation === generation) token.futileAtMs = this.#clock.nowMs();
  }

  /**
   * A call with this generation was answered well: the connection is told once that it works. Synchronous and free from
   * then on.
   */
  worked(connectionId: ConnectionId, generation: number): void {
    // Its lease has used it a moment ago; a place in the order of use costs more than the rest of this.
    const token = this.#shard(connectionId).tokens.peek(connectionId);
    if (token === undefined || token.isProven || token.generation !== generation) return;
    token.isProven = true;
    this.#tell(connectionId, { type: 'credential.worked', generation }, [
      setConnectionStatus(connectionId, generation, 'working', this.#clock.nowMs()),
    ]);
  }

  /**
   * A call was refused and no other token can help: whether the credential is at fault is asked of the provider, where
   * it has a question for that. A 401 alone proves nothing; a missing permission gives one as well.
   */
  doubted(connectionId: ConnectionId, generation: number): void {
    const token = this.#shard(connectionId).tokens.get(connectionId);
    const nowMs = this.#clock.nowMs();
    // What can be renewed is judged by the token endpoint.
    if (token === undefined || token.canRefresh || token.generation !== generation) return;
    if (isWithin(nowMs, token.doubtedAtMs, CREDENTIAL_DOUBT_PAUSE_MS)) return;
    token.doubtedAtMs = nowMs;
    this.#tell(connectionId, { type: 'credential.doubted', generation });
  }

  /**
   * Rejects if the next token is not even tried for before `deadlineMs`: with `app_fault` or `circuit_open` while the
   * provider app is held back, else with `timeout` and `retryAtMs`.
   */
  assertNextWithin(connectionId: ConnectionId, deadlineMs: Ms): void {
    if (this.#isNextWithin(connectionId, deadlineMs)) return;
    const state = this.#credential(connectionId);
    const { wakeAtMs } = state.context as CredentialContext;
    if (state.hasTag('appRefused')) {
      throw new IntegrationError('app_fault', 'the access token has ended and the provider refuses the provider app', {
        remedy: 'Check client id and secret of the provider app; no customer has to connect again.',
      });
    }
    const retry = wakeAtMs === null ? {} : { retryAtMs: wakeAtMs };
    if (state.hasTag('held')) {
      const message = 'the access token has ended, and the provider refuses the grants of many customers just now';
      throw new IntegrationError('circuit_open', message, retry);
    }
    throw new IntegrationError(
      'timeout',
      'the access token has ended and the provider does not renew it just now',
      retry,
    );
  }

  /** A paused or unreadable actor brings no token; the present one is as good as before. */
  #isNextWithin(connectionId: ConnectionId, deadlineMs: Ms): boolean {
    try {
      const state = this.#credential(connectionId);
      if (state.hasTag('held')) return false;
      const { wakeAtMs } = state.context as CredentialContext;
      // In other states the alarm is for something else.
      return !state.hasTag('waiting') || wakeAtMs === null || wakeAtMs <= deadlineMs;
    } catch {
      return false;
    }
  }

  #credential(connectionId: ConnectionId): ReturnType<Runtime['peek']> {
    return this.#runtime.peek(actorIdOf('credential', connectionId));
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
    this.#shard(connectionId).tokens.delete(connectionId);
    this.wake(connectionId);
  }

  /** The next token did not come, or will not soon: who waits for it looks again whether that still makes sense. */
  wake(connectionId: ConnectionId): void {
    this.#onChanged(connectionId);
    const { waiting } = this.#shard(connectionId);
    waiting.get(connectionId)?.wakeAll();
    waiting.delete(connectionId);
  }

  /** How credentials are attached has changed: all are opened anew. Who waits for the next one goes on waiting. */
  forgetAll(): void {
    for (const { tokens } of this.#shards) tokens.clear();
    this.#onChanged(null);
  }

  #shard(connectionId: ConnectionId): Shard {
    let shard = this.#shardIndex.peek(connectionId);
    if (shard === undefined) {
      const number = shardOf(connectionId);
      if (!isOwner(this.#owner, number)) {
        throw new IntegrationError('conflict', `the tokens of shard ${number} belong to another owner`);
      }
      shard = this.#shards[number] as Shard;
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
      // One that is too long is not kept.
      token.holder.token = tokens.peek(connectionId) ?? null;
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
      usableUntilMs: row.expiresAtMs === null ? null : row.expiresAtMs - leewayMs(row.expiresAtMs - row.issuedAtMs),
      refreshAtMs: row.refreshAtMs,
      canRefresh: canRenew(credential),
      isProven: row.status === 'working',
      requestedAtMs: Number.NEGATIVE_INFINITY,
      refusedAtMs: Number.NEGATIVE_INFINITY,
      futileAtMs: Number.NEGATIVE_INFINITY,
      doubtedAtMs: Number.NEGATIVE_INFINITY,
      holder: { token: null },
    };
  }

  #requestNext(connectionId: ConnectionId, token: OpenToken, nowMs: Ms, isRefused = false): void {
    // That a token is refused is news also right after it was asked for because it is due.
    const askedAtMs = isRefused ? token.refusedAtMs : token.requestedAtMs;
    if (isWithin(nowMs, askedAtMs, REFRESH_REQUEST_INTERVAL_MS)) return;
    token.requestedAtMs = nowMs;
    if (isRefused) token.refusedAtMs = nowMs;
    this.#tell(connectionId, { type: 'refresh.requested', generation: token.generation, isRefused });
  }

  #tell(connectionId: ConnectionId, event: MachineEvent, writes: readonly RowWrite[] = []): void {
    this.#runtime.send(actorIdOf('credential', connectionId), event, { writes }).catch((error: unknown) => {
      this.#log.warn({ connectionId, event: event.type, err: String(error) }, 'a credential could not be told');
    });
  }
}
