// The product end to end on whatever runtime executes this file, Node or Deno: connect, read, deliver, proxy, stop.
// Prints one line and exits with 0, or says what is wrong and exits with 1. `npm run test:deno` runs it under Deno, a
// test under Node.

import { strict as assert } from 'node:assert';
import process from 'node:process';
import { systemClock } from '../../src/core/time.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const RECORDS = 300;
const PROXIED = 50;
/** A smoke test that hangs must say so before its caller gives up. */
const DEADLINE_MS = 20_000;

const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: contacts
    provider: hubspot
    proxy: {enabled: true}
    read:
      objects:
        - objectName: contacts
          destination: contacts
          schedule: "*/30 * * * *"
          backfill: {defaultPeriod: {fullHistory: true}}
          requiredFields: [{fieldName: email}]
`;

async function smoke(tenon: Tenon): Promise<void> {
  await tenon.addWebhook('contacts');
  await tenon.connect('hubspot');
  await tenon.deploy(MANIFEST);
  const object = { objectName: 'contacts', selectedFields: {}, selectedFieldMappings: {} };
  const { id } = await tenon.install('contacts', { provider: 'hubspot', read: { objects: { contacts: object } } });
  const state = await tenon.receiver.waitFor(({ recordsByObject }) => recordsByObject.get('contacts') === RECORDS);
  assert.deepEqual([state.signatureFailures, state.duplicates, state.recordsRepeated], [0, 0, 0]);
  await proxied(tenon, id);
  assert.equal((await tenon.proxy('none', '/')).status, 404);
  assert.deepEqual(tenon.fatal, []);
}

async function proxied(tenon: Tenon, id: string): Promise<void> {
  const calls = Array.from({ length: PROXIED }, async (_, index) => {
    const body = 'x'.repeat(index * 1000);
    const response = await tenon.proxy(id, `/echo/a%20b?n=${index}&m=%2F`, { method: 'POST', body });
    assert.equal(response.status, 200);
    const echo = (await response.json()) as { path: string; query: string; body: { bytes: number }; headers: object };
    assert.deepEqual([echo.path, echo.query, echo.body.bytes], ['/echo/a%20b', `n=${index}&m=%2F`, body.length]);
    assert.equal('x-api-key' in echo.headers, false);
  });
  await Promise.all(calls);
  const long = await tenon.proxy(id, '/bytes/5000000');
  assert.equal((await long.arrayBuffer()).byteLength, 5_000_000);
  const head = await tenon.proxy(id, '/echo/x', { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  const missing = await tenon.proxy(id, '/nowhere');
  assert.equal(missing.status, 404);
  await missing.text();
}

const deadline = systemClock.timerAt(systemClock.nowMs() + DEADLINE_MS, () => {
  process.stderr.write(`smoke: not done within ${DEADLINE_MS} ms\n`);
  process.exit(1);
});
const runtime = 'Deno' in globalThis ? 'Deno' : 'Node';
const startedAtMs = systemClock.nowMs();
try {
  await using tenon = await startTenon({ writer: 'thread', sandbox: { hubspotContacts: RECORDS } });
  await smoke(tenon);
} catch (error) {
  process.stderr.write(`smoke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
deadline.cancel();
const tookMs = systemClock.nowMs() - startedAtMs;
process.stdout.write(`smoke: ${RECORDS} records and ${PROXIED} proxied calls on ${runtime} in ${tookMs} ms\n`);
process.exit(0);
