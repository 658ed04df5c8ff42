// Ringover, European platform. API key in Authorization without any prefix; create it in the dashboard under
// developer settings and tick the rights the calls need. A key of the US platform is refused here.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ringOverEU = {
  name: 'ringOverEU',
  displayName: 'RingOver (EU)',
  category: 'communication',
  sources: ['https://developer.ringover.com'],
  baseUrl: 'https://public-api.ringover.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization' },
    docsUrl: 'https://developer.ringover.com',
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1740678502/ringOver_vkuk42.svg',
    'v1740678649/media/app.ringover.com_1740678648.svg',
    'v1740678708/media/app.ringover.com_1740678707.svg',
    'v1740678624/media/app.ringover.com_1740678624.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
