// Search across the rooms of a workspace. What is looked for stands in the address, so it can be sent to others.

import type { wire } from "@generic-corp/client";
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api";
import * as format from "../format";
import { rooms } from "../rooms";
import { href, navigate, query } from "../router";
import { Button, ErrorNote, Icon } from "../ui/basics";
import { Page } from "../ui/page";
import { Avatar } from "../ui/people";
import { useAction, useApi } from "../ui/use-api";
import { searchHref } from "./navigation";

/** Between the last key and the search. */
const PAUSE_MS = 200;
/** Of what is looked for. */
const MOST_BYTES = 256;
/** While the index is behind, it is asked again this often. */
const AGAIN_MS = 2_000;

export function SearchPage({ workspace }: { workspace: string }) {
  const asked = query.value.get("q") ?? "";
  const room = query.value.get("room") ?? "";
  const [text, setText] = useState(asked);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => field.current?.focus(), []);
  // What is being typed is not rewritten: only what comes from elsewhere, such as a step back.
  useEffect(() => setText((now) => (now.trim() === asked ? now : asked)), [asked]);
  const go = (next: string, nextRoom = room) => {
    clearTimeout(timer.current);
    navigate(searchHref(workspace, cut(next.trim()), nextRoom), { replace: true });
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => go(value), PAUSE_MS);
  };
  return (
    <Page title="Search" intro="Messages and names of output in every room that you may read.">
      <form class="filters" role="search" onSubmit={(event) => (event.preventDefault(), go(text))}>
        <div class="field">
          <label for="search-text">Words</label>
          <input ref={field} id="search-text" type="search" placeholder="deploy failed" autoComplete="off" spellcheck={false} value={text} onInput={(event) => typed(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="search-room">Room</label>
          <select id="search-room" value={room} onChange={(event) => go(text, event.currentTarget.value)}>
            <option value="">All rooms</option>
            {rooms.value?.map(({ name }) => <option key={name} value={name}>#{name}</option>)}
          </select>
        </div>
      </form>
      {asked ? <Found key={`${asked} ${room}`} workspace={workspace} text={asked} room={room} /> : <Hint />}
    </Page>
  );
}

/** As much as the hub takes, in bytes. */
function cut(text: string): string {
  let end = text.length;
  while (new TextEncoder().encode(text.slice(0, end)).length > MOST_BYTES) end -= 1;
  return text.slice(0, end);
}

function Hint() {
  return (
    <section class="empty">
      <Icon name="search" />
      <h2>What are you looking for?</h2>
      <p>Messages are found that have all the words, in any order; the last one may be unfinished, from two letters on. A sender's name counts as a word.</p>
    </section>
  );
}

function Found({ workspace, text, room }: { workspace: string; text: string; room: string }) {
  const path = api.workspacePath(workspace, `/search?${new URLSearchParams({ q: text, limit: "50", ...(room && { room }) })}`);
  const [behind, setBehind] = useState(0);
  const [more, setMore] = useState<wire.SearchPage>();
  const { data, error } = useApi<wire.SearchPage>(path, behind > 0 && !more ? AGAIN_MS : undefined);
  const action = useAction();
  useEffect(() => setBehind(data?.behind ?? 0), [data]);
  if (!data) return error ? <ErrorNote error={error} /> : <p class="sr-only" role="status">Searching…</p>;
  const hits = [...data.hits, ...(more?.hits ?? [])];
  const next = more ? more.next : data.next;
  const load = () => action.run(async () => {
    const page = await api.json<wire.SearchPage>(`${path}&before=${next}`);
    setMore({ ...page, hits: [...(more?.hits ?? []), ...page.hits] });
  });
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return (
    <section class="section" aria-label="What was found">
      <p class="muted" role="status">
        {hits.length === 0 ? "Nothing was found" : `${format.plural(hits.length, "hit")}${next === undefined ? "" : ", and there are more"}`}
        {behind > 0 && `; ${format.plural(behind, "event")} cannot be found yet`}.
      </p>
      <ol class="hits">{hits.map((hit) => <Hit key={`${hit.room} ${hit.seq}`} workspace={workspace} hit={hit} words={words} />)}</ol>
      <ErrorNote error={action.error} />
      {next !== undefined && <Button busy={action.busy} onClick={load}>Show more</Button>}
    </section>
  );
}

function Hit({ workspace, hit, words }: { workspace: string; hit: wire.SearchHit; words: readonly string[] }) {
  const place = href("w", workspace, "rooms", hit.room);
  const to = hit.stream ? `${place}/streams/${hit.stream}` : `${place}?at=${hit.seq}`;
  return (
    <li>
      <a href={to}>
        <Avatar sender={hit.sender} small />
        <span class="hit">
          <span class="hit-head"><strong>{hit.sender.name}</strong> in #{hit.room} · <time dateTime={hit.time} title={format.dateTime(hit.time)}>{format.ago(hit.time)}</time>{hit.stream && " · output"}</span>
          <span class="hit-text"><Marked text={hit.text || hit.kind} words={words} /></span>
        </span>
      </a>
    </li>
  );
}

/** A text in which the beginnings of these words are marked. */
export function Marked({ text, words }: { text: string; words: readonly string[] }) {
  return <>{parts(text, words).map((part, i) => (i % 2 ? <mark key={i}>{part}</mark> : part))}</>;
}

/** The text in turns: what is not marked, what is, and so on. */
export function parts(text: string, words: readonly string[]): string[] {
  if (words.length === 0) return [text];
  // Words are letters and digits only: nothing in them has a meaning for the pattern.
  return text.split(new RegExp(`(?<![a-z0-9])(${[...words].sort((a, b) => b.length - a.length).join("|")})`, "giu"));
}
