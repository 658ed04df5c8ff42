// A data folder of an earlier version, for every version of the schema there was: a whole Tenon starts on it, and what
// was connected, installed and read goes on where it stood.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { HOUR_MS } from '../../src/core/time.ts';
import { SCHEMA_STEPS, SCHEMA_VERSION } from '../../src/store/schema.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';

type Database = ReturnType<typeof openForWriting>;

const VERSIONS = SCHEMA_STEPS.slice(0, -1).map((_, index) => index + 1);

function tablesIn(database: Database): string[] {
  const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
  return (database.prepare(sql).all() as { name: string }[]).map(({ name }) => name);
}

function columnsOf(database: Database, schema: 'main' | 'later', table: string): string[] {
  const sql = 'SELECT name FROM pragma_table_info(?, ?)';
  return (database.prepare(sql).all(table, schema) as { name: string }[]).map(({ name }) => name);
}

/** The same rows in the tables of an earlier version, as far as it had them. */
function takenBackTo(version: number, folder: string): void {
  const path = join(folder, 'tenon.db');
  const laterPath = join(folder, 'later.db');
  copyFileSync(path, laterPath);
  const database = openForWriting(path);
  for (const table of tablesIn(database)) database.exec(`DROP TABLE "${table}"`);
  for (const step of SCHEMA_STEPS.slice(0, version)) database.exec(step);
  database.exec(`ATTACH '${laterPath}' AS later`);
  for (const table of tablesIn(database)) {
    const later = columnsOf(database, 'later', table);
    const columns = columnsOf(database, 'main', table).filter((name) => later.includes(name));
    database.exec(`INSERT INTO main."${table}" (${columns}) SELECT ${columns} FROM later."${table}"`);
  }
  database.exec('DETACH later');
  database.pragma(`user_version = ${version}`);
  database.close();
}

async function stateOf(driven: Driven, installationId: string): Promise<unknown> {
  const { tenon } = driven;
  const paths = ['/connections', '/destinations', '/provider-apps', '/integrations', '/installations', '/api-keys'];
  const lists = paths.map((path) => tenon.ok('GET', tenon.inProject(path)));
  return [await Promise.all(lists), await operations(driven, 'hubspot', installationId)];
}

describe.each(VERSIONS)(`data of schema %i of ${SCHEMA_VERSION}`, (version) => {
  it('goes on where it stood: keys, tokens, reads, and what is new since', async () => {
    await using driven = await startDriven({ sandbox: { hubspotContacts: 3 } });
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const { id } = await installed(driven, 'hubspot', { contacts: {} });
    await settled(driven);
    const before = await stateOf(driven, id);
    await tenon.halt();
    takenBackTo(version, join(tenon.folder, 'data'));
    await tenon.resume();
    expect(await stateOf(driven, id)).toEqual(before);
    const contacts = { provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
    tenon.sandbox.change({ ...contacts, kind: 'create', count: 1 });
    await pass(driven, HOUR_MS);
    const { recordsByObject, signatureFailures } = tenon.receiver.state();
    expect([Object.fromEntries(recordsByObject), signatureFailures]).toEqual([{ contacts: 4 }, 0]);
    expect((await tenon.proxy(id, '/crm/v3/objects/contacts?limit=1')).status).toBe(200);
    const { key } = await tenon.ok<{ key: string }>('POST', tenon.inProject('/api-keys'), { label: 'new' });
    expect((await tenon.api('GET', '/projects', undefined, { 'x-api-key': key })).status).toBe(200);
    await tenon.ok('POST', tenon.inProject('/topics'), { name: 'news' });
    const daily: JsonObject = readObject('contacts', { schedule: '0 0 * * *' });
    await tenon.deploy(manifest(integration('hubspot', daily)));
    await settled(driven);
    expect(tenon.fatal).toEqual([]);
  });
});
