// What creating and changing fields of objects asks of a provider's code, and what comes of each field. A definition
// is checked without the provider first, so that a request with a mistake changes nothing.

import { type ErrorCode, IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ProviderCall } from './contract.ts';

/** Types of values that a field can be made for, as published. */
export const FIELD_VALUE_TYPES = [
  'string',
  'boolean',
  'date',
  'datetime',
  'singleSelect',
  'multiSelect',
  'int',
  'float',
  'reference',
] as const;

/** A field as the builder wishes it, in the published form. */
export interface FieldDefinition {
  readonly fieldName: string;
  readonly displayName: string;
  readonly valueType: (typeof FIELD_VALUE_TYPES)[number];
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly unique?: boolean | undefined;
  readonly indexed?: boolean | undefined;
  readonly stringOptions?:
    | {
        readonly length?: number | undefined;
        readonly pattern?: string | undefined;
        readonly values?: readonly string[] | undefined;
        readonly valuesRestricted?: boolean | undefined;
        readonly defaultValue?: string | undefined;
      }
    | undefined;
  readonly numericOptions?:
    | {
        readonly precision?: number | undefined;
        readonly scale?: number | undefined;
        readonly min?: number | undefined;
        readonly max?: number | undefined;
        readonly defaultValue?: number | undefined;
      }
    | undefined;
  readonly association?:
    | {
        readonly associationType: string;
        readonly targetObject: string;
        readonly targetField?: string | undefined;
        readonly cardinality?: string | undefined;
        readonly onDelete?: string | undefined;
        readonly required?: boolean | undefined;
        readonly reverseLookupFieldName?: string | undefined;
        readonly labels?: { readonly singular?: string | undefined; readonly plural?: string | undefined } | undefined;
      }
    | undefined;
}

/** A field of one object; `objectName` is the provider's. */
export interface FieldWish {
  readonly objectName: string;
  readonly definition: FieldDefinition;
}

/** What is to be said of a wish without asking the provider. */
export interface FieldCheck {
  /** What the provider will call the field. */
  readonly fieldName: string;
  /** Why it cannot be made; empty if it can be tried. */
  readonly problems: readonly string[];
  /** What of it the provider cannot do; the field is made without. */
  readonly warnings: readonly string[];
}

/** What came of a wish. With a failure, `action` still says what was done before it. */
export interface FieldOutcome {
  readonly action: 'create' | 'update' | 'none';
  /** The field in the provider's own words. */
  readonly metadata?: JsonObject;
  readonly warnings: readonly string[];
  readonly failure: IntegrationError | null;
}

export interface FieldWriter {
  check(wish: FieldWish): FieldCheck;
  /**
   * Makes the fields be as wished, in any order; outcomes come in the order of the wishes. Called again it finds them
   * as they are. Never rejects for what the provider says: that is the failure of the wishes that it concerns.
   */
  upsert(wishes: readonly FieldWish[], call: ProviderCall): Promise<readonly FieldOutcome[]>;
}

/** Failures that lie with one object or field; after any other nothing further is tried. */
const OF_ONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'bad_request',
  'conflict_upstream',
  'forbidden',
  'not_found',
  'schema_drift_missing_object',
]);

/** The outcomes of some wishes while they come in. */
export class FieldOutcomes {
  readonly #outcomes: (FieldOutcome | undefined)[];
  #stopped: IntegrationError | null = null;

  constructor(count: number) {
    this.#outcomes = new Array<FieldOutcome | undefined>(count).fill(undefined);
  }

  /** Whether a failure came that would meet whatever else is tried. */
  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  get(index: number): FieldOutcome | undefined {
    return this.#outcomes[index];
  }

  set(index: number, action: FieldOutcome['action'], more: Partial<FieldOutcome> = {}): void {
    this.#outcomes[index] = { warnings: [], failure: null, ...more, action };
  }

  /** Those without an outcome fail; what was done with the others stays said. */
  fail(indexes: readonly number[], error: unknown): void {
    const failure = failureOf(error);
    if (!OF_ONE.has(failure.code)) this.#stopped ??= failure;
    for (const index of indexes) if (this.#outcomes[index] === undefined) this.set(index, 'none', { failure });
  }

  /** All of them: what was not tried says so. */
  done(): readonly FieldOutcome[] {
    const { code = 'bad_request', publicDetail, retryAtMs } = this.#stopped ?? {};
    const why = publicDetail === undefined ? 'another was refused' : `another failed: ${publicDetail}`;
    const failure = new IntegrationError(code, `not tried, since ${why}`, retryAtMs === undefined ? {} : { retryAtMs });
    return this.#outcomes.map((outcome) => outcome ?? { action: 'none', warnings: [], failure });
  }
}

/** A failure of the provider; a bug of ours is none, and goes on. */
function failureOf(error: unknown): IntegrationError {
  if (error instanceof IntegrationError && error.code !== 'invariant') return error;
  throw error;
}

/** The indexes of the wishes by what `key` says of each, in order. */
export function indexesBy(
  wishes: readonly FieldWish[],
  key: (wish: FieldWish) => string,
): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, wish] of wishes.entries()) {
    const name = key(wish);
    groups.set(name, [...(groups.get(name) ?? []), index]);
  }
  return groups;
}

export function isSelect({ valueType }: FieldDefinition): boolean {
  return valueType === 'singleSelect' || valueType === 'multiSelect';
}

/** What no provider could make sense of. */
export function contradictionsOf(definition: FieldDefinition): readonly string[] {
  const { valueType, stringOptions, association } = definition;
  const values = stringOptions?.values ?? [];
  const problems: string[] = [];
  if (isSelect(definition)) {
    const { defaultValue } = stringOptions ?? {};
    if (values.length === 0) problems.push(`needs stringOptions.values, which a ${valueType} chooses from`);
    else if (new Set(values).size < values.length) problems.push('has the same value twice in stringOptions.values');
    if (defaultValue !== undefined && values.length > 0 && !values.includes(defaultValue)) {
      problems.push('has a default that is not among its values');
    }
  }
  if (valueType === 'boolean' && !['true', 'false', undefined].includes(stringOptions?.defaultValue)) {
    problems.push('can only have the default "true" or "false"');
  }
  const { min, max, precision, scale } = definition.numericOptions ?? {};
  if (min !== undefined && max !== undefined && min > max) problems.push('has a min that is above its max');
  if (precision !== undefined && scale !== undefined && scale > precision) {
    problems.push('has more digits after the point than digits');
  }
  if (valueType === 'int' && (scale ?? 0) !== 0) problems.push('is an int and cannot have digits after the point');
  if (valueType === 'reference' && association === undefined) problems.push('needs an association to refer by');
  return problems;
}

/** Options that `valueType` has no use for. */
export function uselessOptions(definition: FieldDefinition): readonly string[] {
  const { valueType, stringOptions = {}, numericOptions = {} } = definition;
  const isNumber = valueType === 'int' || valueType === 'float';
  const useless: string[] = [];
  if (stringOptions.values !== undefined && !isSelect(definition)) useless.push('stringOptions.values');
  if (stringOptions.length !== undefined && valueType !== 'string') useless.push('stringOptions.length');
  if (stringOptions.defaultValue !== undefined && isNumber) useless.push('stringOptions.defaultValue');
  if (!isNumber && Object.values(numericOptions).some((option) => option !== undefined)) useless.push('numericOptions');
  return useless.map((option) => `${option} means nothing for a ${valueType} and was left out`);
}

/** A warning of the values that a change takes away. */
export function valuesLost(before: readonly string[], after: readonly string[]): readonly string[] {
  const lost = before.filter((value) => !after.includes(value));
  return lost.length === 0 ? [] : [`no longer offered: ${lost.map((value) => `"${value}"`).join(', ')}`];
}
