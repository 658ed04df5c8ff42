// CloudTalk. Basic auth with access key id and secret; paths end in .json. 60 operations per minute for the whole
// company, shared by all its integrations. No Retry-After: read X-CloudTalkAPI-ResetTime.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const cloudTalk = {
  name: 'cloudTalk',
  displayName: 'CloudTalk',
  category: 'communication',
  sources: ['https://developers.cloudtalk.io/reference/authentication', 'https://developers.cloudtalk.io/'],
  baseUrl: 'https://my.cloudtalk.io/api',
  auth: { scheme: 'basic', docsUrl: 'https://developers.cloudtalk.io/reference/authentication' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1765381242/media/cloudtalk.io_1765381242.svg', 'v1765381169/media/cloudtalk.io_1765381168.svg'),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 60, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
