// Zuora. Client credentials of an OAuth client made in the tenant, sent in a form body; tokens last about an hour, no
// refresh token. Token requests are limited per source address: keep each token. Failures come as 200 with
// success:false.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const zuora = {
  name: 'zuora',
  displayName: 'Zuora',
  category: 'finance',
  sources: [
    'https://developer.zuora.com/v1-api-reference/api/operation/createToken/',
    'https://developer.zuora.com/docs/guides/rate-limits/',
  ],
  baseUrl: 'https://{{.workspace}}.zuora.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://{{.workspace}}.zuora.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Workspace' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722063502/media/zuora_1722063501.svg',
    'v1722063469/media/zuora_1722063468.svg',
    'v1722063502/media/zuora_1722063501.svg',
    'v1722063345/media/zuora_1722063343.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [{ path: 'success', equals: false, codePath: 'reasons.0.code', messagePath: 'reasons.0.message' }],
} as const satisfies ProviderDeclaration;
