// Row 19 of the table of failure modes: tokens in logs, error objects and journals. Every way in which a refresh can go
// wrong, at a provider that quotes what it was sent; then all that was written or answered is searched.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLog } from '../../../src/core/log.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { showActor } from '../../../src/flows/operator/actors.ts';
import { createBackup } from '../../../src/flows/operator/backup.ts';
import { pass, settled } from '../../support/drive.ts';
import { CANARY, type TokenAnswer, type TokenCall } from '../../support/tokenServer.ts';
import { askForNext, call, customers, startWorld, why } from './world.ts';

/** Quotes everything that came, under each name that error texts have. */
function quoting(status: number, error: string): (request: TokenCall) => TokenAnswer {
  return ({ form }) => {
    const token = form.get('refresh_token');
    const words = `client_secret=${form.get('client_secret')} "${token}" ${token}`;
    return { status, body: { error, error_description: words, message: words, token } };
  };
}

const ANSWERS: readonly ((request: TokenCall) => TokenAnswer)[] = [
  quoting(400, 'invalid_grant'),
  quoting(401, 'invalid_client'),
  quoting(400, 'invalid_request'),
  quoting(503, 'down'),
  quoting(200, 'slow_down'),
  ({ form }) => ({ status: 200, body: `<html>${form.get('refresh_token')}</html>` }),
  ({ form }) => ({ status: 200, body: `error=${form.get('refresh_token')}` }),
  () => ({ status: 0, body: '' }),
];

it('row 19: no token is in a log line, an error, a history, a view or a backup, however a refresh went', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', stream: { write: (line: string) => void lines.push(line) } });
  const world = await startWorld({ log });
  const { tenon, server } = world;
  const whom = await customers(world, ANSWERS.length);
  const said: string[] = [];
  for (const [index, one] of whom.entries()) {
    server.answering = ANSWERS[index] ?? (() => null);
    await askForNext(world, one);
    await settled(world);
  }
  await pass(world, 2 * HOUR_MS);
  const look = { ...tenon.running.services, isServing: true };
  for (const one of whom) {
    said.push(JSON.stringify(await call(world, one)), JSON.stringify(why(world, one)));
    said.push(JSON.stringify(showActor(look, `credential:${one.connectionId}`)));
    said.push((await tenon.api('GET', tenon.inProject(`/connections/${one.connectionId}`))).text);
  }
  said.push(JSON.stringify(showActor(look, `providerApp:${world.providerAppId}`)));

  const written = new Map([
    ['the log', lines.join('')],
    ['what was said', said.join('\n')],
  ]);
  const backup = await createBackup(tenon.running.services);
  written.set('the backup', readFileSync(backup.path, 'latin1'));
  backup.dispose();
  const folder = join(tenon.folder, 'data');
  for (const file of readdirSync(folder).filter((name) => name.startsWith('tenon.db') && !name.endsWith('-shm'))) {
    written.set(file, readFileSync(join(folder, file), 'latin1'));
  }
  // It was there to be found: the provider was sent it, and its words were kept.
  expect(server.refreshes().every(({ form }) => form.get('refresh_token')?.includes(CANARY) === true)).toBe(true);
  expect(written.get('what was said')).toContain('client_secret=[redacted]');
  for (const [place, text] of written) {
    const at = text.indexOf(CANARY);
    expect([place, at === -1 ? '' : text.slice(at - 80, at + 20)]).toEqual([place, '']);
  }
});
