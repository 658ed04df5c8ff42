// Snowflake. Custom client, SQL rather than REST. The workspace is the account identifier before
// snowflakecomputing.com (org-account or locator with region). Watch for a suspended warehouse, a default role
// without rights and network policies.

import { supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const snowflake = {
  name: 'snowflake',
  displayName: 'Snowflake',
  category: 'analytics',
  sources: ['https://docs.snowflake.com/en/user-guide/admin-account-identifier'],
  baseUrl: 'https://{{.workspace}}.snowflakecomputing.com',
  auth: { scheme: 'custom', inputs: [], providerInputs: [], headers: [], queryParams: [], isMultiStep: false },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: { darkMode: {}, regular: {} },
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
