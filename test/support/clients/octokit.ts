// GitHub's client through Tenon; shown in docs/proxy.md.

import { Octokit } from '@octokit/rest';
import { fetchThrough, type Through } from './through.ts';

export function githubThrough(tenon: Through): Octokit {
  return new Octokit({ baseUrl: tenon.url, request: { fetch: fetchThrough(tenon) } });
}
