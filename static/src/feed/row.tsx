// One event in the feed: a message, a stream that began or ended, or anything else as JSON.

import type { RoomEvent, wire } from "@generic-corp/client";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { now } from "../clock";
import * as format from "../format";
import { CopyButton, Icon, IconButton } from "../ui/basics";
import { Avatar, Name, StreamMark } from "../ui/people";
import { usePlace } from "./context";
import { Fold, FOLDED } from "./fold";
import { Markdown } from "./markdown";

export interface RowProps {
  event: RoomEvent;
  /** Said by the same sender just before: name and picture are left out. */
  follows: boolean;
  /** The stream that a `stream.…` event is about, where it is known. */
  stream: wire.StreamInfo | undefined;
  mine: boolean;
  /** Whether it mentions who reads it. */
  addressed: boolean;
  /** The event this one answers, where it is held. */
  answered: RoomEvent | undefined;
  /** The events that answer this one, as far as they are held. */
  answers: readonly RoomEvent[] | undefined;
}

const LONGEST_JSON = 4_000;

export const Row = memo(function Row(props: RowProps) {
  const { event, follows, mine, addressed } = props;
  const { jump } = usePlace();
  // Tools are made for the row that somebody is at, not for hundreds.
  const [near, setNear] = useState(false);
  if (event.kind === "stream.closed") return <Ended {...props} />;
  const come = () => setNear(true);
  return (
    <div
      class={`row ${follows ? "follows" : ""} ${mine ? "mine" : ""} ${addressed ? "addressed" : ""}`}
      onMouseEnter={come} onMouseLeave={() => setNear(false)} onFocusIn={come} onFocusOut={(out) => !out.currentTarget.contains(out.relatedTarget as Node | null) && setNear(false)}
    >
      <div class="row-side">
        {follows ? <Time event={event} /> : <Avatar sender={event.sender} />}
      </div>
      <div class="row-body">
        {!follows && (
          <p class="row-head">
            <strong><Name text={event.sender.name} /></strong>
            {event.sender.kind !== "user" && <span class="tag">{event.sender.kind === "agent" ? "agent" : "hub"}</span>}
            {addressed && <span class="tag you">for you</span>}
            <Time event={event} />
          </p>
        )}
        {event.reply_to !== undefined && (
          <button type="button" class="reply" onClick={() => jump(event.reply_to as number)}><Icon name="reply" /><Answered seq={event.reply_to} event={props.answered} /></button>
        )}
        <Body {...props} />
        {props.answers && <Answers events={props.answers} />}
      </div>
      {near && <Tools event={event} />}
    </div>
  );
});

/** When it was said, which is also its address. */
function Time({ event }: { event: RoomEvent }) {
  const { address } = usePlace();
  return (
    <a class="row-time" href={`${address}?at=${event.seq}`} title={`${format.dateTime(event.time)} · message ${format.count(event.seq)}`}>
      <time dateTime={event.time}>{format.time(event.time)}</time>
    </a>
  );
}

function Tools({ event }: { event: RoomEvent }) {
  const { address, answer } = usePlace();
  return (
    <div class="row-tools" role="group" aria-label={`Message ${event.seq}`}>
      {answer && <IconButton icon="reply" label="Answer" onClick={() => answer(event)} />}
      <CopyButton text={`${location.origin}${address}?at=${event.seq}`} label="Copy link" icon="link" />
      <a class="button quiet only-icon" href={`${address}?replay=${event.seq}`} aria-label="Replay from here" title="Replay from here"><Icon name="film" /></a>
    </div>
  );
}

function Answered({ seq, event }: { seq: number; event: RoomEvent | undefined }) {
  return <span>{event ? <><span class="sr-only">in answer to </span><strong><Name text={event.sender.name} /></strong> <Name text={plain(event)} /></> : `in answer to #${seq}`}</span>;
}

/** The answers held of one message; those that are not loaded are not counted. */
function Answers({ events }: { events: readonly RoomEvent[] }) {
  const { jump } = usePlace();
  return (
    <details class="answers">
      <summary>{format.plural(events.length, "reply", "replies")}</summary>
      <ul>
        {events.map((event) => (
          <li key={event.seq}><button type="button" class="reply" onClick={() => jump(event.seq)}><Avatar sender={event.sender} small /><span><strong><Name text={event.sender.name} /></strong> <Name text={plain(event)} /></span></button></li>
        ))}
      </ul>
    </details>
  );
}

/** The beginning of a message without its Markdown. */
export function plain(event: RoomEvent): string {
  return textOf(event.body)?.slice(0, 1_000).replace(/[*_`#>|]/g, "").trim().slice(0, 200) ?? event.kind;
}

function Body(props: RowProps) {
  const { event } = props;
  if (event.kind === "stream.opened") return <Opened {...props} />;
  const text = event.kind === "message" ? textOf(event.body) : undefined;
  if (text !== undefined) return <Markdown text={text} />;
  return <Json kind={event.kind} body={event.body} />;
}

/** Anything as JSON: small at once, large when it is asked for. */
function Json({ kind, body }: { kind: string; body: unknown }) {
  const json = JSON.stringify(body, null, 2) ?? "null";
  const [whole, setWhole] = useState(false);
  return (
    <details class="json" open={json.length < 300}>
      <summary><span class="tag kind">{kind}</span> <span class="muted">{summary(body)}</span></summary>
      <pre tabIndex={0} aria-label={`Content of ${kind}`}>{whole ? json : json.slice(0, LONGEST_JSON)}</pre>
      {!whole && json.length > LONGEST_JSON && <button type="button" class="link" onClick={() => setWhole(true)}>Show all {format.bytes(json.length)}</button>}
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

function Opened({ event, stream }: RowProps) {
  const { open } = usePlace();
  const { stream: id, name, role, tool_call } = event.body as { stream: string; name: string; role?: string; tool_call?: string };
  const folded = FOLDED[role ?? ""];
  if (folded) return <Fold id={id} title={folded} name={name} call={tool_call} info={stream} />;
  return (
    <button type="button" class={`stream-card ${stream?.state ?? ""}`} onClick={() => open(id)} title="Show its output">
      <Icon name="terminal" />
      <span class="stream-name"><Name text={name} /></span>
      {stream && <StreamFacts info={stream} />}
      <Icon name="forward" />
    </button>
  );
}

function Ended({ event, stream }: RowProps) {
  const { open } = usePlace();
  const body = event.body as { stream: string; outcome: wire.StreamOutcome; exit_code?: number; duration_ms?: number };
  const exit = body.exit_code !== undefined ? { exit_code: body.exit_code } : {};
  return (
    <div class="row event-line">
      <div class="row-side" />
      <p class="row-body">
        <StreamMark info={{ state: body.outcome, ...exit }} word={false} />
        <button type="button" class="link" onClick={() => open(body.stream)}><Name text={stream?.name ?? "A stream"} /></button>
        <span class="muted">
          {WORDS[body.outcome] ?? body.outcome}
          {body.exit_code !== undefined && ` with exit code ${body.exit_code}`}
          {body.duration_ms !== undefined && ` after ${format.duration(body.duration_ms)}`}
        </span>
        <Time event={event} />
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
