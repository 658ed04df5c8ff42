// What callers are known by: the API keys of a project, and the public keys that its customers' tokens are checked
// with.

import { z } from 'zod';
import { JWT_KEY_CHARS_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import {
  API_KEY_MASKS,
  apiKeyName,
  createApiKey,
  editApiKey,
  findApiKey,
  isKeptToProject,
  PROJECT_SCOPES,
  removeApiKey,
} from '../../flows/apiKeys.ts';
import { createJwtKey, editJwtKey, findJwtKey, removeJwtKey } from '../../flows/jwtKeys.ts';
import type { ApiKeyRow } from '../../store/tables/accounts.ts';
import { type JwtKeyRow, readApiKeys, readJwtKeys } from '../../store/tables/keys.ts';
import { flag, ref } from './input.ts';
import { type Call, type Operation, operation } from './operation.ts';

const API_KEYS = '/projects/{projectIdOrName}/api-keys';
const JWT_KEYS = '/projects/{projectIdOrName}/jwt-keys';

const scopes = z
  .array(z.enum(PROJECT_SCOPES, { error: `must be one of ${PROJECT_SCOPES.join(', ')}` }))
  .max(PROJECT_SCOPES.length)
  .transform((list) => (list.length === 0 ? (['full'] as const) : list));

/** Rejects with `not_found`. */
function keyOf({
  services,
  project,
  principal,
  params,
}: Pick<Call<'projectIdOrName' | 'apiKey', never, never>, 'services' | 'project' | 'principal' | 'params'>): ApiKeyRow {
  return findApiKey(services, project.projectId, params.apiKey, principal.kind === 'builder');
}

/** The key itself only when it was made: it is not stored. */
function apiKeyJson(row: ApiKeyRow, key = apiKeyName(row)) {
  const { projectId, label, isActive } = row;
  return { key, projectId, label, scopes: JSON.parse(row.scopes) as string[], active: isActive === 1 };
}

function jwtKeyJson(row: JwtKeyRow) {
  const { projectId, label, publicKeyPem } = row;
  return {
    id: row.jwtKeyId,
    projectId,
    label,
    algorithm: 'RSA',
    publicKeyPem,
    active: row.isActive === 1,
    createTime: toRfc3339(row.createdAtMs),
    updateTime: toRfc3339(row.updatedAtMs),
  };
}

/** The published schema says `label` and `RS256`, its example `name` and `RSA`. */
const jwtKeyBody = z
  .object({
    label: ref.optional(),
    name: ref.optional(),
    algorithm: z.enum(['RS256', 'RSA'], { error: 'must be RS256' }),
    publicKeyPem: z.string().min(1).max(JWT_KEY_CHARS_MAX),
  })
  .transform(({ label, name, publicKeyPem }) => ({ label: label ?? name ?? '', publicKeyPem }))
  .refine(({ label }) => label !== '', { path: ['label'], error: 'is required' });

const jwtKeyPatch = z.object({
  updateMask: z
    .array(z.enum(['active', 'label', 'name']).transform((mask) => (mask === 'name' ? 'label' : mask)))
    .min(1),
  jwtKey: z
    .object({ active: z.boolean().optional(), label: ref.optional(), name: ref.optional() })
    .transform(({ active, label, name }) => ({ active, label: label ?? name })),
});

const active = z.object({ active: flag });

export const KEY_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listApiKeys',
    method: 'GET',
    path: API_KEYS,
    access: 'project',
    summary: 'API keys, by the names of their hashes',
    status: 200,
    query: active,
    handle: ({ services, project, principal, query }) =>
      readApiKeys(services.store.reads, project.projectId)
        .filter(({ isActive }) => !query.active || isActive === 1)
        .filter((row) => principal.kind === 'builder' || isKeptToProject(row))
        .map((row) => apiKeyJson(row)),
  }),
  operation({
    id: 'createApiKey',
    method: 'POST',
    path: API_KEYS,
    access: 'project',
    summary: 'make an API key; only this answer has it',
    status: 201,
    body: z.object({ label: ref, scopes: scopes.optional() }),
    async handle({ services, project, body }) {
      const { label, scopes: asked = ['full'] } = body;
      const { apiKey, row } = await createApiKey(services, project.projectId, { label, scopes: asked });
      return apiKeyJson(row, apiKey);
    },
  }),
  operation({
    id: 'getApiKey',
    method: 'GET',
    path: `${API_KEYS}/{apiKey}`,
    access: 'project',
    summary: 'one API key, by its name or itself',
    status: 200,
    handle: (call) => apiKeyJson(keyOf(call)),
  }),
  operation({
    id: 'updateApiKey',
    method: 'PATCH',
    path: `${API_KEYS}/{apiKey}`,
    access: 'project',
    summary: 'change what the mask names',
    status: 200,
    body: z.object({
      updateMask: z.array(z.enum(API_KEY_MASKS)),
      apiKey: z.object({ active: z.boolean().optional(), label: ref.optional(), scopes: scopes.optional() }),
    }),
    async handle(call) {
      const { services, keys, body } = call;
      const row = keyOf(call);
      const edited = await editApiKey(services, row, body.updateMask, body.apiKey);
      keys.forgetAll();
      return apiKeyJson(edited);
    },
  }),
  operation({
    id: 'deleteApiKey',
    method: 'DELETE',
    path: `${API_KEYS}/{apiKey}`,
    access: 'project',
    summary: 'delete one, by its name or itself',
    status: 204,
    async handle(call) {
      const { services, keys } = call;
      const row = keyOf(call);
      await removeApiKey(services, row);
      keys.forgetAll();
    },
  }),
  operation({
    id: 'listJWTKeys',
    method: 'GET',
    path: JWT_KEYS,
    access: 'project',
    summary: 'public keys of customers’ tokens',
    status: 200,
    problems: 'json',
    query: active,
    handle: ({ services, project, query }) =>
      readJwtKeys(services.store.reads, project.projectId)
        .filter(({ isActive }) => !query.active || isActive === 1)
        .map(jwtKeyJson),
  }),
  operation({
    id: 'createJWTKey',
    method: 'POST',
    path: JWT_KEYS,
    access: 'project',
    summary: 'register a public key; its id is the `kid` of tokens',
    status: 201,
    problems: 'json',
    body: jwtKeyBody,
    handle: async ({ services, project, body }) => ({
      kid: (await createJwtKey(services, project.projectId, body)).jwtKeyId,
    }),
  }),
  operation({
    id: 'getJWTKey',
    method: 'GET',
    path: `${JWT_KEYS}/{keyId}`,
    access: 'project',
    summary: 'one public key',
    status: 200,
    problems: 'json',
    handle: ({ services, project, params }) => jwtKeyJson(findJwtKey(services, project.projectId, params.keyId)),
  }),
  operation({
    id: 'updateJWTKey',
    method: 'PATCH',
    path: `${JWT_KEYS}/{keyId}`,
    access: 'project',
    summary: 'change what the mask names',
    status: 200,
    problems: 'json',
    body: jwtKeyPatch,
    async handle({ services, project, params, body }) {
      const row = findJwtKey(services, project.projectId, params.keyId);
      return jwtKeyJson(await editJwtKey(services, row, body.updateMask, body.jwtKey));
    },
  }),
  operation({
    id: 'deleteJWTKey',
    method: 'DELETE',
    path: `${JWT_KEYS}/{keyId}`,
    access: 'project',
    summary: 'delete one; its tokens end with it',
    status: 204,
    problems: 'json',
    handle: ({ services, project, params }) =>
      removeJwtKey(services, findJwtKey(services, project.projectId, params.keyId)),
  }),
];
