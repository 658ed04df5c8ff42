// A search: the records of an object whose fields have given values, one page of them, asked of the provider while the
// caller waits and mapped like what reads deliver. Nothing is stored and nothing is retried: whoever asked is still
// there to ask again. Invariant: only fields that the installation may read are answered, of any record.

import { connectorOf } from '../../connectors/connectors.ts';
import type { EqualityFilter, ProviderCall, ReadConnector, ReadRow } from '../../connectors/contract.ts';
import { errorFacts, type InputIssue, IntegrationError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearNames.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { isFieldPath } from '../../manifest/fieldPath.ts';
import { compileMapping, type MappedRecord } from '../../manifest/mapping.ts';
import { providedValue } from '../../manifest/unmapping.ts';
import type { InstallationRow, IntegrationRow } from '../../store/tables/installations.ts';
import { specOf } from '../install/installations.ts';
import { providerCalls } from '../providerCall.ts';
import { fieldsOf } from '../read/fields.ts';
import { offeredRead } from '../read/reads.ts';
import type { Services } from '../services.ts';
import type { ProviderTarget } from '../targets.ts';

/** What is looked for. Names of objects and fields are the provider's or the builder's. */
export interface Search {
  readonly objectName: string;
  /** At least one; joined by AND. */
  readonly fieldFilters: readonly EqualityFilter[];
}

/** A record as it is published: mapped, with the provider's id of it. */
export interface FoundRecord extends MappedRecord {
  readonly id: string;
}

/** What asks the provider. */
interface Asking {
  readonly connector: ReadConnector;
  readonly call: ProviderCall;
}

/**
 * The first page of what is found, in the provider's order. Rejects with `not_found` for an object that the
 * manifest does not read, `bad_request` for one that is disabled, a field that there is not or that cannot be
 * searched by, and a provider that cannot be searched; else with the codes of `ReadConnector.read` and of a call.
 */
export async function searchRecords(
  services: Services,
  integration: IntegrationRow,
  installation: InstallationRow,
  { objectName, fieldFilters }: Search,
): Promise<readonly FoundRecord[]> {
  const read = searchableRead(services, integration, installation, objectName);
  const filters = fieldFilters.map((filter, index) => providersFilter(read, filter, index));
  const target = services.targets.ofConnection(installation.connectionId);
  const connector = connectorFor(services, target);
  const call = providerCalls(services, target, 'interactive');
  const rows = await pageOf({ connector, call }, read, filters);
  const map = compileMapping(read);
  return rows.map((row) => ({ id: row.id, ...map(row) }));
}

/** As published: what the manifest has, unless the config disables it and the manifest does not enable it always. */
function searchableRead(
  services: Services,
  integration: IntegrationRow,
  installation: InstallationRow,
  given: string,
): EffectiveRead {
  const read = offeredRead(services, installation, given);
  if (!read.isDisabled) return read;
  const spec = specOf(services, integration).read?.objects?.find((object) => object.objectName === read.objectName);
  if (spec?.enabled === 'always') return read;
  throw new IntegrationError('bad_request', `${read.objectName} is disabled in the config of the installation`, {
    issues: [{ in: 'body', name: 'objectName', detail: 'is disabled' }],
  });
}

function connectorFor({ connectors }: Services, { declaration }: ProviderTarget): ReadConnector {
  const connector = connectorOf(connectors, declaration);
  if (connector !== undefined && declaration.support.search.operators.equals) return connector;
  throw new IntegrationError('bad_request', `records of ${declaration.displayName} cannot be searched`);
}

/** In the provider's words: its name of the field, and its value where the config exchanges values. */
function providersFilter(
  { mappings, fields }: EffectiveRead,
  { fieldName: given, value }: EqualityFilter,
  index: number,
): EqualityFilter {
  const mapping = mappings.find(({ mapToName }) => mapToName === given);
  const named = mapping?.fieldName ?? given;
  if (isFieldPath(named)) {
    const detail = mapping === undefined ? 'is a path' : `is mapped to the path ${named}`;
    throw new IntegrationError('bad_request', `${given} ${detail}, and providers search by whole fields only`, {
      issues: [issueOf(index, detail)],
    });
  }
  const fieldName = fields.find((field) => field.toLowerCase() === named.toLowerCase()) ?? named;
  const provided = typeof value === 'string' ? providedValue(mapping?.values ?? [])(value) : value;
  return { fieldName, value: typeof provided === 'string' ? provided : value };
}

function issueOf(index: number, detail: string): InputIssue {
  return { in: 'body', name: `fieldFilters[${index}].fieldName`, detail };
}

async function pageOf(
  asking: Asking,
  read: EffectiveRead,
  filters: readonly EqualityFilter[],
): Promise<readonly ReadRow[]> {
  const { connector, call } = asking;
  const { objectName } = read;
  const fields = await fieldsOf(connector, read, call);
  try {
    const params = { objectName, fields, filters, sinceMs: null, untilMs: null, cursor: null };
    return (await connector.read(params, call)).rows;
  } catch (error) {
    const { code, message } = errorFacts(error);
    // Without a position there is none to be forgotten: words that mean one elsewhere are about a value here.
    if (code === 'cursor_gone') throw new IntegrationError('bad_request', message);
    if (code === 'bad_request' || code === 'schema_drift_missing_field') await assertKnown(asking, read, filters);
    throw error;
  }
}

/** Providers say in words of their own that there is no such field; which of the filters it is, is looked up. */
async function assertKnown(
  { connector, call }: Asking,
  { objectName }: EffectiveRead,
  filters: readonly EqualityFilter[],
): Promise<void> {
  const known = await connector.listFields(objectName, call).catch(() => null);
  if (known === null) return;
  const keys = new Set(known.map((name) => name.toLowerCase()));
  // A field of a parent (`Owner.Name`) is not in the list of the object.
  const isUnknown = ({ fieldName }: EqualityFilter) => !fieldName.includes('.') && !keys.has(fieldName.toLowerCase());
  const issues = filters.flatMap((filter, index) => {
    if (!isUnknown(filter)) return [];
    const near = didYouMean(filter.fieldName, known);
    return [issueOf(index, `${objectName} has no field "${filter.fieldName}"${near === undefined ? '' : `; ${near}`}`)];
  });
  if (issues[0] !== undefined) throw new IntegrationError('bad_request', issues[0].detail, { issues });
}
