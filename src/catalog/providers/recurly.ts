// Recurly. HTTP Basic with the private API key as user name and an empty password. Every call must name an API
// version in Accept, such as application/vnd.recurly.v2021-02-25, or it fails. EU sites use v3.eu.recurly.com.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const recurly = {
  name: 'recurly',
  displayName: 'Recurly',
  category: 'finance',
  sources: ['https://docs.recurly.com/recurly-subscriptions/v2021-02-25/reference/getting-started-v2021-02-25'],
  baseUrl: 'https://v3.recurly.com',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1724365645/media/qjsvejkoowb3uzjrh7ev.png',
    'v1722066470/media/recurly_1722066469.svg',
    'v1722066457/media/recurly_1722066456.svg',
    'v1722066434/media/recurly_1722066433.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
