// Paints the lines of a buffer that are in sight, in rows of one height. Written against the DOM: tens of
// thousands of lines are no place for components.

import { type OutputBuffer, type Segment, lineCount } from "./buffer";
import { classOf } from "./color";
import { type Line, cut } from "./terminal";

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

export interface ViewEvents {
  /** The reader came to the end or left it. */
  following(following: boolean): void;
  /** The reader is near the beginning of what is held. */
  nearTop(): void;
}

export class OutputView {
  readonly #scroller: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #buffer: OutputBuffer;
  readonly #events: ViewEvents;
  readonly #rows = new Map<string, { element: HTMLElement; version: number }>();
  readonly #resize = new ResizeObserver(() => this.paint());
  #following = true;
  #lastTop = 0;
  #wrap = false;
  #columns = 80;
  #charWidth = 0;
  #top: Place | undefined;
  #topShift = 0;
  /** For each segment, the row its lines begin at; kept while neither changes. */
  readonly #layouts = new WeakMap<Segment, { lines: number; to: number; columns: number; starts: Uint32Array; rows: number }>();

  constructor(scroller: HTMLElement, sizer: HTMLElement, buffer: OutputBuffer, events: ViewEvents) {
    this.#scroller = scroller;
    this.#sizer = sizer;
    this.#buffer = buffer;
    this.#events = events;
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#resize.observe(scroller);
  }

  dispose(): void {
    this.#scroller.removeEventListener("scroll", this.#scrolled);
    this.#resize.disconnect();
    this.#sizer.replaceChildren();
  }

  set wrap(wrap: boolean) {
    this.#wrap = wrap;
    this.paint();
  }

  follow(following: boolean): void {
    this.#following = following;
    if (following) this.#buffer.jumpToEnd();
    this.#events.following(following);
    this.paint();
  }

  /** Brings the rows in line with the buffer, without moving a reader who is not at the end. */
  paint(): void {
    this.#measure();
    const total = this.#buffer.segments.reduce((sum, segment) => sum + this.#layout(segment).rows, 0);
    this.#sizer.style.height = `${total * ROW}px`;
    if (this.#following) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    } else if (this.#top) {
      const top = this.#rowOf(this.#top) * ROW + this.#topShift;
      if (Math.abs(top - this.#scroller.scrollTop) > 1) this.#scroller.scrollTop = top;
    }
    this.#lastTop = this.#scroller.scrollTop;
    this.#show();
  }

  #measure(): void {
    if (!this.#wrap) return;
    if (this.#charWidth === 0) {
      const probe = document.createElement("span");
      probe.className = "term-probe";
      probe.textContent = "0".repeat(100);
      this.#sizer.append(probe);
      this.#charWidth = probe.getBoundingClientRect().width / 100;
      probe.remove();
    }
    const padding = 24;
    this.#columns = Math.max(20, Math.floor((this.#scroller.clientWidth - padding) / (this.#charWidth || 8)));
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
    for (const segment of this.#buffer.segments) {
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
    for (const segment of this.#buffer.segments) {
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
    for (const [key, place] of places) {
      const element = this.#row(key, place);
      element.style.top = `${row++ * ROW}px`;
      // In the document in reading order, for selections and screen readers.
      if (element === next) next = element.nextSibling;
      else this.#sizer.insertBefore(element, next);
    }
  }

  #row(key: string, place: Place): HTMLElement {
    const line = place.segment.terminal.lines[place.line] as Line;
    let shown = this.#rows.get(key);
    if (!shown) {
      shown = { element: document.createElement("div"), version: -1 };
      shown.element.className = "term-row";
      this.#rows.set(key, shown);
    }
    if (shown.version !== line.version) {
      shown.version = line.version;
      shown.element.replaceChildren(...this.#spans(line, place.from));
    }
    return shown.element;
  }

  #spans(line: Line, from: number): (Node | string)[] {
    const to = this.#wrap ? from + this.#columns : LONGEST_ROW;
    const runs = from === 0 && line.length <= to ? line.runs : cut(line.runs, from, to);
    const nodes = runs.map((run) => {
      const name = classOf(run.style);
      if (!name) return document.createTextNode(run.text);
      const span = document.createElement("span");
      span.className = name;
      span.textContent = run.text;
      return span;
    });
    if (this.#wrap || line.length <= to) return nodes;
    const more = document.createElement("span");
    more.className = "term-more";
    more.textContent = ` … ${line.length - to} more characters; wrap lines to read them`;
    return [...nodes, more];
  }

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
    this.#top = this.#placeOf(Math.floor(scrollTop / ROW));
    this.#topShift = scrollTop % ROW;
    if (scrollTop < NEAR_TOP && !this.#following) this.#events.nearTop();
    this.#show();
  };
}
