// Zoom. OAuth 2 with HTTP Basic client credentials; access tokens live one hour, the refresh token works once and
// dies after about 90 days. Limits go by plan and by light, medium or heavy endpoints, plus daily caps, shared by the
// account.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { type Endpoints, pictures, quotasFor, supports } from '../declare.ts';
import type { Quota } from '../quotas.ts';
import type { ProviderDeclaration } from '../schema.ts';

// The labels of the meeting, user, group, role, report and dashboard endpoints; phone and contact center have others.
const INTENSIVE = { GET: 'metrics/meetings metrics/webinars metrics/zoomrooms metrics/im metrics/chat' };
const HEAVY = {
  GET: `
    report/activities report/billing report/billing/invoices report/cloud_recording report/daily
    report/operationlogs report/telephone report/users report/upcoming_events report/users/*/meetings
    report/meetings/* report/meetings/*/participants report/meetings/*/polls report/meetings/*/qa
    report/meetings/*/survey report/webinars/* report/webinars/*/participants report/webinars/*/polls
    report/webinars/*/qa report/webinars/*/survey past_webinars/*/absentees devices devices/* metrics/meetings/*
    metrics/meetings/*/participants metrics/webinars/* metrics/webinars/*/participants metrics/crc
    metrics/client/feedback metrics/client/satisfaction
  `,
  POST: 'meetings/*/batch_registrants webinars/*/batch_registrants devices/zpa/upgrade',
  DELETE: 'devices/*',
};
const MEDIUM = {
  GET: `
    users groups groups/*/members roles roles/*/members contacts users/*/settings users/*/meetings users/*/webinars
    users/*/recordings users/*/meeting_templates users/*/upcoming_meetings meetings/meeting_summaries archive_files
    archive_files/statistics tracking_fields h323/devices devices/groups sip_phones meetings/*/registrants
    webinars/*/registrants webinars/*/panelists webinars/*/tracking_sources past_meetings/*/instances
    past_meetings/*/participants past_meetings/*/polls past_webinars/*/participants past_webinars/*/polls
    past_webinars/*/qa
  `,
  POST: 'groups/*/members users/*/meetings devices',
  PATCH: 'users/*/settings',
};
const LIGHT = {
  GET: 'users/* groups/* meetings/* webinars/* meetings/*/recordings past_meetings/* past_webinars/*/instances',
  POST: 'users groups roles users/*/webinars meetings/*/registrants tracking_fields',
  PATCH: 'users/* groups/* meetings/* webinars/*',
  DELETE: 'users/* groups/* meetings/* webinars/*',
};

// Of the Pro plan, since nothing tells the plan: a smaller one refuses sooner, of a larger one background work leaves
// some unused. Where two kinds fit an address, the first counts.
const LIMITS: readonly Quota[] = [
  ...label('intensive', 10, INTENSIVE, MINUTE_MS),
  ...label('medium', 20, MEDIUM),
  ...label('heavy', 10, HEAVY),
  ...label('light', 30, LIGHT),
  ...day(INTENSIVE),
  ...day(HEAVY),
];

export const zoom = {
  name: 'zoom',
  displayName: 'Zoom',
  category: 'communication',
  sources: [
    'https://developers.zoom.us/docs/integrations/oauth/',
    'https://developers.zoom.us/docs/api/rate-limits/',
    'https://developers.zoom.us/docs/commerce/rate-limits/',
    'https://devsupport.zoom.us/hc/en-us/articles/360060332931-Extending-the-expiration-for-an-OAuth-access-token',
  ],
  baseUrl: 'https://api.zoom.us',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://zoom.us/oauth/authorize',
    tokenUrl: 'https://zoom.us/oauth/token',
    areScopesRequired: false,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: { clientAuthentication: 'basicHeader', rotation: 'singleUseRevoking', idleLifetimeMs: 90 * DAY_MS },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722325775/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325765.png',
    'v1722325900/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325899.svg',
    'v1722325775/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325765.png',
    'v1722325874/media/const%20Zoom%20Provider%20%3D%20%22zoom%22_1722325874.svg',
  ),
  quotas: LIMITS,
  concurrency: [],
  rateHeaders: { family: 'zoom', quotas: { second: ['intensive', 'medium', 'heavy', 'light'], day: 'heavyPerDay' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

/** People are stopped by refusals: the plan may allow more. */
function label(name: string, limit: number, byMethod: Endpoints, windowMs = SECOND_MS): readonly Quota[] {
  const pause = { firstMs: windowMs, longestMs: MINUTE_MS };
  return quotasFor({ name, scope: 'externalAccount', limit, windowMs, isSoft: true, pause }, '/v2/', byMethod);
}

/** Heavy and resource-intensive calls together. */
function day(byMethod: Endpoints): readonly Quota[] {
  const pause = { firstMs: 15 * MINUTE_MS, longestMs: HOUR_MS };
  const limit = { name: 'heavyPerDay', scope: 'externalAccount', limit: 30_000, windowMs: DAY_MS } as const;
  return quotasFor({ ...limit, isSoft: true, pause }, '/v2/', byMethod);
}
