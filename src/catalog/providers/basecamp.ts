// Basecamp. OAuth 2 through Launchpad; access tokens live 2 weeks. Every call needs a User-Agent with app name and
// contact, else 400. First limit met is 50 requests per 10 seconds per source address. 404 with 'Reason: Account
// Inactive' means an expired account.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const basecamp = {
  name: 'basecamp',
  displayName: 'Basecamp',
  category: 'productivity',
  sources: [
    'https://github.com/basecamp/bc3-api/blob/master/sections/authentication.md',
    'https://github.com/basecamp/bc3-api/blob/master/README.md',
  ],
  baseUrl: 'https://3.basecampapi.com/{{.workspace}}',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://launchpad.37signals.com/authorization/new',
    tokenUrl: 'https://launchpad.37signals.com/authorization/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Account ID',
      prompt:
        'The number that follows the host name when you are signed in to Basecamp. If the address' +
        ' bar shows `https://app.basecamp.com/6258233/projects`, enter 6258233.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722324615/media/basecamp_1722324614.jpg', 'v1722324674/media/basecamp_1722324673.svg'),
  quotas: [{ name: 'perTenSeconds', scope: 'sourceAddress', limit: 50, windowMs: 10 * SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
