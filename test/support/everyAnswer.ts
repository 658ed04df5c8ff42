// Judges every answer of the platform API that any test gets by `fetch`: an answer that is not as published, or not as
// we describe it ourselves, fails the call it was for, whatever the test wanted to see of it. Runs before each test
// file (`vitest.config.ts`); what judges is loaded with the first answer.

import { jsonOrNull } from '../../src/core/json.ts';
import { PROXY_VERSION_HEADER } from '../../src/edge/plane.ts';
import { isWrite } from '../../src/edge/platform/isWrite.ts';
import { type GivenAnswer, type PublishedOperation, PublishedSchemas, publishedIsMissing } from './published.ts';
import type { ServedSchemas } from './served.ts';
import { isServer } from './servers.ts';

const unjudged = globalThis.fetch;
let served: ServedSchemas | null = null;
let published: PublishedSchemas | null = null;
let patterns: readonly (readonly [PublishedOperation, RegExp])[] = [];

/** Success of each operation that was seen in this file, by the id of the operation. */
export const operationsSeen = new Set<string>();

globalThis.fetch = judgedFetch;

async function judgedFetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await unjudged(input, init);
  const request = input instanceof Request ? input : null;
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const headers = new Headers(init?.headers ?? request?.headers);
  const { origin, pathname, searchParams } = new URL(request?.url ?? String(input));
  const isOurs = isServer(origin) && !headers.has(PROXY_VERSION_HEADER);
  const isPublished = pathname.startsWith('/v1/');
  const isSearch = searchParams.has('groupRef') || headers.has('x-api-key') || headers.has('authorization');
  // Webhooks of providers come to the address of searches.
  const isWebhook = method === 'POST' && /\/integrations\/[^/]+$/.test(pathname) && !isSearch;
  const isJudged = isOurs && !isWebhook && (isPublished || pathname.startsWith('/tenon/v1/'));
  if (!isJudged || method === 'OPTIONS' || method === 'HEAD') return response;
  const text = await response.clone().text();
  const media = response.headers.get('content-type')?.split(';')[0] ?? '';
  const sent = typeof init?.body === 'string' ? init.body : '';
  const answer = { status: response.status, media, text };
  served ??= new (await import('./served.ts')).ServedSchemas();
  const faults = [
    ...(isPublished ? judge(method, pathname.slice('/v1'.length), answer, sent) : []),
    ...served.judge(method, pathname, answer),
  ];
  if (faults.length > 0)
    throw new Error(`an answer is not as it should be:\n${faults.join('\n')}\n${text.slice(0, 2000)}`);
  return response;
}

/**
 * What is wrong with an answer to `path` below `/v1`; empty if it is as published, or nothing here says what is. `sent`
 * is the body, by which two operations of one address are told apart.
 */
export function judge(method: string, path: string, answer: GivenAnswer, sent = ''): readonly string[] {
  if (publishedIsMissing !== null) return [];
  published ??= new PublishedSchemas();
  if (patterns.length === 0) patterns = patternsOf(published);
  const { status, text } = answer;
  const isOther = isWrite(jsonOrNull(sent), sent) ? 'triggerRead' : 'writeRecords';
  const found = patterns.find(
    ([operation, pattern]) => operation.method === method && pattern.test(path) && operation.id !== isOther,
  );
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
