// What a provider's answer says of its limits, taken up by the budgets that the call was debited to. Reads and the
// proxy both come here with every answer, so that whoever calls next knows it. Invariant: what cannot be matched with a
// declared limit corrects none, and a refusal holds back nobody but those who share the limit that is named in it.

import type { Budgets } from '../../actors/budgets.ts';
import type { ProviderDeclaration, RateHeaderFamily } from '../catalog/schema.ts';
import type { Clock, Ms } from '../core/time.ts';
import { headerRecord } from '../egress/headers.ts';
import type { PeekedPart } from '../egress/peek.ts';
import { limitHeaders, limitsSaid, saysNothing, toldInBody } from '../limits/headers/limitsSaid.ts';
import type { Answer, LimitReading, LimitsSaid } from '../limits/headers/said.ts';
import type { Said } from '../limits/told.ts';
import type { ProviderTarget } from './targets.ts';

/** Whoever hears what is said. */
type Hearing = Pick<Budgets, 'answered' | 'learn' | 'block' | 'unexplained'>;

/** Whose limits were spoken of. */
type Limited = Pick<ProviderTarget, 'declaration' | 'lease'>;

/** Answers what was said, for callers that have to decide about the same call. `marks` are those of its lease. */
export function tellLimits(
  budgets: Hearing,
  target: Limited,
  marks: readonly number[],
  answer: Answer,
  nowMs: Ms,
): LimitsSaid {
  const said = limitsSaid(familyOf(target.declaration), answer, nowMs);
  if (answer.status < 400) tellAnswered(budgets, target, marks, said);
  else tellSaid(budgets, target, marks, said);
  return said;
}

/**
 * The body of an answer whose head was told before: of an accepted call without `isSure`. Its head is needed again only
 * for a refusal, whose end may stand in any field of it.
 */
export function tellBody(
  budgets: Hearing,
  target: Limited,
  marks: readonly number[],
  bodyText: string,
  { status, rawHeaders, receivedAtMs }: { status: number; rawHeaders: readonly string[]; receivedAtMs: Ms },
): LimitsSaid {
  if (status < 400) {
    const said = limitsSaid(familyOf(target.declaration), { status, headers: {}, bodyText }, receivedAtMs);
    if (!said.isLimited) {
      tellAnswered(budgets, target, marks, said);
      return said;
    }
  }
  return tellLimits(budgets, target, marks, { status, headers: headerRecord(rawHeaders), bodyText }, receivedAtMs);
}

/** Of a status below 400, which may be a refusal all the same. */
function tellAnswered(budgets: Hearing, target: Limited, marks: readonly number[], said: LimitsSaid): void {
  if (!said.isLimited) budgets.answered(target.lease.budgets);
  tellSaid(budgets, target, marks, said);
}

function tellSaid(budgets: Hearing, { declaration, lease }: Limited, marks: readonly number[], said: LimitsSaid): void {
  let isKnown = false;
  for (const reading of said.readings) {
    const name = quotaNameOf(declaration, lease, reading);
    if (name === undefined) continue;
    const isRefusal = said.isLimited && reading.remaining === 0;
    isKnown ||= isRefusal;
    // What is paused is asked again afterwards: that nothing is left is only known of now.
    const isPaused = isRefusal && said.retryAtMs === null && hasPause(declaration, name);
    if (!isPaused) budgets.learn(lease.budgets, marks, name, isRefusal ? untilFree(reading, said) : reading);
    else if (reading.limit !== undefined) budgets.learn(lease.budgets, marks, name, { limit: reading.limit });
    if (isRefusal) budgets.block(lease.budgets, name, said.retryAtMs);
  }
  // Those whose ways are known name the limit, or say nothing of it because it is one of a single endpoint.
  const isUnexplained = said.isLimited && !said.isLockedOut && !isKnown;
  if (isUnexplained && familyOf(declaration) === 'generic') budgets.unexplained(lease.budgets, marks, said.retryAtMs);
}

/**
 * The same of an accepted call, from its raw head; cheaper where nothing is said, as nearly always. Without `isSure`
 * its body may yet say that it is a refusal.
 */
export function tellAccepted(
  budgets: Hearing,
  target: Limited,
  marks: readonly number[],
  answer: Answer,
  clock: Pick<Clock, 'nowMs'>,
  isSure = true,
): void {
  if (isSure) budgets.answered(target.lease.budgets);
  if (!saysNothing(answer)) {
    tellSaid(budgets, target, marks, limitsSaid(familyOf(target.declaration), answer, clock.nowMs()));
  }
}

/** The answer to a call whose body is not ours to read, from its raw head. */
export function answerOfHead(
  { declaration }: Pick<Limited, 'declaration'>,
  status: number,
  rawHeaders: readonly string[],
): Answer {
  return { status, headers: limitHeaders(familyOf(declaration), status, rawHeaders) };
}

/** What of a body should be looked at too, where the head leaves something open that counts for this call. */
export function partToLookAt({ declaration, lease }: Limited, status: number): PeekedPart | null {
  const told = toldInBody(familyOf(declaration), status);
  if (told === null || told.names === undefined) return told?.part ?? null;
  const counted = told.names.map((name) => quotaNameOf(declaration, lease, { name }));
  return lease.budgets.some(({ name }) => counted.includes(name)) ? told.part : null;
}

function familyOf({ rateHeaders }: ProviderDeclaration): RateHeaderFamily {
  return rateHeaders?.family ?? 'generic';
}

function hasPause({ quotas }: ProviderDeclaration, name: string): boolean {
  return quotas.some((quota) => quota.name === name && quota.pause !== undefined);
}

/** Without a reset, what others spent is in the way as long as the refusal says, and not for a whole window. */
function untilFree(reading: LimitReading, { retryAtMs }: LimitsSaid): Said {
  const { limit, remaining, resetAtMs } = reading;
  return resetAtMs !== undefined || retryAtMs === null ? reading : { limit, remaining, freeAtMs: retryAtMs };
}

/**
 * By the declared name. Names of which nothing is known go by a window that only one declared limit has; another window
 * is another limit. Families that are known have several limits of one window, of calls and of other things.
 */
function quotaNameOf(
  declaration: ProviderDeclaration,
  { budgets }: ProviderTarget['lease'],
  { name, windowMs }: LimitReading,
): string | undefined {
  const { rateHeaders, quotas } = declaration;
  const named = rateHeaders?.quotas?.[name];
  const declared =
    typeof named === 'object' ? named.find((one) => budgets.some((budget) => budget.name === one)) : named;
  if (windowMs === undefined) return declared;
  const alike = quotas.filter((quota) => quota.windowMs === windowMs).map((quota) => quota.name);
  if (declared !== undefined) return alike.includes(declared) ? declared : undefined;
  return alike.length === 1 && familyOf(declaration) === 'generic' ? alike[0] : undefined;
}
