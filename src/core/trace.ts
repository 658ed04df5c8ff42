// W3C Trace Context, level 1: which trace a call belongs to, as `traceparent` and `tracestate` say it. Pure. What is
// not valid says nothing: it is neither passed on nor logged.

/** Where a call stands in a trace: whose child it is. */
export interface TraceParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The span that it is a child of, 16 lower-case hex digits. */
  readonly parentId: string;
  /** Whoever began the trace records it. */
  readonly isSampled: boolean;
}

const LENGTH = 55;
const PARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** At most so many members are passed on (section 3.3.1.1). */
const MEMBERS_MAX = 32;
const KEY = '[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}';
const VALUE = '[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]';
const MEMBER = new RegExp(`^(?:${KEY})=${VALUE}$`);

/** The header read; null if it is not valid. Later versions may say more behind what this one knows (section 3.2.4). */
export function parseTraceParent(text: string | undefined): TraceParent | null {
  if (text === undefined || text.length < LENGTH) return null;
  const isLater = !text.startsWith('00');
  if (text.length > LENGTH && !(isLater && text[LENGTH] === '-')) return null;
  const [, , traceId, parentId, flags] = PARENT.exec(text.slice(0, LENGTH)) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Whether a `tracestate` may be passed on: what vendors say, of each at most once. */
export function isTraceState(text: string): boolean {
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  return members.length <= MEMBERS_MAX && keys.size === members.length && members.every((one) => MEMBER.test(one));
}

/** The trace of a call, and which of its headers are not passed on. */
export interface Trace {
  readonly parent: TraceParent | null;
  /** Valid, beside a valid parent; else null. */
  readonly state: string | null;
  /** Lower-case names. */
  readonly dropped: readonly string[];
}

const NO_TRACE: Trace = { parent: null, state: null, dropped: [] };
const BOTH = ['traceparent', 'tracestate'] as const;

/** What the headers of a call say of its trace; without them, which is usual, nothing. */
export function traceOf(traceparent: string | undefined, tracestate: string | undefined): Trace {
  if (traceparent === undefined && tracestate === undefined) return NO_TRACE;
  const parent = parseTraceParent(traceparent);
  if (parent === null) return { parent, state: null, dropped: BOTH };
  if (tracestate === undefined) return { parent, state: null, dropped: [] };
  const isValid = isTraceState(tracestate);
  return { parent, state: isValid ? tracestate : null, dropped: isValid ? [] : ['tracestate'] };
}
