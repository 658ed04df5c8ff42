// Vtiger. HTTP Basic with the user name and the user's access key from My Preferences, not the password. The key
// changes when the user resets it. Errors can come as 200 with success:false.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const vtiger = {
  name: 'vtiger',
  displayName: 'Vtiger',
  category: 'CRM',
  sources: [
    'https://help.vtiger.com/faq/140159403-What-is-Access-Key',
    'https://help.vtiger.com/article/147111249-Rest-API-Manual',
  ],
  baseUrl: 'https://{{.workspace}}/restapi',
  auth: { scheme: 'basic', docsUrl: 'https://help.vtiger.com/faq/140159403-What-is-Access-Key' },
  defaultModule: '',
  modules: {},
  support: supports('proxy'),
  inputs: [{ name: 'workspace', displayName: 'Full Domain' }],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1749627816/media/vtiger.com_1749627825.jpg', 'v1749627849/media/vtiger.com_1749627859.png'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [{ path: 'success', equals: false, codePath: 'error.code', messagePath: 'error.message' }],
} as const satisfies ProviderDeclaration;
