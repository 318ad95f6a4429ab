// A new key, this once, with a command that works with what it may.

import type { wire } from "@generic-corp/client";
import { firstCommand } from "../../commands";
import { rooms } from "../../rooms";
import { Command } from "../../ui/basics";
import { Once } from "../../ui/once";
import { TryIt } from "../../ui/try-it";

/** Whether a key opens a room; a name that ends in `*` stands for all that begin so. */
export const opens = (key: Pick<wire.ApiKey, "rooms">, room: string): boolean =>
  key.rooms.length === 0 || key.rooms.some((name) => (name.endsWith("*") ? room.startsWith(name.slice(0, -1)) : name === room));

export function Secret({ made, workspace, onDone }: { made: wire.NewApiKeySecret; workspace: string; onDone: () => void }) {
  const { key, secret } = made;
  const room = rooms.value?.find(({ name }) => opens(key, name))?.name;
  return (
    <Once title={`The key of ${key.agent}`} value={secret} what="the key" intro="It is shown only now. Keep it where you keep passwords." onDone={onDone}>
      {room === undefined ? <p>No room of the names it opens is there yet.</p> : <><h3>Try it</h3><Try made={made} workspace={workspace} room={room} /></>}
    </Once>
  );
}

function Try({ made: { key, secret }, workspace, room }: { made: wire.NewApiKeySecret; workspace: string; room: string }) {
  if (key.scopes.includes("stream") && key.scopes.includes("publish")) return <TryIt workspace={workspace} room={room} secret={secret} />;
  const read = `curl -N ${location.origin}/api/v1/workspaces/${workspace}/rooms/${room}/live?tail=10 \\\n  -H "Authorization: Bearer ${secret}"`;
  const text = key.scopes.includes("publish") ? firstCommand("curl", { workspace, room, key: secret }) : read;
  return <Command text={text} label="Command" />;
}
