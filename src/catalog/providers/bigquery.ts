// BigQuery. A Google service account key signs a JWT (RS256), traded at oauth2.googleapis.com/token for an access
// token of 1 hour; no refresh token. Needs rights to run jobs and read data. Clock skew of the signer gives
// invalid_grant.

import { HOUR_MS } from '../../core/time.ts';
import { supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const bigquery = {
  name: 'bigquery',
  displayName: 'BigQuery',
  category: 'analytics',
  sources: [
    'https://developers.google.com/identity/protocols/oauth2/service-account',
    'https://cloud.google.com/bigquery/quotas',
  ],
  baseUrl: 'https://bigquery.googleapis.com',
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'serviceAccountKey',
        displayName: 'Service Account Key (Base64)',
        docsURL: 'https://cloud.google.com/iam/docs/keys-create-delete',
        prompt: 'Paste the JSON key of your Google Cloud service account after encoding the whole file in' + ' base64.',
      },
    ],
    providerInputs: [],
    headers: [],
    queryParams: [],
    isMultiStep: false,
    exchange: {
      kind: 'assertion',
      use: 'grant',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      algorithm: 'RS256',
      key: { form: 'serviceAccount', input: 'serviceAccountKey' },
      issuer: '{{.client_email}}',
      audience: 'https://oauth2.googleapis.com/token',
      scopeClaim: 'text',
      scopes: ['https://www.googleapis.com/auth/bigquery'],
      assertionLifetimeMs: HOUR_MS,
      tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'proxy'),
  inputs: [
    {
      name: 'projectId',
      displayName: 'GCP Project ID',
      docsURL: 'https://cloud.google.com/resource-manager/docs/creating-managing-projects',
      prompt:
        'Use the text identifier of the Google Cloud project, such as `my-project-id`. The ' +
        'all-digits project number does not work here.',
    },
    {
      name: 'dataset',
      displayName: 'Dataset Name',
      docsURL: 'https://cloud.google.com/bigquery/docs/datasets-intro',
      prompt:
        'Which dataset holds the tables we should read, for example `analytics`. Give its name ' +
        'only, without the project.',
    },
    {
      name: 'timestampColumn',
      displayName: 'Timestamp Column',
      docsURL: 'https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types',
      prompt:
        'Name of the column that shows when a row last changed, for example `updated_at`. Its ' +
        'type must be TIMESTAMP or DATETIME; we use it to fetch only new rows.',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: { darkMode: {}, regular: {} },
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
