// A room played again: its feed and output as they were, and the controls below them.

import type { HistoryOptions, Hub, HubError } from "@generic-corp/client";
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { PlaceProvider } from "../feed/context";
import { Rows } from "../feed/rows";
import { Streams } from "../feed/streams";
import * as format from "../format";
import { readBytes } from "../output/bytes";
import { NoOutput, StreamList } from "../output/list";
import { OutputHead } from "../output/pane";
import { prefs } from "../output/prefs";
import { Screen } from "../output/screen";
import { readMarks } from "../output/times";
import type { OutputView, Shown } from "../output/view";
import { href, navigate, query } from "../router";
import { Button, CopyButton, ErrorNote, Icon } from "../ui/basics";
import { SPEEDS } from "./clock";
import { Film, momentOf } from "./film";
import { Scrubber } from "./scrubber";
import { patient } from "./source";

interface ReplayProps {
  hub: Hub;
  workspace: string;
  room: string;
}

/** A key held down asks for one place, not for fifty. */
const SETTLE_MS = 120;

export function Replay({ hub, workspace, room }: ReplayProps) {
  const film = useFilm(hub, workspace, room);
  const address = href("w", workspace, "rooms", room);
  return (
    <div class="replay">
      <p class="banner info">
        <Icon name="film" />
        <span><strong>Replay.</strong> Messages and output come at their recorded times.</span>
        <Button onClick={() => navigate(address)}>Back to live</Button>
      </p>
      {film instanceof Film ? <Playing film={film} workspace={workspace} address={address} /> : <div class="replay-opening">{film ? <ErrorNote error={film} /> : <p class="muted" role="status">Opening the replay…</p>}</div>}
    </div>
  );
}

/** The film that the address names, at the moment that it names. */
function useFilm(hub: Hub, workspace: string, room: string): Film | HubError | undefined {
  const [film, setFilm] = useState<Film | HubError>();
  const [from, to] = [query.value.get("from"), query.value.get("to")];
  useEffect(() => {
    let gone = false;
    setFilm(undefined);
    const source = patient((options: HistoryOptions) => hub.history(room, options));
    const output = (stream: string) => ({
      range: (from: number, to: number) => readBytes(workspace, stream, from, to),
      marks: patient(readMarks(workspace, stream)),
    });
    const open = async () => {
      const next = await Film.open(source, new Streams(workspace, room), output, { first: seq(from), last: seq(to) });
      await next.seek(momentOf(query.peek().get("replay") ?? "") ?? { seq: next.log.first - 1 });
      if (!gone) setFilm(next);
    };
    open().catch((error: HubError) => !gone && setFilm(error));
    return () => (gone = true);
  }, [hub, workspace, room, from, to]);
  return film;
}

function seq(text: string | null): number | undefined {
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** `version` of the film, so that a change paints again. */
interface PartProps {
  film: Film;
  version: number;
}

function Playing({ film, workspace, address }: { film: Film; workspace: string; address: string }) {
  const version = film.version.value;
  useFrames(film);
  const settle = useRef<ReturnType<typeof setTimeout>>(undefined);
  const play = (playing: boolean) => {
    film.play(playing);
    if (!playing) keepAddress(film, address);
  };
  const move = (time: number, done: boolean) => {
    const playing = film.clock.playing;
    film.clock.seek(time);
    film.version.value += 1;
    clearTimeout(settle.current);
    if (!done) return;
    settle.current = setTimeout(() => void film.seek({ time }).then(() => (keepAddress(film, address), playing && film.play(true))), SETTLE_MS);
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== " " || (event.target as Element).closest("button, input, select, a")) return;
    event.preventDefault();
    play(!film.clock.playing);
  };
  return (
    <div class="replay-body" onKeyDown={keyDown}>
      <div class="room-panes">
        <section class="room-feed" aria-label="Feed"><Played film={film} version={version} workspace={workspace} address={address} /></section>
        <aside class="room-output" aria-label="Output"><Taped film={film} version={version} /></aside>
      </div>
      <ErrorNote error={film.error.value} />
      <div class="replay-controls" role="group" aria-label="Replay">
        <Button kind="primary" icon={film.clock.playing ? "pause" : "play"} onClick={() => play(!film.clock.playing)}>{film.clock.playing ? "Pause" : "Play"}</Button>
        <Scrubber film={film} version={version} move={move} />
        <p class="replay-time">
          <time dateTime={new Date(film.clock.position).toISOString()}>{format.dateTime(new Date(film.clock.position).toISOString())}</time>
          <span class="muted">{film.waiting.value ? "Loading…" : `${format.duration(film.clock.position - film.clock.from)} of ${format.duration(film.clock.to - film.clock.from)}`}</span>
        </p>
        <Settings film={film} version={version} address={address} />
      </div>
    </div>
  );
}

function Settings({ film, address }: PartProps & { address: string }) {
  const stretch = (name: "from" | "to", seq: number) => {
    const search = new URLSearchParams(query.peek());
    search.set(name, String(seq));
    search.set("replay", moment(film));
    navigate(`${address}?${search}`);
  };
  const part = query.value.has("from") || query.value.has("to");
  return (
    <div class="replay-settings">
      <label>Speed <select value={film.clock.speed} onChange={(event) => film.set({ speed: Number(event.currentTarget.value) })}>
        {SPEEDS.map((speed) => <option key={speed} value={speed}>{speed}×</option>)}
      </select></label>
      <label class="check"><input type="checkbox" checked={film.clock.skipsIdle} onChange={(event) => film.set({ skipsIdle: event.currentTarget.checked })} /><span>Skip idle time</span></label>
      <Button kind="quiet" onClick={() => stretch("from", Math.max(1, film.log.position))}>Begin here</Button>
      <Button kind="quiet" onClick={() => stretch("to", Math.max(1, film.log.position))}>End here</Button>
      {part && <Button kind="quiet" onClick={() => navigate(`${address}?replay=${encodeURIComponent(moment(film))}`)}>Whole room</Button>}
      <CopyButton text={() => `${location.origin}${momentAddress(film, address)}`} label="Copy link to this moment" icon="link" />
    </div>
  );
}

/** The position as an address names it: an event at its own time, or the time. */
function moment(film: Film): string {
  const event = film.log.behind.at(-1);
  return event && Date.parse(event.time) === film.clock.position ? String(event.seq) : new Date(film.clock.position).toISOString();
}

function momentAddress(film: Film, address: string): string {
  const search = new URLSearchParams(query.peek());
  search.set("replay", moment(film));
  return `${address}?${search}`;
}

/** Lets the address name the position, past the router: Preact 11.2 keeps every row once shown alive when
    what is above `Playing` is painted anew. */
function keepAddress(film: Film, address: string): void {
  history.replaceState(null, "", momentAddress(film, address));
}

/** Drives the film by the frames that are painted; a page in the background stands still. */
function useFrames(film: Film): void {
  useEffect(() => {
    let last = performance.now();
    let frame = requestAnimationFrame(function next(time) {
      // After a pause of the page itself it goes on where it was.
      film.tick(Math.min(250, Math.max(0, time - last)));
      last = time;
      frame = requestAnimationFrame(next);
    });
    return () => {
      cancelAnimationFrame(frame);
      film.clock.playing = false;
    };
  }, [film]);
}

/** What was said up to now, the newest in sight. */
function Played({ film, version, workspace, address }: PartProps & { workspace: string; address: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { behind } = film.log;
  const streams = new Map(film.streams.map((info) => [info.stream, info]));
  const newest = behind.at(-1)?.seq;
  const place = useMemo(() => ({
    workspace, address, open: (stream: string) => film.choose(stream), jump: (seq: number) => void film.seek({ seq }),
  }), [film, workspace, address]);
  useEffect(() => {
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [newest]);
  return (
    <div class="feed">
      <div class="feed-scroll" ref={scroller} tabIndex={0} role="log" aria-live="off" aria-label="Messages">
        <div class="feed-list">
          <PlaceProvider value={place}><Rows entries={behind} version={version} streams={streams} /></PlaceProvider>
        </div>
      </div>
      {behind.length === 0 && <p class="replay-empty muted">Nothing was said before this moment.</p>}
    </div>
  );
}

const still = signal(true);

function Taped({ film }: PartProps) {
  const info = film.shown;
  const { tape } = film;
  const view = useRef<OutputView>(null);
  const shown = useMemo<Shown | undefined>(() => tape && { held: tape.held, live: still, jumpToEnd: () => undefined }, [tape]);
  return (
    <>
      {info && shown ? (
        <section class="output" aria-label={`Output of ${info.name}`}>
          <OutputHead info={info}><CopyButton text={() => shown.held.text} label="Copy what is loaded" /></OutputHead>
          <div class="output-lower">
            <Screen
              shown={shown} version={film.version} name={info.name} view={view} look={{ ...prefs.value, times: false, find: "", line: undefined }}
              events={{ following: () => undefined, nearTop: () => undefined, nearEnd: () => undefined, chosen: () => undefined, untimed: () => undefined }}
            />
          </div>
        </section>
      ) : <NoOutput />}
      <StreamList streams={film.streams.slice(-50)} selected={info?.stream} open={(stream) => film.choose(stream)} />
    </>
  );
}
