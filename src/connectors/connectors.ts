// The connectors and the sources of events there are, by provider.

import type { ProviderDeclaration } from '../catalog/schema.ts';
import type { Clock } from '../core/time.ts';
import type { ReadConnector } from './contract.ts';
import { accuLynxEvents } from './events/accuLynx.ts';
import { attioEvents } from './events/attio.ts';
import { connectWiseEvents } from './events/connectWise.ts';
import { githubEvents } from './events/github.ts';
import { gongEvents } from './events/gong.ts';
import { gmailEvents, googleCalendarEvents } from './events/google.ts';
import { housecallProEvents } from './events/housecallPro.ts';
import { jobberEvents } from './events/jobber.ts';
import { microsoftEvents } from './events/microsoft.ts';
import { outreachEvents } from './events/outreach.ts';
import { salesloftEvents } from './events/salesloft.ts';
import { slackEvents } from './events/slack.ts';
import { stripeEvents } from './events/stripe.ts';
import { xeroEvents } from './events/xero.ts';
import { zendeskEvents } from './events/zendesk.ts';
import { zohoCrmEvents, zohoMailEvents } from './events/zoho.ts';
import type { EventSource } from './events.ts';
import { createHubspotConnector } from './hubspot/connector.ts';
import { hubspotEvents } from './hubspot/events.ts';
import { createSalesforceConnector } from './salesforce/connector.ts';
import { salesforceEvents } from './salesforce/events.ts';

export type Connectors = ReadonlyMap<string, ReadConnector>;

/** By provider, or by provider and module where modules of one differ. */
const EVENT_SOURCES: ReadonlyMap<string, EventSource> = new Map([
  ['accuLynx', accuLynxEvents],
  ['attio', attioEvents],
  ['connectWise', connectWiseEvents],
  ['github', githubEvents],
  ['gong', gongEvents],
  ['google/calendar', googleCalendarEvents],
  ['google/gmail', gmailEvents],
  ['housecallPro', housecallProEvents],
  ['hubspot', hubspotEvents],
  ['jobber', jobberEvents],
  ['microsoft', microsoftEvents],
  ['outreach', outreachEvents],
  ['salesforce', salesforceEvents],
  ['salesloft', salesloftEvents],
  ['slack', slackEvents],
  ['stripe', stripeEvents],
  ['xero', xeroEvents],
  ['zendeskSupport', zendeskEvents],
  ['zoho/crm', zohoCrmEvents],
  ['zoho/mail', zohoMailEvents],
]);

/** Providers whose modules differ in their webhooks. */
const WITH_MODULES: ReadonlySet<string> = new Set(
  [...EVENT_SOURCES.keys()].flatMap((key) => (key.includes('/') ? key.slice(0, key.indexOf('/')) : [])),
);

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

/**
 * What is known of the webhooks of a provider, or of the one that it is a variant of; undefined: nothing. `moduleOf`
 * answers the module of the integration, undefined for the provider's default; asked only where modules differ.
 */
export function eventSourceOf(
  { name, variantOf = name, defaultModule }: ProviderDeclaration,
  moduleOf: () => string | undefined = () => undefined,
): EventSource | undefined {
  const source = EVENT_SOURCES.get(name) ?? EVENT_SOURCES.get(variantOf);
  if (source !== undefined || ![name, variantOf].some((provider) => WITH_MODULES.has(provider))) return source;
  const module = (moduleOf() ?? defaultModule).toLowerCase();
  return EVENT_SOURCES.get(`${name}/${module}`) ?? EVENT_SOURCES.get(`${variantOf}/${module}`);
}
