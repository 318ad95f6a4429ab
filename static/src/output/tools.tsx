// What can be done with an output: take it away, stop it, show it in another way.

import type { Hub, wire } from "@generic-corp/client";
import { HubError } from "@generic-corp/client";
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import * as format from "../format";
import { Button, Dialog, ErrorNote, Icon, IconButton } from "../ui/basics";
import { Menu } from "../ui/menu";
import { type Prefs, prefs, toggle } from "./prefs";

/** The whole stream as a file; the token goes in a header, so it cannot be a plain link. */
export function Download({ workspace, info }: { workspace: string; info: wire.StreamInfo }) {
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const response = await api.request(api.workspacePath(workspace, `/streams/${info.stream}/bytes`), { headers: { accept: "*/*" } });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `${info.name.replace(/[^\w.-]+/g, "-").replace(/^-+|-+$/g, "") || "output"}.log`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } finally {
      setBusy(false);
    }
  };
  return <IconButton icon="download" label={info.state === "open" ? "Download what there is" : `Download (${format.bytes(info.length)})`} busy={busy} onClick={download} />;
}

/** Asks whoever writes a stream to stop, after asking whether that is meant. */
export function Stop({ hub, info }: { hub: Hub; info: wire.StreamInfo }) {
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<HubError>();
  const stop = () => {
    setError(undefined);
    setAsked(true);
    hub.cancel(info.stream, "stopped from the dashboard").then(
      () => setAsking(false),
      (cause: HubError) => (setAsked(false), setError(cause)),
    );
  };
  return (
    <>
      <IconButton icon="stop" label={asked ? "Asked to stop" : `Ask ${info.sender.name} to stop`} disabled={asked} onClick={() => setAsking(true)} />
      {asking && (
        <Dialog title={`Stop ${info.name}?`} onClose={() => setAsking(false)}>
          <p>{info.sender.name} is asked to stop it. What was written so far stays. It is a wish: a program that does not listen goes on.</p>
          <ErrorNote error={error} />
          <footer>
            <Button onClick={() => setAsking(false)}>Let it run</Button>
            <Button kind="danger" busy={asked} onClick={stop}>Ask to stop</Button>
          </footer>
        </Dialog>
      )}
    </>
  );
}

const CHOICES: readonly { name: keyof Prefs; label: string }[] = [
  { name: "numbers", label: "Line numbers" },
  { name: "times", label: "Times" },
];

/** How output is shown, for all streams. */
export function ShowMenu({ pane }: { pane: RefObject<HTMLElement | null> }) {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  const turn = () => void (full ? document.exitFullscreen() : pane.current?.requestFullscreen());
  return (
    <Menu class="show-menu" name="How output is shown" label={<Icon name="adjust" />}>
      {CHOICES.map(({ name, label }) => (
        <label key={name} class="check">
          <input type="checkbox" checked={prefs.value[name]} onChange={() => toggle(name)} />
          <span>{label}</span>
        </label>
      ))}
      {document.fullscreenEnabled && <Button kind="quiet" icon={full ? "smaller" : "larger"} onClick={turn}>{full ? "Leave full screen" : "Full screen"}</Button>}
    </Menu>
  );
}
