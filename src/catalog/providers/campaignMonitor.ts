// Campaign Monitor. OAuth 2 on api.createsend.com; access tokens live about 2 weeks (expires_in 1209600) and come
// with a refresh token. Scopes are a comma list. Error 121 means expired OAuth token, 120 and 122 need a new consent.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const campaignMonitor = {
  name: 'campaignMonitor',
  displayName: 'Campaign Monitor',
  category: 'marketing automation',
  sources: ['https://www.campaignmonitor.com/api/v3-3/getting-started/'],
  baseUrl: 'https://api.createsend.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.createsend.com/oauth',
    tokenUrl: 'https://api.createsend.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', scopeSeparator: ',', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722508734/media/const%20CampaignMonitor%20Provider%20%3D%20%22campaignMonitor%22_1722508735.svg',
    'v1722508817/media/const%20CampaignMonitor%20Provider%20%3D%20%22campaignMonitor%22_1722508819.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
