// SolarWinds Service Desk (formerly Samanage). JSON web token of a user in X-Samanage-Authorization as Bearer. The
// host follows the region: api, apieu or apiau. Pages come through the Link header.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const solarWindsServiceDesk = {
  name: 'solarWindsServiceDesk',
  displayName: 'SolarWinds Service Desk',
  category: 'customer support',
  sources: [
    'https://documentation.solarwinds.com/en/success_center/swsd/content/completeguidetoswsd/token-authentication-for-api-integration.htm',
    'https://apidoc.samanage.com/#section/General-Concepts/Service-URL',
  ],
  baseUrl: 'https://{{.subdomain}}.samanage.com',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'X-Samanage-Authorization', valuePrefix: 'Bearer ' },
    docsUrl:
      'https://documentation.solarwinds.com/en/success_center/swsd/content/completeguidetoswsd/token-authentication-for-api-integration.htm#link4',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'subdomain',
      displayName: 'API Subdomain',
      docsURL: 'https://apidoc.samanage.com/#section/General-Concepts/Service-URL',
      prompt:
        'Where your account is hosted: type `api` for the United States, `apieu` for Europe or ' +
        '`apiau` for Asia-Pacific.',
      defaultValue: 'api',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1738322100/media/solarwinds.com_1738322099.svg', 'v1738322158/media/solarwinds.com_1738322159.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
