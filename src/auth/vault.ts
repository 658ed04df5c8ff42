// Seals secrets for the store: AES-256-GCM with one key per connection, derived from a master key by HKDF-SHA256
// (RFC 5869). The place a secret belongs to is authenticated with it, so that a row moved to another connection,
// generation or purpose does not open. Several master keys may be given: the first seals, all open.
// Envelope: version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16).

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { IntegrationError } from '../core/errors.ts';
import { VAULT_KEYS_CACHED_MAX } from '../core/limits.ts';

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
  /** A new envelope; two calls never give the same bytes. */
  seal(plain: string | Uint8Array, place: SealedPlace): Buffer;
  /** Rejects with `invariant` when the bytes, the place or the master key is not the one it was sealed with. */
  open(envelope: Uint8Array, place: SealedPlace): Buffer;
  /** A row to store once; `checkCanary` tells at start whether this process has the right master key. */
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
  const digest = createHash('sha256').update('tenon master key id').update(bytes).digest('hex');
  return { id: digest.slice(0, 2 * KEY_ID_BYTES), bytes };
}

/** A vault that seals with the first key and opens with any. Rejects with `invalid_input` an empty list. */
export function createVault(masterKeys: readonly MasterKey[]): Vault {
  const [current] = masterKeys;
  if (current === undefined) throw new IntegrationError('invalid_input', 'the vault needs a master key');
  const mastersById = new Map(masterKeys.map((master) => [master.id, master]));
  const header = Buffer.concat([Buffer.of(VERSION), Buffer.from(current.id, 'hex')]);
  const derived = new LRUCache<string, Buffer>({ max: VAULT_KEYS_CACHED_MAX });

  const keyOf = (master: MasterKey, connectionId: string): Buffer => {
    const cacheKey = `${master.id} ${connectionId}`;
    const cached = derived.get(cacheKey);
    if (cached !== undefined) return cached;
    const key = Buffer.from(hkdfSync('sha256', master.bytes, '', `tenon connection ${connectionId}`, KEY_BYTES));
    derived.set(cacheKey, key);
    return key;
  };

  const seal = (plain: string | Uint8Array, place: SealedPlace): Buffer => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', keyOf(current, place.connectionId), nonce);
    cipher.setAAD(authenticated(header, place));
    const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    return Buffer.concat([header, nonce, body, cipher.final(), cipher.getAuthTag()]);
  };

  const open = (envelope: Uint8Array, place: SealedPlace): Buffer => {
    const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength);
    const master = masterOf(mastersById, bytes);
    const tagAt = bytes.length - TAG_BYTES;
    const nonce = bytes.subarray(HEADER_BYTES, CIPHERTEXT_AT);
    const decipher = createDecipheriv('aes-256-gcm', keyOf(master, place.connectionId), nonce, {
      authTagLength: TAG_BYTES,
    });
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
    seal,
    open,
    sealCanary: () => seal(CANARY_TEXT, CANARY_PLACE),
    checkCanary(envelope) {
      if (open(envelope, CANARY_PLACE).toString() !== CANARY_TEXT) throw unopened('the canary has another text');
    },
  };
}

/** JSON keeps the three apart: no connection id can run over into the generation. */
function authenticated(header: Buffer, { connectionId, generation, purpose }: SealedPlace): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([connectionId, generation, purpose]))]);
}

function masterOf(mastersById: ReadonlyMap<string, MasterKey>, envelope: Buffer): MasterKey {
  if (envelope.length < CIPHERTEXT_AT + TAG_BYTES) throw unopened('a sealed secret is too short');
  if (envelope[0] !== VERSION) throw unopened(`a secret was sealed in the unknown format ${envelope[0]}`);
  const keyId = envelope.toString('hex', 1, HEADER_BYTES);
  const master = mastersById.get(keyId);
  if (master !== undefined) return master;
  throw unopened(`a secret was sealed with master key ${keyId}, which is not configured`);
}

function unopened(reason: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invariant', `T-VAULT: ${reason}`, {
    publicDetail: 'internal error T-VAULT',
    remedy: 'Start with the master key that this store was made with; after a change give the old one as well.',
    cause,
  });
}
