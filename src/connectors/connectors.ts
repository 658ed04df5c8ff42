// The connectors there are, by provider.

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
