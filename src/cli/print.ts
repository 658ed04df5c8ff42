// What the command line prints: aligned, and coloured only on a terminal.

import process from 'node:process';
import { styleText } from 'node:util';
import type { IntegrationError } from '../core/errors.ts';

type Style = Parameters<typeof styleText>[0];

/** Styled where `stream` is a terminal that wants it (NO_COLOR is honoured), plain elsewhere. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** One line: what went wrong and, if it is known, what to do. */
export function printError(error: IntegrationError): void {
  const remedy = error.remedy === undefined ? '' : ` ${error.remedy}`;
  process.stderr.write(`${styled('red', 'error:', process.stderr)} ${withFullStop(error.publicDetail)}${remedy}\n`);
}

function withFullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
