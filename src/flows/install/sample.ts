// Tries the reads of an installation before its config is saved: one page of each object that is scheduled and was not
// read like that before. What the provider calls a wrong request is told now and not found out by the first schedule;
// that it cannot be asked just now, or not in time, says nothing of the config.

import { connectorOf } from '../../connectors/connectors.ts';
import { type ErrorCode, IntegrationError } from '../../core/errors.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { type EffectiveRead, effectiveReads } from '../../manifest/effective.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { providerCalls } from '../providerCall.ts';
import { fieldsOf } from '../read/fields.ts';
import type { Services } from '../services.ts';
import { askEach } from './askEach.ts';

/** What the customer or the builder must mend. */
const WRONG: ReadonlySet<ErrorCode> = new Set([
  'bad_request',
  'schema_drift_missing_field',
  'schema_drift_missing_object',
]);

export interface Sampling {
  readonly spec: IntegrationSpec;
  readonly content: ConfigContent;
  /** What was read so far, with the same connection. */
  readonly former: ConfigContent;
  readonly connectionId: string;
}

/** Rejects with `invalid_input` and the provider's words, an issue for each object that it refuses. */
export async function sampleReads(
  services: Services,
  { spec, content, former, connectionId }: Sampling,
): Promise<void> {
  const before = new Set(effectiveReads(spec, former).filter(isRead).map(requestOf));
  const reads = effectiveReads(spec, content).filter((read) => isRead(read) && !before.has(requestOf(read)));
  const answers = await askEach(services.clock, reads, (read, signal) =>
    refusalOf(services, spec, connectionId, read, signal),
  );
  const refusals = reads.flatMap((read) => {
    const said = answers.get(read) ?? null;
    return said === null ? [] : [{ read, said }];
  });
  if (refusals.length === 0) return;
  throw new IntegrationError('invalid_input', refusals[0]?.said ?? '', {
    remedy: 'Correct the fields of the objects, or save without a sample with ?skipSampling=true.',
    issues: refusals.map(({ read, said }) => ({
      in: 'body',
      name: `config.content.read.objects.${read.objectName}`,
      detail: said,
    })),
  });
}

function isRead({ schedule, isDisabled }: EffectiveRead): boolean {
  return schedule !== null && !isDisabled;
}

/** What of a read the provider gets to see. */
function requestOf({ objectName, fields, wantsAllFields, fieldFilters }: EffectiveRead): string {
  return JSON.stringify([objectName, fields, wantsAllFields, fieldFilters]);
}

/** The provider's words if it calls the read wrong; null if it answers, or cannot be asked just now. */
async function refusalOf(
  services: Services,
  { provider }: IntegrationSpec,
  connectionId: string,
  read: EffectiveRead,
  signal: AbortSignal,
): Promise<string | null> {
  const connector = connectorOf(services.connectors, services.catalog.get(provider));
  if (connector === undefined) return null;
  try {
    const call = providerCalls(services, services.targets.ofConnection(connectionId), 'interactive', signal);
    const filters = read.fieldFilters.map(({ fieldName, value = '' }) => ({ fieldName, value }));
    const fields = await fieldsOf(connector, read, call);
    const { objectName } = read;
    await connector.read({ objectName, fields, filters, sinceMs: null, untilMs: null, cursor: null, rowsMax: 1 }, call);
    return null;
  } catch (error) {
    const isWrong = error instanceof IntegrationError && WRONG.has(error.code);
    return isWrong ? `${read.objectName}: ${error.publicDetail}` : null;
  }
}
