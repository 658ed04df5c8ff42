// Reads answers of token endpoints. Real ones break RFC 6749 in many small ways (200 with an error, form bodies,
// lifetimes as text), so this is a tolerant reader with one strict question: who acts next? *granted*: nobody;
// *refused*: the customer (`grantRevoked`), the builder (`appFault`), the operator, whose address is not let in
// (`sourceRefused`), or us (`invalidRequest`); *transient*: time.
// Invariant: no token text is in anything but `credential`.

import type { TokenMetadataFields } from '../catalog/providerInfo.ts';
import { type HiddenError, type ProviderDeclaration, tokenFactsOf } from '../catalog/schema.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../core/json.ts';
import { PROVIDER_DESCRIPTION_CHARS_MAX, TOKEN_METADATA_CHARS_MAX } from '../core/limits.ts';
import { type Ms, retryAfterAtMs, SECOND_MS } from '../core/time.ts';
import { headerValue } from '../egress/headers.ts';
import type { OAuth2Credential } from './credential.ts';

export interface TokenResponse {
  readonly status: number;
  /** Name, value, name, value, … as egress gives them. */
  readonly headers: readonly string[];
  readonly bodyText: string;
}

/** Facts of a token answer that are not secret. */
export interface TokenMetadata {
  readonly workspaceRef?: string;
  readonly consumerRef?: string;
  readonly scopes?: readonly string[];
  /** Values of the declared other fields, by their names. */
  readonly other: Readonly<Record<string, string>>;
}

export interface TokenGranted {
  readonly kind: 'granted';
  readonly credential: OAuth2Credential;
  /** Receipt plus the stated lifetime, so no provider clock is trusted; null where none is stated. */
  readonly expiresAtMs: Ms | null;
  /** The same of the refresh token: the customer must have connected again by then, unless it rotates. */
  readonly grantEndsAtMs: Ms | null;
  readonly metadata: TokenMetadata;
}

export interface TokenRefused {
  readonly kind: 'refused';
  readonly reason: 'grantRevoked' | 'appFault' | 'invalidRequest' | 'sourceRefused';
  /** The provider's error code, or `http_<status>` where it gave none. */
  readonly providerError: string;
  /** The provider's words with anything token-like removed; may be empty. */
  readonly description: string;
}

export interface TokenTransient {
  readonly kind: 'transient';
  readonly reason: 'rate_limited' | 'provider_5xx' | 'provider_malformed';
  readonly retryAfterMs?: Ms;
}

export type TokenOutcome = TokenGranted | TokenRefused | TokenTransient;

/** Error codes that mean: this grant (code or refresh token) is dead, and only the customer can give another. */
const GRANT_ERRORS: ReadonlySet<string> = new Set([
  'invalid_grant',
  'access_denied',
  'consent_required',
  'interaction_required',
  'login_required',
  'invalid_token',
  'token_expired',
  'token_revoked',
  // GitHub
  'bad_refresh_token',
  'bad_verification_code',
  // HubSpot says BAD_REFRESH_TOKEN and BAD_AUTH_CODE
  'bad_auth_code',
  // Slack
  'invalid_refresh_token',
  'invalid_code',
  'account_inactive',
  // Salesforce
  'inactive_user',
  'inactive_org',
  'invalid_app_access',
]);

/** Codes that blame the provider app: wrong id, wrong secret, wrong redirect address. No grant is broken by them. */
const APP_ERRORS: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  // GitHub
  'incorrect_client_credentials',
  'redirect_uri_mismatch',
  'application_suspended',
  // HubSpot
  'bad_client_id',
  'bad_client_secret',
  // Slack
  'invalid_client_id',
  'bad_redirect_uri',
  // Salesforce
  'invalid_client_credentials',
]);

/** The grant is sound; the provider does not let this machine's address in (Salesforce: "ip restricted"). */
const SOURCE_REFUSED =
  /\b(ip|address)\b.{0,40}\b(restrict|not allow|not permit|not whitelist|not in the allow|blocked)/i;

/** Whether the words of a provider say that it does not let the address of this machine in. */
export function isSourceRefused(words: string): boolean {
  return SOURCE_REFUSED.test(words);
}

const RATE_ERRORS: ReadonlySet<string> = new Set(['slow_down', 'ratelimited', 'rate_limited', 'rate_limit_exceeded']);
const DOWN_ERRORS: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'service_unavailable',
  'internal_error',
  'fatal_error',
  'request_timeout',
]);

/** Request timeout and too early (RFC 9110, RFC 8470): the same request may be sent again. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425]);

/**
 * Decides what a token endpoint said. `receivedAtMs` is the local time of the answer. Never throws for anything a
 * provider can send.
 */
export function processTokenResponse(
  declaration: ProviderDeclaration,
  response: TokenResponse,
  receivedAtMs: Ms,
): TokenOutcome {
  const { status } = response;
  if (status === 429) return transient('rate_limited', response, receivedAtMs);
  if (status >= 500 || TRANSIENT_STATUSES.has(status)) return transient('provider_5xx', response, receivedAtMs);
  const body = parseBody(response.bodyText);
  const hidden = tokenFactsOf(declaration)?.hiddenErrors ?? [];
  const code = body === null ? undefined : (hiddenCodeOf(hidden, body) ?? errorCodeOf(body, status));
  if (code !== undefined && RATE_ERRORS.has(code.toLowerCase()))
    return transient('rate_limited', response, receivedAtMs);
  if (code !== undefined && DOWN_ERRORS.has(code.toLowerCase()))
    return transient('provider_5xx', response, receivedAtMs);
  if (status < 300 && code === undefined) {
    const accessToken = textOf(body?.['access_token']);
    if (body === null || accessToken === undefined) return transient('provider_malformed', response, receivedAtMs);
    return granted(declaration, body, accessToken, receivedAtMs);
  }
  const description = redacted(body === null ? '' : descriptionOf(body));
  return {
    kind: 'refused',
    reason: isSourceRefused(description) ? 'sourceRefused' : refusalReason(status, code),
    providerError: redacted(code ?? `http_${status}`),
    description,
  };
}

/**
 * The credential after a renewal: what the answer leaves out stays as it was (many send no new refresh token). A token
 * that came from the source instead came because the old refresh token is refused, so that one goes.
 */
export function mergeRenewed(
  previous: OAuth2Credential,
  renewed: OAuth2Credential,
  isFromSource: boolean,
): OAuth2Credential {
  const { refreshToken, ...kept } = previous;
  const isKept = refreshToken !== undefined && !isFromSource;
  return { ...kept, ...(isKept ? { refreshToken } : {}), ...renewed };
}

function granted(
  declaration: ProviderDeclaration,
  body: JsonObject,
  accessToken: string,
  receivedAtMs: Ms,
): TokenGranted {
  const { auth } = declaration;
  const fields = auth.scheme === 'oauth2' ? auth.tokenMetadata : {};
  const refreshToken = textOf(body['refresh_token']);
  const metadata = metadataOf(fields, body);
  const scopes = metadata.scopes ?? scopesOf(body['scope']);
  return {
    kind: 'granted',
    credential: {
      scheme: 'oauth2',
      accessToken,
      tokenType: textOf(body['token_type']) ?? 'Bearer',
      ...(refreshToken !== undefined && { refreshToken }),
      ...(scopes !== undefined && { scopes }),
    },
    expiresAtMs: expiryOf(body['expires_in'], receivedAtMs),
    grantEndsAtMs: grantEndOf(body, receivedAtMs),
    metadata,
  };
}

/** Seconds as number or text. Zero and less are said by providers whose tokens do not expire. */
function expiryOf(expiresIn: JsonValue | undefined, receivedAtMs: Ms): Ms | null {
  const seconds = typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  const expiresAtMs = receivedAtMs + Math.floor(seconds * SECOND_MS);
  return Number.isSafeInteger(expiresAtMs) ? expiresAtMs : null;
}

/** RFC 6749 has no name for it. Google (for apps in testing), Microsoft, LinkedIn; Keycloak and kin; Intuit. */
function grantEndOf(body: JsonObject, receivedAtMs: Ms): Ms | null {
  const names = ['refresh_token_expires_in', 'refresh_expires_in', 'x_refresh_token_expires_in'];
  return names.reduce<Ms | null>((found, name) => found ?? expiryOf(body[name], receivedAtMs), null);
}

function metadataOf(fields: TokenMetadataFields, body: JsonObject): TokenMetadata {
  const workspaceRef = fieldText(body, fields.workspaceRefField);
  const consumerRef = fieldText(body, fields.consumerRefField);
  const scopes = fields.scopesField === undefined ? undefined : scopesOf(jsonAt(body, fields.scopesField));
  const other = (fields.otherFields ?? []).flatMap(({ name, path, capture }): [string, string][] => {
    const text = fieldText(body, path);
    const value = text === undefined || capture === undefined ? text : captured(text, capture);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...(workspaceRef !== undefined && { workspaceRef }),
    ...(consumerRef !== undefined && { consumerRef }),
    ...(scopes !== undefined && { scopes }),
    other: Object.fromEntries(other),
  };
}

function fieldText(body: JsonObject, path: string | undefined): string | undefined {
  const value = path === undefined ? undefined : jsonAt(body, path);
  return typeof value === 'number' ? String(value) : textOf(value);
}

/** The group named `result` of a declared expression, as published catalogs have it. */
export function captured(text: string, capture: string): string | undefined {
  return new RegExp(capture).exec(text.slice(0, TOKEN_METADATA_CHARS_MAX))?.groups?.['result'];
}

function scopesOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((scope) => scope !== '');
  return Array.isArray(value) ? value.filter((scope) => typeof scope === 'string') : undefined;
}

/** A JSON object, or a form (GitHub's default, also seen elsewhere); null for HTML, nothing and everything else. */
function parseBody(text: string): JsonObject | null {
  try {
    const parsed: JsonValue = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    const isForm = /^[\w.-]+=[^\s<>]*$/.test(text.trim());
    return isForm ? Object.fromEntries(new URLSearchParams(text.trim())) : null;
  }
}

/** What the catalog says of this endpoint's answers, before what is usual. */
function hiddenCodeOf(hidden: readonly HiddenError[], body: JsonObject): string | undefined {
  const found = hidden.find(({ path, equals }) => {
    const value = jsonAt(body, path);
    return equals === undefined ? value !== undefined && value !== null : value === equals;
  });
  if (found === undefined) return undefined;
  return (found.codePath === undefined ? undefined : codeText(jsonAt(body, found.codePath))) ?? 'error';
}

/** The provider's error code wherever it keeps it; undefined where the body does not speak of an error. */
function errorCodeOf(body: JsonObject, status: number): string | undefined {
  const { error } = body;
  if (isJsonObject(error))
    return codeText(error['code']) ?? codeText(error['type']) ?? codeText(error['status']) ?? 'error';
  if (textOf(error) !== undefined) return textOf(error);
  if (body['ok'] === false || body['success'] === false) return codeText(body['code']) ?? 'error';
  // In a success these are other things: a status may be "active".
  if (status < 300) return undefined;
  return textOf(body['errorCode']) ?? textOf(body['error_code']) ?? textOf(body['status']) ?? textOf(body['code']);
}

function codeText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value);
}

function descriptionOf(body: JsonObject): string {
  const nested = isJsonObject(body['error']) ? body['error'] : {};
  const candidates = [body['error_description'], body['message'], nested['message'], body['error_message']];
  return candidates.map(textOf).find((text) => text !== undefined) ?? '';
}

function refusalReason(status: number, code: string | undefined): TokenRefused['reason'] {
  const known = code?.toLowerCase() ?? '';
  // RFC 6749, 5.2: 401 is for client authentication. Atlassian says this then, and others of a consent taken back.
  if (status === 401 && known === 'access_denied') return 'appFault';
  if (GRANT_ERRORS.has(known)) return 'grantRevoked';
  if (APP_ERRORS.has(known)) return 'appFault';
  // RFC 6749, 5.2: 401 is for client authentication and nothing else.
  return status === 401 ? 'appFault' : 'invalidRequest';
}

function transient(reason: TokenTransient['reason'], response: TokenResponse, receivedAtMs: Ms): TokenTransient {
  const retryAtMs = retryAfterAtMs(headerValue(response.headers, 'retry-after'), receivedAtMs);
  return {
    kind: 'transient',
    reason,
    ...(retryAtMs !== null && { retryAfterMs: Math.max(0, retryAtMs - receivedAtMs) }),
  };
}

/**
 * Providers quote what they were sent. Quoted words, named secrets and long words with digits are left out. The text
 * is cut first, at a word, since the expressions take quadratic time.
 */
function redacted(text: string): string {
  const cutAt = 4 * PROVIDER_DESCRIPTION_CHARS_MAX;
  const start = text.length > cutAt ? text.slice(0, cutAt).replace(/\S+$/, '') : text;
  return start
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/(["'`])[^\s"'`]{6,}\1/g, '[redacted]')
    .replace(/((?:token|code|secret|password|key)\s*[:=]\s*)\S+/gi, '$1[redacted]')
    .replace(/(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}|[\w.~+/=-]{40,}/g, '[redacted]')
    .slice(0, PROVIDER_DESCRIPTION_CHARS_MAX);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
