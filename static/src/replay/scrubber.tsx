// Where in the stretch the replay stands, over how busy it was: a slider for hands and for keys.

import { useMemo, useRef } from "preact/hooks";
import * as format from "../format";
import type { Film } from "./film";

const BARS = 160;
const HEIGHT = 40;
/** A key goes so far of the whole, a page key ten times that. */
const STEPS = 200;

interface ScrubberProps {
  film: Film;
  /** Of the film, so that a change paints again. */
  version: number;
  /** Called while the reader moves it, and with `done` at the end of that. */
  move: (time: number, done: boolean) => void;
}

export function Scrubber({ film, move }: ScrubberProps) {
  const { from, to, position } = film.clock;
  const rail = useRef<HTMLDivElement>(null);
  const known = film.streams.length + film.looked;
  const bars = useMemo(() => film.bars(BARS), [film, known]);
  const span = Math.max(1, to - from);
  const step = Math.max(1_000, span / STEPS);
  const timeAt = (event: PointerEvent) => {
    const box = rail.current?.getBoundingClientRect();
    return box ? from + (span * Math.min(Math.max(event.clientX - box.left, 0), box.width)) / box.width : from;
  };
  const keyDown = (event: KeyboardEvent) => {
    const to = goal(event.key, { from: film.clock.from, to: film.clock.to, position: film.clock.position, step });
    if (to === undefined) return;
    event.preventDefault();
    move(to, true);
  };
  const text = `${format.dateTime(new Date(position).toISOString())}, ${format.duration(position - from)} of ${format.duration(to - from)}`;
  return (
    <div
      class="scrubber" ref={rail} role="slider" tabIndex={0} aria-label="Position in the replay" aria-valuemin={0} aria-valuemax={Math.round(span)}
      aria-valuenow={Math.round(position - from)} aria-valuetext={text} onKeyDown={keyDown}
      onPointerDown={(event) => (event.currentTarget.setPointerCapture(event.pointerId), move(timeAt(event), false))}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && move(timeAt(event), false)}
      onPointerUp={(event) => move(timeAt(event), true)}
    >
      <svg viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {bars.output.map((share, i) => share > 0 && <rect key={`o${i}`} class="bar-output" x={i} width={1} y={HEIGHT - 4 - 6 * share} height={4 + 6 * share} />)}
        {bars.events.map((share, i) => share > 0 && <rect key={`e${i}`} class="bar-events" x={i + 0.1} width={0.8} y={(HEIGHT - 12) * (1 - share)} height={Math.max(1, (HEIGHT - 12) * share)} />)}
        <rect class="played" x={0} y={0} width={(BARS * (position - from)) / span} height={HEIGHT} />
        <rect class="playhead" x={Math.min(BARS - 0.4, (BARS * (position - from)) / span)} y={0} width={0.4} height={HEIGHT} />
      </svg>
    </div>
  );
}

/** Where a key leads. */
function goal(key: string, { from, to, position, step }: { from: number; to: number; position: number; step: number }): number | undefined {
  switch (key) {
    case "ArrowRight": case "ArrowUp": return Math.min(to, position + step);
    case "ArrowLeft": case "ArrowDown": return Math.max(from, position - step);
    case "PageUp": return Math.min(to, position + 10 * step);
    case "PageDown": return Math.max(from, position - 10 * step);
    case "Home": return from;
    case "End": return to;
    default: return undefined;
  }
}
