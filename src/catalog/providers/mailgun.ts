// Mailgun. HTTP Basic with user name api and the API key as password. The catalog host is the US region; domains
// created in the EU live on api.eu.mailgun.net and are not found here. Domain sending keys can only send mail.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const mailgun = {
  name: 'mailgun',
  displayName: 'Mailgun',
  category: 'communication',
  sources: [
    'https://documentation.mailgun.com/docs/mailgun/api-reference/authentication/',
    'https://documentation.mailgun.com/docs/mailgun/api-reference/api-overview',
  ],
  baseUrl: 'https://api.mailgun.net',
  auth: { scheme: 'basic', docsUrl: 'https://documentation.mailgun.com/docs/mailgun/api-reference/authentication/' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722071495/media/mailgun_1722071493.svg',
    'v1722071474/media/mailgun_1722071473.svg',
    'v1722071456/media/mailgun_1722071455.svg',
    'v1722071433/media/mailgun_1722071431.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
