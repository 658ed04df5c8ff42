// What the command line prints: aligned, and coloured only on a terminal. Invariant: what others have said (providers,
// customers, servers) reaches the terminal as text and cannot steer it.

import process from 'node:process';
import { styleText } from 'node:util';
import type { IntegrationError } from '../core/errors.ts';

const LINE_FEED = 0x0a;
const ESCAPE = 0x1b;

type Style = Parameters<typeof styleText>[0];

/** Styled where `stream` is a terminal that wants it (NO_COLOR is honoured), plain elsewhere. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}

export function printLine(text = ''): void {
  process.stdout.write(`${harmless(text)}\n`);
}

/** One line: what whoever runs this should know. */
export function printWarning(text: string, stream: NodeJS.WriteStream = process.stderr): void {
  stream.write(`${styled('yellow', 'warning:', stream)} ${harmless(text)}\n`);
}

/** One line: what went wrong and, if it is known, what to do. */
export function printError(error: IntegrationError): void {
  const remedy = error.remedy === undefined ? '' : ` ${error.remedy}`;
  const line = `${withFullStop(error.publicDetail)}${remedy}`.replaceAll(/\s+/g, ' ');
  process.stderr.write(`${styled('red', 'error:', process.stderr)} ${harmless(line)}\n`);
}

/** Control characters as their codes, except for line breaks and the colours that `styled` adds. */
export function harmless(text: string): string {
  return text.replaceAll(/\p{Cc}(\[\d{1,3}m)?/gu, (found, colour: string | undefined) => {
    const code = found.charCodeAt(0);
    const isOurs = code === LINE_FEED || (code === ESCAPE && colour !== undefined);
    return isOurs ? found : `\\x${code.toString(16).padStart(2, '0')}${colour ?? ''}`;
  });
}

function withFullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
