import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Screen } from '../../../../src/cli/demo/screen.ts';

/** A stream that remembers what was written; a terminal of `columns` columns, or none. */
function capture(columns: number | null): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  Object.assign(stream, columns === null ? {} : { isTTY: true, columns });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

function withoutDurations(text: string): string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/ +\d+\.\d s$/, ''));
}

describe('a step', () => {
  test('on a terminal is redrawn in place and ends as one block', () => {
    const { stream, text } = capture(80);
    const step = new Screen(stream).step('Reading');
    step.show(['one', 'two']);
    step.done(['three']);
    expect(text()).toContain('\x1b[1A\x1b[0J');
    const last = text().slice(text().lastIndexOf('\x1b[3A\x1b[0J'));
    expect(withoutDurations(last)).toEqual(['  ✔ 1  Reading', '       three', '']);
  });

  test.each([
    ['where there is no terminal', null],
    ['on a narrow terminal', 60],
  ])('%s is printed once, when it has ended', (_case, columns) => {
    const { stream, text } = capture(columns);
    const screen = new Screen(stream);
    screen.step('Reading').show(['one']);
    screen.fail();
    screen.step('Delivering').done();
    screen.step('Auditing').done(['none'], false);
    screen.close();
    expect(text()).not.toContain('\x1b[0J');
    const ended = ['  ✘ 1  Reading', '       one', '  ✔ 2  Delivering', '  ✘ 3  Auditing', '       none', ''];
    expect(withoutDurations(text())).toEqual(ended);
  });

  test('that was given up draws no more', () => {
    const { stream, text } = capture(80);
    const screen = new Screen(stream);
    const step = screen.step('Reading');
    screen.fail();
    const before = text();
    step.show(['late']);
    step.done();
    screen.fail();
    expect(text()).toBe(before);
  });

  test('fits with its duration into 80 columns', () => {
    const { stream, text } = capture(null);
    new Screen(stream).step('Reading').done();
    expect(stripVTControlCharacters(text()).trimEnd().length).toBeLessThanOrEqual(80);
  });

  test('hides the cursor only while the screen is open', () => {
    const { stream, text } = capture(80);
    new Screen(stream).close();
    expect(text()).toBe('\x1b[?25l\x1b[?25h');
  });
});
