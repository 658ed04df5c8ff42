// ChartMogul. Basic auth with the API key as user and an empty password. Keys belong to a user and can be read only
// or full. Lists page with cursor and has_more; too many calls give 429.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const chartMogul = {
  name: 'chartMogul',
  displayName: 'ChartMogul',
  category: 'analytics',
  sources: ['https://dev.chartmogul.com/docs/authentication'],
  baseUrl: 'https://api.chartmogul.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722071196/media/chartMogul_1722071194.svg',
    'v1722071151/media/chartMogul_1722071150.svg',
    'v1724223755/media/dofc2atuowphyzyh3x4l.png',
    'v1724169123/media/yrna2ica74nfjgxmkie0.png',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
