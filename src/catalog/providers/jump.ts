// Jump. Enterprise GraphQL API at one URL, signed in with a Bearer API key from the enterprise settings. GraphQL
// faults may arrive with HTTP 200 and an errors array.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const jump = {
  name: 'jump',
  displayName: 'Jump',
  category: 'productivity',
  sources: ['https://my.jumpapp.com/enterprise/documentation/authentication'],
  baseUrl: 'https://my.jumpapp.com/enterprise/graphql',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://my.jumpapp.com/enterprise/documentation/authentication',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1782351055/media/jumpapp.com_1782351055.jpg', 'v1782351024/media/jumpapp.com_1782351023.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
