// Every operation with input made from its own schema, some of it spoiled, from callers of every kind. Whatever comes
// is answered, never with 500; what is refused has changed nothing; nobody gets what is not theirs. A short run by seed
// belongs to the suite; TENON_FUZZ_RUNS=1000 TENON_FUZZ_SEED=7 go on for as long as one likes.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/core/json.ts';
import { openApi } from '../../../src/edge/openapi.ts';
import type { Operation } from '../../../src/edge/platform/operation.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { OWN_OPERATIONS } from '../../../src/edge/platform/own.ts';
import { type Input, inputsOf, isPlace } from '../../support/fuzz/inputs.ts';
import { SECRETS, World } from '../../support/fuzz/world.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../../support/tenon.ts';

const RUNS = Number(process.env['TENON_FUZZ_RUNS'] ?? 10);
const SEED = Number(process.env['TENON_FUZZ_SEED'] ?? 20_260_105);
/** Callers wait for a credential for 15 seconds at most; nothing here waits for one. */
const HANGS_AFTER_MS = 10_000;
/** Of the operations that can succeed; a few need what no schema says, such as an archive that was uploaded. */
const TAKEN_SHARE_MIN = 0.9;
/** What there is nothing of on a server of one's own. */
const ALWAYS_REFUSED = new Set([
  ...['createOrg', 'createOrgInvite', 'addUserToOrg', 'claimDomain', 'getOrgInvite', 'deleteOrgInvite'],
  ...['acceptInvite', 'checkClaimedDomain', 'getOrgBillingAccount', 'createBillingAccountSession'],
]);

let tenon: Tenon;
let world: World;
/** Operations that took something. */
const taken = new Set<string>();

beforeAll(async () => {
  tenon = await startTenon();
  world = await World.create(tenon);
  await world.replenish();
});

afterAll(() => tenon.stop());

/** With the ids of things that there are now. */
function filled(value: JsonValue, { id }: Operation): JsonValue {
  if (isPlace(value)) {
    const [name, index] = value['@'];
    if (name.startsWith('projectId')) return tenon.projectId;
    const routes = id.includes('EventTopicRoute') ? 'eventTopicRoutes' : 'topicDestinationRoutes';
    const ids = name === 'routeId' ? world.routes(routes) : world.ids(name);
    return ids[index % ids.length] ?? 'none';
  }
  if (Array.isArray(value)) return value.map((one: JsonValue) => filled(one, { id } as Operation));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one ?? null, { id } as Operation)]));
}

function pathOf(operation: Operation, { params, query }: Input): string {
  let index = 0;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(filled(params[index++] ?? '', operation));
    return name === 'projectIdOrName' ? tenon.projectId : encodeURIComponent(value.toWellFormed()) || 'x';
  });
  const entries = Object.entries(filled(query, operation) ?? {});
  const search = new URLSearchParams(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : (JSON.stringify(value) ?? '')]),
  );
  return search.size === 0 ? path : `${path}?${search}`;
}

/** Nothing is given to who may not have it, whatever they say. */
function checkTheirs({ id, path }: Operation, { caller }: Input, { status, text }: ApiAnswer, asked: string): void {
  const isOfProject = path.includes('{projectIdOrName}');
  if (isOfProject && (caller === 'stranger' || caller === 'nobody')) expect([id, status >= 400]).toEqual([id, true]);
  if (caller === 'customer' && !asked.includes('rival'))
    expect([id, text]).not.toEqual([id, expect.stringContaining('rival')]);
  for (const secret of SECRETS) {
    if (!/include(Creds|RefreshToken|Secrets)=true/.test(asked)) expect(text).not.toContain(secret);
  }
}

describe('whatever is sent', () => {
  it.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    'to %s is answered',
    async (id, operation) => {
      const property = fc.asyncProperty(inputsOf(operation), async (input) => {
        await world.replenish();
        const headers = await world.credential(input.caller);
        const body = input.body === undefined ? undefined : filled(input.body, operation);
        const path = pathOf(operation, input);
        const before = world.rows();
        const answer = await Promise.race([tenon.api(operation.method, path, body, headers), hung()]);
        const { status, text } = answer;
        expect([id, status, status >= 500 ? text : '']).toEqual([id, status, '']);
        if (status >= 400) expect([text, world.rows()]).toEqual([text, before]);
        else taken.add(id);
        checkTheirs(operation, input, answer, `${path} ${JSON.stringify(body)}`);
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
      expect(tenon.fatal).toEqual([]);
    },
    600_000,
  );
});

it('most of what is sent is taken, so that more than checks of input is tried', () => {
  const possible = OPERATIONS.map(({ id }) => id).filter((id) => !ALWAYS_REFUSED.has(id));
  const missed = possible.filter((id) => !taken.has(id));
  expect(missed.length / possible.length, `never taken: ${missed.join(', ')}`).toBeLessThan(1 - TAKEN_SHARE_MIN);
});

function hung(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), HANGS_AFTER_MS).unref();
  });
}

describe('the description of the API', () => {
  it('is served to everybody and has every operation with its input', async () => {
    const response = await fetch(`${tenon.origin}/openapi.json`);
    const served = (await response.json()) as { paths: Record<string, Record<string, { operationId: string }>> };
    expect([response.status, served]).toEqual([200, JSON.parse(JSON.stringify(openApi(tenon.origin)))]);
    const ids = Object.values(served.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    // Of two that share an address the description has the id of one.
    const alone = [...OPERATIONS, ...OWN_OPERATIONS].filter(({ isMeant }) => isMeant === undefined);
    expect(ids.sort()).toEqual(alone.map(({ id }) => id).sort());
    expect(served.paths['/v1/projects/{projectIdOrName}/topics']?.['post']).toMatchObject({
      security: [{ ApiKey: [] }, { Builder: [] }],
      requestBody: { required: true, content: { 'application/json': { schema: { required: ['name'] } } } },
    });
  });
});
