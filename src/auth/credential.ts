// The plain form of a credential: what the vault seals, as JSON. The token manager opens and parses it; only
// `attach.ts` and the token requests look inside. Invariant: no message about a credential has any of its text.

import { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import { jsonOrNull } from '../core/json.ts';

const client = z.strictObject({ clientId: z.string().min(1), clientSecret: z.string() }).readonly();
const scopes = z.array(z.string()).readonly();

/** What the customer gave that the next token is had with, where it is not a refresh token. */
const source = z.discriminatedUnion('grant', [
  z.strictObject({ grant: z.literal('clientCredentials'), client, scopes }).readonly(),
  z
    .strictObject({ grant: z.literal('password'), client, username: z.string(), password: z.string(), scopes })
    .readonly(),
  // The inputs of a declared `TokenExchange`, by name.
  z
    .strictObject({ grant: z.literal('exchange'), values: z.record(z.string(), z.string()).readonly(), scopes })
    .readonly(),
]);

const oauth2 = z.strictObject({
  scheme: z.literal('oauth2'),
  accessToken: z.string().min(1),
  refreshToken: z.string().min(1).exactOptional(),
  /** As the provider said it; it is attached as `Bearer` whatever it says (Slack says `bot`). */
  tokenType: z.string(),
  scopes: scopes.exactOptional(),
  source: source.exactOptional(),
});

const credentialSchema = z.discriminatedUnion('scheme', [
  oauth2.readonly(),
  z.strictObject({ scheme: z.literal('apiKey'), apiKey: z.string().min(1) }).readonly(),
  // Either may be empty: providers that take an API key as user name or as password.
  z.strictObject({ scheme: z.literal('basic'), username: z.string(), password: z.string() }).readonly(),
  z.strictObject({ scheme: z.literal('custom'), values: z.record(z.string(), z.string()).readonly() }).readonly(),
  z.strictObject({ scheme: z.literal('none') }).readonly(),
]);

export type Credential = z.infer<typeof credentialSchema>;
export type OAuth2Credential = Extract<Credential, { scheme: 'oauth2' }>;
export type CredentialSource = NonNullable<OAuth2Credential['source']>;

/** True for a credential that can be exchanged for the next one. */
export function canRenew(credential: Credential): boolean {
  return credential.scheme === 'oauth2' && (credential.refreshToken !== undefined || credential.source !== undefined);
}

/** Parses what the vault opened. Rejects with `invariant` what is not a credential of ours. */
export function parseCredential(json: string): Credential {
  const parsed = credentialSchema.safeParse(jsonOrNull(json));
  if (parsed.success) return parsed.data;
  throw new IntegrationError('invariant', 'T-CREDENTIAL: a sealed credential has an unknown shape', {
    publicDetail: 'internal error T-CREDENTIAL',
  });
}

/** Members of a credential that are no secret and that the words of a provider may well name. */
const OPEN_MEMBERS: ReadonlySet<string> = new Set(['scheme', 'tokenType', 'scopes', 'grant', 'clientId', 'username']);

/** Every text in a credential that must not be seen: to be taken out of what a provider says. */
export function secretsOf(credential: Credential): readonly string[] {
  const leaves = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, member]) => (OPEN_MEMBERS.has(name) ? [] : leaves(member)));
  };
  return leaves(credential);
}
