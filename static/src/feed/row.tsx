// One event in the feed: a message, a stream that began or ended, or anything else as JSON.

import type { RoomEvent, wire } from "@generic-corp/client";
import { memo } from "preact/compat";
import { now } from "../clock";
import * as format from "../format";
import { Icon } from "../ui/basics";
import { Avatar, StreamMark } from "../ui/people";
import { Markdown } from "./markdown";

export interface RowProps {
  event: RoomEvent;
  /** Said by the same sender just before: name and picture are left out. */
  follows: boolean;
  /** The stream that a `stream.…` event is about, where it is known. */
  stream: wire.StreamInfo | undefined;
  open: (stream: string) => void;
  jump: (seq: number) => void;
  mine: boolean;
  /** The event this one answers, where it is held. */
  answered: RoomEvent | undefined;
}

const LONGEST_JSON = 4_000;

export const Row = memo(function Row(props: RowProps) {
  const { event, follows, mine } = props;
  if (event.kind === "stream.closed") return <Ended {...props} />;
  return (
    <div class={`row ${follows ? "follows" : ""} ${mine ? "mine" : ""}`}>
      <div class="row-side">
        {follows ? <time class="row-time" dateTime={event.time} title={format.dateTime(event.time)}>{format.time(event.time)}</time> : <Avatar sender={event.sender} />}
      </div>
      <div class="row-body">
        {!follows && (
          <p class="row-head">
            <strong>{event.sender.name}</strong>
            {event.sender.kind !== "user" && <span class="tag">{event.sender.kind === "agent" ? "agent" : "hub"}</span>}
            <time class="row-time" dateTime={event.time} title={format.dateTime(event.time)}>{format.time(event.time)}</time>
          </p>
        )}
        {event.reply_to !== undefined && (
          <button type="button" class="reply" onClick={() => props.jump(event.reply_to as number)}><Icon name="reply" /><Answered seq={event.reply_to} event={props.answered} /></button>
        )}
        <Body {...props} />
      </div>
    </div>
  );
});

function Answered({ seq, event }: { seq: number; event: RoomEvent | undefined }) {
  const text = event && textOf(event.body)?.replace(/[*_`#>|]/g, "").trim();
  return <span>{event ? <><span class="sr-only">in answer to </span><strong>{event.sender.name}</strong> {text?.slice(0, 200) ?? event.kind}</> : `in answer to #${seq}`}</span>;
}

function Body(props: RowProps) {
  const { event } = props;
  if (event.kind === "stream.opened") return <Opened {...props} />;
  const text = event.kind === "message" ? textOf(event.body) : undefined;
  if (text !== undefined) return <Markdown text={text} />;
  const json = JSON.stringify(event.body, null, 2) ?? "null";
  return (
    <details class="json" open={json.length < 300}>
      <summary><span class="tag kind">{event.kind}</span> <span class="muted">{summary(event.body)}</span></summary>
      <pre tabIndex={0} aria-label={`Content of ${event.kind}`}>{json.slice(0, LONGEST_JSON)}{json.length > LONGEST_JSON && " …"}</pre>
    </details>
  );
}

/** The words of a message: `text`, or the text parts of an A2A message. */
export function textOf(body: unknown): string | undefined {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return undefined;
  const { text, parts } = body as { text?: unknown; parts?: unknown };
  if (typeof text === "string") return text;
  if (!Array.isArray(parts)) return undefined;
  const words = parts.map((part: { text?: unknown }) => part?.text).filter((part) => typeof part === "string");
  return words.length > 0 ? words.join("\n\n") : undefined;
}

function summary(body: unknown): string {
  const json = JSON.stringify(body) ?? "";
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}

function Opened({ event, stream, open }: RowProps) {
  const { stream: id, name } = event.body as { stream: string; name: string };
  return (
    <button type="button" class={`stream-card ${stream?.state ?? ""}`} onClick={() => open(id)} title="Show its output">
      <Icon name="terminal" />
      <span class="stream-name">{name}</span>
      {stream && <StreamFacts info={stream} />}
      <Icon name="forward" />
    </button>
  );
}

function Ended({ event, stream, open }: RowProps) {
  const body = event.body as { stream: string; outcome: wire.StreamOutcome; exit_code?: number; duration_ms?: number };
  const exit = body.exit_code !== undefined ? { exit_code: body.exit_code } : {};
  return (
    <div class="row event-line">
      <div class="row-side" />
      <p class="row-body">
        <StreamMark info={{ state: body.outcome, ...exit }} word={false} />
        <button type="button" class="link" onClick={() => open(body.stream)}>{stream?.name ?? "A stream"}</button>
        <span class="muted">
          {WORDS[body.outcome] ?? body.outcome}
          {body.exit_code !== undefined && ` with exit code ${body.exit_code}`}
          {body.duration_ms !== undefined && ` after ${format.duration(body.duration_ms)}`}
        </span>
        <time class="row-time" dateTime={event.time} title={format.dateTime(event.time)}>{format.time(event.time)}</time>
      </p>
    </div>
  );
}

const WORDS: Record<wire.StreamOutcome, string> = {
  completed: "finished",
  failed: "failed",
  cancelled: "was cancelled",
  interrupted: "was interrupted: its producer went away",
};

/** State, duration, exit code and size of a stream, in one line. */
export function StreamFacts({ info }: { info: wire.StreamInfo }) {
  const end = info.closed_at ? Date.parse(info.closed_at) : now.value;
  return (
    <span class="stream-facts">
      <StreamMark info={info} />
      <span>{format.duration(end - Date.parse(info.opened_at))}</span>
      {info.exit_code !== undefined && <span>exit {info.exit_code}</span>}
      {info.state !== "open" && <span>{format.bytes(info.length)}</span>}
    </span>
  );
}
