// Judges every answer of the platform API that any test gets by `fetch`: an answer that is not as published fails the
// call it was for, whatever the test wanted to see of it. Runs before each test file (`vitest.config.ts`); what judges
// is loaded with the first answer.

import { PROXY_VERSION_HEADER } from '../../src/edge/plane.ts';
import { type GivenAnswer, type PublishedOperation, PublishedSchemas, publishedIsMissing } from './published.ts';
import { isServer } from './servers.ts';

const unjudged = globalThis.fetch;
let published: PublishedSchemas | null = null;
let patterns: readonly (readonly [PublishedOperation, RegExp])[] = [];

/** Success of each operation that was seen in this file, by the id of the operation. */
export const operationsSeen = new Set<string>();

if (publishedIsMissing === null) globalThis.fetch = judgedFetch;

async function judgedFetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await unjudged(input, init);
  const request = input instanceof Request ? input : null;
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const headers = new Headers(init?.headers ?? request?.headers);
  const { origin, pathname } = new URL(request?.url ?? String(input));
  const isPlatform = isServer(origin) && pathname.startsWith('/v1/') && !headers.has(PROXY_VERSION_HEADER);
  if (!isPlatform || method === 'OPTIONS' || method === 'HEAD') return response;
  const text = await response.clone().text();
  const media = response.headers.get('content-type')?.split(';')[0] ?? '';
  const faults = judge(method, pathname.slice('/v1'.length), { status: response.status, media, text });
  if (faults.length > 0)
    throw new Error(`an answer is not as published:\n${faults.join('\n')}\n${text.slice(0, 2000)}`);
  return response;
}

/** What is wrong with an answer to `path` below `/v1`; empty if it is as published, or nothing here says what is. */
export function judge(method: string, path: string, answer: GivenAnswer): readonly string[] {
  if (publishedIsMissing !== null) return [];
  published ??= new PublishedSchemas();
  if (patterns.length === 0) patterns = patternsOf(published);
  const { status, text } = answer;
  const found = patterns.find(([operation, pattern]) => operation.method === method && pattern.test(path));
  if (found === undefined) {
    return status < 400
      ? [`${method} ${path} is no published operation`]
      : published.value('api', 'ApiProblem', JSON.parse(text));
  }
  const [operation] = found;
  if (status < 400) operationsSeen.add(operation.id);
  return published.answer(operation, answer);
}

/** Paths with a verb first: the others would take it for a part of their last segment. */
function patternsOf(schemas: PublishedSchemas): readonly (readonly [PublishedOperation, RegExp])[] {
  return [...schemas.operations()]
    .sort((one, other) => Number(other.path.includes('}:')) - Number(one.path.includes('}:')))
    .map((operation) => [operation, new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`)]);
}
