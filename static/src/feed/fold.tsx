// What few people read of an agent's work, folded in the feed: its reasoning, and the arguments of its calls.

import { HubError, type wire } from "@generic-corp/client";
import { useEffect, useState } from "preact/hooks";
import { readBytes } from "../output/bytes";
import { Button, ErrorNote } from "../ui/basics";
import { Name } from "../ui/people";
import { usePlace } from "./context";
import { Markdown } from "./markdown";
import { StreamFacts } from "./row";

/** How streams of these roles are called; others are cards. */
export const FOLDED: Readonly<Record<string, string>> = { reasoning: "Reasoning", args: "Arguments" };

const MOST_BYTES = 32 * 1024;

interface FoldProps {
  id: string;
  title: string;
  name: string;
  /** The tool call it belongs to. */
  call: string | undefined;
  info: wire.StreamInfo | undefined;
}

export function Fold({ id, title, name, call, info }: FoldProps) {
  const [unfolded, setUnfolded] = useState(false);
  return (
    <details class="fold" onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary><strong>{title}</strong> <span class="stream-name"><Name text={name} /></span> {call && <span class="tag kind"><Name text={call} /></span>} {info && <StreamFacts info={info} />}</summary>
      {unfolded && <Content id={id} info={info} />}
    </details>
  );
}

function Content({ id, info }: { id: string; info: wire.StreamInfo | undefined }) {
  const { workspace, open } = usePlace();
  const [text, setText] = useState<string>();
  const [error, setError] = useState<HubError>();
  useEffect(() => {
    if (info?.state !== "open" && info?.length === 0) return setText("");
    readBytes(workspace, id, 0, MOST_BYTES).then((bytes) => setText(new TextDecoder().decode(bytes)), (cause: HubError) => setError(cause));
  }, [id, info?.state]);
  const more = info?.state === "open" ? "Follow it in the output pane" : (info?.length ?? 0) > MOST_BYTES ? "Read all of it in the output pane" : undefined;
  return (
    <>
      <ErrorNote error={error} />
      {text !== undefined && (info?.role === "args" ? <pre tabIndex={0} aria-label="Arguments">{pretty(text)}</pre> : <Markdown text={text} />)}
      {more && <Button kind="quiet" onClick={() => open(id)}>{more}</Button>}
    </>
  );
}

/** JSON in lines; what is no JSON, or not whole yet, as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
