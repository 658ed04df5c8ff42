// How answers are described: schemas with a name, which the API description has once and refers to. Objects are open:
// a client must take members that it does not know (they may come with the next version), and `test/support/ours.ts`
// sees to it that none is answered that is not described.

import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';

const names = z.registry<{ readonly id: string }>();

/** Gives a schema a name, unique among all. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  names.add(schema, { id });
  return schema;
}

export const text = z.string();
export const time = z.iso.datetime();
/** By names that nobody here knows. */
export const mapOf = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);
/** A JSON object of somebody else: a provider's or a builder's. */
export const anyObject = mapOf(z.unknown());
/** Of everything that is made once and may change. */
export const times = { createTime: time, updateTime: time.optional() };

/** Schemas of an API description: `schemas` refer to the named ones, which `components` has. */
export interface DescribedAnswers {
  readonly schemas: ReadonlyMap<string, JsonObject>;
  readonly components: JsonObject;
}

/** JSON Schemas of answers, by the ids of their operations. */
export function describedAnswers(answers: Readonly<Record<string, z.ZodType>>): DescribedAnswers {
  // Converted as one: whatever is named comes out once, whoever refers to it.
  const { properties, $defs = {} } = z.toJSONSchema(z.object(answers), {
    metadata: names,
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // A pattern says in hundreds of characters what this format says; others are none of JSON Schema's.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      else delete jsonSchema.format;
      delete jsonSchema['id'];
    },
  });
  const [schemas, components] = [properties ?? {}, $defs].map(
    (part) => JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonObject,
  );
  return { schemas: new Map(Object.entries(schemas as Record<string, JsonObject>)), components: components ?? {} };
}
