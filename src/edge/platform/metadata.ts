// The objects of customers' accounts: as their providers describe them, and fields that are added to them.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import {
  FIELD_DESCRIPTION_CHARS_MAX,
  FIELD_NAME_CHARS_MAX,
  FIELD_TEXT_CHARS_MAX,
  FIELD_VALUES_MAX,
  FIELDS_UPSERTED_MAX,
} from '../../core/limits.ts';
import { connectionOfGroup, objectMetadata } from '../../flows/install/describe.ts';
import { deliveredNameOf, nativeNameOf } from '../../flows/install/objectNames.ts';
import { FIELD_VALUE_TYPES, upsertFields } from '../../flows/install/upsertFields.ts';
import { type ConnectionRow, readConnection, readConnections } from '../../store/tables/connections.ts';
import { type IntegrationRow, readInstallations } from '../../store/tables/installations.ts';
import type { EdgeServices } from '../context.ts';
import { flag, ref } from './input.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

const query = z.object({ groupRef: ref, excludeReadOnly: flag });

const name = z.string().min(1).max(FIELD_NAME_CHARS_MAX);
const text = z.string().min(1).max(FIELD_TEXT_CHARS_MAX);
const digits = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const fieldDefinition = z.object({
  fieldName: name,
  displayName: text,
  valueType: z.enum(FIELD_VALUE_TYPES),
  description: z.string().max(FIELD_DESCRIPTION_CHARS_MAX).optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  indexed: z.boolean().optional(),
  stringOptions: z
    .object({
      length: digits.min(1).optional(),
      pattern: z.string().optional(),
      values: z.array(text).max(FIELD_VALUES_MAX).optional(),
      valuesRestricted: z.boolean().optional(),
      defaultValue: z.string().max(FIELD_TEXT_CHARS_MAX).optional(),
    })
    .optional(),
  numericOptions: z
    .object({
      precision: digits.min(1).optional(),
      scale: digits.optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      defaultValue: z.number().optional(),
    })
    .optional(),
  association: z
    .object({
      associationType: text,
      targetObject: name,
      targetField: name.optional(),
      cardinality: text.optional(),
      onDelete: text.optional(),
      required: z.boolean().optional(),
      reverseLookupFieldName: name.optional(),
      labels: z.object({ singular: text.optional(), plural: text.optional() }).optional(),
    })
    .optional(),
});

const upsertBody = z.object({
  groupRef: ref,
  fields: z
    .record(name, z.array(fieldDefinition))
    .refine((fields) => Object.values(fields).flat().length <= FIELDS_UPSERTED_MAX, {
      error: `can hold at most ${FIELDS_UPSERTED_MAX} fields`,
    }),
});

/** Of the group's installation. Rejects with `not_found`. */
function connectionInstalled(
  { store: { reads } }: EdgeServices,
  { projectId, integrationId, name }: IntegrationRow,
  groupRef: string,
): ConnectionRow {
  const [installation] = readInstallations(reads, projectId, { integrationId, groupRef });
  const connection = readConnection(reads, installation?.connectionId ?? '');
  if (connection !== undefined) return connection;
  throw new IntegrationError('not_found', `group "${groupRef}" has not installed "${name}"`);
}

export const METADATA_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'getObjectMetadataForInstallation',
    method: 'GET',
    path: '/projects/{projectIdOrName}/integrations/{integrationId}/objects/{objectName}/metadata',
    access: 'project',
    summary: 'the fields of an object for a group that has installed the integration',
    status: 200,
    query,
    async handle({ services, project, params, query: { groupRef, excludeReadOnly } }) {
      const integration = integrationOf(services, project, params.integrationId);
      const connection = connectionInstalled(services, integration, groupRef);
      const objectName = nativeNameOf(services, integration, params.objectName);
      const mappedObjectName = deliveredNameOf(services, integration, objectName);
      const metadata = await objectMetadata(services, connection, objectName, excludeReadOnly);
      return mappedObjectName === null ? metadata : { ...metadata, mappedObjectName };
    },
  }),
  operation({
    id: 'getObjectMetadataForConnection',
    method: 'GET',
    path: '/projects/{projectIdOrName}/providers/{provider}/objects/{objectName}/metadata',
    access: 'project',
    summary: 'the fields of an object for a group that is connected',
    status: 200,
    query,
    handle({ services, project, params, query: { groupRef, excludeReadOnly } }) {
      const { name } = services.catalog.get(params.provider);
      const connection = connectionOfGroup(services, { projectId: project.projectId, provider: name }, groupRef);
      return objectMetadata(services, connection, params.objectName, excludeReadOnly);
    },
  }),
  operation({
    id: 'upsertMetadataForInstallation',
    method: 'PUT',
    path: '/projects/{projectIdOrName}/integrations/{integrationId}/object-metadata',
    access: 'project',
    summary: 'create and change fields of objects for a group that has installed the integration',
    status: 200,
    body: upsertBody,
    handle({ services, project, params, body: { groupRef, fields } }) {
      const integration = integrationOf(services, project, params.integrationId);
      const connection = connectionInstalled(services, integration, groupRef);
      const objects = Object.entries(fields).map(([given, definitions]) => ({
        given,
        objectName: nativeNameOf(services, integration, given),
        definitions,
      }));
      return upsertFields(services, connection, objects);
    },
  }),
  operation({
    id: 'upsertMetadataForConnection',
    method: 'PUT',
    path: '/projects/{projectIdOrName}/providers/{provider}/object-metadata',
    access: 'project',
    summary: 'create and change fields of objects for a group that is connected',
    status: 200,
    body: upsertBody,
    handle({ services, project, params, body: { groupRef, fields } }) {
      const { name: provider } = services.catalog.get(params.provider);
      const [connection] = readConnections(services.store.reads, project.projectId, { provider, groupRef });
      if (connection === undefined) {
        throw new IntegrationError('not_found', `group "${groupRef}" has no connection to ${provider}`);
      }
      const objects = Object.entries(fields).map(([given, definitions]) => ({ given, objectName: given, definitions }));
      return upsertFields(services, connection, objects);
    },
  }),
];
