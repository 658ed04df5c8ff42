// Procore. OAuth 2; access tokens live 90 minutes. A refresh token works once, even if the answer is lost on the way.
// Calls need the Procore-Company-Id header. An hourly and a 10-second limit apply; failed calls count. Trust X-Rate-
// Limit-*, not fixed numbers.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const procore = {
  name: 'procore',
  displayName: 'Procore',
  category: 'other',
  sources: [
    'https://developers.procore.com/documentation/content/troubleshooting',
    'https://developers.procore.com/documentation/content/oauth-endpoints',
    'https://developers.procore.com/documentation/content/rate-limiting',
  ],
  baseUrl: 'https://api.procore.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login.procore.com/oauth/authorize',
    tokenUrl: 'https://login.procore.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseRevoking',
      revocationUrl: 'https://login.procore.com/oauth/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    { name: 'company', displayName: 'Company ID', docsURL: 'https://procore.github.io/documentation/tutorial-mpz' },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'q_auto/f_auto/v1776428739/Procore-Logo-Signage-Design-PNG_ftf2os.png',
    'v1776428922/media/procore.com_1776428921.svg',
    'q_auto/f_auto/v1776428797/Image_1776428788_0_hanjjk.png',
    'q_auto/f_auto/v1776428963/Procore-Logo-Signature-Design-PNG_vk5wro.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
