// Maps a declaration to the published form of a catalog entry and back. The API answers the first; overrides
// (and entries of the published catalog) come in through the second. Invariant: reading back what was written
// gives the same declaration, and writing what was read gives the same entry.

import { IntegrationError } from '../core/errors.ts';
import type { OAuth2Opts, ProviderInfo, PublishedModule } from './providerInfo.ts';
import {
  type ApiKeyAuth,
  type AuthDeclaration,
  type BasicAuth,
  type CallbackField,
  type CommonLogin,
  type CustomAuth,
  isAuthorizationCode,
  type ModuleDeclaration,
  type OAuth2Auth,
  type ProviderDeclaration,
  type TokenExchange,
  type TokenFacts,
} from './schema.ts';

/** The facts that the published form has no place for. */
export type OwnFacts = Pick<
  ProviderDeclaration,
  | 'category'
  | 'sources'
  | 'variantOf'
  | 'isHostOfAccount'
  | 'inputPatterns'
  | 'accountLookup'
  | 'quotas'
  | 'concurrency'
  | 'rateHeaders'
  | 'quotaProbe'
  | 'hiddenErrors'
> & {
  /** Used where the entry authenticates with OAuth 2. */
  readonly tokens?: TokenFacts;
  /** Used where it has a consent page. */
  readonly callbackFields?: readonly CallbackField[];
  /** Used where it has a consent page. */
  readonly commonLogin?: CommonLogin;
  /** Used where the entry has a scheme of its own. */
  readonly exchange?: TokenExchange;
};

/** For entries that only others know: nothing that could break a grant is taken for granted. */
const UNKNOWN_TOKENS: TokenFacts = { clientAuthentication: 'requestBody', rotation: 'unknown' };

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Drops keys whose value is undefined: an absent fact is an absent key on both sides. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

function listed<T>(items: readonly T[]): T[] | undefined {
  return items.length === 0 ? undefined : [...items];
}

function grouped<T extends object>(fields: T): Present<T> | undefined {
  const group = present(fields);
  return Object.keys(group).length === 0 ? undefined : group;
}

/** The published form of a declaration, as `GET /providers/{provider}` answers it. */
export function toProviderInfo(declaration: ProviderDeclaration): ProviderInfo {
  const modules = Object.entries(declaration.modules);
  return present({
    name: declaration.name,
    displayName: declaration.displayName,
    authType: declaration.auth.scheme,
    baseURL: declaration.baseUrl,
    defaultModule: declaration.defaultModule,
    ...authOptsOf(declaration.auth),
    support: declaration.support,
    subscribeRequirements: declaration.subscribeRequirements,
    modules:
      modules.length === 0
        ? undefined
        : Object.fromEntries(modules.map(([name, module]) => [name, publishedModule(module)])),
    metadata: grouped({
      input: listed(declaration.inputs),
      postAuthentication: listed(declaration.postAuthentication),
    }),
    providerAppMetadata: grouped({
      authQueryParams: listed(declaration.providerApp.authQueryParams),
      providerParams: listed(declaration.providerApp.params),
    }),
    authHealthCheck: declaration.authHealthCheck,
    postAuthInfoNeeded: declaration.isPostAuthenticationRequired ? true : undefined,
    labels: declaration.labels,
    media: declaration.media,
    providerOpts: {},
  });
}

function publishedModule({ baseUrl, ...rest }: ModuleDeclaration): PublishedModule {
  return { ...rest, baseURL: baseUrl };
}

function authOptsOf(auth: AuthDeclaration): Partial<ProviderInfo> {
  switch (auth.scheme) {
    case 'oauth2':
      return { oauth2Opts: oauth2OptsOf(auth) };
    case 'apiKey': {
      const { in: attachmentType, ...attachment } = auth.attachment;
      return { apiKeyOpts: present({ attachmentType, [attachmentType]: attachment, docsURL: auth.docsUrl }) };
    }
    case 'basic': {
      const basicOpts = grouped({
        apiKeyAsBasic: auth.apiKeyAsBasic === undefined ? undefined : true,
        apiKeyAsBasicOpts: auth.apiKeyAsBasic,
        docsURL: auth.docsUrl,
      });
      return present({ basicOpts });
    }
    case 'custom':
      return {
        customOpts: present({
          headers: listed(auth.headers),
          queryParams: listed(auth.queryParams),
          inputs: listed(auth.inputs),
          providerInputs: listed(auth.providerInputs),
          multiStep: auth.isMultiStep ? true : undefined,
        }),
      };
    case 'jwt':
    case 'none':
      return {};
  }
}

function oauth2OptsOf(auth: OAuth2Auth): OAuth2Opts {
  const browser = isAuthorizationCode(auth) ? auth : undefined;
  return present({
    grantType: auth.grantType,
    authURL: browser?.authUrl,
    authURLParams: browser?.authUrlParams,
    tokenURL: auth.tokenUrl,
    explicitScopesRequired: auth.areScopesRequired,
    explicitWorkspaceRequired: auth.isWorkspaceRequired,
    tokenMetadataFields: auth.tokenMetadata,
    audience: auth.audience === undefined ? undefined : [...auth.audience],
    scopeMappings: auth.scopeMappings,
    accessTokenOpts:
      auth.accessTokenHeader === undefined
        ? undefined
        : { attachmentType: 'accessTokenHeaderAttachment' as const, header: auth.accessTokenHeader },
    keepAliveIntervalHours: auth.keepAliveIntervalHours,
    docsURL: auth.docsUrl,
  });
}

/** The own facts of a declaration, as `fromProviderInfo` takes them. */
export function ownFactsOf(declaration: ProviderDeclaration): OwnFacts {
  const { category, sources, variantOf, isHostOfAccount, inputPatterns, accountLookup, quotas } = declaration;
  const { concurrency, rateHeaders, quotaProbe, hiddenErrors, auth } = declaration;
  return present({
    category,
    sources,
    variantOf,
    isHostOfAccount,
    inputPatterns,
    accountLookup,
    quotas,
    concurrency,
    rateHeaders,
    quotaProbe,
    hiddenErrors,
    tokens: auth.scheme === 'oauth2' ? auth.tokens : undefined,
    callbackFields: isAuthorizationCode(auth) ? auth.callbackFields : undefined,
    commonLogin: isAuthorizationCode(auth) ? auth.commonLogin : undefined,
    exchange: auth.scheme === 'custom' ? auth.exchange : undefined,
  });
}

/**
 * The declaration of a published entry together with the facts of ours. Rejects with `invalid_input` an entry
 * whose options do not fit its `authType`.
 */
export function fromProviderInfo(info: ProviderInfo, own: OwnFacts): ProviderDeclaration {
  const modules = Object.entries(info.modules ?? {});
  return present({
    name: info.name,
    displayName: info.displayName ?? info.name,
    category: own.category,
    sources: own.sources,
    variantOf: own.variantOf,
    isHostOfAccount: own.isHostOfAccount,
    baseUrl: info.baseURL,
    auth: authOf(info, own),
    defaultModule: info.defaultModule,
    modules: Object.fromEntries(modules.map(([name, { baseURL, ...rest }]) => [name, { ...rest, baseUrl: baseURL }])),
    support: info.support,
    subscribeRequirements: info.subscribeRequirements,
    inputs: info.metadata?.input ?? [],
    postAuthentication: info.metadata?.postAuthentication ?? [],
    isPostAuthenticationRequired: info.postAuthInfoNeeded ?? false,
    inputPatterns: own.inputPatterns,
    accountLookup: own.accountLookup,
    authHealthCheck: info.authHealthCheck,
    providerApp: {
      authQueryParams: info.providerAppMetadata?.authQueryParams ?? [],
      params: info.providerAppMetadata?.providerParams ?? [],
    },
    labels: info.labels,
    media: info.media,
    quotas: own.quotas,
    concurrency: own.concurrency,
    rateHeaders: own.rateHeaders,
    quotaProbe: own.quotaProbe,
    hiddenErrors: own.hiddenErrors,
  });
}

function authOf(info: ProviderInfo, own: OwnFacts): AuthDeclaration {
  switch (info.authType) {
    case 'oauth2':
      return oauth2Of(info, own);
    case 'apiKey':
      return apiKeyOf(info);
    case 'basic':
      return basicOf(info);
    case 'custom':
      return customOf(info, own.exchange);
    case 'jwt':
    case 'none':
      return { scheme: info.authType };
  }
}

function oauth2Of(info: ProviderInfo, { tokens = UNKNOWN_TOKENS, ...own }: OwnFacts): OAuth2Auth {
  const opts = info.oauth2Opts;
  if (opts === undefined) throw misfit(info, 'oauth2Opts');
  const facts = present({
    scheme: 'oauth2' as const,
    tokenUrl: opts.tokenURL,
    areScopesRequired: opts.explicitScopesRequired,
    scopeMappings: opts.scopeMappings,
    isWorkspaceRequired: opts.explicitWorkspaceRequired,
    audience: opts.audience,
    tokenMetadata: opts.tokenMetadataFields,
    accessTokenHeader: opts.accessTokenOpts?.header,
    keepAliveIntervalHours: opts.keepAliveIntervalHours,
    docsUrl: opts.docsURL,
    tokens,
  });
  const { grantType } = opts;
  if (grantType === 'clientCredentials' || grantType === 'password') return { ...facts, grantType };
  if (opts.authURL === undefined) throw misfit(info, 'oauth2Opts.authURL');
  const browser = present({
    authUrlParams: opts.authURLParams,
    callbackFields: own.callbackFields,
    commonLogin: own.commonLogin,
  });
  return { ...facts, grantType, authUrl: opts.authURL, ...browser };
}

function apiKeyOf(info: ProviderInfo): ApiKeyAuth {
  const opts = info.apiKeyOpts;
  if (opts === undefined) throw misfit(info, 'apiKeyOpts');
  const docs = present({ docsUrl: opts.docsURL });
  if (opts.attachmentType === 'query') {
    if (opts.query === undefined) throw misfit(info, 'apiKeyOpts.query');
    return { scheme: 'apiKey', attachment: { in: 'query', name: opts.query.name }, ...docs };
  }
  if (opts.header === undefined) throw misfit(info, 'apiKeyOpts.header');
  return { scheme: 'apiKey', attachment: { in: 'header', ...opts.header }, ...docs };
}

function basicOf(info: ProviderInfo): BasicAuth {
  const opts = info.basicOpts;
  return present({
    scheme: 'basic' as const,
    apiKeyAsBasic: opts?.apiKeyAsBasic ? (opts.apiKeyAsBasicOpts ?? {}) : undefined,
    docsUrl: opts?.docsURL,
  });
}

function customOf(info: ProviderInfo, exchange: TokenExchange | undefined): CustomAuth {
  const opts = info.customOpts;
  return present({
    scheme: 'custom' as const,
    inputs: opts?.inputs ?? [],
    providerInputs: opts?.providerInputs ?? [],
    headers: opts?.headers ?? [],
    queryParams: opts?.queryParams ?? [],
    isMultiStep: opts?.multiStep ?? false,
    exchange,
  });
}

function misfit(info: ProviderInfo, field: string): IntegrationError {
  return new IntegrationError(
    'invalid_input',
    `catalog entry "${info.name}": ${field} is required with authType ${info.authType}`,
  );
}
