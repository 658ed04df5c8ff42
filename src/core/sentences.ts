// Details of errors as a person reads them. They are written to follow a colon; on a page they stand on their own.

/** Each text as a sentence, one after the other; empty ones are left out. */
export function sentences(texts: readonly (string | undefined)[]): string {
  return texts
    .filter((text) => text !== undefined && text !== '')
    .map((text = '') => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`)
    .join(' ');
}
