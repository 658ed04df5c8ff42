// GitLab.com. Personal, project or group access token in PRIVATE-TOKEN; tokens carry an expiry date (at most about a
// year) and then answer 401. 2000 API requests per minute per user; 429 with RateLimit-* and Retry-After. Next page
// number in X-Next-Page.

import { MINUTE_MS } from '../../core/time.ts';
import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const gitlab = {
  name: 'gitlab',
  displayName: 'GitLab',
  category: 'developer tools',
  sources: ['https://docs.gitlab.com/user/profile/personal_access_tokens/', 'https://docs.gitlab.com/user/gitlab_com/'],
  baseUrl: 'https://gitlab.com',
  auth: {
    scheme: 'custom',
    inputs: [
      {
        name: 'token',
        displayName: 'Access Token',
        docsURL: 'https://gitlab.com/-/user_settings/personal_access_tokens',
        prompt:
          'Paste a GitLab token with the `api` or `read_api` scope. It may belong to a person, a ' +
          'project or a group.',
      },
    ],
    providerInputs: [],
    headers: [{ name: 'PRIVATE-TOKEN', valueTemplate: '{{ .token }}' }],
    queryParams: [],
    isMultiStep: false,
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1734003317/media/GitLab_1734003316.svg',
    'v1734003350/media/GitLab_1734003349.svg',
    'v1734003317/media/GitLab_1734003316.svg',
    'v1734003260/media/GitLab_1734003258.svg',
  ),
  quotas: [{ name: 'perMinute', scope: 'user', limit: 2000, windowMs: MINUTE_MS }],
  concurrency: [],
  rateHeaders: { family: 'generic', quotas: { '': 'perMinute' } },
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
