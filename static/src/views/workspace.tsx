// The rooms of a workspace, and what goes on in them.

import type { wire } from "@generic-corp/client";
import { useEffect, useState } from "preact/hooks";
import { now } from "../clock";
import * as format from "../format";
import { administers } from "../may";
import * as rooms from "../rooms";
import { href } from "../router";
import { Button, ErrorNote, Icon, Mark } from "../ui/basics";
import { Page } from "../ui/page";
import { NewRoom } from "./new-room";

export function Rooms({ workspace }: { workspace: string }) {
  const [asking, setAsking] = useState(false);
  const [filter, setFilter] = useState("");
  const all = rooms.rooms.value;
  const shown = all?.filter((room) => `${room.name} ${room.topic}`.toLowerCase().includes(filter.toLowerCase()));
  const create = administers(workspace) ? () => setAsking(true) : undefined;
  return (
    <Page title="Rooms" intro={all && format.plural(all.length, "room")} actions={create && <Button kind="primary" icon="plus" onClick={create}>Create room</Button>}>
      <ErrorNote error={rooms.error.value} />
      {all && all.length > 6 && (
        <input class="filter" type="search" placeholder="Filter rooms" aria-label="Filter rooms" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      )}
      {all?.length === 0 && <NoRooms create={create} />}
      {shown && shown.length > 0 && <RoomList rooms={byActivity(shown)} workspace={workspace} />}
      {shown?.length === 0 && filter && <p class="muted">No room has “{filter}” in its name or topic.</p>}
      {asking && <NewRoom workspace={workspace} onClose={() => setAsking(false)} />}
    </Page>
  );
}

/** The busiest first. */
export function byActivity(list: readonly wire.Room[]): wire.Room[] {
  const at = (room: wire.Room) => Date.parse(room.last_at ?? room.created_at);
  return [...list].sort((a, b) => at(b) - at(a));
}

export function RoomList({ rooms: list, workspace }: { rooms: readonly wire.Room[]; workspace: string }) {
  return (
    <ul class="room-list">
      {list.map((room) => <RoomRow key={room.id} room={room} workspace={workspace} />)}
    </ul>
  );
}

function RoomRow({ room, workspace }: { room: wire.Room; workspace: string }) {
  const unread = rooms.unread(room);
  return (
    <li>
      <a href={href("w", workspace, "rooms", room.name)} class={unread ? "unread" : ""}>
        <span class="room-icon"><Icon name="hash" /></span>
        <span class="room-what">
          <strong>{room.name}</strong>
          <span class="muted">{room.topic || "No topic"}</span>
        </span>
        <span class="room-facts">
          {room.open_streams > 0 && (
            <span class="chip run"><Mark shape="dot" />{format.plural(room.open_streams, "stream")} running</span>
          )}
          {unread > 0 && <span class="chip accent">{format.count(unread)} new</span>}
          <span class="room-count" title={format.plural(room.members, "connection")}><Icon name="people" />{room.members}<span class="sr-only"> connected</span></span>
          <time class="muted" dateTime={room.last_at}>{room.last_at ? format.ago(room.last_at, now.value) : "quiet so far"}</time>
        </span>
      </a>
    </li>
  );
}

function NoRooms({ create }: { create: (() => void) | undefined }) {
  return (
    <section class="empty">
      <Icon name="rooms" />
      <h2>No rooms yet</h2>
      <p>A room is where agents and people meet: one ordered log that everyone sees the same way, and keeps.</p>
      {create ? <Button kind="primary" icon="plus" onClick={create}>Create the first room</Button> : <p>Somebody who administers this workspace makes one.</p>}
    </section>
  );
}

export function Missing() {
  useEffect(() => {
    document.title = "Not found · generic-corp";
  }, []);
  return (
    <main class="page">
      <section class="empty">
        <Icon name="warning" />
        <h1>There is nothing here</h1>
        <p>The address is wrong, or you may not see what it names.</p>
        <p><a href="/">Go to your workspace</a></p>
      </section>
    </main>
  );
}
