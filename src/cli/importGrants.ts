// `tenon import FILE` of grants: one line each, a few at a time. Every line is proven and stored by the server, or
// refused with its number; none stops another. What was imported before is there already, so that an import that was
// cut off is run again. Invariant: nothing of a line but the names of its customer is ever printed.

import process from 'node:process';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { IMPORT_ATTEMPTS_MAX, IMPORT_GRANTS_AT_ONCE, IMPORT_GRANTS_OF_PROVIDER_AT_ONCE } from '../core/limits.ts';
import { SECOND_MS, sleep } from '../core/time.ts';
import { counted } from '../flows/operator/times.ts';
import { customerOf, grantOf } from './grantLine.ts';
import type { Line } from './lines.ts';
import { type PlatformOptions, type ProjectApi, withProject } from './platform.ts';
import { harmless, printLine, styled } from './print.ts';
import { memberOf } from './resources.ts';

export interface ImportOptions extends PlatformOptions {
  readonly dryRun?: boolean | undefined;
}

interface Refused {
  readonly line: number;
  readonly provider: string;
  readonly groupRef: string;
  readonly code: string;
  readonly reason: string;
  /** The same line may work another time. */
  readonly mayWorkLater: boolean;
}

type Outcome = 'imported' | 'present' | 'valid';

/** What an import came to. */
class Report {
  readonly outcomes: Record<Outcome, number> = { imported: 0, present: 0, valid: 0 };
  readonly proofs: Record<string, number> = {};
  readonly refused: Refused[] = [];
  #lines = 0;

  took(outcome: string, proof: string): void {
    this.outcomes[outcome as Outcome] += 1;
    if (outcome !== 'present') this.proofs[proof] = (this.proofs[proof] ?? 0) + 1;
    this.#advance();
  }

  refuse(refused: Refused): void {
    this.refused.push(refused);
    this.#advance();
  }

  /** A line that is written over, for whoever waits. */
  #advance(): void {
    this.#lines += 1;
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${counted(this.#lines, 'line')}, ${this.refused.length} refused `);
  }

  get isTold(): boolean {
    return this.#lines > 0 && process.stderr.isTTY === true;
  }
}

/** What an import exits with where lines were refused. */
const EXIT_REFUSED = 1;

/** Rejects as `withProject`, and with `conflict` where no server runs. */
export async function importGrants(
  env: Readonly<Record<string, string | undefined>>,
  lines: AsyncIterable<Line>,
  options: ImportOptions,
): Promise<void> {
  const report = new Report();
  await withProject(env, options, async (api) => {
    if (!api.isServing) {
      throw new IntegrationError('conflict', 'no server runs on the data folder, and grants are proven by one', {
        remedy: 'Start it with `tenon serve`, or name another with --url.',
      });
    }
    await new Grants(api, report, options.dryRun === true).bring(lines);
  });
  report.refused.sort((a, b) => a.line - b.line);
  if (report.refused.length > 0) process.exitCode = EXIT_REFUSED;
  if (options.json === true) {
    const { outcomes, proofs, refused } = report;
    printLine(JSON.stringify({ ...outcomes, proofs, refused }, null, 2));
  } else printReport(report, options.dryRun === true);
}

class Grants {
  readonly #api: ProjectApi;
  readonly #report: Report;
  readonly #isDryRun: boolean;
  readonly #underWay = new Map<Promise<void>, string>();
  /** Customers of earlier lines, and where they stood. */
  readonly #seen = new Map<string, number>();

  constructor(api: ProjectApi, report: Report, isDryRun: boolean) {
    this.#api = api;
    this.#report = report;
    this.#isDryRun = isDryRun;
  }

  async bring(lines: AsyncIterable<Line>): Promise<void> {
    for await (const line of lines) {
      const grant = this.#parsed(line);
      if (grant === null) continue;
      const provider = memberOf(grant, 'provider');
      await this.#room(provider);
      const work: Promise<void> = this.#one(line.number, grant).finally(() => this.#underWay.delete(work));
      this.#underWay.set(work, provider);
    }
    await Promise.all(this.#underWay.keys());
  }

  /** Null: it was refused. */
  #parsed({ number, text }: Line): JsonObject | null {
    try {
      if (text === null) throw new IntegrationError('invalid_input', 'longer than a grant can be');
      const grant = grantOf(text);
      const customer = customerOf(grant);
      const earlier = this.#seen.get(customer);
      if (earlier !== undefined) {
        throw new IntegrationError('invalid_input', `line ${earlier} is of the same customer and provider`);
      }
      this.#seen.set(customer, number);
      return { ...grant, ...(this.#isDryRun ? { dryRun: true } : {}) };
    } catch (error) {
      this.#refuse(number, {}, error);
      return null;
    }
  }

  /** Waits until another one may begin. */
  async #room(provider: string): Promise<void> {
    for (;;) {
      const ofProvider = [...this.#underWay].filter(([, name]) => name === provider).map(([work]) => work);
      if (ofProvider.length >= IMPORT_GRANTS_OF_PROVIDER_AT_ONCE) await Promise.race(ofProvider);
      else if (this.#underWay.size >= IMPORT_GRANTS_AT_ONCE) await Promise.race(this.#underWay.keys());
      else return;
    }
  }

  async #one(number: number, grant: JsonObject): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const path = `/tenon/v1/projects/${encodeURIComponent(this.#api.projectId)}/connections:import`;
        const answer = await this.#api.call('POST', path, grant);
        this.#report.took(memberOf(answer, 'outcome'), memberOf(answer, 'proof'));
        return;
      } catch (error) {
        const isFinal = !(error instanceof IntegrationError && error.isRetryable) || attempt === IMPORT_ATTEMPTS_MAX;
        if (isFinal) {
          this.#refuse(number, grant, error);
          return;
        }
        await sleep(SECOND_MS * 3 ** (attempt - 1));
      }
    }
  }

  #refuse(line: number, grant: JsonObject, error: unknown): void {
    const { code } = errorFacts(error);
    const isOurs = error instanceof IntegrationError;
    const reason = isOurs ? error.publicDetail : 'it could not be sent';
    const mayWorkLater = isOurs && error.isRetryable;
    const [provider, groupRef] = [memberOf(grant, 'provider'), memberOf(grant, 'groupRef')];
    this.#report.refuse({ line, provider, groupRef, code, reason, mayWorkLater });
  }
}

function printReport(report: Report, isDryRun: boolean): void {
  if (report.isTold) process.stderr.write('\n');
  const { outcomes, proofs, refused } = report;
  for (const { line, provider, groupRef, reason, mayWorkLater } of refused) {
    const whom = provider === '' ? '' : `${provider} of ${groupRef}: `;
    const later = mayWorkLater ? ' (may work later)' : '';
    process.stderr.write(`${harmless(`line ${line}: ${whom}${reason}${later}`.replaceAll(/\s+/g, ' '))}\n`);
  }
  const done = isDryRun ? outcomes.valid : outcomes.imported;
  const unproven = proofs['none'] ?? 0;
  const what = isDryRun ? 'would be imported' : 'imported';
  printLine(`${styled('green', what)}  ${counted(done, 'grant')}${unprovenText(unproven, isDryRun)}`);
  if (outcomes.present > 0) printLine(`${counted(outcomes.present, 'customer')} connected before, left as they are`);
  if (refused.length === 0) return;
  printLine(`${styled('red', 'refused')}  ${counted(refused.length, 'line')}`);
  printLine('Repair them and run the import again: what is there already stays as it is.');
}

function unprovenText(count: number, isDryRun: boolean): string {
  if (count === 0) return '';
  const why = isDryRun ? 'only a renewal would prove them' : 'their provider has no check';
  return `, ${count} of them unproven: ${why}`;
}
