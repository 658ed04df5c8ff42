// How a credential gets onto a call: headers and query, computed once per credential generation, which the proxy
// and the connectors append to every call. Invariant: nothing in an attachment can end a header line, and no
// message here has any text of a credential.

import type { ApiKeyAsBasic, CustomAuth, ProviderDeclaration } from '../catalog/schema.ts';
import { fillTemplate } from '../catalog/template.ts';
import { IntegrationError, invariant } from '../core/errors.ts';
import type { Credential } from './credential.ts';

export interface Attachment {
  /** Name, value, name, value, …, as `node:http` and undici take them. */
  readonly headers: readonly string[];
  /** Encoded `name=value` pairs joined by `&`, or empty. */
  readonly query: string;
}

/** RFC 9110, 5.5: visible ASCII, space and tab, and the upper half of Latin-1; no CR, LF or NUL. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** RFC 7617, 2: control characters are not allowed in user name and password. */
const CONTROL = /\p{Cc}/u;

/**
 * What to add to a call made with this credential. Rejects with `bad_request` a value that cannot be sent in its
 * place, and with `invariant` a credential of another scheme than the provider's.
 */
export function attachmentOf(declaration: ProviderDeclaration, credential: Credential): Attachment {
  const { auth } = declaration;
  const isTokenTaken = auth.scheme === 'oauth2' || auth.scheme === 'jwt' || auth.scheme === 'custom';
  if (isTokenTaken && credential.scheme === 'oauth2') {
    // With jwt and custom too: what an assertion was exchanged for is a bearer token like any other.
    const header = auth.scheme === 'oauth2' ? auth.accessTokenHeader : undefined;
    if (header === undefined) return headersOf(['Authorization', `Bearer ${credential.accessToken}`]);
    return headersOf([header.name, `${header.valuePrefix ?? ''}${credential.accessToken}`]);
  }
  if (auth.scheme === 'apiKey' && credential.scheme === 'apiKey') {
    const { attachment } = auth;
    if (attachment.in === 'query') return { headers: [], query: pairOf(attachment.name, credential.apiKey) };
    return headersOf([attachment.name, `${attachment.valuePrefix ?? ''}${credential.apiKey}`]);
  }
  if (auth.scheme === 'basic' && credential.scheme === 'basic') {
    return headersOf(['Authorization', basicValue(auth.apiKeyAsBasic, credential.username, credential.password)]);
  }
  if (auth.scheme === 'custom' && credential.scheme === 'custom') return customAttachment(auth, credential.values);
  const isNone = auth.scheme === 'none' && credential.scheme === 'none';
  invariant(isNone, 'T-ATTACH', `${declaration.name} takes ${auth.scheme}, the credential is ${credential.scheme}`);
  return { headers: [], query: '' };
}

/** What whoever gets an attachment could quote of it: values with and without the scheme before them, and encoding. */
export function quotableOf({ headers, query }: Attachment): readonly string[] {
  const values = headers.filter((_, index) => index % 2 === 1);
  const pairs = query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [
    ...values.flatMap((value) => [value.slice(value.lastIndexOf(' ') + 1), value]),
    ...pairs.flatMap((value) => [value, decodeURIComponent(value)]),
  ];
}

/** RFC 7617 with UTF-8. A key format applies only where one field came: a full pair is sent as it is. */
function basicValue(apiKeyAsBasic: ApiKeyAsBasic | undefined, username: string, password: string): string {
  if (CONTROL.test(username) || CONTROL.test(password)) throw unsendable('a user name or password');
  if (username.includes(':')) {
    throw new IntegrationError('bad_request', 'a user name cannot contain a colon (RFC 7617)');
  }
  const isPasswordUsed = apiKeyAsBasic?.fieldUsed === 'password';
  const isOtherEmpty = (isPasswordUsed ? username : password) === '';
  const format = isOtherEmpty ? apiKeyAsBasic?.keyFormat : undefined;
  const key = isPasswordUsed ? password : username;
  // A function, since `$&` in a key would be a pattern of its own.
  const pair = format === undefined ? `${username}:${password}` : format.replace('%s', () => key);
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function customAttachment(auth: CustomAuth, values: Readonly<Record<string, string>>): Attachment {
  const headers = auth.headers.flatMap(({ name, valueTemplate }) => [name, fillTemplate(valueTemplate, values)]);
  const query = auth.queryParams.map(({ name, valueTemplate }) => pairOf(name, fillTemplate(valueTemplate, values)));
  return { ...headersOf(headers), query: query.join('&') };
}

function headersOf(headers: readonly string[]): Attachment {
  headers.forEach((value, index) => {
    if (!HEADER_VALUE.test(value)) throw unsendable(`the value of header ${headers[index - 1]}`);
  });
  return { headers, query: '' };
}

/** Encoded, so nothing can leave its place; control characters are still nothing that a key has. */
function pairOf(name: string, value: string): string {
  if (CONTROL.test(value)) throw unsendable(`the value of query parameter ${name}`);
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

function unsendable(what: string): IntegrationError {
  return new IntegrationError('bad_request', `${what} has a character that cannot be sent`, {
    remedy: 'Look for a line break or an invisible character that was copied along.',
  });
}
