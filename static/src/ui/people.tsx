// Who and in what state: avatars and status marks. A word and a shape always go with a colour.

import type { wire } from "@generic-corp/client";

/** The same hue for the same principal, everywhere (FNV-1a, turned around the circle). */
function hue(id: string): number {
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % 360;
}

export function Avatar({ sender, small = false }: { sender: wire.Sender; small?: boolean }) {
  const letters = sender.kind === "system" ? "•" : (sender.name.match(/[\p{L}\p{N}]/u)?.[0] ?? "?").toUpperCase();
  return <span class={`avatar ${sender.kind} ${small ? "small" : ""}`} style={{ "--hue": hue(sender.id) }} aria-hidden="true">{letters}</span>;
}

const PRESENCE: Record<string, { glyph: string; tone: string }> = {
  running: { glyph: "●", tone: "ok" },
  online: { glyph: "◉", tone: "ok" },
  idle: { glyph: "○", tone: "muted" },
  waiting: { glyph: "◔", tone: "warn" },
  error: { glyph: "✕", tone: "bad" },
};

export function Presence({ state, text }: { state: string; text?: string | undefined }) {
  const { glyph, tone } = PRESENCE[state] ?? { glyph: "◆", tone: "muted" };
  return (
    <span class={`status ${tone}`}>
      <span class="glyph" aria-hidden="true">{glyph}</span> {state}
      {text && <span class="status-text"> · {text}</span>}
    </span>
  );
}

const STREAM: Record<wire.StreamState, { glyph: string; tone: string; word: string }> = {
  open: { glyph: "●", tone: "run", word: "running" },
  completed: { glyph: "✓", tone: "ok", word: "done" },
  failed: { glyph: "✕", tone: "bad", word: "failed" },
  cancelled: { glyph: "⊘", tone: "muted", word: "cancelled" },
  interrupted: { glyph: "!", tone: "warn", word: "interrupted" },
};

export function StreamMark({ info, word = true }: { info: Pick<wire.StreamInfo, "state" | "exit_code">; word?: boolean }) {
  const known = STREAM[info.state] ?? STREAM.interrupted;
  const failed = info.state === "completed" && info.exit_code !== undefined && info.exit_code !== 0;
  const { glyph, tone, word: text } = failed ? STREAM.failed : known;
  return (
    <span class={`status ${tone}`}>
      <span class="glyph" aria-hidden="true">{glyph}</span>
      {word ? ` ${text}` : <span class="sr-only">{text}</span>}
    </span>
  );
}
