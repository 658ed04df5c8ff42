// The public keys that a builder's backend signs tokens of its customers for: RSA, checked when they are registered,
// so that no call fails for a key that could never verify anything.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId } from '../core/ids.ts';
import { JWT_KEY_BITS_MAX, JWT_KEY_BITS_MIN, JWT_KEYS_PER_PROJECT_MAX } from '../core/limits.ts';
import {
  deleteJwtKey,
  insertJwtKey,
  type JwtKeyRow,
  readJwtKey,
  readJwtKeys,
  updateJwtKey,
} from '../store/tables/keys.ts';
import { changedMeanwhile, missingMember } from './apiKeys.ts';
import type { Services } from './services.ts';

/** What may be changed of a key. */
type JwtKeyMask = 'active' | 'label';

/** Rejects with `not_found` unless it is the project's. */
export function findJwtKey({ store }: Services, projectId: ProjectId, jwtKeyId: string): JwtKeyRow {
  const row = readJwtKey(store.reads, jwtKeyId);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such JWT key');
  return row;
}

/** Rejects with `bad_request` for what is no RSA public key of a safe size, or if the project has too many. */
export async function createJwtKey(
  { store, clock }: Services,
  projectId: ProjectId,
  input: { readonly label: string; readonly publicKeyPem: string },
): Promise<JwtKeyRow> {
  const publicKeyPem = parsePublicKey(input.publicKeyPem);
  if (readJwtKeys(store.reads, projectId).length >= JWT_KEYS_PER_PROJECT_MAX) {
    throw new IntegrationError('bad_request', `a project has at most ${JWT_KEYS_PER_PROJECT_MAX} JWT keys`);
  }
  const createdAtMs = clock.nowMs();
  const jwtKeyId = newId<string>();
  const facts = { jwtKeyId, projectId, label: input.label, publicKeyPem };
  const row: JwtKeyRow = { ...facts, isActive: 1, createdAtMs, updatedAtMs: createdAtMs };
  await store.commit([insertJwtKey(row)]);
  return row;
}

/** Rejects with `bad_request` for a masked member without a value, `conflict` if it was changed at the same moment. */
export async function editJwtKey(
  { store, clock }: Services,
  before: JwtKeyRow,
  mask: readonly JwtKeyMask[],
  changes: { readonly active?: boolean | undefined; readonly label?: string | undefined },
): Promise<JwtKeyRow> {
  const missing = mask.find((name) => changes[name] === undefined);
  if (missing !== undefined) throw missingMember('jwtKey', missing);
  const row: JwtKeyRow = {
    ...before,
    label: mask.includes('label') ? (changes.label ?? before.label) : before.label,
    isActive: mask.includes('active') ? (changes.active === true ? 1 : 0) : before.isActive,
    updatedAtMs: Math.max(clock.nowMs(), before.updatedAtMs + 1),
  };
  await store.commit([updateJwtKey(row, before)]).catch(changedMeanwhile);
  return row;
}

/** Rejects with `not_found` if it is gone. */
export async function removeJwtKey({ store }: Services, row: JwtKeyRow): Promise<void> {
  await store.commit([deleteJwtKey(row)]).catch((error: unknown) => {
    throw errorFacts(error).code === 'invalid_input' ? new IntegrationError('not_found', 'no such JWT key') : error;
  });
}

/** In the form that it is stored and shown in. */
function parsePublicKey(text: string): string {
  const key = publicKeyOf(text);
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key === null || key.asymmetricKeyType !== 'rsa') {
    throw refused('must be an RSA public key as PEM: it begins with -----BEGIN PUBLIC KEY-----');
  }
  if (bits < JWT_KEY_BITS_MIN || bits > JWT_KEY_BITS_MAX) {
    throw refused(`has ${bits} bits and must have ${JWT_KEY_BITS_MIN} to ${JWT_KEY_BITS_MAX}`);
  }
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** A private key would be taken as well, and must not be: it is to stay where it is. */
function publicKeyOf(text: string): KeyObject | null {
  if (!text.trim().startsWith('-----BEGIN PUBLIC KEY-----')) return null;
  try {
    return createPublicKey({ key: text.trim(), format: 'pem', type: 'spki' });
  } catch {
    return null;
  }
}

function refused(detail: string): IntegrationError {
  const issues = [{ in: 'body' as const, name: 'publicKeyPem', detail }];
  return new IntegrationError('bad_request', `publicKeyPem ${detail}`, { issues });
}
