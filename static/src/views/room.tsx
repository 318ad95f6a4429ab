// A room: its feed, its output, its people. Side by side where there is room, one at a time where there is not.

import { HubError, type Hub, type RoomEvent } from "@generic-corp/client";
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { Announcer } from "../feed/announcer";
import { Composer } from "../feed/composer";
import { PlaceProvider } from "../feed/context";
import { Feed } from "../feed/feed";
import { FOLDED } from "../feed/fold";
import { RoomModel } from "../feed/model";
import * as connection from "../hub";
import { NoOutput, StreamList } from "../output/list";
import { Output } from "../output/pane";
import * as rooms from "../rooms";
import { href, navigate, query, route } from "../router";
import { ErrorNote, Icon, Segmented } from "../ui/basics";
import { lazy } from "../ui/lazy";
import { Banners, Pill } from "./connection";
import { Arrived, EmptyRoom } from "./empty-room";
import { Faces, People } from "./people";

const Replay = lazy(async () => (await import("../replay/view")).Replay, { part: true });

type Tab = "feed" | "output" | "people";

export function RoomView({ workspace, name }: { workspace: string; name: string }) {
  const hub = connection.hub.value;
  // How far the room was read is known with the workspace's rooms.
  return hub && rooms.workspace.value !== undefined ? <Joined key={name} hub={hub} workspace={workspace} name={name} /> : <main class="page" />;
}

function Joined({ hub, workspace, name }: { hub: Hub; workspace: string; name: string }) {
  const model = useModel(hub, workspace, name);
  const [tab, setTab] = useState<Tab>("feed");
  const [large, setLarge] = useState(false);
  const open = useCallback((stream: string) => {
    navigate(href("w", workspace, "rooms", name, "streams", stream));
    setTab("output");
  }, [workspace, name]);
  if (!model) return <main class="page" />;
  const gone = model.error.value;
  if (gone) return <Gone error={gone} name={name} />;
  return <Panes model={model} hub={hub} workspace={workspace} tab={tab} setTab={setTab} large={large} setLarge={setLarge} open={open} />;
}

/** The model lives as long as the room is in view. */
function useModel(hub: Hub, workspace: string, name: string): RoomModel | undefined {
  const [model, setModel] = useState<RoomModel>();
  useLayoutEffect(() => {
    const next = new RoomModel(hub, workspace, name, rooms.read.peek()[name]);
    setModel(next);
    document.title = `#${name} · generic-corp`;
    return () => next.close();
  }, [hub, workspace, name]);
  return model;
}

interface PanesProps {
  model: RoomModel;
  hub: Hub;
  workspace: string;
  tab: Tab;
  setTab: (tab: Tab) => void;
  /** Whether the output has the whole width. */
  large: boolean;
  setLarge: (large: boolean) => void;
  open: (stream: string) => void;
}

function Panes(props: PanesProps) {
  const { model, hub, workspace, tab, large, open } = props;
  const version = model.version.value;
  const { window } = model;
  const name = model.room.name;
  const replaying = query.value.has("replay");
  useEffect(() => {
    if (window.following && !document.hidden && !replaying) rooms.seen(name, window.last);
  }, [version, replaying]);
  const address = href("w", workspace, "rooms", name);
  const place = useMemo(() => ({
    workspace, address, open, jump: (seq: number) => void model.jump(seq), answer: (event: RoomEvent) => (model.answering.value = event),
  }), [workspace, address, open, model]);
  const at = number(query.value.get("at"));
  const ready = model.ready.value;
  useEffect(() => {
    if (ready && at !== undefined) void model.jump(at);
  }, [ready, at, model]);
  return (
    <main class={`room show-${tab} ${large ? "large-output" : ""}`}>
      <Head model={model} workspace={workspace} replayable={!replaying && window.head > 0} />
      {replaying ? <Replay hub={hub} workspace={workspace} room={name} /> : <PlaceProvider value={place}><Live {...props} version={version} at={at} /></PlaceProvider>}
    </main>
  );
}

function Live({ model, hub, workspace, tab, setTab, large, setLarge, open, version, at }: PanesProps & { version: number; at: number | undefined }) {
  const name = model.room.name;
  const empty = model.ready.value && model.window.head === 0 && model.outbox.messages.value.length === 0;
  const [wasEmpty, setWasEmpty] = useState(false);
  useEffect(() => {
    if (empty) setWasEmpty(true);
  }, [empty]);
  const running = [...model.streams.known.value.values()].filter((info) => info.state === "open").length;
  const tabs = [
    { value: "feed" as const, label: "Feed" },
    { value: "output" as const, label: running > 0 ? `Output (${running})` : "Output" },
    { value: "people" as const, label: `People (${model.members.value.length})` },
  ];
  return (
    <>
      <div class="room-tabs"><Segmented label="Part of the room" options={tabs} value={tab} onChange={setTab} /></div>
      <Banners model={model} />
      <div class="room-panes">
        <section class="room-feed" aria-label="Feed">
          {wasEmpty && !empty && <Arrived done={() => setWasEmpty(false)} />}
          {empty ? <EmptyRoom workspace={workspace} room={name} /> : <Feed model={model} version={version} at={at} />}
          <Announcer model={model} />
          <Composer model={model} />
        </section>
        <aside class="room-output" aria-label="Output">
          <Selected model={model} hub={hub} workspace={workspace} open={open} large={large} setLarge={setLarge} />
        </aside>
        <aside class="room-people" aria-label="People"><People members={model.members.value} /></aside>
      </div>
    </>
  );
}

function Head({ model, workspace, replayable }: { model: RoomModel; workspace: string; replayable: boolean }) {
  const room = rooms.rooms.value?.find((known) => known.name === model.room.name);
  return (
    <header class="room-head">
      <a class="back" href={href("w", workspace)} aria-label="Back to the rooms"><Icon name="back" /></a>
      <div class="room-title">
        <h1><span class="muted" aria-hidden="true">#</span>{model.room.name}</h1>
        {room?.topic && <p class="muted" title={room.topic}>{room.topic}</p>}
      </div>
      {replayable && (
        <a class="button quiet only-icon" href={`${href("w", workspace, "rooms", model.room.name)}?replay=`} aria-label="Replay this room" title="Replay this room"><Icon name="film" /></a>
      )}
      <Pill />
      <Faces members={model.members.value} />
    </header>
  );
}

/** The stream in the address, or else the newest that runs, or else the newest. */
function Selected({ model, hub, workspace, open, large, setLarge }: Omit<PanesProps, "tab" | "setTab">) {
  const view = route.value;
  const asked = view.view === "room" ? (view.stream ?? query.value.get("stream") ?? undefined) : undefined;
  const line = asked ? number(query.value.get("line")) : undefined;
  const [missing, setMissing] = useState<HubError>();
  const known = model.streams.known.value;
  const newest = useMemo(() => {
    const all = [...known.values()].filter(({ role }) => !(role in FOLDED));
    return all.findLast((info) => info.state === "open") ?? all.at(-1);
  }, [known]);
  const [kept, setKept] = useState<string>();
  // Without a choice the pane moves on when what it shows has ended and something else runs.
  const current = kept === undefined ? undefined : known.get(kept);
  const automatic = current && (current.state === "open" || newest?.state !== "open") ? current : newest;
  useEffect(() => setKept(automatic?.stream), [automatic?.stream]);
  useEffect(() => {
    setMissing(undefined);
    if (asked) model.streams.find(asked).catch((error: HubError) => setMissing(error));
  }, [asked]);
  const info = asked ? known.get(asked) : automatic;
  return (
    <>
      <ErrorNote error={missing} />
      {info ? <Output key={info.stream} hub={hub} workspace={workspace} info={info} line={line} large={large} setLarge={setLarge} /> : <NoOutput />}
      <StreamList streams={[...known.values()].filter(({ role, stream }) => !(role in FOLDED) || stream === asked)} selected={info?.stream} open={open} />
    </>
  );
}

/** A number from 1 on, as an address names it. */
function number(text: string | null): number | undefined {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}

function Gone({ error, name }: { error: HubError; name: string }) {
  return (
    <main class="page">
      <section class="empty">
        <Icon name="warning" />
        <h1>#{name} cannot be opened</h1>
        <p class="said">{error.message}</p>
        <p><a href="/">Go to your workspace</a></p>
      </section>
    </main>
  );
}
