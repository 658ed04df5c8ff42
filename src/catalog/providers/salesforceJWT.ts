// Salesforce with the JWT bearer grant. RS256 assertion (iss consumer key, sub user name, exp 3 minutes) to the My
// Domain token URL; no refresh token and no expires_in. invalid_app_access: the user is not pre-authorized. RSA keys
// only.

import { MINUTE_MS } from '../../core/time.ts';
import { batchWrites, pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';
import { salesforce } from './salesforce.ts';

export const salesforceJWT = {
  name: 'salesforceJWT',
  displayName: 'Salesforce',
  category: 'CRM',
  sources: ['https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&type=5'],
  variantOf: 'salesforce',
  baseUrl: 'https://{{.workspace}}.my.salesforce.com',
  isHostOfAccount: true,
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'clientId',
        displayName: 'Consumer Key',
        docsURL: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&type=5',
        prompt:
          'In Setup, External Client App Manager, open the app that uses the JWT bearer flow; the ' +
          'consumer key stands in its OAuth settings.',
      },
      {
        name: 'username',
        displayName: 'Salesforce Username',
        docsURL: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&type=5',
        prompt:
          'Login name (like `integration.user@acme.com`) of the person or service user on whose ' +
          'behalf calls are made. An administrator has to allow this user for the app beforehand.',
      },
      {
        name: 'privateKey',
        displayName: 'Base64 encoded Private Key (PEM)',
        docsURL: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&type=5',
        prompt:
          'RSA private key in PEM form, encoded once more as base64. The matching certificate must ' +
          'be uploaded in the app under digital signatures; elliptic curve keys do not work.',
      },
    ],
    providerInputs: [],
    headers: [],
    queryParams: [],
    isMultiStep: false,
    exchange: {
      kind: 'assertion',
      use: 'grant',
      tokenUrl: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/token',
      algorithm: 'RS256',
      key: { form: 'pem', input: 'privateKey' },
      issuer: '{{.clientId}}',
      subject: '{{.username}}',
      audience: 'https://login.salesforce.com',
      audienceWhere: { variable: 'workspace', matches: '\\.sandbox|--', audience: 'https://test.salesforce.com' },
      scopes: [],
      assertionLifetimeMs: 3 * MINUTE_MS,
      tokens: { clientAuthentication: 'requestBody', rotation: 'stable', lifetimeMs: 30 * MINUTE_MS },
    },
  },
  defaultModule: 'crm',
  modules: {
    crm: {
      displayName: 'Salesforce',
      baseUrl: 'https://{{.workspace}}.my.salesforce.com',
      support: {
        ...supports('read', 'write', 'delete', 'proxy', 'subscribe', 'search', 'bulkUpsert', 'bulkDelete'),
        ...batchWrites(100),
      },
    },
  },
  support: supports('read', 'write', 'delete', 'proxy', 'subscribe', 'search', 'bulkUpsert', 'bulkDelete'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Subdomain',
      docsURL: 'https://help.salesforce.com/s/articleView?language=en_US&id=sf.faq_domain_name_what.htm&type=5',
      prompt:
        'The part before `.my.salesforce.com` in your Salesforce address: `acme` for production, ' +
        'something like `acme--dev.sandbox` for a sandbox.',
      moduleDependencies: { crm: {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: {
    method: 'GET',
    successStatusCodes: [200],
    url: 'https://{{.workspace}}.my.salesforce.com/services/oauth2/userinfo',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722470590/media/salesforce_1722470589.svg', 'v1722470590/media/salesforce_1722470589.svg'),
  // One org, one set of limits, however its users sign in.
  quotas: salesforce.quotas,
  concurrency: salesforce.concurrency,
  rateHeaders: salesforce.rateHeaders,
  quotaProbe: salesforce.quotaProbe,
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
