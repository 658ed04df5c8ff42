// What we know about one provider: facts only, as data. `providers/*.ts` hold the declarations; auth, limits,
// the proxy and the connectors read them. Leaf objects that are published (inputs, support flags, media) keep
// the names of the published catalog, so that an entry can be compared with it by eye. Invariant: every
// address is a template of `template.ts`, and nothing in here is secret.

import type { JsonObject } from '../core/json.ts';
import type { Ms } from '../core/time.ts';
import type {
  AuthHealthCheck,
  HeaderAttachment,
  InputField,
  Media,
  PostAuthenticationFact,
  SecretInput,
  SubscribeRequirements,
  Support,
  TokenMetadataFields,
  ValueTemplate,
} from './providerInfo.ts';
import type { ConcurrencyLimit, Quota, QuotaProbe } from './quotas.ts';

/** In the order in which documents list them. */
export const PROVIDER_CATEGORIES = [
  'CRM',
  'marketing automation',
  'customer support',
  'sales engagement',
  'finance',
  'commerce',
  'HR',
  'developer tools',
  'communication',
  'productivity',
  'analytics',
  'other',
] as const;

export type ProviderCategory = (typeof PROVIDER_CATEGORIES)[number];

export interface ProviderDeclaration {
  /** Key of the catalog, e.g. `zendeskSupport`. */
  readonly name: string;
  readonly displayName: string;
  readonly category: ProviderCategory;
  /** Vendor pages that these facts come from: signing in first, then limits. */
  readonly sources: readonly string[];
  /** The provider whose API and quirks this one shares: a region, a sandbox, or another way to sign in. */
  readonly variantOf?: string;
  /** Address template without a trailing slash. */
  readonly baseUrl: string;
  /** Each account has a host of its own, and whoever calls that shares its limits, however they signed in. */
  readonly isHostOfAccount?: boolean;
  readonly auth: AuthDeclaration;
  /** Key of `modules`, or empty where the provider has none. */
  readonly defaultModule: string;
  readonly modules: Readonly<Record<string, ModuleDeclaration>>;
  readonly support: Support;
  readonly subscribeRequirements?: SubscribeRequirements;
  /** What the customer is asked for besides the credential, e.g. the workspace. */
  readonly inputs: readonly InputField[];
  /**
   * Input → pattern of the whole value. Customers type inputs; one that is the end of a host which gets the builder's
   * client secret may only name the provider's own domains.
   */
  readonly inputPatterns?: Readonly<Record<string, string>>;
  /** What is fetched from the provider right after connecting. */
  readonly postAuthentication: readonly PostAuthenticationFact[];
  readonly isPostAuthenticationRequired: boolean;
  /** The call that learns them; absent where a connector asks, or nobody knows how. */
  readonly accountLookup?: AccountLookup;
  readonly authHealthCheck?: AuthHealthCheck;
  /** What the builder may set on the provider app. */
  readonly providerApp: ProviderAppInputs;
  readonly labels?: Readonly<Record<string, string>>;
  readonly media?: Media;
  readonly quotas: readonly Quota[];
  readonly concurrency: readonly ConcurrencyLimit[];
  /** Absent where its answers tell of limits in the usual headers or not at all. */
  readonly rateHeaders?: RateHeaders;
  /** Asked before background calls where nothing was told yet. */
  readonly quotaProbe?: QuotaProbe;
  readonly hiddenErrors: readonly HiddenError[];
}

export interface ModuleDeclaration {
  readonly displayName: string;
  readonly baseUrl: string;
  readonly support: Support;
  readonly subscribeRequirements?: SubscribeRequirements;
}

export interface ProviderAppInputs {
  /** Extra query parameters of the authorization address. */
  readonly authQueryParams: readonly InputField[];
  readonly params: readonly InputField[];
}

export type AuthDeclaration = OAuth2Auth | ApiKeyAuth | BasicAuth | JwtAuth | CustomAuth | NoAuth;

export type OAuth2Auth = OAuth2AuthorizationCode | OAuth2Direct;

export interface OAuth2AuthorizationCode extends OAuth2Facts {
  /** PKCE (RFC 7636) is required by the second kind, and harmless but unused with the first. */
  readonly grantType: 'authorizationCode' | 'authorizationCodePKCE';
  readonly authUrl: string;
  readonly authUrlParams?: Readonly<Record<string, string>>;
  /** What the callback brings besides the code. */
  readonly callbackFields?: readonly CallbackField[];
  /** Where customers log in who name no workspace: the token answer says which one it is (`workspaceRefField`). */
  readonly commonLogin?: CommonLogin;
}

export interface CommonLogin {
  readonly authUrl: string;
  readonly tokenUrl: string;
}

/**
 * A parameter of the callback that becomes metadata. It comes through the customer's browser and may decide where the
 * client secret goes, so that it is only ever taken from a closed list or a narrow pattern.
 */
export interface CallbackField {
  readonly param: string;
  readonly name: string;
  /** Values by what the parameter says; without it `matches` is given. */
  readonly oneOf?: Readonly<Record<string, string>>;
  readonly matches?: string;
  /** What an absent parameter stands for. */
  readonly whenAbsent?: string;
  /** The value names the customer's account. */
  readonly isWorkspaceRef?: boolean;
}

/** Grants without a browser. */
export interface OAuth2Direct extends OAuth2Facts {
  readonly grantType: 'clientCredentials' | 'password';
}

interface OAuth2Facts {
  readonly scheme: 'oauth2';
  readonly tokenUrl: string;
  readonly areScopesRequired: boolean;
  /** Short scope → address template of the full scope; scopes not named here are sent as they are. */
  readonly scopeMappings?: Readonly<Record<string, string>>;
  readonly isWorkspaceRequired: boolean;
  readonly audience?: readonly string[];
  readonly tokenMetadata: TokenMetadataFields;
  /** Where the access token goes instead of `Authorization: Bearer`. */
  readonly accessTokenHeader?: HeaderAttachment;
  /** Published clients assume 24 where it is absent. */
  readonly keepAliveIntervalHours?: number;
  readonly docsUrl?: string;
  readonly tokens: TokenFacts;
}

/** What published catalogs do not say about a token endpoint, and a refresh has to know. */
export interface TokenFacts {
  /** RFC 6749, 2.3.1: the client secret as form fields or as HTTP Basic. */
  readonly clientAuthentication: 'requestBody' | 'basicHeader';
  /** Between scopes in an authorization or token request; a space (RFC 6749, 3.3) unless it says otherwise. */
  readonly scopeSeparator?: ',';
  /** Where the endpoint takes JSON instead of the form of RFC 6749. */
  readonly bodyFormat?: 'json';
  readonly rotation: RefreshTokenRotation;
  /** How long the old refresh token goes on working after a rotation. */
  readonly graceMs?: Ms;
  /** A grant that is not used for this long dies. */
  readonly idleLifetimeMs?: Ms;
  /** Of an access token whose answer states no lifetime. */
  readonly lifetimeMs?: Ms | 'permanent';
  /** The endpoint's own limit; it counts failures as well. */
  readonly endpointQuota?: Quota;
  /** Where tokens are renewed, if not where they are issued. */
  readonly refreshUrl?: string;
  /** RFC 7009 */
  readonly revocationUrl?: string;
  /** What the exchange of a code says besides the code, e.g. that the token shall end and be renewed. */
  readonly codeParams?: Readonly<Record<string, string>>;
  /** How a 200 answer of the endpoint says that it failed, where the usual members do not. */
  readonly hiddenErrors?: readonly HiddenError[];
  /** Grants that one account may have with one client; a further one silently ends the oldest. */
  readonly grantsPerAccountMax?: number;
}

/**
 * What a refresh does to the refresh token. *stable*: it stays valid. *singleUseGrace*: a new one comes, the old
 * one works a little longer. *singleUseRevoking*: using the old one again revokes the whole grant. *unknown* is
 * treated like the last, which is right for all three, only slower after a lost answer.
 */
export type RefreshTokenRotation = 'stable' | 'singleUseGrace' | 'singleUseRevoking' | 'unknown';

export interface ApiKeyAuth {
  readonly scheme: 'apiKey';
  readonly attachment: ApiKeyAttachment;
  readonly docsUrl?: string;
}

export type ApiKeyAttachment =
  | { readonly in: 'header'; readonly name: string; readonly valuePrefix?: string }
  | { readonly in: 'query'; readonly name: string };

export interface BasicAuth {
  readonly scheme: 'basic';
  /** Present where the customer has one API key instead of a user name and a password. */
  readonly apiKeyAsBasic?: ApiKeyAsBasic;
  readonly docsUrl?: string;
}

export interface ApiKeyAsBasic {
  /** Which of the two fields the key comes in; the published default is the user name. */
  readonly fieldUsed?: 'username' | 'password';
  /** The whole `user:password` text with `%s` for the key. */
  readonly keyFormat?: string;
}

/** A token made by exchanging a signed assertion; it is then attached as a bearer token. */
export interface JwtAuth {
  readonly scheme: 'jwt';
}

export interface CustomAuth {
  readonly scheme: 'custom';
  readonly inputs: readonly SecretInput[];
  /** Inputs that the builder gives once, on the provider app. */
  readonly providerInputs: readonly SecretInput[];
  readonly headers: readonly ValueTemplate[];
  readonly queryParams: readonly ValueTemplate[];
  readonly isMultiStep: boolean;
  /** What is done with the inputs, where they are not themselves sent with each call. */
  readonly exchange?: TokenExchange;
}

export type TokenExchange = AssertionExchange | ConsentExchange | LoginExchange;

/** A signed assertion is exchanged for an access token (RFC 7523), again whenever the token ends. */
export interface AssertionExchange {
  readonly kind: 'assertion';
  /** `grant`: the assertion is the grant (2.1). `client`: it authenticates a client credentials grant (2.2). */
  readonly use: 'grant' | 'client';
  readonly tokenUrl: string;
  readonly algorithm: 'RS256' | 'PS256';
  readonly key: AssertionKey;
  /** Templates over the inputs, the metadata and, with a service account, the members of its key file. */
  readonly issuer: string;
  readonly subject?: string;
  readonly audience: string;
  /** Another audience where the value of a variable matches. */
  readonly audienceWhere?: { readonly variable: string; readonly matches: string; readonly audience: string };
  /** Scopes as a claim: one text with spaces, or a list. */
  readonly scopeClaim?: 'text' | 'list';
  /** What is asked for unless the customer names scopes. */
  readonly scopes: readonly string[];
  readonly assertionLifetimeMs: Ms;
  readonly tokens: TokenFacts;
}

/** Which input has the private key: PEM, also in base64, or a key file of a Google service account in base64. */
export type AssertionKey =
  | { readonly form: 'pem'; readonly input: string; readonly keyIdInput?: string }
  | { readonly form: 'serviceAccount'; readonly input: string };

/** An administrator consents on a page of the provider; the builder's client then gets tokens for that tenant. */
export interface ConsentExchange {
  readonly kind: 'consent';
  readonly consentUrl: string;
  readonly tokenUrl: string;
  /** The callback's parameter that names the tenant, and the variable of `tokenUrl`. */
  readonly tenantParam: string;
  readonly scopes: readonly string[];
  readonly tokens: TokenFacts;
}

/** User name and password are exchanged once for a key that does not end. */
export interface LoginExchange {
  readonly kind: 'login';
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** The text of HTTP Basic before base64; a template over the inputs. */
  readonly basic: string;
  /** Where the key stands in the answer, and the variable it fills. */
  readonly keyPath: string;
  readonly keyVariable: string;
  /** The one value that header and query templates get: a template over inputs and key, sent as base64. */
  readonly value: { readonly name: string; readonly base64Of: string };
}

export interface NoAuth {
  readonly scheme: 'none';
}

/** Ways in which answers tell of limits; `src/limits/headers` reads them. */
export const RATE_HEADER_FAMILIES = [
  'generic',
  'aircall',
  'airtable',
  'apollo',
  'atlassian',
  'brevo',
  'discord',
  'freshdesk',
  'front',
  'github',
  'gorgias',
  'helpScout',
  'hubspot',
  'klaviyo',
  'linear',
  'monday',
  'pipedrive',
  'salesforce',
  'salesloft',
  'shopify',
  'slack',
  'stripe',
  'xero',
  'zendesk',
  'zoho',
  'zoom',
] as const;

export type RateHeaderFamily = (typeof RATE_HEADER_FAMILIES)[number];

/** How the provider's answers tell of its limits. */
export interface RateHeaders {
  /** `generic`: the IETF fields, `X-RateLimit-*`, Retry-After. */
  readonly family: RateHeaderFamily;
  /**
   * Name of a limit in the answers ('' where they name none) → the quota or concurrency limit declared here that is the
   * same limit; of several, the one that the call spends. Not part of the quotas: a file that raises one of them must
   * not lose it.
   */
  readonly quotas?: Readonly<Record<string, string | readonly string[]>>;
}

/** One call after connecting that learns facts of the account. Paths are those of `jsonAt`. */
export interface AccountLookup {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** What the provider's API wants to hear with every call, such as its version. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: JsonObject;
  /**
   * Where the answer is a list: the element for which `path` equals `equals` (a template), else the first, unless the
   * template is filled with what the customer typed. Without both: the first.
   */
  readonly pick?: { readonly listPath: string; readonly path?: string; readonly equals?: string };
  readonly values: readonly { readonly name: string; readonly path: string; readonly capture?: string }[];
  /** What the provider calls the account; those who share it share its quotas. */
  readonly workspaceRefPath?: string;
}

/** How a 2xx answer says that the call failed; paths are dotted, as in `jsonAt`. */
export interface HiddenError {
  readonly path: string;
  /** The value at `path` that means failure; absent: any value there does. */
  readonly equals?: string | number | boolean;
  readonly codePath?: string;
  readonly messagePath?: string;
}

/** The facts of the endpoint that a provider's access tokens come from; undefined where there are none. */
export function tokenFactsOf({ auth }: ProviderDeclaration): TokenFacts | undefined {
  if (auth.scheme === 'oauth2') return auth.tokens;
  const exchange = auth.scheme === 'custom' ? auth.exchange : undefined;
  return exchange === undefined || exchange.kind === 'login' ? undefined : exchange.tokens;
}

/** Whether the customer goes through the provider's consent page. */
export function isAuthorizationCode(auth: AuthDeclaration): auth is OAuth2AuthorizationCode {
  return (
    auth.scheme === 'oauth2' && (auth.grantType === 'authorizationCode' || auth.grantType === 'authorizationCodePKCE')
  );
}
