// The command line as its user meets it: processes of their own, their exit codes and what they print.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const TENON = join(import.meta.dirname, '../../src/cli/tenon.ts');
const QUICKSTART = '../shared/reference/manifests/quickstart.yaml';

let folder: string;
const children = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenon-cli-'));
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

type Env = Readonly<Record<string, string>>;

/** Of the environment only what finding programs takes, so that no TENON_* of the machine gets in. */
function start(args: readonly string[], env: Env): ChildProcess {
  return spawn(process.execPath, [TENON, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } });
}

async function run(args: readonly string[], env: Env = {}) {
  const child = start(args, env);
  if (child.stdout === null || child.stderr === null) throw new Error('a child without pipes');
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, error, lines: error.split('\n').filter((line) => line !== '') };
}

/** Starts `tenon serve` and waits until it is there and has said everything. */
async function serve(dataFolder: string, env: Env = {}) {
  const child = start(['serve'], { TENON_PORT: '0', TENON_DATA_DIR: dataFolder, TENON_LOG_LEVEL: 'silent', ...env });
  children.add(child);
  let printed = '';
  let complaints = '';
  const located = Promise.withResolvers<string>();
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    const origin = /serves (http\S+)\n/.exec(printed)?.[1];
    if (origin !== undefined) located.resolve(origin);
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  exited.then((code) => located.reject(new Error(`it exited with ${code}: ${complaints}`)));
  const origin = await located.promise;
  // Whatever is printed after the address is there when a request has been answered.
  await fetch(`${origin}/health`);
  return {
    origin,
    printed: () => printed,
    stop(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const keyIn = (printed: string) => /API key\s+(tnn_\S+)/.exec(printed)?.[1];

describe('a wrong command line', () => {
  it.concurrent.each([
    ['an unknown command', ['explode'], "unknown command 'explode'"],
    ['an unknown option', ['serve', '--fast'], "unknown option '--fast'"],
    ['a missing file name', ['deploy'], "missing required argument 'file'"],
  ])('%s exits with 2 and says how to get help', async (_what, args, says) => {
    const { code, error } = await run(args);
    expect(code).toBe(2);
    expect(error).toContain(says);
    expect(error).toContain('--help');
  });

  it('help is no failure', async () => {
    const { code, out } = await run(['--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('serve')]);
  });
});

describe('what Node makes of the files', () => {
  it('is kept for the next start also by a server that is killed, where nobody else may write', async () => {
    const caches = join(folder, 'caches');
    const server = await serve(join(folder, 'killed'), { XDG_CACHE_HOME: caches });
    await server.stop('SIGKILL');
    const [version = ''] = readdirSync(join(caches, 'tenon'));
    expect(readdirSync(join(caches, 'tenon', version)).length).toBeGreaterThan(300);
    for (const path of ['', 'tenon', join('tenon', version)]) {
      expect(statSync(join(caches, path)).mode & 0o077).toBe(0);
    }
  });

  it('is not missed where nothing can be written', async () => {
    const { code, lines } = await run(['--help'], { XDG_CACHE_HOME: fileOf('no-folder', '') });
    expect([code, lines]).toEqual([0, []]);
  });
});

describe('tenon serve does not start', () => {
  it.concurrent.each<[string, Env, string]>([
    ['a port that is none', { TENON_PORT: '80a' }, 'TENON_PORT must be a port number'],
    ['a master key that is too short', { TENON_MASTER_KEY: 'c2hvcnQ=' }, 'master key'],
    ['a catalog file that is not there', { TENON_CATALOG_FILE: '/nowhere/catalog.json' }, '/nowhere/catalog.json'],
  ])('with %s, and says so in one line', async (_what, env, says) => {
    const { code, lines, out } = await run(['serve'], {
      TENON_PORT: '0',
      TENON_DATA_DIR: join(folder, 'none'),
      ...env,
    });
    expect([code, lines.length, out]).toEqual([1, 1, '']);
    expect(lines[0]).toMatch(/^error: /);
    expect(lines[0]).toContain(says);
    expect(lines[0]).not.toContain('c2hvcnQ');
  });

  it('on a port that is taken, and leaves the data free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const data = join(folder, 'port');
    const { code, lines } = await run(['serve'], { TENON_PORT: String(port), TENON_DATA_DIR: data });
    expect([code, lines]).toEqual([1, [expect.stringContaining(`port ${port} of 127.0.0.1 is in use`)]]);
    expect(lines[0]).toContain('TENON_PORT');
    expect(await (await serve(data)).stop()).toBe(0);
  });

  it('a second time on the same data, and the first one goes on', async () => {
    const data = join(folder, 'twice');
    const first = await serve(data);
    const { code, lines, out } = await run(['serve'], { TENON_PORT: '0', TENON_DATA_DIR: data });
    expect([code, lines.length, out]).toEqual([1, 1, '']);
    expect(lines[0]).toMatch(/another|already|in use/);
    expect((await fetch(`${first.origin}/ready`)).status).toBe(200);
    expect(await first.stop()).toBe(0);
  });

  it('with another master key than the data was sealed with', async () => {
    const data = join(folder, 'keys');
    const keyOf = (letter: string) => Buffer.alloc(32, letter).toString('base64');
    expect(await (await serve(data, { TENON_MASTER_KEY: keyOf('a') })).stop()).toBe(0);
    const env = { TENON_PORT: '0', TENON_DATA_DIR: data, TENON_MASTER_KEY: keyOf('b') };
    const { code, lines } = await run(['serve'], env);
    expect([code, lines]).toEqual([1, [expect.stringContaining('master key')]]);
    expect(lines[0]).not.toContain(keyOf('b').slice(0, 8));
  });
});

describe('tenon serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 0 on %s, prints its first key once and starts again',
    async (signal) => {
      const data = join(folder, signal);
      const first = await serve(data);
      const apiKey = keyIn(first.printed());
      expect(apiKey).toMatch(/^tnn_[A-Za-z0-9_-]{43}$/);
      expect(await first.stop(signal)).toBe(0);
      const second = await serve(data);
      const projects = await fetch(`${second.origin}/v1/projects`, { headers: { 'x-api-key': apiKey ?? '' } });
      expect(projects.status).toBe(200);
      expect(await second.stop(signal)).toBe(0);
      expect(keyIn(second.printed())).toBeUndefined();
      expect(second.printed()).not.toContain('tnn_');
    },
  );

  it('is ready again after it was killed', async () => {
    const data = join(folder, 'killed');
    const first = await serve(data);
    expect(await first.stop('SIGKILL')).toBeNull();
    const second = await serve(data);
    expect((await fetch(`${second.origin}/ready`)).status).toBe(200);
    expect(await second.stop()).toBe(0);
  });
});

describe('tenon deploy', () => {
  let url = '';
  let apiKey = '';
  let stranger: Server;

  beforeAll(async () => {
    const server = await serve(join(folder, 'deploy'));
    url = server.origin;
    apiKey = keyIn(server.printed()) ?? '';
    stranger = createServer((_incoming, outgoing) => outgoing.end('<h1>Hello</h1>')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
  });

  afterAll(() => void stranger.close());

  const deploy = (file: string, env: Env = {}) =>
    run(['deploy', file], { TENON_URL: url, TENON_API_KEY: apiKey, ...env });
  const good = (name: string) =>
    `specVersion: 1.0.0\nintegrations:\n  - name: ${name}\n    provider: hubspot\n    proxy: {enabled: true}\n`;

  it.concurrent.each<[string, () => [string, Env?], string]>([
    ['a file that is not there', () => [join(folder, 'none.yaml')], 'none.yaml: no such file.'],
    ['a file that is too large', () => [fileOf('large.yaml', '#'.repeat(600_000))], 'is larger than 524288 bytes.'],
    ['no key', () => [fileOf('a.yaml', good('a')), { TENON_API_KEY: '' }], 'an API key is needed. Set TENON_API_KEY'],
    [
      'a wrong key',
      () => [fileOf('a.yaml', good('a')), { TENON_API_KEY: 'tnn_no' }],
      'the API key is missing or not valid',
    ],
    ['a server that is down', () => [fileOf('a.yaml', good('a')), { TENON_URL: 'http://127.0.0.1:9' }], '127.0.0.1:9'],
    [
      'what is no address of a server',
      () => [fileOf('a.yaml', good('a')), { TENON_URL: `${url}/v1` }],
      '/v1" is not the address of a server. Pass --url with an origin',
    ],
    [
      'a server that is something else',
      () => [
        fileOf('a.yaml', good('a')),
        { TENON_URL: `http://127.0.0.1:${(stranger.address() as AddressInfo).port}` },
      ],
      'did not answer as Tenon does',
    ],
  ])('fails with 1 and one line for %s', async (_what, args, says) => {
    const [file, env] = args();
    const { code, lines, out } = await deploy(file, env);
    expect([code, lines.length, out]).toEqual([1, 1, '']);
    expect(lines[0]).toMatch(/^error: /);
    expect(lines[0]).toContain(says);
  });

  it('prints every mistake with file, line and column, as compilers do', async () => {
    const file = fileOf(
      'bad.yaml',
      good('a').replace('hubspot', 'hubspit').replace('enabled: true', 'enabled: yes please'),
    );
    const { code, lines, out } = await deploy(file);
    expect([code, out]).toEqual([1, '']);
    expect(lines.slice(0, -1)).toEqual([
      expect.stringContaining(`${file}:4:15: `),
      expect.stringContaining(`${file}:5:22: `),
    ]);
    expect(lines.at(-1)).toBe(`error: ${file} has 2 problem(s).`);
  });

  it('names each integration that it deployed', async () => {
    const { code, out, error } = await deploy(fileOf('good.yaml', good('contacts')));
    expect([code, error, out]).toEqual([0, '', 'deployed  contacts  hubspot\n']);
  });

  it('deploys a published sample', async (context) => {
    if (!existsSync(QUICKSTART)) context.skip('the published samples are not on this machine');
    const { code, out, error } = await deploy(QUICKSTART);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain('deployed  mailmonkey-salesforce  salesforce');
  });
});

describe('tenon key create', () => {
  it('makes no data folder by mistake', async () => {
    const none = join(folder, 'mistyped');
    const { code, lines } = await run(['key', 'create'], { TENON_DATA_DIR: none });
    expect([code, lines]).toEqual([1, [expect.stringContaining(`there is no Tenon data in ${none}`)]]);
    expect(existsSync(none)).toBe(false);
  });

  it('is refused while a server runs on the data, and makes a key that works afterwards', async () => {
    const data = join(folder, 'key');
    const running = await serve(data);
    const env = { TENON_DATA_DIR: data };
    expect(await run(['key', 'create'], env)).toMatchObject({
      code: 1,
      lines: [expect.stringContaining('in use by another process')],
    });
    expect(await running.stop()).toBe(0);
    const unknown = await run(['key', 'create', '--project', 'nobody'], env);
    expect(unknown).toMatchObject({ code: 1, lines: [expect.stringContaining('name the project')] });
    const { code, out } = await run(['key', 'create'], env);
    expect(code).toBe(0);
    const never = await run(['key', 'create', '--expires', 'soon'], env);
    expect(never).toMatchObject({ code: 1, lines: [expect.stringContaining('--expires takes a number of days')] });
    const builder = await run(['key', 'create', '--builder', '--expires', '30'], env);
    const again = await serve(data);
    const answer = await fetch(`${again.origin}/v1/projects`, { headers: { 'x-api-key': keyIn(out) ?? '' } });
    expect(answer.status).toBe(200);
    const authorization = `Bearer ${keyIn(builder.out)}`;
    expect((await fetch(`${again.origin}/v1/my-info`, { headers: { authorization } })).status).toBe(200);
    expect(await again.stop()).toBe(0);
  });
});
