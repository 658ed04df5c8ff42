// What we know about one provider: facts only, as data. `providers/*.ts` hold the declarations; auth, limits,
// the proxy and the connectors read them. Leaf objects that are published (inputs, support flags, media) keep
// the names of the published catalog, so that an entry can be compared with it by eye. Invariant: every
// address is a template of `template.ts`, and nothing in here is secret.

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

export type ProviderCategory =
  | 'CRM'
  | 'marketing automation'
  | 'customer support'
  | 'sales engagement'
  | 'finance'
  | 'commerce'
  | 'HR'
  | 'developer tools'
  | 'communication'
  | 'productivity'
  | 'analytics'
  | 'other';

export interface ProviderDeclaration {
  /** Key of the catalog, e.g. `zendeskSupport`. */
  readonly name: string;
  readonly displayName: string;
  readonly category: ProviderCategory;
  /** Address template without a trailing slash. */
  readonly baseUrl: string;
  readonly auth: AuthDeclaration;
  /** Key of `modules`, or empty where the provider has none. */
  readonly defaultModule: string;
  readonly modules: Readonly<Record<string, ModuleDeclaration>>;
  readonly support: Support;
  readonly subscribeRequirements?: SubscribeRequirements;
  /** What the customer is asked for besides the credential, e.g. the workspace. */
  readonly inputs: readonly InputField[];
  /** What is fetched from the provider right after connecting. */
  readonly postAuthentication: readonly PostAuthenticationFact[];
  readonly isPostAuthenticationRequired: boolean;
  readonly authHealthCheck?: AuthHealthCheck;
  /** What the builder may set on the provider app. */
  readonly providerApp: ProviderAppInputs;
  readonly labels?: Readonly<Record<string, string>>;
  readonly media?: Media;
  readonly quotas: readonly Quota[];
  readonly concurrency: readonly ConcurrencyLimit[];
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
  readonly rotation: RefreshTokenRotation;
  /** A grant that is not used for this long dies. */
  readonly idleLifetimeMs?: Ms;
}

/**
 * What a refresh does to the refresh token. *stable*: it stays valid. *singleUseGrace*: a new one comes, the old
 * one works a little longer. *singleUseRevoking*: using the old one again revokes the whole grant.
 */
export type RefreshTokenRotation = 'stable' | 'singleUseGrace' | 'singleUseRevoking';

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
}

export interface NoAuth {
  readonly scheme: 'none';
}

/** Who shares a limit: two installations on one external account share its quota. */
export type QuotaScope = 'providerApp' | 'externalAccount' | 'user' | 'sourceAddress' | 'tokenEndpoint';

/** At most `limit` calls within any `windowMs`. */
export interface Quota {
  readonly name: string;
  readonly scope: QuotaScope;
  readonly limit: number;
  readonly windowMs: Ms;
}

/** At most `limit` calls at the same time. */
export interface ConcurrencyLimit {
  readonly name: string;
  readonly scope: QuotaScope;
  readonly limit: number;
}

/** How a 2xx answer says that the call failed; paths are dotted, as in `jsonAt`. */
export interface HiddenError {
  readonly path: string;
  /** The value at `path` that means failure; absent: any value there does. */
  readonly equals?: string | number | boolean;
  readonly codePath?: string;
  readonly messagePath?: string;
}

/** Whether the customer goes through the provider's consent page. */
export function isAuthorizationCode(auth: AuthDeclaration): auth is OAuth2AuthorizationCode {
  return (
    auth.scheme === 'oauth2' && (auth.grantType === 'authorizationCode' || auth.grantType === 'authorizationCodePKCE')
  );
}
