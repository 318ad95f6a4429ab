// Output that is Markdown or JSON, as what it is. What is too long or broken is shown as it was written.

import { Markdown } from "../feed/markdown";

type Kind = "markdown" | "json" | "lines";

/** More is shown as it was written. */
export const RENDERED_BYTES = 512 * 1024;

/** In which way a media type can be shown, beside as text. */
export function kindOf(mediaType: string): Kind | undefined {
  const type = (mediaType.split(";")[0] ?? "").trim().toLowerCase();
  if (type === "text/markdown" || type === "text/x-markdown") return "markdown";
  if (/^application\/(x-ndjson|jsonl|x-jsonlines|jsonlines)$/.test(type)) return "lines";
  return type === "application/json" || type.endsWith("+json") ? "json" : undefined;
}

export function Rendered({ kind, text, name, open }: { kind: Kind; text: string; name: string; open: boolean }) {
  const values = kind === "markdown" ? undefined : parse(kind, text);
  return (
    <div class="rendered" tabIndex={0} role="region" aria-label={`Content of ${name}`}>
      {kind === "markdown" && <Markdown text={text} />}
      {values?.map(({ value, raw }, i) => <pre key={i} class={value === undefined ? "broken" : ""}>{value ?? raw}</pre>)}
      {values?.some(({ value }) => value === undefined) && <p class="muted">{open ? "What is not whole yet is shown as it was written." : "What is no JSON is shown as it was written."}</p>}
    </div>
  );
}

function parse(kind: "json" | "lines", text: string): { value: string | undefined; raw: string }[] {
  const parts = kind === "json" ? [text] : text.split("\n");
  return parts.filter((raw) => raw.trim() !== "").map((raw) => ({ value: pretty(raw), raw }));
}

function pretty(raw: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return undefined;
  }
}
