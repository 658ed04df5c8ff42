// Where a secret could end up besides the vault: rows, histories, logs, backups. All that a run wrote is searched
// for every secret that it used, to the byte, also for those that a rude provider sent back in its error messages.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLog } from '../../src/core/log.ts';
import { HOUR_MS } from '../../src/core/time.ts';
import { createBackup } from '../../src/flows/operator/backup.ts';
import { startDestination } from '../support/destination.ts';
import {
  installed,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  startDriven,
  until,
} from '../support/drive.ts';

it('leaves no secret in clear, in whatever it wrote', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', stream: { write: (line: string) => void lines.push(line) } });
  await using rude = await startDestination();
  rude.answer = ({ headers }) => ({
    status: 400,
    body: JSON.stringify({ message: `who is ${headers.authorization}? token=${headers.authorization?.slice(7)}` }),
  });
  // Renewed long before it ends, so that a lost answer leaves time to try again.
  const overrides = {
    hubspot: { baseURL: rude.origin },
    salesforce: { tenon: { tokens: { lifetimeMs: HOUR_MS } } },
  };
  await using driven = await startDriven({ log, overrides });
  const { tenon } = driven;
  const { signingKey } = await withWebhook(tenon);
  await tenon.deploy(
    manifest(integration('hubspot', readObject('contacts')), integration('salesforce', readObject('Account'))),
  );
  const hubspot = await installed(driven, 'hubspot', { contacts: {} });
  const salesforce = await installed(driven, 'salesforce', { Account: {} });
  const stripe = { projectIdOrName: tenon.projectId, provider: 'stripe', groupRef: 'acme', consumerRef: 'ada' };
  const apiKey = 'sk_live_c4n4ryc4n4ryc4n4ry12345';
  await tenon.ok('POST', tenon.inProject('/connections:generate'), { ...stripe, apiKey });

  const secrets = new Set([signingKey, apiKey, tenon.apiKey, 'secret-for-app-hubspot', 'secret-for-app-salesforce']);
  const collect = () => {
    const { reads } = tenon.running.services.store;
    for (const { connectionId } of reads.all<{ connectionId: string }>('SELECT connectionId FROM connections')) {
      const credential = tenon.credentialOf(connectionId);
      for (const [name, value] of Object.entries(credential))
        if (/(?:Token|Key)$/.test(name)) secrets.add(String(value));
    }
  };
  collect();
  await until(driven, 'the rude answer', async () => {
    const [run] = await operations(driven, 'hubspot', hubspot.id);
    return run?.status === 'failure';
  });
  const reset = tenon.sandbox.faults.next({ pathPrefix: '/services/oauth2/token' }, { kind: 'html200' });
  await pass(driven, 3 * HOUR_MS);
  await tenon.proxy(salesforce.id, '/services/data/v59.0/limits');
  await reset.reached;
  collect();
  expect(secrets.size).toBeGreaterThan(10);

  const backup = await createBackup(tenon.running.services);
  const written = new Map([
    ['the log', lines.join('')],
    ['the backup', readFileSync(backup.path, 'latin1')],
  ]);
  const folder = join(tenon.folder, 'data');
  for (const file of readdirSync(folder).filter((name) => name.startsWith('tenon.db') && !name.endsWith('-shm'))) {
    written.set(file, readFileSync(join(folder, file), 'latin1'));
  }
  await backup.dispose();
  // The rude answer is there, without what it quoted.
  expect([...written.values()].join('')).toContain('who is Bearer [removed]');
  for (const [place, text] of written) {
    const found = [...secrets].filter((secret) => text.includes(secret));
    expect(found.map((secret) => `${secret.slice(0, 8)}… in ${place}`)).toEqual([]);
  }
});

async function withWebhook(tenon: Awaited<ReturnType<typeof startDriven>>['tenon']): Promise<{ signingKey: string }> {
  await tenon.addWebhook('hook');
  const path = tenon.inProject('/destinations/hook?includeSecrets=true');
  const { secrets } = await tenon.ok<{ secrets: { webhookSigningKey: string } }>('GET', path);
  return { signingKey: secrets.webhookSigningKey };
}
