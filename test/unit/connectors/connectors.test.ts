import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { connectorOf, createConnectors } from '../../../src/connectors/connectors.ts';
import { fakeClock } from '../../support/clock.ts';

const catalog = createCatalog();
const connectors = createConnectors(fakeClock());

describe('connectorOf', () => {
  it('finds none where there is none, for a variant either', () => {
    expect(connectorOf(connectors, catalog.get('stripe'))).toBeUndefined();
    expect(connectorOf(connectors, catalog.get('gustoDemo'))).toBeUndefined();
  });

  it('finds the connector of a provider, and that of the one it is a variant of', () => {
    expect(connectorOf(connectors, catalog.get('salesforce'))).toBe(connectors.get('salesforce'));
    expect(connectorOf(connectors, catalog.get('salesforceJWT'))).toBe(connectors.get('salesforce'));
  });
});
