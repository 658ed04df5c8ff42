// Kaseya VSA X (VSA 10). HTTP Basic with an API token id as user name and the token secret as password; a person's
// login does not work. The host is the customer's own server, with the API under /api. Lists use OData paging.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const kaseyaVSAX = {
  name: 'kaseyaVSAX',
  displayName: 'Kaseya VSAX',
  category: 'other',
  sources: [
    'https://help.vsa10.kaseya.com/help/Content/2-Administration/configuration/api.htm',
    'https://api.vsax.net',
  ],
  baseUrl: 'https://{{.workspace}}',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Server Name' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1749625465/Image_1749625448_0_vbpxez.png',
    'v1749053597/logo-03615157_c5wzua.png',
    'v1749625465/Image_1749625448_0_vbpxez.png',
    'v1749053435/menu-logo_mf2wiq.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
