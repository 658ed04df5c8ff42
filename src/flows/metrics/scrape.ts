// Answers a scrape in the text format of Prometheus. The families are made from plain numbers when somebody asks; calls
// pay for counting only. Loaded with the first scrape, so that who does not scrape pays for nothing: what the process
// says of itself (event loop, garbage collector) is watched from then on.

import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Services } from '../services.ts';
import { callFamilies, providerFamilies, webhookFamilies } from './calls.ts';
import type { Family } from './family.ts';
import { actorFamilies, circuitFamilies, limitFamilies, storeFamilies, subscriptionFamilies } from './state.ts';

export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** Of the process, whatever number of Tenons is in it (tests): its observers cannot be stopped. */
let ofProcess: Registry | null = null;

export async function scrape(services: Services): Promise<Scrape> {
  const registry = new Registry();
  for (const family of familiesOf(services)) registry.registerMetric(metricOf(family));
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  const texts = await Promise.all([registry.metrics(), ofProcess.metrics()]);
  return { contentType: registry.contentType, text: texts.join('\n') };
}

function familiesOf(services: Services): Family[] {
  return [
    ...callFamilies(services.counts),
    ...providerFamilies(services.counts),
    ...webhookFamilies(services.counts),
    ...limitFamilies(services),
    ...circuitFamilies(services),
    ...actorFamilies(services),
    ...subscriptionFamilies(services),
    ...storeFamilies(services),
  ];
}

/** What the registry asks of a metric to print it. Those of prom-client would have every sample set one by one. */
function metricOf({ name, help, type, samples }: Family): Metric {
  const printed = { name, help, type, values: samples, aggregator: 'sum' };
  return { name, help, type, get: () => Promise.resolve(printed) } as unknown as Metric;
}
