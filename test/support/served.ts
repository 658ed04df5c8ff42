// The API description that we serve as a judge of answers. Its objects are open, so that clients take members that they
// do not know; here they are closed, so that none is answered that is not described.

import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { openApi } from '../../src/edge/openapi.ts';
import type { GivenAnswer } from './published.ts';

interface ServedOperation {
  readonly id: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly responses: JsonObject;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export class ServedSchemas {
  readonly #ajv = new Ajv({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #document = closed(openApi('http://tenon.example.com')) as JsonObject;
  readonly #operations = operationsOf(this.#document);

  constructor() {
    // ajv-formats is CommonJS: its function is under `default`.
    addFormats.default(this.#ajv);
  }

  /** What is wrong with an answer; empty if it is as served, or nothing is said of the path. */
  judge(method: string, pathname: string, { status, media, text }: GivenAnswer): readonly string[] {
    const operation = this.#operations.find((one) => one.method === method && one.pattern.test(pathname));
    if (operation === undefined) return [];
    const what = `${operation.id} ${status}, as we describe it`;
    const isDescribed = Object.hasOwn(operation.responses, String(status));
    if (!isDescribed && status < 400) return [`${what}: is not a status of it`];
    const { content } = operation.responses[isDescribed ? String(status) : 'default'] as { content?: JsonObject };
    if (content === undefined) return text === '' ? [] : [`${what}: has a body`];
    const described = content[media] as { schema: JsonObject } | undefined;
    if (described === undefined) return [`${what}: is ${media} and not ${Object.keys(content).join(' or ')}`];
    if (!media.includes('json')) return [];
    if (Object.keys(described.schema).length === 0) return [`${what}: is not described in src/edge/answers/answers.ts`];
    const validate = this.#validatorOf(what, described.schema);
    validate(JSON.parse(text));
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${what}: ${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  #validatorOf(what: string, schema: JsonObject): ValidateFunction {
    let validate = this.#validators.get(what);
    if (validate === undefined) {
      validate = this.#ajv.compile({ allOf: [schema], components: this.#document['components'] });
      this.#validators.set(what, validate);
    }
    return validate;
  }
}

/** Paths with a verb first: the others would take it for a part of their last segment. */
function operationsOf({ paths }: JsonObject): readonly ServedOperation[] {
  return Object.entries(paths as Record<string, JsonObject>)
    .sort(([one], [other]) => Number(other.includes('}:')) - Number(one.includes('}:')))
    .flatMap(([path, methods]) =>
      METHODS.flatMap((method): ServedOperation[] => {
        const operation = methods[method] as { operationId: string; responses: JsonObject } | undefined;
        if (operation === undefined) return [];
        const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
        return [{ id: operation.operationId, method: method.toUpperCase(), pattern, responses: operation.responses }];
      }),
    );
}

function closed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(closed);
  if (!isJsonObject(value)) return value;
  const members = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, closed(child ?? null)]));
  const isShape = value['type'] === 'object' && isJsonObject(value['properties']);
  return isShape && value['additionalProperties'] === undefined ? { ...members, additionalProperties: false } : members;
}
