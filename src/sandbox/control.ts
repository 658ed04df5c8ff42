// The sandbox's own endpoints under `/__sandbox`, so that another process can plan faults, change records, end tokens
// and read the counts. Mounted by `sandbox.ts`; the same functions are on `Sandbox` in process. Invariant: input is
// checked here, once, before anything is planned or changed.

import { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { jsonAnswer } from './answers.ts';
import { applyChange, type Change } from './changes.ts';
import { PROVIDERS, type Provider, type RequestContext, type SandboxApp, type SandboxContext } from './context.ts';
import type { Fault, FaultMatch } from './faults.ts';
import { statsOf } from './stats.ts';

const PLAIN_FAULTS = [
  'lockedRow',
  'slowHead',
  'reset',
  'truncated',
  'html200',
  'malformedJson',
  'rotateThenReset',
] as const;
const CHANGE_KINDS = ['create', 'modify', 'remove'] as const;

export function buildControl(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  app.get('/__sandbox/stats', (c) => jsonAnswer(c, 200, { ...statsOf(context) }));
  app.post('/__sandbox/faults', async (c) => {
    const body = await bodyOf(c);
    const times = body['times'] === undefined ? 1 : countOf(body['times'], 'times');
    const rule = context.faults.next(matchOf(objectOf(body['match'] ?? {}, 'match')), faultOf(body['fault']), times);
    return jsonAnswer(c, 201, { id: rule.id });
  });
  app.post('/__sandbox/faults/:id/release', (c) => {
    return jsonAnswer(c, 200, { released: context.faults.release(Number(c.req.param('id'))) });
  });
  app.delete('/__sandbox/faults', (c) => {
    context.faults.clear();
    return c.body(null, 204);
  });
  app.post('/__sandbox/changes', async (c) => {
    return jsonAnswer(c, 201, { ids: applyChange(context, changeOf(await bodyOf(c))) });
  });
  app.post('/__sandbox/webhooks', async (c) => {
    const body = await bodyOf(c);
    const { account, secret } = body;
    context.webhooks.add({
      provider: oneOf(['hubspot', 'salesforce'] as const, body['provider'], 'provider'),
      ...(account === undefined ? {} : { account: textOf(account, 'account') }),
      url: textOf(body['url'], 'url'),
      secret: secret === undefined ? '' : textOf(secret, 'secret'),
    });
    return c.body(null, 204);
  });
  app.post('/__sandbox/tokens/expire', (c) => {
    return jsonAnswer(c, 200, { expired: context.grants.expireAccessTokens() });
  });
  app.post('/__sandbox/grants/revoke', async (c) => {
    const body = await bodyOf(c);
    const provider = oneOf(['hubspot', 'salesforce'] as const, body['provider'], 'provider');
    return jsonAnswer(c, 200, { revoked: context.grants.revokeAccount(provider, textOf(body['account'], 'account')) });
  });
  return app;
}

function matchOf(match: JsonObject): FaultMatch {
  const { provider, method, pathPrefix } = match;
  return {
    ...(provider === undefined ? {} : { provider: oneOf(PROVIDERS, provider, 'match.provider') }),
    ...(method === undefined ? {} : { method: textOf(method, 'match.method') }),
    ...(pathPrefix === undefined ? {} : { pathPrefix: textOf(pathPrefix, 'match.pathPrefix') }),
  };
}

function faultOf(value: JsonValue | undefined): Fault {
  const fault = objectOf(value, 'fault');
  if (fault['kind'] !== 'status') return { kind: oneOf(PLAIN_FAULTS, fault['kind'], 'fault.kind') };
  const status = countOf(fault['status'], 'fault.status');
  if (status < 200 || status > 599) throw refused('fault.status');
  const { retryAfterSeconds, isHtml } = fault;
  return {
    kind: 'status',
    status,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds: countOf(retryAfterSeconds, 'retryAfterSeconds') }),
    isHtml: isHtml === true,
  };
}

function changeOf(body: JsonObject): Change {
  const { atMs, fromIndex, values } = body;
  return {
    kind: oneOf(CHANGE_KINDS, body['kind'], 'kind'),
    provider: oneOf<Provider>(PROVIDERS, body['provider'], 'provider'),
    account: textOf(body['account'], 'account'),
    object: textOf(body['object'], 'object'),
    count: countOf(body['count'], 'count'),
    ...(atMs === undefined ? {} : { atMs: countOf(atMs, 'atMs') }),
    ...(fromIndex === undefined ? {} : { fromIndex: countOf(fromIndex, 'fromIndex') }),
    ...(values === undefined ? {} : { values: objectOf(values, 'values') }),
  };
}

async function bodyOf(c: RequestContext): Promise<JsonObject> {
  return objectOf(parseJson(await c.req.text(), 'the body'), 'the body');
}

function objectOf(value: JsonValue | undefined, name: string): JsonObject {
  if (!isJsonObject(value)) throw refused(name);
  return value;
}

function textOf(value: JsonValue | undefined, name: string): string {
  if (typeof value !== 'string') throw refused(name);
  return value;
}

function countOf(value: JsonValue | undefined, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw refused(name);
  return value;
}

function oneOf<T extends string>(choices: readonly T[], value: JsonValue | undefined, name: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw refused(name);
  return choice;
}

function refused(name: string): IntegrationError {
  return new IntegrationError('bad_request', `${name} is missing or not valid`);
}
