// amp.yaml parsing: refusals with their places, warnings, what is accepted, and the published samples.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MANIFEST_ALIASES_MAX, MANIFEST_PROBLEMS_MAX } from '../../../src/core/limits.ts';
import { formatProblem, parseManifest } from '../../../src/manifest/parse.ts';
import {
  BAD_MANIFESTS,
  HEAD,
  inObject,
  OBJECT,
  PROXY,
  READ,
  type Row,
  WATCHED,
  withSubscribe,
} from './badManifests.ts';

const PROVIDERS = ['salesforce', 'hubspot', 'zendeskSupport'];

function parse(text: string) {
  const hasProvider = (name: string) => PROVIDERS.includes(name);
  const modulesOf = (name: string) => (name === 'salesforce' ? ['crm', 'account-engagement'] : []);
  return parseManifest(text, { fileName: 'amp.yaml', hasProvider, providerNames: PROVIDERS, modulesOf });
}

function problemsOf(text: string): readonly string[] {
  const result = parse(text);
  return result.kind === 'invalid' ? result.problems.map(formatProblem) : [];
}

function warningsOf(text: string): readonly string[] {
  return parse(text).warnings.map(formatProblem);
}

describe('a manifest is refused, with the place, for', () => {
  test.each(BAD_MANIFESTS)('%s', (_name, text, ...problems) => {
    expect(problemsOf(text)).toEqual(problems.map((problem) => `amp.yaml:${problem}`));
  });

  test.each([
    ['[', '2:103'],
    ['{a: ', '2:403'],
    ['- ', '2:3'],
    ['? ', '2:3'],
    ['&a [', '2:406'],
  ])('endless nesting of "%s"', (opening, place) => {
    const text = `a:\n  ${opening.repeat(50_000)}`;
    expect(problemsOf(text)).toEqual([`amp.yaml:${place}: is nested too deeply: a manifest may have 100 levels`]);
  });

  test('endless nesting by indentation', () => {
    const levels = Array.from({ length: 200 }, (_, level) => `${' '.repeat(level + 4)}k:`).join('\n');
    const [problem, ...others] = problemsOf(`${HEAD}${PROXY}${levels}\n`);
    expect(problem).toMatch(/^amp\.yaml:106:104: integrations\[0\]\.k\.k\..*: is nested too deeply$/);
    expect(others).toEqual([]);
  });

  test('more than forty ways to be wrong', () => expect(BAD_MANIFESTS.length).toBeGreaterThan(40));
});

describe('problems', () => {
  test('come all at once, in the order of the file', () => {
    const text = [
      'specVersion: 2.0.0',
      'integrations:',
      '  - name: crm',
      '    provider: salesfroce',
      '    read:',
      '      objects:',
      '        - objectName: contact',
      '          destination: hook',
      '          schedule: "*/5 * * * *"',
      '          requiredFields:',
      '            - fieldName: $.a',
      '          backfill:',
      '            defaultPeriod:',
      '              days: -3',
      '        - objectName: CONTACT',
      '          destination: hook',
      '  - name: crm',
      '    provider: hubspot',
      '    name: crm',
    ].join('\n');
    expect(problemsOf(text).map((problem) => problem.split(' ')[0])).toEqual([
      'amp.yaml:1:14:',
      'amp.yaml:4:15:',
      'amp.yaml:9:21:',
      'amp.yaml:11:26:',
      'amp.yaml:14:21:',
      'amp.yaml:15:23:',
      'amp.yaml:17:5:',
      'amp.yaml:19:5:',
      'amp.yaml:19:11:',
    ]);
  });

  test('are bounded in number', () => {
    const text = `specVersion: 1.0.0\nintegrations:\n${'  - name: 1\n'.repeat(150)}`;
    expect(problemsOf(text)).toHaveLength(MANIFEST_PROBLEMS_MAX);
  });

  test('inside an aliased value point to where the value is written', () => {
    const fields = '          requiredFields: &shared\n            - fieldName: $.a\n';
    const second = '        - objectName: lead\n          destination: hook\n          optionalFields: *shared\n';
    expect(problemsOf(`${HEAD}${READ}${fields}${second}`).map((problem) => problem.split(' ')[0])).toEqual([
      'amp.yaml:10:26:',
      'amp.yaml:10:26:',
    ]);
  });

  test('carry the known form of a provider only where names were given', () => {
    const options = { fileName: 'x/amp.yml', hasProvider: () => false };
    const result = parseManifest(`${HEAD}${PROXY}`, options);
    expect(result.kind === 'invalid' && result.problems).toEqual([
      {
        file: 'x/amp.yml',
        line: 4,
        column: 15,
        path: 'integrations[0].provider',
        message: 'is not a provider of the catalog',
      },
    ]);
  });
});

const WARNINGS: readonly Row[] = [
  [
    'a number with more digits than can be kept',
    `${HEAD}${PROXY}    x: 12345678901234567890\n`,
    '7:5: integrations[0].x: is not a key of the manifest and is ignored',
    '7:5: integrations[0].x: has too many digits to be kept exactly (put the value in quotes)',
  ],
  [
    'an unknown key near a known one',
    inObject('requiredField: []'),
    `9:11: ${OBJECT}.requiredField: is not a key of the manifest and is ignored (did you mean "requiredFields"?)`,
  ],
  [
    'an unknown block',
    `${HEAD}${PROXY}    delete:\n      objects: []\n`,
    '7:5: integrations[0].delete: is not a key of the manifest and is ignored',
  ],
  [
    'a key named like a prototype',
    `${HEAD}${PROXY}    __proto__: {read: {}}\n`,
    '7:5: integrations[0].__proto__: is not a key of the manifest and is ignored',
  ],
  ['a key without a value', inObject('backfill:'), `9:11: ${OBJECT}.backfill: has no value and is ignored`],
  [
    'no destination',
    `${HEAD}    read:\n      objects:\n        - objectName: a\n`,
    `7:11: ${OBJECT}.destination: is missing: nothing can be delivered until an installation config names one`,
  ],
  [
    'a proxy that is not switched on',
    `${HEAD}    proxy:\n      useModule: true\n`,
    '6:7: integrations[0].proxy.enabled: is missing, so the proxy is off (add enabled: true)',
  ],
  [
    'an event that is not switched on',
    withSubscribe('createEvent: {}'),
    `14:24: ${WATCHED}.createEvent.enabled: is missing, so the event is not subscribed to (add enabled: always)`,
  ],
  ['a subscription to nothing', withSubscribe(''), `11:11: ${WATCHED}: subscribes to no event`],
  [
    'a long display name',
    `${HEAD}    displayName: ${'d'.repeat(101)}\n${PROXY}`,
    '5:5: integrations[0].displayName: is longer than 100 characters',
  ],
  [
    'a module that the provider does not have',
    `${HEAD}    module: crn\n${PROXY}`,
    '5:5: integrations[0].module: is not a module of salesforce and is ignored (did you mean "crm"?)',
  ],
  ['an unknown tag', `${HEAD}    displayName: !shout CRM\n${PROXY}`, '5:18: Unresolved tag: !shout'],
];

describe('a manifest is accepted, with a warning, for', () => {
  test.each(WARNINGS)('%s', (_name, text, ...warnings) => {
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual(warnings.map((warning) => `amp.yaml:${warning}`));
  });

  test('a misspelt required key is an error and a suggestion', () => {
    const text = `${HEAD}    read:\n      objects:\n        - objectname: a\n          destination: hook\n`;
    expect(problemsOf(text)).toEqual([`amp.yaml:7:11: ${OBJECT}.objectName: is required`]);
    expect(warningsOf(text)).toEqual([
      `amp.yaml:7:11: ${OBJECT}.objectname: is not a key of the manifest and is ignored (did you mean "objectName"?)`,
    ]);
  });
});

describe('a good manifest', () => {
  const accepted: readonly (readonly [string, string])[] = [
    ['a schedule every ten minutes', inObject('schedule: "*/10 * * * *"')],
    ['a list of minutes', inObject('schedule: "0,10,50 9-17 * * MON-FRI"')],
    ['close minutes at midnight of days that do not touch', inObject('schedule: "0,55 0,23 1 * *"')],
    ['a module in another case', `${HEAD}    module: CRM\n${PROXY}`],
    ['an empty schedule', inObject('schedule: ""')],
    [
      'a path and a nested mapped name',
      inObject(`requiredFields:\n  - {fieldName: "$['a']['b']", mapToName: "$['c']['d']"}`),
    ],
    ['a byte order mark', `\uFEFF${HEAD}${PROXY}`],
    ['lines that end with carriage return and line feed', `${HEAD}${PROXY}`.replaceAll('\n', '\r\n')],
    [
      'words that YAML 1.1 took for true and dates',
      `${HEAD}    displayName: on\n${PROXY}`.replace('crm', '2001-12-14'),
    ],
    ['a plain name with a dollar sign', inObject('requiredFields:\n  - fieldName: $ref')],
    ['a period of zero days', inObject('backfill:\n  defaultPeriod:\n    days: 0')],
    ['several integrations of one provider', `${HEAD}${PROXY}  - name: crm2\n    provider: salesforce\n${PROXY}`],
    [
      'a subscription to raw events without read',
      `${HEAD}    subscribe:\n      objects:\n        - {objectName: a, destination: h, otherEvents: [x]}\n`,
    ],
    [
      'an object of the same name in another case',
      withSubscribe('createEvent:\n  enabled: always').replace('contact', 'Contact'),
    ],
    [
      'a schema watch with the default schedule',
      `${HEAD}${PROXY}    watchSchema:\n      destination: h\n      schedule: 0 */24 * * *\n      allObjects: {}\n`,
    ],
  ];

  test.each(accepted)('may have %s', (_name, text) => {
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual([]);
  });

  test('becomes plain JSON, with keys that nobody knows', () => {
    const lines = 'schedule: "0 * * * *"\nrequiredFields:\n  - mapToName: p\n    prompt: Which?\n    x: [~]\nextra: 1';
    const text = `${inObject(lines)}${PROXY}    delete: {objects: [{a: null}]}\n    displayName:\n`;
    const result = parse(text);
    const manifest = {
      specVersion: '1.0.0',
      integrations: [
        {
          name: 'crm',
          provider: 'salesforce',
          read: {
            objects: [
              {
                objectName: 'contact',
                destination: 'hook',
                schedule: '0 * * * *',
                requiredFields: [{ mapToName: 'p', prompt: 'Which?', x: [null] }],
                extra: 1,
              },
            ],
          },
          proxy: { enabled: true },
          delete: { objects: [{ a: null }] },
        },
      ],
    };
    expect(result.kind === 'ok' && result.manifest).toEqual(manifest);
    expect(JSON.parse(JSON.stringify(result.kind === 'ok' && result.manifest))).toEqual(manifest);
  });

  test('may use anchors, aliases and merge keys', () => {
    const second = '  - name: b\n    provider: hubspot\n    proxy:\n      <<: *on\n      useModule: true\n';
    const text = `${HEAD}    proxy: &on {enabled: true}\n${second}`;
    const result = parse(text);
    expect(result.kind === 'ok' && result.manifest.integrations.map(({ proxy }) => proxy)).toEqual([
      { enabled: true },
      { enabled: true, useModule: true },
    ]);
  });

  test('may merge the same mapping many times, as long as it stays small', () => {
    const names = Array.from({ length: MANIFEST_ALIASES_MAX - 1 }, (_, index) => `name${index}`);
    const members = Array.from({ length: 400 }, (_, index) => `x${index}: 1`).join(', ');
    const others = names.map((name) => `  - name: ${name}\n    provider: hubspot\n    proxy: {<<: *on}\n`);
    const result = parse(`${HEAD}    proxy: &on {enabled: true, ${members}}\n${others.join('')}`);
    expect(result.kind === 'ok' && result.manifest.integrations.at(-1)?.proxy).toMatchObject({
      enabled: true,
      x399: 1,
    });
  });

  test('may spell the inherit flag in the plural of the config', () => {
    const result = parse(withSubscribe('createEvent:\n  enabled: always').replace('Mapping:', 'Mappings:'));
    const [integration] = result.kind === 'ok' ? result.manifest.integrations : [];
    expect(integration?.subscribe?.objects[0]?.inheritFieldsAndMapping).toBe(true);
  });
});

const SAMPLES = join(import.meta.dirname, '../../../../shared/reference/manifests');
const sampleNames = existsSync(SAMPLES) ? readdirSync(SAMPLES).filter((name) => name.endsWith('.yaml')) : [];

describe.skipIf(sampleNames.length === 0)('published samples (skipped where the sample files are not at hand)', () => {
  test.each(sampleNames)('%s parses', (name) => {
    const text = readFileSync(join(SAMPLES, name), 'utf8');
    const result = parseManifest(text, { fileName: name, hasProvider: () => true });
    expect(result.kind === 'invalid' ? result.problems.map(formatProblem) : []).toEqual([]);
  });
});
