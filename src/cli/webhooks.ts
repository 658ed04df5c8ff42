// `tenon webhooks`: what to enter at a provider so that its webhooks come, `tenon webhooks rotate`: another address in
// the place of one that leaked, and `webhook-secret` of provider apps and installations: what they are signed with,
// where that is a secret of its own. It comes from a file or a pipe, never
// from the command line, which others can read.

import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RECEIVER_GRACE_MS_MAX } from '../core/limits.ts';
import { HOUR_MS, SECOND_MS } from '../core/time.ts';
import { type PlatformOptions, type ProjectApi, withProject } from './platform.ts';
import { printLine, styled } from './print.ts';
import { secretFrom } from './resourceActions.ts';
import { addressOf, findOne, labelOf, memberOf, RESOURCES, type Resource } from './resources.ts';
import { memberLines } from './table.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface WebhooksOptions extends PlatformOptions {
  /** Its id, or its group. */
  readonly installation?: string | undefined;
}

/** What proves a webhook, in words. */
const PROOFS: Readonly<Record<string, string>> = {
  clientSecret: 'the client secret of a provider app',
  webhookSecret: 'the webhook secret of a provider app',
  subscription: 'a secret that the provider gives with a subscription',
  address: 'the address, which nobody else may know',
};

/** Prints where the webhooks of an integration are to go, or of one installation. Rejects as the API does. */
export async function showWebhook(env: Env, integration: string, options: WebhooksOptions): Promise<void> {
  const facts = await withProject(env, options, async (api) => {
    const address = await askedAddress(api, integration, options.installation);
    const answer = await api.call('GET', `${ownOf(address)}/webhook`);
    return isJsonObject(answer) ? answer : {};
  });
  if (options.json === true) return printLine(JSON.stringify(facts, null, 2));
  for (const line of memberLines(inWords(facts))) printLine(line);
}

async function askedAddress(api: ProjectApi, meant: string, installation: string | undefined): Promise<string> {
  const integration = await findOne(api, RESOURCES.integrations, meant);
  if (installation === undefined) return addressOf(api, RESOURCES.integrations, integration);
  // By the group within the integration first: a customer may have several installations.
  const found = await findOne(api, RESOURCES.installations, `${memberOf(integration, 'name')}/${installation}`).catch(
    () => findOne(api, RESOURCES.installations, installation),
  );
  return addressOf(api, RESOURCES.installations, found);
}

export interface RotateOptions extends PlatformOptions {
  /** Hours. */
  readonly grace: string;
  /** Makes no other: refuses the one before. */
  readonly finish?: boolean | undefined;
}

/** Replaces the address of an installation, or ends the time of the one before. Rejects as the API does. */
export async function rotateWebhook(env: Env, meant: string, options: RotateOptions): Promise<void> {
  const { grace, finish = false } = options;
  const graceSeconds = (Number(grace) * HOUR_MS) / SECOND_MS;
  if (!/^\d{1,3}$/.test(grace) || graceSeconds > RECEIVER_GRACE_MS_MAX / SECOND_MS) {
    throw new IntegrationError('invalid_input', '--grace is a number of hours, up to 168');
  }
  const { facts, label } = await withProject(env, options, async (api) => {
    const installation = await findOne(api, RESOURCES.installations, meant);
    const path = ownOf(addressOf(api, RESOURCES.installations, installation));
    const answer = finish
      ? await api.call('POST', `${path}/webhook:finish-rotation`)
      : await api.call('POST', `${path}/webhook:rotate`, { graceSeconds });
    return { facts: isJsonObject(answer) ? answer : {}, label: labelOf(RESOURCES.installations, installation) };
  });
  if (options.json === true) return printLine(JSON.stringify(facts, null, 2));
  printLine(`${styled('green', finish ? 'finished' : 'rotated')}  the address of the webhooks of ${label}`);
  for (const line of memberLines(inWords(facts))) printLine(line);
}

function inWords({ provider, url, enteredIn, provedBy, isProvable, providerApps, rotation }: JsonObject): JsonObject {
  const apps = Array.isArray(providerApps) ? providerApps.filter(isJsonObject) : [];
  const without = apps.filter(({ hasSecret }) => hasSecret !== true).map(({ clientId }) => String(clientId));
  return {
    provider: provider ?? null,
    address: url ?? null,
    'entered in': enteredIn ?? null,
    'proved by': PROOFS[String(provedBy)] ?? String(provedBy),
    ready: isProvable === true ? 'yes' : 'no: what proves them is not here yet',
    ...(apps.length === 0 ? {} : { apps: apps.map(({ clientId }) => String(clientId)).join(', ') }),
    ...(without.length === 0 ? {} : { 'without a secret': without.join(', ') }),
    ...(isJsonObject(rotation) ? rotationInWords(rotation) : {}),
  };
}

function rotationInWords(rotation: JsonObject): JsonObject {
  const { rotatedAt, isFormerAccepted, formerUntil, firstReceivedAt, formerReceivedAt } = rotation;
  const last = formerReceivedAt === null ? 'nothing came there since' : `the last webhook came at ${formerReceivedAt}`;
  const first = firstReceivedAt === null ? 'nothing has come yet' : `the first webhook came at ${firstReceivedAt}`;
  return {
    replaced: `at ${rotatedAt}; ${first}`,
    'address before': `${isFormerAccepted === true ? 'taken until' : 'refused since'} ${formerUntil}; ${last}`,
  };
}

export interface WebhookSecretOptions extends PlatformOptions {
  readonly secretFile?: string | undefined;
  /** Forget it. */
  readonly clear?: boolean | undefined;
}

/** Sets or forgets what the webhooks of a provider app or an installation are signed with. Rejects as the API does. */
export async function setWebhookSecret(
  env: Env,
  resource: Resource,
  meant: string,
  options: WebhookSecretOptions,
): Promise<void> {
  const body = options.clear === true ? undefined : { secret: await secretFrom(options.secretFile ?? '-') };
  const label = await withProject(env, options, async (api) => {
    const app = await findOne(api, resource, meant);
    const path = `${ownOf(addressOf(api, resource, app))}/webhook-secret`;
    if (body === undefined) await api.call('DELETE', path);
    else await api.call('PUT', path, body);
    return labelOf(resource, app);
  });
  const what = body === undefined ? 'forgot' : 'set';
  if (options.json === true) printLine(JSON.stringify({ [what]: label }, null, 2));
  else printLine(`${styled('green', what)}  the webhook secret of ${label}`);
}

/** The same address among the operations that the published API does not have. */
function ownOf(address: string): string {
  return address.replace(/^\/v1\//, '/tenon/v1/');
}
