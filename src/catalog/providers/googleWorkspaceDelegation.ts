// Google Workspace by domain-wide delegation. A service account key signs a JWT (sub = the user) for
// oauth2.googleapis.com/token; tokens live an hour, no refresh token. unauthorized_client means the admin has not
// allowed the client id with exactly these scopes.

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const googleWorkspaceDelegation = {
  name: 'googleWorkspaceDelegation',
  displayName: 'Google',
  category: 'productivity',
  sources: [
    'https://developers.google.com/identity/protocols/oauth2/service-account',
    'https://support.google.com/a/answer/162106',
  ],
  variantOf: 'google',
  baseUrl: 'https://www.googleapis.com',
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'serviceAccountKey',
        displayName: 'Service Account Key (Base64)',
        docsURL: 'https://cloud.google.com/iam/docs/keys-create-delete',
        prompt:
          'The JSON key file of your Google Cloud service account, encoded as Base64. Your ' +
          'Workspace admin must have allowed this account to act for users in your domain.',
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
      subject: '{{.userEmail}}',
      audience: 'https://oauth2.googleapis.com/token',
      scopeClaim: 'text',
      scopes: [],
      assertionLifetimeMs: HOUR_MS,
      tokens: { clientAuthentication: 'requestBody', rotation: 'stable' },
    },
  },
  defaultModule: 'calendar',
  modules: {
    calendar: {
      displayName: 'Google Calendar',
      baseUrl: 'https://www.googleapis.com/calendar',
      support: supports('read', 'write'),
    },
    contacts: { displayName: 'Google Contacts', baseUrl: 'https://people.googleapis.com', support: supports() },
    gmail: { displayName: 'Gmail', baseUrl: 'https://gmail.googleapis.com/gmail', support: supports('read', 'write') },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [
    {
      name: 'userEmail',
      displayName: 'User Email',
      docsURL: 'https://support.google.com/a/answer/162106',
      prompt:
        'Whose mailbox, calendar or contacts should be used, for example `user@company.com`. The ' +
        'service account acts as this person.',
      moduleDependencies: { calendar: {}, contacts: {}, gmail: {} },
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  // As for Google: notifications of Gmail name the mailbox.
  accountLookup: {
    method: 'GET',
    url: 'https://gmail.googleapis.com/gmail/v1/users/me/profile',
    values: [],
    workspaceRefPath: 'emailAddress',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1722349084/media/google_1722349084.svg', 'v1722349053/media/google_1722349052.svg'),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 600, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
