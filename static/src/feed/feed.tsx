// The feed: follows the end by itself, stays where the reader is when the reader scrolled back.

import { Component, createRef } from "preact";
import * as format from "../format";
import { Button } from "../ui/basics";
import type { Marker, RoomModel } from "./model";
import { Rows } from "./rows";

const NEAR_END = 32;
const NEAR_EDGE = 600;
/** What a row of one line takes, in pixels. */
const LOWEST_ROW = 24;
/** Rows kept above those in sight, so that the first turn of a wheel finds some. */
const MARGIN = 16;

interface Props {
  model: RoomModel;
  /** The event that the address names. */
  at: number | undefined;
  /** `version` of the model, so that a change paints again. */
  version: number;
}

/** A row and where it stands. */
interface Anchor {
  seq: string;
  top: number;
  bottom: number;
}

export class Feed extends Component<Props> {
  readonly #scroller = createRef<HTMLDivElement>();
  readonly #list = createRef<HTMLDivElement>();
  #resize: ResizeObserver | undefined;
  #lastTop = 0;
  /** Where the reader was before the window changed its size. */
  #place: Anchor | undefined;

  override componentDidMount(): void {
    this.#resize = new ResizeObserver(() => this.#settle(this.#place, "top"));
    if (this.#scroller.current) this.#resize.observe(this.#scroller.current);
    if (this.#list.current) this.#resize.observe(this.#list.current);
    this.#settle(undefined, "top");
  }

  override componentWillUnmount(): void {
    this.#resize?.disconnect();
  }

  override getSnapshotBeforeUpdate(): Anchor | undefined {
    return this.#anchor();
  }

  override componentDidUpdate(_props: Props, _state: unknown, anchor: Anchor | undefined): void {
    // By its lower end: the row may lose the day and the name above it when older ones come.
    this.#settle(anchor, "bottom");
  }

  /** The first row in sight. */
  #anchor(): Anchor | undefined {
    const scroller = this.#scroller.current;
    const list = this.#list.current;
    if (!scroller || !list) return undefined;
    const edge = scroller.getBoundingClientRect().top;
    for (const row of list.children) {
      const box = row.getBoundingClientRect();
      const seq = (row as HTMLElement).dataset.seq;
      if (seq !== undefined && box.bottom > edge) return { seq, top: box.top, bottom: box.bottom };
    }
    return undefined;
  }

  /** After a change: the end for who follows it, the same row at the same place for who does not. */
  #settle(anchor: Anchor | undefined, side: "top" | "bottom"): void {
    const { model } = this.props;
    const scroller = this.#scroller.current;
    if (!scroller) return;
    model.window.seen = Math.ceil(scroller.clientHeight / LOWEST_ROW) + MARGIN;
    // A change of size may come before the paint of what is held by now.
    const painted = this.#row(String(model.window.last)) !== null;
    const target = model.target.peek();
    if (target !== undefined && painted) {
      model.target.value = undefined;
      const row = this.#row(String(target)) ?? this.#row(String(model.window.first));
      if (row) {
        // Not `scrollIntoView`, which would move the whole page where it is low.
        const [box, edge] = [row.getBoundingClientRect(), scroller.getBoundingClientRect()];
        scroller.scrollTop += box.top - edge.top - Math.max(0, (edge.height - box.height) / 2);
        row.classList.add("found");
        setTimeout(() => row.classList.remove("found"), 2_000);
      }
    } else if (model.window.following) {
      scroller.scrollTop = scroller.scrollHeight;
    } else if (anchor) {
      const row = this.#row(anchor.seq);
      const shift = row ? row.getBoundingClientRect()[side] - anchor[side] : 0;
      if (shift) scroller.scrollTop += shift;
    }
    this.#lastTop = scroller.scrollTop;
    this.#place = this.#anchor();
    if (painted && model.settled && model.window.hasOlder && scroller.scrollHeight <= scroller.clientHeight) void model.older();
  }

  #row(seq: string): Element | null {
    return this.#list.current?.querySelector(`[data-seq="${CSS.escape(seq)}"]`) ?? null;
  }

  #scrolled = (): void => {
    const { model } = this.props;
    const scroller = this.#scroller.current;
    if (!scroller) return;
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    const atEnd = below < NEAR_END && model.window.atEnd;
    // Only a move upward leaves the end: rows that come in between two scroll events do not.
    if (model.window.following ? !atEnd && scroller.scrollTop < this.#lastTop - 1 : atEnd && scroller.scrollTop > this.#lastTop) {
      model.follow(!model.window.following);
    }
    this.#lastTop = scroller.scrollTop;
    this.#place = this.#anchor();
    if (scroller.scrollTop < NEAR_EDGE && !model.window.following) void model.older();
    if (below < NEAR_EDGE && !model.window.atEnd) void model.newer();
  };

  render({ model, at, version }: Props) {
    const { window } = model;
    return (
      <div class="feed">
        <div class="feed-scroll" ref={this.#scroller} onScroll={this.#scrolled} tabIndex={0} role="log" aria-live="off" aria-label="Messages">
          {!window.hasOlder && window.entries.length > 0 && (
            <p class="feed-start">{window.oldest > 1 ? "What came before is no longer kept" : `The beginning of #${model.room.name}`}</p>
          )}
          <div class="feed-list" ref={this.#list}>
            <Rows entries={window.entries} version={version} streams={model.streams.known.value} markers={model.markers.value} fill={this.#fill} at={at} />
          </div>
        </div>
        {!window.following && (
          <p class="to-ends">
            {window.hasOlder && <Button class="to-latest" icon="up" onClick={() => void model.jump(window.oldest)}>First</Button>}
            <Button kind="primary" class="to-latest" icon="down" onClick={() => void model.latest()}>
              {window.unseen > 0 ? `${format.count(window.unseen)} new` : "Latest"}
            </Button>
          </p>
        )}
      </div>
    );
  }

  #fill = (marker: Marker): void => void this.props.model.fill(marker);
}
