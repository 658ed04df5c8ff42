// Iterable. Server-side key in the Api-Key header; JWT-enabled, mobile and web keys do not fit. Keys belong to one
// project. The catalog host serves the US data center; EU projects live on api.eu.iterable.com. Limits differ per
// endpoint, without headers; half of the endpoints have none that is told.

import { MINUTE_MS, type Ms, SECOND_MS } from '../../core/time.ts';
import { type Endpoints, pictures, quotasFor, supports } from '../declare.ts';
import type { Quota } from '../quotas.ts';
import type { ProviderDeclaration } from '../schema.ts';

// As Iterable's own OpenAPI document states them, March 2026. Where two fit, the first counts: names before a *.
const LIMITS: readonly Quota[] = [
  ...endpoints('metrics', 10, MINUTE_MS, { GET: 'campaigns/metrics' }),
  ...endpoints('members', 5, MINUTE_MS, { GET: 'lists/getUsers lists/previewUsers lists/*/size' }),
  ...endpoints('exports', 4, MINUTE_MS, { GET: 'export/data.csv export/data.json' }),
  ...endpoints('exportJobs', 1, SECOND_MS, { GET: 'export/*/files', POST: 'export/start', DELETE: 'export/*' }),
  ...endpoints('seldom', 3, SECOND_MS, {
    GET: 'users/getFields users/getSentMessages users/forgotten users/forgottenUserIds',
    POST: 'users/forget users/unforget',
  }),
  ...endpoints('bulk', 5, SECOND_MS, { POST: 'users/bulkUpdate campaigns/archive' }),
  ...endpoints('bulkEvents', 10, SECOND_MS, {
    POST: 'events/trackBulk templates/email/preview templates/inapp/preview',
  }),
  ...endpoints('proofs', 20, SECOND_MS, {
    POST: 'templates/email/proof templates/inapp/proof templates/push/proof templates/sms/proof',
  }),
  ...endpoints('merges', 50, SECOND_MS, { POST: 'users/merge' }),
  ...endpoints('usual', 100, SECOND_MS, {
    GET: `
      campaigns campaigns/* campaigns/recurring/*/childCampaigns channels lists messageTypes templates
      templates/email/get templates/push/get templates/sms/get templates/embedded/get
      templates/getByClientTemplateId email/viewInBrowser events/* events/byUserId/* users/getByEmail
      users/byUserId users/* users/byUserId/* catalogs catalogs/*/items
    `,
    POST: 'catalogs/*/items',
    DELETE: 'users/* users/byUserId/*',
  }),
  ...endpoints('updates', 500, SECOND_MS, { POST: 'users/update users/registerDeviceToken' }),
  ...endpoints('items', 1000, SECOND_MS, { PUT: 'catalogs/*/items/*' }),
  ...endpoints('events', 2000, SECOND_MS, { POST: 'events/track' }),
];

export const iterable = {
  name: 'iterable',
  displayName: 'Iterable',
  category: 'marketing automation',
  sources: [
    'https://support.iterable.com/hc/en-us/articles/41044692130196-Getting-Started-with-Iterable-s-API',
    'https://api.iterable.com/api/docs',
    'https://github.com/Iterable/api-client/blob/main/api-docs.json',
  ],
  baseUrl: 'https://api.iterable.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Api-Key' },
    docsUrl: 'https://app.iterable.com/settings/apiKeys',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722065197/media/iterable_1722065196.svg',
    'v1722065173/media/iterable_1722065172.svg',
    'v1724221338/media/kwcigzwysb9fch1g5ty5.png',
    'v1724169123/media/tlbigz7oikwf88e9s2n2.png',
  ),
  quotas: LIMITS,
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

/** Most limits are told for a project, others for a key, which is of one project. */
function endpoints(name: string, limit: number, windowMs: Ms, byMethod: Endpoints): readonly Quota[] {
  return quotasFor({ name, scope: 'externalAccount', limit, windowMs }, '/api/', byMethod, { isEach: true });
}
