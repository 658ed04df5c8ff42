// Sage Intacct REST. OAuth 2 code flow; the company must also authorize the web services sender id. Authorizing the
// same user and company a second time kills the earlier grant, seen as REST-2102 Token is not valid.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const sageIntacct = {
  name: 'sageIntacct',
  displayName: 'Sage Intacct',
  category: 'finance',
  sources: [
    'https://developer.sage.com/intacct/docs/developer-portal/guides/oauth2',
    'https://nango.dev/blog/fix-sage-intacct-oauth-token-invalid-refresh-failures',
  ],
  baseUrl: 'https://api.intacct.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.intacct.com/ia/api/v1/oauth2/authorize',
    tokenUrl: 'https://api.intacct.com/ia/api/v1/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    docsUrl: 'https://developer.sage.com/intacct/docs/developer-portal/getting-started/quick-start',
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1755508405/media/sage.com_1755508404.svg',
    'v1755508405/media/sage.com_1755508404.svg',
    'v1755508463/media/sage.com_1755508463.svg',
    'v1755508463/media/sage.com_1755508463.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
