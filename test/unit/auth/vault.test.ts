import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVault, keyIdOf, newMasterKey, parseMasterKey, type SealedPlace } from '../../../src/auth/vault.ts';
import { IntegrationError } from '../../../src/core/errors.ts';

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 251) % 256));
const current = parseMasterKey(bytes.toString('base64'));
const old = parseMasterKey(randomBytes(32).toString('hex'));
const place: SealedPlace = { connectionId: 'con-1', generation: 7, purpose: 'credential' };
const PLAIN = '{"accessToken":"canary-token-é"}';

const VERSION_AT = 0;
const KEY_ID_AT = 1;
const NONCE_AT = 9;
const CIPHERTEXT_AT = 21;

function failureOf(run: () => unknown): IntegrationError {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrationError) return error;
    throw error;
  }
  throw new Error('nothing thrown');
}

describe('parseMasterKey', () => {
  it.each([
    '',
    'secret',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    randomBytes(16).toString('hex'),
    `${randomBytes(32).toString('hex')}00`,
    `${bytes.toString('base64').slice(0, 40)}!!!=`,
    `"${bytes.toString('base64')}"`,
  ])('refuses %j without repeating it', (text) => {
    const error = failureOf(() => parseMasterKey(text));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toBe('a master key must be 32 bytes as base64, base64url or hex');
  });

  it.each([
    bytes.toString('base64'),
    bytes.toString('base64').replace('=', ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    `  ${bytes.toString('base64')}\n`,
  ])('reads %j', (text) => {
    expect(parseMasterKey(text)).toEqual(current);
  });
});

describe('a vault', () => {
  it('refuses to be without a master key', () => {
    expect(failureOf(() => createVault([])).code).toBe('invalid_input');
  });

  const vault = createVault([current]);
  const sealed = vault.seal(PLAIN, place);
  const regions: [string, number][] = [
    ['version', VERSION_AT],
    ['first byte of the key id', KEY_ID_AT],
    ['last byte of the key id', NONCE_AT - 1],
    ['first byte of the nonce', NONCE_AT],
    ['last byte of the nonce', CIPHERTEXT_AT - 1],
    ['first byte of the ciphertext', CIPHERTEXT_AT],
    ['last byte of the ciphertext', sealed.length - 17],
    ['first byte of the tag', sealed.length - 16],
    ['last byte of the tag', sealed.length - 1],
  ];

  it.each(regions)('does not open after a flip in the %s', (_, at) => {
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8((flipped[at] ?? 0) ^ 1, at);
    expect(failureOf(() => vault.open(flipped, place)).code).toBe('invariant');
  });

  it('does not open after a flip of any single bit', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const at = bit >> 3;
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8((flipped[at] ?? 0) ^ (1 << (bit & 7)), at);
      expect(() => vault.open(flipped, place)).toThrow('T-VAULT');
    }
  });

  it.each<[string, SealedPlace]>([
    ['generation', { ...place, generation: 8 }],
    ['connection', { ...place, connectionId: 'con-2' }],
    ['purpose', { ...place, purpose: 'tokenAnswer' }],
    ['split of connection and generation', { ...place, connectionId: 'con-17', generation: 7 }],
  ])('does not open with another %s', (_, other) => {
    const error = failureOf(() => vault.open(sealed, other));
    expect(error.message).toContain('damaged or belongs to another place');
    expect(error.publicDetail).toBe('internal error T-VAULT');
    expect(error.message).not.toContain('canary-token');
  });

  it.each([0, 1, 20, 36])('does not open %i bytes', (length) => {
    expect(failureOf(() => vault.open(sealed.subarray(0, length), place)).message).toContain('too short');
  });

  it('does not open with a shortened tag or an appended byte', () => {
    expect(() => vault.open(sealed.subarray(0, -1), place)).toThrow('damaged');
    expect(() => vault.open(Buffer.concat([sealed, Buffer.of(0)]), place)).toThrow('damaged');
  });

  it('names the missing master key by its id', () => {
    const error = failureOf(() => createVault([old]).open(sealed, place));
    expect(error.message).toContain(`master key ${current.id}, which is not configured`);
    expect(error.remedy).toContain('old one');
  });

  it('opens what it sealed, text and bytes and nothing', () => {
    expect(vault.open(sealed, place).toString()).toBe(PLAIN);
    const plain = randomBytes(5000);
    expect(vault.open(new Uint8Array(vault.seal(plain, place)), place)).toEqual(plain);
    expect(vault.open(vault.seal('', place), place)).toHaveLength(0);
  });

  it('opens an envelope that is a view into a larger buffer', () => {
    const larger = Buffer.concat([Buffer.alloc(3), sealed, Buffer.alloc(5)]);
    expect(vault.open(new Uint8Array(larger.buffer, larger.byteOffset + 3, sealed.length), place).toString()).toBe(
      PLAIN,
    );
  });

  it('never gives the same envelope twice, nor the plain text in it', () => {
    expect(vault.seal(PLAIN, place)).not.toEqual(sealed);
    expect(sealed.includes('canary-token')).toBe(false);
  });

  it('opens with an old key and seals with the first', () => {
    const rotated = createVault([old, current]);
    expect(rotated.open(sealed, place).toString()).toBe(PLAIN);
    const resealed = rotated.seal(PLAIN, place);
    expect(resealed.toString('hex', KEY_ID_AT, NONCE_AT)).toBe(old.id);
    expect(() => vault.open(resealed, place)).toThrow('not configured');
  });
});

describe('a vault whose keys change', () => {
  it('says of bytes that are no envelope that no key sealed them', () => {
    const sealed = createVault([current]).seal(PLAIN, place);
    expect(keyIdOf(sealed)).toBe(current.id);
    expect(keyIdOf(sealed.subarray(0, 36))).toBeNull();
    expect(keyIdOf(Buffer.alloc(60))).toBeNull();
  });

  it('counts a key once that is given twice', () => {
    const vault = createVault([current, old, current]);
    expect(vault.ring.masters).toEqual([current, old]);
    vault.ring.add(old);
    expect(vault.ring.masters).toEqual([old, current]);
  });

  it('seals with the key that was added last, and opens what it sealed before', () => {
    const vault = createVault([old]);
    const before = vault.seal(PLAIN, place);
    vault.ring.add(current);
    const after = vault.seal(PLAIN, place);
    expect([keyIdOf(before), keyIdOf(after)]).toEqual([old.id, current.id]);
    expect([vault.open(before, place).toString(), vault.open(after, place).toString()]).toEqual([PLAIN, PLAIN]);
    expect(createVault([current]).open(after, place).toString()).toBe(PLAIN);
  });

  it('has no use for a retired key but to open what somebody still holds', () => {
    const vault = createVault([old]);
    const held = vault.seal(PLAIN, place);
    vault.ring.add(current);
    expect(vault.ring.retireOthers()).toEqual([old]);
    expect(vault.ring.masters).toEqual([current]);
    expect(keyIdOf(vault.seal(PLAIN, place))).toBe(current.id);
    expect(vault.open(held, place).toString()).toBe(PLAIN);
  });

  it('renews what it sealed with another key, and nothing else', () => {
    const vault = createVault([old]);
    const held = vault.seal(PLAIN, place);
    const stored = Buffer.from(held);
    expect(vault.renewed(held)).toBe(held);
    vault.ring.add(current);
    vault.ring.retireOthers();
    const renewed = vault.renewed(held);
    expect([keyIdOf(renewed), vault.open(renewed, place).toString()]).toEqual([current.id, PLAIN]);
    // Read from the disk: it is there already, and where it belongs is not known here.
    expect(vault.renewed(stored)).toBe(stored);
    const sealed = vault.seal(PLAIN, place);
    expect(vault.renewed(sealed)).toBe(sealed);
    expect([vault.renewed('text'), vault.renewed(7), vault.renewed(null)]).toEqual(['text', 7, null]);
  });

  it('makes keys that are different', () => {
    expect(newMasterKey().id).not.toBe(newMasterKey().id);
  });
});

describe('the canary', () => {
  const canary = createVault([current]).sealCanary();

  it('tells a wrong master key', () => {
    expect(() => createVault([old]).checkCanary(canary)).toThrow('not configured');
  });

  it('tells a damaged row and a row that is something else', () => {
    const vault = createVault([current]);
    expect(() => vault.checkCanary(canary.subarray(0, -1))).toThrow('damaged');
    expect(() => vault.checkCanary(vault.seal('tenon canary', place))).toThrow('damaged');
    const impostor = vault.seal('x', { connectionId: 'canary', generation: 0, purpose: 'canary' });
    expect(() => vault.checkCanary(impostor)).toThrow('another text');
  });

  it('passes with the right key, also when it is the old one', () => {
    expect(() => createVault([current]).checkCanary(canary)).not.toThrow();
    expect(() => createVault([old, current]).checkCanary(canary)).not.toThrow();
  });
});
