// Events as rows, with what stands between them: days, and who speaks.

import type { RoomEvent, wire } from "@generic-corp/client";
import { welcome } from "../hub";
import * as format from "../format";
import type { Marker } from "./model";
import { Row } from "./row";

/** A new head for the same sender after this long. */
const GROUP_MS = 5 * 60_000;

interface RowsProps {
  entries: readonly RoomEvent[];
  streams: ReadonlyMap<string, wire.StreamInfo>;
  /** Lines before some of the events. */
  markers?: readonly Marker[];
  open: (stream: string) => void;
  jump: (seq: number) => void;
}

export function Rows({ entries, streams, markers = [], open, jump }: RowsProps) {
  const you = welcome.value?.you.id;
  const first = entries[0]?.seq ?? 0;
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
      <div key={event.seq} data-seq={event.seq}>
        {newDay && <Separator text={format.day(event.time)} />}
        {marked.map((marker) => <Mark key={marker.kind} marker={marker} />)}
        {!told && <Row event={event} follows={follows} stream={stream} open={open} jump={jump} mine={event.sender.id === you} answered={answered} />}
      </div>
    );
  });
  return <>{rows}</>;
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

function Mark({ marker }: { marker: Marker }) {
  return <div class={`separator ${marker.kind}`}><span>{marker.text}</span></div>;
}
