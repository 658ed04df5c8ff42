// Aircall. Basic auth with API id and API token, entered here as one base64 string of id:token. 60 requests per
// minute for the whole company, shared by all its integrations; X-AircallApi-Limit, -Remaining and -Reset tell the
// state.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const aircall = {
  name: 'aircall',
  displayName: 'Aircall',
  category: 'communication',
  sources: [
    'https://developer.aircall.io/api-references/#authentication',
    'https://developer.aircall.io/api-references/#rate-limiting',
  ],
  baseUrl: 'https://api.aircall.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Basic ' },
    docsUrl: 'https://developer.aircall.io/api-references/#authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724366356/media/dyokyvgzfpyqxgqa6bku.png',
    'v1722064183/media/aircall_1722064182.svg',
    'v1724223172/media/omsqyouug58xomjcbaio.png',
    'v1722064141/media/aircall_1722064140.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'aircall', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
