// Redtail CRM. Two steps: Basic with base64 of key:user:password at /authentication gives a user key, then
// Userkeyauth with base64 of key:userkey on all calls. The API key is issued per partner by Redtail.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const redtail = {
  name: 'redtail',
  displayName: 'Redtail',
  category: 'CRM',
  sources: ['https://support.redtailtechnology.com/s/article/Authentication-Methods'],
  baseUrl: 'https://{{.region}}.redtailtechnology.com/api/public/v1',
  auth: {
    scheme: 'custom',
    inputs: [
      { name: 'apiKey', displayName: 'API Key', fieldType: 'fieldTypePassword' },
      { name: 'username', displayName: 'Username', fieldType: 'fieldTypeText' },
      { name: 'password', displayName: 'Password', fieldType: 'fieldTypePassword' },
    ],
    providerInputs: [],
    headers: [{ name: 'Authorization', valueTemplate: 'Userkeyauth {{ .userKeyCredentials }}' }],
    queryParams: [],
    isMultiStep: true,
    exchange: {
      kind: 'login',
      url: 'https://{{.region}}.redtailtechnology.com/api/public/v1/authentication',
      method: 'GET',
      basic: '{{.apiKey}}:{{.username}}:{{.password}}',
      keyPath: 'authenticated_user.user_key',
      keyVariable: 'userKey',
      value: { name: 'userKeyCredentials', base64Of: '{{.apiKey}}:{{.userKey}}' },
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'region',
      displayName: 'Region',
      prompt:
        'First part of the host name you see when you work in Redtail. If the address bar shows ' +
        '`https://crm.redtailtechnology.com`, type `crm`; test systems have another name.',
      defaultValue: 'crm',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: {
    method: 'GET',
    successStatusCodes: [200],
    url: 'https://{{.region}}.redtailtechnology.com/api/public/v1/authentication',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1787032905/media/redtailtechnology.com_1787032905.jpg',
    'v1787032995/media/redtailtechnology.com_1787032994.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
