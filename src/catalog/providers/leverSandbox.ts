// Lever sandbox: api.sandbox.lever.co with its own Auth0 tenant (sandbox-lever.auth0.com), its own app credentials
// and its own audience. Production tokens are refused here.

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const leverSandbox = {
  name: 'leverSandbox',
  displayName: 'Lever Sandbox',
  category: 'HR',
  sources: ['https://hire.lever.co/developer/documentation'],
  variantOf: 'lever',
  baseUrl: 'https://api.sandbox.lever.co',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://sandbox-lever.auth0.com/authorize',
    tokenUrl: 'https://sandbox-lever.auth0.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    audience: ['https://api.sandbox.lever.co/v1/'],
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1733231877/media/lever.co_1733231842.svg',
    'v1733231953/media/lever.co_1733231938.svg',
    'v1733231877/media/lever.co_1733231842.svg',
    'v1733232008/media/lever.co_1733231986.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'user', limit: 10, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
