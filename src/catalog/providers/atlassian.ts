// Atlassian. OAuth 2 (3LO): access tokens 1 hour; refresh tokens rotate, the old one works 10 more minutes, later
// reuse kills all. A grant dies after 90 idle days and, whatever is done, after 365 days. Needs offline_access and a
// cloudId lookup after connecting.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const atlassian = {
  name: 'atlassian',
  displayName: 'Atlassian',
  category: 'developer tools',
  sources: [
    'https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens',
    'https://developer.atlassian.com/cloud/jira/platform/rate-limiting/',
  ],
  baseUrl: 'https://api.atlassian.com/ex/jira/{{.cloudId}}/rest/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.atlassian.com/authorize',
    authUrlParams: { audience: 'api.atlassian.com', prompt: 'consent' },
    tokenUrl: 'https://auth.atlassian.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'singleUseGrace',
      graceMs: 10 * MINUTE_MS,
      idleLifetimeMs: 90 * DAY_MS,
    },
  },
  defaultModule: 'jira',
  modules: {
    jira: {
      displayName: 'Atlassian Jira',
      baseUrl: 'https://api.atlassian.com/ex/jira/{{.cloudId}}/rest/api',
      support: supports('read', 'write'),
    },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'App name',
      docsURL: 'https://support.atlassian.com/organization-administration/docs/update-your-product-and-site-url/',
      moduleDependencies: { jira: {} },
    },
  ],
  postAuthentication: [{ moduleDependencies: { jira: {} }, name: 'cloudId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'GET',
    url: 'https://api.atlassian.com/oauth/token/accessible-resources',
    pick: { listPath: '', path: 'url', equals: 'https://{{.workspace}}.atlassian.net' },
    values: [{ name: 'cloudId', path: 'id' }],
    workspaceRefPath: 'id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722490152/media/const%20Atlassian%20Provider%20%3D%20%22atlassian%22_1722490153.svg',
    'v1722490205/media/const%20Atlassian%20Provider%20%3D%20%22atlassian%22_1722490206.svg',
  ),
  quotas: [],
  concurrency: [],
  rateHeaders: { family: 'atlassian' },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
