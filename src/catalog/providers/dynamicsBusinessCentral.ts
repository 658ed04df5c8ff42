// Microsoft Dynamics Business Central. OAuth 2 at the customer's Entra tenant; ask for offline_access to get a
// refresh token (90 idle days). Calls go to a named environment and company. Per user: 6000 OData requests per 5
// minutes, 5 at a time, then 429 or 503.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dynamicsBusinessCentral = {
  name: 'dynamicsBusinessCentral',
  displayName: 'Microsoft Dynamics Business Central',
  category: 'finance',
  sources: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
    'https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/administration/operational-limits-online',
    'https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-rate-limits',
  ],
  baseUrl: 'https://api.businesscentral.dynamics.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login.microsoftonline.com/{{.workspace}}/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/{{.workspace}}/oauth2/v2.0/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    scopeMappings: { '.default': 'https://api.businesscentral.dynamics.com/.default' },
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Tenant ID',
      docsURL:
        'https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/administration/tenant-admin-center',
    },
    {
      name: 'companyId',
      displayName: 'Company ID',
      docsURL:
        'https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_company_get',
    },
    {
      name: 'environmentName',
      displayName: 'Environment Name',
      docsURL:
        'https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/administration/tenant-admin-center-environments',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722346298/media/dynamicsCRM_1722346297.svg',
    'v1722346267/media/dynamicsCRM_1722346267.svg',
    'v1724169123/media/eajuugwekqardkcwf45c.png',
    'v1722346267/media/dynamicsCRM_1722346267.svg',
  ),
  quotas: [{ name: 'perFiveMinutes', scope: 'user', limit: 6000, windowMs: 5 * MINUTE_MS }],
  concurrency: [{ name: 'requests', scope: 'user', limit: 5 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
