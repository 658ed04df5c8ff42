// GoTo. OAuth 2 on authentication.logmeininc.com, client as Basic. Access tokens live 60 minutes. The refresh token
// stays valid for 30 days; a refresh answer names a new one only when it was replaced; webinar and meeting APIs on
// api.getgo.com, Connect on api.goto.com.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const goTo = {
  name: 'goTo',
  displayName: 'GoTo',
  category: 'communication',
  sources: ['https://developer.goto.com/guides/Authentication/05_HOW_refreshToken/'],
  baseUrl: 'https://api.getgo.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://authentication.logmeininc.com/oauth/authorize',
    tokenUrl: 'https://authentication.logmeininc.com/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'stable', idleLifetimeMs: 30 * DAY_MS },
  },
  defaultModule: 'goTo',
  modules: {
    goTo: { displayName: 'GoTo', baseUrl: 'https://api.getgo.com', support: supports('read', 'write') },
    goToConnect: { displayName: 'GoTo Connect', baseUrl: 'https://api.goto.com', support: supports() },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [{ moduleDependencies: { goTo: {}, goToConnect: {} }, name: 'accountKey' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://api.getgo.com/admin/rest/v1/me',
    values: [{ name: 'accountKey', path: 'accountKey' }],
    workspaceRefPath: 'accountKey',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1731581774/media/goto.com_1731581772.svg',
    'v1731581774/media/goto.com_1731581772.svg',
    'v1731581742/media/goto.com_1731581740.svg',
    'v1731581742/media/goto.com_1731581740.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
