// Address templates such as `https://{{.workspace}}.my.salesforce.com`. A value comes from a customer, so it may
// fill its own place and nothing else: every call with the customer's credential goes where this says. Called
// by auth, the proxy and the connectors. Invariant: the host of a resolved address ends with the literal suffix
// of its template, and the address survives URL parsing unchanged.

import { IntegrationError } from '../core/errors.ts';
import { TEMPLATE_VALUE_CHARS_MAX } from '../core/limits.ts';

export type TemplateVariables = Readonly<Record<string, string>>;

/** Go's text/template form, the only one in published catalogs: `{{.name}}` or `{{ .name }}`. */
const VARIABLE = /\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;
/** Scheme, authority and the rest; braces inside the authority belong to a variable. */
const ADDRESS = /^(https?:\/\/)((?:[^/?#{]|\{\{[^}]*\}\})*)(.*)$/s;
/** A template whose scheme and host are the variable's, for products that customers host themselves. */
const ORIGIN_ADDRESS = /^(\{\{[^}]*\}\})((?:\/.*)?)$/s;
const HOST_VALUE = /^[A-Za-z0-9.-]+$/;
/** A subset of RFC 3986 `pchar` that means the same inside a path and inside a query. */
const PATH_VALUE = /^[A-Za-z0-9._~@:+,-]+$/;
const ORIGIN_PATH = /^[A-Za-z0-9._~/-]*$/;
/** RFC 1035, 2.3.4 */
const LABEL_CHARS_MAX = 63;
const HOST_CHARS_MAX = 253;

/** Names of the variables in a template, in order of appearance. */
export function templateVariables(template: string): string[] {
  return [...template.matchAll(VARIABLE)].map((match) => match[1] ?? '');
}

/**
 * Fills a template that is not an address (a header value, a query value). The caller checks the result for its
 * place. Rejects with `bad_request` naming a variable that has no value.
 */
export function fillTemplate(template: string, variables: TemplateVariables): string {
  return template.replace(VARIABLE, (_, name: string) => requiredValue(template, variables, name));
}

/**
 * The address of a template. Rejects with `bad_request` naming the variable that has no value, or whose value
 * would change the host or leave its path segment. The value itself is never in the message.
 */
export function resolveTemplate(template: string, variables: TemplateVariables): string {
  const origin = ORIGIN_ADDRESS.exec(template);
  if (origin !== null) return resolveOrigin(template, origin[1] ?? '', origin[2] ?? '', variables);
  const address = ADDRESS.exec(template);
  if (address === null) throw malformedTemplate(template);
  const [, scheme = '', authority = '', rest = ''] = address;
  const host = fillPlace(template, authority, variables, HOST_VALUE);
  checkHost(template, authority, host, variables);
  const path = fillPath(template, rest, variables);
  return checkedAddress(template, scheme, host, path);
}

/**
 * What a customer typed or pasted, as the value of a variable in the host: from `https://acme.my.salesforce.com/…`
 * or `acme.my.salesforce.com` comes `acme`. Other text comes back trimmed and is left to `resolveTemplate`.
 * Rejects with `bad_request` a full URL that is not of the template's form.
 */
export function normalizeVariable(template: string, name: string, pasted: string): string {
  const text = pasted.trim();
  if (text.length > TEMPLATE_VALUE_CHARS_MAX) throw refused(template, name, 'is too long');
  if (ORIGIN_ADDRESS.test(template)) return text.replace(/\/+$/, '');
  const authority = ADDRESS.exec(template)?.[2] ?? '';
  const place = templateVariables(authority).indexOf(name);
  if (place === -1) return text;
  const [, scheme, host = ''] = /^(https?:\/\/)?([^/?#\\]+)/i.exec(text) ?? [];
  const value = hostPattern(authority).exec(host)?.[place + 1];
  if (value !== undefined) return value.toLowerCase();
  if (scheme !== undefined) throw refused(template, name, 'is an address of another form');
  return text;
}

/** Whether text is an http(s) address template that resolves once its variables have ordinary values. */
export function isAddressTemplate(template: string): boolean {
  const names = templateVariables(template);
  const sample = ORIGIN_ADDRESS.test(template) ? 'https://example.com' : 'a';
  try {
    resolveTemplate(template, Object.fromEntries(names.map((name) => [name, sample])));
    return true;
  } catch {
    return false;
  }
}

function hostPattern(authority: string): RegExp {
  const literals = authority.split(/\{\{[^}]*\}\}/).map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('([A-Za-z0-9.-]+?)')}$`, 'i');
}

function requiredValue(template: string, variables: TemplateVariables, name: string): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value === undefined || value === '') {
    throw new IntegrationError('bad_request', `"${name}" is missing; ${template} cannot be filled without it`);
  }
  return value;
}

function fillPlace(template: string, part: string, variables: TemplateVariables, allowed: RegExp): string {
  const filled = part.replace(VARIABLE, (_, name: string) => {
    const value = requiredValue(template, variables, name);
    if (value.length > TEMPLATE_VALUE_CHARS_MAX) throw refused(template, name, 'is too long');
    if (!allowed.test(value)) throw refused(template, name, 'has characters that its place does not allow');
    return value;
  });
  if (filled.includes('{{')) throw malformedTemplate(template);
  return filled;
}

function fillPath(template: string, rest: string, variables: TemplateVariables): string {
  for (const name of templateVariables(rest)) {
    const value = requiredValue(template, variables, name);
    if (value.includes('..')) throw refused(template, name, 'leaves its path segment');
  }
  return fillPlace(template, rest, variables, PATH_VALUE);
}

/** Checks labels, and that the registrable part of the host is the template's own wherever it has one. */
function checkHost(template: string, authority: string, host: string, variables: TemplateVariables): void {
  const names = templateVariables(authority);
  const last = names.at(-1);
  if (last === undefined) return;
  const hostname = withoutPort(host);
  const areLabelsSound = hostname
    .split('.')
    .every(
      (label) => label !== '' && label.length <= LABEL_CHARS_MAX && !label.startsWith('-') && !label.endsWith('-'),
    );
  if (!areLabelsSound || hostname.length > HOST_CHARS_MAX) {
    throw refused(template, names.join(', '), 'does not make a host name');
  }
  const suffix = withoutPort(authority.slice(authority.lastIndexOf('}}') + 2));
  if (suffix === '' || suffix.startsWith('.')) return;
  // The value is glued to the suffix (`{{.workspace}}-api.vendor.com`): the vendor's domain must stay whole.
  if (suffix.split('.').length < 3) throw malformedTemplate(template);
  const isOneLabel = !requiredValue(template, variables, last).includes('.');
  if (!isOneLabel) throw refused(template, last, 'must be a single host label');
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '');
}

/** The URL parser would still read `0x7f.1` as an address or drop a dot segment; whatever it changes is refused. */
function checkedAddress(template: string, scheme: string, host: string, rest: string): string {
  const address = `${scheme}${host.toLowerCase()}${rest}`;
  const names = templateVariables(template).join(', ');
  if (!URL.canParse(address)) throw refused(template, names, 'does not make an address');
  const url = new URL(address);
  const path = rest.split(/[?#]/, 1)[0] ?? '';
  const isUnchanged =
    url.hostname === withoutPort(host.toLowerCase()) &&
    url.pathname === (path === '' ? '/' : path) &&
    url.username === '' &&
    url.password === '';
  if (!isUnchanged) throw refused(template, names, 'changes the address');
  return address;
}

function resolveOrigin(template: string, variable: string, rest: string, variables: TemplateVariables): string {
  const name = templateVariables(variable)[0];
  if (name === undefined) throw malformedTemplate(template);
  const given = requiredValue(template, variables, name);
  if (given.length > TEMPLATE_VALUE_CHARS_MAX) throw refused(template, name, 'is too long');
  const value = given.replace(/\/+$/, '');
  const [, scheme, host = '', path = ''] = /^(https:\/\/)([^/]+)(.*)$/s.exec(value) ?? [];
  const isSound =
    scheme !== undefined && /^[A-Za-z0-9.-]+(:\d{1,5})?$/.test(host) && ORIGIN_PATH.test(path) && !path.includes('..');
  if (!isSound) throw refused(template, name, 'must be an https address without query and user name');
  return checkedAddress(template, scheme, host, `${path}${fillPath(template, rest, variables)}`);
}

function refused(template: string, name: string, reason: string): IntegrationError {
  return new IntegrationError('bad_request', `the value of "${name}" ${reason} (${template})`);
}

function malformedTemplate(template: string): IntegrationError {
  return new IntegrationError('invariant', `T-TEMPLATE: not an address template: ${template}`, {
    publicDetail: 'internal error T-TEMPLATE',
  });
}
