// Seals what leaves this machine with something that a person can keep: a key derived from a passphrase by scrypt
// (RFC 7914), AES-256-GCM, and an HMAC over the whole. Envelope: nonce (12) | ciphertext | tag (16). What stands beside
// a secret is authenticated with it, so that secrets cannot be moved from one thing to another.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { IntegrationError } from '../core/errors.ts';
import { PASSPHRASE_CHARS_MIN, PASSPHRASE_SCRYPT_COST } from '../core/limits.ts';

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK = 8;
/** scrypt needs 128 * cost * block bytes; Node asks for it to be said. */
const MEMORY_MAX = 256 * PASSPHRASE_SCRYPT_COST * BLOCK;

/** What a reader needs to derive the same key; says nothing about it. */
export interface KeyDerivation {
  readonly kdf: 'scrypt';
  readonly cost: number;
  readonly block: number;
  readonly salt: string;
}

export interface PassphraseSeal {
  readonly derivation: KeyDerivation;
  seal(plain: string, beside: string): string;
  /** Rejects with `invalid_input` for another passphrase, and for what was changed. */
  open(sealed: string, beside: string): string;
  /** A digest that only who has the passphrase can make. */
  mac(): { update(text: string): void; digest(): string };
}

/**
 * Takes about 0.3 s and 128 MB. A derivation that comes from a file is bounded by ours: it must not cost more. Rejects
 * with `invalid_input` for a passphrase that is too short.
 */
export async function passphraseSeal(passphrase: string, given?: KeyDerivation): Promise<PassphraseSeal> {
  if (passphrase.length < PASSPHRASE_CHARS_MIN) {
    throw new IntegrationError('invalid_input', `a passphrase has at least ${PASSPHRASE_CHARS_MIN} characters`);
  }
  const derivation = given ?? {
    kdf: 'scrypt',
    cost: PASSPHRASE_SCRYPT_COST,
    block: BLOCK,
    salt: randomBytes(SALT_BYTES).toString('base64'),
  };
  if (derivation.kdf !== 'scrypt' || derivation.cost > PASSPHRASE_SCRYPT_COST || derivation.block > BLOCK) {
    throw new IntegrationError('invalid_input', 'its key is derived in a way that is not known');
  }
  const master = await derived(passphrase, derivation);
  const keyFor = (use: string) => Buffer.from(hkdfSync('sha256', master, '', `tenon export ${use}`, KEY_BYTES));
  const [sealKey, macKey] = [keyFor('seal'), keyFor('mac')];
  return {
    derivation,
    seal(plain, beside) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
      cipher.setAAD(Buffer.from(beside));
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64',
      );
    },
    open(sealed, beside) {
      const bytes = Buffer.from(sealed, 'base64');
      const tagAt = Math.max(NONCE_BYTES, bytes.length - TAG_BYTES);
      const options = { authTagLength: TAG_BYTES };
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, NONCE_BYTES), options);
        decipher.setAAD(Buffer.from(beside));
        decipher.setAuthTag(bytes.subarray(tagAt));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, tagAt)), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new IntegrationError('invalid_input', 'the passphrase is another one, or the file was changed', {
          cause,
        });
      }
    },
    mac() {
      const hmac = createHmac('sha256', macKey);
      return { update: (text) => void hmac.update(text), digest: () => hmac.digest('base64') };
    },
  };
}

function derived(passphrase: string, { cost, block, salt }: KeyDerivation): Promise<Buffer> {
  const options = { N: cost, r: block, p: 1, maxmem: MEMORY_MAX };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else
        reject(
          new IntegrationError('invalid_input', 'its key is derived in a way that is not known', { cause: error }),
        );
    });
  });
}
