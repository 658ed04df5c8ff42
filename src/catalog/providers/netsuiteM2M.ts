// NetSuite machine to machine. A JWT signed with the customer's certificate key (PS256 or ES256, kid is the
// certificate ID) is swapped for a one-hour token; no refresh token. Mappings are not copied between accounts and
// each sandbox refresh deletes them.

import { HOUR_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const netsuiteM2M = {
  name: 'netsuiteM2M',
  displayName: 'Netsuite',
  category: 'finance',
  sources: [
    'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html',
    'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157771733782.html',
  ],
  variantOf: 'netsuite',
  baseUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'clientId',
        displayName: 'Client ID',
        docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157771733782.html',
        prompt:
          'The client ID (consumer key) NetSuite showed when the integration record was saved under' +
          ' Setup > Integration > Manage Integrations. It is displayed only once.',
      },
      {
        name: 'certificateId',
        displayName: 'Certificate ID',
        docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html',
        prompt:
          'The ID of your uploaded certificate, listed on the page OAuth 2.0 Client Credentials ' +
          '(M2M) Setup in NetSuite.',
      },
      {
        name: 'privateKey',
        displayName: 'Base64 encoded Private Key (PEM)',
        docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html',
        prompt: 'The PEM private key that belongs to the uploaded certificate, encoded as one Base64 ' + 'string.',
      },
    ],
    providerInputs: [],
    headers: [],
    queryParams: [],
    isMultiStep: false,
    exchange: {
      kind: 'assertion',
      use: 'client',
      tokenUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token',
      algorithm: 'PS256',
      key: { form: 'pem', input: 'privateKey', keyIdInput: 'certificateId' },
      issuer: '{{.clientId}}',
      audience: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token',
      scopeClaim: 'list',
      scopes: ['restlets', 'rest_webservices'],
      assertionLifetimeMs: HOUR_MS,
      tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
    },
  },
  defaultModule: 'restapi',
  modules: {
    restapi: {
      displayName: 'Netsuite M2M (REST API)',
      baseUrl: 'https://{{.workspace}}.suitetalk.api.netsuite.com/services/rest/record',
      support: supports('read', 'write', 'proxy'),
    },
    restlet: {
      displayName: 'Netsuite M2M (RESTlet)',
      baseUrl: 'https://{{.workspace}}.restlets.api.netsuite.com',
      support: supports('read', 'write', 'proxy', 'search'),
    },
    suiteql: {
      displayName: 'Netsuite M2M (SuiteQL)',
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
      name: 'scriptURL',
      displayName: 'RESTlet Deployment URL',
      docsURL: 'https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4618456517.html',
      prompt:
        'Open the script deployment that the bundle created in your NetSuite account and copy its' +
        ' URL, starting with `/app/site/hosting/restlet.nl`.',
      defaultValue: '/app/site/hosting/restlet.nl?script=3277&deploy=1',
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
