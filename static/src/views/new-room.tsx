// The question for a new room's name.

import { HubError } from "@generic-corp/client";
import { useState } from "preact/hooks";
import { create } from "../rooms";
import { href, navigate } from "../router";
import { Button, Dialog, ErrorNote, Field } from "../ui/basics";

/** What a name may be made of, from what was typed. */
export function slugify(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+/, "").slice(0, 64);
}

export function NewRoom({ workspace, onClose }: { workspace: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const topic = String(new FormData(event.currentTarget as HTMLFormElement).get("topic") ?? "");
    setBusy(true);
    setError(undefined);
    try {
      const room = await create({ name, ...(topic && { topic }) });
      onClose();
      navigate(href("w", workspace, "rooms", room.name));
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name" name="name" required autoFocus autoComplete="off" placeholder="deploy-42" value={name}
          onInput={(event) => setName(slugify(event.currentTarget.value))} hint="Lower-case letters, digits, dots and dashes."
        />
        <Field label="Topic (optional)" name="topic" autoComplete="off" maxLength={256} placeholder="What happens here" />
        <ErrorNote error={error} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>Create room</Button>
        </footer>
      </form>
    </Dialog>
  );
}
