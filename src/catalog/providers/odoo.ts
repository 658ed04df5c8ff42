// Odoo. Bearer API key of one user, whose access rights decide what can be seen. Host is the customer's own. The
// external API is reserved for Custom plans on odoo.com; hosts with several databases need the X-Odoo-Database
// header.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const odoo = {
  name: 'odoo',
  displayName: 'Odoo',
  category: 'finance',
  sources: ['https://www.odoo.com/documentation/19.0/developer/reference/external_api.html'],
  baseUrl: 'https://{{.workspace}}',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Bearer ' },
    docsUrl: 'https://www.odoo.com/documentation/19.0/developer/reference/external_api.html#configuration',
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'workspace',
      displayName: 'API Domain',
      prompt:
        'The host name where you open Odoo, without `https://`, such as `mycompany.odoo.com` or ' + 'your own domain.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1776183638/media/odoo.com_1776183637.jpg',
    'v1776183223/media/odoo.com_1776183222.svg',
    'v1776183638/media/odoo.com_1776183637.jpg',
    'v1776183246/media/odoo.com_1776183245.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
