// Of the network: the server, its public address, the destinations, and the clock. Nothing is sent but a HEAD or a GET
// without a body and without a credential: a receiver sees that somebody knocked, and no message. The same guard judges
// the addresses as at a delivery.

import type { Config } from '../../config.ts';
import { errorFacts } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import {
  DOCTOR_CALL_TIMEOUT_MS,
  DOCTOR_CLOCK_SKEW_FAIL_MS,
  DOCTOR_CLOCK_SKEW_WARN_MS,
  DOCTOR_DESTINATIONS_MAX,
  TOKEN_RESPONSE_BYTES_MAX,
} from '../../core/limits.ts';
import { type Ms, parseTimestamp, SECOND_MS, systemClock } from '../../core/time.ts';
import type { Egress } from '../../egress/egress.ts';
import type { Owner } from '../../store/ownerLock.ts';
import type { Reads } from '../../store/port.ts';
import { readDestinations, readProjects } from '../../store/tables/accounts.ts';
import { type Check, fail, failed, ok, warn } from './check.ts';

/** How much this machine's clock is ahead, by an answer; null: nobody said. */
type Skew = Ms | null;

async function call(egress: Egress, method: 'GET' | 'HEAD', url: string) {
  const answer = await egress.request({
    url,
    method,
    headers: { 'user-agent': 'tenon-doctor' },
    timeoutMs: DOCTOR_CALL_TIMEOUT_MS,
    isBodyUnneeded: method === 'HEAD',
    responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
  });
  const saidMs = url.startsWith('https:') ? parseTimestamp(answer.headers['date'] ?? '') : null;
  return { ...answer, skewMs: saidMs === null ? null : systemClock.nowMs() - saidMs };
}

/** By way of this machine, whatever may be called otherwise. */
export async function checkServer(owner: Owner | null, local: Egress): Promise<Check> {
  const name = 'server';
  if (owner === null) return warn(name, 'none runs on the data folder', 'Start it: tenon serve.');
  if (owner.reach === null) return warn(name, `process ${owner.pid ?? ''} has the data folder and does not listen yet`);
  const { url } = owner.reach;
  try {
    const { status } = await call(local, 'GET', `${url}/ready`);
    if (status === 200) return ok(name, `${url} is ready`);
    return fail(name, `${url} is not ready (${status})`, 'Its log says why; a full disk is the usual reason.');
  } catch (error) {
    return failed(name, error);
  }
}

/** Where browsers and providers come back to. */
export async function checkPublicUrl({ publicUrl }: Config, owner: Owner | null, anywhere: Egress): Promise<Found> {
  const name = 'public address';
  if (publicUrl === null) {
    const only = 'TENON_PUBLIC_URL is not set: customers can connect in browsers on this machine only';
    return { check: warn(name, only, 'Set it to the origin that customers and providers see.'), skewMs: null };
  }
  const callback = `the callback address for provider apps is ${publicUrl}/callbacks/v1/oauth`;
  if (owner === null) return { check: ok(name, `${callback}; no server runs that could answer there`), skewMs: null };
  const isPlain = publicUrl.startsWith('http:') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(publicUrl);
  try {
    const { status, body, skewMs } = await call(anywhere, 'GET', `${publicUrl}/health`);
    const said = jsonOrNull(body.toString()) as { readonly status?: unknown } | null;
    if (status !== 200 || said?.status !== 'ok') {
      const detail = `something else answers at ${publicUrl} (${status})`;
      return { check: fail(name, detail, 'Have your reverse proxy pass everything to Tenon.'), skewMs };
    }
    const back = await call(anywhere, 'GET', `${publicUrl}/callbacks/v1/oauth`);
    if (!(back.headers['content-type'] ?? '').startsWith('text/html')) {
      return { check: fail(name, `${publicUrl}/callbacks does not lead to Tenon`, 'Let it through.'), skewMs };
    }
    if (isPlain)
      return { check: warn(name, `${publicUrl} is not HTTPS; ${callback}`, 'Most providers refuse it.'), skewMs };
    return { check: ok(name, callback), skewMs };
  } catch (error) {
    const remedy = 'It may still be reachable from outside: call it from there.';
    return { check: warn(name, errorFacts(error).message, remedy), skewMs: null };
  }
}

export interface Found {
  readonly check: Check;
  readonly skewMs: Skew;
}

/** The first of each project, a call each; any answer counts, since few receivers answer HEAD. */
export async function checkDestinations(reads: Reads, egress: Egress): Promise<readonly Found[]> {
  const all = readProjects(reads).flatMap((project) =>
    readDestinations(reads, project.projectId).map((destination) => ({ project, destination })),
  );
  const looked = all.slice(0, DOCTOR_DESTINATIONS_MAX);
  const found = await Promise.all(
    looked.map(async ({ project, destination }): Promise<Found> => {
      const name = `destination ${project.name}/${destination.name}`;
      const { url } = JSON.parse(destination.metadata) as { readonly url: string };
      const { origin } = new URL(url);
      try {
        const { status, skewMs } = await call(egress, 'HEAD', url);
        const check = answered(name, origin, status);
        return { check: destination.disabledAtMs == null ? check : disabled(name, check), skewMs };
      } catch (error) {
        const { code, message } = errorFacts(error);
        const remedy = code === 'egress_refused' ? 'Name it in TENON_EGRESS_ALLOW if it is meant.' : undefined;
        return { check: fail(name, message, remedy), skewMs: null };
      }
    }),
  );
  if (all.length === looked.length) return found;
  const rest = `${all.length - looked.length} more were not called`;
  return [...found, { check: ok('destinations', rest), skewMs: null }];
}

function answered(name: string, origin: string, status: number): Check {
  if (status === 404 || status === 410) return warn(name, `${origin} answers ${status} to HEAD`, 'Check its path.');
  if (status >= 500 && status !== 501) return warn(name, `${origin} answers ${status}`, 'Look at the receiver.');
  return ok(name, `${origin} answers (${status} to HEAD)`);
}

/** It failed when messages were sent, whatever it answers now. */
function disabled(name: string, { detail }: Check): Check {
  const remedy = 'Mend it, then enable it: PATCH …/destinations/{destination} with its `metadata.url`.';
  return warn(name, `is disabled, because it took nothing for five days; ${detail}`, remedy);
}

/** By the `Date` of an HTTPS answer that was had anyway; its seconds are whole and it travelled. */
export function checkClock(found: readonly Skew[]): Check {
  const name = 'clock';
  const skews = found.filter((skew) => skew !== null).map((skew) => Math.abs(skew));
  if (skews.length === 0) return ok(name, 'not compared: nothing answered over HTTPS');
  // One receiver with a wrong clock says nothing of this one.
  const skewMs = Math.min(...skews);
  const seconds = `${Math.round(skewMs / SECOND_MS)} s`;
  const remedy = 'Let NTP keep it (timedatectl set-ntp true).';
  if (skewMs >= DOCTOR_CLOCK_SKEW_FAIL_MS) {
    return fail(name, `is ${seconds} off: signatures and assertions are refused, tokens renewed too late`, remedy);
  }
  return skewMs >= DOCTOR_CLOCK_SKEW_WARN_MS ? warn(name, `is ${seconds} off`, remedy) : ok(name, `within ${seconds}`);
}
