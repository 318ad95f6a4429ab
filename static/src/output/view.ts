// Paints the lines of a buffer that are in sight, in rows of one height. Written against the DOM: tens of
// thousands of lines are no place for components.

import * as format from "../format";
import { classOf } from "./color";
import { type Segment, type Segments, lineCount } from "./segments";
import { type Line, type Run, cut } from "./terminal";

const ROW = 20;
const MARGIN_ROWS = 12;
const NEAR_END = 24;
const NEAR_TOP = 600;
/** Without wrapping, what is beyond is not shown: laying out a line of a megabyte takes seconds. */
const LONGEST_ROW = 4_000;

/** A row on the screen: a line, or a part of one when lines are wrapped. */
interface Place {
  segment: Segment;
  line: number;
  from: number;
}

/** What is painted: a stretch of output that may grow or change. */
export interface Shown {
  readonly held: Segments;
  /** Whether its end is the end of the stream, so that it can be followed. */
  readonly live: { readonly value: boolean };
  /** When lines came, by the byte they begin with. */
  readonly times?: { at(byte: number): number | undefined };
  jumpToEnd(): void;
}

export interface ViewEvents {
  /** The reader came to the end or left it. */
  following(following: boolean): void;
  /** The reader is near the beginning of what is held. */
  nearTop(): void;
  /** The reader is near the end of what is held, which is not the end of the stream. */
  nearEnd(): void;
  /** A line was chosen by its number; `byte` begins its segment where lines are not numbered yet. */
  chosen(line: number | undefined, place: { byte: number; newlines: number }): void;
  /** A line is in sight that begins with this byte, and its time is not known. */
  untimed(byte: number): void;
}

/** How lines are shown. */
export interface Look {
  wrap: boolean;
  numbers: boolean;
  times: boolean;
  /** Text to mark wherever it is. */
  find: string;
  /** The number of the line that is marked. */
  line: number | undefined;
}

export class OutputView {
  readonly #scroller: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #buffer: Shown;
  readonly #events: ViewEvents;
  readonly #rows = new Map<string, { element: HTMLElement; painted: string; place: Place }>();
  readonly #resize = new ResizeObserver(() => this.paint());
  #following = true;
  #lastTop = 0;
  #look: Look = { wrap: false, numbers: true, times: false, find: "", line: undefined };
  #columns = 80;
  #charWidth = 0;
  #padding = 24;
  #top: Place | undefined;
  #topShift = 0;
  /** For each segment, the row its lines begin at; kept while neither changes. */
  readonly #layouts = new WeakMap<Segment, { lines: number; to: number; columns: number; starts: Uint32Array; rows: number }>();

  constructor(scroller: HTMLElement, sizer: HTMLElement, buffer: Shown, events: ViewEvents) {
    this.#scroller = scroller;
    this.#sizer = sizer;
    this.#buffer = buffer;
    this.#events = events;
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    sizer.addEventListener("click", this.#clicked);
    this.#resize.observe(scroller);
  }

  dispose(): void {
    this.#scroller.removeEventListener("scroll", this.#scrolled);
    this.#sizer.removeEventListener("click", this.#clicked);
    this.#resize.disconnect();
    this.#sizer.replaceChildren();
  }

  set look(look: Look) {
    this.#look = look;
    this.#charWidth = 0;
    this.#sizer.classList.toggle("numbered", look.numbers);
    this.#sizer.classList.toggle("timed", look.times);
    this.paint();
  }

  get #wrap(): boolean {
    return this.#look.wrap;
  }

  /** Brings a line into sight that is held; `false` when it is not. */
  reveal(line: number): boolean {
    const found = this.#buffer.held.find(line);
    if (!found) return false;
    this.#following = false;
    this.#events.following(false);
    this.#top = { ...found, from: 0 };
    this.#topShift = -Math.floor(this.#scroller.clientHeight / 3);
    this.paint();
    this.#keep();
    return true;
  }

  /** The numbers of the first and the last line in sight. */
  get inSight(): [number | undefined, number | undefined] {
    const number = (row: number) => {
      const place = this.#placeOf(row);
      return place && this.#buffer.held.lineNumber(place.segment, place.line);
    };
    const first = Math.floor(this.#scroller.scrollTop / ROW);
    return [number(first), number(first + Math.floor(this.#scroller.clientHeight / ROW))];
  }

  follow(following: boolean): void {
    this.#following = following;
    if (following) this.#buffer.jumpToEnd();
    this.#keep();
    this.#events.following(following);
    this.paint();
  }

  /** Brings the rows in line with the buffer, without moving a reader who is not at the end. */
  paint(): void {
    this.#measure();
    const total = this.#buffer.held.list.reduce((sum, segment) => sum + this.#layout(segment).rows, 0);
    this.#sizer.style.height = `${total * ROW}px`;
    if (this.#following) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    } else if (this.#top) {
      const top = Math.max(0, this.#rowOf(this.#top) * ROW + this.#topShift);
      if (Math.abs(top - this.#scroller.scrollTop) > 1) this.#scroller.scrollTop = top;
    }
    this.#lastTop = this.#scroller.scrollTop;
    this.#show();
  }

  #measure(): void {
    if (!this.#wrap) return;
    if (this.#charWidth === 0) {
      const row = document.createElement("div");
      const probe = document.createElement("span");
      row.className = "term-row term-probe";
      probe.textContent = "0".repeat(100);
      row.append(probe);
      this.#sizer.append(row);
      const { paddingInlineStart, paddingInlineEnd } = getComputedStyle(row);
      this.#padding = Number.parseFloat(paddingInlineStart) + Number.parseFloat(paddingInlineEnd);
      this.#charWidth = probe.getBoundingClientRect().width / 100;
      row.remove();
    }
    this.#columns = Math.max(20, Math.floor((this.#scroller.clientWidth - this.#padding) / (this.#charWidth || 8)));
  }

  #layout(segment: Segment): { starts: Uint32Array; rows: number } {
    const lines = lineCount(segment);
    const columns = this.#wrap ? this.#columns : 0;
    const known = this.#layouts.get(segment);
    if (known && known.lines === lines && known.to === segment.to && known.columns === columns) return known;
    const starts = new Uint32Array(this.#wrap ? lines : 0);
    let rows = this.#wrap ? 0 : lines;
    for (let i = 0; i < starts.length; i++) {
      starts[i] = rows;
      rows += Math.max(1, Math.ceil((segment.terminal.lines[i] as Line).length / columns));
    }
    const layout = { lines, to: segment.to, columns, starts, rows };
    this.#layouts.set(segment, layout);
    return layout;
  }

  #rowOf(place: Place): number {
    let row = 0;
    for (const segment of this.#buffer.held.list) {
      const layout = this.#layout(segment);
      if (segment === place.segment) {
        if (!this.#wrap) return row + place.line;
        return row + (layout.starts[place.line] ?? 0) + Math.floor(place.from / this.#columns);
      }
      row += layout.rows;
    }
    return 0;
  }

  #placeOf(row: number): Place | undefined {
    let left = row;
    for (const segment of this.#buffer.held.list) {
      const { rows, starts } = this.#layout(segment);
      if (left >= rows) {
        left -= rows;
        continue;
      }
      if (!this.#wrap) return { segment, line: left, from: 0 };
      let low = 0, high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] as number) <= left) low = middle;
        else high = middle - 1;
      }
      return { segment, line: low, from: (left - (starts[low] as number)) * this.#columns };
    }
    return undefined;
  }

  #show(): void {
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / ROW) - MARGIN_ROWS);
    const count = Math.ceil(this.#scroller.clientHeight / ROW) + 2 * MARGIN_ROWS;
    const places = new Map<string, Place>();
    for (let row = first; row < first + count; row++) {
      const place = this.#placeOf(row);
      if (!place) break;
      places.set(`${place.segment.id}:${place.line}:${place.from}:${this.#wrap ? this.#columns : ""}`, place);
    }
    for (const [key, { element }] of this.#rows) {
      if (places.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    let row = first;
    let next = this.#sizer.firstChild;
    let untimed: number | undefined;
    for (const [key, place] of places) {
      const { offset } = place.segment.terminal.lines[place.line] as Line;
      if (this.#look.times && this.#buffer.times?.at(offset) === undefined) untimed ??= offset;
      const element = this.#row(key, place);
      element.style.top = `${row++ * ROW}px`;
      // In the document in reading order, for selections and screen readers.
      if (element === next) next = element.nextSibling;
      else this.#sizer.insertBefore(element, next);
    }
    if (untimed !== undefined) this.#events.untimed(untimed);
  }

  #row(key: string, place: Place): HTMLElement {
    const line = place.segment.terminal.lines[place.line] as Line;
    let shown = this.#rows.get(key);
    if (!shown) {
      shown = { element: document.createElement("div"), painted: "", place };
      this.#rows.set(key, shown);
    }
    const { find, numbers, times, line: marked } = this.#look;
    const number = this.#buffer.held.lineNumber(place.segment, place.line);
    const time = times && place.from === 0 ? this.#buffer.times?.at(line.offset) : undefined;
    const painted = `${line.version} ${number} ${number === marked} ${numbers} ${time} ${find}`;
    if (shown.painted !== painted) {
      shown.painted = painted;
      const { element } = shown;
      element.className = number !== undefined && number === marked ? "term-row marked" : "term-row";
      const first = place.from === 0;
      label(element, "line", numbers && first ? String(number ?? "·") : undefined);
      label(element, "time", time === undefined ? undefined : format.timeSeconds(new Date(time).toISOString()));
      element.replaceChildren(...this.#spans(line, place.from));
    }
    return shown.element;
  }

  #spans(line: Line, from: number): (Node | string)[] {
    const to = this.#wrap ? from + this.#columns : LONGEST_ROW;
    const runs = from === 0 && line.length <= to ? line.runs : cut(line.runs, from, to);
    const nodes = this.#look.find ? marked(runs, this.#look.find) : runs.map(node);
    if (this.#wrap || line.length <= to) return nodes;
    const more = document.createElement("span");
    more.className = "term-more";
    more.textContent = ` … ${line.length - to} more characters; wrap lines to read them`;
    return [...nodes, more];
  }

  /** A click on the number of a line chooses it. */
  #clicked = (event: MouseEvent): void => {
    const element = (event.target as Element).closest<HTMLElement>(".term-row");
    if (!element?.dataset.line) return;
    const gutter = Number.parseFloat(getComputedStyle(element).paddingInlineStart);
    if (event.clientX - element.getBoundingClientRect().left > gutter) return;
    const place = [...this.#rows.values()].find((row) => row.element === element)?.place;
    if (!place) return;
    const { segment, line } = place;
    const source = segment.terminal.lines[line]?.source ?? 0;
    this.#events.chosen(this.#buffer.held.lineNumber(segment, line), { byte: segment.from, newlines: source });
  };

  #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    // Only a move upward leaves the end: lines that come in between two scroll events do not.
    const left = this.#following && !atEnd && scrollTop < this.#lastTop - 1;
    const came = !this.#following && atEnd && scrollTop > this.#lastTop && this.#buffer.live.value;
    this.#lastTop = scrollTop;
    if (left || came) {
      this.#following = came;
      this.#events.following(came);
    }
    this.#keep();
    if (scrollTop < NEAR_TOP && !this.#following) this.#events.nearTop();
    if (scrollHeight - scrollTop - clientHeight < NEAR_TOP && !this.#buffer.live.value) this.#events.nearEnd();
    this.#show();
  };

  /** Remembers what is at the top, to keep it there. */
  #keep(): void {
    const { scrollTop } = this.#scroller;
    this.#top = this.#placeOf(Math.floor(scrollTop / ROW));
    this.#topShift = scrollTop % ROW;
  }
}

function label(element: HTMLElement, name: "line" | "time", text: string | undefined): void {
  if (text === undefined) delete element.dataset[name];
  else element.dataset[name] = text;
}

function node(run: Run): Node {
  const name = classOf(run.style);
  if (!name) return document.createTextNode(format.visible(run.text));
  const span = document.createElement("span");
  span.className = name;
  span.textContent = format.visible(run.text);
  return span;
}

/** The runs with every place that holds `text` marked, whatever its case. */
function marked(runs: readonly Run[], text: string): Node[] {
  const whole = runs.map((run) => run.text).join("").toLowerCase();
  const wanted = text.toLowerCase();
  const nodes: Node[] = [];
  let at = 0;
  for (let found = whole.indexOf(wanted); found >= 0; found = whole.indexOf(wanted, at)) {
    const mark = document.createElement("mark");
    mark.append(...cut(runs, found, found + wanted.length).map(node));
    nodes.push(...cut(runs, at, found).map(node), mark);
    at = found + wanted.length;
  }
  return [...nodes, ...cut(runs, at, whole.length).map(node)];
}
