// Chorus (ZoomInfo). A personal API token goes bare into Authorization; the role must allow API use. The token sees
// only what its user sees, and private recordings are never returned, so gaps are usually rights, not faults.

import { pictures, supports } from '../declare.ts';
import type { ProviderDeclaration } from '../schema.ts';

export const chorus = {
  name: 'chorus',
  displayName: 'Chorus',
  category: 'sales engagement',
  sources: ['https://api-docs.chorus.ai/'],
  baseUrl: 'https://chorus.ai',
  auth: { scheme: 'basic' },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy'),
  inputs: [],
  postAuthentication: [],
  isPostAuthenticationRequired: false,
  providerApp: { authQueryParams: [], params: [] },
  media: pictures('v1758628755/media/chorus.ai_1758628760.svg', 'v1758628720/media/chorus.ai_1758628721.svg'),
  quotas: [],
  concurrency: [],
  hiddenErrors: [],
} as const satisfies ProviderDeclaration;
