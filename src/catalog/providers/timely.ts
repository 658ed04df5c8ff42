// Timely. OAuth 2 code flow with form credentials; API paths carry the version and account id
// (/1.1/{account_id}/...), which GET /1.1/accounts lists. Calls act with the rights of the user who signed in.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const timely = {
  name: 'timely',
  displayName: 'Timely',
  category: 'productivity',
  sources: ['https://dev.timelyapp.com'],
  baseUrl: 'https://api.timelyapp.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.timelyapp.com/1.1/oauth/authorize',
    tokenUrl: 'https://api.timelyapp.com/1.1/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722331047/media/timely_1722331046.png',
    'v1722331097/media/timely_1722331096.svg',
    'v1722331047/media/timely_1722331046.png',
    'v1722331078/media/timely_1722331078.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
