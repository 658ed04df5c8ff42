// The text of an upstream catalog, from its address or its file, within bounds of size and time. What it says is looked
// at elsewhere.

import { readFile, stat } from 'node:fs/promises';
import type { CatalogSource } from '../../catalog/source.ts';
import { type ErrorCode, IntegrationError } from '../../core/errors.ts';
import { CATALOG_BYTES_MAX, CATALOG_ETAG_CHARS_MAX, CATALOG_TIMEOUT_MS } from '../../core/limits.ts';
import { type Ms, retryAfterAtMs } from '../../core/time.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import type { Egress } from '../../egress/egress.ts';

export type Fetched =
  /** Upstream has what it had when it gave us the validator. */
  | { readonly kind: 'unchanged' }
  /** `etag`: what to ask with the next time (RFC 9110, 8.8.3); null where upstream gives none. */
  | { readonly kind: 'fetched'; readonly text: string; readonly etag: string | null };

/**
 * Asks upstream, with the validator of the last answer if there is one. Rejects with what went wrong in a sentence, and
 * with `retryAtMs` where upstream said when to come back.
 */
export async function fetchCatalog(
  egress: Pick<Egress, 'request'>,
  source: CatalogSource,
  etag: string | null,
  nowMs: Ms,
  signal: AbortSignal,
): Promise<Fetched> {
  if (source.kind === 'file') return { kind: 'fetched', text: await readCatalogFile(source.path, signal), etag: null };
  const response = await egress.request({
    url: source.url,
    method: 'GET',
    headers: {
      accept: 'application/json',
      'user-agent': 'tenon',
      ...(etag === null ? {} : { 'if-none-match': etag }),
    },
    timeoutMs: CATALOG_TIMEOUT_MS,
    responseBytesMax: CATALOG_BYTES_MAX,
    signal,
  });
  if (response.status === 304 && etag !== null) return { kind: 'unchanged' };
  if (response.status !== 200) throw answered(source.shown, response, nowMs);
  return { kind: 'fetched', text: textOf(response.body, source.shown), etag: validatorOf(response.headers['etag']) };
}

/** The text of a file. Rejects with `invalid_input` what is no file, too large or not UTF-8. */
export async function readCatalogFile(path: string, signal?: AbortSignal): Promise<string> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw unreadable(path, 'is not a file');
    if (facts.size > CATALOG_BYTES_MAX) throw unreadable(path, `is larger than ${CATALOG_BYTES_MAX} bytes`);
    return textOf(await readFile(path, signal === undefined ? {} : { signal }), path);
  } catch (error) {
    if (error instanceof IntegrationError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(path, code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`, error);
  }
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(what, 'is not UTF-8 text', cause);
  }
}

/** A validator goes back as it came, so what could not be sent is none. */
function validatorOf(etag: string | undefined): string | null {
  return etag !== undefined && etag.length <= CATALOG_ETAG_CHARS_MAX && /^[\x21-\x7e ]+$/.test(etag) ? etag : null;
}

function answered(shown: string, { status, headers }: BufferedResponse, nowMs: Ms): IntegrationError {
  const retryAtMs = retryAfterAtMs(headers['retry-after'], nowMs);
  // Another host than the one that was configured would decide where credentials go.
  const isRedirect = status >= 300 && status < 400 && headers['location'] !== undefined;
  const message = `${shown} answered ${status}${isRedirect ? ', and redirects are not followed' : ''}`;
  const facts = { upstreamStatus: status, ...(retryAtMs === null ? {} : { retryAtMs }) };
  return new IntegrationError(codeOf(status), message, facts);
}

function codeOf(status: number): ErrorCode {
  if (status >= 500) return 'provider_5xx';
  return status === 429 ? 'rate_limited' : 'provider_malformed';
}

function unreadable(what: string, reason: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invalid_input', `${what}: ${reason}`, { cause });
}
