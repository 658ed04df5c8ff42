// What answers say of integrations, of the customers who installed them, and of what was done for them.

import { z } from 'zod';
import { providerApp } from './accounts.ts';
import { anyObject, mapOf, named, text, time, times } from './schema.ts';

const period = z.object({ defaultPeriod: z.object({ days: z.int().optional(), fullHistory: z.boolean().optional() }) });
const names = { objectName: text, mapToName: text.optional(), mapToDisplayName: text.optional() };
const proxy = z.object({ enabled: z.boolean().optional(), useModule: z.boolean().optional() });

/** A field that the builder names, or one that the customer maps. */
const field = z.union([
  z.object({ fieldName: text, mapToName: text.optional(), mapToDisplayName: text.optional() }),
  z.object({
    mapToName: text,
    mapToDisplayName: text.optional(),
    default: text.optional(),
    prompt: text.optional(),
  }),
]);

/** Written by the builder: what is in a list of objects beyond their names is told by the manifest's own schema. */
const objectsOf = <Members extends z.ZodRawShape>(members: Members) =>
  z.object({ objects: z.array(z.looseObject({ objectName: text, ...members })) }).optional();

const integrationContent = named(
  'IntegrationContent',
  z.looseObject({
    name: text,
    provider: text,
    displayName: text.optional(),
    module: text.optional(),
    read: objectsOf({ destination: text, schedule: text }),
    write: objectsOf({}),
    subscribe: objectsOf({ destination: text }),
    proxy: proxy.optional(),
  }),
);

export const integration = named(
  'Integration',
  z.object({
    id: text,
    projectId: text,
    name: text,
    provider: text,
    latestRevision: z.object({ id: text, specVersion: text, createTime: time, content: integrationContent }),
    ...times,
  }),
);

const fieldMetadata = named(
  'FieldMetadata',
  z.object({
    fieldName: text,
    displayName: text,
    valueType: text.optional(),
    providerType: text.optional(),
    readOnly: z.boolean().optional(),
    isCustom: z.boolean().optional(),
    isRequired: z.boolean().optional(),
    referenceTo: z.array(text).optional(),
    values: z.array(z.object({ value: text, displayValue: text })).optional(),
  }),
);

export const objectMetadata = named(
  'ObjectMetadata',
  z.object({
    name: text,
    fields: mapOf(fieldMetadata),
    displayName: text.optional(),
    mappedObjectName: text.optional(),
  }),
);

export const upsertedMetadata = named(
  'UpsertedMetadata',
  z.object({
    success: z.boolean(),
    fields: mapOf(
      mapOf(
        z.object({
          fieldName: text,
          action: text,
          metadata: anyObject.optional(),
          warnings: z.array(text).optional(),
        }),
      ),
    ),
  }),
);

const fieldForPeople = z.object({
  fieldName: text,
  displayName: text,
  mapToName: text.optional(),
  mapToDisplayName: text.optional(),
});
const hydratedField = z.union([fieldForPeople, field.options[1]]);

export const hydratedRevision = named(
  'HydratedRevision',
  z.object({
    id: text,
    specVersion: text,
    createTime: time,
    content: z.object({
      name: text,
      provider: text,
      displayName: text.optional(),
      module: text.optional(),
      read: z
        .object({
          objects: z.array(
            z.object({
              ...names,
              displayName: text,
              destination: text,
              schedule: text,
              requiredFields: z.array(hydratedField).optional(),
              optionalFields: z.array(hydratedField).optional(),
              optionalFieldsAuto: z.literal('all').optional(),
              allFieldsMetadata: mapOf(fieldMetadata).optional(),
              allFields: z.array(hydratedField).optional(),
              backfill: period.optional(),
              error: text.optional(),
            }),
          ),
        })
        .optional(),
      write: z
        .object({
          objects: z.array(
            z.object({
              objectName: text,
              displayName: text,
              valueDefaults: z.object({ allowAnyFields: z.boolean().optional() }).optional(),
            }),
          ),
        })
        .optional(),
      proxy: proxy.optional(),
    }),
  }),
);

const group = named('Group', z.object({ groupRef: text, groupName: text, projectId: text, ...times }));
const consumer = named('Consumer', z.object({ consumerRef: text, consumerName: text, projectId: text, ...times }));
const token = z.object({ token: text, issuedAt: time.optional(), expiresAt: time.optional() });

export const connection = named(
  'Connection',
  z.object({
    id: text,
    projectId: text,
    provider: text,
    group,
    consumer,
    authScheme: text,
    status: z.enum(['created', 'working', 'bad_credentials']),
    providerWorkspaceRef: text.optional(),
    providerConsumerRef: text.optional(),
    providerMetadata: mapOf(
      z.object({ value: text, source: z.enum(['input', 'token', 'provider']), displayName: text.optional() }),
    ).optional(),
    providerApp: providerApp.optional(),
    oauth2AuthorizationCode: z
      .object({ accessToken: token.optional(), refreshToken: token.optional(), scopes: z.array(text).optional() })
      .optional(),
    ...times,
  }),
);

/** Objects of an action of a config, by name; their settings are kept as they came. */
const configured = <Members extends z.ZodRawShape>(members: Members) =>
  z.looseObject({ objects: mapOf(z.looseObject(members)) }).optional();

const config = named(
  'Config',
  z.object({
    id: text,
    revisionId: text,
    createTime: time,
    createdBy: text,
    content: z.looseObject({
      provider: text,
      read: configured({ objectName: text, selectedFields: mapOf(z.boolean()), selectedFieldMappings: mapOf(text) }),
      write: configured({ objectName: text }),
      subscribe: configured({ objectName: text, destination: text, inheritFieldsAndMappings: z.boolean() }),
      proxy: z.looseObject({ enabled: z.boolean().optional() }).optional(),
    }),
  }),
);

export const installation = named(
  'Installation',
  z.object({
    id: text,
    projectId: text,
    integrationId: text,
    group,
    healthStatus: z.enum(['healthy', 'unhealthy']),
    lastOperationStatus: z.enum(['success', 'failure', 'in_progress']).optional(),
    connection,
    createdBy: text,
    config,
    ...times,
  }),
);

const progress = {
  installationId: text,
  objectName: text,
  operationId: text,
  recordsProcessed: z.int(),
  recordsEstimatedTotal: z.int().optional(),
};

export const operationOf = named(
  'Operation',
  z.object({
    id: text,
    projectId: text,
    integrationId: text,
    installationId: text,
    configId: text,
    actionType: text,
    status: text,
    result: text.optional(),
    metadata: z.looseObject({
      objects: z.array(text).optional(),
      progress: z.looseObject(progress).partial().optional(),
      successfulRecordIds: z.array(text).optional(),
    }),
    createTime: time,
  }),
);

export const backfillProgress = named('BackfillProgress', z.object({ ...progress, ...times }));

export const operationLog = named(
  'OperationLog',
  z.object({
    timestamp: time,
    severity: text,
    message: z.looseObject({
      msg: text,
      operation_id: text,
      error: text.optional(),
      details: mapOf(text).optional(),
    }),
  }),
);

/** Of a list that comes in pages. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    results: z.array(item),
    pagination: z.object({ done: z.boolean(), nextPageToken: text.optional() }),
  });

export const foundRecord = named(
  'FoundRecord',
  z.object({ id: text, fields: anyObject, mappedFields: anyObject, raw: anyObject }),
);

const written = { success: z.boolean(), recordId: text.optional(), data: anyObject.optional() };
const told = z.array(z.object({ message: text })).optional();
const asOne = z.object({
  operationId: text,
  result: z.object(written).optional(),
  errors: told,
  warnings: told,
  rawResponse: text.optional(),
});
const asBatch = z.object({
  operationId: text,
  results: z.array(z.object(written)).optional(),
  successCount: z.int(),
  failureCount: z.int(),
  errors: told,
});

/** Of one record, of a batch, or of what goes on without the caller. */
export const writtenRecords = named('WrittenRecords', z.union([asOne, asBatch]));

export const deploymentPlan = named(
  'DeploymentPlan',
  z.object({
    integrations: z.array(
      z.object({
        name: text,
        provider: text,
        verdict: z.enum(['added', 'changed', 'same', 'untouched']),
        changes: z.array(
          z.object({
            action: text,
            objectName: text.optional(),
            what: text.optional(),
            before: z.unknown().optional(),
            after: z.unknown().optional(),
          }),
        ),
        kept: z.array(text),
        installations: z.int(),
        rescheduled: z.int().nullable(),
      }),
    ),
    warnings: z.array(text),
  }),
);
