import { describe, expect, it } from 'vitest';
import { isTraceState, parseTraceParent, traceOf } from '../../../src/core/trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([
    undefined,
    '',
    'text',
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01 `,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${PARENT}-0x`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
    `01-${TRACE}-${PARENT}-01.more`,
  ])('%j says nothing', (text) => {
    expect(parseTraceParent(text)).toBeNull();
  });

  it.each([
    [`00-${TRACE}-${PARENT}-00`, false],
    [`00-${TRACE}-${PARENT}-01`, true],
    [`00-${TRACE}-${PARENT}-ff`, true],
    [`cc-${TRACE}-${PARENT}-03`, true],
    [`cc-${TRACE}-${PARENT}-02-what-comes-later`, false],
  ])('%s is read', (text, isSampled) => {
    expect(parseTraceParent(text)).toEqual({ traceId: TRACE, parentId: PARENT, isSampled });
  });
});

describe('tracestate', () => {
  it.each([
    ['no value', 'rojo'],
    ['an empty value', 'rojo='],
    ['a capital', 'Rojo=1'],
    ['one vendor twice', 'rojo=1,rojo=2'],
    ['a control character', 'rojo=a\tb'],
    ['an equals sign in a value', 'rojo=a=b'],
    ['too many members', Array.from({ length: 33 }, (_, index) => `v${index}=1`).join(',')],
  ])('with %s is not passed on', (_, text) => {
    expect(isTraceState(text)).toBe(false);
  });

  it.each(['rojo=00f067aa0ba902b7', 'rojo=1,congo=t61rcWkgMzE', 'rojo=1 , , fw529a3039@dt=x', ''])(
    '%j is passed on',
    (text) => {
      expect(isTraceState(text)).toBe(true);
    },
  );
});

describe('the trace of a call', () => {
  const valid = `00-${TRACE}-${PARENT}-01`;

  it.each([
    ['no headers', undefined, undefined, []],
    ['a state without a parent', undefined, 'rojo=1', ['traceparent', 'tracestate']],
    ['an invalid parent', 'x', 'rojo=1', ['traceparent', 'tracestate']],
    ['an invalid state', valid, 'rojo', ['tracestate']],
    ['both valid', valid, 'rojo=1', []],
    ['a parent alone', valid, undefined, []],
  ])('with %s drops what is invalid', (_, traceparent, tracestate, dropped) => {
    expect(traceOf(traceparent, tracestate).dropped).toEqual(dropped);
  });
});
