// Greenhouse Job Board API. Reading jobs is public and cached, no key and no rate limit; the board token in the path
// picks the board. Only submitting an application needs Basic with the Job Board API key as user name and an empty
// password.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const greenhouseJobBoard = {
  name: 'greenhouseJobBoard',
  displayName: 'Greenhouse (Job board)',
  category: 'HR',
  sources: [
    'https://developers.greenhouse.io/job-board.html',
    'https://support.greenhouse.io/hc/en-us/articles/5888210160155-Find-your-job-board-URL',
  ],
  baseUrl: 'https://boards-api.greenhouse.io',
  auth: {
    scheme: 'apiKey',
    attachment: { in: 'header', name: 'Authorization', valuePrefix: 'Basic ' },
    docsUrl: 'https://developers.greenhouse.io',
  },
  defaultModule: '',
  modules: {},
  support: supports(),
  inputs: [
    {
      name: 'board_token',
      displayName: 'Board Token',
      docsURL: 'https://support.greenhouse.io/hc/en-us/articles/5888210160155-Find-your-job-board-URL',
    },
  ],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1760017955/media/developers.greenhouse.io_1760017960.jpg',
    'v1760018070/media/developers.greenhouse.io_1760018076.svg',
    'v1760017955/media/developers.greenhouse.io_1760017960.jpg',
    'v1760020366/media/developers.greenhouse.io_1760020371.svg',
  ),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
