// The list of a room's streams, and what stands in the pane while there is none.

import type { wire } from "@generic-corp/client";
import { StreamFacts } from "../feed/row";
import { Icon } from "../ui/basics";
import { Avatar, Name } from "../ui/people";

interface ListProps {
  /** In the order they were opened. */
  streams: readonly wire.StreamInfo[];
  selected: string | undefined;
  open: (stream: string) => void;
}

export function StreamList({ streams, selected, open }: ListProps) {
  const all = [...streams].reverse();
  const running = all.filter((info) => info.state === "open");
  const ended = all.filter((info) => info.state !== "open");
  if (all.length === 0) return null;
  return (
    <section class="stream-list" aria-labelledby="stream-list">
      <h2 id="stream-list">Streams in this room <span class="muted">{running.length > 0 ? `${running.length} running` : ""}</span></h2>
      <ul>
        {[...running, ...ended].map((info) => (
          <li key={info.stream}>
            <button type="button" aria-current={info.stream === selected ? "true" : undefined} onClick={() => open(info.stream)}>
              <Avatar sender={info.sender} small />
              <span class="stream-name"><Name text={info.name} /></span>
              <StreamFacts info={info} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function NoOutput() {
  return (
    <div class="no-output">
      <Icon name="terminal" />
      <p>What tools print in this room appears here, as it is printed.</p>
    </div>
  );
}
