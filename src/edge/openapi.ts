// The description of the API that this server serves, OpenAPI 3.1, at `/openapi.json`: made from the table of
// operations and the schemas that their input is checked with. What answers look like beyond their status and media
// type is in the published description, which they follow.

import { z } from 'zod';
import type { JsonObject } from '../core/json.ts';
import type { Access, Operation } from './platform/operation.ts';
import { OPERATIONS } from './platform/operations.ts';
import { OWN_OPERATIONS } from './platform/own.ts';

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
    remedy: { type: 'string' },
    requestId: { type: 'string' },
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

/** The whole description. `serverUrl` is the origin that clients see. */
export function openApi(serverUrl: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  const tables = [
    ['/v1', OPERATIONS],
    ['/tenon/v1', OWN_OPERATIONS],
  ] as const;
  for (const [prefix, operations] of tables) {
    for (const operation of operations) {
      const path = `${prefix}${operation.path}`;
      paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(operation) };
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tenon', version: '1' },
    servers: [{ url: serverUrl }],
    paths,
    components: { securitySchemes: SECURITY_SCHEMES, schemas: { Problem: PROBLEM } },
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

function answerOf({ status, media }: Operation): JsonObject {
  const description = 'success';
  if (status === 204 || media === 'none') return { description };
  return { description, content: { [media === 'text' ? 'text/plain' : 'application/json']: {} } };
}

function refusalsOf({ problems }: Operation): Record<string, JsonObject> {
  if (problems !== 'jsonFaults') return { default: refusal(problems === 'json' ? PLAIN : PROBLEM_MEDIA) };
  return { '400': refusal(PLAIN), '500': refusal(PLAIN), default: refusal(PROBLEM_MEDIA) };
}

function refusal(media: string): JsonObject {
  return { description: 'refusal', content: { [media]: { schema: { $ref: '#/components/schemas/Problem' } } } };
}
