// Credentials of every kind for the platform API: keys of all scopes and states, and customers' tokens, good and bad.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type CompactJWSHeaderParameters, CompactSign } from 'jose';
import { newId, type ProjectId } from '../../src/core/ids.ts';
import { systemClock } from '../../src/core/time.ts';
import { hashApiKey, insertApiKey, insertProject, readApiKey } from '../../src/store/tables/accounts.ts';
import { updateApiKey } from '../../src/store/tables/keys.ts';
import type { Tenon } from './tenon.ts';

/** Headers of a request. */
export type Credential = Readonly<Record<string, string>>;

export interface Claims {
  readonly groupRef?: unknown;
  readonly consumerRef?: unknown;
  /** Seconds from now. */
  readonly iat?: number;
  readonly exp?: number;
  readonly nbf?: number;
}

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const nowS = () => Math.floor(systemClock.nowMs() / 1000);

/** A token as a builder's backend makes it, or, with other parts, as an attacker would. */
export function customerToken(
  kid: string,
  claims: Claims = {},
  { key = rsa.privateKey, header = {} }: { key?: KeyObject | Uint8Array; header?: object } = {},
): Promise<string> {
  const { groupRef = 'acme', consumerRef = 'ada', iat = 0, exp = 600, nbf } = claims;
  const payload = { groupRef, consumerRef, iat: nowS() + iat, exp: nowS() + exp };
  const text = JSON.stringify(nbf === undefined ? payload : { ...payload, nbf: nowS() + nbf });
  const protectedHeader = { alg: 'RS256', kid, ...header } as CompactJWSHeaderParameters;
  return new CompactSign(Buffer.from(text)).setProtectedHeader(protectedHeader).sign(key as KeyObject);
}

/** A token without a signature. */
export function unsignedToken(kid: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { groupRef: 'acme', consumerRef: 'ada', iat: nowS(), exp: nowS() + 600 };
  return `${part({ alg: 'none', kid })}.${part(claims)}.`;
}

export function bearer(token: string): Credential {
  return { 'x-api-key': '', authorization: `Bearer ${token}` };
}

/** A key as no API makes it; the text of it. */
export async function storeKey(
  tenon: Tenon,
  facts: {
    readonly projectId?: string;
    readonly scopes?: readonly string[];
    readonly isActive?: boolean;
    readonly expiresAtMs?: number;
  },
): Promise<string> {
  const { store } = tenon.running.services;
  const key = `tnn_${newId<string>()}`;
  const { projectId = tenon.projectId, scopes = ['full'], isActive = true, expiresAtMs } = facts;
  const row = { keyHash: hashApiKey(key), projectId: projectId as ProjectId, label: 'test', createdAtMs: 1 };
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  await store.commit([insertApiKey({ ...row, ...expiry, scopes: JSON.stringify(scopes) })]);
  const stored = readApiKey(store.reads, row.keyHash);
  if (!isActive && stored !== undefined) await store.commit([updateApiKey({ ...stored, isActive: 0 }, stored)]);
  return key;
}

/** Another project, made beside the API; its id. */
export async function storeProject(tenon: Tenon, name: string): Promise<ProjectId> {
  const projectId = newId<ProjectId>();
  const row = { projectId, name, appName: name, orgId: 'org', createdAtMs: systemClock.nowMs() };
  await tenon.running.services.store.commit([insertProject(row)]);
  return projectId;
}
