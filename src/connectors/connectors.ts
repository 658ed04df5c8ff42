// The connectors there are, by provider.

import type { ProviderDeclaration } from '../catalog/schema.ts';
import type { Clock } from '../core/time.ts';
import type { ReadConnector } from './contract.ts';
import { createHubspotConnector } from './hubspot/connector.ts';
import { createSalesforceConnector } from './salesforce/connector.ts';

export type Connectors = ReadonlyMap<string, ReadConnector>;

export function createConnectors(clock: Clock): Connectors {
  const nowMs = () => clock.nowMs();
  return new Map([
    ['hubspot', createHubspotConnector(nowMs)],
    ['salesforce', createSalesforceConnector(nowMs)],
  ]);
}

/** The connector of a provider, or of the one that it is a variant of (another region, another way to sign in). */
export function connectorOf(
  connectors: Connectors,
  { name, variantOf }: ProviderDeclaration,
): ReadConnector | undefined {
  return connectors.get(name) ?? (variantOf === undefined ? undefined : connectors.get(variantOf));
}
