// The description of the API that this server serves, OpenAPI 3.1, at `/openapi.json`: made from the table of
// operations, the schemas that their input is checked with, and those of their answers (`answers/`).

import { z } from 'zod';
import { type JsonObject, jsonAt } from '../core/json.ts';
import { ANSWERS } from './answers/answers.ts';
import { describedAnswers } from './answers/schema.ts';
import type { Access, Operation } from './platform/operation.ts';
import { OPERATIONS } from './platform/operations.ts';
import { OWN_OPERATIONS } from './platform/own.ts';
import { shapeOf } from './platform/router.ts';

const SECURITY: Readonly<Record<Access, readonly JsonObject[]>> = {
  open: [],
  frontend: [{ ApiKey: [] }, { CustomerToken: [] }, { Builder: [] }],
  project: [{ ApiKey: [] }, { Builder: [] }],
  org: [{ Builder: [] }],
};

const SECURITY_SCHEMES = {
  ApiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
  CustomerToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  Builder: { type: 'http', scheme: 'bearer' },
};

const PLAIN = 'application/json';
const PROBLEM_MEDIA = 'application/problem+json';

const PROBLEM: JsonObject = {
  type: 'object',
  required: ['status', 'detail', 'code', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    retryAfter: { type: 'string', format: 'date-time' },
    remedy: { type: 'string' },
    instance: { type: 'string', format: 'uri' },
    subsystem: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    requestId: { type: 'string' },
    causes: { type: 'array', items: { type: 'string' } },
    validationIssues: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'detail', 'remedy'],
        properties: { field: { type: 'string' }, detail: { type: 'string' }, remedy: { type: 'string' } },
      },
    },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        required: ['in', 'name', 'detail'],
        properties: {
          in: { enum: ['body', 'header', 'path', 'query'] },
          name: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
};

/** The JSON Schema of what an operation takes; what is checked by code besides is not in it. */
export function inputSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as JsonObject;
}

const ANSWERED = describedAnswers(ANSWERS);
const A_PROBLEM: JsonObject = { $ref: '#/components/schemas/Problem' };
const TEXT: JsonObject = { 'text/plain': { schema: { type: 'string' } } };

/** The whole description. `serverUrl` is the origin that clients see. */
export function openApi(serverUrl: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  const tables = [
    ['/v1', OPERATIONS],
    ['/tenon/v1', OWN_OPERATIONS],
  ] as const;
  for (const [prefix, operations] of tables) {
    for (const operation of withSharedPaths(operations)) {
      const path = `${prefix}${operation.path}`;
      const method = operation.method.toLowerCase();
      const before = paths[path]?.[method];
      const description = described(operation);
      paths[path] = { ...paths[path], [method]: before === undefined ? description : either(before, description) };
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tenon', version: '1' },
    servers: [{ url: serverUrl }],
    paths,
    components: { securitySchemes: SECURITY_SCHEMES, schemas: { Problem: PROBLEM, ...ANSWERED.components } },
  };
}

/** Two paths that differ in the names of their parameters only are one path of the description: that of the first. */
function withSharedPaths(operations: readonly Operation[]): readonly Operation[] {
  const firstPaths = new Map<string, string>();
  return operations.map((operation) => {
    const shape = shapeOf(operation.path);
    const path = firstPaths.get(shape) ?? operation.path;
    firstPaths.set(shape, path);
    return { ...operation, path };
  });
}

/** Two operations of one address, which their bodies tell apart, are one of the description. */
function either(one: JsonObject, other: JsonObject): JsonObject {
  const bodies = [one, other].map((each) => jsonAt(each, `requestBody.content.${PLAIN}.schema`) ?? {});
  const responses = { ...(one['responses'] as JsonObject) };
  for (const [status, response] of Object.entries(other['responses'] as JsonObject)) {
    const both = [responses[status], response].map((each) => (each as JsonObject | undefined) ?? {});
    responses[status] = Object.assign({}, ...both, {
      content: Object.assign({}, ...both.map(({ content }) => content ?? {})),
    }) as JsonObject;
  }
  return {
    ...one,
    summary: `${String(one['summary'])}; or ${String(other['summary'])}`,
    requestBody: { required: true, content: { [PLAIN]: { schema: { anyOf: bodies } } } },
    responses,
  };
}

function described(operation: Operation): JsonObject {
  const { id, summary, access, status, body, isBodyOptional } = operation;
  return {
    operationId: id,
    summary,
    security: SECURITY[access],
    parameters: [...pathParameters(operation), ...queryParameters(operation)],
    ...(body === null
      ? {}
      : { requestBody: { required: !isBodyOptional, content: { 'application/json': { schema: inputSchema(body) } } } }),
    responses: { [String(status)]: answerOf(operation), ...refusalsOf(operation) },
  };
}

function pathParameters({ path }: Operation): readonly JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Operation): readonly JsonObject[] {
  if (query === null) return [];
  const { properties = {}, required = [] } = inputSchema(query) as {
    properties?: JsonObject;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: schema as JsonObject,
  }));
}

function answerOf({ id, status, media }: Operation): JsonObject {
  const description = 'success';
  if (status === 204 || media === 'none') return { description };
  if (media === 'text') return { description, content: TEXT };
  return { description, content: { [PLAIN]: { schema: ANSWERED.schemas.get(id) ?? {} } } };
}

function refusalsOf({ id, problems }: Operation): Record<string, JsonObject> {
  if (problems === 'textFaults') {
    // Of what was asked of a provider that refused it, the answer has the form of a success.
    const unsuccessful = {
      [PLAIN]: { schema: ANSWERED.schemas.get(id) ?? {} },
      [PROBLEM_MEDIA]: { schema: A_PROBLEM },
    };
    return {
      '400': { description: 'refusal', content: TEXT },
      '422': { description: 'refusal', content: unsuccessful },
      default: refusal(PROBLEM_MEDIA),
    };
  }
  if (problems !== 'jsonFaults') return { default: refusal(problems === 'json' ? PLAIN : PROBLEM_MEDIA) };
  return { '400': refusal(PLAIN), '500': refusal(PLAIN), default: refusal(PROBLEM_MEDIA) };
}

function refusal(media: string): JsonObject {
  return { description: 'refusal', content: { [media]: { schema: A_PROBLEM } } };
}
