// Formstack. OAuth 2 on www.formstack.com/api/v2/oauth2, client id and secret in the form body. Tokens belong to a
// user and follow that user's permissions in the application. 14400 calls per day per token; append .json to resource
// paths.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const formstack = {
  name: 'formstack',
  displayName: 'Formstack',
  category: 'productivity',
  sources: [
    'https://developers.formstack.com/docs/api-overview',
    'https://developers.formstack.com/v2.0/reference/oauth2-token-post',
  ],
  baseUrl: 'https://www.formstack.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://www.formstack.com/api/v2/oauth2/authorize',
    tokenUrl: 'https://www.formstack.com/api/v2/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'user_id' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722062850/media/formstack_1722062849.svg', 'v1722062824/media/formstack_1722062823.svg'),
  quotas: [{ name: 'perDay', scope: 'user', limit: 14400, windowMs: DAY_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
