// Notion. OAuth 2; the token endpoint wants a Basic client header and a JSON body. Tokens carry no expiry; newer
// answers also hold a refresh token, and a refresh replaces both. About 3 requests a second per token; every call
// needs a Notion-Version header.

import { SECOND_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const notion = {
  name: 'notion',
  displayName: 'Notion',
  category: 'productivity',
  sources: [
    'https://developers.notion.com/reference/create-a-token',
    'https://developers.notion.com/reference/refresh-a-token',
    'https://developers.notion.com/reference/request-limits',
  ],
  baseUrl: 'https://api.notion.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://api.notion.com/v1/oauth/authorize',
    authUrlParams: { owner: 'user' },
    tokenUrl: 'https://api.notion.com/v1/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { consumerRefField: 'owner.user.id', workspaceRefField: 'workspace_id' },
    tokens: { clientAuthentication: 'basicHeader', bodyFormat: 'json', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722167069/media/notion.com_1722167068.jpg',
    'v1722329109/media/notion_1722329109.svg',
    'v1724225786/media/mk29sfwu7u7zqiv7jc1c.png',
    'v1722329086/media/notion_1722329085.svg',
  ),
  quotas: [{ name: 'perSecond', scope: 'user', limit: 3, windowMs: SECOND_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
