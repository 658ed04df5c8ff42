// Marketo. Client credentials of an API-only user; one-hour token, and asking again returns the same token with its
// remaining life. Errors come as HTTP 200 with success false. The instance shares 100 calls per 20 seconds, 10 at
// once, 50,000 a day (US Central midnight).

import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const marketo = {
  name: 'marketo',
  displayName: 'Marketo',
  category: 'marketing automation',
  sources: [
    'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/authentication',
    'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/marketo-integration-best-practices',
    'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/error-codes',
  ],
  baseUrl: 'https://{{.workspace}}.mktorest.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://{{.workspace}}.mktorest.com/identity/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: 'root',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Munchkin Account ID',
      docsURL:
        'https://nation.marketo.com/t5/knowledgebase/how-to-find-your-munchkin-id-for-a-marketo-instance/ta-p/248432',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722328319/media/marketo_1722328318.svg', 'v1722328291/media/marketo_1722328291.svg'),
  quotas: [
    { name: 'perTwentySeconds', scope: 'externalAccount', limit: 100, windowMs: 20 * SECOND_MS },
    { name: 'perDay', scope: 'externalAccount', limit: 50000, windowMs: DAY_MS },
  ],
  concurrency: [{ name: 'requests', scope: 'externalAccount', limit: 10 }],
  hiddenErrors: [{ path: 'success', equals: false, codePath: 'errors.0.code', messagePath: 'errors.0.message' }],
} as const satisfies ProviderDeclaration;
