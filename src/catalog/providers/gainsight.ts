// Gainsight CS. OAuth 2 on the customer's own {workspace}.gainsightcloud.com. The customer's admin creates the OAuth
// application (one per org, Horizon Connectors 2.0 needed) and picks Read or Read/Write for all APIs. Failures may
// show as result:false.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gainsight = {
  name: 'gainsight',
  displayName: 'Gainsight',
  category: 'customer support',
  sources: [
    'https://support.gainsight.com/Gainsight_NXT/01Onboarding_and_Implementation/Onboarding_for_Gainsight_NXT/Login_and_Permissions/OAuth_for_Gainsight_APIs',
  ],
  baseUrl: 'https://{{.workspace}}.gainsightcloud.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.gainsightcloud.com/v1/authorize',
    tokenUrl: 'https://{{.workspace}}.gainsightcloud.com/v1/users/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Workspace' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722326012/media/const%20Gainsight%20Provider%20%3D%20%22gainsight%22_1722326012.svg',
    'v1722326150/media/const%20Gainsight%20Provider%20%3D%20%22gainsight%22_1722326150.svg',
    'v1722326070/media/const%20Gainsight%20Provider%20%3D%20%22gainsight%22_1722326070.svg',
    'v1722326115/media/const%20Gainsight%20Provider%20%3D%20%22gainsight%22_1722326114.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [{ path: 'result', equals: false, codePath: 'errorCode', messagePath: 'errorDesc' }],
} as const satisfies ProviderDeclaration;
