// The objects of customers' accounts, as their providers describe them.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { connectionOfGroup, objectMetadata } from '../../flows/install/describe.ts';
import { deliveredNameOf, nativeNameOf } from '../../flows/install/objectNames.ts';
import { readConnection } from '../../store/tables/connections.ts';
import { readInstallations } from '../../store/tables/installations.ts';
import { flag, ref } from './input.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

const query = z.object({ groupRef: ref, excludeReadOnly: flag });

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
      const { integrationId, name } = integration;
      const { reads } = services.store;
      const [installation] = readInstallations(reads, project.projectId, { integrationId, groupRef });
      const connection = readConnection(reads, installation?.connectionId ?? '');
      if (connection === undefined) {
        throw new IntegrationError('not_found', `group "${groupRef}" has not installed "${name}"`);
      }
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
];
