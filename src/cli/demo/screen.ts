// What the demo shows while it runs: numbered steps with a mark and a duration, and below the present one a few lines
// that are redrawn in place. Where the output is not a terminal, or a narrow one, nothing is redrawn: finished steps
// are printed, and now and then a line of progress.

import { monotonicMs, SECOND_MS } from '../../core/time.ts';
import { styled } from '../print.ts';
import { type Paint, secondsText } from './format.ts';

/** What every line is made for. */
const COLUMNS_MIN = 80;
const TITLE_CHARS = 62;
const DURATION_CHARS = 9;
const INDENT = '       ';
const PLAIN_LINE_INTERVAL_MS = SECOND_MS;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

type Style = Parameters<typeof styled>[0];

export interface Step {
  /** Shows lines below the step in place of those shown before. */
  show(lines: readonly string[]): void;
  /** Ends the step; `lines` stay below it. */
  done(lines?: readonly string[]): void;
}

interface Running {
  readonly number: number;
  readonly title: string;
  readonly startedMs: number;
}

/** Steps one after the other on one stream. May be closed at any time, in the middle of a step too. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #isLive: boolean;
  #steps = 0;
  #linesDrawn = 0;
  #plainAtMs = 0;
  #running: Running | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#isLive = stream.isTTY === true && stream.columns >= COLUMNS_MIN;
    if (this.#isLive) stream.write(HIDE_CURSOR);
  }

  /** For bars: the stream's colours, if it has any. */
  readonly paint: Paint = (part, text) => this.style(part === 'done' ? 'cyan' : 'dim', text);

  style(style: Style, text: string): string {
    return text === '' ? '' : styled(style, text, this.#stream);
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`);
  }

  /** Begins a step; the one before must have ended. */
  step(title: string): Step {
    this.#steps += 1;
    const running = { number: this.#steps, title, startedMs: monotonicMs() };
    this.#running = running;
    this.#plainAtMs = running.startedMs + PLAIN_LINE_INTERVAL_MS;
    if (this.#isLive) this.#redraw(running, this.style('cyan', '•'), []);
    return {
      show: (lines) => {
        // A step that was given up may still be at work, unseen.
        if (this.#running === running) this.#show(running, lines);
      },
      done: (lines = []) => {
        if (this.#running === running) this.#end(running, this.style('green', '✔'), lines);
      },
    };
  }

  /** Marks the running step, if there is one, as failed. */
  fail(): void {
    if (this.#running !== null) this.#end(this.#running, this.style('red', '✘'), []);
  }

  close(): void {
    if (this.#isLive) this.#stream.write(SHOW_CURSOR);
  }

  #show(running: Running, lines: readonly string[]): void {
    if (this.#isLive) {
      this.#redraw(running, this.style('cyan', '•'), lines);
    } else if (monotonicMs() >= this.#plainAtMs) {
      this.#plainAtMs = monotonicMs() + PLAIN_LINE_INTERVAL_MS;
      for (const line of lines) this.line(INDENT + line);
    }
  }

  #end(running: Running, mark: string, lines: readonly string[]): void {
    this.#redraw(running, mark, lines);
    this.#linesDrawn = 0;
    this.#running = null;
  }

  /** Moves to the first of the lines drawn last, clears from there, and draws these instead. */
  #redraw({ number, title, startedMs }: Running, mark: string, lines: readonly string[]): void {
    const erased = this.#linesDrawn === 0 ? '' : `\x1b[${this.#linesDrawn}A\x1b[0J`;
    const duration = this.style('dim', secondsText(monotonicMs() - startedMs).padStart(DURATION_CHARS));
    const all = [`  ${mark} ${number}  ${title.padEnd(TITLE_CHARS)}${duration}`, ...lines.map((line) => INDENT + line)];
    this.#stream.write(`${erased}${all.join('\n')}\n`);
    this.#linesDrawn = all.length;
  }
}
