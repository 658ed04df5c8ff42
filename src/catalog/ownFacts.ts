// The facts that published catalogs have no place for, as a schema: an operator's file may correct them under the key
// `tenon` of an entry (a plan with a higher quota, a provider that began to rotate tokens), and tests point token
// exchanges at a simulator. As strict as the published form: an unknown key is a misspelling.

import { z } from 'zod';
import { expression } from './providerInfo.ts';
import { PROVIDER_CATEGORIES, RATE_HEADER_FAMILIES } from './schema.ts';
import type { OwnFacts } from './wire.ts';

/** Where an override has them. */
export const OWN_FACTS_KEY = 'tenon';

const ms = z.int().positive();
const quotaScope = z.enum(['providerApp', 'externalAccount', 'appInAccount', 'user', 'sourceAddress']);
const share = z.number().min(0).max(1);
const quota = z.strictObject({
  name: z.string().min(1),
  scope: quotaScope,
  limit: z.int().positive(),
  windowMs: ms,
  caps: z.strictObject({ background: share, write: share }).exactOptional(),
  isSpread: z.boolean().exactOptional(),
  lagMs: ms.exactOptional(),
  isSoft: z.boolean().exactOptional(),
  isOptional: z.boolean().exactOptional(),
  pause: z.strictObject({ firstMs: ms, longestMs: ms }).exactOptional(),
  only: z
    .strictObject({
      method: z
        .string()
        .regex(/^[A-Z]+$/)
        .exactOptional(),
      paths: z.array(z.string().startsWith('/')).min(1).readonly(),
      isApart: z.boolean().exactOptional(),
      isEach: z.boolean().exactOptional(),
    })
    .exactOptional(),
});
const concurrencyLimit = z.strictObject({
  name: z.string().min(1),
  scope: quotaScope,
  limit: z.int().positive(),
  startsAt: z.int().positive().exactOptional(),
});
const quotaProbe = z.strictObject({
  path: z.string().startsWith('/'),
  everyMs: ms,
  quotas: z
    .array(z.strictObject({ name: z.string().min(1), limitPath: z.string(), remainingPath: z.string() }))
    .readonly(),
});

const rateHeaders = z.strictObject({
  family: z.enum(RATE_HEADER_FAMILIES),
  quotas: z.record(z.string(), z.union([z.string().min(1), z.array(z.string().min(1)).readonly()])).exactOptional(),
});

const hiddenError = z.strictObject({
  path: z.string().min(1),
  equals: z.union([z.string(), z.number(), z.boolean()]).exactOptional(),
  codePath: z.string().exactOptional(),
  messagePath: z.string().exactOptional(),
});

const tokens = z.strictObject({
  clientAuthentication: z.enum(['requestBody', 'basicHeader']),
  scopeSeparator: z.literal(',').exactOptional(),
  bodyFormat: z.literal('json').exactOptional(),
  rotation: z.enum(['stable', 'singleUseGrace', 'singleUseRevoking', 'unknown']),
  graceMs: ms.exactOptional(),
  idleLifetimeMs: ms.exactOptional(),
  lifetimeMs: z.union([ms, z.literal('permanent')]).exactOptional(),
  endpointQuota: quota.exactOptional(),
  refreshUrl: z.string().exactOptional(),
  revocationUrl: z.string().exactOptional(),
  codeParams: z.record(z.string(), z.string()).exactOptional(),
  hiddenErrors: z.array(hiddenError).readonly().exactOptional(),
  grantsPerAccountMax: z.int().positive().exactOptional(),
});

const accountLookup = z.strictObject({
  method: z.enum(['GET', 'POST']),
  url: z.string().min(1),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.record(z.string(), z.json()).exactOptional(),
  pick: z
    .strictObject({ listPath: z.string(), path: z.string().exactOptional(), equals: z.string().exactOptional() })
    .exactOptional(),
  values: z
    .array(z.strictObject({ name: z.string().min(1), path: z.string(), capture: z.string().exactOptional() }))
    .readonly(),
  workspaceRefPath: z.string().exactOptional(),
});

const assertionExchange = z.strictObject({
  kind: z.literal('assertion'),
  use: z.enum(['grant', 'client']),
  tokenUrl: z.string().min(1),
  algorithm: z.enum(['RS256', 'PS256']),
  key: z.discriminatedUnion('form', [
    z.strictObject({ form: z.literal('pem'), input: z.string(), keyIdInput: z.string().exactOptional() }),
    z.strictObject({ form: z.literal('serviceAccount'), input: z.string() }),
  ]),
  issuer: z.string().min(1),
  subject: z.string().exactOptional(),
  audience: z.string().min(1),
  audienceWhere: z.strictObject({ variable: z.string(), matches: z.string(), audience: z.string() }).exactOptional(),
  scopeClaim: z.enum(['text', 'list']).exactOptional(),
  scopes: z.array(z.string()).readonly(),
  assertionLifetimeMs: ms,
  tokens,
});

const consentExchange = z.strictObject({
  kind: z.literal('consent'),
  consentUrl: z.string().min(1),
  tokenUrl: z.string().min(1),
  tenantParam: z.string().min(1),
  scopes: z.array(z.string()).readonly(),
  tokens,
});

const loginExchange = z.strictObject({
  kind: z.literal('login'),
  url: z.string().min(1),
  method: z.enum(['GET', 'POST']),
  basic: z.string(),
  keyPath: z.string().min(1),
  keyVariable: z.string().min(1),
  value: z.strictObject({ name: z.string().min(1), base64Of: z.string() }),
});

const callbackField = z.strictObject({
  param: z.string().min(1),
  name: z.string().min(1),
  oneOf: z.record(z.string(), z.string()).exactOptional(),
  matches: expression.exactOptional(),
  whenAbsent: z.string().exactOptional(),
  isWorkspaceRef: z.boolean().exactOptional(),
});

/** `OwnFacts` of a file. */
export const ownFactsSchema: z.ZodType<OwnFacts> = z.strictObject({
  category: z.enum(PROVIDER_CATEGORIES),
  sources: z.array(z.string()).readonly(),
  variantOf: z.string().exactOptional(),
  isHostOfAccount: z.boolean().exactOptional(),
  inputPatterns: z.record(z.string(), expression).exactOptional(),
  accountLookup: accountLookup.exactOptional(),
  quotas: z.array(quota).readonly(),
  concurrency: z.array(concurrencyLimit).readonly(),
  rateHeaders: rateHeaders.exactOptional(),
  quotaProbe: quotaProbe.exactOptional(),
  hiddenErrors: z.array(hiddenError).readonly(),
  callbackFields: z.array(callbackField).readonly().exactOptional(),
  commonLogin: z.strictObject({ authUrl: z.string().min(1), tokenUrl: z.string().min(1) }).exactOptional(),
  tokens: tokens.exactOptional(),
  exchange: z.discriminatedUnion('kind', [assertionExchange, consentExchange, loginExchange]).exactOptional(),
});
