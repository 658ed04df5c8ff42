// What answers say of the builder's own things: organization, projects, apps, keys, destinations and topics.

import { z } from 'zod';
import { anyObject, mapOf, named, text, time, times } from './schema.ts';

export const project = named(
  'Project',
  z.object({
    id: text,
    name: text,
    appName: text,
    orgId: text,
    ...times,
    entitlements: z
      .object({
        brandingRemoval: z.object({ value: z.boolean() }),
        logRetentionDays: z.object({ value: z.int() }),
      })
      .optional(),
  }),
);

export const providerApp = named(
  'ProviderApp',
  z.object({
    id: text,
    projectId: text,
    provider: text,
    clientId: text,
    scopes: z.array(text),
    externalRef: text.optional(),
    metadata: anyObject.optional(),
    ...times,
  }),
);

export const destination = named(
  'Destination',
  z.object({
    id: text,
    name: text,
    type: text,
    metadata: z.object({ url: text, headers: mapOf(text).optional() }),
    secrets: z.object({ webhookSigningKey: text }).optional(),
    disabledTime: time.optional(),
    ...times,
  }),
);

export const topic = named('Topic', z.object({ id: text, name: text, projectId: text, ...times }));

const routed = { id: text, topicId: text, projectId: text, createTime: time };
export const eventRoute = named('EventTopicRoute', z.object({ ...routed, eventType: text }));
export const destinationRoute = named('TopicDestinationRoute', z.object({ ...routed, destinationId: text }));

export const apiKey = named(
  'ApiKey',
  z.object({ key: text, projectId: text, label: text, scopes: z.array(text), active: z.boolean() }),
);

export const jwtKey = named(
  'JwtKey',
  z.object({
    id: text,
    projectId: text,
    label: text,
    algorithm: z.literal('RSA'),
    publicKeyPem: text,
    active: z.boolean(),
    createTime: time,
    updateTime: time,
  }),
);

export const org = named('Org', z.object({ id: text, label: text, defaultTeamId: text, ...times }));

export const builder = named('Builder', z.object({ id: text, idpProvider: text, idpRef: text, createTime: time }));

const role = { role: text, principalType: z.enum(['team', 'builder']), principalId: text };

export const builderInfo = named(
  'BuilderInfo',
  z.object({
    builder,
    projectRoles: mapOf(z.object({ ...role, project })),
    orgRole: z.object({ ...role, org }),
  }),
);

// There is nothing of the following kinds on a server of one's own: they are what an answer would be.

export const invite = named(
  'Invite',
  z.object({
    id: text,
    invitedEmail: text,
    parentType: z.literal('org'),
    parentId: text,
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    ...times,
  }),
);

export const claimedDomain = named(
  'ClaimedDomain',
  z.object({ id: text, parentType: text, parentId: text, domain: text }),
);

export const billingAccount = named(
  'BillingAccount',
  z.object({ id: text, displayName: text, billingProvider: text, billingProviderRef: text }),
);

/** Where the webhooks of a provider are to go, and what proves them. */
export const webhook = named(
  'Webhook',
  z.object({
    provider: text,
    url: z.url(),
    isUrlSecret: z.boolean(),
    enteredIn: text,
    provedBy: z.enum(['clientSecret', 'webhookSecret', 'subscription', 'address']),
    isProvable: z.boolean(),
    providerApps: z.array(z.object({ id: text, clientId: text, hasSecret: z.boolean() })),
    rotation: z
      .object({
        rotatedAt: time,
        isFormerAccepted: z.boolean(),
        formerUntil: time,
        firstReceivedAt: time.nullable(),
        formerReceivedAt: time.nullable(),
      })
      .nullable(),
  }),
);
