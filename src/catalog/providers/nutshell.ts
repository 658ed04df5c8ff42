// Nutshell. HTTP Basic: a user's email address (or the company domain) as user name, an API key as password. A key
// without impersonation acts under its own name; web-only keys are refused. REST lives under /rest.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const nutshell = {
  name: 'nutshell',
  displayName: 'Nutshell',
  category: 'CRM',
  sources: [
    'https://developers.nutshell.com/docs/api-authentication',
    'https://www.nutshell.com/api/authentication.html',
  ],
  baseUrl: 'https://app.nutshell.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722409276/media/const%20Nutshell%20Provider%20%3D%20%22nutshell%22_1722409275.jpg',
    'v1722409318/media/const%20Nutshell%20Provider%20%3D%20%22nutshell%22_1722409317.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
