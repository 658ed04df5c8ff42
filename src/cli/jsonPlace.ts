// Where a text stops being JSON, as line and column: the parser names the place for some mistakes only.

/** Line and column, from 1, of the first character that cannot be there; null for text that is JSON. */
export function notJsonAt(text: string): { readonly line: number; readonly column: number } | null {
  if (!isBroken(text, text.length) && !isCutOff(text)) return null;
  // A prefix is broken if and only if it reaches beyond the mistake.
  let sound = 0;
  let broken = text.length + 1;
  while (broken - sound > 1) {
    const middle = (sound + broken) >>> 1;
    if (isBroken(text, middle)) broken = middle;
    else sound = middle;
  }
  const before = text.slice(0, sound);
  return { line: before.split('\n').length, column: sound - before.lastIndexOf('\n') };
}

/** Whether more text could not make the first `length` characters JSON. */
function isBroken(text: string, length: number): boolean {
  const message = failureOf(text.slice(0, length));
  if (message === null || /unexpected end|unterminated string/i.test(message)) return false;
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined || Number(position) < length;
}

function isCutOff(text: string): boolean {
  return failureOf(text) !== null;
}

function failureOf(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
