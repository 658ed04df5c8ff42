// Procore sandbox: sandbox.procore.com with login-sandbox.procore.com, its own credentials and tokens. The monthly
// sandbox is reset from production on the first working day of each month, so connections and data vanish then.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const procoreSandbox = {
  name: 'procoreSandbox',
  displayName: 'Procore Sandbox',
  category: 'other',
  sources: [
    'https://developers.procore.com/documentation/content/oauth-endpoints',
    'https://developers.procore.com/documentation/content/faq',
  ],
  variantOf: 'procore',
  baseUrl: 'https://sandbox.procore.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login-sandbox.procore.com/oauth/authorize',
    tokenUrl: 'https://login-sandbox.procore.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseRevoking',
      revocationUrl: 'https://login-sandbox.procore.com/oauth/revoke',
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
