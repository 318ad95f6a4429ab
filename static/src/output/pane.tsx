// The output of one stream: its head, its controls, its lines; and the list of the room's streams.

import type { Hub, wire } from "@generic-corp/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { StreamFacts } from "../feed/row";
import type { Streams } from "../feed/streams";
import * as format from "../format";
import * as api from "../api";
import { canPublish } from "../hub";
import { Avatar } from "../ui/people";
import { Button, CopyButton, ErrorNote, Icon, IconButton } from "../ui/basics";
import { OutputBuffer } from "./buffer";
import { OutputView } from "./view";

interface OutputProps {
  hub: Hub;
  workspace: string;
  info: wire.StreamInfo;
  large: boolean;
  setLarge: (large: boolean) => void;
}

export function Output({ hub, workspace, info, large, setLarge }: OutputProps) {
  const buffer = useMemo(() => new OutputBuffer(hub, workspace, info), [hub, workspace, info.stream]);
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const view = useRef<OutputView | undefined>(undefined);
  useEffect(() => () => buffer.close(), [buffer]);
  useEffect(() => {
    if (!scroller.current || !sizer.current) return;
    const next = new OutputView(scroller.current, sizer.current, buffer, {
      following: setFollowing,
      nearTop: () => void buffer.loadEarlier(),
    });
    view.current = next;
    const stop = buffer.version.subscribe(() => next.paint());
    return () => {
      stop();
      next.dispose();
    };
  }, [buffer]);
  useEffect(() => {
    if (view.current) view.current.wrap = wrap;
  }, [wrap, buffer]);
  return (
    <section class="output" aria-label={`Output of ${info.name}`}>
      <OutputHead info={info}>
        {info.state === "open" ? (
          <Button kind="quiet" icon={following ? "pause" : "play"} aria-pressed={!following} onClick={() => view.current?.follow(!following)}>
            {following ? "Pause" : "Follow"}
          </Button>
        ) : null}
        <IconButton icon="wrap" label="Wrap lines" aria-pressed={wrap} onClick={() => setWrap(!wrap)} />
        <CopyButton text={() => buffer.text} label="Copy what is loaded" />
        <Download workspace={workspace} info={info} />
        {info.state === "open" && canPublish() && <Stop hub={hub} info={info} />}
        <IconButton class="larger" icon={large ? "smaller" : "larger"} label="Use the whole width" aria-pressed={large} onClick={() => setLarge(!large)} />
      </OutputHead>
      <ErrorNote error={buffer.error.value} />
      <div class="term" ref={scroller} tabIndex={0} role="region" aria-label={`Lines of ${info.name}`}>
        {buffer.version.value > 0 && buffer.empty && <p class="term-empty">{info.state === "open" ? "No output yet." : "It wrote nothing."}</p>}
        {buffer.loadingEarlier.value && <p class="term-loading" role="status">Loading earlier output…</p>}
        <div class="term-lines" ref={sizer} />
      </div>
      {!following && (
        <Button kind="primary" class="to-latest" icon="down" onClick={() => view.current?.follow(true)}>
          {info.state === "open" ? "Follow the end" : "To the end"}
        </Button>
      )}
    </section>
  );
}

function OutputHead({ info, children }: { info: wire.StreamInfo; children: preact.ComponentChildren }) {
  return (
    <header class="output-head">
      <div class="output-title">
        <h2 title={info.name}>{info.name}</h2>
        <p><StreamFacts info={info} /> <span class="muted">by {info.sender.name}</span></p>
      </div>
      <div class="output-tools" role="group" aria-label="Output">{children}</div>
    </header>
  );
}

/** The whole stream as a file; the token goes in a header, so it cannot be a plain link. */
function Download({ workspace, info }: { workspace: string; info: wire.StreamInfo }) {
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

function Stop({ hub, info }: { hub: Hub; info: wire.StreamInfo }) {
  const [asked, setAsked] = useState(false);
  const stop = () => {
    setAsked(true);
    hub.cancel(info.stream, "stopped from the dashboard").catch(() => setAsked(false));
  };
  return <IconButton icon="stop" label={asked ? "Asked to stop" : `Ask ${info.sender.name} to stop`} disabled={asked} onClick={stop} />;
}

interface ListProps {
  streams: Streams;
  selected: string | undefined;
  open: (stream: string) => void;
}

export function StreamList({ streams, selected, open }: ListProps) {
  const all = [...streams.known.value.values()].reverse();
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
              <span class="stream-name">{info.name}</span>
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
