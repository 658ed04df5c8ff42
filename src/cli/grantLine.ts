// One line of a file of grants as the body of `connections:import`. Lines are written by hand or by a script over
// another system's tables, so the short form is flat; the members of the API's ConnectionRequest are taken too. What is
// wrong is told by the names of members, never by their values.

import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonOrNull } from '../core/json.ts';

/** Members that go as they are. */
const SAME = new Set([
  ...['provider', 'groupRef', 'groupName', 'consumerRef', 'consumerName', 'providerApp', 'providerWorkspaceRef'],
  ...['apiKey', 'basicAuth', 'oauth2ClientCredentials', 'oauth2PasswordCredentials', 'oauth2AuthorizationCode'],
  'customAuth',
]);
/** Members of the flat form of an OAuth grant. */
const FLAT = new Set([...['accessToken', 'refreshToken', 'issuedAt', 'expiresAt', 'refreshTokenExpiresAt', 'scopes']]);
const OTHERS = new Set(['workspace', 'metadata', 'providerMetadata']);

/** Rejects with `invalid_input`. Without a consumer the group stands for one. */
export function grantOf(text: string): JsonObject {
  const line = jsonOrNull(text);
  if (!isJsonObject(line)) throw new IntegrationError('invalid_input', 'not a JSON object on one line');
  for (const name of Object.keys(line)) {
    if (SAME.has(name) || FLAT.has(name) || OTHERS.has(name)) continue;
    throw new IntegrationError('invalid_input', `"${name.slice(0, 64)}" is not a member of a grant`);
  }
  for (const name of ['provider', 'groupRef']) {
    if (typeof line[name] !== 'string' || line[name] === '') {
      throw new IntegrationError('invalid_input', `"${name}" is missing`);
    }
  }
  const same = Object.fromEntries(Object.entries(line).filter(([name]) => SAME.has(name)));
  const workspace = line['workspace'] ?? line['providerWorkspaceRef'];
  return {
    consumerRef: line['groupRef'],
    ...same,
    ...(workspace === undefined ? {} : { providerWorkspaceRef: workspace }),
    ...metadataOf(line['providerMetadata'] ?? line['metadata']),
    ...tokensOf(line),
  };
}

/** Whom a grant is of: what must not stand in a file twice. */
export function customerOf({ provider, groupRef, consumerRef }: JsonObject): string {
  return JSON.stringify([provider, groupRef, consumerRef]);
}

function metadataOf(given: JsonValue | undefined): JsonObject {
  if (given === undefined) return {};
  if (!isJsonObject(given)) throw new IntegrationError('invalid_input', '"metadata" is not an object');
  const entries = Object.entries(given).map(([name, value]) => [name, isJsonObject(value) ? value : { value }]);
  return { providerMetadata: Object.fromEntries(entries) as JsonObject };
}

function tokensOf(line: JsonObject): JsonObject {
  const { accessToken, refreshToken, issuedAt, expiresAt, refreshTokenExpiresAt, scopes } = line;
  if (accessToken === undefined && refreshToken === undefined) {
    const [stray] = Object.keys(line).filter((name) => FLAT.has(name));
    if (stray === undefined) return {};
    throw new IntegrationError('invalid_input', `"${stray}" stands without a token`);
  }
  if (line['oauth2AuthorizationCode'] !== undefined) {
    throw new IntegrationError('invalid_input', 'tokens are given twice');
  }
  const list = typeof scopes === 'string' ? scopes.split(/[\s,]+/).filter(Boolean) : scopes;
  return {
    oauth2AuthorizationCode: {
      ...(accessToken === undefined ? {} : { accessToken: token(accessToken, { issuedAt, expiresAt }) }),
      ...(refreshToken === undefined
        ? {}
        : { refreshToken: token(refreshToken, { expiresAt: refreshTokenExpiresAt }) }),
      ...(list === undefined ? {} : { scopes: list }),
    },
  };
}

function token(value: JsonValue, times: JsonObject): JsonObject {
  const given = Object.entries(times).filter(([, time]) => time !== undefined && time !== null);
  return { token: value, ...Object.fromEntries(given) };
}
