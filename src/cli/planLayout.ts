// A plan as text: an integration a line, its changes below, in columns; what comes is green, what goes is red.

import { counted } from '../flows/operator/times.ts';
import type { Planned } from './deploy.ts';
import { valueText, widthOf } from './layout.ts';
import { styled } from './print.ts';

type IntegrationPlan = Planned['integrations'][number];
type Change = IntegrationPlan['changes'][number];

const SIGNS = { added: '+', changed: '~', same: '=', untouched: ' ' } as const;
/** Of a value in a line. */
const VALUE_CHARS_MAX = 60;

/** The last line says what it comes to. */
export function planLines({ integrations }: Planned): readonly string[] {
  const width = widthOf(integrations.map(({ name }) => name));
  const lines = integrations.flatMap((plan) => [
    headOf(plan, width),
    ...changeLines(plan.changes),
    ...keptLines(plan.kept),
  ]);
  const changed = integrations.filter(({ verdict }) => verdict === 'changed');
  const added = integrations.filter(({ verdict }) => verdict === 'added');
  if (changed.length + added.length === 0) return [...lines, 'Nothing would change.'];
  const reached = integrations.reduce((sum, { installations }) => sum + installations, 0);
  const parts = [
    ...(added.length > 0 ? [`${counted(added.length, 'integration')} added`] : []),
    ...(changed.length > 0 ? [`${counted(changed.length, 'integration')} changed`] : []),
  ];
  return [...lines, `${parts.join(', ')}, ${counted(reached, 'installation')} affected.`];
}

function headOf({ name, provider, verdict, installations, rescheduled }: IntegrationPlan, width: number): string {
  const reached = verdict === 'changed' ? `  ${reachText(installations, rescheduled)}` : '';
  const color = { added: 'green', changed: 'yellow', same: 'dim', untouched: 'dim' } as const;
  const sign = styled(color[verdict], `${SIGNS[verdict]} ${verdict.padEnd(9)}`);
  return `${sign}  ${name.padEnd(width)}  ${provider}${reached}`;
}

function reachText(installations: number, rescheduled: number | null): string {
  const all = counted(installations, 'installation');
  return rescheduled === null || installations === 0 ? all : `${all}, of which ${rescheduled} read otherwise`;
}

function changeLines(changes: readonly Change[]): readonly string[] {
  const rows = changes.map((change) => ({ change, place: placeOf(change) }));
  const width = widthOf(rows.map(({ place }) => place));
  return rows.map(({ change: { before, after }, place }) => {
    if (before === undefined)
      return `    ${styled('green', '+')} ${place.padEnd(width)}  ${shortText(after)}`.trimEnd();
    if (after === undefined) return `    ${styled('red', '-')} ${place.padEnd(width)}  ${shortText(before)}`.trimEnd();
    return `    ${styled('yellow', '~')} ${place.padEnd(width)}  ${shortText(before)} → ${shortText(after)}`;
  });
}

function keptLines(kept: readonly string[]): readonly string[] {
  if (kept.length === 0) return [];
  return [`    ${kept.join(', ')}: read on where they are installed, unless deployed with --destructive`];
}

function placeOf({ action, objectName, what }: Change): string {
  const parts = action === 'integration' ? [] : [action];
  return [...parts, objectName, what].filter((part) => part !== undefined).join(' ');
}

/** Of an object that comes or goes, its place says enough. */
function shortText(value: Change['before']): string {
  if (typeof value === 'object' && value !== null) return '';
  const text = valueText(value ?? null);
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX)}…`;
}
