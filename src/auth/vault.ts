// Seals secrets for the store: AES-256-GCM with one key per connection, derived from a master key by HKDF-SHA256
// (RFC 5869). The place a secret belongs to is authenticated with it, so that a row moved to another connection,
// generation or purpose does not open. Several master keys may be given: the first seals, all open. They may be changed
// while everything goes on (`KeyRing`); invariant: what was sealed by this process it opens until its end.
// Envelope: version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16).

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { IntegrationError } from '../core/errors.ts';
import { VAULT_KEYS_CACHED_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';

const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const CIPHERTEXT_AT = HEADER_BYTES + NONCE_BYTES;

const CANARY_TEXT = 'tenon canary';
const CANARY_PLACE: SealedPlace = { connectionId: 'canary', generation: 0, purpose: 'canary' };

/** Where a secret belongs. `open` needs the same three that `seal` was given. */
export interface SealedPlace {
  /** The connection, or another id that owns the secret (a provider app, a destination). */
  readonly connectionId: string;
  readonly generation: number;
  readonly purpose: string;
}

/** 32 secret bytes. The id is derived from them, so that keys need no names in the configuration. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

export interface Vault {
  readonly ring: KeyRing;
  /** A new envelope; two calls never give the same bytes. */
  seal(plain: string | Uint8Array, place: SealedPlace): Buffer;
  /** Rejects with `invariant` when the bytes, the place or the master key is not the one it was sealed with. */
  open(envelope: Uint8Array, place: SealedPlace): Buffer;
  /**
   * The same secret, sealed with the key that seals now, if this process sealed the envelope with one before; all else
   * as it is. For what was sealed, waited in memory, and only now goes to the disk.
   */
  renewed<Value>(value: Value): Value | Buffer;
  /** A row to store; `checkCanary` tells at start whether this process has the key that it was sealed with. */
  sealCanary(): Buffer;
  /** Rejects with `invariant` when none of the master keys opens it. */
  checkCanary(envelope: Uint8Array): void;
}

/**
 * A master key from configuration text: 32 bytes as base64, base64url or hex. Rejects with `invalid_input`; the
 * text is never in the message.
 */
export function parseMasterKey(text: string): MasterKey {
  const trimmed = text.trim();
  const isHex = /^[0-9a-f]{64}$/i.test(trimmed);
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed);
  const bytes = isHex ? Buffer.from(trimmed, 'hex') : Buffer.from(isBase64 ? trimmed : '', 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw new IntegrationError('invalid_input', 'a master key must be 32 bytes as base64, base64url or hex', {
      remedy: 'Make one with: openssl rand -base64 32',
    });
  }
  return masterKeyOf(bytes);
}

export function newMasterKey(): MasterKey {
  return masterKeyOf(randomBytes(KEY_BYTES));
}

function masterKeyOf(bytes: Buffer): MasterKey {
  const digest = createHash('sha256').update('tenon master key id').update(bytes).digest('hex');
  return { id: digest.slice(0, 2 * KEY_ID_BYTES), bytes };
}

/** The master keys of a process, and the keys of connections that are derived from them. */
class KeyRing {
  /** As configured: the first seals. */
  #masters: readonly [MasterKey, ...MasterKey[]];
  /** These too, and those that were retired. */
  readonly #byId: Map<string, MasterKey>;
  readonly #derived = recentlyUsed<string, Buffer>(VAULT_KEYS_CACHED_MAX);

  /** A key that is given twice counts once. Rejects with `invalid_input` an empty list. */
  constructor(masters: readonly MasterKey[]) {
    this.#byId = new Map(masters.map((master) => [master.id, master]));
    const [first, ...others] = this.#byId.values();
    if (first === undefined) throw new IntegrationError('invalid_input', 'the vault needs a master key');
    this.#masters = [first, ...others];
  }

  get masters(): readonly MasterKey[] {
    return this.#masters;
  }

  /** There is another key, or was one since this process began: not everything may be sealed with the current one. */
  get hasOthers(): boolean {
    return this.#byId.size > 1;
  }

  /** The key that seals. */
  get current(): MasterKey {
    return this.#masters[0];
  }

  /** Seals with `master` from now on. A restart must find it already: else what it seals is lost with the process. */
  add(master: MasterKey): void {
    this.#byId.set(master.id, master);
    this.#masters = [master, ...this.#masters.filter(({ id }) => id !== master.id)];
  }

  /**
   * Takes all keys but the first out of `masters`, and answers them. They still open what somebody in this process
   * has read before it was sealed anew (an answer that waits for its actor, a state that is being used up), which may
   * be any time ago; so they are forgotten with the process and not before.
   */
  retireOthers(): readonly MasterKey[] {
    const [first, ...others] = this.#masters;
    this.#masters = [first];
    return others;
  }

  /** The key of a connection under a master key; undefined if that was never in this ring. */
  keyOf(masterId: string, connectionId: string): Buffer | undefined {
    const cacheKey = `${masterId} ${connectionId}`;
    const cached = this.#derived.get(cacheKey);
    if (cached !== undefined) return cached;
    const master = this.#byId.get(masterId);
    if (master === undefined) return undefined;
    const key = Buffer.from(hkdfSync('sha256', master.bytes, '', `tenon connection ${connectionId}`, KEY_BYTES));
    this.#derived.set(cacheKey, key);
    return key;
  }
}

/** A vault that seals with the first key and opens with any. Rejects with `invalid_input` an empty list. */
export function createVault(masterKeys: readonly MasterKey[]): Vault {
  const ring = new KeyRing(masterKeys);
  /** Where the envelopes belong that were made here, for as long as somebody holds them. */
  const places = new WeakMap<object, SealedPlace>();

  const seal = (plain: string | Uint8Array, place: SealedPlace): Buffer => {
    const { id } = ring.current;
    const header = Buffer.concat([Buffer.of(VERSION), Buffer.from(id, 'hex')]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', derivedKey(ring, id, place), nonce);
    cipher.setAAD(authenticated(header, place));
    const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    const envelope = Buffer.concat([header, nonce, body, cipher.final(), cipher.getAuthTag()]);
    places.set(envelope, place);
    return envelope;
  };

  const open = (envelope: Uint8Array, place: SealedPlace): Buffer => {
    const bytes = bufferOf(envelope);
    const key = derivedKey(ring, sealingKeyOf(bytes), place);
    const tagAt = bytes.length - TAG_BYTES;
    const nonce = bytes.subarray(HEADER_BYTES, CIPHERTEXT_AT);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(authenticated(bytes.subarray(0, HEADER_BYTES), place));
    decipher.setAuthTag(bytes.subarray(tagAt));
    const head = decipher.update(bytes.subarray(CIPHERTEXT_AT, tagAt));
    try {
      return Buffer.concat([head, decipher.final()]);
    } catch (cause) {
      throw unopened(`a secret (${place.purpose}) is damaged or belongs to another place`, cause);
    }
  };

  return {
    ring,
    seal,
    open,
    renewed(value) {
      if (!(value instanceof Uint8Array)) return value;
      const place = places.get(value);
      return place === undefined || keyIdOf(value) === ring.current.id ? value : seal(open(value, place), place);
    },
    sealCanary: () => seal(CANARY_TEXT, CANARY_PLACE),
    checkCanary(envelope) {
      if (open(envelope, CANARY_PLACE).toString() !== CANARY_TEXT) throw unopened('the canary has another text');
    },
  };
}

/** The id of the master key that an envelope says it was sealed with; null if it is no envelope. */
export function keyIdOf(envelope: Uint8Array): string | null {
  const bytes = bufferOf(envelope);
  return bytes.length < CIPHERTEXT_AT + TAG_BYTES || bytes[0] !== VERSION ? null : sealingKeyOf(bytes);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** JSON keeps the three apart: no connection id can run over into the generation. */
function authenticated(header: Buffer, { connectionId, generation, purpose }: SealedPlace): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([connectionId, generation, purpose]))]);
}

function sealingKeyOf(envelope: Buffer): string {
  if (envelope.length < CIPHERTEXT_AT + TAG_BYTES) throw unopened('a sealed secret is too short');
  if (envelope[0] !== VERSION) throw unopened(`a secret was sealed in the unknown format ${envelope[0]}`);
  return envelope.toString('hex', 1, HEADER_BYTES);
}

function derivedKey(ring: KeyRing, masterId: string, { connectionId }: SealedPlace): Buffer {
  const key = ring.keyOf(masterId, connectionId);
  if (key !== undefined) return key;
  throw unopened(`a secret was sealed with master key ${masterId}, which is not configured`);
}

function unopened(reason: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invariant', `T-VAULT: ${reason}`, {
    publicDetail: 'internal error T-VAULT',
    remedy: 'Start with the master key that this store was made with; after a change give the old one as well.',
    cause,
  });
}
