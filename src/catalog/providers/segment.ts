// Segment Public API. Workspace token as Bearer, made by a workspace owner; it is bound to one workspace. EU
// workspaces use eu1.api.segmentapis.com, the published base URL is US.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const segment = {
  name: 'segment',
  displayName: 'Segment',
  category: 'analytics',
  sources: ['https://docs.segmentapis.com/tag/Getting-Started'],
  baseUrl: 'https://api.segmentapis.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://docs.segmentapis.com/tag/Getting-Started#section/Get-an-API-token',
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1766478732/Symbol_wxl8ii.svg',
    'v1766478773/media/segment.com_1766478772.svg',
    'v1766478745/media/segment.com_1766478744.svg',
    'v1766478830/media/segment.com_1766478830.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
