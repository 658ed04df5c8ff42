// Meta (Graph API). OAuth 2 without refresh tokens: user tokens last about 60 days and then the person must sign in
// again; system user tokens can be permanent. Versioned paths retire about two years after release. Watch X-App-Usage
// and X-Business-Use-Case-Usage.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const meta = {
  name: 'meta',
  displayName: 'Meta',
  category: 'marketing automation',
  sources: [
    'https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived',
    'https://developers.facebook.com/docs/graph-api/overview/rate-limiting',
    'https://developers.facebook.com/docs/whatsapp/business-management-api/get-started',
  ],
  baseUrl: 'https://graph.facebook.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.facebook.com/v25.0/dialog/oauth',
    tokenUrl: 'https://graph.facebook.com/v25.0/oauth/access_token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: 'ads',
  modules: {
    ads: { displayName: 'Meta Ads', baseUrl: 'https://graph.facebook.com', support: supports('proxy') },
    whatsapp: {
      displayName: 'WhatsApp Business Platform',
      baseUrl: 'https://graph.facebook.com',
      support: supports('proxy'),
    },
  },
  support: supports('proxy'),
  inputs: [
    {
      name: 'whatsappAccountId',
      displayName: 'WhatsApp Business Account ID',
      docsURL: 'https://developers.facebook.com/docs/whatsapp/business-management-api/get-started',
      prompt:
        'Your WABA ID: the long number of your WhatsApp account. Open Business Settings in Meta ' +
        'Business Manager and pick WhatsApp Accounts to see it.',
      moduleDependencies: { whatsapp: {} },
    },
    {
      name: 'whatsappPhoneNumberId',
      displayName: 'Phone Number ID',
      docsURL: 'https://developers.facebook.com/docs/whatsapp/cloud-api/reference/phone-numbers',
      prompt:
        'The internal ID of your sending number, digits only. WhatsApp Manager lists it under ' +
        'Phone numbers; do not enter the telephone number.',
      moduleDependencies: { whatsapp: {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1753098801/media/meta.com_1753098801.png',
    'v1753098858/media/meta.com_1753098858.svg',
    'v1753098801/media/meta.com_1753098801.png',
    'v1753098836/media/meta.com_1753098836.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
