// Events as rows, with what stands between them: days, markers, and who speaks.

import type { RoomEvent, wire } from "@generic-corp/client";
import { welcome } from "../hub";
import * as format from "../format";
import { Button } from "../ui/basics";
import type { Marker } from "./model";
import { Row } from "./row";

/** A new head for the same sender after this long. */
const GROUP_MS = 5 * 60_000;

interface RowsProps {
  entries: readonly RoomEvent[];
  /** Changes when `entries` did, which may be the same list. */
  version: number;
  streams: ReadonlyMap<string, wire.StreamInfo>;
  /** Lines before some of the events. */
  markers?: readonly Marker[];
  /** Loads what a marker says is missing. */
  fill?: (marker: Marker) => void;
  /** The event that the address names. */
  at?: number | undefined;
}

export function Rows({ entries, streams, markers = [], fill, at }: RowsProps) {
  const you = welcome.value?.you;
  const first = entries[0]?.seq ?? 0;
  const answers = answersOf(entries);
  let before: RoomEvent | undefined;
  const rows = entries.map((event) => {
    const newDay = !before || format.dayKey(before.time) !== format.dayKey(event.time);
    const marked = markers.filter(({ seq }) => seq === event.seq);
    const follows = !newDay && marked.length === 0 && sameHead(before, event);
    const id = streamOf(event);
    const stream = id === undefined ? undefined : streams.get(id);
    // The card just above tells how it ended.
    const told = event.kind === "stream.closed" && stream?.state !== "open" && stream?.closed_at !== undefined && before?.kind === "stream.opened" && streamOf(before) === id;
    if (!told) before = event;
    const answered = event.reply_to === undefined ? undefined : entries[event.reply_to - first];
    return (
      <div key={event.seq} data-seq={event.seq} class={event.seq === at ? "at" : undefined}>
        {newDay && <Separator text={format.day(event.time)} />}
        {marked.map((marker) => <Mark key={marker.kind} marker={marker} fill={fill} />)}
        {!told && (
          <Row
            event={event} follows={follows} stream={stream} answered={answered} answers={answers.get(event.seq)} mine={event.sender.id === you?.id}
            addressed={you !== undefined && (event.mentions?.includes(you.name) ?? false)}
          />
        )}
      </div>
    );
  });
  const last = entries.at(-1)?.seq ?? 0;
  return <>{rows}{markers.filter(({ seq, load }) => load && seq > last).map((marker) => <Mark key={marker.kind} marker={marker} fill={fill} />)}</>;
}

/** The events that answer each, as far as they are held. */
function answersOf(entries: readonly RoomEvent[]): ReadonlyMap<number, readonly RoomEvent[]> {
  const answers = new Map<number, RoomEvent[]>();
  for (const event of entries) {
    if (event.reply_to === undefined) continue;
    const known = answers.get(event.reply_to);
    if (known) known.push(event);
    else answers.set(event.reply_to, [event]);
  }
  return answers;
}

function streamOf(event: RoomEvent): string | undefined {
  return event.kind.startsWith("stream.") ? (event.body as { stream?: string } | null)?.stream : undefined;
}

function sameHead(before: RoomEvent | undefined, event: RoomEvent): boolean {
  return before !== undefined && before.kind !== "stream.closed" && event.reply_to === undefined && before.sender.id === event.sender.id
    && Date.parse(event.time) - Date.parse(before.time) < GROUP_MS;
}

function Separator({ text }: { text: string }) {
  return <div class="separator"><span>{text}</span></div>;
}

function Mark({ marker, fill }: { marker: Marker; fill: ((marker: Marker) => void) | undefined }) {
  return (
    <div class={`separator ${marker.kind}`}>
      <span>{marker.text}</span>
      {marker.load && fill && <Button onClick={() => fill(marker)}>Load from history</Button>}
    </div>
  );
}
