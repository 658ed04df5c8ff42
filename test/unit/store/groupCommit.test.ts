import { describe, expect, it } from 'vitest';
import type { IntegrationError } from '../../../src/core/errors.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import { COMMIT_QUEUE_STEPS_MAX, COMMIT_STEPS_MAX } from '../../../src/core/limits.ts';
import { GroupCommit } from '../../../src/store/groupCommit.ts';
import type { StepOutcome } from '../../../src/store/port.ts';
import { flush } from '../../support/clock.ts';
import { allCommitted, ScriptedWriter } from '../../support/writer.ts';

function group() {
  const writer = new ScriptedWriter();
  const log: string[] = [];
  const fatal: IntegrationError[] = [];
  const commits = new GroupCommit(writer, {
    onFatal: (error) => {
      fatal.push(error);
      log.push('fatal');
    },
    onRecovered: () => log.push('recovered'),
  });
  const add = (name: string, actorKey: string | null = null, then: () => void = () => {}) => {
    const step = { actorId: actorKey === null ? null : actorIdOf('probe', actorKey), writes: [] };
    const committed = () => {
      log.push(`${name} committed`);
      then();
    };
    commits.add(step, committed, (error) => log.push(`${name} ${error.code}`));
  };
  return { writer, commits, add, log, fatal, sizes: () => writer.batches.map((batch) => batch.length) };
}

const full = { failure: { kind: 'full', message: 'no room' } } as const;
const io = { failure: { kind: 'io', message: 'broken' } } as const;
const committed = { kind: 'committed' } as const;
const rejected = { kind: 'rejected', message: 'no' } as const;
const conflict = { kind: 'conflict', message: 'no' } as const;

describe('a failed batch', () => {
  it('discards what was decided since, before anything else can run', async () => {
    const { writer, commits, add, log } = group();
    writer.isHeld = true;
    add('first', 'a');
    await flush(2);
    add('since', 'b');
    add('sinceToo', null);
    writer.answer(full);
    await Promise.resolve();
    await Promise.resolve();
    expect(log).toEqual(['first storage_unavailable', 'since storage_unavailable', 'sinceToo storage_unavailable']);
    expect(commits.isHealthy).toBe(false);
    await flush(2);
    expect(writer.batches).toHaveLength(1);
  });

  it('is followed by recovery once, after the callbacks of the commit that succeeded', async () => {
    const { writer, commits, add, log, fatal } = group();
    writer.isHeld = true;
    add('lost');
    await flush(2);
    writer.answer(full);
    await flush(2);
    writer.isHeld = false;
    add('first');
    await flush(2);
    add('second');
    await flush(2);
    expect(log).toEqual(['lost storage_unavailable', 'first committed', 'recovered', 'second committed']);
    expect(commits.isHealthy).toBe(true);
    expect(fatal).toEqual([]);
  });

  it('of a disk that cannot be trusted ends everything, and is told once', async () => {
    const { writer, commits, add, log } = group();
    writer.isHeld = true;
    add('first');
    await flush(2);
    writer.answer(io);
    await flush(2);
    add('late');
    await flush(2);
    expect(log).toEqual(['first storage_unavailable', 'fatal', 'late storage_unavailable']);
    expect(writer.batches).toHaveLength(1);
    expect(commits.isHealthy).toBe(false);
  });
});

describe('a failed step', () => {
  it.each([
    ['a refused row', rejected, 'invalid_input', []],
    ['an earlier failure in the same batch', { kind: 'skipped' } as const, 'storage_unavailable', []],
    ['an answer that is missing', undefined, 'storage_unavailable', []],
    ['a lost compare-and-set', conflict, 'conflict', ['fatal']],
  ])('says what happened for %s', async (_name, outcome, code, fatal) => {
    const { writer, add, log } = group();
    writer.isHeld = true;
    add('a', 'a');
    add('b', 'b');
    await flush(2);
    writer.answer({ steps: [outcome as StepOutcome, committed] });
    await flush(2);
    expect(log).toEqual([`a ${code}`, ...fatal, 'b committed']);
  });

  it('skips the buffered steps of its actor and of nobody else; they may be tried again', async () => {
    const { writer, add, log } = group();
    writer.isHeld = true;
    add('a1', 'a');
    add('none1', null);
    await flush(2);
    add('a2', 'a');
    add('b1', 'b');
    add('none2', null);
    writer.isHeld = false;
    writer.answer({ steps: [rejected, rejected] });
    await flush(3);
    expect(log).toEqual([
      'a1 invalid_input',
      'a2 storage_unavailable',
      'none1 invalid_input',
      'b1 committed',
      'none2 committed',
    ]);
  });

  it('is told before the commits of its batch, so that what they set off does not build on it', async () => {
    const { writer, add, log } = group();
    writer.isHeld = true;
    add('b', 'b', () => add('a again', 'a'));
    add('a', 'a');
    await flush(2);
    writer.isHeld = false;
    writer.answer({ steps: [committed, rejected] });
    await flush(3);
    expect(log).toEqual(['a invalid_input', 'b committed', 'a again committed']);
  });

  it('by a second owner is told once, however many met it', async () => {
    const { writer, add, log } = group();
    writer.isHeld = true;
    add('a', 'a');
    add('b', 'b');
    await flush(2);
    writer.answer({ steps: [conflict, conflict] });
    await flush(2);
    expect(log).toEqual(['a conflict', 'fatal', 'b conflict']);
  });

  it('by a second owner discards what waits and writes nothing more', async () => {
    const { writer, add, log } = group();
    writer.isHeld = true;
    add('a1', 'a');
    await flush(2);
    add('b1', 'b');
    writer.answer({ steps: [conflict] });
    await flush(3);
    expect(log).toEqual(['a1 conflict', 'b1 storage_unavailable', 'fatal']);
    expect(writer.batches).toHaveLength(1);
  });
});

describe('a group', () => {
  it('forms of everything added in one turn, microtasks included', async () => {
    const { add, sizes } = group();
    for (let n = 0; n < 20; n++) add(`${n}`);
    await Promise.resolve();
    add('from a microtask');
    await flush(3);
    expect(sizes()).toEqual([21]);
  });

  it('has a bounded size and keeps the order', async () => {
    const { add, sizes, log } = group();
    const names = Array.from({ length: 2 * COMMIT_STEPS_MAX + 1 }, (_, n) => `${n}`);
    for (const name of names) add(name);
    await flush(6);
    expect(sizes()).toEqual([COMMIT_STEPS_MAX, COMMIT_STEPS_MAX, 1]);
    expect(log).toEqual(names.map((name) => `${name} committed`));
  });

  it('is at the writer alone: what arrives meanwhile forms the next one', async () => {
    const { writer, add, sizes } = group();
    writer.isHeld = true;
    add('first');
    await flush(2);
    add('second');
    await flush(2);
    add('third');
    await flush(2);
    expect(sizes()).toEqual([1]);
    writer.answer(allCommitted([{ actorId: null, writes: [] }]));
    await flush(2);
    expect(sizes()).toEqual([1, 2]);
    writer.answer();
    await flush(2);
  });

  it('is handed over before the owners of the one before it go on', async () => {
    const { writer, add, sizes } = group();
    const seen: number[][] = [];
    writer.isHeld = true;
    add('first', null, () => seen.push(sizes()));
    await flush(2);
    add('second');
    writer.answer({ steps: [committed] });
    await flush(2);
    expect(seen).toEqual([[1, 1]]);
    writer.answer();
    await flush(2);
  });

  it('says when there is no room for more', () => {
    const { commits, add } = group();
    for (let n = 0; n < COMMIT_QUEUE_STEPS_MAX - 1; n++) add(`${n}`);
    expect(commits.hasRoom).toBe(true);
    add('last');
    expect(commits.hasRoom).toBe(false);
  });
});

describe('close', () => {
  it('resolves at once when nothing waits, and then refuses', async () => {
    const { commits, add, log } = group();
    await commits.close();
    add('late');
    expect(log).toEqual(['late storage_unavailable']);
  });

  it('waits for what was added before it, through several batches', async () => {
    const { commits, add, log } = group();
    for (let n = 0; n < COMMIT_STEPS_MAX + 1; n++) add(`${n}`);
    await commits.close();
    expect(log).toHaveLength(COMMIT_STEPS_MAX + 1);
  });

  it('waits for what is at the writer, and for what follows it', async () => {
    const { writer, commits, add, log } = group();
    writer.isHeld = true;
    add('first');
    await flush(2);
    add('second');
    void commits.close().then(() => log.push('closed'));
    await flush(2);
    writer.answer({ steps: [committed] });
    await flush(2);
    void commits.close().then(() => log.push('closed'));
    await flush(2);
    expect(log).toEqual(['first committed']);
    writer.answer({ steps: [committed] });
    await flush(2);
    expect(log).toEqual(['first committed', 'second committed', 'closed', 'closed']);
  });

  it('resolves when the last step fails instead', async () => {
    const { writer, commits, add, log } = group();
    writer.isHeld = true;
    add('a1', 'a');
    await flush(2);
    add('a2', 'a');
    const closed = commits.close();
    writer.answer({ steps: [rejected] });
    await closed;
    expect(log).toEqual(['a1 invalid_input', 'a2 storage_unavailable']);
  });
});
