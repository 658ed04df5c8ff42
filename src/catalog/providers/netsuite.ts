// NetSuite. OAuth 2 with Basic client authentication; access tokens live an hour. The refresh token stays the same
// but ends 7 days after consent by default: then a user must sign in again. Concurrency is shared by the whole
// account. Ids use _SB1, hosts -sb1.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const netsuite = {
  name: 'netsuite',
  displayName: 'Netsuite',
  category: 'finance',
  sources: [
    'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_160855594402.html',
    'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_161071224088.html',
    'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157771733782.html',
  ],
  baseUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://{{.workspace}}.app.netsuite.com/app/login/oauth2/authorize.nl',
    tokenUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    docsUrl:
      'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157771733782.html#procedure_157838925981',
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'stable',
      revocationUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/revoke',
    },
  },
  defaultModule: 'restapi',
  modules: {
    restapi: {
      displayName: 'Netsuite (REST API)',
      baseUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/record',
      support: supports('read', 'write', 'proxy'),
    },
    restlet: {
      displayName: 'Netsuite (RESTlet)',
      baseUrl: 'https://{{.workspace}}.restlets.api.netsuite.com',
      support: supports('read', 'write', 'proxy', 'search'),
    },
    suiteql: {
      displayName: 'Netsuite (SuiteQL)',
      baseUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/query',
      support: supports('read', 'proxy'),
    },
  },
  support: supports('read', 'write', 'proxy', 'search'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Netsuite URL Prefix',
      docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1498251763.html',
      prompt:
        'The part of your NetSuite address before `.app.netsuite.com`. With ' +
        '`https://1234567-sb.app.netsuite.com`, enter `1234567-sb`.',
      defaultValue: '1234567-sb',
      moduleDependencies: { restapi: {}, restlet: {}, suiteql: {} },
    },
    {
      name: 'scriptId',
      displayName: 'RESTlet Script ID',
      docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4618456517.html',
      prompt:
        'The number after `script=` in the deployment address of your RESTlet, for example `3046`' +
        ' in `restlet.nl?script=3046&deploy=4`.',
      moduleDependencies: { restlet: {} },
    },
    {
      name: 'deployId',
      displayName: 'RESTlet Deploy ID',
      docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4618456517.html',
      prompt:
        'The number after `deploy=` in the deployment address of your RESTlet, for example `4` in' +
        ' `restlet.nl?script=3046&deploy=4`.',
      moduleDependencies: { restlet: {} },
    },
  ],
  postAuthentication: [
    { moduleDependencies: { restapi: {}, restlet: {}, suiteql: {} }, name: 'sessionTimezone' },
    { moduleDependencies: { restapi: {}, restlet: {}, suiteql: {} }, name: 'sessionTimezoneIsDefault' },
  ],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1740403711/media/netsuite_1740403705.jpg',
    'v1740404009/media/netsuite_1740403997.svg',
    'v1740403711/media/netsuite_1740403705.jpg',
    'v1740411027/netsuite_xtpygf.svg',
  ),
  quotas: [],
  concurrency: [{ name: 'requests', scope: 'externalAccount', limit: 5 }],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
