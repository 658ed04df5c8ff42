// Free text from outside (a provider's error message, a library's) may quote a credential. Before such text enters an
// event, a row or a log line, whatever looks like one is taken out. Secrets of ours never get that far: they are
// wrapped (`Secret`) or bytes. Invariant: names, ids, addresses and times that help to find a fault stay.

const REMOVED = '[removed]';

/** Values behind names that usually carry a secret: in addresses, headers, forms and JSON, also JSON inside JSON. */
const NAMES = '(?:access|refresh|id)_?token|(?:client[_-]?)?secret|api[_-]?key|passw(?:or)?d|authorization|signature';
/** With the scheme before it, as in `Zoho-oauthtoken 1000.…` or `Klaviyo-API-Key pk_…`; what is out already stays. */
const VALUE = '(?!\\[removed)(?:(?:bearer|basic|[a-z-]*(?:token|key))\\s+)?[^\\s"\'&,;}\\]\\\\]+';
const NAMED = new RegExp(`(${NAMES})(\\\\*["']?\\s*[=:]\\s*\\\\*["']?)${VALUE}`, 'gi');

/** The password of an address. */
const USER_INFO = /(:\/\/[^\s/@:]*:)[^\s/@]+(?=@)/g;

const SCHEME = /\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{8,}/gi;

/** HubSpot's private app tokens, which are a UUID with a prefix. */
const PREFIXED_UUID = /\bpat-[a-z]{2}\d-[0-9a-f-]{36}/gi;

/**
 * Letters and digits mixed without a break: tokens, also the parts of a JWT. Words have no digits, UUIDs and host names
 * have breaks, numbers have no letters.
 */
const RUN = /[A-Za-z0-9+=!~]{20,}/g;

/** The text with everything that looks like a credential replaced. */
export function scrubbed(text: string): string {
  return text
    .replace(NAMED, `$1$2${REMOVED}`)
    .replace(USER_INFO, `$1${REMOVED}`)
    .replace(SCHEME, `$1 ${REMOVED}`)
    .replace(PREFIXED_UUID, REMOVED)
    .replace(RUN, (run) => (/\d/.test(run) && /[A-Za-z]/.test(run) ? REMOVED : run));
}

/** Shorter ones could be any word, and are no secret that holds. */
const SECRET_CHARS_MIN = 6;

/** The text without these secrets, whatever they look like: whoever was sent them may quote them in any form. */
export function without(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (left, secret) => (secret.length < SECRET_CHARS_MIN ? left : left.replaceAll(secret, REMOVED)),
    text,
  );
}

/** The same in addresses, where any byte may be escaped, in either case, and twice in one that is part of another. */
export function withoutEscaped(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (left, secret) => (secret.length < SECRET_CHARS_MIN ? left : left.replaceAll(escapedOrNot(secret), REMOVED)),
    text,
  );
}

function escapedOrNot(secret: string): RegExp {
  const forms = [...secret].map((char) => {
    const bytes = [...new TextEncoder().encode(char)].map((byte) => `%(?:25)?${inEitherCase(byte)}`);
    return `(?:\\u{${char.codePointAt(0)?.toString(16)}}|${bytes.join('')}${char === ' ' ? '|\\+' : ''})`;
  });
  return new RegExp(forms.join(''), 'gu');
}

function inEitherCase(byte: number): string {
  return byte
    .toString(16)
    .padStart(2, '0')
    .replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
