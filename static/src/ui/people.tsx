// Who and in what state: avatars and status marks. A word and a shape always go with a colour.

import type { wire } from "@generic-corp/client";
import { visible } from "../format";
import { Mark, type Shape } from "./basics";

/** What somebody named something: set apart from what stands beside it, with nothing hidden in it. */
export function Name({ text }: { text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

/** The same hue for the same name, everywhere (FNV-1a, turned around the circle). */
function hue(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % 360;
}

export function Avatar({ sender, small = false }: { sender: wire.Sender; small?: boolean }) {
  const letters = sender.kind === "system" ? "•" : (sender.name.match(/[\p{L}\p{N}]/u)?.[0] ?? "?").toUpperCase();
  return <span class={`avatar ${sender.kind} ${small ? "small" : ""}`} style={{ "--hue": hue(sender.name) }} aria-hidden="true">{letters}</span>;
}

const PRESENCE: Record<string, { shape: Shape; tone: string }> = {
  running: { shape: "dot", tone: "ok" },
  online: { shape: "target", tone: "ok" },
  idle: { shape: "ring", tone: "muted" },
  waiting: { shape: "quarter", tone: "warn" },
  error: { shape: "cross", tone: "bad" },
};

export function Presence({ state, text }: { state: string; text?: string | undefined }) {
  const { shape, tone } = PRESENCE[state] ?? { shape: "diamond", tone: "muted" };
  return (
    <span class={`status ${tone}`}>
      <Mark shape={shape} />{state}
      {text && <span class="status-text"> · <Name text={text} /></span>}
    </span>
  );
}

const STREAM: Record<wire.StreamState, { shape: Shape; tone: string; word: string }> = {
  open: { shape: "dot", tone: "run", word: "running" },
  completed: { shape: "check", tone: "ok", word: "done" },
  failed: { shape: "cross", tone: "bad", word: "failed" },
  cancelled: { shape: "slash", tone: "muted", word: "cancelled" },
  interrupted: { shape: "bang", tone: "warn", word: "interrupted" },
};

export function StreamMark({ info, word = true }: { info: Pick<wire.StreamInfo, "state" | "exit_code">; word?: boolean }) {
  const known = STREAM[info.state] ?? STREAM.interrupted;
  const failed = info.state === "completed" && info.exit_code !== undefined && info.exit_code !== 0;
  const { shape, tone, word: text } = failed ? STREAM.failed : known;
  return (
    <span class={`status ${tone}`}>
      <Mark shape={shape} />
      {word ? text : <span class="sr-only">{text}</span>}
    </span>
  );
}
