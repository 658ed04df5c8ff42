// The published form of a catalog entry (ProviderInfo) as schemas. `wire.ts` maps it from and to our
// declarations, and overrides are checked against it. It is strict: an unknown key in somebody's file is a
// misspelling and must be named, never ignored.

import { z } from 'zod';

/** A regular expression of a file. */
export const expression = z.string().refine(isExpression, 'must be a regular expression');

const inputField = z.strictObject({
  name: z.string().min(1),
  displayName: z.string().exactOptional(),
  prompt: z.string().exactOptional(),
  defaultValue: z.string().exactOptional(),
  docsURL: z.string().exactOptional(),
  moduleDependencies: z.record(z.string(), z.strictObject({})).exactOptional(),
});

const postAuthenticationFact = z.strictObject({
  name: z.string().min(1),
  moduleDependencies: z.record(z.string(), z.strictObject({})).exactOptional(),
});

const batchWrite = z.strictObject({
  supported: z.boolean(),
  defaultRecordLimit: z.int().positive().exactOptional(),
  objectRecordLimits: z.record(z.string(), z.int().positive()).exactOptional(),
});

const support = z.strictObject({
  read: z.boolean(),
  write: z.boolean(),
  delete: z.boolean(),
  proxy: z.boolean(),
  subscribe: z.boolean(),
  search: z.strictObject({ operators: z.strictObject({ equals: z.boolean() }) }),
  bulkWrite: z.strictObject({ insert: z.boolean(), update: z.boolean(), upsert: z.boolean(), delete: z.boolean() }),
  batchWrite: z
    .strictObject({ create: batchWrite, update: batchWrite, upsert: batchWrite, delete: batchWrite })
    .exactOptional(),
  subscribeSupport: z
    .strictObject({
      create: z.boolean().exactOptional(),
      update: z.boolean().exactOptional(),
      delete: z.boolean().exactOptional(),
      passThrough: z.boolean().exactOptional(),
    })
    .exactOptional(),
});

const subscribeRequirements = z.strictObject({
  registration: z.boolean().exactOptional(),
  maintenance: z.boolean().exactOptional(),
  postProcess: z.boolean().exactOptional(),
  subscribeByAPI: z.boolean().exactOptional(),
});

const headerAttachment = z.strictObject({ name: z.string().min(1), valuePrefix: z.string().exactOptional() });

const oauth2Opts = z.strictObject({
  grantType: z.enum(['authorizationCode', 'authorizationCodePKCE', 'clientCredentials', 'password']),
  authURL: z.string().exactOptional(),
  tokenURL: z.string().min(1),
  explicitScopesRequired: z.boolean(),
  explicitWorkspaceRequired: z.boolean(),
  tokenMetadataFields: z.strictObject({
    workspaceRefField: z.string().exactOptional(),
    consumerRefField: z.string().exactOptional(),
    scopesField: z.string().exactOptional(),
    otherFields: z
      .array(
        z.strictObject({
          name: z.string(),
          displayName: z.string(),
          path: z.string(),
          capture: expression.exactOptional(),
        }),
      )
      .exactOptional(),
  }),
  audience: z.array(z.string()).exactOptional(),
  scopeMappings: z.record(z.string(), z.string()).exactOptional(),
  authURLParams: z.record(z.string(), z.string()).exactOptional(),
  accessTokenOpts: z
    .strictObject({
      attachmentType: z.literal('accessTokenHeaderAttachment'),
      header: headerAttachment.exactOptional(),
      docsURL: z.string().exactOptional(),
    })
    .exactOptional(),
  keepAliveIntervalHours: z.int().positive().exactOptional(),
  docsURL: z.string().exactOptional(),
});

const apiKeyOpts = z.strictObject({
  attachmentType: z.enum(['header', 'query']),
  header: headerAttachment.exactOptional(),
  query: z.strictObject({ name: z.string().min(1) }).exactOptional(),
  docsURL: z.string().exactOptional(),
});

const basicOpts = z.strictObject({
  apiKeyAsBasic: z.boolean().exactOptional(),
  apiKeyAsBasicOpts: z
    .strictObject({
      fieldUsed: z.enum(['username', 'password']).exactOptional(),
      keyFormat: z.string().includes('%s').exactOptional(),
    })
    .exactOptional(),
  docsURL: z.string().exactOptional(),
});

const secretInput = z.strictObject({
  name: z.string().min(1),
  displayName: z.string(),
  prompt: z.string().exactOptional(),
  docsURL: z.string().exactOptional(),
  fieldType: z.enum(['fieldTypeText', 'fieldTypePassword', 'fieldTypeSelect']).exactOptional(),
  options: z.array(z.strictObject({ value: z.string(), label: z.string() })).exactOptional(),
});

const valueTemplate = z.strictObject({ name: z.string().min(1), valueTemplate: z.string() });

const customOpts = z.strictObject({
  headers: z.array(valueTemplate).exactOptional(),
  queryParams: z.array(valueTemplate).exactOptional(),
  inputs: z.array(secretInput).exactOptional(),
  providerInputs: z.array(secretInput).exactOptional(),
  multiStep: z.boolean().exactOptional(),
});

const module = z.strictObject({
  displayName: z.string(),
  baseURL: z.string(),
  support,
  subscribeRequirements: subscribeRequirements.exactOptional(),
});

const mediaSet = z.strictObject({ iconURL: z.string().exactOptional(), logoURL: z.string().exactOptional() });

/** One entry of the published catalog, as `GET /providers/{provider}` answers it. */
export const providerInfoSchema = z.strictObject({
  name: z.string().min(1),
  displayName: z.string().exactOptional(),
  authType: z.enum(['oauth2', 'apiKey', 'basic', 'jwt', 'custom', 'none']),
  baseURL: z.string(),
  defaultModule: z.string(),
  oauth2Opts: oauth2Opts.exactOptional(),
  apiKeyOpts: apiKeyOpts.exactOptional(),
  basicOpts: basicOpts.exactOptional(),
  customOpts: customOpts.exactOptional(),
  support,
  subscribeRequirements: subscribeRequirements.exactOptional(),
  modules: z.record(z.string(), module).exactOptional(),
  metadata: z
    .strictObject({
      input: z.array(inputField).exactOptional(),
      postAuthentication: z.array(postAuthenticationFact).exactOptional(),
    })
    .exactOptional(),
  providerAppMetadata: z
    .strictObject({
      authQueryParams: z.array(inputField).exactOptional(),
      providerParams: z.array(inputField).exactOptional(),
    })
    .exactOptional(),
  authHealthCheck: z
    .strictObject({
      url: z.string(),
      method: z.string().exactOptional(),
      successStatusCodes: z.array(z.int()).exactOptional(),
    })
    .exactOptional(),
  postAuthInfoNeeded: z.boolean().exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  media: z.strictObject({ regular: mediaSet.exactOptional(), darkMode: mediaSet.exactOptional() }).exactOptional(),
  // Published clients require this key, although the published schema lacks it. It has no content.
  providerOpts: z.record(z.string(), z.string()).exactOptional(),
});

export type ProviderInfo = z.infer<typeof providerInfoSchema>;
export type InputField = z.infer<typeof inputField>;
export type PostAuthenticationFact = z.infer<typeof postAuthenticationFact>;
export type Support = z.infer<typeof support>;
export type SubscribeRequirements = z.infer<typeof subscribeRequirements>;
export type SecretInput = z.infer<typeof secretInput>;
export type ValueTemplate = z.infer<typeof valueTemplate>;
export type HeaderAttachment = z.infer<typeof headerAttachment>;
export type PublishedModule = z.infer<typeof module>;
export type Media = NonNullable<ProviderInfo['media']>;
export type AuthHealthCheck = NonNullable<ProviderInfo['authHealthCheck']>;
export type OAuth2Opts = NonNullable<ProviderInfo['oauth2Opts']>;
export type TokenMetadataFields = OAuth2Opts['tokenMetadataFields'];

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
