// The product's providers as a seed has them: with a rotation of its choice, and budgets that small accounts can spend.

import { type Catalog, createCatalog } from '../../src/catalog/catalog.ts';
import type { ProviderDeclaration } from '../../src/catalog/schema.ts';
import { SECOND_MS } from '../../src/core/time.ts';
import type { Grants } from './grants.ts';

/** Calls that HubSpot takes from an account. */
export const BURST = { limit: 12, windowMs: 60 * SECOND_MS } as const;
/** Calls that Salesforce takes from an org at the same time. */
export const AT_ONCE = 2;

export type ProviderName = 'hubspot' | 'salesforce';

const builtIn = createCatalog();

export function catalogFor(grants: Readonly<Record<ProviderName, Grants>>): Catalog {
  const burst = { name: 'burst', scope: 'externalAccount', ...BURST } as const;
  const longRunning = { name: 'longRunning', scope: 'externalAccount', limit: AT_ONCE } as const;
  const byName = new Map<string, ProviderDeclaration>([
    ['hubspot', { ...rotating('hubspot', grants.hubspot), quotas: [burst] }],
    ['salesforce', { ...rotating('salesforce', grants.salesforce), concurrency: [longRunning] }],
  ]);
  return {
    get: (name) => byName.get(name) ?? builtIn.get(name),
    find: (name) => byName.get(name) ?? builtIn.find(name),
    list: () => builtIn.list(),
  };
}

function rotating(name: ProviderName, { options }: Grants): ProviderDeclaration {
  const declaration = builtIn.get(name);
  const { auth } = declaration;
  if (auth.scheme !== 'oauth2' || !('authUrl' in auth)) throw new Error(`${name} has no consent page`);
  // PKCE hashes on another thread, whose answers come when they come.
  const grantType = 'authorizationCode';
  return { ...declaration, auth: { ...auth, grantType, tokens: { ...auth.tokens, rotation: options.rotation } } };
}
