// SugarCRM. OAuth 2 password grant, JSON body, on the customer's own server. Signing in again with the same user and
// platform name ends the earlier session, so register a platform of your own. Access tokens live one hour.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const sugarCRM = {
  name: 'sugarCRM',
  displayName: 'SugarCRM',
  category: 'CRM',
  sources: ['https://support.sugarcrm.com/documentation/sugar_developer/'],
  baseUrl: '{{.workspace}}/rest/v11_24',
  auth: {
    scheme: 'oauth2',
    grantType: 'password',
    tokenUrl: '{{.workspace}}/rest/v11_24/oauth2/token',
    areScopesRequired: false,
    isWorkspaceRequired: true,
    tokenMetadata: {},
    tokens: { clientAuthentication: 'requestBody', bodyFormat: 'json', rotation: 'unknown' },
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [{ name: 'workspace', displayName: 'Base URL' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722348686/media/sugarCRM_1722348686.png', 'v1722348716/media/sugarCRM_1722348716.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
