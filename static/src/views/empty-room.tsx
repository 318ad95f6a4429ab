// An empty room shows the one command that fills it.

import { HubError, type wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../api";
import { administers } from "../may";
import { Button, ErrorNote, Icon, Mark } from "../ui/basics";
import { TryIt } from "../ui/try-it";

export function EmptyRoom({ workspace, room }: { workspace: string; room: string }) {
  const [secret, setSecret] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const make = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const body: wire.NewApiKey = { agent: "first-agent", name: `tried out in ${room}` };
      setSecret((await api.json<wire.NewApiKeySecret>(api.workspacePath(workspace, "/keys"), { method: "POST", body })).secret);
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="empty-room">
      <h2>Nothing here yet</h2>
      <p class="muted">Put the output of any command into this room, or say something from a program:</p>
      <TryIt workspace={workspace} room={room} secret={secret} />
      {secret && <p class="note"><Icon name="info" /><span>The command has a new key of <strong>first-agent</strong> in it. It is shown only now.</span></p>}
      {!secret && administers(workspace) && <Button icon="key" busy={busy} onClick={make}>Put a new key into the command</Button>}
      {!administers(workspace) && <p class="muted">Ask an administrator of this workspace for a key, and put it into the command.</p>}
      <ErrorNote error={error} />
      <p class="waiting" role="status"><Mark shape="ring" />Waiting for the first message…</p>
    </div>
  );
}

/** What the waiting turns into. */
export function Arrived({ done }: { done: () => void }) {
  return (
    <p class="banner ok" role="status">
      <Mark shape="check" /><span>The first message has arrived. This room works.</span>
      <Button kind="quiet" onClick={done}>Dismiss</Button>
    </p>
  );
}
