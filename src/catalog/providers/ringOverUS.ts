// Ringover, US platform on public-api-us.ringover.com. API key in Authorization without any prefix; a key of the
// European platform is refused here.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const ringOverUS = {
  name: 'ringOverUS',
  displayName: 'RingOver (US)',
  category: 'communication',
  sources: ['https://developer.ringover.com'],
  variantOf: 'ringOverEU',
  baseUrl: 'https://public-api-us.ringover.com',
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
