// Of the environment and the machine: each variable by itself, so that one wrong value hides no other; the version of
// Node; how many files may be open; what may be called. Values of variables that hold secrets are never told.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { type Config, readConfig } from '../../config.ts';
import { IntegrationError } from '../../core/errors.ts';
import { DOCTOR_NODE_VERSION_MIN, DOCTOR_OPEN_FILES_MIN } from '../../core/limits.ts';
import { nearNames } from '../../core/nearNames.ts';
import { isAllowListed } from '../../egress/address.ts';
import { readOverrides } from '../../flows/catalog/overridesFile.ts';
import { type Check, fail, failed, ok, warn } from './check.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SECRET_VARIABLES = ['TENON_MASTER_KEY', 'TENON_METRICS_TOKEN', 'TENON_API_KEY'];
const VARIABLES = [
  ...['TENON_DATA_DIR', 'TENON_HOST', 'TENON_PORT', 'TENON_PUBLIC_URL', 'TENON_PROXY_URL', 'TENON_EGRESS_ALLOW'],
  ...['TENON_CATALOG_FILE', 'TENON_CATALOG_URL', 'TENON_LOG_LEVEL', 'TENON_WORKERS', 'TENON_URL'],
  ...SECRET_VARIABLES,
];
/** Read by the command that the demo starts, by nobody else. */
const OTHERS = ['TENON_COMMAND', 'TENON_PASSPHRASE'];

/** The settings, or null where they cannot be used, with a line for each variable that is set. */
export function checkSettings(env: Env): { readonly config: Config | null; readonly checks: readonly Check[] } {
  const set = Object.keys(env).filter((name) => name.startsWith('TENON_') && env[name] !== '');
  const checks = set.toSorted().map((name) => checkVariable(name, env[name] ?? ''));
  const defaults = VARIABLES.filter((name) => !set.includes(name) && !SECRET_VARIABLES.includes(name));
  const others = ok('settings', `the default is used for ${defaults.map((name) => name.slice(6)).join(', ')}`);
  try {
    const config = readConfig(env);
    return { config, checks: [...checks, others, ...checkCatalogFile(config)] };
  } catch (error) {
    // Told with its variable, unless no TENON_ variable is at fault.
    const isTold = checks.some(({ level }) => level === 'fail');
    return { config: null, checks: isTold ? checks : [...checks, failed('settings', error)] };
  }
}

function checkVariable(name: string, value: string): Check {
  if (!VARIABLES.includes(name)) {
    if (OTHERS.includes(name)) return ok(name, 'is set');
    const [near] = nearNames(name, VARIABLES, 1);
    return warn(name, 'is no variable of Tenon', near === undefined ? 'Remove it.' : `Did you mean ${near}?`);
  }
  try {
    readConfig({ [name]: value });
  } catch (error) {
    return fail(name, error instanceof IntegrationError ? error.publicDetail : 'cannot be used', 'Correct it.');
  }
  return ok(
    name,
    SECRET_VARIABLES.includes(name) ? 'from the environment (not shown)' : `${value}, from the environment`,
  );
}

function checkCatalogFile({ catalogFile }: Config): readonly Check[] {
  if (catalogFile === null) return [];
  try {
    readOverrides(catalogFile);
    return [ok('catalog file', catalogFile)];
  } catch (error) {
    return [failed('catalog file', error)];
  }
}

/** Where no call should be able to go, whatever is allowed: credentials of the machine are given out there. */
const METADATA_ADDRESSES = ['169.254.169.254', 'fd00:ec2::254'];
/** One address in each private range; who allows two of them has allowed ranges and not machines. */
const PRIVATE_ADDRESSES = ['10.255.255.253', '172.31.255.253', '192.168.255.253', 'fdff:ffff::fffd'];

export function checkEgress({ egressAllow }: Config): Check {
  const name = 'egress';
  const reached = METADATA_ADDRESSES.find((address) => isAllowListed(egressAllow, address, 80));
  const narrow = 'Name single machines with their ports in TENON_EGRESS_ALLOW.';
  if (reached !== undefined) {
    return fail(name, `${reached} may be called, where clouds give out credentials of this machine`, narrow);
  }
  const ranges = PRIVATE_ADDRESSES.filter((address) => isAllowListed(egressAllow, address, 22));
  if (ranges.length > 0) return warn(name, 'whole private ranges may be called, at every port', narrow);
  if (egressAllow.length === 0) return ok(name, 'public addresses only');
  return ok(name, `public addresses and ${egressAllow.length} that TENON_EGRESS_ALLOW names`);
}

export function checkNode(): Check {
  const { node } = process.versions;
  if (Number(node.split('.')[0]) >= DOCTOR_NODE_VERSION_MIN) return ok('node', node);
  return fail('node', `${node} is too old`, `Use ${DOCTOR_NODE_VERSION_MIN} or later.`);
}

/** Of the server where one runs, else of this command, which a server started here would have too. */
export function checkOpenFiles(pid: number | null): Check {
  const name = 'open files';
  const limit = openFilesMax(pid === null ? 'self' : String(pid));
  if (limit === null) return ok(name, 'this system does not say how many there may be');
  if (limit >= DOCTOR_OPEN_FILES_MIN) return ok(name, `up to ${limit.toLocaleString('en-US')}`);
  const detail = `only ${limit.toLocaleString('en-US')} at a time: each proxied call takes two`;
  return warn(name, detail, `Raise it to ${DOCTOR_OPEN_FILES_MIN} (ulimit -n, LimitNOFILE= of systemd).`);
}

function openFilesMax(process: string): number | null {
  try {
    const limit = /^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${process}/limits`, 'utf8'))?.[1];
    if (limit === 'unlimited') return Number.MAX_SAFE_INTEGER;
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}
