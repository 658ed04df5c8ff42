// A read that is asked for over the API. Its operation, its place among the triggers of the read and the answer to the
// caller rest on one commit; from there on it is a run like any other, which survives whatever the process does.

import type { Trigger } from '../../../machines/effects.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { newId, type OperationId } from '../../core/ids.ts';
import { READ_TRIGGERS_MAX } from '../../core/limits.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import {
  beginCheckpoint,
  type InstallationRow,
  insertOperation,
  readInstallation,
} from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import { metadataOf, periodOf } from './operation.ts';
import { readActorId } from './reads.ts';

/**
 * Queues a read of what was modified in a period and answers its operation. Rejects with `bad_request` if the object is
 * disabled, `conflict` while its reads are paused, `rate_limited` while too many wait, `not_found` if the installation
 * is deleted meanwhile.
 */
export async function triggerRead(
  services: Services,
  installation: InstallationRow,
  { objectName, isDisabled }: EffectiveRead,
  period: Omit<Trigger, 'operationId'>,
): Promise<OperationId> {
  if (isDisabled) {
    throw new IntegrationError('bad_request', `reading ${objectName} is disabled in the config of the installation`);
  }
  const { installationId, projectId, integrationId, configId } = installation;
  const operationId = newId<OperationId>();
  const actorId = readActorId(installationId, objectName);
  const begunAs = { installationId, objectName, operationId, readType: 'triggered', recordsRead: 0 };
  const metadata = metadataOf(begunAs, periodOf(period));
  const facts = { projectId, integrationId, installationId, configId, metadata } as const;
  const begun = { actionType: 'read', status: 'in_progress', result: null } as const;
  const sent = services.runtime.send(
    actorId,
    { type: 'read.triggered', installationId, objectName, trigger: { operationId, ...period } },
    {
      writes: [
        insertOperation({ operationId, ...facts, ...begun, createdAtMs: services.clock.nowMs() }),
        // Whoever must be told of a deletion is found by it, also where the config has not been applied yet.
        { ...beginCheckpoint({ actorId, installationId, objectName }), mustChange: 'rejected' },
      ],
    },
  );
  const isAccepted = await sent.catch((error: unknown) => {
    throw errorFacts(error).code === 'invalid_input' ? gone() : error;
  });
  if (isAccepted) return operationId;
  if (readInstallation(services.store.reads, installationId) === undefined) throw gone();
  if (services.runtime.peek(actorId).hasTag('paused')) {
    throw new IntegrationError('conflict', `the reads of ${objectName} are paused`, {
      isRetryable: false,
      remedy: 'Resume them with POST …/installations/{id}:unpause.',
    });
  }
  throw new IntegrationError('rate_limited', `${READ_TRIGGERS_MAX} reads of ${objectName} wait already`, {
    remedy: 'Wait for one of their operations to end.',
  });
}

function gone(): IntegrationError {
  return new IntegrationError('not_found', 'no such installation');
}
