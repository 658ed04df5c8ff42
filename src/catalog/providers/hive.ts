// Hive. API key in the api_key header plus the user id as query parameter user_id on most calls, on
// app.hive.com/api/v1. The key belongs to a user and sees that user's workspaces.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const hive = {
  name: 'hive',
  displayName: 'Hive',
  category: 'productivity',
  sources: ['https://developers.hive.com/reference/api-keys-and-auth'],
  baseUrl: 'https://app.hive.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'api_key' },
    docsUrl: 'https://developers.hive.com/reference/api-keys-and-auth',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722410295/media/const%20Hive%20Provider%20%3D%20%22hive%22_1722410295.png',
    'v1722410346/media/const%20Hive%20Provider%20%3D%20%22hive%22_1722410346.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
