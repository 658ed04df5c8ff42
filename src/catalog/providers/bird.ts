// Bird, formerly MessageBird. Access key in 'Authorization: AccessKey <key>'. Most paths contain the workspace id and
// the key needs an access policy for the workspace, else 403.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const bird = {
  name: 'bird',
  displayName: 'Bird (MessageBird)',
  category: 'communication',
  sources: ['https://docs.bird.com/api'],
  baseUrl: 'https://api.bird.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'AccessKey ' },
    docsUrl: 'https://docs.bird.com/api',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722328535/media/bird_1722328534.jpg',
    'v1722328476/media/bird_1722328475.png',
    'v1722328501/media/bird_1722328500.svg',
    'v1722328456/media/bird_1722328455.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
