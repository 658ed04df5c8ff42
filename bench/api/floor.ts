// The floor of the API bench: a Hono app that runs the same SQL as Tenon on the same database and answers the rows as
// they are. No key, no project, no checks, no log, no headers of its own.

import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { ProjectId } from '../../src/core/ids.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { readConnection } from '../../src/store/tables/connections.ts';
import { readInstallation, readInstallations } from '../../src/store/tables/installations.ts';
import { serveParent } from '../harness/processes.ts';

const reads = openForReading(env['BENCH_DATABASE'] ?? '');
const app = new Hono();

app.get('/installations/:id', (context) => {
  const row = readInstallation(reads, context.req.param('id'));
  if (row === undefined) return context.notFound();
  return context.json({ ...row, connection: readConnection(reads, row.connectionId) });
});
app.get('/installations', (context) => {
  const { limit, time, id, group } = context.req.query();
  const after = time === undefined || id === undefined ? undefined : { createdAtMs: Number(time), installationId: id };
  const filter = { groupRef: group, after, limit: limit === undefined ? undefined : Number(limit) };
  const rows = readInstallations(reads, (env['BENCH_PROJECT'] ?? '') as ProjectId, filter);
  return context.json(rows.map((row) => ({ ...row, connection: readConnection(reads, row.connectionId) })));
});

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
  serveParent({ port: (server.address() as AddressInfo).port }, () => null);
});
