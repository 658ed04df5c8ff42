// Workday. OAuth 2 per tenant; register an API client in the tenant, secret as HTTP Basic. Host depends on the data
// center (wd2, wd5, impl). Refresh token lifetime is a setting of the API client. A missing domain permission looks
// like 403 or empty rows.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const workday = {
  name: 'workday',
  displayName: 'Workday',
  category: 'HR',
  sources: ['https://doc.workday.com/'],
  baseUrl: 'https://{{.workspace}}.workday.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.workday.com/ccx/oauth2/{{.tenantName}}/authorize',
    tokenUrl: 'https://{{.workspace}}.workday.com/ccx/oauth2/{{.tenantName}}/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [
    { name: 'workspace', displayName: 'Workday Host', docsURL: 'https://doc.workday.com/' },
    { name: 'tenantName', displayName: 'Tenant Name', docsURL: 'https://doc.workday.com/' },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1771450356/media/workday.com_1771450354.jpg',
    'v1771450331/media/workday.com_1771450328.svg',
    'v1771450356/media/workday.com_1771450354.jpg',
    'v1771450230/media/workday.com_1771450224.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
