// Operations that were published once and that the SDK for Node still calls. They are not in the published description
// any more, and hence in none of ours.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { toRfc3339 } from '../../core/time.ts';
import { nameParty } from '../../flows/connect/parties.ts';
import type { PartyNameRow } from '../../store/tables/partyNames.ts';
import { ref } from './input.ts';
import { type Operation, operation } from './operation.ts';

function times({ createdAtMs, updatedAtMs }: PartyNameRow): JsonObject {
  const createTime = toRfc3339(createdAtMs);
  return updatedAtMs === null ? { createTime } : { createTime, updateTime: toRfc3339(updatedAtMs) };
}

export const OLDER_OPERATIONS: readonly Operation[] = [
  // Customers' connections and records in one call that nothing can take back: each is deleted by its own name here.
  operation({
    id: 'deleteProject',
    method: 'DELETE',
    path: '/projects/{projectIdOrName}',
    access: 'project',
    summary: 'refused: a project is not deleted over the API',
    status: 204,
    handle({ project }) {
      throw new IntegrationError('invalid_input', `the project "${project.name}" is not deleted over the API`, {
        remedy: 'Delete its integrations, connections and destinations; `tenon erase` removes what a customer left.',
      });
    },
  }),
  operation({
    id: 'createGroup',
    method: 'POST',
    path: '/projects/{projectIdOrName}/groups',
    access: 'project',
    summary: 'name a group before it connects',
    status: 201,
    body: z.object({ groupRef: ref, groupName: ref }),
    async handle({ services, project: { projectId }, body: { groupRef, groupName } }) {
      const row = await nameParty(services, projectId, 'group', { ref: groupRef, name: groupName });
      return { groupRef, groupName, projectId, ...times(row) };
    },
  }),
  operation({
    id: 'createConsumer',
    method: 'POST',
    path: '/projects/{projectIdOrName}/consumers',
    access: 'project',
    summary: 'name a consumer before they connect',
    status: 201,
    body: z.object({ consumerRef: ref, consumerName: ref }),
    async handle({ services, project: { projectId }, body: { consumerRef, consumerName } }) {
      const row = await nameParty(services, projectId, 'consumer', { ref: consumerRef, name: consumerName });
      return { consumerRef, consumerName, projectId, ...times(row) };
    },
  }),
];
