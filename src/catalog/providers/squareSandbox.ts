// Square sandbox on connect.squareupsandbox.com, with its own application id and secret. Open the test seller
// dashboard in the same browser before signing in. Token rules are those of Square.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const squareSandbox = {
  name: 'squareSandbox',
  displayName: 'Square Sandbox',
  category: 'commerce',
  sources: [
    'https://developer.squareup.com/docs/devtools/sandbox/overview',
    'https://developer.squareup.com/docs/oauth-api/overview',
  ],
  variantOf: 'square',
  baseUrl: 'https://connect.squareupsandbox.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://connect.squareupsandbox.com/oauth2/authorize',
    tokenUrl: 'https://connect.squareupsandbox.com/oauth2/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'merchant_id' },
    docsUrl: 'https://developer.squareup.com/docs/devtools/sandbox/overview',
    tokens: { clientAuthentication: 'requestBody', bodyFormat: 'json', rotation: 'stable', lifetimeMs: 30 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1782270287/media/squareup.com_1782270286.svg',
    'v1782270322/media/squareup.com_1782270321.svg',
    'v1782270338/media/squareup.com_1782270337.svg',
    'v1782270357/media/squareup.com_1782270356.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
