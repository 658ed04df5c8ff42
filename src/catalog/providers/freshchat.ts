// Freshchat. API token as Bearer against {account}.freshchat.com (v2 paths). The account name is the first label of
// the API address shown in the admin settings, which may differ from the Freshworks login address.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const freshchat = {
  name: 'freshchat',
  displayName: 'Freshchat',
  category: 'customer support',
  sources: ['https://developers.freshchat.com/api/'],
  baseUrl: 'https://{{.workspace}}.freshchat.com',
  auth: { scheme: 'apiKey', attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' } },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Account name' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722321939/media/freshdesk_1722321938.svg',
    'v1722321995/media/freshdesk_1722321994.svg',
    'v1722321939/media/freshdesk_1722321938.svg',
    'v1722321905/media/freshdesk_1722321903.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
