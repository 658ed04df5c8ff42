// Help Scout. OAuth 2 client credentials: the customer's own app id and secret give a token for 48 hours, no refresh
// token. Limits per minute and account by plan (from 200); writes count double. Creates answer 201 without body, the
// id is in Resource-ID.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const helpScoutMailbox = {
  name: 'helpScoutMailbox',
  displayName: 'Help Scout Mailbox',
  category: 'customer support',
  sources: [
    'https://developer.helpscout.com/mailbox-api/overview/authentication/',
    'https://developer.helpscout.com/mailbox-api/overview/rate-limiting/',
  ],
  baseUrl: 'https://api.helpscout.net',
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://api.helpscout.net/v2/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    docsUrl: 'https://developer.helpscout.com/mailbox-api/overview/authentication/',
    tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  authHealthCheck: { method: 'GET', successStatusCodes: [200], url: 'https://api.helpscout.net/v2/users/me' },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722061926/media/helpScoutMailbox_1722061925.svg',
    'v1722061899/media/helpScoutMailbox_1722061898.svg',
    'v1722061926/media/helpScoutMailbox_1722061925.svg',
    'v1722061868/media/helpScoutMailbox_1722061867.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'externalAccount', limit: 200, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'helpScout', quotas: { minute: 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
