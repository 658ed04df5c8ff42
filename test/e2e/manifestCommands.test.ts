// `tenon manifest check` and `tenon deploy --plan` as their users meet them: processes of their own.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runTenon } from '../support/cli.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenon } from '../support/tenon.ts';

const SAMPLES = '../shared/reference/manifests';
const folder = mkdtempSync(join(tmpdir(), 'tenon-manifest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = manifest(integration('hubspot', readObject('contacts')));
const WARNED = GOOD.replace('"proxy"', '"x-team":"a","proxy"');
const BAD = GOOD.replace('*/10 * * * *', '*/5 * * * *').replace('"provider":"hubspot"', '"provider":"hubspto"');

let files = 0;
function fileOf(content: string | Buffer, name = `${++files}.yaml`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function check(args: readonly string[], input?: string) {
  const { code, out, error } = await runTenon(
    ['manifest', 'check', ...args],
    { TENON_DATA_DIR: join(folder, 'none') },
    input,
  );
  return { code, out, lines: out.split('\n').slice(0, -1), error };
}

describe('tenon manifest check', () => {
  it('says what is wrong, with the place, and exits with 1', async () => {
    const file = fileOf(BAD);
    const { code, lines, error } = await check([file]);
    expect([code, error]).toEqual([1, '']);
    expect(lines).toEqual([
      `wrong  ${file}  2 errors`,
      expect.stringMatching(/^ {2}error: .*\.yaml:1:\d+: integrations\[0\]\.provider: is not a provider .*"hubspot"/),
      expect.stringMatching(/^ {2}error: .*\.yaml:1:\d+: integrations\[0\]\.read\.objects\[0\]\.schedule: runs 5 min/),
    ]);
  });

  it.concurrent.each<[string, () => readonly string[], string]>([
    ['a file that is not there', () => [join(folder, 'none.yaml')], 'none.yaml:1:1: no such file'],
    ['a folder without a manifest', () => [mkdtempSync(join(folder, 'empty-'))], 'has neither amp.yaml nor amp.yml'],
    ['a file that is far too large', () => [fileOf('#'.repeat(600_000))], ':1:1: is larger than 524288 bytes'],
    ['a file in UTF-16', () => [fileOf(Buffer.from(GOOD, 'utf16le'))], ':1:1: is not UTF-8'],
  ])('refuses %s', async (_what, args, says) => {
    const { code, out } = await check(args());
    expect([code, out]).toEqual([1, expect.stringContaining(says)]);
  });

  it('takes a folder for the manifest in it, and - for what is piped in', async () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'amp.yml'), GOOD);
    expect((await check([project])).lines).toEqual([`ok     ${join(project, 'amp.yml')}  1 integration`]);
    const piped = await check(['-'], BAD);
    expect([piped.code, piped.lines[1]]).toEqual([1, expect.stringContaining('<stdin>:1:')]);
  });

  it('tells warnings of one file and exits with 0, with --strict with 1', async () => {
    const file = fileOf(WARNED);
    const lenient = await check([file]);
    expect([lenient.code, lenient.lines]).toEqual([
      0,
      [`ok     ${file}  1 integration, 1 warning`, expect.stringContaining('x-team: is not a key of the manifest')],
    ]);
    const strict = await check(['--strict', file, fileOf(GOOD)]);
    expect([strict.code, strict.lines.at(-1)]).toEqual([1, '2 files, 0 errors, 1 warning']);
  });

  it('prints everything as JSON for programs', async () => {
    const [bad, good] = [fileOf(BAD), fileOf(GOOD)];
    const { code, out } = await check(['--json', bad, good]);
    expect([code, JSON.parse(out)]).toEqual([
      1,
      {
        ok: false,
        files: [
          {
            file: bad,
            ok: false,
            integrations: 0,
            errors: [
              expect.objectContaining({ line: 1, path: 'integrations[0].provider', remedy: 'did you mean "hubspot"?' }),
              expect.objectContaining({ line: 1, path: 'integrations[0].read.objects[0].schedule' }),
            ],
            warnings: [],
          },
          { file: good, ok: true, integrations: 1, errors: [], warnings: [] },
        ],
      },
    ]);
  });

  it('and with 2 for half a command', async () => {
    expect((await check([])).code).toBe(2);
  });

  it.skipIf(!existsSync(SAMPLES))('finds no error in any published sample, a line each', async () => {
    const samples = readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.yaml'))
      .sort();
    const { code, lines } = await check(samples.map((name) => join(SAMPLES, name)));
    expect([code, lines.length]).toEqual([0, samples.length + 1]);
    expect(lines.at(-1)).toMatch(new RegExp(`^${samples.length} files, 0 errors, \\d+ warnings$`));
    expect(new Set(lines.slice(0, -1).map((line) => line.search(/\d+ integration/))).size).toBe(1);
  });
});

describe('tenon deploy --plan', () => {
  it('says what would change and for how many, and changes nothing', async () => {
    await using tenon = await startTenon();
    const env = { TENON_API_KEY: tenon.apiKey, TENON_URL: tenon.origin };
    const plan = async (source: string, ...args: readonly string[]) => {
      const { code, out, error } = await runTenon(['deploy', '--plan', ...args, '-'], env, source);
      return { code, out, lines: out.split('\n').slice(0, -1), error };
    };
    await tenon.addWebhook('hook');
    expect((await plan(GOOD)).lines).toEqual([
      '+ added      hubspot  hubspot',
      '1 integration added, 0 installations affected.',
    ]);
    await tenon.deploy(GOOD);
    expect((await plan(GOOD)).lines).toEqual(['= same       hubspot  hubspot', 'Nothing would change.']);

    await tenon.connect('hubspot');
    await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await tenon.connect('hubspot', { groupRef: 'other' });
    await tenon.install('hubspot', { provider: 'hubspot' }, 'other');
    const later = readObject('contacts', {
      schedule: '0 * * * *',
      requiredFields: [{ fieldName: 'phone' }],
    });
    const next = manifest(integration('hubspot', later, readObject('companies')));
    expect((await plan(next)).lines).toEqual([
      '~ changed    hubspot  hubspot  2 installations, of which 1 read otherwise',
      '    ~ read contacts schedule              "*/10 * * * *" → "0 * * * *"',
      '    + read contacts requiredFields.phone',
      '    - read contacts requiredFields.email',
      '    + read companies',
      '1 integration changed, 2 installations affected.',
    ]);
    const json = JSON.parse((await plan(next, '--json')).out) as {
      integrations: { verdict: string; changes: unknown[] }[];
    };
    expect(json.integrations).toMatchObject([{ verdict: 'changed', installations: 2, rescheduled: 1 }]);
    expect(json.integrations[0]?.changes).toHaveLength(4);

    const without = await plan(manifest(integration('hubspot', readObject('companies'))));
    expect(without.lines).toEqual([
      '~ changed    hubspot  hubspot  2 installations, of which 0 read otherwise',
      '    + read companies',
      '    - read contacts',
      '    contacts: read on where they are installed, unless deployed with --destructive',
      '1 integration changed, 2 installations affected.',
    ]);
    const destructive = await plan(manifest(integration('hubspot', readObject('companies'))), '--destructive');
    expect(destructive.lines[0]).toContain('2 installations, of which 1 read otherwise');
    expect(destructive.lines).toHaveLength(4);

    const another = manifest({ ...integration('salesforce', readObject('account')), name: 'sf' });
    expect((await plan(another)).lines).toEqual([
      '+ added      sf       salesforce',
      '  untouched  hubspot  hubspot',
      '1 integration added, 0 installations affected.',
    ]);
    const wrong = await plan(BAD);
    expect([wrong.code, wrong.out, wrong.error]).toEqual([1, '', expect.stringContaining('<stdin>:1:')]);
    const moved = await plan(GOOD.replace('"provider":"hubspot"', '"provider":"salesforce"'));
    expect([moved.code, moved.error]).toEqual([1, expect.stringContaining('is an integration of hubspot')]);
    const [only] = await tenon.ok<{ latestRevision: { content: unknown } }[]>('GET', tenon.inProject('/integrations'));
    expect(only?.latestRevision.content).toEqual(JSON.parse(GOOD).integrations[0]);
  });

  it('needs a key of the project, as a deploy does', async () => {
    await using tenon = await startTenon();
    const path = `${tenon.origin}/tenon/v1/projects/${tenon.projectId}/integrations:plan`;
    const answer = await fetch(path, { method: 'POST', body: JSON.stringify({ sourceYaml: GOOD }) });
    expect(answer.status).toBe(401);
  });
});
