// Salesforce Marketing Cloud. Client credentials from an installed package, posted as JSON to the tenant auth host;
// tokens live under 20 minutes, no refresh token. Asking for tokens too often is throttled: at most one per 20
// minutes.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const salesforceMarketing = {
  name: 'salesforceMarketing',
  displayName: 'Salesforce Marketing Cloud',
  category: 'marketing automation',
  sources: [
    'https://developer.salesforce.com/docs/marketing/marketing-cloud/guide/access-token-s2s',
    'https://developer.salesforce.com/docs/marketing/marketing-cloud/guide/rate-limiting-best-practices',
  ],
  baseUrl: 'https://{{.workspace}}.rest.marketingcloudapis.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://{{.workspace}}.auth.marketingcloudapis.com/v2/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', bodyFormat: 'json', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Subdomain',
      docsURL: 'https://help.salesforce.com/s/articleView?language=en_US&id=sf.faq_domain_name_what.htm&type=5',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722470590/media/salesforce_1722470589.svg', 'v1722470590/media/salesforce_1722470589.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
