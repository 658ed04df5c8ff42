// Ironclad CLM, US production. OAuth 2 code grant; scopes must match the registered app. Limits count per account and
// per endpoint group: 400 workflow reads, 40 workflow writes, 600 record reads, 200 record writes a minute.

import { MINUTE_MS } from '../../core/time.ts';
import { pathsBelow, pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

const PER_MINUTE = { scope: 'externalAccount', windowMs: MINUTE_MS } as const;
const WORKFLOWS = pathsBelow('/public/api/v1/workflows', 5);
const RECORDS = pathsBelow('/public/api/v1/records', 5);

export const ironclad = {
  name: 'ironclad',
  displayName: 'Ironclad',
  category: 'other',
  sources: [
    'https://developer.ironcladapp.com/reference/authorization-code-grant',
    'https://developer.ironcladapp.com/reference/clm-api-rate-limits',
  ],
  baseUrl: 'https://ironcladapp.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://ironcladapp.com/oauth/authorize',
    tokenUrl: 'https://ironcladapp.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'requestBody', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  labels: { experimental: 'true' },
  media: pictures(
    'v1722328016/media/ironclad_1722328015.svg',
    'v1722327967/media/ironclad_1722327967.svg',
    'v1722328016/media/ironclad_1722328015.svg',
    'v1722327987/media/ironclad_1722327987.svg',
  ),
  quotas: [
    { ...PER_MINUTE, name: 'others', limit: 800 },
    { ...PER_MINUTE, name: 'workflowReads', limit: 400, only: { method: 'GET', paths: WORKFLOWS, isApart: true } },
    // One limit for both methods: what has the same name and scope is the same budget.
    { ...PER_MINUTE, name: 'workflowWrites', limit: 40, only: { method: 'POST', paths: WORKFLOWS, isApart: true } },
    { ...PER_MINUTE, name: 'workflowWrites', limit: 40, only: { method: 'PATCH', paths: WORKFLOWS, isApart: true } },
    { ...PER_MINUTE, name: 'recordReads', limit: 600, only: { method: 'GET', paths: RECORDS, isApart: true } },
    { ...PER_MINUTE, name: 'recordWrites', limit: 200, only: { method: 'POST', paths: RECORDS, isApart: true } },
    { ...PER_MINUTE, name: 'recordWrites', limit: 200, only: { method: 'PATCH', paths: RECORDS, isApart: true } },
  ],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
