// Google. OAuth 2 with access_type=offline and prompt=consent. Access tokens live an hour; the refresh token stays
// the same but dies after 6 idle months, after 7 days for apps in testing, or when a user passes 100 live tokens per
// client. Quota errors come as 403 or 429.

import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const google = {
  name: 'google',
  displayName: 'Google',
  category: 'productivity',
  sources: [
    'https://developers.google.com/identity/protocols/oauth2',
    'https://developers.google.com/identity/protocols/oauth2/web-server',
    'https://developers.google.com/calendar/api/guides/quota',
    'https://developers.google.com/gmail/api/reference/rest/v1/users/getProfile',
  ],
  baseUrl: 'https://www.googleapis.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    authUrlParams: { access_type: 'offline', prompt: 'consent' },
    tokenUrl: 'https://oauth2.googleapis.com/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'requestBody',
      rotation: 'stable',
      idleLifetimeMs: 180 * DAY_MS,
      revocationUrl: 'https://oauth2.googleapis.com/revoke',
      grantsPerAccountMax: 100,
    },
  },
  defaultModule: 'calendar',
  modules: {
    calendar: {
      displayName: 'Google Calendar',
      baseUrl: 'https://www.googleapis.com/calendar',
      support: supports('read', 'write', 'subscribe'),
      subscribeRequirements: { maintenance: true, subscribeByAPI: true },
    },
    contacts: { displayName: 'Google Contacts', baseUrl: 'https://people.googleapis.com', support: supports() },
    gmail: {
      displayName: 'Gmail',
      baseUrl: 'https://gmail.googleapis.com/gmail',
      support: supports('read', 'write', 'subscribe'),
      subscribeRequirements: { maintenance: true, subscribeByAPI: true },
    },
  },
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  // Whose mailbox it is, by which its notifications find it; other modules' grants may not ask, and need not.
  accountLookup: {
    method: 'GET',
    url: 'https://gmail.googleapis.com/gmail/v1/users/me/profile',
    values: [],
    workspaceRefPath: 'emailAddress',
  },
  providerApp: {
    authQueryParams: [],
    params: [
      {
        name: 'gcpProjectId',
        displayName: 'GCP Project ID',
        docsURL: 'https://cloud.google.com/resource-manager/docs/creating-managing-projects',
        prompt:
          'The id of the Google Cloud project that holds your Pub/Sub topic. Needed only to receive' +
          ' Gmail change events.',
        moduleDependencies: { gmail: {} },
      },
      {
        name: 'gcpPubSubTopicName',
        displayName: 'GCP Pub/Sub Topic Name',
        docsURL: 'https://developers.google.com/gmail/api/guides/push',
        prompt:
          'The Pub/Sub topic to which Gmail reports mailbox changes, in the project named above. ' +
          'Let `gmail-api-push@system.gserviceaccount.com` publish to it.',
        moduleDependencies: { gmail: {} },
      },
    ],
  },
  media: pictures('v1722349084/media/google_1722349084.svg', 'v1722349053/media/google_1722349052.svg'),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 600, windowMs: MINUTE_MS }],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
