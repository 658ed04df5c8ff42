// Ramp. OAuth 2 code flow, client id and secret as HTTP Basic, form body only. User tokens live one hour. 200
// requests per rolling 10 seconds; calls made while throttled restart the one minute wait.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ramp = {
  name: 'ramp',
  displayName: 'Ramp',
  category: 'finance',
  sources: ['https://docs.ramp.com/developer-api/v1', 'https://developer-docs.ramp.com/docs/rate-limiting'],
  baseUrl: 'https://api.ramp.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.ramp.com/v1/authorize',
    tokenUrl: 'https://api.ramp.com/developer/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1758877594/media/ramp.com_1758877593.jpg',
    'v1758877294/media/ramp.com_1758877293.svg',
    'v1758877594/media/ramp.com_1758877593.jpg',
    'v1758877218/media/ramp.com_1758877216.svg',
  ),
  quotas: [{ name: 'per10Seconds', scope: 'externalAccount', limit: 200, windowMs: 10 * SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
