// The published API description as a judge of answers. Its schemas are OpenAPI 3.0, which is JSON Schema of draft 4
// with `nullable`; what ajv reads differently is rewritten here. The files are not part of the project, so that a
// test says why it is skipped where they are missing.

import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';

const FOLDER = '../shared/reference/openapi';

/** Why tests of published schemas are skipped; null where the files are there. */
export const publishedIsMissing: string | null = existsSync(`${FOLDER}/api.json`)
  ? null
  : 'the published API description is not on this machine';

export class PublishedSchemas {
  readonly #documents = new Map<string, JsonObject>();
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #ajv = new Ajv({ strict: false, allErrors: true });

  constructor() {
    // ajv-formats is CommonJS: its function is under `default`.
    addFormats.default(this.#ajv);
  }

  /** What is wrong with an answer of the API; empty if it is as published. `path` as in the description. */
  answer(method: string, path: string, status: number, body: JsonValue): readonly string[] {
    const operation = objectAt(this.#document('api'), 'paths', path, method.toLowerCase());
    const responses = objectAt(operation, 'responses');
    const response = objectAt(responses, Object.hasOwn(responses, String(status)) ? String(status) : 'default');
    const [media] = Object.values(objectAt(response, 'content'));
    return this.#check('api', `${method} ${path} ${status}`, objectOf(objectOf(media)['schema']), body);
  }

  /** What is wrong with a value of a named schema, e.g. `ApiProblem` of `api`. */
  value(
    document: 'api' | 'catalog' | 'config' | 'manifest' | 'webhook',
    name: string,
    value: JsonValue,
  ): readonly string[] {
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

/** Draft 4's `exclusiveMaximum: true` beside `maximum` is a number of its own since draft 6. */
function asDraft7(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => asDraft7(item));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, JsonValue][] => {
    if (child === undefined || key === 'example') return [];
    if (key === 'maximum' && value['exclusiveMaximum'] === true) return [['exclusiveMaximum', child]];
    if (key === 'exclusiveMaximum' && typeof child === 'boolean') return [];
    // Its alternatives overlap: a fixed field with a mapped name is a mapping, too.
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
