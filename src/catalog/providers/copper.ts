// Copper. Three headers: X-PW-AccessToken, X-PW-Application: developer_api and X-PW-UserEmail of the key's owner; a
// key whose user left stops working. 180 calls per minute (sliding), bulk calls 3 per second; search shows at most
// 100,000 records.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const copper = {
  name: 'copper',
  displayName: 'Copper',
  category: 'CRM',
  sources: [
    'https://developer.copper.com/introduction/authentication.html',
    'https://developer.copper.com/introduction/requests.html',
  ],
  baseUrl: 'https://api.copper.com/developer_api',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-PW-AccessToken' },
    docsUrl: 'https://developer.copper.com/introduction/authentication.html#api-keys',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [{ name: 'userEmail', displayName: 'User Emails' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722478129/media/copper_1722478128.png',
    'v1722478080/media/copper_1722478079.svg',
    'v1724169124/media/f7mytk1fsugjgukq6s2i.png',
    'v1724169124/media/f7mytk1fsugjgukq6s2i.png',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 180, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
