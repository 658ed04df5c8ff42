// Microsoft Dynamics CRM (Dataverse). OAuth 2 at Entra /common; the scope must be the org URL, plus offline_access
// for a refresh token (90 idle days). Regional hosts crm, crm4, ... Per user and server: 6000 requests per 5 minutes,
// 52 at once; 429 with Retry-After.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const dynamicsCRM = {
  name: 'dynamicsCRM',
  displayName: 'Microsoft Dynamics CRM',
  category: 'CRM',
  sources: [
    'https://learn.microsoft.com/en-us/power-apps/developer/data-platform/authenticate-oauth',
    'https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits',
  ],
  baseUrl: 'https://{{.workspace}}.api.{{.region}}.dynamics.com/api/data',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    scopeMappings: {
      '.default': 'https://{{.workspace}}.api.{{.region}}.dynamics.com/.default',
      user_impersonation: 'https://{{.workspace}}.api.{{.region}}.dynamics.com/user_impersonation',
    },
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Web API environment',
      docsURL:
        'https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors?view=dataverse-latest#web-api-url-and-versions',
      prompt:
        "The first part of your environment's address: in " +
        '`https://org123456.api.crm4.dynamics.com` it is `org123456`.',
    },
    {
      name: 'region',
      displayName: 'Region',
      docsURL:
        'https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors?view=dataverse-latest#web-api-url-and-versions',
      prompt:
        "The label that follows `.api.` in your environment's address, for example `crm4`. North " +
        'America uses plain `crm`.',
      defaultValue: 'crm',
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
  concurrency: [{ name: 'requests', scope: 'user', limit: 52 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
