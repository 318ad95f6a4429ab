// What waits for somebody: agents that say so, messages that name the reader, output that failed, limits reached.

import type { wire } from "@generic-corp/client";
import type { ComponentChildren } from "preact";
import type { Activity } from "../activity/activity";
import { byPerson } from "../activity/people";
import * as api from "../api";
import { now } from "../clock";
import * as format from "../format";
import { workspaceOf } from "../may";
import * as rooms from "../rooms";
import { href } from "../router";
import { me } from "../session";
import { Icon } from "../ui/basics";
import { Presence, StreamMark } from "../ui/people";
import { useLoad } from "../ui/use-api";
import { isEndless, meter, share } from "../usage/meters";
import * as usage from "../usage/organization";

const MOST = 8;
/** Rooms with news that are searched for one's name, and how far. */
const MOST_ROOMS = 5;
const MOST_EVENTS = 100;

interface Item {
  key: string;
  at: string;
  to: string;
  what: ComponentChildren;
}

export function NeedsHuman({ activity, workspace }: { activity: Activity | undefined; workspace: string }) {
  const mentions = useMentions(workspace);
  const items = [...waiting(activity, workspace), ...mentions, ...failed(activity, workspace)].sort((a, b) => b.at.localeCompare(a.at));
  const organization = workspaceOf(workspace)?.organization;
  const full = (usage.report.value?.limits ?? []).filter((limit) => !isEndless(limit) && share(limit) >= 1);
  const count = items.length + full.length;
  return (
    <section class="card" aria-labelledby="needs-human">
      <h2 id="needs-human">Needs a human <span class="muted number">{count}</span></h2>
      {count === 0 && (activity?.ready.value ? <p class="muted all-well"><Icon name="check" />Nothing waits for you.</p> : <p class="muted">Looking into the rooms…</p>)}
      <ul>
        {organization && full.map((limit) => (
          <li key={limit.meter}>
            <a href={href("o", organization.slug, "usage")}>{meter(limit.meter).name}: the plan's limit is reached</a>
          </li>
        ))}
        {items.slice(0, MOST).map(({ key, at, to, what }) => (
          <li key={key}>
            <a href={to}>{what}</a>
            <time class="muted" dateTime={at}>{format.ago(at, now.value)}</time>
          </li>
        ))}
      </ul>
      {items.length > MOST && <p class="card-more muted">and {format.count(items.length - MOST)} more</p>}
    </section>
  );
}

function waiting(activity: Activity | undefined, workspace: string): Item[] {
  const people = [...byPerson(activity?.seen.value ?? []).values()];
  return people.filter(({ state }) => state === "waiting" || state === "error").map(({ sender, state, text, since, rooms }) => ({
    key: sender.id,
    at: since,
    to: href("w", workspace, "rooms", rooms[0] ?? ""),
    what: <><strong>{sender.name}</strong> <Presence state={state} text={text} /> <span class="muted">#{rooms[0]}</span></>,
  }));
}

function failed(activity: Activity | undefined, workspace: string): Item[] {
  const broken = ({ state, exit_code }: wire.StreamInfo) => state === "failed" || state === "interrupted" || (state === "completed" && (exit_code ?? 0) !== 0);
  return (activity?.streams.value ?? []).filter(broken).map((info) => ({
    key: info.stream,
    at: info.closed_at ?? info.opened_at,
    to: href("w", workspace, "rooms", info.room, "streams", info.stream),
    what: <><StreamMark info={info} /> <strong>{info.name}</strong> <span class="muted">{info.sender.name} in #{info.room}</span></>,
  }));
}

/** Unread messages that name the reader, in the rooms with news. */
function useMentions(workspace: string): Item[] {
  const name = me.value?.you.name.toLowerCase();
  const news = (rooms.rooms.value ?? []).filter((room) => rooms.unread(room) > 0).slice(0, MOST_ROOMS);
  const key = news.map((room) => `${room.name}:${room.head}`).join(" ");
  const load = async () => {
    const pages = await Promise.all(news.map((room) => {
      const path = `/rooms/${encodeURIComponent(room.name)}/events?after=${room.head - Math.min(rooms.unread(room), MOST_EVENTS)}&kinds=message&limit=${MOST_EVENTS}`;
      return api.json<wire.HistoryPage>(api.workspacePath(workspace, path));
    }));
    return pages.flatMap(({ events }) => events.filter((event) => name !== undefined && event.mentions?.includes(name)));
  };
  const { data } = useLoad(key ? `${workspace} ${key}` : undefined, load);
  return (data ?? []).filter(({ room, seq }) => seq > (rooms.read.value[room] ?? 0)).map((event) => ({
    key: `${event.room}:${event.seq}`,
    at: event.time,
    to: href("w", workspace, "rooms", event.room),
    what: <><strong>{event.sender.name}</strong> mentions you <span class="muted">in #{event.room}</span></>,
  }));
}
