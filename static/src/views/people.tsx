// Who is in the room: faces in its head, and the list with states.

import type { wire } from "@generic-corp/client";
import { now } from "../clock";
import * as format from "../format";
import { Menu } from "../ui/menu";
import { Avatar, Name, Presence } from "../ui/people";

const FACES = 5;

/** One person or agent with all its connections; the busiest of them speaks. */
interface Someone {
  sender: wire.Sender;
  members: wire.Member[];
}

const ORDER = ["error", "running", "waiting", "online", "idle"];

function group(members: readonly wire.Member[]): Someone[] {
  const all = new Map<string, Someone>();
  for (const member of members) {
    const someone = all.get(member.sender.id) ?? { sender: member.sender, members: [] };
    someone.members.push(member);
    all.set(member.sender.id, someone);
  }
  for (const { members } of all.values()) members.sort((a, b) => rank(a) - rank(b));
  return [...all.values()].sort((a, b) => Number(a.sender.kind === "user") - Number(b.sender.kind === "user") || a.sender.name.localeCompare(b.sender.name));
}

function rank({ state }: wire.Member): number {
  const index = ORDER.indexOf(state);
  return index < 0 ? ORDER.length : index;
}

export function Faces({ members }: { members: readonly wire.Member[] }) {
  const all = group(members);
  const agents = all.filter(({ sender }) => sender.kind === "agent").length;
  const text = [format.plural(agents, "agent"), format.plural(all.length - agents, "person", "people")].join(", ");
  const faces = (
    <>
      {all.slice(0, FACES).map(({ sender }) => <Avatar key={sender.id} sender={sender} small />)}
      {all.length > FACES && <span class="faces-count">+{all.length - FACES}</span>}
    </>
  );
  return (
    <Menu class="faces" name={`${text} here`} label={faces}>
      <People members={members} />
    </Menu>
  );
}

export function People({ members }: { members: readonly wire.Member[] }) {
  return (
    <section class="people" aria-label="People and agents">
      <h2>In this room <span class="muted">{members.length}</span></h2>
      <ul>
        {group(members).map(({ sender, members }) => {
          const [first] = members;
          if (!first) return null;
          const client = first.client ? `${first.client.name} ${first.client.version}` : undefined;
          return (
            <li key={sender.id}>
              <Avatar sender={sender} />
              <div>
                <p><strong><Name text={sender.name} /></strong>{sender.kind === "agent" && <span class="tag">agent</span>}</p>
                <p class="person-state"><Presence state={first.state} text={first.text} /></p>
                <p class="muted person-more">
                  {[client, members.length > 1 ? format.plural(members.length, "connection") : undefined, `here for ${format.duration(now.value - Date.parse(first.since))}`].filter(Boolean).join(" · ")}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
