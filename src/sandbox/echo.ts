// `/echo` tells a caller what arrived, `/bytes/:n` streams a body of a known length: for proxy tests and benches, under
// each provider's own authentication. Mounted by `sandbox.ts`. Invariant: a credential is shown as a digest only.

import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { JsonObject } from '../core/json.ts';
import { SANDBOX_STREAM_BYTES_MAX } from '../core/limits.ts';
import { jsonAnswer } from './answers.ts';
import { providerOf, type RequestContext, type SandboxApp, type SandboxContext, type SandboxEnv } from './context.ts';
import { freshdeskAuthentication } from './freshdesk.ts';
import { githubAuthentication } from './github.ts';
import { hubspotAuthentication } from './hubspot.ts';
import { salesforceAuthentication } from './salesforce.ts';
import { slackAuthentication } from './slack.ts';
import { stripeAuthentication } from './stripe.ts';

const CHUNK = new Uint8Array(65_536).fill(0x2e);
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-api-key']);
const SHA256_OF_NOTHING = createHash('sha256').digest('hex');

export function buildEcho(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const authentications = {
    hubspot: hubspotAuthentication(context),
    salesforce: salesforceAuthentication(context),
    stripe: stripeAuthentication(context),
    freshdesk: freshdeskAuthentication(context),
    slack: slackAuthentication(context),
    github: githubAuthentication(context),
  };
  const authenticated = createMiddleware<SandboxEnv>((c, next) => {
    const provider = providerOf(c.req.path, c.req.header('authorization')) ?? 'hubspot';
    return authentications[provider](c, next);
  });
  app.all('/echo/*', authenticated, (c) => echo(c));
  app.get('/bytes/:count', authenticated, (c) => stream(c));
  return app;
}

async function echo(c: RequestContext): Promise<Response> {
  const { incoming } = c.env;
  const [path = '', query = ''] = splitOnce(incoming.url ?? '', '?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    const text = String(value);
    headers[name] = CREDENTIAL_HEADERS.has(name) ? `sha256:${digestOf(text)}` : text;
  }
  const account = c.get('account');
  const body = await digestOfBody(c);
  const answer = {
    provider: account.provider,
    account: account.name,
    method: c.req.method,
    path,
    query,
    headers,
    body,
  };
  return jsonAnswer(c, 200, answer);
}

async function digestOfBody(c: RequestContext): Promise<JsonObject> {
  if (c.req.method === 'GET' || c.req.method === 'HEAD' || c.req.raw.body === null) {
    return { bytes: 0, sha256: SHA256_OF_NOTHING };
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of c.req.raw.body) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function stream(c: RequestContext): Response {
  const count = Number(c.req.param('count'));
  if (!Number.isSafeInteger(count) || count < 0 || count > SANDBOX_STREAM_BYTES_MAX) {
    return jsonAnswer(c, 400, { message: `between 0 and ${SANDBOX_STREAM_BYTES_MAX} bytes` });
  }
  let left = count;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (chunk.length > 0) controller.enqueue(chunk);
      if (left === 0) controller.close();
    },
  });
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(count) };
  return c.newResponse(count === 0 ? null : body, 200, headers);
}
