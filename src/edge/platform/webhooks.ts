// Webhooks of providers as the builder sets them up: where they are to go, and what they are signed with. The webhooks
// themselves come in by `src/edge/webhooks.ts`.

import { z } from 'zod';
import { RECEIVER_GRACE_MS, RECEIVER_GRACE_MS_MAX, SECRET_CHARS_MAX } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import { putWebhookSecret } from '../../flows/providerApps.ts';
import { describeWebhook, type WebhookFacts } from '../../flows/subscribe/describe.ts';
import { sourceOf } from '../../flows/subscribe/receive.ts';
import { finishRotation, rotateAddress } from '../../flows/subscribe/rotate.ts';
import { enterWebhookSecret } from '../../flows/subscribe/secrets.ts';
import { INSTALLATION, installationOf } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';
import { providerAppOf } from './providers.ts';

const APP = '/projects/{projectIdOrName}/provider-apps/{providerAppId}/webhook-secret';

const secretBody = z.strictObject({ secret: z.string().min(1).max(SECRET_CHARS_MAX) });

const graceSeconds = z
  .int()
  .min(0)
  .max(RECEIVER_GRACE_MS_MAX / SECOND_MS);
const rotateBody = z.strictObject({ graceSeconds: graceSeconds.optional() });

type InstallationCall = Parameters<typeof installationOf>[0];

function addresseeOf(call: InstallationCall) {
  const integration = integrationOf(call.services, call.project, call.params.integrationId);
  return { of: 'installation', integration, installation: installationOf(call) } as const;
}

function enterSecret(call: InstallationCall, secret: string | null): Promise<void> {
  const addressee = addresseeOf(call);
  return enterWebhookSecret(call.services, sourceOf(call.services, addressee.integration), addressee, secret);
}

/** Answers what is to be entered after `change`. */
async function changed(
  call: InstallationCall,
  change: (addressee: ReturnType<typeof addresseeOf>) => Promise<void>,
): Promise<WebhookFacts> {
  const addressee = addresseeOf(call);
  await change(addressee);
  return describeWebhook(call.services, addressee);
}

export const WEBHOOK_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'getIntegrationWebhook',
    method: 'GET',
    path: '/projects/{projectIdOrName}/integrations/{integrationId}/webhook',
    access: 'project',
    summary: 'the address to enter at the provider for the webhooks of an integration, and what proves them',
    status: 200,
    handle({ services, project, params }) {
      const integration = integrationOf(services, project, params.integrationId);
      return describeWebhook(services, { of: 'integration', integration });
    },
  }),
  operation({
    id: 'getInstallationWebhook',
    method: 'GET',
    path: `${INSTALLATION}/webhook`,
    access: 'project',
    summary: 'the same for one installation',
    status: 200,
    handle: (call) => describeWebhook(call.services, addresseeOf(call)),
  }),
  operation({
    id: 'rotateInstallationWebhook',
    method: 'POST',
    path: `${INSTALLATION}/webhook:rotate`,
    access: 'project',
    summary:
      'another address for the webhooks of an installation; the one before is taken for a day, or as long as asked',
    status: 200,
    body: rotateBody,
    isBodyOptional: true,
    handle: (call) => {
      const { graceSeconds: seconds = RECEIVER_GRACE_MS / SECOND_MS } = call.body ?? {};
      return changed(call, (addressee) => rotateAddress(call.services, addressee, seconds * SECOND_MS));
    },
  }),
  operation({
    id: 'finishInstallationWebhookRotation',
    method: 'POST',
    path: `${INSTALLATION}/webhook:finish-rotation`,
    access: 'project',
    summary: 'refuse the address before from now on',
    status: 200,
    handle: (call) => changed(call, (addressee) => finishRotation(call.services, addressee)),
  }),
  operation({
    id: 'putInstallationWebhookSecret',
    method: 'PUT',
    path: `${INSTALLATION}/webhook-secret`,
    access: 'project',
    summary: 'what the webhooks of an installation are signed with, where its provider shows that to who sets them up',
    status: 204,
    media: 'none',
    body: secretBody,
    handle: (call) => enterSecret(call, call.body.secret),
  }),
  operation({
    id: 'deleteInstallationWebhookSecret',
    method: 'DELETE',
    path: `${INSTALLATION}/webhook-secret`,
    access: 'project',
    summary: 'forget it: webhooks that it would prove are refused from then on',
    status: 204,
    media: 'none',
    handle: (call) => enterSecret(call, null),
  }),
  operation({
    id: 'putWebhookSecret',
    method: 'PUT',
    path: APP,
    access: 'project',
    summary: 'what the webhooks of a provider app are signed with, where that is a secret of its own; stored sealed',
    status: 204,
    media: 'none',
    body: secretBody,
    handle({ services, project, params, body }) {
      const app = providerAppOf(services, project.projectId, params.providerAppId);
      return putWebhookSecret(services, app, body.secret);
    },
  }),
  operation({
    id: 'deleteWebhookSecret',
    method: 'DELETE',
    path: APP,
    access: 'project',
    summary: 'forget it: webhooks that it would prove are refused from then on',
    status: 204,
    media: 'none',
    handle({ services, project, params }) {
      return putWebhookSecret(services, providerAppOf(services, project.projectId, params.providerAppId), null);
    },
  }),
];
