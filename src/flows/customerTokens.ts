// Tokens of customers: signed by the builder's backend with a key whose public half the project has registered, and
// good for ten minutes. They say which group and consumer a browser may act for. Invariant: nothing in a token is
// believed before its signature is, and only RS256 is a signature.

import { compactVerify, decodeProtectedHeader, importSPKI } from 'jose';
import { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import type { ProjectId } from '../core/ids.ts';
import {
  CUSTOMER_TOKEN_CHARS_MAX,
  CUSTOMER_TOKEN_LEEWAY_MS,
  CUSTOMER_TOKEN_LIFETIME_MS_MAX,
  JWT_KEYS_CACHED_MAX,
  REF_CHARS_MAX,
} from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import { type Clock, type Ms, SECOND_MS } from '../core/time.ts';
import type { Reads } from '../store/port.ts';
import { type JwtKeyRow, readJwtKey } from '../store/tables/keys.ts';

const ALGORITHM = 'RS256';
const ref = z.string().min(1).max(REF_CHARS_MAX);
const seconds = z
  .number()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER / SECOND_MS);
const claims = z.object({ groupRef: ref, consumerRef: ref, iat: seconds, exp: seconds, nbf: seconds.optional() });

/** Whom a token speaks for. */
export interface Customer {
  readonly projectId: ProjectId;
  readonly groupRef: string;
  readonly consumerRef: string;
}

type ImportedKey = Awaited<ReturnType<typeof importSPKI>>;

/** Three parts with a header that is an object: what other Bearer tokens never look like. */
export function isCustomerToken(bearer: string): boolean {
  return /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(bearer);
}

export class CustomerTokens {
  readonly #reads: Reads;
  readonly #clock: Clock;
  /** By id; that of a key that is gone or switched off is never asked for. */
  readonly #imported = recentlyUsed<string, ImportedKey>(JWT_KEYS_CACHED_MAX);

  constructor(reads: Reads, clock: Clock) {
    this.#reads = reads;
    this.#clock = clock;
  }

  /** Rejects with `unauthenticated` for a token that is not valid now, without saying more than its sender knows. */
  async customerOf(token: string): Promise<Customer> {
    if (token.length > CUSTOMER_TOKEN_CHARS_MAX) throw refused('is too long');
    const row = this.#keyOf(token);
    const { groupRef, consumerRef, iat, exp, nbf = 0 } = await this.#verified(token, row);
    const fault = timeFault({ iatMs: iat * SECOND_MS, expMs: exp * SECOND_MS, nbfMs: nbf * SECOND_MS }, this.#clock);
    if (fault !== null) throw refused(fault);
    return { projectId: row.projectId, groupRef, consumerRef };
  }

  /** The key that the header names: asked for with each call, so that one that was switched off ends at once. */
  #keyOf(token: string): JwtKeyRow {
    const { alg, kid } = headerOf(token);
    if (alg !== ALGORITHM) throw refused(`must be signed with ${ALGORITHM}`);
    const row = typeof kid === 'string' ? readJwtKey(this.#reads, kid) : undefined;
    if (row === undefined || row.isActive === 0) throw refused('names no active key in `kid`');
    return row;
  }

  async #verified(token: string, { jwtKeyId, publicKeyPem }: JwtKeyRow): Promise<z.output<typeof claims>> {
    const key = this.#imported.get(jwtKeyId) ?? (await importSPKI(publicKeyPem, ALGORITHM));
    this.#imported.set(jwtKeyId, key);
    const payload = await compactVerify(token, key, { algorithms: [ALGORITHM] }).then(
      (verified) => verified.payload,
      () => {
        throw refused('has a wrong signature');
      },
    );
    const parsed = claims.safeParse(jsonOf(payload));
    if (!parsed.success) throw refused('must have groupRef, consumerRef, iat and exp');
    return parsed.data;
  }
}

interface Times {
  readonly iatMs: Ms;
  readonly expMs: Ms;
  readonly nbfMs: Ms;
}

function timeFault({ iatMs, expMs, nbfMs }: Times, clock: Clock): string | null {
  const nowMs = clock.nowMs();
  if (expMs <= nowMs - CUSTOMER_TOKEN_LEEWAY_MS) return 'has expired';
  if (iatMs > nowMs + CUSTOMER_TOKEN_LEEWAY_MS || nbfMs > nowMs + CUSTOMER_TOKEN_LEEWAY_MS) return 'is of the future';
  const maxSeconds = CUSTOMER_TOKEN_LIFETIME_MS_MAX / SECOND_MS;
  return expMs - iatMs > CUSTOMER_TOKEN_LIFETIME_MS_MAX ? `may be good for ${maxSeconds} seconds at most` : null;
}

function headerOf(token: string): { readonly alg?: unknown; readonly kid?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw refused('has no header that can be read');
  }
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return null;
  }
}

function refused(why: string): IntegrationError {
  return new IntegrationError('unauthenticated', `the token ${why}`);
}
