// Greenhouse Harvest v3. OAuth 2 for partners, client as Basic on auth.greenhouse.io; credentials come from
// Greenhouse by mail. Codes live 1 minute, access tokens 1 hour, refresh tokens only 24 hours by the partner guide:
// keep refreshing. Many lists need a Site Admin.

import { DAY_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const greenhouse = {
  name: 'greenhouse',
  displayName: 'Greenhouse (Harvest)',
  category: 'HR',
  sources: [
    'https://harvestdocs.greenhouse.io/docs/harvest-partner-oauth',
    'https://harvestdocs.greenhouse.io/docs/authentication',
  ],
  baseUrl: 'https://harvest.greenhouse.io',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://auth.greenhouse.io/authorize',
    tokenUrl: 'https://auth.greenhouse.io/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'unknown', idleLifetimeMs: DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1760017955/media/developers.greenhouse.io_1760017960.jpg',
    'v1760018070/media/developers.greenhouse.io_1760018076.svg',
    'v1760017955/media/developers.greenhouse.io_1760017960.jpg',
    'v1760020366/media/developers.greenhouse.io_1760020371.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
