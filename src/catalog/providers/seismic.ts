// Seismic. OAuth 2 on auth.seismic.com with the tenant name in the path; ask for offline_access or no refresh token
// comes. Seismic hands out the client id; the reporting API wants the scope seismic.reporting.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const seismic = {
  name: 'seismic',
  displayName: 'Seismic',
  category: 'sales engagement',
  sources: ['https://developer.seismic.com/seismicsoftware/reference/get-tokens-using-authorization_code-flow'],
  baseUrl: 'https://api.seismic.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.seismic.com/tenants/{{.workspace}}/connect/authorize',
    tokenUrl: 'https://auth.seismic.com/tenants/{{.workspace}}/connect/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: 'reporting',
  modules: {
    integration: {
      displayName: 'Seismic Integration',
      baseUrl: 'https://api.seismic.com/integration',
      support: supports(),
    },
    reporting: {
      displayName: 'Seismic Reporting',
      baseUrl: 'https://api.seismic.com/reporting',
      support: supports('read'),
    },
  },
  support: supports('read', 'proxy'),
  inputs: [{ name: 'workspace', displayName: 'Tenant', moduleDependencies: { integration: {}, reporting: {} } }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722348404/media/seismic_1722348404.svg',
    'v1722348448/media/seismic_1722348447.svg',
    'v1722348404/media/seismic_1722348404.svg',
    'v1722348429/media/seismic_1722348428.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
