import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLog, logCall, Secret, silentLog } from '../../../src/core/log.ts';

function lines() {
  const written: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (line: string) => written.push(line) } });
  return { written, log };
}

const SECRET = 'hunter2';

describe('a secret', () => {
  const secret = new Secret(SECRET);

  it.each([
    ['in a template', () => `${secret}`],
    ['joined', () => ['a', secret].join()],
    ['added', () => `a${String(secret)}`],
    ['as JSON', () => JSON.stringify({ deep: { inside: [secret] } })],
    ['inspected', () => inspect({ deep: { inside: [secret] } }, { depth: 10, showHidden: true })],
    ['as an error message', () => new Error(`refused ${secret}`).stack ?? ''],
    ['spread', () => JSON.stringify({ ...secret })],
    ['through its entries', () => JSON.stringify(Object.entries(secret))],
  ])('does not print %s', (_name, print) => {
    expect(print()).not.toContain(SECRET);
  });

  it('does not print in a log line', () => {
    const { written, log } = lines();
    log.info({ value: secret, nested: { deeply: { value: secret } } }, `message ${secret}`);
    expect(written).toHaveLength(1);
    expect(written.join()).not.toContain(SECRET);
  });

  it('is revealed on request only', () => {
    expect(secret.reveal()).toBe(SECRET);
  });
});

describe('a log line', () => {
  it.each([
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'password',
    'secret',
    'token',
    'accessToken',
    'access_token',
    'refreshToken',
    'refresh_token',
    'id_token',
    'apiKey',
    'clientSecret',
    'client_secret',
    'x-api-key',
  ])('censors %s, at the top and one below', (key) => {
    const { written, log } = lines();
    log.info({ [key]: SECRET, headers: { [key]: SECRET } }, 'call');
    expect(written.join()).not.toContain(SECRET);
    expect(written.join()).toContain('[secret]');
  });

  it.each([
    ['under err', (error: Error) => ({ err: error })],
    ['by itself', (error: Error) => error],
    ['under any other name', (error: Error) => ({ cause: error })],
  ])('censors what an error carries %s', (_name, fieldsOf) => {
    const { written, log } = lines();
    log.info(fieldsOf(Object.assign(new Error('refused'), { token: SECRET, host: 'a.test' })));
    expect(written.join()).not.toContain(SECRET);
    expect(written.join()).toContain('a.test');
  });

  it('leaves the fields that it was given as they are', () => {
    const { log } = lines();
    const fields = { token: SECRET, nested: { token: SECRET } };
    log.info(fields);
    expect(fields).toEqual({ token: SECRET, nested: { token: SECRET } });
  });

  it('is one line of JSON with a level and a time', () => {
    const { written, log } = lines();
    log.info({ text: 'two\nlines' }, 'm');
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      level: 30,
      time: expect.any(Number),
      text: 'two\nlines',
      msg: 'm',
    });
  });

  it('of a call is the line that any other would be', () => {
    const { written, log } = lines();
    const fields = { plane: 'proxy', ms: 1.5, status: undefined, route: '/v1/"x"\n' };
    log.info(fields);
    logCall(log, 'info', fields);
    logCall(log, 'debug', fields);
    const timeless = written.map((line) => line.replace(/"time":\d+/, '"time":0'));
    expect(timeless).toEqual([timeless[0], timeless[0]]);
  });

  it('below the level is dropped, and a silent log drops all', () => {
    const { written, log } = lines();
    log.debug('x');
    silentLog().fatal('x');
    expect(written).toEqual([]);
  });
});

describe('the log on standard output', () => {
  const printed = (code: string) => {
    const source = `import { createLog } from './src/core/log.ts'; const log = createLog({ level: 'info' }); ${code}`;
    const cwd = join(import.meta.dirname, '../../..');
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
      cwd,
      encoding: 'utf8',
    });
    return stdout.split('\n').filter((line) => line !== '');
  };

  it.each([
    ['few lines at an exit', 3, 'process.exit(0)'],
    ['many lines at an exit', 1000, 'process.exit(0)'],
    ['lines when the process fails', 1000, 'setImmediate(() => { throw new Error("x") })'],
    ['lines when nothing is left to do', 1000, ''],
    ['flushed lines once', 1000, 'log.flush(() => process.exit(0))'],
  ])('has %s', (_name, count, end) => {
    const lines = printed(`for (let n = 0; n < ${count}; n++) log.info({ n }, 'call'); ${end}`);
    // A write that is under way at the exit may end after the last one: no line is lost, their order may be.
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
  });
});
