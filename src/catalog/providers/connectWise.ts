// ConnectWise PSA. Basic auth: user is company+publicKey, password the private key, plus a clientId header on every
// call. The host names the region; on-premise sites differ. Keys act with the rights of the API member, so gaps are
// often security roles.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const connectWise = {
  name: 'connectWise',
  displayName: 'ConnectWise',
  category: 'other',
  sources: ['https://developer.connectwise.com/ClientID'],
  baseUrl: 'https://{{.region}}.myconnectwise.net',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: { subscribeByAPI: true },
  inputs: [
    {
      name: 'region',
      displayName: 'Region',
      prompt:
        'First part of the address you use for ConnectWise. If you sign in at ' +
        '`https://na.myconnectwise.net`, enter `na`.',
      defaultValue: 'na',
    },
    { name: 'clientId', displayName: 'Client ID', docsURL: 'https://developer.connectwise.com/ClientID' },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1773780148/media/connectWise_1773780147.jpg', 'v1773780188/media/connectWise_1773780188.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
