// HubSpot's client through Tenon; shown in docs/proxy.md.

import { Client } from '@hubspot/api-client';
import type { Through } from './through.ts';

export function hubspotThrough(tenon: Through): Client {
  return new Client({
    basePath: tenon.url,
    defaultHeaders: { ...tenon.headers },
    // Tenon keeps to HubSpot's limits, for all processes together; the client's own limiter would slow them down twice.
    limiterOptions: { minTime: 0, maxConcurrent: null },
  });
}
