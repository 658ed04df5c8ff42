// SendGrid. API key as Bearer, shown once when created and limited by its permissions: 403 usually means a missing
// one. Limits differ by endpoint, read X-RateLimit-Remaining and X-RateLimit-Reset. EU subusers need
// api.eu.sendgrid.com.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const sendGrid = {
  name: 'sendGrid',
  displayName: 'SendGrid',
  category: 'communication',
  sources: [
    'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
    'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits',
  ],
  baseUrl: 'https://api.sendgrid.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://www.twilio.com/docs/sendgrid',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722330743/media/sendGrid_1722330741.svg',
    'v1722330818/media/sendGrid_1722330817.svg',
    'v1722330743/media/sendGrid_1722330741.svg',
    'v1722330795/media/sendGrid_1722330795.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
