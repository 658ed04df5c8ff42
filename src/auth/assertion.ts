// Signed assertions (RFC 7523): a JWT made from what the customer typed, exchanged for an access token. Salesforce
// takes one as the grant itself, Google for a service account that may act for a user, NetSuite in place of a client
// secret. Invariant: a private key is in no message, and where a token comes from is said by the catalog, never by a
// key file.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AssertionExchange } from '../catalog/schema.ts';
import { fillTemplate, resolveTemplate, type TemplateVariables } from '../catalog/template.ts';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { ASSERTION_SKEW_MS } from '../core/limits.ts';
import { type Ms, SECOND_MS } from '../core/time.ts';
import { type TokenRequest, tokenRequest } from './oauth.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** RFC 7518, 3.3 and 3.5 */
const RSA_BITS_MIN = 2048;
const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface AssertionInput {
  /** What the customer typed, by the names of the declared inputs. */
  readonly values: Readonly<Record<string, string>>;
  /** The metadata of the connection. */
  readonly variables: TemplateVariables;
  /** Empty: those of the declaration. */
  readonly scopes: readonly string[];
  readonly nowMs: Ms;
}

interface SigningKey {
  readonly key: KeyObject;
  readonly keyId: string | undefined;
  /** Further template variables, from a key file. */
  readonly facts: TemplateVariables;
}

/** Rejects with `bad_request` a key that cannot be read or is of another kind, and a missing input. */
export async function buildAssertionRequest(exchange: AssertionExchange, input: AssertionInput): Promise<TokenRequest> {
  const { key, keyId, facts } = signingKeyOf(exchange, input.values);
  const variables = { ...input.variables, ...input.values, ...facts };
  const scopes = input.scopes.length > 0 ? input.scopes : exchange.scopes;
  const claims: Record<string, string | readonly string[]> = {};
  if (exchange.scopeClaim !== undefined) claims['scope'] = exchange.scopeClaim === 'list' ? scopes : scopes.join(' ');
  // Issued a little in the past, so that it is not from the future for a provider whose clock is behind.
  const issuedAtMs = input.nowMs - ASSERTION_SKEW_MS;
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: exchange.algorithm, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuer(fillTemplate(exchange.issuer, variables))
    .setAudience(audienceOf(exchange, input.variables))
    .setIssuedAt(Math.floor(issuedAtMs / SECOND_MS))
    .setExpirationTime(Math.floor((issuedAtMs + exchange.assertionLifetimeMs) / SECOND_MS));
  if (exchange.subject !== undefined) jwt.setSubject(fillTemplate(exchange.subject, variables));
  const assertion = await jwt.sign(key);
  const form =
    exchange.use === 'grant'
      ? { grant_type: GRANT_TYPE, assertion }
      : {
          grant_type: 'client_credentials',
          client_assertion_type: CLIENT_ASSERTION_TYPE,
          client_assertion: assertion,
        };
  return tokenRequest(exchange, null, form, input.variables);
}

function audienceOf({ audience, audienceWhere }: AssertionExchange, variables: TemplateVariables): string {
  const value = audienceWhere === undefined ? undefined : variables[audienceWhere.variable];
  const isOther = audienceWhere !== undefined && value !== undefined && new RegExp(audienceWhere.matches).test(value);
  return resolveTemplate(isOther ? audienceWhere.audience : audience, variables);
}

function signingKeyOf({ key }: AssertionExchange, values: Readonly<Record<string, string>>): SigningKey {
  const text = values[key.input] ?? '';
  if (text.trim() === '') throw unusable(key.input, 'is missing');
  if (key.form === 'pem') {
    const keyId = key.keyIdInput === undefined ? undefined : values[key.keyIdInput];
    // Environments and forms write line breaks as two characters.
    const pem = decoded(text, '-----BEGIN').replaceAll('\\n', '\n');
    return { key: privateKeyOf(pem, key.input), keyId, facts: {} };
  }
  const file = keyFileOf(decoded(text, '{'), key.input);
  const { client_email: email, private_key: pem, private_key_id: id } = file;
  if (typeof email !== 'string' || typeof pem !== 'string') {
    throw unusable(key.input, 'is not the key file of a service account: client_email and private_key are needed');
  }
  const keyId = typeof id === 'string' ? id : undefined;
  return { key: privateKeyOf(pem, key.input), keyId, facts: { client_email: email } };
}

/** As it is, or out of base64: forms take one line, key files have many. */
function decoded(text: string, start: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith(start)) return trimmed;
  const plain = Buffer.from(trimmed, 'base64').toString('utf8').trim();
  return plain.startsWith(start) ? plain : trimmed;
}

/** PKCS #1 and PKCS #8. */
function privateKeyOf(pem: string, input: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Without the cause: what a parser says may quote the key.
    throw unusable(input, 'is not a private key in PEM form');
  }
  if (key.asymmetricKeyType !== 'rsa') throw unusable(input, 'is not an RSA key');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS_MIN) throw unusable(input, `has ${bits} bits; an RSA key needs at least ${RSA_BITS_MIN} bits`);
  return key;
}

function keyFileOf(text: string, input: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isJsonObject(parsed)) return parsed;
  } catch {
    // Told below.
  }
  throw unusable(input, 'is not the JSON key file of a service account');
}

function unusable(input: string, reason: string): IntegrationError {
  return new IntegrationError('bad_request', `"${input}" ${reason}`, {
    issues: [{ in: 'body', name: `customAuth.${input}`, detail: reason }],
  });
}
