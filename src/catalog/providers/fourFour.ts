// Four/Four. OAuth 2 code flow on fourfour.ai. Lists are OData style: $filter on a date field, next page in
// @nextLink. Read only in the reference library; limits and token lifetimes are not published.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const fourFour = {
  name: 'fourFour',
  displayName: 'Four/Four',
  category: 'sales engagement',
  sources: ['https://fourfour.ai'],
  baseUrl: 'https://fourfour.ai',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://fourfour.ai/oauth/authorize',
    tokenUrl: 'https://fourfour.ai/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1773655380/media/fourfour.ai_1773655379.jpg', 'v1773655352/media/fourfour.ai_1773655351.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
