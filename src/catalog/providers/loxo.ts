// Loxo. Bearer API key that Loxo support enables per agency. Host is the agency's own domain and every path starts
// with the agency slug (/api/{slug}/...); a wrong slug looks like a 404 or 401.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const loxo = {
  name: 'loxo',
  displayName: 'Loxo',
  category: 'HR',
  sources: ['https://help.loxo.co/en/articles/446640-loxo-s-open-api#h_668904ffbd'],
  baseUrl: 'https://{{.workspace}}/api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://help.loxo.co/en/articles/446640-loxo-s-open-api#h_668904ffbd',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    { name: 'workspace', displayName: 'Full Domain' },
    { name: 'agencySlug', displayName: 'Agency Slug' },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'https://static.intercomassets.com/avatars/988166/square_128/custom_avatar-1664218549.png',
    'v1756216216/media/loxo.co_1756216221.png',
    'https://static.intercomassets.com/avatars/988166/square_128/custom_avatar-1664218549.png',
    'v1756216233/media/loxo.co_1756216238.jpg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
