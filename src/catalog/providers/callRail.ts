// CallRail. API key sent as 'Token token=<key>'. 1,000 calls per hour and 10,000 per day per account, sends and
// outbound calls far fewer; 429 without limit headers. All paths carry the account id from /v3/a.json.

import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const callRail = {
  name: 'callRail',
  displayName: 'CallRail',
  category: 'communication',
  sources: ['https://apidocs.callrail.com/#getting-started', 'https://apidocs.callrail.com/#rate-limiting'],
  baseUrl: 'https://api.callrail.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Token token=' },
    docsUrl: 'https://apidocs.callrail.com/#getting-started',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [{ name: 'accountId' }],
  isPostAuthenticationRequired: false,
  accountLookup: {
    method: 'GET',
    url: 'https://api.callrail.com/v3/a.json',
    values: [{ name: 'accountId', path: 'accounts.0.id' }],
    workspaceRefPath: 'accounts.0.id',
  },
  providerApp: { authQueryParams: [], params: [] },
  labels: { experimental: 'true' },
  media: pictures(
    'v1722461906/media/callRail_1722461906.jpg',
    'v1722461856/media/callRail_1722461853.svg',
    'v1722461906/media/callRail_1722461906.jpg',
    'v1722461886/media/callRail_1722461886.svg',
  ),
  quotas: [
    { name: 'perHour', scope: 'externalAccount', limit: 1000, windowMs: HOUR_MS },
    { name: 'perDay', scope: 'externalAccount', limit: 10000, windowMs: DAY_MS },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
