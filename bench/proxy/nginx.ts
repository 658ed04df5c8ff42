// nginx as a proxy does it best: one worker, connections to the upstream kept, a log line per call written in blocks.
// It puts a credential in and takes the headers for the proxy out, as the floor does.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type CpuMicros, pinned } from '../harness/processes.ts';
import { freePort } from '../harness/server.ts';
import { CONNECTIONS } from './traffic.ts';

/** Where distributions put it; a search path of users often lacks sbin. */
const BINARY = '/usr/sbin/nginx';
const READY_TRIES = 200;
const LOOK_MS = 25;
const NS_PER_MICRO = 1000;

interface Nginx {
  readonly port: number;
  readonly pid: number;
  cpu(): Promise<CpuMicros>;
  stop(): Promise<void>;
}

/** Null where it is not installed. */
export async function startNginx(folder: string, upstreamPort: number): Promise<Nginx | null> {
  try {
    execFileSync(BINARY, ['-v'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, configOf(folder, port, upstreamPort));
  const [file = BINARY, ...args] = pinned(0, [BINARY, '-p', folder, '-e', join(folder, 'error.log'), '-c', path]);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill());
  for (let tries = 0; !(await isOpen(port)); tries++) {
    if (tries === READY_TRIES || child.exitCode !== null) throw new Error(`nginx did not start (${child.exitCode})`);
    await setTimeout(LOOK_MS);
  }
  const pid = child.pid ?? 0;
  return {
    port,
    pid,
    // The first field is the time on a core in nanoseconds (Documentation/scheduler/sched-stats.rst); it is not split.
    async cpu() {
      const onCoreNs = Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]);
      return { user: onCoreNs / NS_PER_MICRO, system: 0 };
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Without a master process, the one worker is the process that was started, and keeps its place. */
function configOf(folder: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const dropped = ['X-Api-Key', 'X-Amp-Proxy-Version', 'X-Amp-Project-Id', 'X-Amp-Installation-Id'];
  return `daemon off; master_process off; worker_processes 1; pid ${folder}/pid;
events { worker_connections 4096; multi_accept on; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  log_format call '$time_iso8601 $request_method $status $request_time $body_bytes_sent';
  access_log ${folder}/access.log call buffer=64k flush=1s;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive ${CONNECTIONS};
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer token-of-the-bench";
      ${dropped.map((name) => `proxy_set_header ${name} "";`).join(' ')}
    }
  }
}
`;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
