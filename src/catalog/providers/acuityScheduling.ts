// Acuity Scheduling. OAuth 2 with the single scope api-v1; the access token does not expire and no refresh token is
// issued. API paths start with /api/v1. Too many calls give 429; API access depends on the Acuity plan.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const acuityScheduling = {
  name: 'acuityScheduling',
  displayName: 'Acuity Scheduling',
  category: 'productivity',
  sources: ['https://developers.acuityscheduling.com/docs/oauth2'],
  baseUrl: 'https://acuityscheduling.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://acuityscheduling.com/oauth2/authorize',
    tokenUrl: 'https://acuityscheduling.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 'permanent' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722403809/media/const%20AcuityScheduling%20Provider%20%3D%20%22acuityScheduling%22_1722403809.png',
    'v1722403830/media/const%20AcuityScheduling%20Provider%20%3D%20%22acuityScheduling%22_1722403830.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
