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
  /** Ends the step with its mark; `lines` stay below it. */
  done(lines?: readonly string[], isGood?: boolean): void;
}

interface Running {
  readonly number: number;
  readonly title: string;
  readonly startedMs: number;
  /** Shown last below the step. */
  lines: readonly string[];
  /** Where nothing is redrawn: what was printed, once. */
  readonly printed: Set<string>;
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

  /** In the stream's colours, if it has any. */
  style(style: Style, text: string): string {
    return text === '' ? '' : styled(style, text, this.#stream);
  }

  /** For lines of progress; handed over as a function. */
  readonly paint: Paint = (part, text) => this.style(part === 'done' ? 'cyan' : 'dim', text);

  line(text = ''): void {
    this.#stream.write(`${text}\n`);
  }

  /** Begins a step; the one before must have ended. */
  step(title: string): Step {
    this.#steps += 1;
    const startedMs = monotonicMs();
    const running: Running = { number: this.#steps, title, startedMs, lines: [], printed: new Set() };
    this.#running = running;
    this.#plainAtMs = startedMs + PLAIN_LINE_INTERVAL_MS;
    if (this.#isLive) this.#redraw(running, this.style('cyan', '•'));
    return {
      show: (lines) => {
        // A step that was given up may still be at work, unseen.
        if (this.#running !== running) return;
        running.lines = lines;
        this.#show(running);
      },
      done: (lines = [], isGood = true) => {
        if (this.#running !== running) return;
        running.lines = lines;
        this.#end(running, isGood);
      },
    };
  }

  /** Marks the running step, if there is one, as failed; what it showed last stays. */
  fail(): void {
    if (this.#running !== null) this.#end(this.#running, false);
  }

  close(): void {
    if (this.#isLive) this.#stream.write(SHOW_CURSOR);
  }

  #show(running: Running): void {
    if (this.#isLive) {
      this.#redraw(running, this.style('cyan', '•'));
    } else if (monotonicMs() >= this.#plainAtMs) {
      this.#plainAtMs = monotonicMs() + PLAIN_LINE_INTERVAL_MS;
      const fresh = running.lines.filter((line) => !running.printed.has(line));
      for (const line of fresh) {
        running.printed.add(line);
        this.line(INDENT + line);
      }
    }
  }

  #end(running: Running, isGood: boolean): void {
    this.#redraw(running, isGood ? this.style('green', '✔') : this.style('red', '✘'));
    this.#linesDrawn = 0;
    this.#running = null;
  }

  /** Moves to the first of the lines drawn last, clears from there, and draws these instead. */
  #redraw({ number, title, startedMs, lines }: Running, mark: string): void {
    // A key pressed meanwhile may have moved the cursor along its line.
    const erased = this.#linesDrawn === 0 ? '' : `\r\x1b[${this.#linesDrawn}A\x1b[0J`;
    const duration = this.style('dim', secondsText(monotonicMs() - startedMs).padStart(DURATION_CHARS));
    const all = [`  ${mark} ${number}  ${title.padEnd(TITLE_CHARS)}${duration}`, ...lines.map((line) => INDENT + line)];
    this.#stream.write(`${erased}${all.join('\n')}\n`);
    this.#linesDrawn = all.length;
  }
}
