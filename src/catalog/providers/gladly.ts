// Gladly. Basic with the agent's email as user name and an API token as password, on {organization}.gladly.com. The
// agent needs the API User permission; the token is shown once. Default limit 10 requests per second, 429 beyond.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gladly = {
  name: 'gladly',
  displayName: 'Gladly',
  category: 'customer support',
  sources: ['https://developer.gladly.com/rest', 'https://help.gladly.com/developer-tutorials/docs/setup-and-testing'],
  baseUrl: 'https://{{.workspace}}.gladly.com/api',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Organization' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1723973960/media/gladly_1723973958.png', 'v1723974024/media/gladly_1723974023.jpg'),
  quotas: [{ name: 'perSecond', scope: 'externalAccount', limit: 10, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
