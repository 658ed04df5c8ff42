// SendGrid. API key as Bearer, shown once when created and limited by its permissions: 403 usually means a missing
// one. Limits differ by endpoint, read X-RateLimit-Remaining and X-RateLimit-Reset. EU subusers need
// api.eu.sendgrid.com.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, quotasFor, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const sendGrid = {
  name: 'sendGrid',
  displayName: 'SendGrid',
  category: 'communication',
  sources: [
    'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
    'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits',
    'https://www.twilio.com/docs/sendgrid/api-reference/email-activity',
    'https://github.com/twilio/sendgrid-oai/blob/main/spec/json/tsg_recipients_data_erasure_v3.json',
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
  // The limits of others are told by the fields of their answers alone.
  quotas: [
    ...quotasFor(
      { name: 'messages', scope: 'externalAccount', limit: 6, windowMs: MINUTE_MS },
      '/v3/',
      { GET: 'messages messages/*' },
      { isApart: true },
    ),
    ...quotasFor(
      { name: 'erasures', scope: 'externalAccount', limit: 100, windowMs: MINUTE_MS },
      '/v3/',
      { POST: 'recipients/erasejob' },
      { isApart: true },
    ),
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
