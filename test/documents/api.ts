// docs/api.md: every published operation, who may call it, and where Tenon does something else. Made from the table
// that serves them.

import type { Access } from '../../src/edge/platform/operation.ts';
import { OPERATIONS } from '../../src/edge/platform/operations.ts';
import { EVENT_TYPES, type EventType } from '../../src/flows/topics.ts';
import { DEVIATIONS } from './apiWords.ts';
import { bullet, code, count, paragraph, table } from './markdown.ts';

const WHO: Readonly<Record<Access, string>> = {
  open: 'anybody',
  frontend: 'browsers',
  project: 'backend',
  org: 'builder',
};

const TEST_OF_EVENTS: Readonly<Partial<Record<EventType, string>>> = {
  'destination.webhook.disabled': 'test/e2e/disabledDestination.test.ts',
  'subscribe.create.error': 'test/e2e/subscriptions.test.ts',
  'write.async.done': 'test/e2e/platform/writesLater.test.ts',
};

/** Other addresses of the server that the published platform has under hosts of their own, or that are Tenon's. */
const BESIDES: readonly (readonly string[])[] = [
  [
    '`GET /openapi.json`',
    'this table as OpenAPI 3.1, with what operations take and answer',
    '`test/e2e/platform/fuzz.test.ts`',
  ],
  [
    '`POST /v1/projects/{projectIdOrName}/groups`, `…/consumers`',
    'names before anybody connects, no longer published and still sent by the SDK for Node',
    '`test/e2e/platform/publishedSdk.test.ts`',
  ],
  [
    '`DELETE /v1/projects/{projectIdOrName}`',
    'no longer published and still sent by the SDK for Node: refused with 422, since no call takes everything along',
    '`test/e2e/platform/publishedSdk.test.ts`',
  ],
  ['`GET /callbacks/v1/oauth`', 'where consent pages send browsers back to', '`test/e2e/popup.test.ts`'],
  ['`GET, POST /callbacks/v1/custom-auth/default`', 'the same of logins in several steps', '`test/e2e/popup.test.ts`'],
  ['`PUT /uploads/v1/{upload}`', 'takes an archive at a signed address', '`test/e2e/platform/deploy.test.ts`'],
  [
    '`GET /downloads/v1/{blob}`',
    'results and configs that are too large for a message',
    '`test/e2e/delivery.test.ts`, `test/e2e/notifications.test.ts`',
  ],
  [
    '`/read/v1/…`, `/write/v1/…`, `/search/v1/…`',
    'the same as `/v1/…`, for clients with a base address for each plane',
    '`test/e2e/platform/planes.test.ts`',
  ],
  ['any path with `x-amp-proxy-version`', 'the proxy, see [proxy.md](proxy.md)', '`test/e2e/proxy.test.ts`'],
  [
    '`POST /v1/projects/{projectIdOrName}/integrations/{integration}` without a credential',
    'signed webhooks of a provider app, e.g. of HubSpot, see [webhooks.md](webhooks.md)',
    '`test/e2e/webhooks.test.ts`',
  ],
  [
    '`POST /{receiver}/v1/projects/{projectIdOrName}/integrations/{integration}`, `…/installations/{installation}`',
    'webhooks of an integration or an installation, at an address that nobody can guess',
    '`test/e2e/webhooks.test.ts`',
  ],
  [
    '`POST /{receiver}/v1`',
    'webhooks of an integration, for relays that take short addresses only',
    '`test/e2e/webhooks.test.ts`',
  ],
];

/** What Tenon posts to a builder's webhooks, by its name in the published description. */
const CALLBACKS: readonly (readonly string[])[] = [
  ['read results', 'sent', '`test/e2e/read.test.ts`'],
  ['`schema.watch`', '[sent](schema-watch.md)', '`test/e2e/schemaWatch.test.ts`'],
  ['subscription events', '[sent](webhooks.md#what-messages-say)', '`test/e2e/inbox.test.ts`'],
  ...EVENT_TYPES.map((type) => [
    code(type),
    '[sent](notifications.md#what-is-sent)',
    code(TEST_OF_EVENTS[type] ?? 'test/e2e/notifications.test.ts'),
  ]),
];

/** How each is led here, and the test that drives it. */
const CLIENTS: readonly string[] = [
  'The React library has no setting for the server; the bundler of the app puts it in. Have it replace ' +
    '`process.env.REACT_APP_AMP_SERVER` with the public URL, exactly as in `TENON_PUBLIC_URL` and without a slash at ' +
    'its end: the library compares it with the origin that answers a consent. In Vite that is `define`, in Create ' +
    'React App the variable of that name. A key of the scope `frontend` or `getToken` opens what it needs. Driven in ' +
    'a browser by `test/e2e/browser/connect.test.ts` and `test/e2e/browser/install.test.ts`.',
  'The command line reads `AMP_API_URL` (the public URL) and `AMP_API_KEY`. Its requests are made again by ' +
    '`test/e2e/platform/publishedCli.test.ts`.',
  'The SDK for Node takes `serverURL`, which is the public URL with `/v1`. Its requests are made again by ' +
    '`test/e2e/platform/publishedSdk.test.ts`.',
];

/** The whole document. */
export function apiPage(): string {
  const rows = [...OPERATIONS].map((operation) => [
    `${code(`${operation.method} ${operation.path}`)}`,
    operation.summary,
    WHO[operation.access],
    DEVIATIONS[operation.id] ?? '',
  ]);
  const parts = [
    '# The API',
    paragraph(
      `Tenon serves all ${count(OPERATIONS.length)} operations that the platform publishes for its platform, read, ` +
        'write and search planes, all of them below `/v1` of one ' +
        'origin. This page is generated from the table that serves them (`src/edge/platform/operations.ts`). Each of ' +
        'them is called in `test/e2e/platform/contract.test.ts`, with every credential that must not open it in ' +
        '`test/e2e/platform/credentials.test.ts`, and each answer that any test gets is held against the published ' +
        'description.',
    ),
    '## Who may call',
    ...whoLines(),
    '## What is the same everywhere',
    ...COMMON.map(bullet),
    '## Operations',
    table(['Operation', 'What it does', 'Who', 'Deviations'], rows),
    '## Published clients',
    CLIENTS.map(bullet).join('\n'),
    '## Callbacks',
    paragraph(
      'Posted to webhook destinations, signed as Svix and Standard Webhooks have it: eight attempts over 28 hours, ' +
        'under one id. Bodies are held against the published description in the tests.',
    ),
    table(['Callback', 'State', 'Tested in'], CALLBACKS),
    '## Besides',
    table(['Address', 'What it is', 'Tested in'], BESIDES),
  ];
  return `${parts.join('\n\n')}\n`;
}

function whoLines(): readonly string[] {
  return [
    bullet('**anybody**: no credential.'),
    bullet(
      '**browsers**: also API keys of the scope `frontend`, and customers’ tokens. Such a token is an RS256 JWT with ' +
        '`groupRef`, `consumerRef`, `iat` and `exp`, good for 600 seconds at most, signed with a key the project ' +
        'registered (`POST …/jwt-keys`); its `kid` names the key. It sees and changes what is of its group, and ' +
        'other refs in queries and bodies are refused with 403. Neither sees tokens of connections ' +
        '(`includeCreds`, `includeRefreshToken`) nor renews them (`refresh`).',
    ),
    bullet('**backend**: API keys of the scope `full`, for their project. Another project is answered with 404.'),
    bullet(
      '**builder**: who may work in every project, as `Authorization: Bearer …`: a key of the scope `builder` ' +
        '(`tenon key create --builder`, while the server is down), or the token that a running server leaves in ' +
        '`owner.json` of its data folder. There is no identity provider and no session: what the published platform ' +
        'gives to people who log in, a server of one’s own gives to who has such a key. Builders may call everything.',
    ),
  ];
}

const COMMON: readonly string[] = [
  'Errors are `application/problem+json` with `detail`, `code`, `retryable` and, for wrong input, `issues` with the ' +
    'place of each wrong value; those of JWT keys are `application/json` with `validationIssues`, ' +
    'and so, without them, are 400 and 500 of triggers of reads and of searches, as published. 400 of a write is ' +
    'text, also of one that is no JSON and names `type`, `record` or `batch`, and its 422 tells what the ' +
    'provider said.',
  '401: the credential is missing or not valid. 403: it is, and does not allow that. 404: there is no such thing in ' +
    'its project. 405: the path has other methods, which `Allow` names. 413: a body of more than 1 MB.',
  'A mask that names what the body does not have is refused with 400; an empty mask changes nothing and succeeds. ' +
    'Two changes of one thing at the same moment: the second is refused with 409.',
  'Lists are whole and oldest first, those of connections newest first; operations come in pages.',
  'Configs of installations are stored as they came and answered with the members that the contract requires, empty ' +
    'where they were left out.',
];
