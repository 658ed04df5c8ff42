// What is asked of the reads of an installation: to read now, to pause and to go on.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { actorIdOf } from '../../core/ids.ts';
import { LIST_PAGE_MAX } from '../../core/limits.ts';
import { parseTimestamp } from '../../core/time.ts';
import { knownReads, readNamed } from '../../flows/read/reads.ts';
import { triggerRead } from '../../flows/read/trigger.ts';
import { ref } from './input.ts';
import { INSTALLATION, installationOf, installationOfGroup } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { type Call, type Operation, operation } from './operation.ts';

/** Also that of writes, which their bodies tell from triggers. */
export const OBJECT = '/projects/{projectIdOrName}/integrations/{integrationId}/objects/{objectName}';
const timestamp = z.iso
  .datetime({ offset: true, error: 'must be a time like 2024-07-01T18:22:30Z' })
  .optional()
  .transform((text) => (text === undefined ? null : parseTimestamp(text)));

const triggerBody = z
  .object({ groupRef: ref, mode: z.literal('async'), sinceTimestamp: timestamp, untilTimestamp: timestamp })
  .refine(({ sinceTimestamp, untilTimestamp }) => (untilTimestamp ?? Infinity) >= (sinceTimestamp ?? -Infinity), {
    path: ['untilTimestamp'],
    error: 'must not be before sinceTimestamp',
  });

const deliveryBody = z.object({ groupRef: ref, pages: z.int().min(0) });
const pauseBody = z.object({ objects: z.array(z.string()).max(LIST_PAGE_MAX).optional(), note: z.string().optional() });

type ObjectCall = Pick<
  Call<'projectIdOrName' | 'integrationId' | 'objectName', never, never>,
  'services' | 'project' | 'params'
>;

/** The read that a call names by group and object. Rejects with `not_found`, `bad_request`. */
function readOf({ services, project, params }: ObjectCall, groupRef: string) {
  const integration = integrationOf(services, project, params.integrationId);
  const installation = installationOfGroup(services, project, integration, groupRef);
  return { installation, read: readNamed(services, installation, params.objectName) };
}

/** `:pause` and `:unpause`; saying it twice is fine. */
function switching(id: string, verb: 'pause' | 'unpause', type: string): Operation {
  return operation({
    id,
    method: 'POST',
    path: `${INSTALLATION}:${verb}` as `${typeof INSTALLATION}:pause`,
    access: 'project',
    summary: `${verb} the schedules of an installation, or of some of its objects`,
    status: 204,
    body: pauseBody,
    isBodyOptional: true,
    async handle(call) {
      const installation = installationOf(call);
      const { objects: given } = (call.body as z.output<typeof pauseBody> | null) ?? {};
      const objects = given === undefined ? null : knownReads(call.services, installation, given);
      const actorId = actorIdOf('installation', installation.installationId);
      const isAccepted = await call.services.runtime.send(actorId, { type, objects });
      if (!isAccepted) throw new IntegrationError('not_found', 'no such installation');
    },
  });
}

export const READ_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'triggerRead',
    method: 'POST',
    path: OBJECT,
    access: 'project',
    summary: 'read an object of a group now: all of it, or what was modified in a period',
    status: 201,
    problems: 'jsonFaults',
    body: triggerBody,
    async handle(call) {
      const { groupRef, sinceTimestamp, untilTimestamp } = call.body;
      const { installation, read } = readOf(call, groupRef);
      const period = { sinceMs: sinceTimestamp, untilMs: untilTimestamp };
      return { operationId: await triggerRead(call.services, installation, read, period) };
    },
  }),
  operation({
    id: 'deliverResults',
    method: 'POST',
    path: `${OBJECT}:deliverResults`,
    access: 'project',
    summary: 'deprecated: ask for pages of results, which are delivered as they come',
    status: 204,
    problems: 'jsonFaults',
    body: deliveryBody,
    handle: (call) => void readOf(call, call.body.groupRef),
  }),
  switching('pauseReads', 'pause', 'reads.paused'),
  switching('unpauseReads', 'unpause', 'reads.resumed'),
];
