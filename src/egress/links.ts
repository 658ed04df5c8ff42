// Addresses in the head of a proxied answer: those that lead to the provider's own place lead through the proxy
// instead, so that a client which follows them goes on as it began. Pure. Invariant: an address that cannot be reached
// through the proxy (another host, outside the path prefix) stays as it is, and no path leads out of the proxy's; no
// address, wherever it leads, has what a credential added to the query of the call.
// Sources: RFC 8288 section 3 (Link), RFC 9110 sections 8.7 (Content-Location) and 10.2.2 (Location)

import { withoutQuery, withoutValues } from './query.ts';

/** From where at the provider to where at Tenon. */
export interface LinkMap {
  /** `https://host[:port]` of the provider. */
  readonly origin: string;
  /** What the proxy puts before each path; without a trailing slash. */
  readonly pathPrefix: string;
  /** What takes the place of both; without a trailing slash. Null: addresses lead where they did. */
  readonly proxyUrl: string | null;
  /** Encoded pairs that the credential added to the call, which providers repeat in their links; or empty. */
  readonly credentialQuery: string;
}

/** What has an authority, or is below one: the rest is relative to the path of the call. */
const ROOTED = /^(?:https?:)?\//i;

/** Rewrites the values of a raw list (`[name, value, …]`) in place. */
export function mapLinks(rawHeaders: string[], map: LinkMap): void {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    // Runs over every header of every answer: the first letter, l or c, and the length spare nearly all of them more.
    const letter = name.charCodeAt(0) | 0x20;
    if (letter !== 0x6c && letter !== 0x63) continue;
    if (name.length !== 4 && name.length !== 8 && name.length !== 16) continue;
    const lower = name.toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (lower === 'location' || lower === 'content-location') rawHeaders[index + 1] = cleaned(mapped(value, map), map);
    else if (lower === 'link') {
      const links = value.replaceAll(/<([^<>]*)>/g, (_all, to) => `<${mapped(to, map)}>`);
      rawHeaders[index + 1] = cleaned(links, map);
    }
  }
}

/** Parsed, not compared as text: what clients make of `..` and of default ports is then decided here, and once. */
function mapped(reference: string, { origin, pathPrefix, proxyUrl, credentialQuery }: LinkMap): string {
  const isRooted = ROOTED.test(reference);
  if (!isRooted && credentialQuery === '') return reference;
  const url = URL.parse(reference, origin);
  const isOwn = url !== null && url.origin === origin;
  const clean = credentialQuery === '' ? reference : withoutQuery(reference, credentialQuery, isOwn);
  if (!isOwn || !isRooted || proxyUrl === null || url.username !== '' || url.password !== '') return clean;
  const { pathname } = url;
  if (pathPrefix !== '' && pathname !== pathPrefix && !pathname.startsWith(`${pathPrefix}/`)) return clean;
  // The text, since parsing writes some of it anew.
  const tail = clean.search(/[?#]/);
  return `${proxyUrl}${pathname.slice(pathPrefix.length)}${tail === -1 ? '' : clean.slice(tail)}`;
}

/** What is not a parameter of the address itself: of one within it, say, that a sign-in is to lead back to. */
function cleaned(value: string, { credentialQuery }: LinkMap): string {
  return credentialQuery === '' ? value : withoutValues(value, credentialQuery);
}
