// EmailBison. Bearer API key against the customer's own EmailBison domain (each customer or agency runs on its own
// host). Enter the host name only, without https:// and path.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const emailBison = {
  name: 'emailBison',
  displayName: 'EmailBison',
  category: 'sales engagement',
  sources: ['https://docs.emailbison.com/'],
  baseUrl: 'https://{{.workspace}}/api',
  auth: { scheme: 'apiKey', attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' } },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('https://emailbison.com/apple-touch-icon.png', 'v1734676433/media/emailbison.com_1734676433.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
