// The part of the operator plane that handles data as a whole: a backup to download, an installation to erase, master
// keys to rotate, the catalog to refresh. The plane has checked who calls (`operator.ts`).

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { createBackup } from '../flows/operator/backup.ts';
import { eraseInstallation } from '../flows/operator/erase.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';

export function maintenanceRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  app.get('/backup', async (context) => {
    const { method, signal } = context.req.raw;
    // Hono answers HEAD with this handler and drops the body, which would then never be read to its end.
    if (method !== 'GET') throw new IntegrationError('bad_request', 'a backup is made for GET only');
    const backup = await createBackup(services);
    // Who left while it was made will not read it.
    if (signal.aborted) {
      backup.dispose();
      throw new IntegrationError('bad_request', 'the caller has left');
    }
    const file = createReadStream(backup.path);
    // Emitted once, whether it was read to its end, failed, or the caller left.
    file.once('close', backup.dispose);
    const body = Readable.toWeb(file) as ReadableStream<Uint8Array>;
    return context.body(body, 200, {
      'content-type': 'application/vnd.sqlite3',
      'content-length': String(backup.bytes),
    });
  });
  app.delete('/installations/:installation', async (context) => {
    const isConnectionKept = context.req.query('keepConnection') === 'true';
    return context.json(await eraseInstallation(services, context.req.param('installation'), { isConnectionKept }));
  });
  app.get('/keys', async (context) => context.json(await services.rotation.list()));
  app.post('/keys/rotate', async (context) => context.json(await services.rotation.rotate()));
  app.get('/catalog', (context) => context.json(services.catalogRefresh.status()));
  app.post('/catalog/refresh', async (context) => {
    await services.catalogRefresh.refresh();
    return context.json(services.catalogRefresh.status());
  });
  return app;
}
