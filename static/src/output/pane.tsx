// The output of one stream: its head, its controls, its lines.

import type { Hub, wire } from "@generic-corp/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { StreamFacts } from "../feed/row";
import { visible } from "../format";
import { canPublish } from "../hub";
import { href, navigate } from "../router";
import { Button, CopyButton, ErrorNote, IconButton, Segmented } from "../ui/basics";
import { Name } from "../ui/people";
import { OutputBuffer } from "./buffer";
import { FindBar } from "./find";
import { Lines } from "./lines";
import { prefs, toggle } from "./prefs";
import { RENDERED_BYTES, Rendered, kindOf } from "./rendered";
import { Screen } from "./screen";
import { Download, ShowMenu, Stop } from "./tools";
import type { OutputView } from "./view";

interface OutputProps {
  hub: Hub;
  workspace: string;
  info: wire.StreamInfo;
  /** The line that the address names. */
  line: number | undefined;
  large: boolean;
  setLarge: (large: boolean) => void;
}

export function Output({ hub, workspace, info, line, large, setLarge }: OutputProps) {
  const kind = kindOf(info.media_type);
  const buffer = useMemo(() => new OutputBuffer(hub, workspace, info, { tailBytes: line !== undefined ? 0 : kind && RENDERED_BYTES }), [hub, workspace, info.stream]);
  const lines = useMemo(() => Lines.of(workspace, info.stream), [workspace, info.stream]);
  const [following, setFollowing] = useState(line === undefined);
  const [finding, setFinding] = useState(false);
  const [find, setFind] = useState("");
  const [raw, setRaw] = useState(line !== undefined);
  const [marked, setMarked] = useState(line);
  const pane = useRef<HTMLElement>(null);
  const view = useRef<OutputView>(null);
  useEffect(() => () => buffer.close(), [buffer]);
  const { seek, number, seeking } = useLines(buffer, lines, view);
  const go = (wanted: number) => {
    setRaw(true);
    setMarked(wanted);
    void seek(wanted);
  };
  useEffect(() => {
    if (line !== undefined) go(line);
  }, [line, buffer]);
  const choose = async (chosen: number | undefined, place: { byte: number; newlines: number }) => {
    const wanted = chosen ?? (await number(place));
    if (wanted === undefined) return;
    setMarked(wanted);
    navigate(lineAddress(workspace, info, wanted), { replace: true });
  };
  const search = (open: boolean) => {
    setRaw(raw || open);
    setFinding(open);
    if (!open) pane.current?.querySelector<HTMLElement>(".term")?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "f") {
      event.preventDefault();
      search(true);
    }
  };
  const rendered = kind !== undefined && !raw && (buffer.empty || buffer.atStart) ? kind : undefined;
  const open = info.state === "open";
  return (
    <section class="output" aria-label={`Output of ${info.name}`} ref={pane} onKeyDown={keyDown}>
      <OutputHead info={info}>
        {kind && <Segmented label="Shown as" options={SHOWN} value={raw ? "raw" : "rendered"} onChange={(shown) => setRaw(shown === "raw")} />}
        {open && (
          <Button kind="quiet" icon={following ? "pause" : "play"} aria-pressed={!following} onClick={() => view.current?.follow(!following)}>
            {following ? "Pause" : "Follow"}
          </Button>
        )}
        <IconButton icon="find" label="Find in this output (Ctrl F)" aria-pressed={finding} onClick={() => search(!finding)} />
        <IconButton icon="wrap" label="Wrap lines" aria-pressed={prefs.value.wrap} onClick={() => toggle("wrap")} />
        <CopyButton text={() => buffer.held.text} label="Copy what is loaded" />
        <Download workspace={workspace} info={info} />
        {open && canPublish() && <Stop hub={hub} info={info} />}
        <ShowMenu pane={pane} />
        <IconButton class="larger" icon={large ? "smaller" : "larger"} label="Use the whole width" aria-pressed={large} onClick={() => setLarge(!large)} />
      </OutputHead>
      {finding && <FindBar lines={lines} text={find} setText={setFind} go={go} from={() => view.current?.inSight[0]} close={() => search(false)} />}
      {marked !== undefined && <Marked line={marked} busy={seeking} address={lineAddress(workspace, info, marked)} clear={() => (setMarked(undefined), line !== undefined && navigate(streamAddress(workspace, info), { replace: true }))} />}
      <ErrorNote error={buffer.error.value} />
      {rendered && buffer.version.value > 0 && <Rendered kind={rendered} text={buffer.held.text} name={info.name} open={open} />}
      <Lower hidden={rendered !== undefined}>
        <Screen
          shown={buffer} version={buffer.version} name={info.name} view={view}
          look={{ ...prefs.value, find: finding && !find.startsWith(":") ? find : "", line: marked }}
          events={{ following: setFollowing, nearTop: () => void buffer.loadEarlier(), nearEnd: () => void buffer.loadLater(), chosen: (chosen, place) => void choose(chosen, place), untimed: (byte) => buffer.learnTimes(byte) }}
        >
          {buffer.version.value > 0 && buffer.empty && !buffer.loading.value && <p class="term-empty">{open ? "No output yet." : "It wrote nothing."}</p>}
          {buffer.loading.value && <p class="term-loading" role="status">Loading {buffer.loading.value} output…</p>}
        </Screen>
        {!following && (
          <p class="to-ends">
            {!buffer.atStart && <Button class="to-latest" icon="up" onClick={() => void seek(1)}>To the beginning</Button>}
            <Button kind="primary" class="to-latest" icon="down" onClick={() => view.current?.follow(true)}>{open ? "Follow the end" : "To the end"}</Button>
          </p>
        )}
      </Lower>
    </section>
  );
}

const SHOWN = [{ value: "rendered" as const, label: "Rendered" }, { value: "raw" as const, label: "Raw" }];

function Lower({ hidden, children }: { hidden: boolean; children: preact.ComponentChildren }) {
  return <div class="output-lower" hidden={hidden}>{children}</div>;
}

/** Finds lines by their numbers, loading and counting what that takes. */
function useLines(buffer: OutputBuffer, lines: Lines, view: preact.RefObject<OutputView | null>) {
  const [seeking, setSeeking] = useState(false);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), [buffer]);
  const begin = () => {
    stop.current?.abort();
    stop.current = new AbortController();
    return stop.current.signal;
  };
  const seek = async (line: number) => {
    if (view.current?.reveal(line)) return;
    const signal = begin();
    setSeeking(true);
    try {
      const place = await lines.begin(line, signal);
      await buffer.goTo(place.byte, place.newlines);
      view.current?.reveal(Math.min(line, place.newlines + 1));
    } catch (error) {
      if (!signal.aborted) buffer.fail(error);
    } finally {
      if (!signal.aborted) setSeeking(false);
    }
  };
  /** The number of a line in a stretch that is not numbered yet. */
  const number = async ({ byte, newlines }: { byte: number; newlines: number }) => {
    const signal = begin();
    setSeeking(true);
    try {
      const before = await lines.before(byte, signal);
      buffer.number(byte, before);
      return before + newlines + 1;
    } catch (error) {
      if (!signal.aborted) buffer.fail(error);
      return undefined;
    } finally {
      if (!signal.aborted) setSeeking(false);
    }
  };
  return { seek, number, seeking };
}

function streamAddress(workspace: string, info: wire.StreamInfo): string {
  return href("w", workspace, "rooms", info.room, "streams", info.stream);
}

/** The address that opens a line of a stream. */
export function lineAddress(workspace: string, info: wire.StreamInfo, line: number): string {
  return `${href("w", workspace, "rooms", info.room)}?stream=${info.stream}&line=${line}`;
}

function Marked({ line, busy, address, clear }: { line: number; busy: boolean; address: string; clear: () => void }) {
  return (
    <p class="marked-line" role="status">
      <span>{busy ? `Looking for line ${line}…` : `Line ${line}`}</span>
      <CopyButton text={`${location.origin}${address}`} label="Copy link to this line" icon="link" />
      <IconButton icon="close" label="Take the mark away" onClick={clear} />
    </p>
  );
}

export function OutputHead({ info, children }: { info: wire.StreamInfo; children: preact.ComponentChildren }) {
  return (
    <header class="output-head">
      <div class="output-title">
        <h2 title={visible(info.name)}><Name text={info.name} /></h2>
        <p><StreamFacts info={info} /> <span class="muted">by <Name text={info.sender.name} /></span></p>
      </div>
      <div class="output-tools" role="group" aria-label="Output">{children}</div>
    </header>
  );
}
