// Atlassian. Bursts in `X-RateLimit-*` with an ISO reset, the hourly points of an app in `Beta-RateLimit` and its
// policy (IETF draft; no `r` while the app is well within), and `RateLimit-Reason` on a 429. A user whose password
// failed too often has to solve a CAPTCHA before any call of theirs is taken again.
// Sources: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ and
// https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/

import { generic, genericReadings } from './generic.ts';
import { ietfReadings } from './ietf.ts';
import { nameOf, type Reader } from './said.ts';

export const atlassian: Reader = {
  names: [...generic.names, 'beta-ratelimit', 'beta-ratelimit-policy'],
  readings: (answer, receivedAtMs) => {
    const readings = genericReadings(answer, receivedAtMs);
    const { headers } = answer;
    const policyText = headers['beta-ratelimit-policy'];
    if (policyText === undefined) return readings;
    return [...readings, ...ietfReadings(headers['beta-ratelimit'], policyText, headers, receivedAtMs)];
  },
  refusal: ({ status, headers }) => {
    if (headers['x-authentication-denied-reason']?.startsWith('CAPTCHA_CHALLENGE') === true) {
      return { isLimited: false, isLockedOut: true };
    }
    const reason = headers['ratelimit-reason'];
    return status === 429 && reason !== undefined ? { isLimited: true, name: nameOf(reason) } : undefined;
  },
};
