// Salesforce's bulk ingest (API 2.0), inserts only: a job is opened, given rows as CSV, closed, and done at once.
// Mounted by `salesforce.ts`. Invariant: at most SANDBOX_BULK_JOBS_MAX jobs are remembered, without their rows.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_intro.htm

import { isJsonObject, type JsonObject, jsonAt, parseJson } from '../core/json.ts';
import { SANDBOX_BULK_JOBS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import { toRfc3339 } from '../core/time.ts';
import { jsonAnswer, salesforceError } from './answers.ts';
import type { RequestContext, SandboxApp, SandboxContext } from './context.ts';
import { planCreate } from './salesforceCollections.ts';
import { salesforceIdOf } from './salesforceObjects.ts';
import type { Objects } from './salesforceQuery.ts';

const JOB_PREFIX = '750';

interface Job {
  readonly id: string;
  readonly org: string;
  readonly object: string;
  readonly createdAt: string;
  state: 'Open' | 'UploadComplete' | 'Aborted' | 'JobComplete';
  rows: readonly JsonObject[];
  /** Lines of CSV, without their heads. */
  succeeded: string[];
  failed: string[];
}

export function mountSalesforceBulk(app: SandboxApp, path: string, context: SandboxContext, objects: Objects): void {
  const jobs = recentlyUsed<string, Job>(SANDBOX_BULK_JOBS_MAX);
  let opened = 0;
  const withJob = (c: RequestContext, handle: (job: Job) => Response | Promise<Response>) => {
    const job = jobs.get(c.req.param('job') ?? '');
    return job?.org === c.get('account').name ? handle(job) : salesforceError(c, 404, 'NOT_FOUND', 'no such job');
  };
  app.post(path, async (c) => {
    const body = parseJson(await c.req.text(), 'the body');
    const object = objects.get(String(jsonAt(body, 'object')).toLowerCase());
    if (object === undefined || !isJsonObject(body) || body['operation'] !== 'insert') {
      return salesforceError(c, 400, 'INVALIDJOB', 'the sandbox takes jobs that insert records of an object it has');
    }
    opened += 1;
    const id = salesforceIdOf(JOB_PREFIX, opened);
    const createdAt = toRfc3339(context.clock.nowMs());
    const job: Job = {
      id,
      org: c.get('account').name,
      object: object.name,
      createdAt,
      state: 'Open',
      rows: [],
      succeeded: [],
      failed: [],
    };
    jobs.set(id, job);
    return jsonAnswer(c, 200, infoOf(job, path));
  });
  app.put(`${path}/:job/batches`, (c) =>
    withJob(c, async (job) => {
      if (job.state !== 'Open') return salesforceError(c, 400, 'INVALIDJOBSTATE', 'the job is closed');
      job.rows = rowsOf(await c.req.text());
      return c.body(null, 201);
    }),
  );
  app.patch(`${path}/:job`, (c) =>
    withJob(c, async (job) => {
      const state = jsonAt(parseJson(await c.req.text(), 'the body'), 'state');
      job.state = state === 'Aborted' ? 'Aborted' : 'UploadComplete';
      const answer = jsonAnswer(c, 200, infoOf(job, path));
      if (job.state === 'UploadComplete') perform(context, c, objects, job);
      return answer;
    }),
  );
  app.get(`${path}/:job`, (c) => withJob(c, (job) => jsonAnswer(c, 200, infoOf(job, path))));
  app.get(`${path}/:job/successfulResults`, (c) =>
    withJob(c, (job) => csv(c, ['"sf__Id","sf__Created"', ...job.succeeded])),
  );
  app.get(`${path}/:job/failedResults`, (c) => withJob(c, (job) => csv(c, ['"sf__Id","sf__Error"', ...job.failed])));
  app.get(`${path}/:job/unprocessedrecords`, (c) => withJob(c, () => csv(c, [])));
}

function perform(context: SandboxContext, c: RequestContext, objects: Objects, job: Job): void {
  for (const values of job.rows) {
    const record = { attributes: { type: job.object }, ...values };
    const planned = planCreate(c.get('account'), objects, record, context.clock.nowMs());
    if ('perform' in planned) job.succeeded.push(`"${String(planned.perform()['id'])}","true"`);
    else job.failed.push(`"","${String(jsonAt(planned.refused, 'errors.0.statusCode'))}"`);
  }
  job.rows = [];
  job.state = 'JobComplete';
}

function infoOf({ id, object, state, createdAt, succeeded, failed }: Job, path: string): JsonObject {
  return {
    id,
    operation: 'insert',
    object,
    createdDate: createdAt,
    state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: 60,
    contentUrl: `${path.slice(1)}/${id}/batches`,
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
    numberRecordsProcessed: succeeded.length + failed.length,
    numberRecordsFailed: failed.length,
  };
}

function csv(c: RequestContext, lines: readonly string[]): Response {
  return c.newResponse(`${lines.join('\n')}\n`, 200, { 'content-type': 'text/csv' });
}

/** Records by the names in the first line. Fields may be quoted (RFC 4180). */
function rowsOf(text: string): JsonObject[] {
  const [head = [], ...lines] = linesOf(text);
  return lines.map((fields) => Object.fromEntries(head.map((name, at) => [name, fields[at] ?? ''])));
}

function linesOf(text: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === '' && fields.length === 0 && quoted === undefined && plain === '') break;
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    lines.push(fields);
    fields = [];
  }
  return lines;
}
