// How providers sign their webhooks, where a keyed hash of the request in a header is all there is to it. Facts only,
// with their sources; `hmac.ts` reads them.

import type { HmacScheme } from './hmac.ts';

/** By provider, by its name in the catalog, and where they differ by its module. */
export const HMAC_SCHEMES = {
  /** https://docs.attio.com/rest-api/guides/webhooks */
  attio: { algorithm: 'sha256', encoding: 'hex', header: 'attio-signature', signedText: '{body}' },

  /** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
  github: {
    algorithm: 'sha256',
    encoding: 'hex',
    header: 'x-hub-signature-256',
    prefix: 'sha256=',
    signedText: '{body}',
  },

  /** As amp-labs/connectors has it (providers/housecallPro); the form of the time is not documented. */
  housecallPro: {
    algorithm: 'sha256',
    encoding: 'hex',
    header: 'api-signature',
    stamp: { header: 'api-timestamp', unit: null },
    signedText: '{stamp}.{body}',
  },

  /** https://developer.getjobber.com/docs/using_jobbers_api/setting_up_webhooks */
  jobber: { algorithm: 'sha256', encoding: 'base64', header: 'x-jobber-hmac-sha256', signedText: '{body}' },

  /** As amp-labs/connectors has it (providers/outreach). */
  outreach: { algorithm: 'sha256', encoding: 'hex', header: 'outreach-webhook-signature', signedText: '{body}' },

  /** https://developers.salesloft.com/docs/platform/webhooks/introduction */
  salesloft: { algorithm: 'sha1', encoding: 'hex', header: 'x-salesloft-signature', signedText: '{body}' },

  /** https://docs.slack.dev/authentication/verifying-requests-from-slack */
  slack: {
    algorithm: 'sha256',
    encoding: 'hex',
    header: 'x-slack-signature',
    prefix: 'v0=',
    stamp: { header: 'x-slack-request-timestamp', unit: 's' },
    signedText: 'v0:{stamp}:{body}',
  },

  /** https://developer.xero.com/documentation/guides/webhooks/configuring-your-server */
  xero: { algorithm: 'sha256', encoding: 'base64', header: 'x-xero-signature', signedText: '{body}' },

  /** As amp-labs/connectors has it (providers/zoho/internal/mail). */
  zohoMail: { algorithm: 'sha256', encoding: 'base64', header: 'x-hook-signature', signedText: '{body}' },

  /** https://developer.zendesk.com/documentation/webhooks/verifying; the time is a date and no age is documented. */
  zendeskSupport: {
    algorithm: 'sha256',
    encoding: 'base64',
    header: 'x-zendesk-webhook-signature',
    stamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: null },
    signedText: '{stamp}{body}',
  },
} as const satisfies Readonly<Record<string, HmacScheme>>;
