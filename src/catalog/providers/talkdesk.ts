// Talkdesk. OAuth 2 on <account>.talkdeskid.com; tokens are short-lived. Region decides both hosts: talkdeskapp.com
// with talkdeskid.com in the US, .eu in Europe; a mix gives 401 or 404. Every call needs the matching scope.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const talkdesk = {
  name: 'talkdesk',
  displayName: 'Talkdesk',
  category: 'customer support',
  sources: [
    'https://docs.talkdesk.com/docs/how-to-guarantee-your-app-works-in-all-regions',
    'https://docs.talkdesk.com/reference/authorization-code-basic-post',
  ],
  baseUrl: 'https://{{.talkdesk_api_domain}}',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.{{.talkdesk_token_domain}}/oauth/authorize',
    tokenUrl: 'https://{{.workspace}}.{{.talkdesk_token_domain}}/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    { name: 'workspace', displayName: 'Account name' },
    {
      name: 'talkdesk_api_domain',
      displayName: 'Talkdesk API Domain',
      docsURL:
        'https://docs.talkdesk.com/docs/how-to-guarantee-your-app-works-in-all-regions#supported-regions-and-base-urls',
      prompt:
        'Host for API calls in your region: `api.talkdeskapp.com` in the United States, ' +
        '`api.talkdeskapp.eu` in Europe. Ask Talkdesk support if you are elsewhere.',
      defaultValue: 'api.talkdeskapp.com',
    },
    {
      name: 'talkdesk_token_domain',
      displayName: 'Talkdesk Token Domain',
      docsURL: 'https://docs.talkdesk.com/reference/authorization-code-basic-post',
      prompt:
        'Domain of the Talkdesk login page in your region, `talkdeskid.com` (United States) or ' +
        '`talkdeskid.eu` (Europe). It has to match the API host.',
      defaultValue: 'talkdeskid.com',
    },
  ],
  inputPatterns: { talkdesk_token_domain: '^(talkdeskid\\.(com|eu|au|co\\.uk)|talkdeskidca\\.com)$' },
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1733431983/media/talkdesk.com_1733431982.png',
    'v1733432426/media/talkdesk.com_1733432426.svg',
    'v1733431983/media/talkdesk.com_1733431982.png',
    'v1733432333/media/talkdesk.com_1733432332.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
