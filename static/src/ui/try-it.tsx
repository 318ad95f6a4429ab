// A command to paste, in the reader's own language.

import { useState } from "preact/hooks";
import { type Way, WAYS, firstCommand } from "../commands";
import { Command, Segmented } from "./basics";

export function TryIt({ workspace, room, secret }: { workspace: string; room: string; secret?: string | undefined }) {
  const [way, setWay] = useState<Way>("cli");
  return (
    <div class="try-it">
      <Segmented label="How to send" options={WAYS} value={way} onChange={setWay} />
      <Command text={firstCommand(way, { workspace, room, key: secret })} label="Command" />
    </div>
  );
}
