// Pipeliner. HTTP Basic with an API key's user name and password, created per application in the space. The host
// depends on the region of the space (eu-central, us-east, ...) and every path carries the space ID.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const pipeliner = {
  name: 'pipeliner',
  displayName: 'Pipeliner',
  category: 'CRM',
  sources: ['https://developers.pipelinersales.com/api-docs/overview/about-the-api'],
  baseUrl: 'https://{{.region}}.api.pipelinersales.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'Space ID',
      docsURL: 'https://developers.pipelinersales.com/api-docs/overview/about-the-api#space-and-space-id',
    },
    {
      name: 'region',
      displayName: 'Space URL Region',
      docsURL: 'https://developers.pipelinersales.com/api-docs/overview/about-the-api#service-url',
      defaultValue: 'eu-central',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724364763/media/kangvklxztgbivrseu5s.png',
    'v1722409690/media/const%20Pipeliner%20Provider%20%3D%20%22pipeliner%22_1722409689.png',
    'v1724219405/media/tcevpfizbuqs59dq7epu.png',
    'v1722409690/media/const%20Pipeliner%20Provider%20%3D%20%22pipeliner%22_1722409689.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
