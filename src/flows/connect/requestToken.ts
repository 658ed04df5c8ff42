// One request to a token endpoint while somebody waits for the connection it makes: a code exchange, client
// credentials, a signed assertion. Tokens that are already in use are renewed by `refresh.ts` alone.

import type { OAuthClient, TokenRequest } from '../../auth/oauth.ts';
import { processTokenResponse, type TokenGranted, type TokenResponse } from '../../auth/tokenResponse.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { IntegrationError } from '../../core/errors.ts';
import { BUFFERED_CALL_TIMEOUT_MS, TOKEN_RESPONSE_BYTES_MAX } from '../../core/limits.ts';
import { without } from '../../core/scrub.ts';
import { headerRecord } from '../../egress/headers.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';

/**
 * Sends a token request; the answer is not yet looked at. Rejects with the codes of `Egress.request`. Of a connection
 * that exists it is apart from its calls: one whose streams have all of its share of the origin needs tokens as well.
 */
export async function sendTokenRequest(
  { egress }: Pick<Services, 'egress'>,
  request: TokenRequest,
  connectionId?: string,
): Promise<TokenResponse> {
  const response = await egress.request({
    url: request.url,
    method: request.method,
    headers: headerRecord(request.headers),
    body: request.body,
    timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
    responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
    ...(connectionId === undefined ? {} : { owner: `tokens of ${connectionId}` }),
  });
  return {
    status: response.status,
    headers: Object.entries(response.headers).flat(),
    bodyText: response.body.toString(),
  };
}

/**
 * Rejects with `bad_request` for what the provider refused, `app_fault` if it refused the provider app,
 * `provider_malformed` or `provider_5xx` if it could not answer, and with the codes of `Egress.request`.
 */
export async function requestToken(
  services: Services,
  declaration: ProviderDeclaration,
  request: TokenRequest,
  hasApp: boolean,
): Promise<TokenGranted> {
  const response = await sendTokenRequest(services, request);
  const outcome = processTokenResponse(declaration, response, services.clock.nowMs());
  if (outcome.kind === 'granted') return outcome;
  if (outcome.kind === 'transient') {
    const code = outcome.reason === 'provider_malformed' ? 'provider_malformed' : 'provider_5xx';
    throw new IntegrationError(code, `${declaration.displayName} could not complete the connection just now`);
  }
  const words = without(`${outcome.providerError} ${outcome.description}`.trim(), secretsIn(request));
  // Without a provider app the client is what the customer typed.
  const isApp = outcome.reason === 'appFault' && hasApp;
  throw new IntegrationError(
    isApp ? 'app_fault' : 'bad_request',
    `${declaration.displayName} refused the connection: ${words}`,
    outcome.reason === 'sourceRefused'
      ? { remedy: 'Have the address that Tenon calls from allowed at the provider.' }
      : {},
  );
}

/** Members of a token request that name things instead of opening them. */
const OPEN_FIELDS: ReadonlySet<string> = new Set([
  ...['grant_type', 'client_id', 'redirect_uri', 'scope', 'audience', 'username', 'client_assertion_type'],
]);

function secretsIn({ body }: TokenRequest): readonly string[] {
  const fields = body.startsWith('{') ? Object.entries(JSON.parse(body) as object) : [...new URLSearchParams(body)];
  return fields.flatMap(([name, value]) => (OPEN_FIELDS.has(name) || typeof value !== 'string' ? [] : [value]));
}

/** Opens the provider app of a connection when a request turns out to need it. */
export function appOpener(services: Services, providerAppId: string | null): () => OAuthClient {
  return () => {
    if (providerAppId === null) throw new IntegrationError('bad_request', 'this connection needs a provider app');
    return openClient(services, providerAppId);
  };
}
