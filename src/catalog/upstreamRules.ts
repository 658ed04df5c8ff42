// What an entry of an upstream catalog must keep to besides the published schema: addresses that can be called over
// https, headers that can be sent, templates whose variables somebody gives, names that can be parts of others. An
// operator's own file is not held to these: it may point a provider at a gateway with plain http. Invariant: nothing
// here looks at anything but the entry.

import type { JsonValue } from '../core/json.ts';
import { CATALOG_DEPTH_MAX, CATALOG_EXPRESSION_CHARS_MAX, CATALOG_TEXT_CHARS_MAX } from '../core/limits.ts';
import { credentialAddresses, hostOf, withoutMarks } from './addresses.ts';
import type { HeaderAttachment, ProviderInfo, SecretInput } from './providerInfo.ts';
import { isAddressTemplate, templateVariables } from './template.ts';

export interface Problem {
  /** Dotted path in the entry; empty for the entry as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** RFC 9110, 5.6.2 */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A credential in one of these would steer the connection instead of travelling on it. */
const CONNECTION_HEADERS =
  /^(?:connection|content-.*|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-amp-.*)$/i;
const HEADER_TEXT = /^[\t\x20-\x7e]*$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PARAMETER_NAME = /^[A-Za-z0-9_.~-]+$/;
/** What an authorization request has of its own (RFC 6749 4.1.1, RFC 7636 4.3): it decides who gets the code. */
const RESERVED_PARAMS = /^(?:client_id|redirect_uri|response_mode|scope|state|code_challenge|code_challenge_method)$/;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const LINK_KEY = /^(?:docsURL|iconURL|logoURL)$/;
const HOURS_PER_YEAR = 8760;
/** Hosts that are this machine, where plain http crosses no network. */
const LOOPBACK = /^http:\/\/(?:127(?:\.\d{1,3}){3}|(?:.*\.)?localhost)(?::\d+)?(?:[/?#]|$)/i;
/** What the published catalog has as the address of a provider whose modules alone have one. */
const ADDRESS_OF_NOTHING = 'https';
/** What it has as the module of a provider without modules. */
const MODULE_OF_NOTHING = 'root';

const OPTS_OF_SCHEME = {
  oauth2: 'oauth2Opts',
  apiKey: 'apiKeyOpts',
  basic: 'basicOpts',
  custom: 'customOpts',
} as const satisfies Partial<Record<ProviderInfo['authType'], keyof ProviderInfo>>;

const OPTS_REQUIRED = new Map<string, 'oauth2Opts' | 'apiKeyOpts' | 'customOpts'>([
  ['oauth2', 'oauth2Opts'],
  ['apiKey', 'apiKeyOpts'],
  ['custom', 'customOpts'],
]);

/** What no part of an entry may be, whatever it means: looked at before anything else walks through it. */
export function structureProblem(value: JsonValue, depth = 1, field = ''): Problem | null {
  if (typeof value === 'string') return textProblem(value, field);
  if (typeof value !== 'object' || value === null) return null;
  if (depth > CATALOG_DEPTH_MAX) return { field, reason: `is nested more than ${CATALOG_DEPTH_MAX} levels deep` };
  for (const [key, child] of Object.entries(value)) {
    const path = field === '' ? key : `${field}.${key}`;
    if (key === '__proto__') return { field: path, reason: 'is not a name' };
    const problem = textProblem(key, field) ?? structureProblem(child ?? null, depth + 1, path);
    if (problem !== null) return problem;
  }
  return null;
}

function textProblem(text: string, field: string): Problem | null {
  if (text.length > CATALOG_TEXT_CHARS_MAX)
    return { field, reason: `is longer than ${CATALOG_TEXT_CHARS_MAX} characters` };
  return /[\p{Cc}\p{Cs}]/u.test(text) ? { field, reason: 'has a control character' } : null;
}

/** Everything that is wrong with an entry that passed the schema. */
export function entryProblems(info: ProviderInfo): readonly Problem[] {
  return [
    ...addressProblems(info),
    ...linkProblems(info, ''),
    ...schemeProblems(info),
    ...moduleProblems(info),
    ...attachmentProblems(info),
    ...oauthProblems(info),
    ...customProblems(info),
    ...nameProblems(info),
    ...healthProblems(info),
  ];
}

function* addressProblems(info: ProviderInfo): Generator<Problem> {
  for (const { field, template } of credentialAddresses(info)) {
    const isOfModulesOnly = field === 'baseURL' && Object.hasOwn(info.modules ?? {}, info.defaultModule);
    if (template === ADDRESS_OF_NOTHING && isOfModulesOnly) continue;
    const address = withoutMarks(template);
    if (!isAddressTemplate(address) || !isHost(address)) {
      yield { field, reason: 'must be an https address, with {{.name}} for variables' };
    } else if (address.startsWith('http:') && !LOOPBACK.test(address)) {
      yield { field, reason: 'must be https: plain http is for this machine only' };
    } else if (address.includes('#') || (field.endsWith('baseURL') && address.includes('?'))) {
      yield { field, reason: 'must end with its path' };
    }
  }
}

/** The literal parts of a host: URL parsers take more than a name can have. */
function isHost(address: string): boolean {
  const host = hostOf(address).replace(/^https?:\/\//, '');
  const literal = host.replace(/\{\{[^}]*\}\}/g, 'x');
  const isName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/.test(literal);
  return isName && (host !== literal || literal.includes('.') || /^localhost(?::|$)/.test(literal));
}

/** Links for people: a page that shows one must not run it. */
function* linkProblems(value: object, field: string): Generator<Problem> {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    const path = field === '' ? key : `${field}.${key}`;
    if (typeof child === 'object' && child !== null) yield* linkProblems(child, path);
    // The published catalog has a few with a space in front.
    else if (typeof child === 'string' && LINK_KEY.test(key) && !/^https?:$/.test(protocolOf(child))) {
      yield { field: path, reason: 'must be a link' };
    }
  }
}

function protocolOf(link: string): string {
  return URL.parse(link.trim())?.protocol ?? '';
}

function* schemeProblems(info: ProviderInfo): Generator<Problem> {
  for (const [scheme, field] of Object.entries(OPTS_OF_SCHEME)) {
    if (info[field] !== undefined && info.authType !== scheme) {
      yield { field, reason: `does not belong to authType ${info.authType}` };
    }
  }
  const required = OPTS_REQUIRED.get(info.authType);
  if (required !== undefined && info[required] === undefined) {
    yield { field: required, reason: `is required with authType ${info.authType}` };
  }
  const { apiKeyOpts, oauth2Opts } = info;
  if (apiKeyOpts !== undefined && apiKeyOpts[apiKeyOpts.attachmentType] === undefined) {
    const { attachmentType } = apiKeyOpts;
    yield { field: `apiKeyOpts.${attachmentType}`, reason: `is required with attachmentType ${attachmentType}` };
  }
  if (oauth2Opts?.grantType.startsWith('authorizationCode') && oauth2Opts.authURL === undefined) {
    yield { field: 'oauth2Opts.authURL', reason: `is required with grantType ${oauth2Opts.grantType}` };
  }
}

function* moduleProblems({ modules = {}, defaultModule, metadata }: ProviderInfo): Generator<Problem> {
  const names = Object.keys(modules);
  const isNothing = names.length === 0 && (defaultModule === '' || defaultModule === MODULE_OF_NOTHING);
  if (!isNothing && !Object.hasOwn(modules, defaultModule)) {
    yield {
      field: 'defaultModule',
      reason: `"${defaultModule}" is none of its modules (${names.join(', ') || 'none'})`,
    };
  }
  // Manifests name them whatever the case.
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    yield { field: 'modules', reason: 'two differ by case only' };
  }
  for (const kind of ['input', 'postAuthentication'] as const) {
    for (const [index, { moduleDependencies = {} }] of (metadata?.[kind] ?? []).entries()) {
      const unknown = Object.keys(moduleDependencies).find((name) => !Object.hasOwn(modules, name));
      if (unknown === undefined) continue;
      yield { field: `metadata.${kind}.${index}.moduleDependencies`, reason: `"${unknown}" is none of its modules` };
    }
  }
}

function* attachmentProblems({ apiKeyOpts, basicOpts, oauth2Opts }: ProviderInfo): Generator<Problem> {
  if (apiKeyOpts?.header !== undefined) yield* headerProblems(apiKeyOpts.header, 'apiKeyOpts.header');
  const tokenHeader = oauth2Opts?.accessTokenOpts?.header;
  if (tokenHeader !== undefined) yield* headerProblems(tokenHeader, 'oauth2Opts.accessTokenOpts.header');
  if (basicOpts?.apiKeyAsBasicOpts !== undefined && basicOpts.apiKeyAsBasic !== true) {
    yield { field: 'basicOpts.apiKeyAsBasicOpts', reason: 'needs apiKeyAsBasic' };
  }
}

function* headerProblems({ name, valuePrefix = '' }: HeaderAttachment, field: string): Generator<Problem> {
  if (!isHeaderName(name)) yield { field: `${field}.name`, reason: 'cannot be the name of a header with a credential' };
  if (!HEADER_TEXT.test(valuePrefix)) yield { field: `${field}.valuePrefix`, reason: 'cannot be sent in a header' };
}

function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name) && !CONNECTION_HEADERS.test(name);
}

function* oauthProblems({ oauth2Opts }: ProviderInfo): Generator<Problem> {
  if (oauth2Opts === undefined) return;
  const { authURLParams = {}, scopeMappings = {}, keepAliveIntervalHours = 1, tokenMetadataFields } = oauth2Opts;
  for (const [name, value] of Object.entries(authURLParams)) {
    const isOurs = RESERVED_PARAMS.test(name) || (name === 'response_type' && value !== 'code');
    if (isOurs) yield { field: `oauth2Opts.authURLParams.${name}`, reason: 'is not for a catalog to set' };
  }
  for (const [scope, template] of Object.entries(scopeMappings)) {
    if (isAddressTemplate(template)) continue;
    yield { field: `oauth2Opts.scopeMappings.${scope}`, reason: 'must be an address, with {{.name}} for variables' };
  }
  if (keepAliveIntervalHours > HOURS_PER_YEAR) {
    yield { field: 'oauth2Opts.keepAliveIntervalHours', reason: 'is more than a year' };
  }
  for (const [index, { name, capture }] of (tokenMetadataFields.otherFields ?? []).entries()) {
    const field = `oauth2Opts.tokenMetadataFields.otherFields.${index}`;
    if (!VARIABLE_NAME.test(name)) yield { field: `${field}.name`, reason: 'must be the name of a variable' };
    if (capture === undefined || isCheapExpression(capture)) continue;
    yield { field: `${field}.capture`, reason: 'must capture "result" and be cheap: one repetition, few alternatives' };
  }
}

/**
 * An expression from elsewhere runs over token responses on the thread that serves. One repetition that is not of a
 * group, and few choices besides, is at most quadratic in a text whose length is bounded (TOKEN_METADATA_CHARS_MAX).
 */
function isCheapExpression(source: string): boolean {
  const bare = source.replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x');
  const repetitions = bare.match(/[*+{]/g) ?? [];
  const choices = bare.replace(/\(\?/g, '(').match(/[?|]/g) ?? [];
  const hasResult = source.split('(?<result>').length === 2;
  const isPlain = !/\)[*+{]|\(\?(?:[=!]|<[=!])/.test(bare) && !/\\(?:\d|k)/.test(source);
  const isShort = source.length <= CATALOG_EXPRESSION_CHARS_MAX;
  return isShort && hasResult && isPlain && repetitions.length <= 1 && choices.length <= 4;
}

function* customProblems({ customOpts, metadata }: ProviderInfo): Generator<Problem> {
  if (customOpts === undefined) return;
  const { headers = [], queryParams = [], inputs = [], providerInputs = [], multiStep = false } = customOpts;
  yield* inputProblems(inputs, 'customOpts.inputs');
  yield* inputProblems(providerInputs, 'customOpts.providerInputs');
  const given = new Set([...inputs, ...providerInputs, ...(metadata?.input ?? [])].map(({ name }) => name));
  for (const [kind, list] of Object.entries({ headers, queryParams })) {
    for (const [index, { name, valueTemplate }] of list.entries()) {
      const field = `customOpts.${kind}.${index}`;
      if (kind === 'headers' && !isHeaderName(name)) {
        yield { field: `${field}.name`, reason: 'cannot be the name of a header with a credential' };
      }
      const names = templateVariables(valueTemplate);
      const rest = names.reduce((text, variable) => text.replace(templateOf(variable), ''), valueTemplate);
      if (rest.includes('{{') || rest.includes('}}') || !HEADER_TEXT.test(rest)) {
        yield { field: `${field}.valueTemplate`, reason: 'must be text with {{.name}} for variables' };
      }
      // With several steps a later one learns what the customer did not type.
      const unknown = multiStep ? undefined : names.find((variable) => !given.has(variable));
      if (unknown !== undefined)
        yield { field: `${field}.valueTemplate`, reason: `"${unknown}" is none of its inputs` };
    }
  }
}

function templateOf(variable: string): RegExp {
  return new RegExp(`\\{\\{\\s*\\.${variable}\\s*\\}\\}`);
}

function* inputProblems(inputs: readonly SecretInput[], field: string): Generator<Problem> {
  for (const [index, { fieldType, options = [] }] of inputs.entries()) {
    if (fieldType === 'fieldTypeSelect' && options.length === 0) {
      yield { field: `${field}.${index}.options`, reason: 'is required with fieldTypeSelect' };
    }
  }
}

function* nameProblems(info: ProviderInfo): Generator<Problem> {
  const { metadata, customOpts, providerAppMetadata, displayName } = info;
  if (displayName?.trim() === '') yield { field: 'displayName', reason: 'is empty' };
  yield* namesIn(metadata?.input, 'metadata.input', VARIABLE_NAME);
  yield* namesIn(metadata?.postAuthentication, 'metadata.postAuthentication', VARIABLE_NAME);
  yield* namesIn(customOpts?.inputs, 'customOpts.inputs', VARIABLE_NAME);
  yield* namesIn(customOpts?.providerInputs, 'customOpts.providerInputs', VARIABLE_NAME);
  yield* namesIn(providerAppMetadata?.authQueryParams, 'providerAppMetadata.authQueryParams', PARAMETER_NAME);
  yield* namesIn(providerAppMetadata?.providerParams, 'providerAppMetadata.providerParams', PARAMETER_NAME);
}

function* namesIn(items: readonly { readonly name: string }[] = [], field: string, form: RegExp): Generator<Problem> {
  const seen = new Set<string>();
  for (const [index, { name }] of items.entries()) {
    if (!form.test(name)) yield { field: `${field}.${index}.name`, reason: 'has characters that a name does not have' };
    if (seen.has(name)) yield { field: `${field}.${index}.name`, reason: `"${name}" is there twice` };
    seen.add(name);
  }
}

function* healthProblems({ authHealthCheck }: ProviderInfo): Generator<Problem> {
  if (authHealthCheck === undefined) return;
  const { method = 'GET', successStatusCodes = [200] } = authHealthCheck;
  if (!METHODS.has(method)) yield { field: 'authHealthCheck.method', reason: 'is not a method, in capital letters' };
  const areStatuses = successStatusCodes.length > 0 && successStatusCodes.every((code) => code >= 100 && code <= 599);
  if (!areStatuses) yield { field: 'authHealthCheck.successStatusCodes', reason: 'must be HTTP status codes' };
}
