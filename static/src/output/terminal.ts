// The line discipline of a terminal without a screen: newlines, carriage returns, the erasing and the cursor
// moves that progress bars use. Everything else a terminal can do is dropped.

import { PLAIN, Sgr, type Style } from "./style.js";

/** A stretch of one style. */
export interface Run {
  text: string;
  style: Style;
}

export interface Line {
  runs: Run[];
  length: number;
  /** Grows when the line changes, so that a view paints it again. */
  version: number;
  /** How many newlines came before it. */
  readonly source: number;
  /** Where in the stream what was written first of it begins. */
  offset: number;
}

/** How far up a cursor may move. */
const REACH = 200;
/** Longer escape sequences are dropped. */
const LONGEST_ESCAPE = 4096;
const TAB = 8;
/** A line is broken there, so that one endless line cannot stall the page. */
const LONGEST_LINE = 100_000;

// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f\x9b]/g;
// CSI; OSC, DCS, SOS, PM, APC strings; character sets; the other two-byte escapes.
const ESCAPE = /^(?:(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~])/;

export class Terminal {
  readonly lines: Line[] = [];
  /** Where in the stream begins what is written next. */
  offset = 0;
  #newlines = 0;
  #sgr: Sgr;
  #row = 0;
  #column = 0;
  #rest = "";

  constructor(sgr = new Sgr()) {
    this.#sgr = sgr;
    this.#addLine();
  }

  /** How many newlines were written. */
  get newlines(): number {
    return this.#newlines;
  }

  /** The colours that hold at the end, for a terminal that goes on from here. */
  get sgr(): Sgr {
    return this.#sgr.copy();
  }

  /** Whether the cursor stands at the start of a fresh last line. */
  get atLineStart(): boolean {
    return this.#rest === "" && this.#column === 0 && this.#row === this.lines.length - 1 && this.#line.length === 0;
  }

  get #line(): Line {
    return this.lines[this.#row] as Line;
  }

  write(data: string): void {
    const text = this.#rest + data;
    this.#rest = "";
    let at = 0;
    CONTROL.lastIndex = 0;
    for (let match = CONTROL.exec(text); match; match = CONTROL.exec(text)) {
      if (match.index > at) this.#put(text.slice(at, match.index));
      at = match.index + 1;
      if (match[0] === "\x1b" || match[0] === "\x9b") {
        const used = this.#escape(text.slice(match.index, match.index + LONGEST_ESCAPE), match.index + LONGEST_ESCAPE >= text.length);
        if (used === 0) {
          this.#rest = text.slice(match.index);
          return;
        }
        at = match.index + used;
        CONTROL.lastIndex = at;
      } else {
        this.#control(match[0]);
      }
    }
    if (at < text.length) this.#put(text.slice(at));
  }

  #control(char: string): void {
    if (char === "\n") {
      this.#newlines += 1;
      this.#newline();
    } else if (char === "\r") this.#column = 0;
    else if (char === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (char === "\t") this.#put(" ".repeat(TAB - (this.#column % TAB)));
  }

  #newline(): void {
    this.#column = 0;
    this.#row += 1;
    if (this.#row === this.lines.length) this.#addLine();
  }

  #addLine(): void {
    this.lines.push({ runs: [], length: 0, version: 0, source: this.#newlines, offset: this.offset });
  }

  /** Carries out the escape at the start of `text`; tells its length, 0 when its end is still to come. */
  #escape(text: string, last: boolean): number {
    const match = ESCAPE.exec(text);
    if (!match) return last && text.length < LONGEST_ESCAPE && !broken(text) ? 0 : 1;
    const [whole, parameters = "", final] = match;
    if (final === "m") {
      if (!/^[<=>?]/.test(parameters)) this.#sgr.apply(parameters);
    } else if (final) {
      this.#move(final, parameters);
    }
    return whole.length;
  }

  #move(final: string, parameters: string): void {
    const [first = 0] = parameters.split(";").map((text) => Number.parseInt(text, 10) || 0);
    const count = Math.max(1, first);
    const top = Math.max(0, this.lines.length - REACH);
    switch (final) {
      case "A": case "F":
        this.#row = Math.max(Math.min(top, this.#row), this.#row - count);
        if (final === "F") this.#column = 0;
        break;
      case "B": case "E":
        this.#row = Math.min(this.lines.length - 1, this.#row + count);
        if (final === "E") this.#column = 0;
        break;
      case "C": this.#column = Math.min(LONGEST_LINE, this.#column + count); break;
      case "D": this.#column = Math.max(0, this.#column - count); break;
      case "G": this.#column = Math.min(LONGEST_LINE, count - 1); break;
      case "K": this.#eraseLine(first); break;
      case "J": if (first === 0) this.#eraseBelow(); break;
      default:
    }
  }

  #eraseLine(mode: number): void {
    const line = this.#line;
    if (mode === 2) setRuns(line, []);
    else if (mode === 1) setRuns(line, [{ text: " ".repeat(Math.min(this.#column, line.length)), style: PLAIN }, ...cut(line.runs, this.#column, line.length)]);
    else setRuns(line, cut(line.runs, 0, this.#column));
  }

  #eraseBelow(): void {
    this.#eraseLine(0);
    for (const line of this.lines.splice(this.#row + 1)) line.version += 1;
  }

  #put(text: string): void {
    let line = this.#line;
    if (this.#column + text.length > LONGEST_LINE) {
      const room = Math.max(1, LONGEST_LINE - this.#column);
      if (this.#column < LONGEST_LINE) this.#put(text.slice(0, room));
      this.#newline();
      return this.#put(this.#column < LONGEST_LINE && room < text.length ? text.slice(room) : text);
    }
    const style = this.#sgr.style;
    if (line.length === 0) line.offset = this.offset;
    if (this.#column === line.length) {
      const last = line.runs.at(-1);
      if (last?.style === style) last.text += text;
      else line.runs.push({ text, style });
      line.length += text.length;
      line.version += 1;
    } else {
      const gap = Math.max(0, this.#column - line.length);
      const before = cut(line.runs, 0, this.#column);
      const after = cut(line.runs, this.#column + text.length, line.length);
      if (gap > 0) before.push({ text: " ".repeat(gap), style: PLAIN });
      setRuns(line, [...before, { text, style }, ...after]);
    }
    this.#column += text.length;
  }
}

/** An escape that can no longer become a known one. */
function broken(text: string): boolean {
  return /^(?:\x1b\[|\x9b)[0-?]*[ -/]*[^ -~]/.test(text) || /^\x1b[^ -~]/.test(text);
}

function setRuns(line: Line, runs: Run[]): void {
  line.runs = runs.filter((run) => run.text !== "");
  line.length = line.runs.reduce((sum, run) => sum + run.text.length, 0);
  line.version += 1;
}

/** The part of `runs` from column `from` to before `to`. */
export function cut(runs: readonly Run[], from: number, to: number): Run[] {
  const part: Run[] = [];
  let at = 0;
  for (const run of runs) {
    const text = run.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text && at < to && at + run.text.length > from) part.push({ text, style: run.style });
    at += run.text.length;
  }
  return part;
}
