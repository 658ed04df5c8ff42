// Creates and changes fields of objects in the account of a connection, for a builder who waits. The whole request is
// checked before the provider hears of it. What then fails is a problem while nothing was changed; as soon as anything
// was, the answer tells what became of every field.

import { connectorOf } from '../../connectors/connectors.ts';
import type {
  FieldCheck,
  FieldDefinition,
  FieldOutcome,
  FieldWish,
  FieldWriter,
} from '../../connectors/fieldWriter.ts';
import { type InputIssue, IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { ERROR_MESSAGE_CHARS_MAX, FIELDS_UPSERT_MS_MAX } from '../../core/limits.ts';
import { scrubbed } from '../../core/scrub.ts';
import { isFieldPath } from '../../manifest/fieldPath.ts';
import type { ConnectionRow } from '../../store/tables/connections.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';

export { FIELD_VALUE_TYPES } from '../../connectors/fieldWriter.ts';

/** The fields of one object. */
export interface ObjectFields {
  /** As the caller calls it. */
  readonly given: string;
  /** As the provider does. */
  readonly objectName: string;
  readonly definitions: readonly FieldDefinition[];
}

/** As published. */
export interface FieldUpserts {
  /** Whether every field is as it was wished. */
  readonly success: boolean;
  /** By the caller's names of objects and fields. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, FieldUpsert>>>>;
}

interface FieldUpsert {
  /** As the provider calls it. */
  readonly fieldName: string;
  readonly action: FieldOutcome['action'];
  readonly metadata?: JsonObject;
  /** Also why it failed. */
  readonly warnings?: readonly string[];
}

/** A wish with where it stands in the request. */
interface Placed extends FieldWish {
  readonly given: string;
  readonly place: string;
  readonly check: FieldCheck;
}

/**
 * Rejects with `bad_request` and issues for fields that cannot be, and with the first failure's code if nothing was
 * changed: those of a call, and `outcome_unknown` where the provider may have changed something and did not say.
 */
export async function upsertFields(
  services: Services,
  { provider, connectionId }: ConnectionRow,
  objects: readonly ObjectFields[],
): Promise<FieldUpserts> {
  const writer = connectorOf(services.connectors, services.catalog.get(provider))?.fieldWriter;
  if (writer === undefined) {
    throw new IntegrationError('bad_request', `fields of ${provider} cannot be created or changed`, {
      remedy: 'Only HubSpot and Salesforce are supported.',
    });
  }
  const wishes = checked(writer, objects);
  const target = services.targets.ofConnection(connectionId);
  const giveUp = new AbortController();
  const { clock } = services;
  const deadline = clock.timerAt(clock.nowMs() + FIELDS_UPSERT_MS_MAX, () => giveUp.abort());
  try {
    const call = providerCalls(services, target, 'interactive', giveUp.signal);
    return told(wishes, await writer.upsert(wishes, call));
  } finally {
    deadline.cancel();
  }
}

/** Rejects with `bad_request` and all that is wrong. */
function checked(writer: FieldWriter, objects: readonly ObjectFields[]): readonly Placed[] {
  const wishes = objects.flatMap(({ given, objectName, definitions }) =>
    definitions.map((definition, index): Placed => {
      const check = writer.check({ objectName, definition });
      return { objectName, definition, given, place: `fields.${given}[${index}]`, check };
    }),
  );
  if (wishes.length === 0) throw new IntegrationError('bad_request', 'fields must name at least one field');
  const taken = new Set<string>();
  const issues = wishes.flatMap(({ objectName, definition, place, check }): InputIssue[] => {
    const key = JSON.stringify([objectName, check.fieldName]).toLowerCase();
    const problems = isNested(definition) ? ['is nested, and fields inside of fields cannot be made'] : check.problems;
    const all = taken.has(key) ? [...problems, 'is the same field as one before'] : problems;
    taken.add(key);
    return all.map((detail) => ({ in: 'body', name: place, detail: `"${definition.fieldName}" ${detail}` }));
  });
  const [first] = issues;
  if (first === undefined) return wishes;
  throw new IntegrationError('bad_request', `${first.name}: ${first.detail}`, {
    remedy: 'Nothing was changed. Correct the fields.',
    issues,
  });
}

function isNested({ fieldName }: FieldDefinition): boolean {
  return isFieldPath(fieldName) || fieldName.includes('.');
}

function told(wishes: readonly Placed[], outcomes: readonly FieldOutcome[]): FieldUpserts {
  const failed = wishes.flatMap((wish, index) => {
    const failure = outcomes[index]?.failure ?? null;
    return failure === null ? [] : [{ place: wish.place, failure }];
  });
  const isUntouched = outcomes.every(({ action }) => action === 'none');
  if (failed.length > 0 && isUntouched) throw problemOf(failed);
  const fields: Record<string, Record<string, FieldUpsert>> = Object.create(null);
  for (const [index, { given, definition, check }] of wishes.entries()) {
    const { action = 'none', metadata, warnings = [], failure = null } = outcomes[index] ?? {};
    const said = [...check.warnings, ...warnings, ...(failure === null ? [] : [wordsOf(failure)])];
    const object = fields[given] ?? Object.create(null);
    fields[given] = object;
    object[definition.fieldName] = {
      fieldName: check.fieldName,
      action,
      ...(metadata === undefined ? {} : { metadata }),
      ...(said.length === 0 ? {} : { warnings: said }),
    };
  }
  return { success: failed.length === 0, fields };
}

/** A rude provider may quote the token that it was sent. */
function wordsOf({ publicDetail }: IntegrationError): string {
  return scrubbed(publicDetail);
}

/** The code of the first failure, and the words of all. */
function problemOf(
  failed: readonly { readonly place: string; readonly failure: IntegrationError }[],
): IntegrationError {
  const [first] = failed;
  const words = [...new Set(failed.map(({ failure }) => wordsOf(failure)))].join('; ');
  const { code = 'bad_request', retryAtMs, upstreamStatus, isRetryable = false } = first?.failure ?? {};
  return new IntegrationError(code, words.slice(0, ERROR_MESSAGE_CHARS_MAX), {
    isRetryable,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    issues: failed.map(({ place, failure }) => ({ in: 'body', name: place, detail: wordsOf(failure) })),
  });
}
