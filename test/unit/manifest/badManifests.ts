// Manifests that must be refused, one mistake each, with the exact place and sentence a builder sees; and the pieces
// they are made of, with the lines they occupy.

import { MANIFEST_ALIASES_MAX, MANIFEST_BYTES_MAX } from '../../../src/core/limits.ts';

/** Lines 1 to 4. */
export const HEAD = 'specVersion: 1.0.0\nintegrations:\n  - name: crm\n    provider: salesforce\n';
export const PROXY = '    proxy:\n      enabled: true\n';
/** Lines 5 to 8; what follows belongs to the object and starts at line 9, column 11. */
export const READ = '    read:\n      objects:\n        - objectName: contact\n          destination: hook\n';
/** Lines 9 to 13 after READ; what follows starts at line 14. */
export const SUBSCRIBE =
  '    subscribe:\n      objects:\n        - objectName: contact\n          destination: hook\n' +
  '          inheritFieldsAndMapping: true\n';
export const OBJECT = 'integrations[0].read.objects[0]';
export const WATCHED = 'integrations[0].subscribe.objects[0]';

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');
}

/** Members of a mapping in braces. */
function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `k${index}: 1`).join(', ');
}

export function inObject(lines: string): string {
  return `${HEAD}${READ}${lines.replaceAll(/^/gm, '          ')}\n`;
}

export function withSubscribe(lines: string): string {
  return `${HEAD}${READ}${SUBSCRIBE}${lines.replaceAll(/^/gm, '          ')}\n`;
}

export type Row = readonly [name: string, text: string, ...problems: string[]];

const SECOND_KEY =
  'another "key:" begins inside this value: put the value in quotes, or indent the next line like the keys above';

const TEXT: readonly Row[] = [
  ['an empty file', '', '1:1: the file has no content (start with specVersion: 1.0.0 and integrations:)'],
  ['a file of comments', '# later\n', '1:1: the file has no content (start with specVersion: 1.0.0 and integrations:)'],
  ['a list', '- a\n', '1:1: the file must be a mapping (start with specVersion: 1.0.0 and integrations:)'],
  ['a tab as indentation', `${HEAD}\tproxy:\n`, '5:1: tabs are not allowed as indentation, use spaces'],
  ['an open quote', `specVersion: "1.0.0\n`, '2:1: Missing closing "quote'],
  ['a mapping inside a value', 'specVersion: a: b\n', `1:14: ${SECOND_KEY}`],
  ['a line that is indented too far', `${HEAD}      proxy:\n        enabled: true\n`, `4:15: ${SECOND_KEY}`],
  [
    'a line that is indented too little',
    `${HEAD}   proxy:\n      enabled: true\n`,
    '5:1: Sequence item without - indicator',
  ],
  [
    'an alias on the way to its own anchor',
    `${HEAD}${PROXY}    x: &x\n      y: {z: *x}\n`,
    '8:14: the alias stands inside the value that &x names',
  ],
  ['a merged text', `${HEAD}    proxy:\n      <<: on\n`, '6:11: only a mapping can be merged with <<'],
  ['a merged list of texts', `${HEAD}    proxy:\n      <<: [on]\n`, '6:11: only a mapping can be merged with <<'],
  [
    'a mistake in what is merged',
    `x: &x\n  enabled: 3\n${HEAD}    proxy:\n      <<: *x\n`,
    '2:12: integrations[0].proxy.enabled: must be true or false, not a whole number',
  ],
  ['another version of YAML', `%YAML 1.1\n---\n${HEAD}${PROXY}`, '1:1: is YAML 1.1: only YAML 1.2 is read'],
  ['a zero byte', `${HEAD}    displayName: a\0b\n${PROXY}`, '5:19: the character U+0000 is not allowed'],
  ['an escape character', `${HEAD}    displayName: "\u001b[1m"\n`, '5:19: the character U+001B is not allowed'],
  ['half a character', `${HEAD}    displayName: "\ud83d"\n`, '5:19: the character U+D83D is not allowed'],
  [
    'lines that end as on old machines',
    `${HEAD}${PROXY}`.replaceAll('\n', '\r'),
    '1:19: lines must end with a line feed, not with a carriage return alone',
  ],
  [
    'a mistake after a byte order mark',
    `\uFEFF${HEAD}    proxy: []\n`,
    '5:12: integrations[0].proxy: must be a mapping, not a list',
  ],
  [
    'a mistake in a file with carriage returns',
    `${HEAD}    proxy: []\n`.replaceAll('\n', '\r\n'),
    '5:12: integrations[0].proxy: must be a mapping, not a list',
  ],
  [
    'a schedule without quotes',
    `${HEAD}${READ}          schedule: */10 * * * *\n`,
    '9:21: a value that begins with * must be in quotes',
  ],
  [
    'a value that begins with @',
    `${HEAD}    displayName: @crm\n`,
    '5:18: Plain value cannot start with reserved character @',
  ],
  [
    'a mapping that is not closed',
    `${HEAD}    proxy: {enabled: true\n`,
    '6:1: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  [
    'a number that JSON does not have',
    `${HEAD}${PROXY}    x: .nan\n`,
    '7:8: integrations[0].x: must be a number that JSON has (put the value in quotes)',
  ],
  [
    'aliases that make more of the file than may be stored',
    `x: &x "${'y'.repeat(20_000)}"\nz: [${'*x,'.repeat(80)}]\n${HEAD}${PROXY}`,
    '1:1: aliases repeat too much of the file',
  ],
  ['a key that is a list among others', `${HEAD}${PROXY}    ? [a, b]\n    : c\n`, '7:7: keys must be plain text'],
  [
    'a second document',
    `${HEAD}${PROXY}---\na: 1\n`,
    '7:1: a manifest is one YAML document, remove everything from "---" on',
  ],
  ['a key given twice', `${HEAD}    name: other\n${PROXY}`, '5:5: the same key is given twice in one mapping'],
  ['a key that is a list', `${HEAD}${PROXY}? [a]\n: 1\n`, '7:3: keys must be plain text'],
  ['an undefined anchor', `${HEAD}    proxy: *none\n`, '5:12: the anchor &none is not defined before this alias'],
  [
    'aliases that multiply',
    `a: &a [1, 2]\nb: &b [${'*a,'.repeat(30)}]\nc: [${'*b,'.repeat(30)}]\n`,
    '2:8: aliases repeat too much of the file',
  ],
  [
    'merges that multiply',
    `a: &a {${numbered(5000)}}\n${lines(21, (n) => `b${n}: {<<: *a}`)}${HEAD}${PROXY}`,
    '2:10: aliases repeat too much of the file',
  ],
  [
    'merges of a few members that hold much',
    `a: &a {x: [${'1,'.repeat(10_000)}]}\n${lines(21, (n) => `b${n}: {<<: *a}`)}${HEAD}${PROXY}`,
    '2:10: aliases repeat too much of the file',
  ],
  [
    'merges of merges',
    `a0: &a0 {x: 1}\n${lines(40, (n) => `a${n + 1}: &a${n + 1} {<<: [*a${n}, *a${n}]}`)}${HEAD}${PROXY}`,
    '2:15: aliases repeat too much of the file',
  ],
  [
    'merges inside of merges, without any alias',
    `a: ${'{<<: '.repeat(50)}{${numbered(5000)}}${'}'.repeat(50)}\n${HEAD}${PROXY}`,
    '1:1: aliases repeat too much of the file',
  ],
  [
    'too many aliases',
    `a: &a 1\nb: [${'*a,'.repeat(MANIFEST_ALIASES_MAX + 1)}]\n`,
    '2:305: a manifest may have at most 100 aliases',
  ],
  [
    'an alias inside its own anchor',
    'specVersion: 1.0.0\nintegrations: &a [*a]\n',
    '2:19: the alias stands inside the value that &a names',
  ],
  ['an oversize file', `#${'x'.repeat(MANIFEST_BYTES_MAX)}`, '1:1: the file is larger than 524288 bytes'],
];

const OUTLINE: readonly Row[] = [
  ['no specVersion', `integrations:\n  - name: a\n    provider: hubspot\n${PROXY}`, '1:1: specVersion: is required'],
  [
    'another specVersion',
    `${HEAD.replace('1.0.0', '1.0.1')}${PROXY}`,
    '1:14: specVersion: must be "1.0.0", not "1.0.1" (did you mean "1.0.0"?)',
  ],
  [
    'a number as specVersion',
    `${HEAD.replace('1.0.0', '1.0')}${PROXY}`,
    '1:14: specVersion: must be "1.0.0", not a whole number',
  ],
  ['no integrations', 'specVersion: 1.0.0\n', '1:1: integrations: is required'],
  [
    'an empty list of integrations',
    'specVersion: 1.0.0\nintegrations: []\n',
    '2:15: integrations: must have at least one entry',
  ],
  [
    'integrations as a mapping',
    'specVersion: 1.0.0\nintegrations:\n  name: a\n',
    '3:3: integrations: must be a list, not a mapping',
  ],
  ['integrations without a value', 'specVersion: 1.0.0\nintegrations:\n', '2:1: integrations: is required'],
  [
    'a text as integration',
    'specVersion: 1.0.0\nintegrations:\n  - crm\n',
    '3:5: integrations[0]: must be a mapping, not a text',
  ],
  [
    'no name',
    `specVersion: 1.0.0\nintegrations:\n  - provider: hubspot\n${PROXY}`,
    '3:5: integrations[0].name: is required',
  ],
  [
    'an empty name',
    `specVersion: 1.0.0\nintegrations:\n  - name: ""\n    provider: hubspot\n${PROXY}`,
    '3:11: integrations[0].name: must not be empty',
  ],
  [
    'a number as name',
    `specVersion: 1.0.0\nintegrations:\n  - name: 12\n    provider: hubspot\n${PROXY}`,
    '3:11: integrations[0].name: must be a text, not a whole number (put the value in quotes)',
  ],
  [
    'a name that is too long',
    `${HEAD.replace('crm', 'c'.repeat(257))}${PROXY}`,
    '3:11: integrations[0].name: must have at most 256 characters',
  ],
  [
    'a repeated name',
    `${HEAD}${PROXY}  - name: crm\n    provider: hubspot\n${PROXY}`,
    '7:11: integrations[1].name: another integration of this file has the same name',
  ],
  [
    'no provider',
    `specVersion: 1.0.0\nintegrations:\n  - name: a\n${PROXY}`,
    '3:5: integrations[0].provider: is required',
  ],
  [
    'a provider in the wrong case',
    `${HEAD.replace('salesforce', 'SalesForce')}${PROXY}`,
    '4:15: integrations[0].provider: is not a provider of the catalog (did you mean "salesforce"?)',
  ],
  [
    'a mistyped provider',
    `${HEAD.replace('salesforce', 'zendeskSuport')}${PROXY}`,
    '4:15: integrations[0].provider: is not a provider of the catalog (did you mean "zendeskSupport"?)',
  ],
  [
    'a provider like no other',
    `${HEAD.replace('salesforce', 'acme')}${PROXY}`,
    '4:15: integrations[0].provider: is not a provider of the catalog',
  ],
  ['no action', HEAD, '3:5: integrations[0]: needs at least one action: read, write, proxy or subscribe'],
  [
    'only a schema watch',
    `${HEAD}    watchSchema:\n      destination: hook\n      allObjects: {}\n`,
    '3:5: integrations[0]: needs at least one action: read, write, proxy or subscribe',
  ],
  [
    'a text as proxy.enabled',
    `${HEAD}    proxy:\n      enabled: yes\n`,
    '6:16: integrations[0].proxy.enabled: must be true or false, not a text (write true, without quotes)',
  ],
  ['proxy as a list', `${HEAD}    proxy: []\n`, '5:12: integrations[0].proxy: must be a mapping, not a list'],
];

const READS: readonly Row[] = [
  ['read as a list', `${HEAD}    read: []\n`, '5:11: integrations[0].read: must be a mapping, not a list'],
  ['read without objects', `${HEAD}    read: {}\n`, '5:11: integrations[0].read.objects: is required'],
  [
    'read with no object',
    `${HEAD}    read:\n      objects: []\n`,
    '6:16: integrations[0].read.objects: must have at least one entry',
  ],
  [
    'objects as a mapping',
    `${HEAD}    read:\n      objects:\n        contact: {}\n`,
    '7:9: integrations[0].read.objects: must be a list, not a mapping',
  ],
  [
    'an object without a name',
    `${HEAD}    read:\n      objects:\n        - destination: hook\n`,
    `7:11: ${OBJECT}.objectName: is required`,
  ],
  [
    'an object name without a value',
    `${HEAD}    read:\n      objects:\n        - objectName:\n          destination: h\n`,
    `7:11: ${OBJECT}.objectName: is required`,
  ],
  [
    'an object listed twice',
    `${HEAD}${READ}        - objectName: Contact\n          destination: hook\n`,
    '9:23: integrations[0].read.objects[1].objectName: the same object is listed above (case is ignored)',
  ],
  ['a list as destination', inObject('mapToName: [a]'), `9:22: ${OBJECT}.mapToName: must be a text, not a list`],
  [
    'four cron fields',
    inObject('schedule: "0 * * *"'),
    `9:21: ${OBJECT}.schedule: must have 5 cron fields (minute hour day month weekday), not 4`,
  ],
  [
    'six cron fields',
    inObject('schedule: "0 0 * * * *"'),
    `9:21: ${OBJECT}.schedule: must have 5 cron fields (minute hour day month weekday), not 6`,
  ],
  [
    'a nickname as schedule',
    inObject('schedule: "@hourly"'),
    `9:21: ${OBJECT}.schedule: must have 5 cron fields (minute hour day month weekday), not 1`,
  ],
  [
    'words as schedule',
    inObject("schedule: every day at ten o'clock"),
    `9:21: ${OBJECT}.schedule: is not a cron schedule: configuration entry 1 (every) contains illegal characters.`,
  ],
  [
    'a minute that does not exist',
    inObject('schedule: "61 * * * *"'),
    `9:21: ${OBJECT}.schedule: is not a cron schedule: Invalid value for minute: 61`,
  ],
  [
    'a date that never comes',
    inObject('schedule: "0 0 30 2 *"'),
    `9:21: ${OBJECT}.schedule: names a day that its months never have`,
  ],
  [
    'a schedule of five minutes',
    inObject('schedule: "*/5 * * * *"'),
    `9:21: ${OBJECT}.schedule: runs 5 min apart; the shortest allowed interval is 10 min`,
  ],
  [
    'a schedule that is too dense over the hour',
    inObject('schedule: "5,58 * * * *"'),
    `9:21: ${OBJECT}.schedule: runs 7 min apart; the shortest allowed interval is 10 min`,
  ],
  ['enabled: true instead of always', inObject('enabled: true'), `9:20: ${OBJECT}.enabled: must be "always", not true`],
  [
    'a mistyped enum',
    inObject('optionalFieldsAuto: al'),
    `9:31: ${OBJECT}.optionalFieldsAuto: must be "all", not "al" (did you mean "all"?)`,
  ],
  [
    'fields as texts',
    inObject('requiredFields:\n  - email'),
    `10:15: ${OBJECT}.requiredFields[0]: must be a mapping, not a text`,
  ],
  [
    'a field with neither name',
    inObject('requiredFields:\n  - prompt: Which one?'),
    `10:15: ${OBJECT}.requiredFields[0]: needs a fieldName, or a mapToName that the customer maps`,
  ],
  [
    'an empty field name',
    inObject('requiredFields:\n  - fieldName: ""'),
    `10:26: ${OBJECT}.requiredFields[0].fieldName: must not be empty`,
  ],
  [
    'dot notation',
    inObject('requiredFields:\n  - fieldName: $.address.city\n    mapToName: city'),
    `10:26: ${OBJECT}.requiredFields[0].fieldName: must be a path in bracket notation such as $['address']['city']`,
  ],
  [
    'double quotes in a path',
    inObject(`optionalFields:\n  - fieldName: '$["a"]'`),
    `10:26: ${OBJECT}.optionalFields[0].fieldName: must be a path in bracket notation such as $['address']['city']`,
  ],
  [
    'a path index',
    inObject(`requiredFields:\n  - fieldName: $['a'][0]`),
    `10:26: ${OBJECT}.requiredFields[0].fieldName: must be a path in bracket notation such as $['address']['city']`,
  ],
  [
    'a bad path as mapped name',
    inObject('requiredFields:\n  - fieldName: a\n    mapToName: $[b]'),
    `11:26: ${OBJECT}.requiredFields[0].mapToName: must be a path in bracket notation such as $['address']['city']`,
  ],
  [
    'a path that is too deep',
    inObject(`requiredFields:\n  - fieldName: $${"['a']".repeat(11)}`),
    `10:26: ${OBJECT}.requiredFields[0].fieldName: may have at most 10 path steps`,
  ],
  [
    'two fields with one mapped name',
    inObject('requiredFields:\n  - fieldName: a\n    mapToName: x\noptionalFields:\n  - mapToName: x'),
    `13:26: ${OBJECT}.optionalFields[0].mapToName: another field of this object is mapped to the same name`,
  ],
  ['a backfill without a period', inObject('backfill: {}'), `9:21: ${OBJECT}.backfill.defaultPeriod: is required`],
  [
    'an empty period',
    inObject('backfill:\n  defaultPeriod: {}'),
    `10:28: ${OBJECT}.backfill.defaultPeriod: needs days or fullHistory`,
  ],
  [
    'a negative period',
    inObject('backfill:\n  defaultPeriod:\n    days: -1'),
    `11:21: ${OBJECT}.backfill.defaultPeriod.days: must be at least 0`,
  ],
  [
    'a fraction of days',
    inObject('backfill:\n  defaultPeriod:\n    days: 1.5'),
    `11:21: ${OBJECT}.backfill.defaultPeriod.days: must be a whole number, not a number`,
  ],
  [
    'days as a text',
    inObject('backfill:\n  defaultPeriod:\n    days: "30"'),
    `11:21: ${OBJECT}.backfill.defaultPeriod.days: must be a number, not a text (write 30, without quotes)`,
  ],
  [
    'more days than a century',
    inObject('backfill:\n  defaultPeriod:\n    days: 40000'),
    `11:21: ${OBJECT}.backfill.defaultPeriod.days: must be at most 36500`,
  ],
  [
    'an unknown delivery mode',
    inObject('delivery:\n  mode: onrequest'),
    `10:19: ${OBJECT}.delivery.mode: must be "auto" or "onRequest", not "onrequest" (did you mean "onRequest"?)`,
  ],
  [
    'a small delivery page',
    inObject('delivery:\n  pageSize: 10'),
    `10:23: ${OBJECT}.delivery.pageSize: must be at least 50`,
  ],
  [
    'write with no object',
    `${HEAD}    write:\n      objects: []\n`,
    '6:16: integrations[0].write.objects: must have at least one entry',
  ],
  [
    'a write object listed twice',
    `${HEAD}    write:\n      objects:\n        - objectName: a\n        - objectName: A\n`,
    '8:23: integrations[0].write.objects[1].objectName: the same object is listed above (case is ignored)',
  ],
];

const SUBSCRIPTIONS: readonly Row[] = [
  [
    'a subscription without destination',
    `${HEAD}    subscribe:\n      objects:\n        - objectName: a\n          otherEvents: [x]\n`,
    `7:11: ${WATCHED}.destination: is required`,
  ],
  [
    'events without a read block',
    `${HEAD}${SUBSCRIBE}          createEvent:\n            enabled: always\n`,
    `7:23: ${WATCHED}.objectName: needs a read object of the same name (list it under read.objects)`,
  ],
  [
    'events of an object that is not read',
    withSubscribe('createEvent:\n  enabled: always').replace('objectName: contact', 'objectName: contacts'),
    `11:23: ${WATCHED}.objectName: needs a read object of the same name (did you mean "contacts"?)`,
  ],
  [
    'events without inheriting',
    withSubscribe('deleteEvent:\n  enabled: always').replace('          inheritFieldsAndMapping: true\n', ''),
    `11:11: ${WATCHED}.inheritFieldsAndMapping: is required with deleteEvent (add inheritFieldsAndMapping: true)`,
  ],
  [
    'inheriting switched off',
    withSubscribe('otherEvents: [a]').replace('Mapping: true', 'Mapping: false'),
    `13:36: ${WATCHED}.inheritFieldsAndMapping: only true is supported`,
  ],
  [
    'an event switched to never',
    withSubscribe('createEvent:\n  enabled: never'),
    `15:22: ${WATCHED}.createEvent.enabled: must be "always", not "never"`,
  ],
  [
    'both ways to watch fields',
    withSubscribe('updateEvent:\n  enabled: always\n  watchFieldsAuto: all\n  requiredWatchFields: [a]'),
    `17:34: ${WATCHED}.updateEvent.requiredWatchFields: excludes watchFieldsAuto: keep one of the two`,
  ],
  [
    'a text as otherEvents',
    withSubscribe('otherEvents: merged'),
    `14:24: ${WATCHED}.otherEvents: must be a list, not a text`,
  ],
  [
    'a watched field as mapping',
    withSubscribe('updateEvent:\n  enabled: always\n  requiredWatchFields:\n    - fieldName: a'),
    `17:17: ${WATCHED}.updateEvent.requiredWatchFields[0]: must be a text, not a mapping`,
  ],
  [
    'a schema watch without destination',
    `${HEAD}${PROXY}    watchSchema:\n      allObjects: {}\n`,
    '8:7: integrations[0].watchSchema.destination: is required',
  ],
  [
    'a schema watch without allObjects',
    `${HEAD}${PROXY}    watchSchema:\n      destination: hook\n`,
    '8:7: integrations[0].watchSchema.allObjects: is required',
  ],
  [
    'a schema watch every half hour',
    `${HEAD}${PROXY}    watchSchema:\n      destination: hook\n      schedule: "*/30 * * * *"\n      allObjects: {}\n`,
    '9:17: integrations[0].watchSchema.schedule: runs 30 min apart; the shortest allowed interval is 60 min',
  ],
  [
    'a schema event without enabled',
    `${HEAD}${PROXY}    watchSchema:\n      destination: hook\n      allObjects:\n        fieldCreated: {}\n`,
    '10:23: integrations[0].watchSchema.allObjects.fieldCreated.enabled: is required',
  ],
];

/** Every row must be refused with exactly these problems. */
export const BAD_MANIFESTS: readonly Row[] = [...TEXT, ...OUTLINE, ...READS, ...SUBSCRIPTIONS];
