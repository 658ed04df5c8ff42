// Klaviyo. OAuth 2 with PKCE, client in a Basic header. Access tokens live an hour; the refresh token stays the same
// and dies after 90 unused days. Every call needs a revision header. Limits are per endpoint, per account and app:
// burst each second, steady each minute.

import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { type Endpoints, pictures, quotasFor, supports } from '../declare.ts';
import type { Quota } from '../quotas.ts';
import type { ProviderDeclaration } from '../schema.ts';

// As Klaviyo's own OpenAPI document states them, revision 2026-07-15. Of six endpoints the smaller limit is not here
// that they have where a call asks for additional fields.
const LIMITS: readonly Quota[] = [
  ...endpoints('reports', 1, 2, {
    POST: `
      campaign-values-reports flow-values-reports flow-series-reports form-values-reports form-series-reports
      segment-values-reports segment-series-reports
    `,
  }),
  ...endpoints('xs', 1, 15, {
    GET: `
      accounts accounts/* object-types/*/object-ingestion-logs object-types/*/relationships/object-ingestion-logs
      metric-properties/* metrics/*/metric-properties metrics/*/relationships/metric-properties
      metric-properties/*/metric metric-properties/*/relationships/metric web-feeds web-feeds/* webhooks webhooks/*
      webhook-topics webhook-topics/*
    `,
    POST: 'flows custom-metrics segments web-feeds webhooks',
    PATCH: 'custom-metrics/* mapped-metrics/* segments/* web-feeds/* webhooks/*',
    DELETE: 'web-feeds/* webhooks/*',
  }),
  ...endpoints('records', 3, 15, {
    POST: 'data-source-record-bulk-create-jobs',
  }),
  ...endpoints('s', 3, 60, {
    GET: `
      campaigns/*/tags campaigns/*/relationships/tags data-sources data-sources/* source-mappings/* object-types
      object-types/* object-schemas/* object-records/* object-types/*/object-records
      object-types/*/relationships/object-records object-types/*/current-schema
      object-types/*/relationships/current-schema object-types/*/draft-schema
      object-types/*/relationships/draft-schema object-types/*/schema-versions
      object-types/*/relationships/schema-versions object-types/*/relationships/object-types
      object-types/*/relationships/profile-object-types object-schemas/*/source-mapping
      object-schemas/*/relationships/source-mapping object-schemas/*/relationships/object-schemas
      object-schemas/*/relationships/profile-object-schemas flows flows/* flow-actions/* flow-messages/*
      flows/*/flow-actions flows/*/relationships/flow-actions flows/*/tags flows/*/relationships/tags
      flow-actions/*/flow flow-actions/*/relationships/flow flow-actions/*/flow-messages
      flow-actions/*/relationships/flow-messages flow-messages/*/flow-action flow-messages/*/relationships/flow-action
      flow-messages/*/template flow-messages/*/relationships/template forms forms/* form-versions/*
      forms/*/form-versions forms/*/relationships/form-versions form-versions/*/form
      form-versions/*/relationships/form lists/*/tags lists/*/relationships/tags lists/*/flow-triggers
      lists/*/relationships/flow-triggers custom-metrics custom-metrics/* mapped-metrics mapped-metrics/*
      custom-metrics/*/metrics custom-metrics/*/relationships/metrics mapped-metrics/*/metric
      mapped-metrics/*/relationships/metric mapped-metrics/*/custom-metric
      mapped-metrics/*/relationships/custom-metric profiles/*/lists profiles/*/relationships/lists profiles/*/segments
      profiles/*/relationships/segments profiles/*/conversation profiles/*/relationships/conversation
      profiles/*/conversations profiles/*/relationships/conversations segments/*/tags segments/*/relationships/tags
      segments/*/flow-triggers segments/*/relationships/flow-triggers tags tags/* tag-groups tag-groups/*
      tags/*/relationships/flows tags/*/relationships/campaigns tags/*/relationships/lists
      tags/*/relationships/segments tags/*/tag-group tags/*/relationships/tag-group tag-groups/*/tags
      tag-groups/*/relationships/tags
    `,
    POST: `
      conversation-messages coupons data-sources object-types object-schemas object-record-bulk-delete-jobs
      object-schemas/*/relationships/object-schemas object-schemas/*/relationships/profile-object-schemas
      data-privacy-deletion-jobs forms metric-aggregates tags tag-groups tags/*/relationships/flows
      tags/*/relationships/campaigns tags/*/relationships/lists tags/*/relationships/segments template-render
    `,
    PATCH: `
      coupons/* source-mappings/* object-schemas/* object-schemas/*/relationships/object-schemas
      object-schemas/*/relationships/profile-object-schemas flows/* flow-actions/* tags/* tag-groups/*
    `,
    DELETE: `
      coupons/* data-sources/* object-types/* object-schemas/*/relationships/object-schemas
      object-schemas/*/relationships/profile-object-schemas flows/* flow-actions/* forms/* custom-metrics/*
      push-tokens/* segments/* tags/* tag-groups/* tags/*/relationships/flows tags/*/relationships/campaigns
      tags/*/relationships/lists tags/*/relationships/segments
    `,
  }),
  ...endpoints('images', 3, 100, {
    POST: 'images image-upload',
  }),
  ...endpoints('m', 10, 150, {
    GET: `
      campaigns campaigns/* campaign-messages/* campaign-send-jobs/* campaign-recipient-estimation-jobs/*
      campaign-recipient-estimations/* campaign-messages/*/campaign campaign-messages/*/relationships/campaign
      campaign-messages/*/template campaign-messages/*/relationships/template campaign-messages/*/image
      campaign-messages/*/relationships/image campaigns/*/campaign-messages
      campaigns/*/relationships/campaign-messages events/* images images/* metrics metrics/* metrics/*/flow-triggers
      metrics/*/relationships/flow-triggers profile-bulk-import-jobs profile-bulk-import-jobs/* push-tokens
      push-tokens/* profiles/*/push-tokens profiles/*/relationships/push-tokens profile-bulk-import-jobs/*/lists
      profile-bulk-import-jobs/*/relationships/lists profile-bulk-import-jobs/*/profiles
      profile-bulk-import-jobs/*/relationships/profiles profile-bulk-import-jobs/*/import-errors push-tokens/*/profile
      push-tokens/*/relationships/profile reviews reviews/* tracking-settings tracking-settings/*
    `,
    POST: `
      campaigns campaign-clone campaign-message-assign-template campaign-send-jobs campaign-recipient-estimation-jobs
      event-bulk-create-jobs lists lists/*/relationships/profiles profile-bulk-import-jobs profile-merge
    `,
    PATCH: `
      campaigns/* campaign-messages/* campaign-send-jobs/* campaign-messages/*/relationships/image images/* lists/*
      reviews/* tracking-settings/*
    `,
    DELETE: 'campaigns/* lists/* lists/*/relationships/profiles',
  }),
  ...endpoints('l', 75, 750, {
    GET: `
      catalog-item-bulk-create-jobs catalog-item-bulk-create-jobs/* catalog-item-bulk-update-jobs
      catalog-item-bulk-update-jobs/* catalog-variant-bulk-create-jobs catalog-variant-bulk-create-jobs/*
      catalog-variant-bulk-update-jobs catalog-variant-bulk-update-jobs/* coupons coupons/*
      coupon-code-bulk-create-jobs coupon-code-bulk-create-jobs/* coupon-codes/*/coupon
      coupon-codes/*/relationships/coupon coupons/*/coupon-codes coupons/*/relationships/coupon-codes lists lists/*
      lists/*/profiles lists/*/relationships/profiles profiles profiles/* profile-suppression-bulk-create-jobs
      profile-suppression-bulk-create-jobs/* profile-suppression-bulk-delete-jobs
      profile-suppression-bulk-delete-jobs/* segments segments/* segments/*/profiles segments/*/relationships/profiles
      templates templates/* template-universal-content template-universal-content/*
    `,
    POST: `
      catalog-items catalog-variants catalog-categories catalog-item-bulk-create-jobs catalog-item-bulk-update-jobs
      catalog-item-bulk-delete-jobs catalog-variant-bulk-create-jobs catalog-variant-bulk-update-jobs
      catalog-variant-bulk-delete-jobs catalog-category-bulk-create-jobs catalog-category-bulk-update-jobs
      catalog-category-bulk-delete-jobs catalog-categories/*/relationships/items
      catalog-items/*/relationships/categories coupon-code-bulk-create-jobs data-source-record-create-jobs profiles
      profile-suppression-bulk-create-jobs profile-suppression-bulk-delete-jobs push-tokens profile-import
      profile-subscription-bulk-create-jobs profile-subscription-bulk-delete-jobs templates template-universal-content
      template-clone
    `,
    PATCH: `
      catalog-items/* catalog-variants/* catalog-categories/* catalog-categories/*/relationships/items
      catalog-items/*/relationships/categories profiles/* templates/* template-universal-content/*
    `,
    DELETE: `
      catalog-items/* catalog-variants/* catalog-categories/* catalog-categories/*/relationships/items
      catalog-items/*/relationships/categories templates/* template-universal-content/*
    `,
  }),
  ...endpoints('xl', 350, 3500, {
    GET: `
      catalog-items catalog-items/* catalog-variants catalog-variants/* catalog-categories catalog-categories/*
      catalog-item-bulk-delete-jobs catalog-item-bulk-delete-jobs/* catalog-variant-bulk-delete-jobs
      catalog-variant-bulk-delete-jobs/* catalog-category-bulk-create-jobs catalog-category-bulk-create-jobs/*
      catalog-category-bulk-update-jobs catalog-category-bulk-update-jobs/* catalog-category-bulk-delete-jobs
      catalog-category-bulk-delete-jobs/* catalog-categories/*/items catalog-categories/*/relationships/items
      catalog-items/*/variants catalog-items/*/relationships/variants catalog-items/*/categories
      catalog-items/*/relationships/categories coupon-codes coupon-codes/* events events/*/metric
      events/*/relationships/metric events/*/profile events/*/relationships/profile
    `,
    POST: 'back-in-stock-subscriptions coupon-codes events',
    PATCH: 'coupon-codes/*',
    DELETE: 'coupon-codes/*',
  }),
];

export const klaviyo = {
  name: 'klaviyo',
  displayName: 'Klaviyo',
  category: 'marketing automation',
  sources: [
    'https://developers.klaviyo.com/en/docs/set_up_oauth',
    'https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling',
    'https://github.com/klaviyo/openapi/blob/main/openapi/stable.json',
    'https://github.com/klaviyo/klaviyo-api-node/issues/84',
  ],
  baseUrl: 'https://a.klaviyo.com',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCodePKCE',
    authUrl: 'https://www.klaviyo.com/oauth/authorize',
    tokenUrl: 'https://a.klaviyo.com/oauth/token',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope' },
    tokens: {
      clientAuthentication: 'basicHeader',
      rotation: 'stable',
      idleLifetimeMs: 90 * DAY_MS,
      revocationUrl: 'https://a.klaviyo.com/oauth/revoke',
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722480368/media/klaviyo_1722480367.svg',
    'v1722480352/media/klaviyo_1722480351.svg',
    'v1722480320/media/klaviyo_1722480318.svg',
    'v1722480320/media/klaviyo_1722480318.svg',
  ),
  quotas: LIMITS,
  concurrency: [],
  rateHeaders: { family: 'klaviyo', quotas: { burst: namesOf('Burst'), steady: namesOf('Steady') } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;

/** So many calls in a second and in a minute, of each of them. */
function endpoints(size: string, burst: number, steady: number, byMethod: Endpoints): readonly Quota[] {
  const scope = 'appInAccount';
  const each = { isEach: true };
  return [
    ...quotasFor({ name: `${size}Burst`, scope, limit: burst, windowMs: SECOND_MS }, '/api/', byMethod, each),
    ...quotasFor({ name: `${size}Steady`, scope, limit: steady, windowMs: MINUTE_MS }, '/api/', byMethod, each),
  ];
}

function namesOf(window: 'Burst' | 'Steady'): readonly string[] {
  return [...new Set(LIMITS.map(({ name }) => name))].filter((name) => name.endsWith(window));
}
