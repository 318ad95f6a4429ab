// The lines of an output, live or replayed, in a box that scrolls.

import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Look, OutputView, type Shown, type ViewEvents } from "./view";

interface ScreenProps {
  shown: Shown;
  /** Changes when `shown` is to be painted again. */
  version: ReadonlySignal<number>;
  look: Look;
  name: string;
  events: ViewEvents;
  view: RefObject<OutputView | null>;
  /** What stands above the lines. */
  children?: ComponentChildren;
}

export function Screen({ shown, version, look, name, events, view, children }: ScreenProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const newest = useRef(events);
  newest.current = events;
  useEffect(() => {
    if (!scroller.current || !sizer.current) return;
    const next = new OutputView(scroller.current, sizer.current, shown, {
      following: (following) => newest.current.following(following),
      nearTop: () => newest.current.nearTop(),
      nearEnd: () => newest.current.nearEnd(),
      chosen: (line, place) => newest.current.chosen(line, place),
      untimed: (byte) => newest.current.untimed(byte),
    });
    view.current = next;
    next.look = look;
    const stop = version.subscribe(() => next.paint());
    return () => {
      stop();
      next.dispose();
      view.current = null;
    };
  }, [shown, version]);
  const { wrap, numbers, times, find, line } = look;
  useEffect(() => {
    if (view.current) view.current.look = look;
  }, [wrap, numbers, times, find, line]);
  return (
    <div class="term" ref={scroller} tabIndex={0} role="region" aria-label={`Lines of ${name}`}>
      {children}
      <div class="term-lines" ref={sizer} />
    </div>
  );
}
