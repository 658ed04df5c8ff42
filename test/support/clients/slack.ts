// Slack's client through Tenon; shown in docs/proxy.md.

import { WebClient } from '@slack/web-api';
import { fetchThrough, type Through } from './through.ts';

export function slackThrough(tenon: Through): WebClient {
  return new WebClient(undefined, {
    slackApiUrl: `${tenon.url}/`,
    fetch: fetchThrough(tenon),
    // By itself the client repeats for half an hour whatever is no 200, a customer who must connect again too.
    retryConfig: { retries: 2 },
  });
}
