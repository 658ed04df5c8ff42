// ChargeOver. Basic auth with the API public key as user and private key as password, on the customer's own
// subdomain. Lists page with _offset and _limit; filters go in a where parameter. Answers wrap records in 'response'.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const chargeOver = {
  name: 'chargeOver',
  displayName: 'ChargeOver',
  category: 'finance',
  sources: ['https://developer.chargeover.com/docs/api-information/getting-started/'],
  baseUrl: 'https://{{.workspace}}.chargeover.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Domain name',
      docsURL: 'https://developer.chargeover.com/docs/api-information/getting-started/',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722460983/media/chargeover_1722460983.jpg', 'v1722461005/media/chargeover_1722461004.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
