// Webhooks of providers as the builder sets them up: where they are to go, and what they are signed with. The webhooks
// themselves come in by `src/edge/webhooks.ts`.

import { z } from 'zod';
import { SECRET_CHARS_MAX } from '../../core/limits.ts';
import { putWebhookSecret } from '../../flows/providerApps.ts';
import { describeWebhook } from '../../flows/subscribe/describe.ts';
import { sourceOf } from '../../flows/subscribe/receive.ts';
import { enterWebhookSecret } from '../../flows/subscribe/secrets.ts';
import { INSTALLATION, installationOf } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';
import { providerAppOf } from './providers.ts';

const APP = '/projects/{projectIdOrName}/provider-apps/{providerAppId}/webhook-secret';

const secretBody = z.strictObject({ secret: z.string().min(1).max(SECRET_CHARS_MAX) });

function enterSecret(call: Parameters<typeof installationOf>[0], secret: string | null): Promise<void> {
  const { services, project, params } = call;
  const integration = integrationOf(services, project, params.integrationId);
  const addressee = { of: 'installation', integration, installation: installationOf(call) } as const;
  return enterWebhookSecret(services, sourceOf(services, integration), addressee, secret);
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
    handle(call) {
      const { services, project, params } = call;
      const integration = integrationOf(services, project, params.integrationId);
      return describeWebhook(services, { of: 'installation', integration, installation: installationOf(call) });
    },
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
