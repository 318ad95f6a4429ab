// The question for a new key: whose, what it may, in which rooms, until when.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { Button, Dialog, ErrorNote, Field } from "../../ui/basics";
import { Select } from "../../ui/form";
import { useAction } from "../../ui/use-api";
import { slugify } from "../new-room";

const SCOPES = [
  { name: "read", about: "follow rooms and streams" },
  { name: "publish", about: "send messages" },
  { name: "stream", about: "write output" },
  { name: "task", about: "take on tasks and end them" },
  { name: "admin", about: "manage rooms and keys" },
] as const;
const DAY_MS = 86_400_000;
const ENDS = [["0", "Never"], ["1", "In a day"], ["7", "In 7 days"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"]] as const;

/** Names of rooms, as they are typed: apart by commas or spaces. */
export const roomsOf = (text: string): string[] => text.split(/[\s,]+/).map((name) => name.replace(/^#/, "")).filter(Boolean);

export function NewKey({ path, agent: given, onClose, onMade }: { path: string; agent: string | undefined; onClose: () => void; onMade: (key: wire.NewApiKeySecret) => Promise<void> }) {
  const [agent, setAgent] = useState(given ?? "");
  const [rooms, setRooms] = useState("");
  const { busy, error, run } = useAction();
  const limited = roomsOf(rooms).length > 0;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const days = Number(data.get("days"));
    const name = String(data.get("name") ?? "");
    const body: wire.NewApiKey = {
      agent,
      scopes: data.getAll("scope").map(String),
      ...(name && { name }),
      ...(limited && { rooms: roomsOf(rooms) }),
      ...(days > 0 && { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() }),
    };
    void run(async () => onMade(await api.json<wire.NewApiKeySecret>(path, { method: "POST", body }))).then((done) => done && onClose());
  };
  return (
    <Dialog title="Create an API key" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Agent" name="agent" required autoFocus={!given} readOnly={given !== undefined} autoComplete="off" placeholder="deploy-bot" value={agent}
          onInput={(event) => setAgent(slugify(event.currentTarget.value))} hint="Its name in rooms. It is made when there is none of that name."
        />
        <Field label="Note (optional)" name="name" autoComplete="off" maxLength={256} placeholder="Where the key is used" />
        <fieldset>
          <legend>May</legend>
          {SCOPES.map(({ name, about }) => (
            <label class="check" key={name}>
              <input type="checkbox" name="scope" value={name} defaultChecked={name !== "admin"} disabled={name === "admin" && limited} />
              <span>{name} <span class="muted">{about}{name === "admin" && limited && "; not with a key of some rooms"}</span></span>
            </label>
          ))}
        </fieldset>
        <Field label="Rooms (optional)" name="rooms" autoComplete="off" placeholder="lobby, build-*" value={rooms} onInput={(event) => setRooms(event.currentTarget.value)} hint="By name, or by how names begin: build-*. Every room, when left empty." />
        <Select label="Ends" name="days" options={ENDS} defaultValue="0" />
        <ErrorNote error={error} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>Create key</Button>
        </footer>
      </form>
    </Dialog>
  );
}
