// Queries of addresses as text: what a credential adds to one, and how that comes out again. Pure. Invariant: every
// other parameter stays where it is, byte for byte, also where it comes twice or is not valid.

import { withoutEscaped } from '../core/scrub.ts';

/** Adds the query that a credential brings to a raw path or address; its parameters replace those of the same name. */
export function withQuery(path: string, query: string): string {
  if (query === '') return path;
  const kept = withoutQuery(path, query, true);
  return `${kept}${kept.includes('?') ? '&' : '?'}${query}`;
}

/**
 * An address without the parameters of `query`: all of their names, or only those that have the same value too, since
 * at another place a name may mean something else.
 */
export function withoutQuery(address: string, query: string, isAnyValue: boolean): string {
  const hash = address.indexOf('#');
  const end = hash === -1 ? address.length : hash;
  const start = address.slice(0, end).indexOf('?');
  if (start === -1) return address;
  const parts = address.slice(start + 1, end).split('&');
  const taken = query.split('&').map(pairOf);
  const kept = parts.filter((part) => {
    const [name, value] = pairOf(part);
    return !taken.some(([ofName, ofValue]) => ofName === name && (isAnyValue || ofValue === value));
  });
  if (kept.length === parts.length) return address;
  const rest = kept.join('&');
  return `${address.slice(0, start)}${rest === '' ? '' : `?${rest}`}${address.slice(end)}`;
}

/** A text without the values of a query, wherever and however encoded they stand in it. */
export function withoutValues(text: string, query: string): string {
  return withoutEscaped(
    text,
    query.split('&').map((pair) => pairOf(pair)[1]),
  );
}

/** As servers read it: a name can be written in several ways. */
function pairOf(part: string): readonly [name: string, value: string] {
  const at = part.indexOf('=');
  return at === -1 ? [decoded(part), ''] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))];
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
