// The schemas that we serve of our answers: that there is one for each, that they say no when they should, and that
// they have the members that the published description requires. That every answer keeps to them is judged with each
// (`test/support/everyAnswer.ts`).

import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { ANSWERS } from '../../../src/edge/answers/answers.ts';
import { describedAnswers } from '../../../src/edge/answers/schema.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { OWN_OPERATIONS } from '../../../src/edge/platform/own.ts';
import { PublishedSchemas, publishedIsMissing } from '../../support/published.ts';
import { ServedSchemas } from '../../support/served.ts';

/** Answered always, though the published description lets it be left out. */
const ALWAYS: readonly string[] = [
  'ApiKey.active',
  'BackfillProgress.createTime',
  'BuilderInfo.orgRole',
  'Config.content.write.objects',
  'Destination.metadata.url',
  'Destination.secrets.webhookSigningKey',
  'FoundRecord.fields',
  'FoundRecord.mappedFields',
  'FoundRecord.raw',
  'HydratedRevision.content.read.objects',
  'HydratedRevision.content.write.objects',
  'Installation.group',
  'IntegrationContent.read.objects',
  'IntegrationContent.subscribe.objects',
  'IntegrationContent.write.objects',
  'Operation.createTime',
  'Operation.metadata',
  'OperationLog.message.operation_id',
  'Project.entitlements.brandingRemoval',
  'Project.entitlements.logRetentionDays',
  'ProviderApp.scopes',
  'WrittenRecords|1.errors[].message',
  'searchRecords.result',
];
/** Answered, and not in the published description. */
const ADDITIONS: readonly string[] = [
  'Destination.disabledTime',
  'Destination.secrets',
  'FoundRecord.id',
  'Provider.providerOpts',
  'WrittenRecords|0.errors',
  'WrittenRecords|0.rawResponse',
  'WrittenRecords|0.warnings',
  'searchRecords.results',
];

const { schemas, components } = describedAnswers(ANSWERS);

describe('each operation', () => {
  it('that answers with JSON says what, and no other does', () => {
    const answering = [...OPERATIONS, ...OWN_OPERATIONS]
      .filter(({ status, media }) => status !== 204 && media !== 'none' && media !== 'text')
      .map(({ id }) => id);
    expect(Object.keys(ANSWERS).sort()).toEqual(answering.sort());
  });
});

describe('an answer is refused', () => {
  const served = new ServedSchemas();
  const topic = { id: 't', name: 'n', projectId: 'p', createTime: '2026-01-05T09:00:00Z' };
  const judged = (answer: JsonValue, status = 200, media = 'application/json') =>
    served.judge('GET', '/v1/projects/p/topics', { status, media, text: JSON.stringify(answer) });

  it.each<[string, JsonValue, number?, string?]>([
    ['that is another thing', topic],
    ['that lacks a member', [{ ...topic, name: undefined as never }]],
    ['with a member that is not described', [{ ...topic, secret: 's' }]],
    ['with null for what is left out', [{ ...topic, updateTime: null }]],
    ['with a time that is none', [{ ...topic, createTime: 'now' }]],
    ['with another status', [topic], 201],
    ['as another type of media', [topic], 200, 'text/plain'],
    ['that is a problem without its facts', { title: 'No' }, 404, 'application/problem+json'],
    [
      'that is a problem with others',
      { status: 1, detail: '', code: '', retryable: false, x: 1 },
      404,
      'application/problem+json',
    ],
  ])('%s', (_what, answer, status, media) => {
    expect(judged(answer, status, media)).not.toEqual([]);
  });

  it('and others are not', () => {
    expect(judged([topic, { ...topic, updateTime: '2026-01-05T09:00:00.123Z' }])).toEqual([]);
    expect(served.judge('GET', '/v1/nothing', { status: 200, media: 'text/plain', text: '' })).toEqual([]);
  });
});

describe.skipIf(publishedIsMissing !== null)('what is answered', () => {
  it('has the members that are published as required, and tells what it has besides', () => {
    const published = new PublishedSchemas();
    const faults = new Set<string>();
    const always = new Set<string>();
    const additions = new Set<string>();
    const comparison = new Comparison(faults, always, additions);
    for (const operation of published.operations()) {
      const theirs = published.success(operation);
      if (theirs !== undefined) comparison.of(operation.id, theirs, schemas.get(operation.id) ?? {});
    }
    expect([...faults]).toEqual([]);
    expect([...always].sort()).toEqual(ALWAYS);
    expect([...additions].sort()).toEqual(ADDITIONS);
  });
});

/** Walks through two schemas side by side, as far as both describe members. */
class Comparison {
  readonly #faults: Set<string>;
  readonly #always: Set<string>;
  readonly #additions: Set<string>;

  constructor(faults: Set<string>, always: Set<string>, additions: Set<string>) {
    this.#faults = faults;
    this.#always = always;
    this.#additions = additions;
  }

  /** `name` is that of the schema of ours, or of the place in it. */
  of(name: string, given: JsonObject, ours: JsonObject): void {
    const ref = /^#\/components\/schemas\/(.+)$/.exec(String(ours['$ref']))?.[1];
    if (ref !== undefined) {
      this.of(ref, given, components[ref] as JsonObject);
      return;
    }
    const theirs = merged(given);
    const [theirOptions, ourOptions] = [theirs['anyOf'], ours['anyOf']] as (readonly JsonObject[] | undefined)[];
    if (theirOptions !== undefined) {
      if (ourOptions?.length !== theirOptions.length) this.#faults.add(`${name}: has other alternatives`);
      for (const [index, option] of theirOptions.entries())
        this.of(`${name}|${index}`, option, ourOptions?.[index] ?? {});
      return;
    }
    if (isJsonObject(theirs['items'])) this.of(`${name}[]`, theirs['items'], objectIn(ours, 'items'));
    if (isJsonObject(theirs['additionalProperties']) && isJsonObject(ours['additionalProperties'])) {
      this.of(`${name}{}`, theirs['additionalProperties'], ours['additionalProperties']);
    }
    if (isJsonObject(theirs['properties'])) this.#members(name, theirs, ours);
  }

  #members(name: string, theirs: JsonObject, ours: JsonObject): void {
    const [theirMembers, ourMembers] = [objectIn(theirs, 'properties'), objectIn(ours, 'properties')];
    if (Object.keys(ourMembers).length === 0) return;
    const [theirRequired, ourRequired] = [theirs['required'] ?? [], ours['required'] ?? []] as (readonly string[])[];
    for (const member of theirRequired ?? []) {
      if (!ourRequired?.includes(member)) this.#faults.add(`${name}.${member}: is required as published`);
    }
    for (const member of Object.keys(ourMembers)) {
      if (theirMembers[member] === undefined) this.#additions.add(`${name}.${member}`);
      else {
        if (ourRequired?.includes(member) && !theirRequired?.includes(member)) this.#always.add(`${name}.${member}`);
        this.of(`${name}.${member}`, objectIn(theirMembers, member), objectIn(ourMembers, member));
      }
    }
  }
}

function objectIn(value: JsonObject, key: string): JsonObject {
  const found = value[key];
  return isJsonObject(found) ? found : {};
}

/** Parts of a whole as one; a member that several parts have is the whole of theirs. */
function merged(schema: JsonObject): JsonObject {
  const parts = [schema, ...((schema['allOf'] ?? []) as readonly JsonObject[]).map(merged)];
  if (parts.length === 1) return schema;
  const members: Record<string, JsonObject> = {};
  for (const part of parts) {
    for (const [name, member] of Object.entries(objectIn(part, 'properties'))) {
      members[name] = { allOf: [...(members[name] === undefined ? [] : [members[name]]), member as JsonObject] };
    }
  }
  const required = parts.flatMap((part) => (part['required'] ?? []) as readonly string[]);
  const maps = parts.map((part) => part['additionalProperties']).filter(isJsonObject);
  return {
    properties: members,
    required,
    ...(maps.length === 0 ? {} : { additionalProperties: { allOf: maps } }),
  };
}
