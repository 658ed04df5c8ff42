// Where a passphrase comes from: a file, TENON_PASSPHRASE, or the person at the terminal, who does not see it. Never
// from the command line, which other users of the machine can read.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { IntegrationError } from '../core/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Rejects with `invalid_input` where there is none, or the two that were typed differ. */
export async function passphraseFrom(env: Env, file: string | undefined, isNew: boolean): Promise<string> {
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      throw new IntegrationError('invalid_input', `${file} cannot be read`, { cause });
    }
  }
  const given = env['TENON_PASSPHRASE'] ?? '';
  if (given !== '') return given;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new IntegrationError('invalid_input', 'a passphrase is needed', {
      remedy: 'Give it with --passphrase-file or in TENON_PASSPHRASE.',
    });
  }
  const typed = await typedUnseen('Passphrase: ');
  if (isNew && (await typedUnseen('Again: ')) !== typed) {
    throw new IntegrationError('invalid_input', 'the two passphrases are not the same');
  }
  return typed;
}

async function typedUnseen(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
