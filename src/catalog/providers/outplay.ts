// Outplay. HTTP Basic with the client id and client secret from the account's API settings. The host carries the
// account's location prefix (such as us4), visible in the address of the app.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const outplay = {
  name: 'outplay',
  displayName: 'Outplay',
  category: 'sales engagement',
  sources: ['https://outplayhq.com/'],
  baseUrl: 'https://{{.workspace}}-api.outplayhq.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Location' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1735777081/media/outplayhq.com_1735777080.jpg', 'v1735777173/media/outplayhq.com_1735777172.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
