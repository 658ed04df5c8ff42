// `tenon keys create`, and `tenon key create` as it was called first: makes an API key and shows it once. Keys of one
// project are made over the API; those that open every project only by whoever has the data folder, which no server
// may be running on then.

import { type Config, readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { DAY_MS, type Ms, systemClock } from '../core/time.ts';
import { newApiKey } from '../flows/apiKeys.ts';
import { openStore } from '../store/store.ts';
import { insertApiKey, readProject, readProjects } from '../store/tables/accounts.ts';
import { databaseOf } from './operator.ts';
import { type PlatformOptions, withProject } from './platform.ts';
import { printLine, styled } from './print.ts';
import { memberOf } from './resources.ts';

export interface KeyOptions {
  readonly label: string;
  /** Id or name; needed only where there are several. */
  readonly project?: string | undefined;
  /** For the operator plane, which spans all projects, instead of the API of the project. */
  readonly operator?: boolean | undefined;
  /** For the API of every project, as a Bearer. */
  readonly builder?: boolean | undefined;
  /** In days; absent: never. */
  readonly expires?: string | undefined;
}

/** Rejects as the API: with `bad_request` for a scope that there is not. */
export async function createProjectKey(
  env: Readonly<Record<string, string | undefined>>,
  options: PlatformOptions & { readonly label: string; readonly scope: string; readonly expires?: string },
): Promise<void> {
  const { label, scope, expires } = options;
  if (expires !== undefined) {
    throw new IntegrationError('invalid_input', `keys of the scope "${scope}" do not end by themselves`, {
      remedy: 'Leave --expires away, and delete the key when it has had its time.',
    });
  }
  const made = await withProject(env, options, (api) =>
    api.call('POST', `${api.base}/api-keys`, { label, scopes: [scope] }),
  );
  if (options.json === true) printLine(JSON.stringify(made, null, 2));
  else printKey(memberOf(made, 'projectId'), memberOf(made, 'key'));
}

function printKey(projectId: string, apiKey: string): void {
  printLine(`  project   ${projectId}`);
  printLine(`  API key   ${styled('green', apiKey)}`);
}

/**
 * Rejects with `conflict` while a server runs on the data folder, `not_found` without data or such a project,
 * `bad_request` for an expiry that is no number of days.
 */
export async function createKey(env: Readonly<Record<string, string | undefined>>, options: KeyOptions): Promise<void> {
  const config: Config = readConfig(env);
  // Opening the store would make one.
  databaseOf(config.dataFolder);
  const store = await openStore({ folder: config.dataFolder, writer: 'inThread', onFatal: () => {} });
  try {
    const [only, another] = readProjects(store.reads);
    const project = options.project === undefined ? only : readProject(store.reads, options.project);
    if (project === undefined || (options.project === undefined && another !== undefined)) {
      throw new IntegrationError('not_found', 'name the project that the key is for', {
        remedy: 'Pass --project with its id or name; a new data folder gets its first one from `tenon serve`.',
      });
    }
    const scope = options.operator === true ? 'operator' : options.builder === true ? 'builder' : 'full';
    const nowMs = systemClock.nowMs();
    const expiresAtMs = expiryOf(options.expires, nowMs);
    const { apiKey, row } = newApiKey(project.projectId, options.label, nowMs, [scope], expiresAtMs);
    await store.commit([insertApiKey(row)]);
    printKey(project.projectId, apiKey);
  } finally {
    await store.close();
  }
}

function expiryOf(days: string | undefined, nowMs: Ms): Ms | null {
  if (days === undefined) return null;
  if (/^[1-9]\d{0,4}$/.test(days)) return nowMs + Number(days) * DAY_MS;
  throw new IntegrationError('bad_request', `--expires takes a number of days from 1 on, and not "${days}"`);
}
