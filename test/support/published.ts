// The published API description as a judge of answers. Its schemas are OpenAPI 3.0, which is JSON Schema of draft 4
// with `nullable`; what ajv reads differently is rewritten here. The files are not part of the project, so that a
// test says why it is skipped where they are missing.

import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';

const FOLDER = '../shared/reference/openapi';
const PLANES = ['api', 'read', 'write', 'search'] as const;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

type Document = (typeof PLANES)[number] | 'catalog' | 'config' | 'manifest' | 'notifications' | 'webhook';

/** Why tests of published schemas are skipped; null where the files are there. */
export const publishedIsMissing: string | null = existsSync(`${FOLDER}/api.json`)
  ? null
  : 'the published API description is not on this machine';

/** One operation as published. */
export interface PublishedOperation {
  readonly id: string;
  readonly plane: (typeof PLANES)[number];
  readonly method: string;
  readonly path: string;
  readonly responses: JsonObject;
}

/** What came back over HTTP. */
export interface GivenAnswer {
  readonly status: number;
  readonly media: string;
  readonly text: string;
}

export class PublishedSchemas {
  readonly #documents = new Map<string, JsonObject>();
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #ajv = new Ajv({ strict: false, allErrors: true });

  constructor() {
    // ajv-formats is CommonJS: its function is under `default`.
    addFormats.default(this.#ajv);
    // A public key, which is checked where it is taken.
    this.#ajv.addFormat('pem', true);
  }

  /** All operations of all planes. */
  operations(): readonly PublishedOperation[] {
    return PLANES.flatMap((plane) =>
      Object.entries(objectAt(this.#document(plane), 'paths')).flatMap(([path, methods]) =>
        Object.entries(objectOf(methods)).flatMap(([method, operation]) => {
          if (!METHODS.includes(method)) return [];
          const { operationId, responses } = objectOf(operation);
          const facts = { plane, method: method.toUpperCase(), path, responses: objectOf(responses) };
          return [{ id: String(operationId), ...facts }];
        }),
      ),
    );
  }

  /** What is wrong with an answer to an operation; empty if it is as published. */
  answer({ id, plane, responses }: PublishedOperation, { status, media, text }: GivenAnswer): readonly string[] {
    const what = `${id} ${status}`;
    const isDescribed = Object.hasOwn(responses, String(status));
    if (!isDescribed && status < 400) return [`${what}: is not a published status`];
    // Where nothing is said of a refusal it is a problem like any other.
    const response = responses[isDescribed ? String(status) : 'default'];
    if (response === undefined)
      return this.#check('api', what, { $ref: '#/components/schemas/ApiProblem' }, json(text));
    const [described] = Object.entries(objectOf(objectOf(response)['content'] ?? {}));
    if (described === undefined) return text === '' ? [] : [`${what}: has a body`];
    const [mediaPublished, content] = described;
    if (media !== mediaPublished) return [`${what}: is ${media} and not ${mediaPublished}`];
    if (!media.includes('json')) return [];
    return this.#check(plane, what, objectOf(objectOf(content)['schema']), json(text));
  }

  /** The schema of what an operation answers with success, in JSON; undefined without one. References are followed. */
  success({ plane, responses }: PublishedOperation): JsonObject | undefined {
    const [, response] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
    const content = objectOf(objectOf(response ?? {})['content'] ?? {})['application/json'];
    return content === undefined ? undefined : this.#followed(plane, objectOf(objectOf(content)['schema']));
  }

  #followed(plane: string, value: JsonValue): JsonObject {
    const schema = objectOf(value);
    const name = /^#\/components\/schemas\/(.+)$/.exec(String(schema['$ref']))?.[1];
    if (name !== undefined)
      return this.#followed(plane, objectAt(this.#document(plane), 'components', 'schemas', name));
    const followed = Object.entries(schema).map(([key, child]) => {
      if (key === 'properties') {
        const members = Object.entries(objectOf(child)).map(([member, of]) => [
          member,
          this.#followed(plane, of ?? {}),
        ]);
        return [key, Object.fromEntries(members) as JsonObject];
      }
      if (key === 'items' || (key === 'additionalProperties' && isJsonObject(child))) {
        return [key, this.#followed(plane, child ?? {})];
      }
      const isList = (key === 'allOf' || key === 'anyOf') && Array.isArray(child);
      return [key, isList ? child.map((one: JsonValue) => this.#followed(plane, one)) : child];
    });
    return Object.fromEntries(followed) as JsonObject;
  }

  /** What is wrong with a value of a named schema, e.g. `ApiProblem` of `api`. */
  value(document: Document, name: string, value: JsonValue): readonly string[] {
    const schema = objectAt(this.#document(document), 'components', 'schemas', name);
    return this.#check(document, name, schema, value);
  }

  #document(name: string): JsonObject {
    let document = this.#documents.get(name);
    if (document === undefined) {
      document = objectOf(asDraft7(JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as JsonValue));
      this.#documents.set(name, document);
    }
    return document;
  }

  #check(name: string, what: string, schema: JsonObject, value: JsonValue): readonly string[] {
    const key = `${name} ${what}`;
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      // The schemas refer to each other from the root of their document.
      validate = this.#ajv.compile({ allOf: [schema], components: this.#document(name)['components'] });
      this.#validators.set(key, validate);
    }
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${what}: ${instancePath} ${message}`);
  }
}

function json(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}

/**
 * Draft 4's `exclusiveMaximum: true` beside `maximum` is a number of its own since draft 6. And a mapped field of a
 * manifest matches both alternatives of what is published as `oneOf`, which can only mean `anyOf`.
 */
function asDraft7(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => asDraft7(item));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, JsonValue][] => {
    if (child === undefined || key === 'example') return [];
    if (key === 'maximum' && value['exclusiveMaximum'] === true) return [['exclusiveMaximum', child]];
    if (key === 'exclusiveMaximum' && typeof child === 'boolean') return [];
    return [[key === 'oneOf' ? 'anyOf' : key, asDraft7(child)]];
  });
  return Object.fromEntries(entries);
}

function objectAt(value: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce<JsonObject>((at, key) => objectOf(at[key], key), value);
}

function objectOf(value: JsonValue | undefined, name = 'value'): JsonObject {
  if (!isJsonObject(value)) throw new Error(`the published description has no ${name} here`);
  return value;
}
