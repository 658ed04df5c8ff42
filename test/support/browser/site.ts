// The builder's site: the page with the published React library, built for one Tenon as a builder builds it, and served
// from an origin of its own, so that what browsers ask of other origins is asked here too.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'vite';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

export interface Site {
  /** `http://localhost:<port>`: not even the host is Tenon's. */
  readonly origin: string;
  close(): Promise<void>;
}

/** `tokenFor` is the builder's backend, which knows who is signed in. */
export async function startSite(
  tenonOrigin: string,
  tokenFor: (customer: { readonly groupRef: string; readonly consumerRef: string }) => Promise<string>,
): Promise<Site> {
  const files = await builtFor(tenonOrigin);
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://here');
    if (pathname === '/token') {
      const customer = {
        groupRef: searchParams.get('groupRef') ?? '',
        consumerRef: searchParams.get('consumerRef') ?? '',
      };
      outgoing.writeHead(200, { 'content-type': 'text/plain' }).end(await tokenFor(customer));
      return;
    }
    const path = files.has(pathname) ? pathname : '/index.html';
    outgoing.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    outgoing.end(files.get(path));
  };
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The files of the site by their path. Nothing stays on the disk. */
async function builtFor(tenonOrigin: string): Promise<ReadonlyMap<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-site-'));
  try {
    await build({
      configFile: false,
      root: import.meta.dirname,
      cacheDir: join(folder, 'cache'),
      logLevel: 'error',
      define: {
        'process.env.REACT_APP_AMP_SERVER': JSON.stringify(tenonOrigin),
        'process.env.NODE_ENV': '"production"',
      },
      build: { outDir: join(folder, 'site'), minify: false, reportCompressedSize: false, chunkSizeWarningLimit: 5_000 },
    });
    const built = join(folder, 'site');
    const paths = readdirSync(built, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return new Map(
      paths.map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(built.length), readFileSync(path)];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
