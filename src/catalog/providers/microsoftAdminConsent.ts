// Microsoft Graph with application permissions. An administrator consents once for the tenant; then the app asks its
// own token with client credentials at that tenant's endpoint and scope graph.microsoft.com/.default. No refresh
// token; new permissions need a new consent.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const microsoftAdminConsent = {
  name: 'microsoftAdminConsent',
  displayName: 'Microsoft (Admin consent)',
  category: 'productivity',
  sources: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent',
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
    'https://learn.microsoft.com/en-us/graph/throttling-limits',
  ],
  variantOf: 'microsoft',
  baseUrl: 'https://graph.microsoft.com',
  auth: {
    scheme: 'custom',
    inputs: [],
    providerInputs: [
      { name: 'clientId', displayName: 'Client ID', fieldType: 'fieldTypeText' },
      { name: 'clientSecret', displayName: 'Client Secret', fieldType: 'fieldTypePassword' },
    ],
    headers: [{ name: 'Authorization', valueTemplate: 'Bearer {{ .accessToken }}' }],
    queryParams: [],
    isMultiStep: true,
    exchange: {
      kind: 'consent',
      consentUrl: 'https://login.microsoftonline.com/organizations/adminconsent',
      tokenUrl: 'https://login.microsoftonline.com/{{.tenant}}/oauth2/v2.0/token',
      tenantParam: 'tenant',
      scopes: ['https://graph.microsoft.com/.default'],
      tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://graph.microsoft.com/v1.0/organization' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722328808/media/microsoft_1722328808.png', 'v1722328785/media/microsoft_1722328785.svg'),
  quotas: [{ name: 'globalPerTenSeconds', scope: 'providerApp', limit: 130000, windowMs: 10 * SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
