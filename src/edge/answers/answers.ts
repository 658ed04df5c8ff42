// What each operation answers with success, by its id: those without a body and those of plain text are not here. The
// resources are beside this file, each described once. `openapi.ts` serves it.

import { z } from 'zod';
import { publishedProviderSchema } from '../../flows/providers.ts';
import {
  apiKey,
  billingAccount,
  builder,
  builderInfo,
  claimedDomain,
  destination,
  destinationRoute,
  eventRoute,
  invite,
  jwtKey,
  org,
  project,
  providerApp,
  topic,
  webhook,
} from './accounts.ts';
import {
  backfillProgress,
  connection,
  deploymentPlan,
  foundRecord,
  hydratedRevision,
  installation,
  integration,
  objectMetadata,
  operationLog,
  operationOf,
  pageOf,
  upsertedMetadata,
  writtenRecords,
} from './installations.ts';
import { mapOf, named, text } from './schema.ts';

const provider = named('Provider', publishedProviderSchema);
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item);
const found = z.array(foundRecord);

/** See the head of the file. */
export const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  listProviders: mapOf(provider),
  getProvider: provider,
  listProviderApps: listOf(providerApp),
  createProviderApp: providerApp,
  updateProviderApp: providerApp,

  listProjects: listOf(project),
  createProject: project,
  getProject: project,
  updateProject: project,

  listDestinations: listOf(destination),
  createDestination: destination,
  getDestination: destination,
  updateDestination: destination,

  listIntegrations: listOf(integration),
  getIntegration: integration,
  batchUpsertIntegrations: listOf(integration),
  getHydratedRevision: hydratedRevision,
  generateUploadUrl: z.object({ url: text, bucket: text, path: text }),
  planDeployment: deploymentPlan,

  listInstallationsForProject: listOf(installation),
  listInstallations: listOf(installation),
  listInstallationPages: pageOf(installation),
  createInstallation: installation,
  getInstallation: installation,
  updateInstallation: installation,
  patchObjectConfigContent: installation,

  customAuthConnect: z.union([
    z.object({ redirect: z.object({ url: text, sessionId: text }) }),
    z.object({ connection }),
  ]),
  listConnections: listOf(connection),
  generateConnection: connection,
  getConnection: connection,
  updateConnection: connection,
  importGrant: z.object({
    outcome: z.enum(['imported', 'present', 'valid']),
    connectionId: text.nullable(),
    proof: z.enum(['check', 'renewal', 'none']),
  }),

  getIntegrationWebhook: webhook,
  getInstallationWebhook: webhook,
  rotateInstallationWebhook: webhook,
  finishInstallationWebhookRotation: webhook,

  triggerRead: z.object({ operationId: text }),
  searchRecords: z.object({ result: found, results: found }),
  writeRecords: writtenRecords,
  listOperations: pageOf(operationOf),
  getOperation: operationOf,
  listOperationLogs: listOf(operationLog),
  getBackfillProgress: backfillProgress,

  getObjectMetadataForInstallation: objectMetadata,
  getObjectMetadataForConnection: objectMetadata,
  upsertMetadataForInstallation: upsertedMetadata,
  upsertMetadataForConnection: upsertedMetadata,

  listTopics: listOf(topic),
  createTopic: topic,
  updateTopic: topic,
  listEventTopicRoutes: listOf(eventRoute),
  createEventTopicRoute: eventRoute,
  listTopicDestinationRoutes: listOf(destinationRoute),
  createTopicDestinationRoute: destinationRoute,

  listApiKeys: listOf(apiKey),
  createApiKey: apiKey,
  getApiKey: apiKey,
  updateApiKey: apiKey,
  listJWTKeys: listOf(jwtKey),
  createJWTKey: z.object({ kid: text }),
  getJWTKey: jwtKey,
  updateJWTKey: jwtKey,

  createOrg: org,
  getOrg: org,
  updateOrg: org,
  listOrgBuilders: listOf(builder),
  getMyInfo: builderInfo,
  createOrgInvite: invite,
  listOrgInvites: listOf(invite),
  getOrgInvite: invite,
  acceptInvite: builderInfo,
  checkClaimedDomain: claimedDomain,
  listOrgClaimedDomains: listOf(claimedDomain),
  getOrgBillingAccount: billingAccount,
  createBillingAccountSession: z.object({ url: text }),
};
